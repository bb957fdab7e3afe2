"""How a date is said in short English."""

import re
from typing import TYPE_CHECKING, Final

from events.calendar import MONTHS, civil
from events.components import fitting

if TYPE_CHECKING:
    from events.dates import Date

_SHORT: Final = tuple(name[:3] for name in MONTHS)
_SEASONS: Final = ("spring", "summer", "autumn", "winter")
_PARTS: Final = {
    **{33 + i: f"Q{1 + i}" for i in range(4)},
    37: "early",
    38: "mid",
    39: "late",
    40: "first half of",
    41: "second half of",
}

_CANONICAL = re.compile(
    r"[?~%]?(-?[0-9X]{4})[?~%]?(?:-[?~%]?([0-9X]{2})[?~%]?(?:-[?~%]?([0-9X]{2})[?~%]?)?)?"
    r"(?:T(.{8})(.*))?"
).fullmatch
_LONG = re.compile(r"Y?(-?[0-9]+)(?:S[0-9]+)?[?~%]?").fullmatch


def words(date: "Date") -> str:
    """Say a date in short English: "c." before an approximate date, "?" after an uncertain one."""
    if date.precision == "interval":
        start = date.start.words() if date.start else _missing(date.start_is)
        end = date.end.words() if date.end else _missing(date.end_is)
        return f"{start} – {end}"
    if date.precision == "set":
        return _set(date)
    said = _long_year(date) if date.text.startswith("Y") or "S" in date.text else _single(date)
    return f"{'c. ' if date.approximate else ''}{said}{'?' if date.uncertain else ''}"


def _missing(side: str) -> str:
    return "…" if side == "open" else "?"


def _set(date: "Date") -> str:
    one = date.text[0] == "["
    first, last = date.parts[0][0], date.parts[-1][1]
    if len(date.parts) == 1 and one:
        if first and last:
            return f"between {first.words()} and {last.words()}"
        return f"on or after {first.words()}" if first else f"by {last.words() if last else ''}"
    members = ", ".join(_member(*pair) for pair in date.parts)
    return f"{'one' if one else 'all'} of {members}"


def _member(first: "Date | None", last: "Date | None") -> str:
    if first is None:
        return f"{last.words() if last else ''} or before"
    if last is None:
        return f"{first.words()} or after"
    return first.words() if first is last else f"{first.words()}–{last.words()}"


def _long_year(date: "Date") -> str:
    match = _LONG(date.text)
    assert match is not None
    year = int(match[1])
    if "S" not in date.text:
        return _bare_year(year)
    from_year, to_year = _years(date)
    return f"est. {_number(year)} ({_number(from_year)}–{_number(to_year)})"


def _number(year: int) -> str:
    return f"{year:,}" if abs(year) > 9999 else str(year)


def _bare_year(year: int) -> str:
    return _number(year) if 1000 <= year <= 9999 else f"year {_number(year)}"


def _years(date: "Date") -> tuple[int, int]:
    return civil(date.earliest)[0], civil(date.latest)[0]


def _single(date: "Date") -> str:
    match = _CANONICAL(date.text)
    assert match is not None
    year, month, day, time, zone = match.groups("")
    if not month:
        return _year(year, date)
    if "X" in year.rstrip("X"):
        return f"a date like {year}-{month}{'-' if day else ''}{day}"
    if not day:
        return _month(year, month)
    said = _day(year, month, day, date)
    if time:
        zone = "UTC" if zone == "Z" else zone
        said = f"{said}, {time} {zone}".rstrip()
    return said


def _year(year: str, date: "Date") -> str:
    if "X" not in year:
        return _bare_year(int(year))
    if year == "XXXX":
        return "some year"
    if "X" in year.rstrip("X"):
        return f"a year like {year}"
    if year.count("X") == 1 and year > "1":
        return f"{year[:3]}0s"
    from_year, to_year = _years(date)
    if from_year < 1000:
        return f"years {from_year} to {to_year}"
    return f"{from_year}–{to_year}"


def _of_year(year: str) -> str:
    """Say a year after a month: 2025, 1560s, or some year."""
    if "X" not in year:
        return str(int(year))
    if year == "XXXX":
        return "some year"
    low, high = (int(year.replace("X", digit)) for digit in "09")
    if year.count("X") == 1 and year > "1":
        return f"{low}s"
    return f"{low}–{high}" if low >= 0 else f"{high} to {min(low, -1)}"


def _month(year: str, month: str) -> str:
    if "X" not in month and int(month) > 12:
        return _part(int(year), int(month))
    return _of_month(year, month)


def _of_month(year: str, month: str) -> str:
    if month == "XX":
        return f"some month of {_of_year(year)}"
    named = [_SHORT[n] for n in fitting(month, 12)]
    said = f"{named[0]}–{named[-1]}" if len(named) > 2 else " or ".join(named)
    return f"{said} {_of_year(year)}"


def _part(year: int, code: int) -> str:
    if code > 32:
        return f"{_PARTS[code]} {year}"
    season = _SEASONS[(code - 21) % 4]
    crosses = code in (24, 28, 30)  # ends in the next year
    where = " (north)" if 25 <= code <= 28 else " (south)" if code >= 29 else ""
    return f"{season} {year}{f'–{(year + 1) % 100:02d}' if crosses and year > 0 else ''}{where}"


def _day(year: str, month: str, day: str, date: "Date") -> str:
    of_month = _of_month(year, month)
    if "X" not in day:
        return f"{int(day)} {'of ' if month == 'XX' else ''}{of_month}"
    if day == "XX":
        return f"some day of {of_month}" if month != "XX" else f"some day of {_of_year(year)}"
    if day[0] == "X" or "X" in month or "X" in year:
        return f"a day like {year}-{month}-{day}"
    first, last = civil(date.earliest)[2], civil(date.latest)[2]
    return f"{first}–{last} {of_month}" if first < last else f"{first} {of_month}"
