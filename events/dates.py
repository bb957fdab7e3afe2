"""Dates as sources give them: EDTF, the Extended Date/Time Format, levels 0, 1 and 2.

The rules are those of the Library of Congress, February 4, 2019
(https://www.loc.gov/standards/datetime/), a part of ISO 8601-2, read strictly. docs/dates.md lists
every form, the months that we give to seasons, and the extensions.
"""

import datetime
import functools
import itertools
import re
from typing import Final, Literal

from events import wording
from events.calendar import (
    FOREVER,
    NEVER,
    add_months,
    civil,
    day_number,
    days_in_month,
    iso,
    month_bounds,
)
from events.components import (
    APPROXIMATE,
    MARKS,
    SIGNS,
    UNCERTAIN,
    YEAR_PRECISIONS,
    Bounds,
    Precision,
    Refusal,
    Years,
    day_bounds,
    either,
    marks_of,
    month_or_part,
    widened,
    written,
)
from events.errors import UnreadableText

__all__ = [
    "FOREVER",
    "NEVER",
    "Bound",
    "Date",
    "DateError",
    "Precision",
    "add_months",
    "civil",
    "day_number",
    "day_of",
    "days_in_month",
    "exact",
    "iso",
    "month_bounds",
    "parse",
]

Bound = Literal["known", "open", "unknown"]
Parts = tuple[tuple["Date | None", "Date | None"], ...]

LONGEST_TEXT: Final = 200  # characters; the longest form of one date has about 40
GREATEST_YEAR: Final = 10**15  # so that every day number stays far inside NEVER..FOREVER
CACHED_TEXTS: Final = 65_536

# [0-9] throughout: \d and str.isdigit also accept the digits of other scripts.
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch
_COMPONENTS = re.compile(
    r"([?~%]?)(-?)([0-9X]{4})([?~%]?)"
    r"(?:-([?~%]?)([0-9X]{2})([?~%]?)(?:-([?~%]?)([0-9X]{2})([?~%]?))?)?"
).fullmatch
_LONG_YEAR = re.compile(r"([?~%]?)(?:Y(-?)([0-9]+)(?:E([0-9]+))?|(-?)([0-9]{4})(?=S))(?:S([0-9]+))?([?~%]?)").fullmatch
_MOMENT = re.compile(
    r"(-?[0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})"
    r"(Z|[+-][0-9]{2}(?::[0-9]{2})?)?"
).fullmatch


class DateError(UnreadableText):
    """A text is not an EDTF date, or names a date that does not exist."""

    notation = "an EDTF date"


class Date:
    """A date as a source gives it, however vague. Immutable; made by `parse` and `exact`.

    Equal when the canonical `text` is equal; ordered by earliest day, latest day, text. Every day
    is a day number and inclusive.

    - `earliest`, `latest`: the first and last day that the text allows; NEVER and FOREVER where a
      side is open or unknown.
    - `earliest_reading`, `latest_reading`: the same, widened on both sides by one unit of what is
      qualified: "about 2017" may be 2016 or 2018. Answers use these.
    - `start_is`, `end_is`: "known", "open" (written `..`) or "unknown" (nothing is written).
    - `parts`: the two sides of an interval as one pair; the members of a set as pairs of first and
      last; otherwise empty.
    """

    __slots__ = (
        "_marks",
        "earliest",
        "earliest_reading",
        "end_is",
        "latest",
        "latest_reading",
        "parts",
        "precision",
        "start_is",
        "text",
    )

    text: str
    earliest: int
    latest: int
    earliest_reading: int
    latest_reading: int
    precision: Precision
    start_is: Bound
    end_is: Bound
    parts: Parts
    _marks: int

    def __init__(
        self,
        text: str,
        bounds: Bounds,
        readings: Bounds,
        precision: Precision,
        marks: int = 0,
        start_is: Bound = "known",
        end_is: Bound = "known",
        parts: Parts = (),
    ) -> None:
        put = object.__setattr__
        put(self, "text", text)
        put(self, "earliest", bounds[0])
        put(self, "latest", bounds[1])
        put(self, "earliest_reading", readings[0])
        put(self, "latest_reading", readings[1])
        put(self, "precision", precision)
        put(self, "_marks", marks)
        put(self, "start_is", start_is)
        put(self, "end_is", end_is)
        put(self, "parts", parts)

    @property
    def is_interval(self) -> bool:
        """Whether it is a span with a start and an end, not one date or a choice of dates."""
        return self.precision == "interval"

    @property
    def start(self) -> "Date | None":
        """The left side of an interval, None when open or unknown; otherwise the date itself."""
        return self.parts[0][0] if self.precision == "interval" else self

    @property
    def end(self) -> "Date | None":
        """The right side of an interval, None when open or unknown; otherwise the date itself."""
        return self.parts[0][1] if self.precision == "interval" else self

    @property
    def uncertain(self) -> bool:
        """Whether any part is marked `?` or `%`: the source may be wrong."""
        return self._marks & UNCERTAIN != 0

    @property
    def approximate(self) -> bool:
        """Whether any part is marked `~` or `%`: the source gives an estimate."""
        return self._marks & APPROXIMATE != 0

    def words(self) -> str:
        """Say the date in short English, fit for a table: "26 May 2025", "c. 2017", "late 2023"."""
        return wording.words(self)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Date is immutable: {name} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a Date is immutable: {name} cannot be deleted")

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return parse, (self.text,)  # a copy is read anew and cannot disagree with its text

    def __repr__(self) -> str:
        return f"parse({self.text!r})"

    def __str__(self) -> str:
        return self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __eq__(self, other: object) -> bool:
        return self.text == other.text if isinstance(other, Date) else NotImplemented

    def __lt__(self, other: object) -> bool:
        return self._order() < other._order() if isinstance(other, Date) else NotImplemented

    def __le__(self, other: object) -> bool:
        return self._order() <= other._order() if isinstance(other, Date) else NotImplemented

    def __gt__(self, other: object) -> bool:
        return self._order() > other._order() if isinstance(other, Date) else NotImplemented

    def __ge__(self, other: object) -> bool:
        return self._order() >= other._order() if isinstance(other, Date) else NotImplemented

    def _order(self) -> tuple[int, int, str]:
        return self.earliest, self.latest, self.text


