"""Names: what an organization was called when, where it was renamed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from events.dates import NEVER
from events.ids import OrganizationId
from events.organizations import Renaming
from projections.facts import Fact
from projections.rows import Projection, SpanRow
from projections.spans import of_date
from projections.succession import Step, stretches


class Name(SpanRow, frozen=True, kw_only=True):
    """An organization bears a name. One that was never renamed has no row: it bears the name it is registered by."""

    key_field: ClassVar[str] = "organization"
    cluster: ClassVar[tuple[str, ...]] = ("organization", "end_max", "start_min")

    organization: OrganizationId
    name: str


def keys(fact: Fact) -> Iterable[str]:
    """The organization."""
    assert isinstance(fact.event, Renaming)
    return (fact.event.organization,)


def fold(organization: str, facts: Sequence[Fact]) -> list[Name]:
    """The names of an organization in order; the one before a renaming only where the renaming gives it."""
    steps: list[Step[str]] = []
    for fact in facts:
        event = fact.event
        assert isinstance(event, Renaming)
        if fact.deprecated:
            continue
        if not steps and event.previous_name:
            steps.append(Step(event.previous_name, (NEVER, NEVER), "", (fact,)))
        steps.append(Step(event.name, of_date(event.date), event.date.text, (fact,)))
    return [Name(organization=organization, name=stretch.value, **stretch.fields) for stretch in stretches(steps)]


PROJECTION = Projection(name="names", version=1, row=Name, kinds=(Renaming,), keys=keys, fold=fold)
