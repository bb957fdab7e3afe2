"""Which day, or which days, a question is about."""

from __future__ import annotations

from datetime import date

from events.dates import Date
from timeline.errors import UsageError


def today() -> int:
    """The day on this machine's calendar."""
    return date.today().toordinal()


def one_day(date: Date, option: str = "--as-of") -> int:
    """The day that a question is about: the last one of a month or a year, as "as of 2024" means its end."""
    if date.end_is != "known" or date.is_interval or date.precision == "set" or date.uncertain or date.approximate:
        raise UsageError(f"{option} asks about one day, a month's or a year's last one; {date.text} is none of them")
    return date.latest


def span_of(date: Date, option: str = "--during") -> tuple[int, int]:
    """The days of a span, both ends included."""
    if date.start_is != "known" or date.end_is != "known":
        raise UsageError(f"{option} needs a span with a beginning and an end; {date.text} has not both")
    return date.earliest, date.latest
