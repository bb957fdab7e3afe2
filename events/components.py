"""What the components of one EDTF date mean: year, month and day, digits left open, signs of doubt.

`dates` puts them together. Everything here is about the parts of a single date and knows no `Date`.
"""

import functools
import operator
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal

from events.calendar import MONTHS, add_months, civil, day_number, days_in_month, month_bounds

Bounds = tuple[int, int]  # first and last day, both inclusive
Precision = Literal[
    "day",
    "month",
    "season",
    "quarter",
    "quadrimester",
    "half-year",
    "year",
    "decade",
    "century",
    "millennium",
    "interval",
    "set",
]

# Code -> first month, number of months, precision. The standard leaves the months open, so this
# reading is ours: meteorological seasons, northern for 21-24 and 25-28, southern for 29-32.
# A season may end in the next year.
SUB_YEARS: Final[dict[int, tuple[int, int, Precision]]] = {
    **{base + i: (3 + 3 * i, 3, "season") for base in (21, 25) for i in range(4)},
    29: (9, 3, "season"),
    30: (12, 3, "season"),
    31: (3, 3, "season"),
    32: (6, 3, "season"),
    **{33 + i: (1 + 3 * i, 3, "quarter") for i in range(4)},
    **{37 + i: (1 + 4 * i, 4, "quadrimester") for i in range(3)},
    **{40 + i: (1 + 6 * i, 6, "half-year") for i in range(2)},
}
# By the number of digits left open at the end of the year.
YEAR_PRECISIONS: Final[tuple[Precision, ...]] = (
    "year",
    "decade",
    "century",
    "millennium",
    "millennium",
)

UNCERTAIN: Final = 1
APPROXIMATE: Final = 2
MARKS: Final = {"": 0, "?": UNCERTAIN, "~": APPROXIMATE, "%": UNCERTAIN | APPROXIMATE}
SIGNS: Final = ("", "?", "~", "%")  # the inverse of MARKS


