"""Day numbers on the proleptic Gregorian calendar, for years far beyond those of `datetime`.

A day number equals `datetime.date.toordinal()` where that is defined: 1 is 0001-01-01. The calendar
repeats exactly every 400 years, so any other year is computed in the first 400 and moved by whole
cycles.
"""

import datetime
from typing import Final

NEVER: int = -(2**62)  # no lower bound; every real day number lies between the two, and both fit 64-bit columns
FOREVER: int = 2**62  # no upper bound

MONTHS: Final = (
    "",
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

_CYCLE_YEARS = 400
_CYCLE_DAYS = 146_097
_LAST_ORDINAL = datetime.date.max.toordinal()
_MONTH_DAYS = (0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def is_leap(year: int) -> bool:
    """Tell whether the year has a 29 February; year 0 (1 BC) has one."""
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def days_in_month(year: int, month: int) -> int:
    """Return 28 to 31; `month` runs from 1 to 12."""
    if not 1 <= month <= 12:
        raise ValueError(f"month must be in 1..12, not {month}")
    return 29 if month == 2 and is_leap(year) else _MONTH_DAYS[month]


def day_number(year: int, month: int, day: int) -> int:
    """Return the number of a day; ValueError when the month has no such day."""
    if 1 <= year <= 9999:
        return datetime.date(year, month, day).toordinal()
    cycles, before = divmod(year - 1, _CYCLE_YEARS)
    return datetime.date(before + 1, month, day).toordinal() + cycles * _CYCLE_DAYS


def civil(day: int) -> tuple[int, int, int]:
    """Return (year, month, day of the month); NEVER and FOREVER are no days: ValueError."""
    if 1 <= day <= _LAST_ORDINAL:
        date = datetime.date.fromordinal(day)
        return date.year, date.month, date.day
    if not NEVER < day < FOREVER:
        raise ValueError("NEVER and FOREVER stand for a missing bound and are no days")
    cycles, before = divmod(day - 1, _CYCLE_DAYS)
    date = datetime.date.fromordinal(before + 1)
    return date.year + cycles * _CYCLE_YEARS, date.month, date.day


def month_bounds(year: int, month: int) -> tuple[int, int]:
    """Return the first and the last day of a month, both inclusive."""
    first = day_number(year, month, 1)
    return first, first + days_in_month(year, month) - 1


def add_months(day: int, months: int) -> int:
    """Move a day by whole months, back when negative.

    A day that the target month lacks becomes its last day. NEVER and FOREVER stay what they are.
    """
    if not NEVER < day < FOREVER:
        return day
    year, month, dom = civil(day)
    year, month0 = divmod(year * 12 + month - 1 + months, 12)
    return day_number(year, month0 + 1, min(dom, days_in_month(year, month0 + 1)))


def iso(day: int) -> str:
    """Write a day as ISO 8601: 2025-05-26, with a sign when the year is outside 0000-9999."""
    year, month, dom = civil(day)
    sign = "-" if year < 0 else "+" if year > 9999 else ""
    return f"{sign}{abs(year):04d}-{month:02d}-{dom:02d}"
