"""What somebody meant who wrote a date that is no EDTF: English, other orders, old drafts.

Only an error needs this module, so `dates` imports it then: a program that reads good dates does
not compile its rules.
"""

import datetime
import functools
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from events.calendar import MONTHS


class Guess(NamedTuple):
    """What was probably meant; `text` is "" when no one date can be offered."""

    text: str  # EDTF
    reason: str = ""  # what is wrong with what was written
    remark: str = ""  # after the text, or instead of it


Found = re.Match[str]
Rule = Callable[[Found], Guess]

# Nobody writes a longer date, and the rules below take more than linear time.
_LONGEST_GUESSED: Final = 60


def why_unreadable(text: str) -> str:
    """Say why a text follows none of the forms, by the first thing that none of them has."""
    if text != text.strip():
        return "there are spaces around it"
    strange = next((c for c in text if not " " <= c <= "~"), None)
    if strange is not None:
        return f"it contains {strange!r}, and EDTF is written in ASCII"
    if re.fullmatch("-?[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ].*", text):
        return "a time is written like 1985-04-12T23:20:30, and Z or +hh:mm may follow"
    if "(" in text:
        return "EDTF has no parentheses: a sign on the left of a component holds for that one alone"
    if re.search("[A-Za-z]{2}", re.sub("[Xx]", "", text)):
        return _NO_WORDS
    if re.search("[xyestz]", text):
        return "its letters are capitals: X Y E S T Z"
    if re.search("[?~%][?~%]", text):
        return "two signs stand side by side, and ? with ~ is written %"
    return "it follows none of the forms, such as 2025, 2025-02, 2025-02-26, 2025-36 or 2015/2020"


def guesses(text: str) -> Iterator[Guess]:
    """Yield what may have been meant, best first. The caller checks that a guess is a date."""
    plain = _plain(text)
    if not plain or len(plain) > _LONGEST_GUESSED:
        return
    if plain.upper() != text:
        yield Guess(plain.upper())
    guess = _guess(plain)
    if guess is not None:
        yield guess
    if plain.count("/") == 1:
        start, end = (side.strip() for side in plain.split("/"))
        yield Guess(f"{_side(start)}/{'..' if end in _NOW else _side(end)}")
    if " " in plain and not re.search("[a-z]{2}", plain):
        yield Guess(plain.upper().replace(" ", ""), "EDTF has no spaces")


def _plain(text: str) -> str:
    """Write the text in lower-case ASCII, with single spaces and hyphens for all dashes."""
    text = re.sub("[\u2010-\u2015\u2212]", "-", text)
    text = unicodedata.normalize("NFKC", text)
    digits = (unicodedata.digit(c, None) for c in text)
    ascii_digits = (c if n is None else str(n) for c, n in zip(text, digits, strict=True))
    return " ".join("".join(ascii_digits).lower().split())


def _guess(plain: str) -> Guess | None:
    for pattern, rule in _compiled():
        found = pattern.fullmatch(plain)
        if found is not None:
            return rule(found)
    return None


@functools.cache
def _compiled() -> tuple[tuple[re.Pattern[str], Rule], ...]:
    return tuple((re.compile(pattern, re.ASCII), rule) for pattern, rule in _RULES)


def _meant(plain: str) -> str:
    """Return the EDTF of one date in words or figures; where no rule helps, the text itself."""
    guess = _guess(plain.strip())
    return guess.text if guess is not None and guess.text else plain.strip().upper()


def _side(plain: str) -> str:
    """Return the EDTF of one side of an interval, also in the words of the draft of 2012."""
    return {"unknown": "", "open": ".."}.get(plain, _meant(plain))


# --- What a match means; the parts come in lower case ---


def _third(found: Found) -> Guess:
    code = _THIRDS[found[1]]
    months = _THIRD_MONTHS[code]
    return Guess(f"{found[2]}-{code}", _NO_WORDS, f"({months} {found[2]}) {_KEEP}")


def _quarter(year: str, number: str) -> Guess:
    return Guess(f"{year}-{32 + _ORDINALS[number]}", "quarters have the numbers 33 to 36")


def _half(year: str, number: str) -> Guess:
    code = 40 if _ORDINALS[number] == 1 else 41
    return Guess(f"{year}-{code}", "half-years have the numbers 40 and 41")


def _season(year: str, season: str) -> Guess:
    remark = f"(December {year} to February {int(year) + 1})" if season == "winter" else ""
    return Guess(f"{year}-{_SEASONS[season]}", "seasons have the numbers 21 to 24", remark)


