"""Names and sources at every state of the ledger, read from rows that say from when until when they were known.

A name that is corrected, or an id that turns out to be another one, changes what is shown of entries recorded long
before. So an export asks not only what something is called, but also when that changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import Connection, select
from sqlalchemy.engine import RowMapping

from events.dates import FOREVER, parse
from projections.entities import Registered
from projections.merges import Merged, follow
from projections.rows import Row
from projections.sources import Published
from timeline.state.tables import Numbers, chunks, table_of

V = TypeVar("V")

MOST_KEPT = 10_000
"""How many names and sources are kept in memory."""


class Named(NamedTuple):
    """What an entity is called, and its type."""

    name: str
    type: str


class Cited(NamedTuple):
    """A source as it is cited."""

    words: str
    url: str
    earliest: int
    """The first day on which it may have been out."""


class Then(NamedTuple, Generic[V]):
    """What was known from one position of the log until another one, the latter excluded."""

    value: V
    since: int
    until: int


class KnownNames:
    """What is registered, as known at any position up to `known` (today's knowledge for None)."""

    def __init__(self, connection: Connection, known: int | None) -> None:
        self._connection = connection
        self._upto = FOREVER if known is None else known
        self._numbers = Numbers(connection)
        self._entities: dict[str, list[Then[Named]]] = {}
        self._sources: dict[str, list[Then[Cited]]] = {}
        self._turns: dict[str, list[int]] = {}

    # -- entities ----------------------------------------------------------------------------------------------------

    def entity(self, given: str, at: int) -> Named | None:
        """What an id stands for, through merges; None if nothing is registered."""
        one = self.resolve(given, at) if given in self.merges else given
        return _at(self._entities.get(one) or self._of_entity(one), at)

    def entity_turns(self, given: str) -> Sequence[int]:
        """The positions at which another name or type, or another entity, came to stand for an id."""
        if given not in self._turns:
            ways = self.closure(given)
            self._turns[given] = [t for one in ways for t in _turns(self._of_entity(one))]
            self._turns[given] += [t for one in ways for t in _turns(self.merges.get(one, []))]
        return self._turns[given]

    def resolve(self, given: str, at: int) -> str:
        """The id that an id was merged into, or the id itself."""
        if given not in self.merges:
            return given
        way: dict[str, str] = {}
        for one in self.closure(given):
            if (into := _at(self.merges.get(one, []), at)) is not None:
                way[one] = into
        return follow(given, way)

    @cached_property
    def merges(self) -> Mapping[str, list[Then[str]]]:
        """What each id that was ever given up stood for, and when."""
        found: dict[str, list[Then[str]]] = {}
        for row, since, until in self._rows(Merged):
            found.setdefault(row.duplicate, []).append(Then(row.into, since, until))
        return {given: _closed_up(then) for given, then in found.items()}

    def closure(self, given: str) -> list[str]:
        """The id and all that it ever stood for."""
        found = [given]
        for one in found:
            found += [then.value for then in self.merges.get(one, ()) if then.value not in found]
        return found

    def _of_entity(self, entity: str) -> list[Then[Named]]:
        if entity not in self._entities:
            self.prefetch([entity], [])
        return self._entities[entity]

    # -- sources -----------------------------------------------------------------------------------------------------

    def source(self, given: str, at: int) -> Cited | None:
        """How a source is cited; None if it is not registered."""
        return _at(self._of_source(given), at)

    def source_turns(self, given: str) -> list[int]:
        """The positions at which it came to be cited in another way."""
        return _turns(self._of_source(given))

    def _of_source(self, source: str) -> list[Then[Cited]]:
        if source not in self._sources:
            self.prefetch([], [source])
        return self._sources[source]

    # -- reading -----------------------------------------------------------------------------------------------------

    def make_room(self) -> None:
        """Let go of what was looked up, if it is much. Between one part of the calendar and the next, never within."""
        if len(self._entities) + len(self._sources) > MOST_KEPT:
            self._entities.clear()
            self._sources.clear()
            self._turns.clear()

    def prefetch(self, entities: Iterable[str], sources: Iterable[str]) -> None:
        """Look up together what will be asked for one by one."""
        wanted = [i for given in dict.fromkeys(entities) for i in self.closure(given) if i not in self._entities]
        self._numbers.fetch(wanted)
        table = table_of(Registered).table
        self._entities |= {i: [] for i in wanted}
        for part in chunks(list(dict.fromkeys(wanted))):
            numbers = [self._numbers.of(i) for i in part]
            names = dict(zip(numbers, part, strict=True))
            query = select(table.c.entity, table.c.name, table.c.type, table.c.known_from, table.c.known_to)
            for row in self._connection.execute(query.where(table.c.entity.in_(numbers), *self._known(table))):
                then = Then(Named(row.name, row.type), row.known_from, row.known_to)
                self._entities[names[row.entity]].append(then)
        for one in wanted:
            self._entities[one] = _closed_up(self._entities[one])
        self._fetch_sources([s for s in dict.fromkeys(sources) if s not in self._sources])

    def _fetch_sources(self, wanted: list[str]) -> None:
        self._sources |= {s: [] for s in wanted}
        for part in chunks(wanted):
            for row, since, until in self._rows(Published, table_of(Published).table.c.source.in_(part)):
                self._sources[row.source].append(Then(_cited(row), since, until))
        for one in wanted:
            self._sources[one] = _closed_up(self._sources[one])

    def _rows(self, row: type[Row], *conditions: Any) -> Iterator[tuple[Any, int, int]]:
        table = table_of(row)
        query = select(table.table).where(*self._known(table.table), *conditions)
        found: list[RowMapping] = list(self._connection.execute(query).mappings().all())
        for loaded, m in zip(table.loaded(found, self._numbers), found, strict=True):
            yield loaded, m["known_from"], m["known_to"]

    def _known(self, table: Any) -> tuple[Any, ...]:
        return (table.c.known_from <= self._upto,)


def _at(thens: Iterable[Then[V]], at: int) -> V | None:
    for value, since, until in thens:
        if since <= at < until:
            return value
    return None


def _turns(thens: Iterable[Then[Any]]) -> list[int]:
    return [turn for _, since, until in thens for turn in (since, until) if turn != FOREVER]


def _closed_up(thens: Iterable[Then[V]]) -> list[Then[V]]:
    """In order, and neighbours that say the same as one: a row may have changed in what is not shown here."""
    found: list[Then[V]] = []
    for then in sorted(thens, key=lambda t: t.since):
        if found and found[-1].until == then.since and found[-1].value == then.value:
            found[-1] = found[-1]._replace(until=then.until)
        else:
            found.append(then)
    return found


def _cited(row: Published) -> Cited:
    parts = (row.publisher, row.title, parse(row.issued).words() if row.issued else "")
    return Cited(", ".join(part for part in parts if part) or row.source, row.url, row.earliest)
