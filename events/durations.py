"""Lengths of service as ISO 8601 durations, and the start that follows from one."""

import functools
import re
from typing import Final

from events.calendar import FOREVER, NEVER, add_months, civil, month_bounds
from events.dates import Date
from events.errors import UnreadableText

LONGEST_TEXT: Final = 40  # characters; the longest duration has 19
_ROUNDING = 1  # months: people and profile pages round differently

_DURATION = re.compile(r"P(?=[0-9])(?:([0-9]{1,5})W|(?:([0-9]{1,5})Y)?(?:([0-9]{1,5})M)?(?:([0-9]{1,5})D)?)").fullmatch
_IN_WORDS = re.compile(
    r"(?:([0-9]+) ?y(?:ears?|rs?)?\.?)?(?:,| and)? ?"
    r"(?:([0-9]+) ?m(?:onths?|os?)?\.?)?(?:,| and)? ?"
    r"(?:([0-9]+) ?d(?:ays?)?\.?)?",
    re.IGNORECASE,
).fullmatch


class DurationError(UnreadableText):
    """A text is not a duration of years, months and days, or of weeks."""

    notation = "a duration"


class Duration:
    """A length of service as a source gives it: P6Y7M, P5Y, P3M, P2W, P10D. Immutable.

    Equal when the text is: P12M and P1Y are told apart, because a source that counts months rounds
    to months. Weeks count as days: P2W has 14.
    """

    __slots__ = ("days", "months", "text", "years")

    text: str
    years: int
    months: int
    days: int

    def __init__(self, text: str, years: int, months: int, days: int) -> None:
        put = object.__setattr__
        put(self, "text", text)
        put(self, "years", years)
        put(self, "months", months)
        put(self, "days", days)

    def words(self) -> str:
        """Say it in English: "6 years 7 months", "2 weeks"."""
        if self.text.endswith("W"):
            return _counted(self.days // 7, "week")
        counts = (self.years, "year"), (self.months, "month"), (self.days, "day")
        return " ".join(_counted(n, unit) for n, unit in counts if n) or "0 days"

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Duration is immutable: {name} cannot be set")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a Duration is immutable: {name} cannot be deleted")

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return parse, (self.text,)

    def __repr__(self) -> str:
        return f"parse({self.text!r})"

    def __str__(self) -> str:
        return self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __eq__(self, other: object) -> bool:
        return self.text == other.text if isinstance(other, Duration) else NotImplemented


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}"


def parse(text: str) -> Duration:
    """Read an ISO 8601 duration without a time; zero components are dropped from `text`."""
    if type(text) is not str:
        if not isinstance(text, str):
            raise TypeError(f"a duration is a str, not {type(text).__name__}")
        text = str.__str__(text)
    if len(text) > LONGEST_TEXT:
        raise DurationError(text, f"it is longer than {LONGEST_TEXT} characters")
    return _parsed(text)


@functools.lru_cache(maxsize=4096)
def _parsed(text: str) -> Duration:
    match = _DURATION(text)
    if match is None:
        raise DurationError(text, _why_not(text), _meant(text))
    if match[1]:
        weeks = int(match[1])
        return Duration(f"P{weeks}W", 0, 0, 7 * weeks)
    years, months, days = (int(number) for number in match.groups("0")[1:])
    counts = (years, "Y"), (months, "M"), (days, "D")
    components = "".join(f"{number}{unit}" for number, unit in counts if number)
    return Duration(f"P{components or '0D'}", years, months, days)


def _why_not(text: str) -> str:
    if "T" in text:
        return "a length of service has no time of day"
    if "W" in text:
        return "weeks stand alone"
    if re.search("[0-9]{6}", text):
        return "a number has at most five digits"
    return "it has P, then years, months and days in this order, such as P6Y7M, or weeks, P2W"


def _meant(text: str) -> str:
    """Return the duration for what somebody wrote in words or without the P, otherwise ""."""
    plain = text.strip().removeprefix("P").removeprefix("p")
    if re.search("[^ -~]", plain):
        return ""
    weeks = re.fullmatch(r"([0-9]{1,5}) ?w(?:eeks?|ks?)?", plain, re.IGNORECASE)
    if weeks is not None:
        return f"P{weeks[1]}W"
    match = _IN_WORDS(plain)
    if match is None or not any(match.groups()):
        return ""
    numbers = zip(match.groups(), "YMD", strict=True)
    meant = "P" + "".join(f"{number}{unit}" for number, unit in numbers if number)
    return meant if _DURATION(meant) is not None else ""


def implied_start(leaving: Date, service: Duration) -> tuple[int, int]:
    """Return the earliest and latest day of a start that follows from a length of service.

    The month of leaving (of its readings) minus the duration, one month wider on each side: leaving
    in 2025-02 after P6Y7M gives 2018-06-01 to 2018-08-31. Never later than the leaving itself;
    NEVER and FOREVER where the leaving has no such bound.
    """
    start, end = NEVER, FOREVER
    if leaving.earliest_reading != NEVER:
        start = _months_of(_before(leaving.earliest_reading, service, first=True), -_ROUNDING)[0]
    if leaving.latest_reading != FOREVER:
        end = _months_of(_before(leaving.latest_reading, service, first=False), _ROUNDING)[1]
    return start, min(end, leaving.latest_reading)


def _before(day: int, service: Duration, *, first: bool) -> int:
    """Go back from the first or last day of the month of `day` by the length of service."""
    bounds = _months_of(day, 0)
    months = -(service.years * 12 + service.months)
    return add_months(bounds[0] if first else bounds[1], months) - service.days


def _months_of(day: int, months: int) -> tuple[int, int]:
    """Return the first and last day of the month that lies some months from that of `day`."""
    year, month, _ = civil(add_months(day, months))
    return month_bounds(year, month)
