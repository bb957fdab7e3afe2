"""What the tree over the log costs, and how long it takes to verify a log, beside hashing its bytes and nothing else.

A verification is a process of its own, so that the memory that it needed at most is its own. The log has no
projections: they would take longer to record, and verification does not look at them.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from unittest.mock import patch

from sqlalchemy import Connection

from bench._history import entries
from bench._measure import best, count, machine, most_memory, ratio, report, table, timed
from timeline.audit import keys
from timeline.audit.checkpoints import Keys
from timeline.audit.leaves import leaf
from timeline.audit.reading import pages
from timeline.audit.sealing import Sealer
from timeline.audit.verifying import verify
from timeline.ledger import Ledger
from timeline.store import log

MILLION = 1_000_000
SIZES = {"20,000": 20_000, "1,000,000": MILLION}
BATCH = 1000
APPENDED, ONE_BY_ONE = 20_000, 1000
ROUNDS = 3


# -- appending --------------------------------------------------------------------------------------------------------


class NoTree:
    """Stands in for the tree, and does nothing."""

    hashes: tuple[bytes, ...] = ()

    def add(self, leaf: bytes) -> tuple[()]:
        """Forget it."""
        return ()


@contextmanager
def without_tree() -> Iterator[None]:
    """Leaves are not made, hashes not computed, nodes not kept."""
    stubs: dict[str, Any] = {
        "leaves_of": lambda *head: lambda *row: b"",
        "leaf_hash": lambda leaf: b"",
        "frontier_of": lambda size, raw: NoTree(),
        "kept": lambda completed: (),
    }
    with patch.multiple(log, **stubs):
        yield


def append(folder: Path, events: int, size: int, *, journal: bool = False) -> float:
    """Put events into a new log in batches of a size, and give the seconds that it took."""
    path = Path(tempfile.mkdtemp(dir=folder)) / "log.db"
    history = [entries(first, size) for first in range(0, events, size)]
    with Ledger.create(str(path), journal=path.with_name("journal") if journal else None) as ledger:
        seconds = timed(lambda: [ledger.save(*batch, recorded_by="bench") for batch in history])
    shutil.rmtree(path.parent)
    return seconds


def append_without_tree(folder: Path, events: int, size: int) -> float:
    """The same without the tree."""
    with without_tree():
        return append(folder, events, size)


def appending(folder: Path) -> list[list[str]]:
    """One row a side."""
    rows = []
    for shown, events, size in (("1,000 a commit", APPENDED, BATCH), ("one a commit", ONE_BY_ONE, 1)):
        sides = {
            "without the tree": partial(append_without_tree, folder, events, size),
            "with the tree": partial(append, folder, events, size),
            "with the tree and a journal": partial(append, folder, events, size, journal=True),
        }
        taken = best(sides, ROUNDS)
        for name, seconds in taken.items():
            times = ratio(taken["without the tree"] / seconds)
            rows.append([f"{shown}, {name}", count(events / seconds), f"{seconds / events * 1e6:.1f}", times])
    return rows


# -- verifying --------------------------------------------------------------------------------------------------------


def make(path: Path, events: int) -> None:
    """A log of so many events, sealed."""
    with Ledger.create(str(path)) as ledger:
        for first in range(0, events, BATCH):
            ledger.save(*entries(first, BATCH), recorded_by="bench")
        signer = keys.create(path.with_suffix(".key"), "example.org/bench")
        Sealer(ledger.database, [signer], path.with_suffix(".checkpoints")).seal()


def verify_all(path: Path) -> float:
    """Verify a log."""
    public = Keys.of([keys.private(path.with_suffix(".key")).key])
    with Ledger.open(str(path)) as ledger:
        outside = [path.with_suffix(".checkpoints")]
        return timed(lambda: _expect_none(verify(ledger.database, keys=public, outside=outside)))


def _expect_none(found: Any) -> None:
    if found.total or not found.outside:
        raise SystemExit(f"an honest log does not verify: {found}")


def hashed(connection: Connection) -> Iterator[list[bytes]]:
    """What has to be hashed, page by page: salt and stored bytes of every event, and its leaf."""
    for page in pages(connection):
        stored = [salt + state for salt, state in zip(page.salts, page.states, strict=True) if salt and state]
        yield stored + [leaf(*row) for row in zip(*page[:8], strict=True)]


def hash_all(path: Path) -> float:
    """Hash them one by one, from memory: two digests an event."""
    seconds = 0.0
    with Ledger.open(str(path)) as ledger, ledger.database.reading() as connection:
        for pieces in hashed(connection):
            seconds += timed(partial(_digests, pieces))
    return seconds


def _digests(pieces: list[bytes]) -> list[bytes]:
    return [sha256(piece).digest() for piece in pieces]


def hash_at_once(path: Path) -> float:
    """Hash them as one long text: what the processor can do at most."""
    seconds, whole = 0.0, sha256()
    with Ledger.open(str(path)) as ledger, ledger.database.reading() as connection:
        for pieces in hashed(connection):
            text = b"".join(pieces)
            seconds += timed(partial(whole.update, text))
    return seconds


SIDES = {"hash": hash_all, "at-once": hash_at_once, "verify": verify_all}
NAMES = {"hash": "bare SHA-256, each event", "at-once": "bare SHA-256, one long text", "verify": "verification"}


def alone(memory: dict[str, int], name: str, path: Path) -> float:
    """A side that runs in a process of its own; its memory is noted by its name."""
    command = [sys.executable, "-m", "bench.audit", "side", name, str(path)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    seconds, megabytes = done.stdout.split()
    memory[name] = max(memory.get(name, 0), int(megabytes))
    return float(seconds)


def side(name: str, path: str) -> None:
    """One run, in a process of its own: prints the seconds and the megabytes."""
    seconds = SIDES[name](Path(path))
    print(seconds, most_memory())


def verifying(folder: Path) -> list[list[str]]:
    """One row a side and size."""
    rows = []
    for shown, events in SIZES.items():
        if events == MILLION and "--million" not in sys.argv[1:]:
            continue
        path, memory = folder / f"{events}.db", dict[str, int]()
        make(path, events)
        taken = best({name: partial(alone, memory, name, path) for name in SIDES}, ROUNDS)
        for name, seconds in taken.items():
            times = ratio(seconds / taken["hash"])
            row = [f"{shown} events, {NAMES[name]}", count(events / seconds), f"{seconds / events * 1e6:.2f}", times]
            rows.append([*row, str(memory[name])])
    return rows


def main() -> None:
    """Measure and print."""
    Path("build").mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir="build"))
    try:
        appended, verified = appending(folder), verifying(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    report(
        "audit",
        table("The tree, SQLite, no projections", ["side", "events/s", "µs each", "rate / without"], appended),
        table("Verification, SQLite", ["side", "events/s", "µs each", "time / bare", "MB at most"], verified),
        machine("SQLAlchemy", "cryptography"),
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["side"]:
        side(*sys.argv[2:])
    else:
        main()
