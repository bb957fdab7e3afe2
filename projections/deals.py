"""Deals: what each was about, and whether it is announced, completed or cancelled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Literal
from uuid import UUID

from events.base import Happening
from events.deals import Deal, DealCancellation, DealCompletion
from events.ids import EntityId
from projections.facts import Fact
from projections.rows import Projection, SpanRow
from projections.spans import of_date
from projections.succession import Step, in_likely_order, stretches

Stage = Literal["announced", "completed", "cancelled"]


class DealState(SpanRow, frozen=True, kw_only=True):
    """A deal stands at a stage."""

    key_field: ClassVar[str] = "deal"
    cluster: ClassVar[tuple[str, ...]] = ("end_max", "start_min", "deal")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("deal",),)

    deal: UUID
    type: str
    parties: tuple[EntityId, ...]
    roles: tuple[str, ...]
    """The role of each party, in their order."""
    amount: str
    """A plain decimal number; empty when no source gives one."""
    currency: str
    amount_qualifier: str
    object: str
    stage: Stage


def keys(fact: Fact) -> Iterable[str]:
    """The entry of the deal."""
    if isinstance(fact.event, Deal):
        return (str(fact.entry),)
    assert isinstance(fact.event, DealCompletion | DealCancellation)
    return (str(fact.event.deal),)


def fold(deal: str, facts: Sequence[Fact]) -> list[DealState]:
    """The stages of a deal, in order; none while the deal itself is not in force."""
    terms = next((f for f in facts if isinstance(f.event, Deal) and not f.deprecated), None)
    if terms is None:
        return []
    assert isinstance(terms.event, Deal)
    # What is completed was agreed before, whatever the dates leave open.
    rest = in_likely_order((f for f in facts if f is not terms and not f.deprecated), _stage)
    steps = [_step(terms), *map(_step, rest)]
    return [
        DealState(
            deal=terms.entry,
            type=terms.event.type,
            parties=tuple(p.entity for p in terms.event.parties),
            roles=tuple(p.role for p in terms.event.parties),
            amount="" if terms.event.amount is None else f"{terms.event.amount:f}",
            currency=terms.event.currency or "",
            amount_qualifier=terms.event.amount_qualifier,
            object=terms.event.object,
            stage=stretch.value,
            **stretch.fields,
        )
        for stretch in stretches(steps)
    ]


def _stage(fact: Fact) -> int:
    return isinstance(fact.event, DealCancellation)


def _step(fact: Fact) -> Step[Stage]:
    stages: dict[type, Stage] = {Deal: "announced", DealCompletion: "completed", DealCancellation: "cancelled"}
    assert isinstance(fact.event, Happening)
    return Step(stages[type(fact.event)], of_date(fact.event.date), fact.event.date.text, (fact,))


PROJECTION = Projection(
    name="deals", version=1, row=DealState, kinds=(Deal, DealCompletion, DealCancellation), keys=keys, fold=fold
)
