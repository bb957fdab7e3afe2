"""iCalendar (RFC 5545): each event of a calendar that somebody keeps becomes a gathering.

Of an event that recurs, the first time is taken. Who was invited and by whom is not read at all, nor is an event that
its calendar calls private. A calendar that this program wrote says in a property of its own how exact a date is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, BinaryIO
from uuid import UUID

import msgspec

from events.dates import DateError, parse
from events.kinds import build
from timeline.entries import entry_named, is_entry_id
from timeline.exports.ical.content import DOMAIN
from timeline.imports.advice import describe, in_words, parts_of, short
from timeline.imports.document import WholeDocument
from timeline.imports.foreign import Ids, digest, fitting, lines, one_line, slug, source_at
from timeline.imports.icslines import Component, Property, components, text_lines
from timeline.imports.places import Mistake, Place
from timeline.printing.words import counted
from timeline.view import View

EDTF = "X-TIMELINE-EDTF"
OURS = "//timeline-service//"
"""Stands in the PRODID of calendars that this program wrote."""

LAUNCH = "launch"
"""The first category of an event that is made of other events: a planned release."""

TAKEN = ("UID", "RECURRENCE-ID", "SUMMARY", "DTSTART", "DTEND", "DURATION", "EXDATE", "DESCRIPTION", "LOCATION", "URL",
         "CATEGORIES", EDTF)  # fmt: skip
"""The properties that are read. ATTENDEE, ORGANIZER and CONTACT are personal data and are not."""

_PART_OF = {"name": "SUMMARY", "date": "DTSTART", "sources": "URL", "note": "DESCRIPTION", "id": "UID"}
"""The properties that the fields of an event are made of."""


class _Wrong(Exception):
    """An event of the calendar cannot be taken: which property of it is wrong, why, what to do."""

    def __init__(self, name: str, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.name = name
        self.advice = advice


class IcsFile(WholeDocument):
    """A calendar that was read."""

    def __init__(self, file: str, rows: Sequence[str]) -> None:
        super().__init__(file, rows)
        self._passed_over: Counter[str] = Counter()
        self._repeated = 0
        self._sources: set[str] = set()
        parts = list(components(rows, file))
        heads = [part for part in parts if part.name == "VCALENDAR"]
        self._is_ours = any(OURS in part.value("PRODID") for part in heads)
        events = [part for part in parts if part.name == "VEVENT" and self._is_wanted(part)]
        if any(part.value("METHOD").upper() == "CANCEL" for part in heads):
            self._passed_over["cancelled event"] += len(events)
            events = []
        for part in parts:
            if part.name in ("VTODO", "VJOURNAL", "VFREEBUSY"):
                self._passed_over[f"{part.name} part"] += 1
        latest = self._latest(events)
        self._ids = Ids(("event", _uid(part)) for part in latest)
        self._moved = {(_uid(part), _day_in(part.value("RECURRENCE-ID"))) for part in latest}
        for part in latest:
            self._take(part)

    def _is_wanted(self, part: Component) -> bool:
        """Whether an event is to be read: not if it is private, was cancelled, or is cut off."""
        if not part.is_closed:
            self._add_mistake(
                part.begin, "this event never ends", "the file seems to be cut off; END:VEVENT is missing"
            )
        elif part.value("CLASS").upper() in ("PRIVATE", "CONFIDENTIAL"):
            self._passed_over["private event"] += 1
        elif self._is_ours and part.value("CATEGORIES").split(",")[0] == LAUNCH:
            self._passed_over["launch of a product"] += 1
        elif part.value("STATUS").upper() == "CANCELLED":
            self._passed_over["cancelled event"] += 1
        else:
            return True
        return False

    def _latest(self, parts: Sequence[Component]) -> list[Component]:
        """Of several states of one event, the one with the highest SEQUENCE."""
        found: dict[tuple[str, str], list[Component]] = {}
        for n, part in enumerate(parts):
            uid = part.value("UID")
            key = (uid, part.value("RECURRENCE-ID")) if uid else ("", str(n))
            found.setdefault(key, []).append(part)
        highest = {key: max(map(_sequence, same)) for key, same in found.items()}
        return [part for key, same in found.items() for part in same if _sequence(part) == highest[key]]

    # -- one event ---------------------------------------------------------------------------------------------------

    def _take(self, part: Component) -> None:
        try:
            values = _values(part)
            if self._is_elsewhere(part, values):
                return
            self._add(part, values)
        except _Wrong as problem:
            self._add_mistake(part.first(problem.name) or part.begin, str(problem), problem.advice)
        except msgspec.ValidationError as problem:
            message, path = parts_of(problem)
            name = _PART_OF.get(path.partition("[")[0], "")
            said = in_words(message, part.value(name))
            self._add_mistake(part.first(name) or part.begin, said, describe("gathering", path))

    def _is_elsewhere(self, part: Component, values: dict[str, Any]) -> bool:
        """Whether a series has its first time as an event of its own, or none at all."""
        if not part.first("RRULE") and not part.first("RDATE"):
            return False
        self._repeated += 1
        day = _day_in(part.value("DTSTART"))
        skipped = {_day(d.dt) for held in _each(values.get("EXDATE")) for d in getattr(held, "dts", ())}
        return (_uid(part), day) in self._moved or _start(values) in skipped

    def _add(self, part: Component, values: dict[str, Any]) -> None:
        id_ = self._ids.of("event", _uid(part))
        if again := part.value("RECURRENCE-ID"):
            id_ = fitting(id_, slug(again) or digest(again))
        name = one_line(str(values.get("SUMMARY", "")))
        if not name:
            raise _Wrong("SUMMARY", "the event has no summary", "write one: it becomes the name")
        state: dict[str, Any] = {
            "kind": "gathering",
            "id": id_,
            "name": name,
            "date": self._date(values),
            "note": _note(values, part),
        }
        source = source_at(str(values.get("URL", "")).strip())
        if source is not None:
            state["sources"] = [{"source": source["id"]}]
        ours = self._entry_of_ours(part)
        event = build(state | ({"id": ""} if ours else {}))
        place = partial(self._place_in, part)
        if source is not None and source["id"] not in self._sources:
            self._sources.add(source["id"])
            entry = entry_named("source", source["id"])
            self.add(build(dict(source)), entry, source["id"], place("sources"), place, about=False)
        entry = ours or entry_named("event", id_)
        self.slugs[entry] = id_
        self.add(event, entry, id_, place("id"), place, about=False, stays=ours is not None)

    def _entry_of_ours(self, part: Component) -> UUID | None:
        """The entry of an event that `timeline export` wrote; where the ledger has that entry, it knows better."""
        uid, _, domain = part.value("UID").partition("@")
        return UUID(uid) if self._is_ours and domain == DOMAIN and is_entry_id(uid) else None

    def _date(self, values: dict[str, Any]) -> str:
        """When it was: the days that the event covers, by the clock of its own time zone."""
        first = _start(values)
        if self._is_ours and EDTF in values:
            given = str(values[EDTF]).replace("\\,", ",").replace("\\;", ";")
            try:
                return parse(given).text
            except DateError as problem:
                raise _Wrong(EDTF, f"{given!r} is not an EDTF date: {problem.reason}", problem.hint) from None
        last = _end(values, first)
        if last < first:
            raise _Wrong("DTEND", "the event ends before it begins", "the end of whole days is the day after the last")
        return first.isoformat() if last == first else f"{first.isoformat()}/{last.isoformat()}"

    # -- places ------------------------------------------------------------------------------------------------------

    def _place_in(self, part: Component, at: str) -> Place:
        name = _PART_OF.get(at.partition("[")[0].partition(".")[0], "UID")
        return self._place(part.first(name) or part.begin)

    def _place(self, found: Property) -> Place:
        line = self.lines[found.line - 1]
        value = line.find(":") + 1
        column = value if found.name and value and found.name != "BEGIN" else 0
        return Place(self.file, found.line, column + 1, max(1, len(line) - column))

    def _add_mistake(self, found: Property, message: str, advice: str = "") -> None:
        self.mistakes.append(Mistake(self._place(found), message, advice))

    def notes(self, view: View) -> Iterator[str]:
        """What was passed over."""
        if self._repeated:
            yield f"{self.file}: of {counted(self._repeated, 'recurring event')}, only the first time is taken."
        if self._passed_over:
            said = ", ".join(counted(n, what) for what, n in sorted(self._passed_over.items()))
            yield f"{self.file}: not taken over: {said}."


# -- values -----------------------------------------------------------------------------------------------------------


def _values(part: Component) -> dict[str, Any]:
    """The properties that are read, by name; of those that may stand once, the first."""
    from icalendar import Event

    wanted = [p for p in part.properties if p.name in TAKEN]
    text = "\r\n".join(["BEGIN:VEVENT", *(p.text for p in wanted), "END:VEVENT", ""])
    try:
        found = Event.from_ical(text)
    except Exception as problem:  # the parser raises plain errors of many sorts on some malformed text
        raise _Wrong("", f"this event cannot be read: {short(str(problem) or type(problem).__name__)}") from None
    if found.errors:
        name, message = found.errors[0]
        raise _Wrong(name or "", short(f"this is malformed: {message}"), "see RFC 5545")
    if any(not p.name for p in part.properties):
        raise _Wrong("", f"{short(next(p.text for p in part.properties if not p.name))!r} is no line of a calendar")
    return {name: found[name] if name == "EXDATE" else _each(found[name])[0] for name in found}


def _each(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _day(value: Any) -> date | None:
    """The day of a date or a moment, by the clock that it is written in."""
    return value.date() if isinstance(value, datetime) else value if isinstance(value, date) else None


def _start(values: dict[str, Any]) -> date:
    start = _day(getattr(values.get("DTSTART"), "dt", None))
    if start is None:
        raise _Wrong("DTSTART", "the event has no day on which it begins", "write DTSTART;VALUE=DATE:20240305")
    return start


def _end(values: dict[str, Any], first: date) -> date:
    """The last day: the end itself is not part of an event, be it a day or midnight."""
    start, end = values["DTSTART"].dt, getattr(values.get("DTEND"), "dt", None)
    lasts = getattr(values.get("DURATION"), "dt", None)
    try:
        if end is None and isinstance(lasts, timedelta):
            end = start + lasts
        if isinstance(end, datetime) and isinstance(start, datetime) and end.tzinfo and start.tzinfo:
            end = end.astimezone(start.tzinfo)
        last = _day(end)
        if last is None:
            return first
        is_midnight = not isinstance(end, datetime) or (end.hour, end.minute, end.second) == (0, 0, 0)
        return last - timedelta(days=1) if is_midnight and last > first else last
    except OverflowError:
        raise _Wrong("DURATION", "the event ends after the year 9999") from None


def _uid(part: Component) -> str:
    """What the event is known by: its UID, or what it says where it has none."""
    found = part.value("UID")
    said = "\n".join(p.text for p in part.properties if p.name in ("DTSTART", "SUMMARY"))
    return found if slug(found) else f"event-{digest(found or said)}"


def _day_in(text: str) -> str:
    return text[:8] if text[:8].isdigit() and text[:8].isascii() else ""


def _sequence(part: Component) -> int:
    given = part.value("SEQUENCE")
    return int(given) if given.isdigit() and given.isascii() and len(given) < 10 else 0


def _note(values: dict[str, Any], part: Component) -> str:
    categories = [one_line(str(c)) for c in getattr(values.get("CATEGORIES"), "cats", ())]
    said = [lines(str(values.get("DESCRIPTION", "")))]
    said += [f"Place: {one_line(str(values['LOCATION']))}"] if values.get("LOCATION") else []
    said += [f"Categories: {', '.join(filter(None, categories))}"] if any(categories) else []
    said += ["Tentative."] if part.value("STATUS").upper() == "TENTATIVE" else []
    return "\n".join(filter(None, said))


def open_document(file: BinaryIO, name: str) -> IcsFile:
    """Read a calendar."""
    return IcsFile(name, text_lines(file.read(), name))
