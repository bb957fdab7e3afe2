"""What every projection is, and what its rows are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, TypedDict
from uuid import UUID

import msgspec

from events.base import Event
from events.dates import FOREVER, NEVER, civil, days_in_month, exact
from events.ids import SourceId
from projections.facts import Fact


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a projection. Its table is made from its fields: entities become numbers, days stay day numbers."""

    key_field: ClassVar[str]
    """The field that holds the key that the row was folded for."""

    cluster: ClassVar[tuple[str, ...]]
    """The fields that rows lie sorted by, for the question that is asked most."""

    indexes: ClassVar[tuple[tuple[str, ...], ...]] = ()
    """Further orders in which rows are looked up."""


class SpanRow(Row, frozen=True, kw_only=True, gc=False):
    """Something that was so from a start to an end, each known to a range of days (inclusive, as day numbers).

    The first and the last day both count. `start_min` is NEVER and `end_max` FOREVER where nothing bounds them.
    """

    start_min: int
    start_max: int
    end_min: int
    end_max: int
    start: str
    """The start as EDTF; empty when it is unknown."""
    end: str
    """The end as EDTF; `..` when it is stated to go on, empty when nobody reported an end."""
    confirmed: int
    """The last day on which a source confirms it; NEVER when none does."""
    disputed: bool
    """Somebody denies it, or sources contradict each other about it."""
    claim: str
    """How its sources put it: stated, reported, derived, rumoured; see `weakest` and `strongest`."""
    entries: tuple[UUID, ...]
    sources: tuple[SourceId, ...]


class SpanFields(TypedDict):
    """The fields of a `SpanRow` by name, as a fold works them out before it knows what the row is about."""

    start_min: int
    start_max: int
    end_min: int
    end_max: int
    start: str
    end: str
    confirmed: int
    disputed: bool
    claim: str
    entries: tuple[UUID, ...]
    sources: tuple[SourceId, ...]


class Projection(msgspec.Struct, frozen=True):
    """A pair of pure functions over the events in force."""

    name: str
    """The name of its table."""
    version: int
    """Raised when the fold or the row changes, so that a ledger knows to rebuild."""
    row: type[Row]
    kinds: tuple[type[Event], ...]
    """The kinds that its keys and its fold read; every other kind is passed over."""
    keys: Callable[[Fact], Iterable[str]]
    """The keys whose rows this fact can change."""
    fold: Callable[[str, Sequence[Fact]], Sequence[Row]]
    """All rows of a key, from its facts in order; deprecated facts are among them."""
    by_entry: bool = False
    """Every entry is a key of its own, so that nothing needs to remember which entries a key has."""


WEAKNESS = ("stated", "reported", "derived", "rumoured")


def weakest(certainties: Iterable[str]) -> str:
    """The least sure of several ways in which sources put it."""
    return max(certainties, key=WEAKNESS.index, default="stated")


def strongest(certainties: Iterable[str]) -> str:
    """The surest of several ways in which sources put the same."""
    return min(certainties, key=WEAKNESS.index, default="stated")


ANY_DAY = "XXXX"
"""The EDTF of an end that was reported, on a day that nothing bounds."""


def unique(values: Iterable[str]) -> tuple[str, ...]:
    """Each value once, in the order of first appearance."""
    return tuple(dict.fromkeys(values))


def edtf_between(earliest: int, latest: int) -> str:
    """The EDTF text for "some day from earliest to latest": a year, month or day where it is one, otherwise a set.

    Empty when nothing is known on either side.
    """
    if earliest == NEVER and latest == FOREVER:
        return ""
    if earliest == NEVER:
        return f"[..{_upto(latest)}]"
    if latest == FOREVER:
        return f"[{_since(earliest)}..]"
    since, upto = _since(earliest), _upto(latest)
    if since == upto:  # a day, a month or a year; of a year beyond four digits EDTF knows no smaller part
        return since
    if earliest == latest:  # the first day of a month, or the last
        return exact(earliest).text
    if (len(since), len(upto)) == (4, 7):  # both as months: 2013-01..2014-06
        since = f"{since}-01"
    elif (len(since), len(upto)) == (7, 4):
        upto = f"{upto}-12"
    return f"[{since}..{upto}]"


def _since(day: int) -> str:
    """The shortest date that begins on the day."""
    year, month, of_month = civil(day)
    text = _year(year)
    if abs(year) > 9999 or (month, of_month) == (1, 1):
        return text
    return f"{text}-{month:02}" if of_month == 1 else f"{text}-{month:02}-{of_month:02}"


def _upto(day: int) -> str:
    """The shortest date that ends on the day."""
    year, month, of_month = civil(day)
    text = _year(year)
    if abs(year) > 9999 or (month, of_month) == (12, 31):
        return text
    if of_month == days_in_month(year, month):
        return f"{text}-{month:02}"
    return f"{text}-{month:02}-{of_month:02}"


def _year(year: int) -> str:
    if abs(year) > 9999:
        return f"Y{year}"
    return f"{year:04}" if year >= 0 else f"-{-year:04}"
