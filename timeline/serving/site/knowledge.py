"""The states of knowledge that a reader can choose from: the log as it stood after each batch."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select

from timeline.moments import instant
from timeline.printing import words
from timeline.store import log
from timeline.store.tables import events
from timeline.view import View

SHOWN = 30
"""How many of the last batches a list offers."""


class Moment(NamedTuple):
    """A state of knowledge."""

    asked: str
    """What to ask for: `@120`."""
    said: str


class Knowledge(NamedTuple):
    """Where a page stands among them."""

    moments: list[Moment]
    """The last ones, newest first."""
    later_events: int
    """How many events were recorded since."""
    earlier: str | None
    later: str | None
    """What to ask for to know a batch less, or one more; empty for the newest state."""
    position: int
    head: int
    day: str
    """When the last event that counts was recorded, in words."""


def knowledge(view: View) -> Knowledge:
    """The states before and after the one that a view shows."""
    head, here = log.head_position(view.connection), view.position
    query = select(events.c.position, events.c.recorded_at).where(events.c.position == events.c.batch)
    rows = view.connection.execute(query.order_by(events.c.position.desc()).limit(SHOWN)).all()
    batch = log.batch_at(view.connection, here)
    before = 0 if batch is None else _end_before(view, batch, [position for position, _ in rows])
    after = log.batch_at(view.connection, here + 1)
    recorded = log.recorded_at(view.connection, here)
    later = None if after is None else "" if after >= head else f"@{after}"
    return Knowledge(
        [Moment(f"@{position}", _said(recorded, position)) for position, recorded in rows],
        head - here,
        f"@{before}" if before else None,
        later,
        here,
        head,
        words.when(instant(recorded)[:10]) if recorded is not None else "",
    )


def _end_before(view: View, batch: int, ends: list[int]) -> int:
    """Where the batch before one ends; the log is asked only if that is not among the last ends, newest first."""
    if (before := next((end for end in ends if end < batch), None)) is not None:
        return before
    return 0 if len(ends) < SHOWN else log.first_of_batch(view.connection, batch) - 1


def _said(recorded: int, position: int) -> str:
    moment = instant(recorded)
    return f"{words.when(moment[:10])}, {moment[11:16]} UTC · {position:,}"
