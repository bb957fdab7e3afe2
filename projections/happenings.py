"""Happenings: every entry in force with its date, for the log, for search and for whatever lists events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from events.base import Event, Happening
from events.ids import SourceId
from events.kinds import CONTENT, enc_hook, kind_of
from projections.entities import folded
from projections.facts import Fact
from projections.rows import Projection, Row, unique

KINDS: tuple[type[Event], ...] = tuple(k for k in CONTENT if issubclass(k, Happening))


class Listed(Row, frozen=True, kw_only=True):
    """An entry that happened on some day from `earliest` to `latest`; its content is in the log."""

    key_field: ClassVar[str] = "entry"
    cluster: ClassVar[tuple[str, ...]] = ("latest", "earliest", "entry")
    indexes: ClassVar[tuple[tuple[str, ...], ...]] = (("entry",),)

    entry: UUID
    version: int
    """The last version; what the next change must name."""
    kind: str
    date: str
    earliest: int
    latest: int
    certainty: str
    rank: str
    disputed: bool
    notable: bool
    sources: tuple[SourceId, ...]
    words: str
    """What search looks through: every text of the event, without case and accents."""


def keys(fact: Fact) -> Iterable[str]:
    """The entry."""
    return (str(fact.entry),)


def fold(entry: str, facts: Sequence[Fact]) -> list[Listed]:
    """One row an entry."""
    return [_listed(fact) for fact in facts]


def _listed(fact: Fact) -> Listed:
    event = fact.event
    assert isinstance(event, Happening)
    date = event.date
    return Listed(
        entry=fact.entry,
        version=fact.version,
        kind=kind_of(event),
        date=date.text,
        earliest=date.earliest_reading,
        latest=date.latest_reading,
        certainty=event.certainty,
        rank=fact.rank,
        disputed=fact.disputed,
        notable=event.notable,
        sources=unique([c.source for c in fact.sources]),
        words=" ".join(dict.fromkeys(map(folded, _texts(event)))),
    )


def _texts(event: Event) -> list[str]:
    """Every text of an event, its kind among them; numbers are none."""
    found: list[str] = []
    _add_texts(msgspec.to_builtins(event, enc_hook=enc_hook, builtin_types=(Decimal,)).values(), found)
    return found


def _add_texts(values: Iterable[Any], found: list[str]) -> None:
    for value in values:
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, dict):
            _add_texts(value.values(), found)
        elif isinstance(value, list | tuple):
            _add_texts(value, found)


PROJECTION = Projection(name="happenings", version=1, row=Listed, kinds=KINDS, keys=keys, fold=fold, by_entry=True)