def parse(text: str) -> Date:
    """Read one EDTF text, from a cache when it was read before.

    DateError says what is wrong and, for the usual mistakes, what to write instead. Errors are not
    cached. `parse(date.text) == date` for every date.
    """
    if type(text) is not str:
        if not isinstance(text, str):
            raise TypeError(f"an EDTF date is a str, not {type(text).__name__}")
        text = str.__str__(text)  # a subclass may compare or hash in its own way
    if len(text) > LONGEST_TEXT:
        raise DateError(text, f"it is longer than {LONGEST_TEXT} characters")
    return _parsed(text)


@functools.lru_cache(maxsize=CACHED_TEXTS)
def _parsed(text: str) -> Date:
    try:
        return _read(text)
    except Refusal as refusal:
        raise _explained(text, refusal) from None


def exact(day: int) -> Date:
    """Return the date of one day; DateError when its year has more than four digits."""
    year = civil(day)[0]
    if not -9999 <= year <= 9999:
        reason = "EDTF has no days in years of more than four digits"
        raise DateError(iso(day), reason, f"Y{year}")
    return parse(iso(day))


def day_of(text: str) -> int:
    """Return the day number of a plain YYYY-MM-DD; any other form is a DateError."""
    date = parse(text)
    if _DAY(text) is not None:
        return date.earliest
    hint = iso(date.earliest) if date.earliest == date.latest and text[0] != "-" else ""
    raise DateError(text, "a plain day is asked for, YYYY-MM-DD", hint)


def _explained(text: str, refusal: Refusal) -> DateError:
    """Add to a refusal what the writer probably meant, provided that it is a date itself."""
    from events import mistakes  # here, because a program that reads good dates never needs it

    reason = refusal.reason
    first = [mistakes.Guess(refusal.instead, reason)] if refusal.instead else []
    for meant in itertools.chain(first, mistakes.guesses(text)):
        if not meant.text:
            return DateError(text, meant.reason or reason, meant.remark)
        why_not = _refusal_of(meant.text)
        if why_not is None:
            return DateError(text, meant.reason or reason, f"{meant.text} {meant.remark}".rstrip())
        if why_not.instead and _refusal_of(why_not.instead) is None:
            return DateError(text, why_not.reason, why_not.instead)
        if not why_not.formless:
            reason = why_not.reason
    return DateError(text, reason)


def _refusal_of(text: str) -> Refusal | None:
    try:
        _read(text)
    except Refusal as refusal:
        return refusal
    return None


def _formless(text: str) -> Refusal:
    from events import mistakes

    return Refusal(mistakes.why_unreadable(text), formless=True)


