"""The dates of a Popolo file: a year, a month or a day each; and what two of them say together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from events.dates import DateError, parse

Ends = Literal["unknown", "ongoing"]
"""What it means that a membership has no end date."""

NO_END = "9999-12-31"
"""What some databases write for an end that has not come."""


class Wrong(Exception):
    """A part of a file cannot become an event: why, at which of its fields, and what to do."""

    def __init__(self, message: str, at: tuple[str, ...], advice: str = "") -> None:
        super().__init__(message)
        self.at = at
        self.advice = advice


def date_of(item: Mapping[str, Any], field: str, at: tuple[str, ...] = ()) -> str:
    """The date in a field, without its time if it has one; empty if there is none.

    `at` says where a mistake is shown, if that is not the field itself.
    """
    value = item.get(field)
    text = value.strip() if isinstance(value, str) else ""
    if not text or (text == NO_END and field == "end_date"):
        return ""
    where = at or (field,)
    try:
        date = parse(text)
    except DateError as problem:
        advice = problem.hint or _meant(text)
        raise Wrong(f"{text!r} is not a date: {problem.reason}", where, f"write {advice}" if advice else "") from None
    if date.parts:
        raise Wrong(f"{text!r} is more than one date", where, "write a day, a month or a year")
    return date.text.partition("T")[0]


def _meant(text: str) -> str:
    """What a date with a part too little was meant to be: 2016--01-15, 2016-00-00."""
    numbers = re.findall("[0-9]+", text)
    if not numbers or len(numbers[0]) != 4 or len(numbers) > 3:
        return ""
    known = [n for n in numbers if int(n)]
    found = "-".join([known[0], *(n.zfill(2) for n in known[1:])]) if known and known[0] == numbers[0] else ""
    try:
        return parse(found).text
    except DateError:
        return ""


def between(start: str, end: str, ends: Ends) -> str:
    """The interval of two dates. A start that nobody gave is unknown; if both are missing, it is some year."""
    if not start and not end:
        start = "XXXX"
    text = f"{start}/{end or ('..' if ends == 'ongoing' else '')}"
    try:
        return parse(text).text
    except DateError as problem:
        field = "end_date" if end else "start_date"
        raise Wrong(f"the dates do not fit together: {problem.reason}", (field,), "") from None