def _season_alone(found: Found) -> Guess:
    code = _SEASONS[found[1]]
    return Guess("", "it has no year", f"the year and {code}, such as 2023-{code}")


def _month(year: str, month: str) -> Guess:
    return Guess(f"{year}-{_NUMBERS[month[:3]]:02d}", _NO_WORDS)


def _day(year: str, month: str, day: str) -> Guess:
    return Guess(f"{year}-{_NUMBERS[month[:3]]:02d}-{int(day):02d}", _NO_WORDS)


def _figures(found: Found) -> Guess:
    text = f"{found[1]}-{int(found[3]):02d}-{int(found[4]):02d}"
    return Guess(text, "month and day have two digits each, after hyphens")


def _year_and_number(found: Found) -> Guess:
    """2025/2 is a month, 2015-20 a span of years."""
    year, number = found[1], int(found[2])
    if number <= 12:
        return Guess(f"{year}-{number:02d}", "a month has two digits, after a hyphen")
    if 0 < number - int(year[2:]) <= 10:
        return Guess(f"{year}/{year[:2]}{number}", "an interval has a slash and whole years")
    return Guess("", f"there is no month {number}")


def _year_last(found: Found) -> Guess:
    """05/26/2025 can be told, 05/06/2025 cannot."""
    first, second, year = int(found[1]), int(found[3]), found[4]
    if first <= 12 and second <= 12 and first != second:
        remark = f"{year}-{first:02d}-{second:02d} or {year}-{second:02d}-{first:02d}"
        return Guess("", "the year comes first, and which is the month cannot be told", remark)
    month, day = (second, first) if first > 12 else (first, second)
    return Guess(f"{year}-{month:02d}-{day:02d}", "the year comes first, then the month")


def _week(found: Found) -> Guess:
    reason, year, week = "EDTF has no weeks", int(found[1]), int(found[2])
    try:
        day = datetime.date.fromisocalendar(year, week, int(found[3] or 1))
        sunday = datetime.date.fromisocalendar(year, week, 7)
    except ValueError:
        return Guess("", f"{reason}, and {year} has no such week")
    if found[3]:
        return Guess(day.isoformat(), reason)
    return Guess(f"[{day}..{sunday}]", reason, "(one day of that week)")


def _day_of_year(found: Found) -> Guess:
    reason = "EDTF does not count the days of a year"
    try:
        day = datetime.date(int(found[1]), 1, 1) + datetime.timedelta(days=int(found[2]) - 1)
    except (ValueError, OverflowError):
        return Guess("", reason)
    return Guess(day.isoformat() if day.year == int(found[1]) else "", reason)


def _decade(found: Found) -> Guess:
    decade = found[1]
    remark = f"(ten years; the century is {decade[:2]}XX)" if decade.endswith("0") else ""
    return Guess(f"{decade}X", "a decade has an X for its last digit", remark)


def _before_christ(found: Found) -> Guess:
    year = int(found[1]) - 1  # there is a year 0, which is 1 BC
    return Guess(f"-{year:04d}" if year > 0 else "0000", _NO_WORDS, "(the year 0000 is 1 BC)")


def _time(found: Found) -> Guess:
    day, hour, minute, second, zone = found.groups("")
    if hour == "24":
        return _midnight(day, zone.upper())
    if len(zone) == 5:
        zone = f"{zone[:3]}:{zone[3:]}"
    reason = "a time is written hh:mm:ss after a T, without fractions, and Z or +hh:mm may follow"
    return Guess(f"{day}T{hour}:{minute}:{second or '00'}{zone.upper()}", reason)


def _midnight(day: str, zone: str) -> Guess:
    reason = "hours run from 00 to 23"
    try:
        following = datetime.date.fromisoformat(day) + datetime.timedelta(days=1)
    except (ValueError, OverflowError):
        return Guess("", reason)
    return Guess(f"{following}T00:00:00{zone}", reason)


def _draft(reason: str) -> Rule:
    """Turn a draft of 2012 into the form of 2019."""
    changes = (("?~", "%"), ("~?", "%"), ("u", "X"), ("p", "S"))

    def rule(found: Found) -> Guess:
        plain = functools.reduce(lambda text, change: text.replace(*change), changes, found[0])
        return Guess(plain.upper(), f"{reason} since 2019")

    return rule


# --- The rules: the first that matches the whole text decides ---

