"""Organizations: how they begin, end, are named, sit under one another, and shrink."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec
from msgspec import Meta

from events.base import Happening, Names, Quantifier, quantity
from events.ids import Line, Name, OrganizationId, PersonId, PlaceId, Text


def _listed(ids: tuple[str, ...], name: Names) -> str:
    return ", ".join(name(i) for i in ids)


def _check_parent(organization: str, parent: str | None) -> None:
    if parent == organization:
        raise ValueError("an organization cannot be its own parent")


class Founding(Happening, tag="founding", kw_only=True):
    """An organization, or a unit of one, came into being."""

    notable: ClassVar[bool] = True

    organization: OrganizationId
    founders: tuple[PersonId, ...] = ()
    parent: Annotated[OrganizationId | None, Meta(description="the organization it is a unit of")] = None
    place: PlaceId | None = None

    def headline(self, name: Names) -> str:
        under = f" within {name(self.parent)}" if self.parent else ""
        where = f" in {name(self.place)}" if self.place else ""
        by = f" by {_listed(self.founders, name)}" if self.founders else ""
        return f"{name(self.organization)} founded{under}{where}{by}"

    def __post_init__(self) -> None:
        _check_parent(self.organization, self.parent)


class Dissolution(Happening, tag="dissolution", kw_only=True):
    """An organization ceased to exist; its last day still counts."""

    notable: ClassVar[bool] = True

    organization: OrganizationId
    successors: tuple[OrganizationId, ...] = ()

    def headline(self, name: Names) -> str:
        after = f", succeeded by {_listed(self.successors, name)}" if self.successors else ""
        return f"{name(self.organization)} dissolved{after}"


class Renaming(Happening, tag="renaming", kw_only=True):
    """An organization took another name; it stays the same organization."""

    organization: OrganizationId
    name: Name
    previous_name: Line = ""

    def headline(self, name: Names) -> str:
        before = self.previous_name or name(self.organization)
        return f"{before} renamed {self.name}"


class Move(Happening, tag="move", kw_only=True):
    """An organization came under another parent, or became independent (`parent: null`)."""

    organization: OrganizationId
    parent: OrganizationId | None

    def headline(self, name: Names) -> str:
        if self.parent is None:
            return f"{name(self.organization)} became independent"
        return f"{name(self.organization)} moved under {name(self.parent)}"

    def __post_init__(self) -> None:
        _check_parent(self.organization, self.parent)


class UnitMove(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One unit's new place in a reorganization."""

    organization: OrganizationId
    parent: OrganizationId | None

    def __post_init__(self) -> None:
        _check_parent(self.organization, self.parent)


class Reorg(Happening, tag="reorg", kw_only=True):
    """Organizations were regrouped (an org:ChangeEvent); the originals may go on existing."""

    notable: ClassVar[bool] = True

    original: tuple[OrganizationId, ...] = ()
    resulting: tuple[OrganizationId, ...] = ()
    moves: Annotated[tuple[UnitMove, ...], Meta(description="units and the parent each came under")] = ()
    description: Text = ""

    def headline(self, name: Names) -> str:
        if self.description:
            return self.description
        units = self.original or tuple(m.organization for m in self.moves)
        into = f" into {_listed(self.resulting, name)}" if self.resulting else ""
        return f"{_listed(units, name) or 'Units'} reorganized{into}"

    def __post_init__(self) -> None:
        if not (self.original or self.resulting or self.moves):
            raise ValueError("a reorg names at least one organization in original, resulting or moves")
        units = [m.organization for m in self.moves]
        if len(units) != len(set(units)):
            raise ValueError("a reorg moves each unit once")


class Layoff(Happening, tag="layoff", kw_only=True):
    """An organization cut jobs; it ends no named person's membership."""

    notable: ClassVar[bool] = True

    organization: OrganizationId
    count: Annotated[int, Meta(ge=0, le=1_000_000_000, description="how many jobs")] | None = None
    count_qualifier: Quantifier = "exact"
    affected: Annotated[tuple[OrganizationId, ...], Meta(description="units that lost jobs")] = ()
    spared: Annotated[tuple[OrganizationId, ...], Meta(description="units said to lose none")] = ()

    def headline(self, name: Names) -> str:
        jobs = "jobs" if self.count is None else f"{quantity(self.count, self.count_qualifier)} jobs"
        text = f"{name(self.organization)} cut {jobs}"
        return f"{text} (not {_listed(self.spared, name)})" if self.spared else text
