"""Entities: the people, organizations, products … that are registered, and the names they are found by."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import ClassVar

import msgspec

from events.ids import EntityId
from events.register import Entity, Identifier
from projections.facts import Fact
from projections.rows import Projection, Row, unique


class Registered(Row, frozen=True, kw_only=True):
    """An entity as it is registered; `other_names` holds aliases and the ids and names merged into it."""

    key_field: ClassVar[str] = "entity"
    cluster: ClassVar[tuple[str, ...]] = ("entity",)
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("type",),)

    entity: EntityId
    type: str
    name: str
    other_names: tuple[str, ...]
    classification: str
    identifiers: tuple[Identifier, ...]
    links: tuple[str, ...]
    folded: tuple[str, ...]
    """The id and all names without case and accents, which is how they are looked up."""


_PLAIN = str.maketrans("\u0142\u00f8\u0111\u00f0\u0127\u0131", "loddhi", "") | str.maketrans(
    {"\u00fe": "th", "\u00e6": "ae", "\u0153": "oe"}
)
"""Letters that Unicode does not take apart, as those type them who do not have them."""


@lru_cache(maxsize=16_384)  # kinds, roles, names: the same words again and again
def folded(text: str) -> str:
    """Text as names are compared: no case, no accents, single spaces. `Timothée  LACROIX` is `timothee lacroix`."""
    if text.isascii():
        return " ".join(text.casefold().split())
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(bare.casefold().translate(_PLAIN).split())


def keys(fact: Fact) -> Iterable[str]:
    """The id that it registers; ids that were merged are replaced by the projector."""
    assert isinstance(fact.event, Entity)
    return (fact.event.id,)


def fold(entity: str, facts: Sequence[Fact]) -> list[Registered]:
    """One row: the entity itself, with the names of those that were merged into it."""
    registered = [f.event for f in facts if isinstance(f.event, Entity) and not f.deprecated]
    if not registered:
        return []
    main = next((e for e in registered if e.id == entity), registered[0])
    others = [n for e in registered for n in (e.name, *e.other_names)] + [e.id for e in registered if e.id != entity]
    other_names = unique(n for n in (*main.other_names, *others) if n != main.name)
    identifiers = {msgspec.json.encode(i): i for e in (main, *registered) for i in e.identifiers}
    return [
        Registered(
            entity=entity,
            type=main.type,
            name=main.name,
            other_names=other_names,
            classification=main.classification,
            identifiers=tuple(identifiers.values()),
            links=unique(link for e in (main, *registered) for link in e.links),
            folded=unique(folded(n) for n in (entity, main.name, *other_names)),
        )
    ]


PROJECTION = Projection(name="entities", version=1, row=Registered, kinds=(Entity,), keys=keys, fold=fold)