_NO_WORDS = "EDTF has no words"
_KEEP = "and keep the words in date_text"
_NUMBERS = {name[:3].lower(): n for n, name in enumerate(MONTHS) if name}
_ORDINALS = {
    **dict.fromkeys(("1", "first", "1st"), 1),
    **dict.fromkeys(("2", "second", "2nd"), 2),
    **dict.fromkeys(("3", "third", "3rd"), 3),
    **dict.fromkeys(("4", "fourth", "4th", "last"), 4),
}
_THIRDS = {
    **dict.fromkeys(("early", "beginning of", "start of"), 37),
    **dict.fromkeys(("mid", "middle of"), 38),
    **dict.fromkeys(("late", "end of"), 39),
}
_THIRD_MONTHS = {37: "January–April", 38: "May–August", 39: "September–December"}
_SEASONS = {"spring": 21, "summer": 22, "autumn": 23, "fall": 23, "winter": 24}
_NOW = ("open", "present", "now", "today", "ongoing", "current")

_Y = r"([0-9]{4})"
_D = r"([0-9]{1,2})"
_TH = r"(?:st|nd|rd|th)?"
_ANY = r"(.*[0-9].*)"
_M = rf"({'|'.join(f'{m[:3]}(?:{m[3:]})?' for m in MONTHS[1:])}|sept)\.?".lower()
_SEASON = f"({'|'.join(_SEASONS)})"
_THIRD = f"({'|'.join(_THIRDS)})"
_WEEKDAY = r"(?:[a-z]+day,? )?"
_ABOUT = r"(?:(?:circa|ca|c|around|about|approximately|approx|roughly)(?:\. ?| |(?=[0-9]))|~ ?)"
_HMS = r"([0-9]{2}):?([0-9]{2})(?::?([0-9]{2}))?"
_TO = r"(?:-|to|until|till)"

