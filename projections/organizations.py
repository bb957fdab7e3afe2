"""Organizations: from when to when each existed, who founded it and what followed it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from events.base import Happening
from events.ids import OrganizationId, PersonId, PlaceId
from events.organizations import Dissolution, Founding, Layoff, Move, Renaming, Reorg
from projections.facts import Fact
from projections.rows import Projection, SpanFields, SpanRow, unique
from projections.spans import Claim, Span, shown, spans, when


class Existence(SpanRow, frozen=True, kw_only=True):
    """An organization exists. A founding opens, a dissolution closes; moves and layoffs show that it was there."""

    key_field: ClassVar[str] = "organization"
    cluster: ClassVar[tuple[str, ...]] = ("organization", "end_max", "start_min")

    organization: OrganizationId
    founders: tuple[PersonId, ...]
    place: PlaceId | None
    successors: tuple[OrganizationId, ...]


def keys(fact: Fact) -> Iterable[str]:
    """Every organization that the event shows at work."""
    match fact.event:
        case Reorg(original=original, resulting=resulting, moves=moves):
            return unique((*original, *resulting, *(m.organization for m in moves)))
        case Layoff(organization=organization, affected=affected, spared=spared):
            return unique((organization, *affected, *spared))
        case Founding(organization=organization, parent=str(parent)):
            return (organization, parent)
        case Founding() | Dissolution() | Renaming() | Move() as event:
            return (event.organization,)
    raise TypeError(f"{type(fact.event).__name__} says nothing about an organization")


def fold(organization: str, facts: Sequence[Fact]) -> list[Existence]:
    """The stretches in which an organization existed: one, unless it was dissolved and founded again."""
    return [
        Existence(
            organization=organization,
            founders=unique(p for e in _foundings(span, organization) for p in e.founders),
            place=next((e.place for e in _foundings(span, organization) if e.place), None),
            successors=unique(o for f in span.facts if isinstance(f.event, Dissolution) for o in f.event.successors),
            **_shown(span, organization),
        )
        for span in spans((_claim(organization, f) for f in facts), lasting=True)
    ]


def _claim(organization: str, fact: Fact) -> Claim:
    event = fact.event
    assert isinstance(event, Happening)
    if isinstance(event, Founding) and event.organization == organization:
        return when("start", fact, event.date)
    if isinstance(event, Dissolution):
        return when("end", fact, event.date)
    return when("present", fact, event.date)


def _foundings(span: Span, organization: str) -> list[Founding]:
    """What the foundings say; the preferred ones alone, if any is preferred."""
    facts = [f for f in span.facts if isinstance(f.event, Founding) and f.event.organization == organization]
    best = [f for f in facts if f.rank == "preferred"] or facts
    return [f.event for f in best if isinstance(f.event, Founding)]


def _shown(span: Span, organization: str) -> SpanFields:
    """Rival lists of founders contradict each other even where their dates agree."""
    lists = {frozenset(e.founders) for e in _foundings(span, organization) if e.founders}
    return {**shown(span), "disputed": span.disputed or len(lists) > 1}


PROJECTION = Projection(
    name="organizations",
    version=1,
    row=Existence,
    kinds=(Founding, Dissolution, Renaming, Move, Reorg, Layoff),
    keys=keys,
    fold=fold,
)
