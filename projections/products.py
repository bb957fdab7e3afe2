"""Products: the status of each on every date, and the release date that was planned then."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Literal, NamedTuple

from events.base import Happening
from events.dates import NEVER, Date
from events.ids import OrganizationId, ProductId
from events.products import Announcement, Cancellation, Delay, Plan, Release
from projections.facts import Fact
from projections.rows import Projection, SpanRow
from projections.spans import of_date
from projections.succession import Step, in_likely_order, stretches

Status = Literal["planned", "announced", "delayed", "preview", "released", "cancelled"]


class State(NamedTuple):
    """What is so of a product between two events."""

    status: Status
    planned: str
    """The release date planned at the time, as EDTF; empty when none is known."""


class ProductState(SpanRow, frozen=True, kw_only=True):
    """A product has a status, and a planned release date while it is not out."""

    key_field: ClassVar[str] = "product"
    cluster: ClassVar[tuple[str, ...]] = ("product", "end_max", "start_min")

    product: ProductId
    organization: OrganizationId | None
    status: Status
    planned: str


def keys(fact: Fact) -> Iterable[str]:
    """The product."""
    assert isinstance(fact.event, Plan | Announcement | Release | Delay | Cancellation)
    return (fact.event.product,)


def fold(product: str, facts: Sequence[Fact]) -> list[ProductState]:
    """The states of a product, in order."""
    state: State | None = None
    steps: list[Step[State]] = []
    maker: str | None = None
    for fact in in_likely_order(facts, _stage):
        event = fact.event
        assert isinstance(event, Happening)
        if fact.deprecated:
            continue
        if isinstance(event, Plan | Announcement | Release):
            maker = maker or event.organization
        if state is None and isinstance(event, Delay) and event.previous:
            # Nobody recorded the plan itself, but it must have stood before it was put off.
            steps.append(Step(State("planned", event.previous.text), (NEVER, NEVER), "", (fact,)))
        state = _after(state, event)
        steps.append(Step(state, of_date(event.date), event.date.text, (fact,)))
    return [
        ProductState(
            product=product,
            organization=maker,
            status=stretch.value.status,
            planned=stretch.value.planned,
            **stretch.fields,
        )
        for stretch in stretches(steps)
    ]


def _stage(fact: Fact) -> int:
    return {Delay: 1, Release: 2, Cancellation: 2}.get(type(fact.event), 0)


def _after(state: State | None, event: Happening) -> State:
    """The state that an event leads to."""
    planned = state.planned if state else ""
    match event:
        case Plan():
            # A new date for what was announced or put off changes the date alone; only what was given up is revived.
            keeps = state is not None and state.status != "cancelled"
            return State(state.status if state and keeps else "planned", _text(event.planned) or planned)
        case Announcement():
            return State("announced", planned) if state is None or state.status == "planned" else state
        case Delay():
            return State("delayed", _text(event.planned))
        case Release():
            return State("released" if event.stage == "general" else "preview", "")
        case Cancellation():
            return State("cancelled", planned)
    raise TypeError(f"{type(event).__name__} says nothing about a product's state")


def _text(date: Date | None) -> str:
    return date.text if date else ""


PROJECTION = Projection(
    name="products",
    version=1,
    row=ProductState,
    kinds=(Plan, Announcement, Release, Delay, Cancellation),
    keys=keys,
    fold=fold,
)