_RULES: tuple[tuple[str, Rule], ...] = (
    (rf"(?:the )?{_THIRD}[ -]{_Y}", _third),
    (
        rf"(?:the )?{_THIRD}[ -]?(?:the )?({_M} {_Y}|[0-9]{{3}}0'?s)",
        lambda found: Guess(_meant(found[2]), _NO_WORDS, _KEEP),
    ),
    (rf"q([1-4])[ /-]?{_Y}", lambda found: _quarter(found[2], found[1])),
    (rf"{_Y}[ /-]?q([1-4])", lambda found: _quarter(found[1], found[2])),
    (
        rf"(?:the )?(first|second|third|fourth|last|1st|2nd|3rd|4th) quarter (?:of )?{_Y}",
        lambda found: _quarter(found[2], found[1]),
    ),
    (rf"h([12])[ /-]?{_Y}", lambda found: _half(found[2], found[1])),
    (rf"{_Y}[ /-]?h([12])", lambda found: _half(found[1], found[2])),
    (
        rf"(?:the )?(first|second|last|1st|2nd) half (?:of )?{_Y}",
        lambda found: _half(found[2], found[1]),
    ),
    (rf"(?:the )?{_SEASON}(?: of|,)? {_Y}", lambda found: _season(found[2], found[1])),
    (rf"{_Y}[ -]{_SEASON}", lambda found: _season(found[1], found[2])),
    (_SEASON, _season_alone),
    (rf"(?:in )?{_M}(?: of|,)?[ -]{_Y}", lambda found: _month(found[2], found[1])),
    (rf"{_Y},?[ -]{_M}", lambda found: _month(found[1], found[2])),
    (
        rf"(?:on )?{_WEEKDAY}{_D}{_TH}\.?(?: of)?[ -]{_M},?[ -]{_Y}",
        lambda found: _day(found[3], found[2], found[1]),
    ),
    (
        rf"(?:on )?{_WEEKDAY}{_M} (?:the )?{_D}{_TH},? {_Y}",
        lambda found: _day(found[3], found[1], found[2]),
    ),
    (rf"{_Y},?[ -]{_M}[ -]{_D}", lambda found: _day(found[1], found[2], found[3])),
    (rf"{_Y}([-/. ]){_D}\2{_D}", _figures),
    (rf"{_Y}[-/. ]{_D}", _year_and_number),
    (
        rf"{_D}[-/.]{_Y}",
        lambda found: Guess(f"{found[2]}-{int(found[1]):02d}", "the year comes first"),
    ),
    (rf"{_D}([-/.]){_D}\2{_Y}", _year_last),
    (
        r"([0-9]{4})([0-9]{2})([0-9]{2})",
        lambda found: Guess("-".join(found.groups()), "EDTF writes hyphens within a date"),
    ),
    (r"([0-9]{4})-?w([0-9]{2})(?:-?([1-7]))?", _week),
    (r"([0-9]{4})-?([0-9]{3})", _day_of_year),
    (
        rf"{_ABOUT}{_ANY}",
        lambda found: Guess(f"{_meant(found[1])}~", "about is written ~ after the date"),
    ),
    (
        rf"(?:probably|possibly|perhaps|maybe|likely) (?:in )?{_ANY}",
        lambda found: Guess(f"{_meant(found[1])}?", "perhaps is written ? after the date"),
    ),
    (r"(?:the )?([0-9]{3})0'?s", _decade),
    (
        r"(?:the )?([0-9]{1,2})(?:st|nd|rd|th)[ -](?:century|c\.?)",
        lambda found: Guess(f"{int(found[1]) - 1:02d}XX", "a century has XX for its last digits"),
    ),
    (
        rf"(?:from )?(.*[0-9].*?)(?: {_TO} | ?[-/] ?)(?:the )?(?:{'|'.join(_NOW)})(?: day)?",
        lambda found: Guess(f"{_meant(found[1])}/..", "an end that is still open is written .."),
    ),
    (
        rf"since {_ANY}|(.*[0-9]) ?(?:onwards?|-)",
        lambda found: Guess(f"{_meant(found[1] or found[2])}/..", "an open end is written ..", "(a span)"),
    ),
    (
        rf"(?:until|till|up to) {_ANY}",
        lambda found: Guess(f"../{_meant(found[1])}", "an open start is written ..", "(a span)"),
    ),
    (
        rf"(?:before|by|not? later than) {_ANY}",
        lambda found: Guess(f"[..{_meant(found[1])}]", _NO_WORDS, "(that date included)"),
    ),
    (
        rf"(?:after|not before|not? earlier than) {_ANY}",
        lambda found: Guess(f"[{_meant(found[1])}..]", _NO_WORDS, "(that date included)"),
    ),
    (
        rf"between {_ANY} and {_ANY}",
        lambda found: Guess(f"[{_meant(found[1])}..{_meant(found[2])}]", _NO_WORDS, "(some time between)"),
    ),
    (
        rf"{_Y} ?- ?{_Y}|(?:from )?{_ANY} {_TO} {_ANY}",
        lambda found: Guess(
            f"{_meant(found[1] or found[3])}/{_meant(found[2] or found[4])}",
            "an interval has a slash between its sides",
        ),
    ),
    (
        rf"(?:either )?{_ANY} or {_ANY}",
        lambda found: Guess(f"[{_meant(found[1])},{_meant(found[2])}]", "a choice is written in square brackets"),
    ),
    (
        rf"{_M}|{_D}{_TH}\.? {_M}|{_M} {_D}{_TH}",
        lambda found: Guess("", "it has no year", "the year too"),
    ),
    (
        r"(?:present|now|today|yesterday|tomorrow|ongoing|current|recently)",
        lambda found: Guess("", "its meaning changes every day", "the day itself, YYYY-MM-DD"),
    ),
    (
        r"(?:unknown|open|n\.?d\.?|no date|undated|tbd|tba|\?|n/a|none|null)",
        lambda found: Guess("", "it is no date", "the narrowest known, as 2015/2020 or [..2020]"),
    ),
    (
        rf"'?[0-9]{{2}}(?:'?s)?|{_M},? '[0-9]{{2}}|{_D}([/.-]){_D}\3[0-9]{{2}}",
        lambda found: Guess("", "a year has four digits", "the year with all four digits"),
    ),
    (r"([0-9]{1,4}) ?b\.?c\.?(?:e\.?)?", _before_christ),
    (
        rf"(-?[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})[t ]{_HMS}(?:[.,][0-9]+)? ?(z|[+-][0-9:]+)?",
        _time,
    ),
    (
        r"[0-9uxy?~%/.-]*u[0-9uxy?~%/.-]*",
        _draft("an unspecified digit is written X"),
    ),
    (
        r"y-?[0-9]+(?:e[0-9]+)?p[0-9]+|[0-9]{4}p[0-9]",
        _draft("significant digits are written with S"),
    ),
    (r".*(?:\?~|~\?).*", _draft("uncertain and approximate together are written %")),
    (r"\+([0-9]{4}.*)", lambda found: Guess(found[1].upper(), "a year has no plus sign")),
    (
        r"(-?[1-9][0-9]{4,15})",
        lambda found: Guess(f"Y{found[1]}", "a year of more than four digits starts with Y"),
    ),
    (r"([0-9]{3})", lambda found: Guess(f"0{found[1]}", "a year has four digits")),
)
