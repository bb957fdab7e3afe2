"""What the processes of the concurrency tests do. Each begins at the barrier, so that they all write at once."""

from __future__ import annotations

from itertools import count
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from uuid import UUID

from events.about import Correction
from tests.timeline.builders import layoff, org
from timeline.errors import Conflict
from timeline.ledger import Ledger, following, new
from timeline.store.mapper import EntryEvent

BATCH = 3
"""Events in one batch."""


def batch(name: str, number: int) -> list[EntryEvent]:
    """A unit of the writer's own, what happened to it, and something about the organization that all write about."""
    unit = f"{name}-{number}"
    return [new(org(unit)), new(layoff(unit)), new(layoff("meta", id=f"{unit}-cut"))]


def write(url: str, name: str, batches: int, start: Barrier) -> None:
    """Record a number of batches under a name."""
    with Ledger.open(url) as ledger:
        start.wait()
        for number in range(batches):
            ledger.record(batch(name, number), by=name)


def write_for_ever(url: str, name: str) -> None:
    """Record until killed."""
    with Ledger.open(url) as ledger:
        for number in count():
            ledger.record(batch(name, number), by=name)


def correct(url: str, name: str, entries: list[UUID], start: Barrier, told: Queue[tuple[UUID, str, str]]) -> None:
    """Correct each entry at version 1, and tell which were corrected and which had moved on."""
    with Ledger.open(url) as ledger:
        for entry in entries:
            start.wait()
            try:
                ledger.record([following(entry, 1, Correction(event=layoff(note=name)))], by=name)
                told.put((entry, "corrected", name))
            except Conflict as conflict:
                told.put((entry, "conflict", str(conflict)))
