"""The shapes of answers, as every format shows them. JSON has exactly these names; docs/json.md explains them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

import msgspec

from events.dates import FOREVER, NEVER, Date, iso, parse
from projections.certainty import Degree, Presence
from projections.rows import SpanRow

Edge = str | None
"""An ISO day; None where a side is open, "unknown" where nobody knows it."""


class Ref(msgspec.Struct, frozen=True, gc=False):
    """An entity by its id and the name to show."""

    id: str
    name: str


class When(msgspec.Struct, frozen=True, gc=False):
    """A date in an answer: its expression, and the first and last day that it may mean (both inclusive)."""

    edtf: str
    earliest: Edge
    latest: Edge

    @classmethod
    def of(cls, date: Date) -> When:
        """The days that a date may mean, widened where the source qualified it."""
        return cls(
            date.text,
            _edge(date.earliest_reading, NEVER, open_=date.start_is == "open"),
            _edge(date.latest_reading, FOREVER, open_=date.end_is == "open"),
        )

    @classmethod
    def start(cls, row: SpanRow) -> When:
        """When a span began."""
        return _when(row.start, row.start_min, row.start_max)

    @classmethod
    def end(cls, row: SpanRow) -> When:
        """When a span ended; open when it is stated to go on, unknown when nobody reported an end."""
        return _OPEN_ENDS.get(row.end) or _when(row.end, row.end_min, row.end_max)

    def words(self) -> str:
        """Short English, for a table."""
        if self.edtf in ("", ".."):
            return {"": "?", "..": "…"}[self.edtf]
        return parse(self.edtf).words()


_OPEN_ENDS = {"..": When("..", None, None), "": When("", "unknown", "unknown")}


@lru_cache(maxsize=16_384)  # the same days again and again
def _when(text: str, earliest: int, latest: int) -> When:
    return When(text, _edge(earliest, NEVER), _edge(latest, FOREVER))


@lru_cache(maxsize=16_384)
def confirmed_until(day: int) -> str | None:
    """The last day on which a source confirms a span; None when none does."""
    return None if day == NEVER else iso(day)


def _edge(day: int, limit: int, *, open_: bool = False) -> Edge:
    if day == limit or abs(day) >= FOREVER:
        return None if open_ else "unknown"
    return iso(day)


class Answer(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What every line of an answer carries: how sure it is, and where it comes from."""

    certainty: Presence | None
    start: When
    end: When
    confirmed_until: str | None
    disputed: bool
    claim: str
    sources: tuple[str, ...]
    entries: tuple[UUID, ...]


class Member(Answer, frozen=True, kw_only=True, omit_defaults=True):
    """A person at an organization."""

    person: Ref
    organization: Ref
    role: str
    post: str
    sometime: Degree | None = None
    throughout: Degree | None = None


class Holder(Answer, frozen=True, kw_only=True):
    """A person in a post."""

    person: Ref
    post: str


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """An organization in the tree of a date, with its heads and its units."""

    organization: Ref
    certainty: Presence | None
    parent: Ref | None
    start: When | None
    end: When | None
    disputed: bool
    sources: tuple[str, ...]
    entries: tuple[UUID, ...]
    heads: tuple[Holder, ...]
    units: tuple[Unit, ...]


class Product(Answer, frozen=True, kw_only=True):
    """The status of a product."""

    product: Ref
    organization: Ref | None
    classification: str
    status: str
    planned: When | None


class PartyRef(msgspec.Struct, frozen=True):
    """A party to a deal."""

    id: str
    name: str
    role: str


class DealAnswer(Answer, frozen=True, kw_only=True):
    """A deal and its stage."""

    deal: UUID
    type: str
    parties: tuple[PartyRef, ...]
    amount: float | int | None
    currency: str
    amount_qualifier: str
    object: str
    stage: str


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """An entry in a list of events."""

    entry: UUID
    id: str
    kind: str
    version: int
    date: When
    date_text: str
    headline: str
    mark: Presence | None
    claim: str
    rank: str
    disputed: bool
    disputes: tuple[str, ...]
    note: str
    sources: tuple[str, ...]
    entries: tuple[UUID, ...]


class Citation(msgspec.Struct, frozen=True, kw_only=True):
    """A place in a source."""

    source: str
    locator: str
    reported_by: str
    lang: str


class SourceAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A source, and how much it supports."""

    source: str
    type: str
    title: str
    author: tuple[str, ...]
    publisher: str
    issued: When | None
    language: str
    url: str
    note: str
    facts: int


class Name(msgspec.Struct, frozen=True, kw_only=True):
    """A name that an organization bore."""

    name: str
    start: When
    end: When


class OrganizationAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about one organization on a date."""

    organization: Ref
    classification: str
    other_names: tuple[str, ...]
    certainty: Presence | None
    start: When | None
    end: When | None
    founders: tuple[Ref, ...]
    place: str
    disputed: bool
    successors: tuple[Ref, ...]
    names: tuple[Name, ...]
    parents: tuple[Unit, ...]
    tree: Unit
    sources: tuple[str, ...]
    entries: tuple[UUID, ...]


class State(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is so on a date."""

    organizations: tuple[Unit, ...]
    people: tuple[Member, ...]
    products: tuple[Product, ...]
    deals: tuple[DealAnswer, ...]
    events: tuple[Event, ...]


class VersionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One event of an entry's stream."""

    version: int
    kind: str
    position: int
    batch: int
    recorded_at: str
    recorded_by: str
    headline: str
    changes: tuple[str, ...]
    reason: str
    counts: bool
    event: dict[str, Any] | None


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """An entry with everything behind it and everything that follows from it."""

    entry: UUID
    id: str
    kind: str
    headline: str
    in_force: bool
    date: When | None
    date_text: str
    certainty: str
    rank: str
    note: str
    citations: tuple[Citation, ...]
    disputes: tuple[str, ...]
    derived_from: tuple[Event, ...]
    derived: tuple[Event, ...]
    says: dict[str, str]
    """The fields of its kind, in words."""
    implies: tuple[str, ...]
    versions: tuple[VersionAnswer, ...]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a search found: an entity or an event."""

    what: Literal["entity", "event"]
    id: str
    type: str
    name: str
    event: Event | None


def lines_of(state: State) -> list[dict[str, Any]]:
    """The lines of a state one after the other, each with the section it belongs to."""
    found: list[dict[str, Any]] = []

    def add(section: str, item: Any) -> None:
        found.append({"section": section, **msgspec.to_builtins(item)})

    def add_unit(unit: Unit) -> None:
        add("organizations", msgspec.structs.replace(unit, units=()))
        found[-1]["units"] = [msgspec.to_builtins(u.organization) for u in unit.units]
        for below in unit.units:
            add_unit(below)

    for root in state.organizations:
        add_unit(root)
    for section in ("people", "products", "deals", "events"):
        for item in getattr(state, section):
            add(section, item)
    return found
