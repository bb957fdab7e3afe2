"""Merges: which ids turned out to name what another id names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from events.ids import EntityId
from events.register import Merge
from projections.facts import Fact, resolved
from projections.rows import Projection, Row


class Merged(Row, frozen=True, kw_only=True):
    """An id stands for another one."""

    key_field: ClassVar[str] = "duplicate"
    cluster: ClassVar[tuple[str, ...]] = ("duplicate",)

    duplicate: EntityId
    into: EntityId


def keys(fact: Fact) -> Iterable[str]:
    """The id that is given up."""
    assert isinstance(fact.event, Merge)
    return (fact.event.duplicate,)


def fold(duplicate: str, facts: Sequence[Fact]) -> list[Merged]:
    """One row, of the merge recorded last."""
    merges = [f.event for f in facts if isinstance(f.event, Merge) and not f.deprecated]
    return [Merged(duplicate=duplicate, into=merges[-1].into)] if merges else []


def resolve(fact: Fact, merged: Mapping[str, str]) -> Fact | None:
    """The fact with every id replaced by the one that it stands for; None when it then says nothing."""
    return resolved(fact, lambda given: follow(given, merged)) if merged else fact


def follow(given: str, merged: Mapping[str, str]) -> str:
    """The id that `given` stands for, through any number of merges.

    Ids that were merged in a circle are all the same, and the first of them in the alphabet stands for all.
    """
    way = [given]
    while (into := merged.get(given)) is not None:
        if into in way:
            return min(way[way.index(into) :])
        way.append(into)
        given = into
    return given


PROJECTION = Projection(name="merges", version=1, row=Merged, kinds=(Merge,), keys=keys, fold=fold)
