"""Parents: the tree of organizations on every date, from foundings, moves and reorganizations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from events.base import Happening
from events.ids import OrganizationId
from events.organizations import Dissolution, Founding, Move, Reorg
from projections.facts import Fact
from projections.rows import Projection, SpanRow
from projections.spans import of_date
from projections.succession import Step, in_likely_order, stretches

INDEPENDENT = ""
"""Stated to be a unit of nobody."""


class Parent(SpanRow, frozen=True, kw_only=True):
    """A unit sits under its parent; `parent` is None while it is stated to be independent."""

    key_field: ClassVar[str] = "organization"
    cluster: ClassVar[tuple[str, ...]] = ("parent", "end_max", "start_min")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("organization",),)

    organization: OrganizationId
    parent: OrganizationId | None


def keys(fact: Fact) -> Iterable[str]:
    """The unit, or every unit that a reorganization moves."""
    event = fact.event
    if isinstance(event, Reorg):
        return tuple(m.organization for m in event.moves)
    assert isinstance(event, Founding | Move | Dissolution)
    return (event.organization,)


def fold(organization: str, facts: Sequence[Fact]) -> list[Parent]:
    """The parents that a unit had, in order."""
    ordered = in_likely_order((f for f in facts if not f.deprecated), _stage)
    steps = [s for f in ordered for s in _steps(organization, f)]
    return [
        Parent(organization=organization, parent=stretch.value or None, **stretch.fields)
        for stretch in stretches(steps)
    ]


def _stage(fact: Fact) -> int:
    return 0 if isinstance(fact.event, Founding) else 2 if isinstance(fact.event, Dissolution) else 1


def _steps(organization: str, fact: Fact) -> list[Step[str]]:
    event = fact.event
    assert isinstance(event, Happening)
    when, text = of_date(event.date), event.date.text
    match event:
        case Founding(parent=str(parent)):
            return [Step(parent, when, text, (fact,))]
        case Move(parent=parent):
            return [Step(parent or INDEPENDENT, when, text, (fact,))]
        case Reorg(moves=moves):
            return [Step(m.parent or INDEPENDENT, when, text, (fact,)) for m in moves if m.organization == organization]
        case Dissolution():
            return [Step(None, when, text, (fact,), last_day_counts=True)]
        case _:  # a founding that names no parent says nothing about one
            return []


PROJECTION = Projection(
    name="parents", version=1, row=Parent, kinds=(Founding, Move, Reorg, Dissolution), keys=keys, fold=fold
)
