"""Memberships: who is where, from arrivals, departures, whole tenures and sightings. Folded person by person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache, singledispatch
from typing import ClassVar

from events.base import Event
from events.dates import FOREVER, NEVER, Date, add_months, civil, parse
from events.durations import Duration, implied_start
from events.ids import OrganizationId, PersonId
from events.people import Arrival, Departure, Sighting, Tenure
from projections.facts import Fact
from projections.rows import Projection, SpanRow, edtf_between
from projections.spans import Claim, Range, of_date, shown, spans, when


class Membership(SpanRow, frozen=True, kw_only=True):
    """A person belongs to an organization. The day of arriving and the day of leaving both count."""

    key_field: ClassVar[str] = "person"
    cluster: ClassVar[tuple[str, ...]] = ("organization", "end_max", "start_min")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("person",),)

    person: PersonId
    organization: OrganizationId
    role: str


@singledispatch
def claim(event: Event, fact: Fact) -> Claim:
    """What one fact says of a person at an organization."""
    raise TypeError(f"{type(event).__name__} says nothing about a membership")


@claim.register
def _(event: Arrival, fact: Fact) -> Claim:
    return when("start", fact, event.date, event.role, again=event.reason == "rejoined")


@claim.register
def _(event: Departure, fact: Fact) -> Claim:
    """Close the open membership, or state one whose start follows from the length of service."""
    if event.length_of_service is None:
        return when("end", fact, event.date, event.role)
    days, text = _implied(event.date, event.length_of_service)
    date = event.date
    return Claim("end", fact, of_date(date), date.text, role=event.role, implied_start=days, implied_text=text)


@lru_cache(maxsize=4096)  # months of leaving and lengths of service recur
def _implied(leaving: Date, service: Duration) -> tuple[Range, str]:
    start = implied_start(leaving, service)
    return start, _around(start)


@claim.register
def _(event: Tenure, fact: Fact) -> Claim:
    return whole(fact, event.role)


@claim.register
def _(event: Sighting, fact: Fact) -> Claim:
    """Who is seen in a post is listed by the post; such a sighting confirms a membership, but tells of no new one."""
    return when("present" if event.present else "absent", fact, event.date, event.role, weak=bool(event.post))


def whole(fact: Fact, role: str = "") -> Claim:
    """The claim of a tenure: both sides of its interval, open and unknown ones kept apart."""
    assert isinstance(fact.event, Tenure)
    date = fact.event.date
    start: Range = of_date(date.start) if date.start else (NEVER, FOREVER)
    until: Range = of_date(date.end) if date.end else (NEVER, FOREVER)
    return Claim(
        "whole",
        fact,
        start,
        date.start.text if date.start else "",
        until=until,
        until_text=date.end.text if date.end else ".." if date.end_is == "open" else "",
        role=role,
    )


def _around(days: Range) -> str:
    """`2018-07~` for June to August 2018: the month in the middle, give or take one."""
    if days[0] > NEVER and days[1] < FOREVER:
        year, month, _ = civil(add_months(days[0], 1))
        if 0 <= year <= 9999:
            middle = parse(f"{year:04}-{month:02}~")
            if of_date(middle) == days:
                return middle.text
    return edtf_between(*days)


def keys(fact: Fact) -> Iterable[str]:
    """The person."""
    event = fact.event
    assert isinstance(event, Arrival | Departure | Tenure | Sighting)
    return (event.person,)


def fold(person: str, facts: Sequence[Fact]) -> list[Membership]:
    """The memberships of a person, by organization and start."""
    by_organization: dict[str, list[Claim]] = {}
    for fact in facts:
        event = fact.event
        assert isinstance(event, Arrival | Departure | Tenure | Sighting)
        by_organization.setdefault(event.organization, []).append(claim(event, fact))
    return [
        Membership(person=person, organization=organization, role=span.role, **shown(span))
        for organization, claims in sorted(by_organization.items())
        for span in spans(claims)
    ]


PROJECTION = Projection(
    name="memberships",
    version=1,
    row=Membership,
    kinds=(Arrival, Departure, Tenure, Sighting),
    keys=keys,
    fold=fold,
)
