"""What an answer was made from: the head of every answer in JSON."""

from __future__ import annotations

from timeline.moments import instant
from timeline.printing import words
from timeline.printing.output import Envelope
from timeline.store import log
from timeline.view import View


def envelope_of(view: View, as_of: str | None = None, *, with_root: bool = True) -> Envelope:
    """The envelope of an answer of a view; the root of the tree takes a few reads more."""
    reported = None if view.reported_day is None else words.iso_day(view.reported_day)
    return Envelope(as_of, known_at(view), view.position, reported, view.root if with_root else None)


def known_at(view: View) -> str | None:
    """When the last event that counts was recorded, in UTC; None in an empty ledger."""
    recorded = log.recorded_at(view.connection, view.position)
    return None if recorded is None else instant(recorded)
