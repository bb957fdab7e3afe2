"""Changes: the reorganizations and layoffs that an organization went through, and its part in each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar
from uuid import UUID

from events.ids import OrganizationId
from events.organizations import Layoff, Reorg
from projections.facts import Fact
from projections.rows import Projection, Row
from projections.spans import of_date


class Change(Row, frozen=True, kw_only=True):
    """An organization's part in a reorganization or a layoff, on some day from `earliest` to `latest`."""

    key_field: ClassVar[str] = "organization"
    cluster: ClassVar[tuple[str, ...]] = ("organization", "latest", "earliest")

    organization: OrganizationId
    entry: UUID
    part: str
    """original, resulting or moved; cut, affected or spared."""
    count: int | None
    """How many jobs went, in the whole layoff."""
    earliest: int
    latest: int


def keys(fact: Fact) -> Iterable[str]:
    """Every organization that has a part in it."""
    return dict.fromkeys(organization for organization, _ in _parts(fact))


def fold(organization: str, facts: Sequence[Fact]) -> list[Change]:
    """The changes of an organization, in order."""
    rows = []
    for fact in facts:
        assert isinstance(fact.event, Reorg | Layoff)
        if fact.deprecated:
            continue
        earliest, latest = of_date(fact.event.date)
        count = fact.event.count if isinstance(fact.event, Layoff) else None
        rows += [
            Change(
                organization=organization, entry=fact.entry, part=part, count=count, earliest=earliest, latest=latest
            )
            for named, part in dict.fromkeys(_parts(fact))
            if named == organization
        ]
    return rows


def _parts(fact: Fact) -> list[tuple[str, str]]:
    event = fact.event
    if isinstance(event, Layoff):
        groups = {"cut": (event.organization,), "affected": event.affected, "spared": event.spared}
    else:
        assert isinstance(event, Reorg)
        moved = tuple(m.organization for m in event.moves)
        groups = {"original": event.original, "resulting": event.resulting, "moved": moved}
    return [(organization, part) for part, named in groups.items() for organization in named]


PROJECTION = Projection(name="changes", version=1, row=Change, kinds=(Reorg, Layoff), keys=keys, fold=fold)
