"""Mentions: which entries are about whom, for the log of one name and for merges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar
from uuid import UUID

from events import kinds
from events.ids import EntityId
from projections.facts import Fact
from projections.happenings import KINDS
from projections.rows import Projection, Row


class Mention(Row, frozen=True, kw_only=True):
    """An entry names an entity."""

    key_field: ClassVar[str] = "entry"
    cluster: ClassVar[tuple[str, ...]] = ("entity", "entry")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("entry",),)

    entity: EntityId
    entry: UUID


def keys(fact: Fact) -> Iterable[str]:
    """The entry."""
    return (str(fact.entry),)


def fold(entry: str, facts: Sequence[Fact]) -> list[Mention]:
    """One row for each entity that the entry names."""
    return [
        Mention(entity=entity, entry=fact.entry)
        for fact in facts
        for entity in dict.fromkeys([named for _, named, types in kinds.mentions(fact.event) if types != ("source",)])
    ]


PROJECTION = Projection(name="mentions", version=1, row=Mention, kinds=KINDS, keys=keys, fold=fold, by_entry=True)