def _read(text: str) -> Date:
    """Tell the forms apart by a character that only they have; each reader checks the rest."""
    if not text:
        raise Refusal("it is empty")
    if text[0] in "[{":
        return _set(text)
    if "/" in text:
        return _interval(text)
    if "T" in text:
        return _moment(text)
    return _single(text)


def _single(text: str) -> Date:
    """Read a date without a time: what may stand on a side of an interval or in a set."""
    if _DAY(text) is not None:
        try:
            day = datetime.date.fromisoformat(text).toordinal()
        except ValueError:
            pass  # year 0000, a season with a day, or no such day: told apart below
        else:
            return Date(text, (day, day), (day, day), "day")
    match = _COMPONENTS(text)
    if match is None:
        return _long_year(text)
    left_y, sign, year, right_y, left_m, month, right_m, left_d, day_, right_d = match.groups("")
    if sign and year == "0000":
        raise Refusal("year 0 has no sign", text.replace("-0000", "0000", 1))
    years = Years(sign, year)
    bounds, precision, unit = _meaning(years, month, day_)
    marks = marks_of((left_y, right_y, left_m, right_m, left_d, right_d))
    if marks == (0, 0, 0):
        return Date(text, bounds, bounds, precision)
    parts = [part for part in (sign + year, month, day_) if part]
    exactest = max(i for i, mark in enumerate(marks) if mark)
    if exactest < len(parts) - 1:
        unit = 1 if exactest else years.months()
    canonical = written(parts, marks[: len(parts)])
    return Date(canonical, bounds, widened(bounds, unit), precision, either(marks))


def _meaning(years: Years, month: str, day: str) -> tuple[Bounds, Precision, int]:
    """Return bounds, precision, and how many months the precision is long: 0 for a day."""
    if day:
        return day_bounds(years, month, day), "day", 0
    if month:
        return month_or_part(years, month)
    return years.bounds(), YEAR_PRECISIONS[years.unspecified], years.months()


def _long_year(text: str) -> Date:
    """Read a year after Y, a year with an exponent, a year with significant digits."""
    match = _LONG_YEAR(text)
    if match is None:
        raise _formless(text)
    left, long_sign, long, exponent, short_sign, short, significant, right = match.groups("")
    digits = _spelled_out(long, exponent) if long else short
    sign = long_sign or short_sign
    if sign and digits == "0000":
        raise Refusal("year 0 has no sign")
    zeros = len(digits) - _significant(significant, digits) if significant else 0
    if long and len(digits) <= 4:
        plain = f"{sign}{digits:0>4}" + (f"S{4 - zeros}" if significant else "")
        raise Refusal("Y is only for years of more than four digits", f"{left}{plain}{right}")
    low = int(digits) // 10**zeros * 10**zeros
    high = low + 10**zeros - 1
    if sign:
        low, high = -high, -max(low, 1)
    bounds = day_number(low, 1, 1), day_number(high, 12, 31)
    marks = MARKS[left] | MARKS[right]
    precise = f"S{len(digits) - zeros}" if zeros else ""
    return Date(
        f"{'Y' if long else ''}{sign}{digits}{precise}{SIGNS[marks]}",
        bounds,
        widened(bounds, 12 * 10**zeros) if marks else bounds,
        YEAR_PRECISIONS[min(zeros, 3)],
        marks,
    )


def _spelled_out(digits: str, exponent: str) -> str:
    """Write the year after Y in full: 17 and 7 give 170000000."""
    if digits[0] == "0":
        raise Refusal("the number after Y starts with a zero")
    # Digits are counted before any power is taken: Y1E999999999 must be refused at once.
    zeros = int(exponent or "0") if len(exponent) <= 2 else 99
    if len(digits) + zeros > 16 or int(digits) * 10**zeros > GREATEST_YEAR:
        raise Refusal("years beyond 10 to the 15th (Y1E15) are not supported")
    return digits + "0" * zeros


def _significant(significant: str, digits: str) -> int:
    number = int(significant) if len(significant) <= 2 else 99
    if not 1 <= number <= len(digits):
        raise Refusal(f"a year of {len(digits)} digits has 1 to {len(digits)} significant ones")
    return number


