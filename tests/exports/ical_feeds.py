"""Calendars of small ledgers, and what stands in them."""

from __future__ import annotations

from typing import Any, NamedTuple

import icalendar

from timeline.exports.formats import Options, Written
from timeline.exports.ical.calendar import export
from timeline.exports.selection import Selection
from timeline.ledger import Ledger
from timeline.view import View

ALL = Selection()


def feed(ledger: Ledger, wanted: Selection = ALL, known: int | None = None, **options: Any) -> bytes:
    """The calendar of a ledger, as known at a position."""
    return written(ledger, wanted, known, **options)[0]


def written(ledger: Ledger, wanted: Selection = ALL, known: int | None = None, **options: Any) -> tuple[bytes, Written]:
    """The calendar, and what the export says of it."""
    parts: list[bytes] = []
    with ledger.ask(known) as view:
        said = export(view, wanted, parts.append, Options(**options))
    return b"".join(parts), said


def feed_of(view: View, wanted: Selection = ALL, **options: Any) -> bytes:
    """The calendar of one state of a ledger."""
    parts: list[bytes] = []
    export(view, wanted, parts.append, Options(**options))
    return b"".join(parts)


class Shown(NamedTuple):
    """What a reader takes from an event, but for the counters."""

    summary: str
    status: str
    start: str
    end: str
    everything: tuple[str, ...]
    """All its lines, unfolded, without the counters."""


class Event(NamedTuple):
    """An event of a calendar, as the icalendar library reads it."""

    uid: str
    sequence: int
    modified: str
    created: str
    shown: Shown

    @property
    def summary(self) -> str:
        return self.shown.summary

    @property
    def status(self) -> str:
        return self.shown.status

    def line(self, name: str) -> str:
        """The value of a property as it stands in the file; empty if it is not there."""
        found = [line.split(":", 1)[1] for line in self.shown.everything if line.startswith((f"{name}:", f"{name};"))]
        return found[0] if found else ""


COUNTERS = ("SEQUENCE", "DTSTAMP", "LAST-MODIFIED")


def events(raw: bytes) -> dict[str, Event]:
    """The events of a calendar by UID."""
    found = {}
    event: Any  # what the library says of its own types does not hold
    for event in icalendar.Calendar.from_ical(raw).walk("VEVENT"):
        lines = tuple(str(line) for line in event.content_lines(sorted=False) if line)
        shown = Shown(
            str(event["SUMMARY"]),
            str(event["STATUS"]),
            event["DTSTART"].to_ical().decode(),
            event["DTEND"].to_ical().decode(),
            tuple(line for line in lines if not line.startswith(COUNTERS)),
        )
        uid = str(event["UID"])
        assert uid not in found
        assert event["DTSTAMP"].to_ical() == event["LAST-MODIFIED"].to_ical()
        found[uid] = Event(
            uid,
            int(event["SEQUENCE"]),
            event["LAST-MODIFIED"].to_ical().decode(),
            event["CREATED"].to_ical().decode(),
            shown,
        )
    return found


def check_step(before: dict[str, Event], after: dict[str, Event]) -> set[str]:
    """What a subscriber relies on from one calendar to the next; the UIDs of the events that changed."""
    changed = set()
    for uid, was in before.items():
        now = after.get(uid)
        if now is None:
            assert was.status == "CANCELLED", f"{was.summary} vanished without having been cancelled"
            continue
        assert now.created == was.created
        if now.shown == was.shown:
            assert (now.sequence, now.modified) == (was.sequence, was.modified), f"{now.summary} did not change"
        else:
            assert now.sequence > was.sequence, f"{now.summary} changed"
            assert now.modified > was.modified, f"{now.summary} changed"
            changed.add(uid)
    return changed | (after.keys() - before.keys())
