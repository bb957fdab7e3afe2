"""Telling a ledger a generated history, as a scribe writes it down; what the ledger refuses never happened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from hypothesis import currently_in_test_context, event

from tests.projections.histories import Scribe, Step
from timeline.checks import Invalid
from timeline.ledger import Ledger
from timeline.store.log import Batch
from timeline.store.mapper import EntryEvent


class Told(NamedTuple):
    """What was recorded together, and where it stands in the log."""

    batch: Batch
    written: list[EntryEvent]


def register(ledger: Ledger, scribe: Scribe) -> None:
    """Record the world that a scribe begins with."""
    ledger.record([EntryEvent(e, v.version, v.event) for e, v in scribe.log if v.event], by="test")


def begin(address: str) -> None:
    """Make a ledger in which the world is registered."""
    with Ledger.create(address) as ledger:
        register(ledger, Scribe())


def told(ledger: Ledger, history: Iterable[list[Step]], scribe: Scribe) -> Iterator[Told]:
    """Record a history batch by batch: each is given when it stands in the ledger and the scribe keeps it."""
    for steps in history:
        if written := scribe.write(steps):
            try:
                batch = ledger.record(written, by="test")
            except Invalid as refused:
                if currently_in_test_context():  # for hypothesis' statistics
                    event(f"refused: {refused.problems[0].message.split(':')[0]}")
                continue
            scribe.keep(written)
            yield Told(batch, written)


def tell(ledger: Ledger, history: Iterable[list[Step]], scribe: Scribe) -> None:
    """Record a whole history."""
    for _ in told(ledger, history, scribe):
        pass
