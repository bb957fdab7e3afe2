"""Posts: who heads what. Folded person by person; `head` is the post that leads a unit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import singledispatch
from typing import ClassVar

from events.base import Event
from events.ids import OrganizationId, PersonId
from events.people import Appointment, Arrival, Departure, Sighting, StepDown, Tenure
from projections.facts import Fact
from projections.memberships import whole
from projections.rows import Projection, SpanRow
from projections.spans import Claim, shown, spans, when

HEAD = "head"
"""The post that leads a unit, as trees show it."""

Subject = tuple[str, str, str]
"""A person, an organization, a post."""


class Holding(SpanRow, frozen=True, kw_only=True):
    """A person holds a post at an organization. The first and the last day both count."""

    key_field: ClassVar[str] = "person"
    cluster: ClassVar[tuple[str, ...]] = ("organization", "end_max", "start_min")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("person",),)

    person: PersonId
    organization: OrganizationId
    post: str
    role: str


@singledispatch
def said_of(event: Event, fact: Fact) -> list[tuple[Subject, Claim]]:
    """What one fact says of posts, and of whose."""
    raise TypeError(f"{type(event).__name__} says nothing about a post")


@said_of.register
def _(event: Appointment, fact: Fact) -> list[tuple[Subject, Claim]]:
    said = [((event.person, event.organization, event.post), when("start", fact, event.date))]
    if event.predecessor:  # who is followed held the post until then, unless more is known
        held = when("end", fact, event.date, derived=True)
        said.append(((event.predecessor, event.organization, event.post), held))
    return said


@said_of.register
def _(event: StepDown, fact: Fact) -> list[tuple[Subject, Claim]]:
    said = [((event.person, event.organization, event.post), when("end", fact, event.date))]
    if event.successor:
        holds = when("start", fact, event.date, derived=True)
        said.append(((event.successor, event.organization, event.post), holds))
    return said


@said_of.register
def _(event: Arrival, fact: Fact) -> list[tuple[Subject, Claim]]:
    start = when("start", fact, event.date, event.role, again=event.reason == "rejoined")
    return [((event.person, event.organization, event.post), start)] if event.post else []


@said_of.register
def _(event: Departure, fact: Fact) -> list[tuple[Subject, Claim]]:
    """Who leaves gives up every post there; which ones, the fold knows."""
    return [((event.person, event.organization, ""), when("end", fact, event.date, weak=True))]


@said_of.register
def _(event: Tenure, fact: Fact) -> list[tuple[Subject, Claim]]:
    return [((event.person, event.organization, event.post), whole(fact, event.role))] if event.post else []


@said_of.register
def _(event: Sighting, fact: Fact) -> list[tuple[Subject, Claim]]:
    seen = when("present" if event.present else "absent", fact, event.date, event.role)
    return [((event.person, event.organization, event.post), seen)] if event.post else []


def keys(fact: Fact) -> Iterable[str]:
    """The person, and the predecessor or successor who is named."""
    return dict.fromkeys(subject[0] for subject, _ in said_of(fact.event, fact))


def fold(person: str, facts: Sequence[Fact]) -> list[Holding]:
    """The posts of a person, by organization, post and start."""
    claims: dict[Subject, list[Claim]] = {}
    leaving: dict[str, list[Claim]] = {}
    for fact in facts:
        for subject, claim in said_of(fact.event, fact):
            if subject[0] != person:
                continue
            if subject[2]:
                claims.setdefault(subject, []).append(claim)
            else:
                leaving.setdefault(subject[1], []).append(claim)
    return [
        Holding(person=person, organization=organization, post=post, role=span.role, **shown(span))
        for (_, organization, post), said in sorted(claims.items())
        for span in spans(sorted([*said, *leaving.get(organization, [])], key=_order))
    ]


def _order(claim: Claim) -> tuple[int, int, bool, int]:
    return (*claim.when, claim.weak, claim.fact.position)


PROJECTION = Projection(
    name="posts",
    version=1,
    row=Holding,
    kinds=(Appointment, StepDown, Arrival, Departure, Tenure, Sighting),
    keys=keys,
    fold=fold,
)
