"""Processes that record through the loss of a server, and note what was acknowledged."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from time import sleep
from typing import NamedTuple

from sqlalchemy import Connection

from tests.timeline.builders import layoff, org
from timeline.errors import Conflict, StoreError
from timeline.ledger import Ledger, new
from timeline.store import log, nodes
from timeline.store.mapper import EntryEvent

AGAIN_SECONDS = 0.05
FOUND = "-"
"""The root of what stood there at the second attempt: the first was recorded, but not acknowledged."""


class Told(NamedTuple):
    """What a writer knows: its unit was recorded at a position, and the root of the log was this then."""

    unit: str
    position: int
    root: str


def batch(unit: str) -> list[EntryEvent]:
    """A unit and what happened to it: a second attempt has the same entries."""
    return [new(org(unit)), new(layoff(unit, id=f"{unit}-all")), new(layoff("meta", id=f"{unit}-part"))]


def told(notes: Path) -> list[Told]:
    """What the writer of some notes was acknowledged so far."""
    if not notes.exists():
        return []
    lines = notes.read_text("utf-8").split("\n")[:-1]  # what stands after the last one is half of a line
    return [Told(unit, int(position), root) for unit, position, root in map(str.split, lines)]


def write_on(url: str, name: str, notes: Path, stop: Path) -> None:
    """Record one unit after the other, each until it is there, whatever becomes of the server."""
    with Ledger.open(url) as ledger, notes.open("w", encoding="utf-8", buffering=1) as out:
        for unit in units(name, stop):
            out.write(" ".join(map(str, recorded(ledger, unit, name))) + "\n")


def units(name: str, stop: Path) -> Iterator[str]:
    """The ids of one unit after the other, until there is a file that says stop."""
    for number in count():
        if stop.exists():
            return
        yield f"{name}-{number}"


def recorded(ledger: Ledger, unit: str, name: str) -> Told:
    """Record a unit, with as many attempts as it takes. Any error but those two is a bug, and ends the process."""
    roots: list[str] = []

    def also(connection: Connection, batch: log.Batch) -> None:
        roots.append(str(nodes.root_text(connection, batch.last)))

    while True:
        try:
            written = ledger.record(batch(unit), by=name, also=also)
            return Told(unit, written.last, roots[-1])
        except StoreError:  # no server takes it now
            sleep(AGAIN_SECONDS)
        except Conflict:
            return Told(unit, 0, FOUND)