def _moment(text: str) -> Date:
    """Read a date with a time. Its bounds are the calendar day as written, whatever the zone."""
    match = _MOMENT(text)
    if match is None:
        raise _formless(text)
    date, hour, minute, second, zone = match.groups("")
    day = _single(date)
    leap_second = text.endswith("T23:59:60Z")
    if not (hour < "24" and minute < "60" and (second < "60" or leap_second)):
        raise Refusal("hours run from 00 to 23, minutes and seconds from 00 to 59")
    if len(zone) == 3:
        zone += ":00"
    if zone[1:3] > "23" or zone[4:] > "59":
        raise Refusal("an offset from UTC has hours from 00 to 23 and minutes from 00 to 59")
    time = f"{date}T{hour}:{minute}:{second}"
    if zone == "-00:00":
        raise Refusal("no offset from UTC is written Z", f"{time}Z")
    if zone == "+00:00":
        zone = "Z"
    bounds = (day.earliest, day.latest)
    return Date(time + zone, bounds, bounds, "day")


def _interval(text: str) -> Date:
    """Read start/end: a date, `..` when open, nothing when unknown; one of them must be a date."""
    left, _, right = text.partition("/")
    if "/" in right:
        raise Refusal("an interval has one slash")
    start, start_is = _side(left, "start")
    end, end_is = _side(right, "end")
    if start is None and end is None:
        raise Refusal("one side of an interval must be a date")
    if start is not None and end is not None and start.earliest > end.latest:
        reason = f"the end ({right}) comes before the start ({left})"
        raise Refusal(reason, f"{right}/{left}")
    return Date(
        f"{start.text if start else left}/{end.text if end else right}",
        (start.earliest if start else NEVER, end.latest if end else FOREVER),
        (start.earliest_reading if start else NEVER, end.latest_reading if end else FOREVER),
        "interval",
        (start._marks if start else 0) | (end._marks if end else 0),
        start_is,
        end_is,
        ((start, end),),
    )


def _side(text: str, which: str) -> tuple[Date | None, Bound]:
    if text == "..":
        return None, "open"
    if not text:
        return None, "unknown"
    return _part(text, which), "known"


def _part(text: str, which: str) -> Date:
    """Read a date that is a part of the text; a refusal names the part."""
    if "T" in text or "[" in text or "{" in text:
        raise Refusal("the sides of an interval and the members of a set are dates without a time")
    try:
        return _single(text)
    except Refusal as refusal:
        reason = f"its {which} {text!r}: {refusal.reason}"
        raise Refusal(reason, formless=refusal.formless) from None


def _set(text: str) -> Date:
    """Read `[one,of,these]` or `{all,of,these}`; `..` joins two members or opens an end."""
    closing = "]" if text[0] == "[" else "}"
    inner = text[1:-1]
    if "/" in text:
        raise Refusal("a set has no intervals, and an interval has no sets")
    if text[-1] != closing or not inner.strip():
        raise Refusal(f"a set has dates between {text[0]} and {closing}")
    if " " in inner:
        raise Refusal("a set is written without spaces", text.replace(" ", ""))
    items = inner.split(",")
    last = len(items) - 1
    parts = tuple([_member(item, i == 0, i == last) for i, item in enumerate(items)])
    dates = [date for pair in parts for date in pair if date is not None]
    if len(items) == 1 and ".." not in inner:
        return dates[0]  # a set of one is that one: equal meanings have equal texts
    opens, closes = parts[0][0] is None, parts[-1][1] is None
    earliest = reading_from = FOREVER
    latest = reading_to = NEVER
    marks = 0
    for date in dates:
        earliest, latest = min(earliest, date.earliest), max(latest, date.latest)
        reading_from, reading_to = min(reading_from, date.earliest_reading), max(reading_to, date.latest_reading)
        marks |= date._marks
    if opens:
        earliest = reading_from = NEVER
    if closes:
        latest = reading_to = FOREVER
    return Date(
        text[0] + ",".join([_member_text(*pair) for pair in parts]) + closing,
        (earliest, latest),
        (reading_from, reading_to),
        "set",
        marks,
        "open" if opens else "known",
        "open" if closes else "known",
        parts,
    )


def _member(text: str, is_first: bool, is_last: bool) -> tuple[Date | None, Date | None]:
    left, dots, right = text.partition("..")
    if not left and not right:
        raise Refusal("a set has a date between any two commas")
    if not dots:
        date = _part(text, "member")
        return date, date
    if (not left and not is_first) or (not right and not is_last):
        raise Refusal("only the first member of a set may start with .., and only the last end so")
    first = _part(left, "member") if left else None
    last = _part(right, "member") if right else None
    if first is not None and last is not None and first.earliest > last.latest:
        raise Refusal(f"the end ({right}) comes before the start ({left})")
    return first, last


def _member_text(first: Date | None, last: Date | None) -> str:
    if first is last and first is not None:
        return first.text
    return f"{first.text if first else ''}..{last.text if last else ''}"
