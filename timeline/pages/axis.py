"""The time axis: which days it shows, where a day stands on it, and what is written along it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from events.dates import FOREVER, NEVER, civil, day_number, days_in_month

ROOM = 0.02
"""How much of the whole is left free after the last known day, for what goes on."""

LABEL = 28
"""The width of what is written at a tick, in pixels."""

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Tick(NamedTuple):
    """A line across the lanes, at the beginning of a year or a month."""

    day: int
    label: str
    is_year: bool


class Axis(NamedTuple):
    """The days from `first` to `last`, both shown whole."""

    first: int
    last: int

    def at(self, day: int) -> float:
        """Where the beginning of a day stands, from 0 to 1; of one beyond the axis, its end."""
        return min(1.0, max(0.0, (day - self.first) / (self.last + 1 - self.first)))

    def ticks(self, width: float) -> Iterator[Tick]:
        """Years, as many as have room on so many pixels; months or quarters where a year is wide enough."""
        of_a_year = width * 366 / (self.last + 1 - self.first)
        every = next((n for n in (1, 3) if of_a_year * n / 12 >= 34), 12)
        years = next(n * 10**p for p in range(20) for n in (1, 2, 5) if of_a_year * n * 10**p >= 44)
        begin, end = civil(self.first)[0], civil(self.last)[0]
        for year in range(begin - begin % years, end + 1, years):
            for month in range(1, 13, every):
                day = day_number(year, month, 1)
                if self.first <= day and self.at(day) * width <= width - LABEL:
                    yield Tick(day, str(year) if month == 1 else MONTHS[month - 1], month == 1)


def fitting(days: Iterable[int], first: int, last: int, *, shown: int) -> Axis:
    """From the year of the first day to the month after the last, `shown` among them; cut where bounds are given."""
    known = [d for d in days if NEVER < d < FOREVER]
    known.append(shown)
    begin = first if first != NEVER else day_number(civil(min(known))[0], 1, 1)
    end = last
    if last == FOREVER:
        end = _end_of_month(max(known) + round(ROOM * (max(known) - begin)))
    return Axis(begin, max(end, begin + 27))


def _end_of_month(day: int) -> int:
    year, month, of_month = civil(day)
    return day - of_month + days_in_month(year, month)
