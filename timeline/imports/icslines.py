"""The lines of an iCalendar file (RFC 5545), put together and sorted by the component that they stand in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from timeline.imports.places import BadFile, Place
from timeline.imports.yamltree import LONGEST_FILE, no_utf8

LONGEST_VALUE = 200_000
"""In characters, of a line with those that go on from it: no description is longer."""

DEEPEST = 20
_named = re.compile(r"([A-Za-z0-9-]+)[;:]").match


class Property(NamedTuple):
    """A line of a component with those that it goes on in."""

    name: str
    """In capitals; empty for a line that has none."""
    text: str
    line: int
    """Where it begins, counted from 1."""


class Component(NamedTuple):
    """A part of a calendar with its own lines, not those of the parts in it."""

    name: str
    properties: list[Property]
    begin: Property
    is_closed: bool

    def first(self, name: str) -> Property | None:
        """The first line of a name."""
        return next((p for p in self.properties if p.name == name), None)

    def value(self, name: str) -> str:
        """What stands behind the first colon of the first line of a name; for values that hold no more than a word."""
        found = self.first(name)
        return found.text.partition(":")[2].strip() if found else ""


def text_lines(raw: bytes, file: str) -> list[str]:
    """The lines of a file. Raises BadFile for what is too large or no UTF-8."""
    if len(raw) > LONGEST_FILE:
        raise BadFile.at(Place(file, 1, 1), f"the file is larger than {LONGEST_FILE >> 20} MiB", "split it")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise no_utf8(raw, problem.start, file) from None
    return text.replace("\r\n", "\n").split("\n")


def components(lines: Sequence[str], file: str) -> Iterator[Component]:
    """The parts of all calendars of a file, inner ones before those that hold them; what never ends comes last.

    Raises BadFile where a part ends that did not begin, where parts are nested too deep, and for what is no calendar.
    """
    open_parts: list[Component] = []
    is_calendar = False
    for found in properties(lines):
        value = found.text.partition(":")[2].strip().upper()
        if found.name == "BEGIN":
            is_calendar = is_calendar or value == "VCALENDAR"
            open_parts.append(Component(value, [], found, True))
        if not is_calendar:
            raise _bad(found, "this is no calendar", "a calendar begins with BEGIN:VCALENDAR", file, lines)
        if len(open_parts) > DEEPEST:
            raise _bad(found, f"parts are nested more than {DEEPEST} deep", "", file, lines)
        if found.name == "END":
            if not open_parts or open_parts[-1].name != value:
                inside = f"{open_parts[-1].name} is open" if open_parts else "nothing is open"
                raise _bad(found, f"this ends {value or 'nothing'}, and {inside}", "", file, lines)
            yield open_parts.pop()
        elif found.name != "BEGIN" and open_parts:
            open_parts[-1].properties.append(found)
    if not is_calendar:
        raise BadFile.at(Place(file, 1, 1), "this is no calendar", "a calendar begins with BEGIN:VCALENDAR", lines)
    yield from (part._replace(is_closed=False) for part in reversed(open_parts))


def properties(lines: Sequence[str]) -> Iterator[Property]:
    """The lines put together: what begins with a space goes on from the line before. What is too long is cut."""
    parts: list[str] = []
    start = size = 0
    for number, line in enumerate(lines, 1):
        if line[:1] in (" ", "\t") and parts:
            if size < LONGEST_VALUE:
                parts.append(line[1:])
                size += len(line) - 1
        else:
            if parts:
                yield _property(parts, start)
            parts, start, size = ([line], number, len(line)) if line.strip() else ([], number, 0)
    if parts:
        yield _property(parts, start)


def _property(parts: list[str], line: int) -> Property:
    text = "".join(parts)[:LONGEST_VALUE]
    name = _named(text)
    return Property(name[1].upper() if name else "", text, line)


def _bad(found: Property, message: str, advice: str, file: str, lines: Sequence[str]) -> BadFile:
    return BadFile.at(Place(file, found.line, 1, len(lines[found.line - 1])), message, advice, lines)
