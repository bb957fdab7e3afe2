"""Dates, marks and amounts in the short words of a table."""

from __future__ import annotations

from functools import lru_cache

from events.dates import Date, DateError, civil, exact, iso, parse
from projections.rows import edtf_between
from timeline.answers import When

MARKS = {"certain": "●", "possible": "◐", "unconfirmed": "○", None: " "}
DISPUTED = "⚑"
LEGEND = {
    "certain": "certain",
    "possible": "possible: inside an uncertain span",
    "unconfirmed": "unconfirmed: nothing heard since",
}
STYLES = {"certain": "green", "possible": "yellow", "unconfirmed": "bright_black", None: "bright_black"}


@lru_cache(maxsize=10_000)
def date(edtf: str) -> str:
    """A date: `c. Jul 2018`, `Jun 2023 – May 2025` for one of those days, `by Jan 2023`, `?` for an unknown one."""
    if edtf in ("", ".."):
        return "?" if edtf == "" else "…"
    found = parse(edtf)
    if found.precision == "set" and len(found.parts) == 1:
        first, last = found.parts[0]
        if first is None and last is not None:
            return f"by {_short(last)}"
        if last is None and first is not None:
            return f"from {_short(first)}"
        if first is not None and last is not None:
            sides = (_short(first), _short(last))
            return f"{first.words()}–{last.words()}" if sides[0] == sides[1] else "–".join(sides)
    return found.words()


def when(given: str) -> str:
    """A moment as it was asked for: a date in words, an instant or a position as it is."""
    try:
        return parse(given).words()
    except DateError:
        return given


def _short(day: Date) -> str:
    """In a range of several months a day says no more than its month."""
    return parse(day.text[:7]).words() if day.precision == "day" and len(day.text) == 10 else day.words()


def span(start: When, end: When, confirmed_until: str | None = None) -> str:
    """From when to when: `c. Jul 2018 → Feb 2025`, `2023 → …`, `2015 → ? (seen May 2025)`."""
    first = date(start.edtf)
    if end.edtf == "":
        later = confirmed_until and (start.latest or "unknown") < confirmed_until
        seen = f" (seen {_month(str(confirmed_until))})" if later else ""
        return f"{first} → ?{seen}"
    return f"{first} → {_until(end.edtf)}"


def _until(edtf: str) -> str:
    """An end; the months of what followed, where it is the day before some day of them."""
    found = parse(edtf) if edtf != ".." else None
    if found and found.precision == "set" and found.start_is == found.end_is == "known":
        first, last = found.earliest + 1, found.latest + 1
        if civil(first)[2] == 1 and civil(last + 1)[2] == 1:
            return date(edtf_between(first, last))
    return date(edtf)


def _month(day: str) -> str:
    return parse(day[:7]).words() if len(day) == 10 else day


def day(number: int) -> str:
    """A day number: `1 Jun 2024`."""
    year, _, _ = civil(number)
    return exact(number).words() if -9999 <= year <= 9999 else str(year)


def money(amount: float | int | None, currency: str, qualifier: str) -> str:
    """An amount in a column: `$14.3bn`, `≥ €100m`, `c. $2bn`."""
    if amount is None:
        return ""
    symbol = {"USD": "$", "EUR": "€", "GBP": "£"}.get(currency, f"{currency} ")
    prefix = {"at-least": "≥ ", "at-most": "≤ ", "about": "c. "}.get(qualifier, "")
    for size, letter in ((1e12, "tn"), (1e9, "bn"), (1e6, "m")):
        if amount >= size:
            return f"{prefix}{symbol}{amount / size:.6g}{letter}"
    return f"{prefix}{symbol}{amount:,}"


def counted(number: int, thing: str, things: str = "") -> str:
    """`1 event`, `2 events`, `2 entries`."""
    many = things or (f"{thing[:-1]}ies" if thing.endswith("ry") else f"{thing}s")
    return f"{number} {thing if number == 1 else many}"


def iso_day(number: int) -> str:
    """A day number: `2024-06-01`."""
    return iso(number)


def asked_day(number: int) -> str:
    """A day number as one asks about it. Of years beyond four digits EDTF knows no days; their last one is meant."""
    year = civil(number)[0]
    return iso(number) if abs(year) <= 9999 else f"Y{year}"
