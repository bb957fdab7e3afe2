"""Which entries a calendar holds, at every state of the ledger.

An entry leaves a filtered calendar when it is corrected, when an id it names is merged, or when a unit turns out to
have been no part of an organization. The subscriber has to be told, so it must be known what the calendar held before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, exists, false, or_, select

from events.base import Happening
from events.dates import FOREVER, NEVER, Date
from events.kinds import kind_of, mentions
from projections.facts import Fact, resolved
from projections.happenings import Listed
from projections.mentions import Mention
from projections.parents import Parent
from projections.products import ProductState
from timeline.exports.ical.names import KnownNames
from timeline.exports.selection import Selection
from timeline.reported import as_published
from timeline.state.tables import Numbers, chunks, table_of
from timeline.ways import ALWAYS, Bounds

Columns = Any
"""The columns of a table, by name."""

R = TypeVar("R", Parent, ProductState)

PART = 500

DEEPEST = 100
"""Deeper than any tree; a circle of merely possible steps ends here."""


class Known(NamedTuple):
    """From one position of the log until another one, the latter excluded."""

    since: int
    until: int


def sources_of(fact: Fact) -> set[str]:
    """The ids of all sources behind a fact, those of its disputes included."""
    return {c.source for given in (fact.sources, *(d.sources for d in fact.disputes)) for c in given}


def positions(when: Iterable[Known]) -> Iterator[int]:
    """Where the pieces begin and end."""
    for known in when:
        yield known.since
        if known.until != FOREVER:
            yield known.until


class Scope:
    """The conditions of a selection, but for its limit, asked of an entry as it was known at a position."""

    def __init__(
        self, connection: Connection, upto: int, wanted: Selection, names: KnownNames, reported: int | None = None
    ) -> None:
        """`reported` is the day by whose end the sources had to be out; None where all count."""
        self._connection = connection
        self._reported = reported
        self._upto = upto
        self._wanted = wanted
        self._names = names
        self._numbers = Numbers(connection)
        self._named = [set(ids) for ids in (wanted.people, wanted.products) if ids]
        self._parts: dict[str, list[Known]] | None = None
        if wanted.organizations:
            self._parts = parts_ever(connection, self._numbers, wanted.organizations, upto)

    def holds(self, fact: Fact, at: int) -> bool:
        """Whether the calendar holds an entry that says this, at a position."""
        event = fact.event
        return isinstance(event, Happening) and self.spans(event.date) and self.concerns(fact, at)

    def spans(self, date: Date) -> bool:
        """Whether something of the date may lie in the days that are wanted."""
        return date.latest_reading >= self._wanted.first and date.earliest_reading <= self._wanted.last

    def concerns(self, fact: Fact, at: int) -> bool:
        """Whether every condition but that of the days holds."""
        event, wanted = fact.event, self._wanted
        assert isinstance(event, Happening)
        if wanted.kinds and kind_of(event) not in wanted.kinds:
            return False
        if wanted.certainties and event.certainty not in wanted.certainties:
            return False
        if not self._named and self._parts is None:
            return True
        ids = {self._names.resolve(i, at) for _, i, types in mentions(event) if types != ("source",)}
        if any(not named & ids for named in self._named):
            return False
        return self._parts is None or any(k.since <= at < k.until for i in ids for k in self._parts.get(i, ()))

    def turns(self, ids: Iterable[str]) -> Iterator[int]:
        """The positions at which something named came to belong to the organizations, or ceased to."""
        if self._parts is None:
            return
        for given in ids:
            for one in self._names.closure(given):
                yield from positions(self._parts.get(one, ()))

    def meant(self, fact: Fact | None, at: int) -> Fact | None:
        """What counts of a fact at a position: what was published, of whom merges say that it is about.

        None when nothing is left of it.
        """
        if fact is not None and self._reported is not None:
            fact = as_published(fact, self._published(fact, at))
        merges = self._names.merges
        if fact is None or not merges or not any(given in merges for _, given, _ in mentions(fact.event)):
            return fact
        return resolved(fact, lambda given: self._names.resolve(given, at))

    def _published(self, fact: Fact, at: int) -> set[str]:
        assert self._reported is not None
        cited = {s: self._names.source(s, at) for s in sources_of(fact)}
        return {s for s, c in cited.items() if c is not None and c.earliest <= self._reported}

    # -- what was there -----------------------------------------------------------------------------------------------

    def perhaps_gone(self, since: int) -> Iterator[Sequence[UUID]]:
        """Entries that may have left the calendar after a position, in parts; some of them may be in it still."""
        table = table_of(Listed)
        listed, now = table.table.c, table.table.alias().c
        closed = and_(listed.known_to > since, listed.known_to <= self._upto)
        left = [i for i, ks in (self._parts or {}).items() if any(since < k.until <= self._upto for k in ks)]
        conditions = [
            listed.known_from <= self._upto,
            listed.known_to > since,
            or_(closed, *self._naming(left, since)),
            *self._fitting(listed),
            *self._about(since),
        ]
        if not self._named and self._parts is None:  # then the rows alone tell what is there
            stands = [now.entry == listed.entry, now.known_from <= self._upto, now.known_to > self._upto]
            conditions.append(~exists().where(*stands, *self._fitting(now)))
        query = select(listed.entry).distinct().where(*conditions).order_by(listed.entry)
        with self._connection.execution_options(yield_per=PART).execute(query) as found:
            yield from found.scalars().partitions(PART)

    def _fitting(self, listed: Columns) -> list[ColumnElement[bool]]:
        """Conditions for rows whose date, kind and certainty are wanted."""
        wanted = self._wanted
        conditions: list[ColumnElement[bool]] = []
        if (wanted.first, wanted.last) != (NEVER, FOREVER):
            conditions += [listed.latest >= wanted.first, listed.earliest <= wanted.last]
        if wanted.kinds:
            conditions.append(listed.kind.in_(wanted.kinds))
        if wanted.certainties:
            conditions.append(listed.certainty.in_(wanted.certainties))
        return conditions

    def _about(self, since: int) -> list[ColumnElement[bool]]:
        """Conditions for rows of entries that named, at some time after a position, whom they are to name."""
        wanted = [*self._named, *([set(self._parts)] if self._parts is not None else [])]
        return [or_(false(), *self._naming(ids, since)) for ids in wanted]

    def _naming(self, ids: Iterable[str], since: int) -> list[ColumnElement[bool]]:
        """Conditions for entries that named one of the entities at some time after a position."""
        mention, entry = table_of(Mention).table.c, table_of(Listed).table.c.entry
        return [
            entry.in_(select(mention.entry).where(mention.entity.in_(part), mention.known_to > since))
            for part in chunks(list(self._numbers.numbered(sorted(ids)).values()))
        ]


def parts_ever(
    connection: Connection, numbers: Numbers, organizations: Iterable[str], upto: int
) -> dict[str, list[Known]]:
    """Everything that was ever known as a part of one of the organizations, or as its product, and when it was."""
    found: dict[tuple[str, Bounds], list[Known]] = {(o, ALWAYS): [Known(0, FOREVER)] for o in organizations}
    frontier = dict(found)
    for _ in range(DEEPEST):
        if not frontier:
            break
        ways: dict[str, list[tuple[Bounds, list[Known]]]] = {}
        for (above, bounds), when in frontier.items():
            ways.setdefault(above, []).append((bounds, when))
        below: dict[tuple[str, Bounds], list[Known]] = {}
        for row, known in _rows(connection, numbers, Parent, "parent", ways, upto):
            for bounds, when in ways[str(row.parent)]:
                step = bounds.within(row)
                if step.start_min <= step.end_max:
                    below.setdefault((row.organization, step), []).extend(_both(when, known))
        frontier = {}
        for place, when in below.items():
            whole = _united([*found.get(place, ()), *when])
            if whole != found.get(place):
                found[place] = frontier[place] = whole
    parts: dict[str, list[Known]] = {}
    for (organization, _), when in found.items():
        parts[organization] = _united([*parts.get(organization, ()), *when])
    made: dict[str, list[Known]] = {}
    for state, known in _rows(connection, numbers, ProductState, "organization", parts, upto):
        made[state.product] = _united([*made.get(state.product, ()), *_both(parts[str(state.organization)], known)])
    return parts | made


def _rows(
    connection: Connection, numbers: Numbers, row: type[R], column: str, ids: Iterable[str], upto: int
) -> Iterator[tuple[R, Known]]:
    table = table_of(row)
    for part in chunks(list(numbers.numbered(sorted(ids)).values())):
        query = select(table.table).where(table.table.c[column].in_(part), table.table.c.known_from <= upto)
        found = connection.execute(query).mappings().all()
        for loaded, m in zip(table.loaded(found, numbers), found, strict=True):
            yield loaded, Known(m["known_from"], m["known_to"])


def _both(when: Iterable[Known], known: Known) -> list[Known]:
    both = [Known(max(w.since, known.since), min(w.until, known.until)) for w in when]
    return [b for b in both if b.since < b.until]


def _united(when: Iterable[Known]) -> list[Known]:
    """The same positions in as few pieces as possible, in order."""
    united: list[Known] = []
    for known in sorted(when):
        if united and known.since <= united[-1].until:
            united[-1] = Known(united[-1].since, max(united[-1].until, known.until))
        else:
            united.append(known)
    return united