class Refusal(Exception):
    """Why a text, or a part of one, is no date; `parse` makes it an error about the whole text."""

    def __init__(self, reason: str, instead: str = "", *, formless: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.instead = instead
        self.formless = formless  # no form has this shape, so nothing better can be said of it


# --- Years, months and days, with X for a digit left open ---


class Years:
    """The years that four characters stand for, which are digits or X."""

    __slots__ = ("digits", "high", "low", "unspecified")

    low: int
    high: int

    def __init__(self, sign: str, digits: str) -> None:
        self.digits = digits
        self.unspecified = 0  # how many digits at the end are left open
        if "X" not in digits:
            self.low = self.high = -int(digits) if sign else int(digits)
            return
        low, high = int(digits.replace("X", "0")), int(digits.replace("X", "9"))
        if sign and low == 0:  # there is no year -0000, so the nearest to it has a 1
            before, _, after = digits.rpartition("X")
            low = int(f"{before.replace('X', '0')}1{after}")
        self.low, self.high = (-high, -low) if sign else (low, high)
        self.unspecified = len(digits) - len(digits.rstrip("X"))

    def bounds(self) -> Bounds:
        return day_number(self.low, 1, 1), day_number(self.high, 12, 31)

    def months(self) -> int:
        """Return how many months the written precision is long: 120 for 201X."""
        return 12 * int(10**self.unspecified)

    def __iter__(self) -> Iterator[int]:
        return filter(self._fits, range(self.low, self.high + 1))

    def __reversed__(self) -> Iterator[int]:
        return filter(self._fits, range(self.high, self.low - 1, -1))

    def _fits(self, year: int) -> bool:
        return fits(abs(year), self.digits)


def fits(number: int, pattern: str) -> bool:
    """Tell whether the number, written in as many digits, has those that the pattern gives."""
    digits = f"{number:0{len(pattern)}d}"
    return all(p in ("X", c) for p, c in zip(pattern, digits, strict=True))


@functools.lru_cache(maxsize=2048)
def fitting(pattern: str, last: int) -> tuple[int, ...]:
    """Return the numbers from 1 to `last` that fit a pattern, such as 1X or 05."""
    return tuple(n for n in range(1, last + 1) if fits(n, pattern))


def _months(month: str) -> tuple[int, ...]:
    months = fitting(month, 12)
    if not months:
        raise Refusal(f"there is no month {month}: months are 01 to 12, and 21 to 41 name parts of a year")
    return months


def month_or_part(years: Years, month: str) -> tuple[Bounds, Precision, int]:
    """Return bounds, precision and length in months of a month, season, quarter, third or half."""
    part = SUB_YEARS.get(int(month)) if "X" not in month else None
    if part is None:
        months = _months(month)
        first_day = month_bounds(years.low, months[0])[0]
        return (first_day, month_bounds(years.high, months[-1])[1]), "month", 1
    if "X" in years.digits:
        raise Refusal(f"{month} is a part of one year, and the year has digits left open")
    first, count, precision = part
    start = day_number(years.low, first, 1)
    return (start, add_months(start, count) - 1), precision, count


def day_bounds(years: Years, month: str, day: str) -> Bounds:
    """Return the first and last real day: 198X-02-29 runs from 1980-02-29 to 1988-02-29."""
    if "X" not in years.digits + month + day:
        try:
            only = day_number(years.low, int(month), int(day))
        except ValueError:
            pass  # told below why not
        else:
            return only, only
    if "X" not in month and int(month) in SUB_YEARS:
        raise Refusal(f"{month} names a part of a year, and that has no days")
    months, days = _months(month), fitting(day, 31)
    if not days:
        raise Refusal(f"there is no day {day}: days are 01 to 31")
    earliest = _first_real(iter(years), months, days)
    latest = _first_real(reversed(years), months[::-1], days[::-1])
    if earliest is None or latest is None:
        raise Refusal(_why_no_day(years, months, days))
    return earliest, latest


def _first_real(years: Iterator[int], months: Sequence[int], days: Sequence[int]) -> int | None:
    for year in years:
        for month in months:
            length = days_in_month(year, month)
            for day in days:
                if day <= length:
                    return day_number(year, month, day)
        if 2 not in months or min(days) != 29:
            return None  # only 29 February exists in some years and not in others
    return None


def _why_no_day(years: Years, months: Sequence[int], days: Sequence[int]) -> str:
    if len(months) > 1:
        return "no month that fits has such a day"
    name = MONTHS[months[0]]
    if "X" in years.digits:
        return f"no {name} that fits has a day {min(days)}"
    return f"{name} {years.low} has {days_in_month(years.low, months[0])} days"


# --- Signs of doubt: ? uncertain, ~ approximate, % both ---


def marks_of(found: Sequence[str]) -> tuple[int, int, int]:
    """Return what is said of year, month and day, from the six signs in the order of the text.

    A sign on the right of a component also holds for all to its left.
    """
    left_year, right_year, left_month, right_month, left_day, right_day = found
    day = MARKS[right_day]
    month = day | MARKS[right_month]
    year = month | MARKS[right_year]
    return year | MARKS[left_year], month | MARKS[left_month], day | MARKS[left_day]


def either(marks: Iterable[int]) -> int:
    """Return the uncertainty and approximation that any of the marks states."""
    return functools.reduce(operator.or_, marks)


def written(parts: Sequence[str], marks: tuple[int, ...]) -> str:
    """Join components with the fewest signs that say `marks`: equal meanings have equal texts."""
    signs = _placed(marks)
    return "-".join(left + part + right for (left, right), part in zip(signs, parts, strict=True))


@functools.cache  # at most 4 + 16 + 64 keys
def _placed(marks: tuple[int, ...]) -> tuple[tuple[str, str], ...]:
    """Return the sign on the left and on the right of each component.

    Of several ways with equally few signs, the one with the most on the right is taken: people
    know that form.
    """
    best: tuple[tuple[int, int, int], tuple[tuple[str, str], ...]] | None = None
    for code in range(4 ** len(marks)):
        rights = [code >> 2 * i & 3 for i in range(len(marks))]
        said = [either(rights[i:]) for i in range(len(marks))]
        if any(s & ~mark for s, mark in zip(said, marks, strict=True)):
            continue
        lefts = [0 if s == mark else mark for s, mark in zip(said, marks, strict=True)]
        count = sum(map(bool, rights)) + sum(map(bool, lefts))
        score = (count, sum(map(bool, lefts)), code)
        if best is None or score < best[0]:
            pairs = zip(lefts, rights, strict=True)
            best = score, tuple((SIGNS[left], SIGNS[right]) for left, right in pairs)
    assert best is not None  # signs on the left alone can say anything
    return best[1]


def widened(bounds: Bounds, months: int) -> Bounds:
    """Move the bounds apart by some months, or by a day when that is 0.

    The end of a month stays the end of a month.
    """
    earliest, latest = bounds
    if months == 0:
        return earliest - 1, latest + 1
    if civil(latest + 1)[2] == 1:
        return add_months(earliest, -months), add_months(latest + 1, months) - 1
    return add_months(earliest, -months), add_months(latest, months)
