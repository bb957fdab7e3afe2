"""The days at which a calendar shows a date, which may be less exact than a day or open on a side."""

from __future__ import annotations

from typing import NamedTuple

from events.dates import Date

FIRST, LAST = 1, 3_652_058
"""0001-01-01 and 9999-12-30: calendars have four digits for a year, and name the day after the last one."""

LONGEST = 366_000
"""About a thousand years: what spans more (`XXXX-02-29`) says nothing that a calendar could show."""


class Days(NamedTuple):
    """The first and the last day, both inclusive, as day numbers."""

    first: int
    last: int


def shown_days(date: Date, imprecise: str) -> Days | None:
    """Where to show a date; None if it is left out.

    `imprecise` says what becomes of a date less exact than a day: "span" gives all its days, "marker" the first of
    them, "omit" none. Of a date that is open or unknown on a side, the other side is shown as if it stood alone.
    """
    if imprecise == "omit" and not is_exact(date):
        return None
    days = _days(date) or next((d for side in _sides(date) if (d := _days(side))), None)
    if days is None or imprecise == "span" or is_exact(date):
        return days
    return Days(days.first, days.first)


def is_exact(date: Date) -> bool:
    """Whether it is one day beyond doubt, or a span from one such day to another."""
    if date.is_interval:
        return all(side is not None and is_exact(side) for side in (date.start, date.end))
    return date.earliest_reading == date.latest_reading


def _days(date: Date) -> Days | None:
    if date.earliest >= FIRST and date.latest <= LAST and date.latest - date.earliest < LONGEST:
        return Days(date.earliest, date.latest)
    return None


def _sides(date: Date) -> tuple[Date, ...]:
    """What is known of a date that is open or unknown on a side, or too long; the start first."""
    if not date.parts:
        return ()
    return tuple(side for side in (date.parts[0][0], date.parts[-1][1]) if side is not None)
