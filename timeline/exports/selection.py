"""Which entries an export holds, read in small parts so that memory stays flat however many there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, or_, select

from events.base import Happening
from events.dates import FOREVER, NEVER
from events.kinds import mentions
from projections.facts import Fact
from projections.happenings import Listed
from projections.mentions import Mention
from timeline.state.tables import chunks, table_of
from timeline.store import log
from timeline.store.tables import events
from timeline.view import EVER, View

PART = 500
"""How many entries are read at once."""


class Selection(NamedTuple):
    """What is wanted: every condition that is given must hold; of several values of one, any."""

    kinds: tuple[str, ...] = ()
    organizations: tuple[str, ...] = ()
    """With their units and their products."""
    people: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    certainties: tuple[str, ...] = ()
    """How the source puts it: stated, reported, rumoured, derived."""
    first: int = NEVER
    last: int = FOREVER
    """The days in which something may have happened, both inclusive."""
    limit: int | None = None
    """At most so many: the newest ones."""


class Exported(NamedTuple):
    """An entry in force, with what the log says of it."""

    fact: Fact
    event: Happening
    stream: tuple[log.Entry, ...]
    """All its events as far as they are known, by version."""

    @property
    def first_recorded(self) -> int:
        """In microseconds since 1970."""
        return self.stream[0].recorded_at

    @property
    def last_recorded(self) -> int:
        """In microseconds since 1970."""
        return self.stream[-1].recorded_at


def count(view: View, wanted: Selection) -> int:
    """How many entries are selected."""
    table = table_of(Listed)
    query = select(func.count()).where(table.known(view.rows_known), *_conditions(view, wanted))
    found = view.row_connection.scalar(query) or 0
    return found if wanted.limit is None else min(found, wanted.limit)


def kinds(view: View, wanted: Selection) -> dict[str, int]:
    """How many entries of each kind are selected; kinds of which there are none are left out."""
    table = table_of(Listed)
    columns = table.table.c
    chosen = select(columns.kind).where(table.known(view.rows_known), *_conditions(view, wanted))
    if wanted.limit is not None:
        order = (columns.latest.desc(), columns.earliest.desc(), columns.entry.desc())
        chosen = chosen.order_by(*order).limit(wanted.limit)
    listed = chosen.subquery()
    query = select(listed.c.kind, func.count()).group_by(listed.c.kind).order_by(listed.c.kind)
    return {str(kind): int(number) for kind, number in view.row_connection.execute(query)}


def happenings(view: View, wanted: Selection, *, newest_first: bool = False) -> Iterator[list[Exported]]:
    """The selected entries in parts, by the last day on which each may have happened, then the first, then the entry.

    The order is the same for the same log. Names of what the events mention are looked up for each part together.
    """
    for ids in listed(view, wanted, newest_first=newest_first):
        yield _with_names(view, entries(view, ids))


def as_recorded(view: View, wanted: Selection) -> Iterator[list[Exported]]:
    """The selected entries in parts, that which something was recorded of last first; of these a limit takes the first.

    The log is read once, from its end: an entry stands where its last event does.
    """
    table = table_of(Listed)
    columns, conditions = table.table.c, [table.known(view.rows_known), *_conditions(view, wanted)]
    place = (events.c.position, events.c.entry_id, events.c.version)
    left, before = FOREVER if wanted.limit is None else wanted.limit, view.position + 1
    while left > 0:
        page = select(*place).where(events.c.position < before).order_by(events.c.position.desc()).limit(PART)
        recorded = view.connection.execute(page).all()
        if not recorded:
            return
        here = columns.entry.in_([e for _, e, _ in recorded])
        versions = select(columns.entry, columns.version).where(here, *conditions)
        last = {(entry, version) for entry, version in view.row_connection.execute(versions)}
        found = entries(view, [e for _, e, version in recorded if (e, version) in last][:left])
        if found:
            yield _with_names(view, found)
        left -= len(found)
        before = recorded[-1].position


def _with_names(view: View, found: list[Exported]) -> list[Exported]:
    """The same; the names of all that they mention are looked up together, those of earlier parts are let go."""
    view.directory.forget()
    view.directory.prefetch(i for x in found for _, i, types in mentions(x.event) if types != ("source",))
    return found


def entries(view: View, ids: Sequence[UUID]) -> list[Exported]:
    """Entries by their ids, in that order; those that are retracted or erased are left out."""
    streams = log.streams(view.connection, ids, upto=view.known)
    facts = view.facts(ids)
    found = []
    for entry in ids:
        fact = facts.get(entry)
        if fact is not None and isinstance(fact.event, Happening):
            found.append(Exported(fact, fact.event, tuple(streams[entry])))
    return found


def listed(view: View, wanted: Selection, *, newest_first: bool) -> Iterator[list[UUID]]:
    """The selected entries by id, in pages of which each is found by where the one before it ended."""
    table = table_of(Listed)
    columns = table.table.c
    order = (columns.latest, columns.earliest, columns.entry)
    conditions = _conditions(view, wanted)
    if wanted.limit is not None and not newest_first:
        # The newest ones, oldest first: where they begin is found from the other end.
        cut = select(*order).where(table.known(view.rows_known), *conditions)
        cut = cut.order_by(*(c.desc() for c in order)).offset(wanted.limit - 1).limit(1)
        if (row := view.row_connection.execute(cut).one_or_none()) is not None:
            conditions.append(
                _beyond(order, row, newest_first=False) | and_(*(c == v for c, v in zip(order, row, strict=True)))
            )
    left = wanted.limit if wanted.limit is not None else FOREVER
    after: Sequence[object] | None = None
    while left > 0:
        query = select(*order).where(table.known(view.rows_known), *conditions)
        if after is not None:
            query = query.where(_beyond(order, after, newest_first=newest_first))
        query = query.order_by(*(c.desc() if newest_first else c for c in order)).limit(min(PART, left))
        rows = view.row_connection.execute(query).all()
        if not rows:
            return
        yield [entry for _, _, entry in rows]
        left -= len(rows)
        after = rows[-1]


def among(view: View, wanted: Selection, ids: Sequence[UUID]) -> set[UUID]:
    """Which of some entries are selected; the limit does not count."""
    columns = table_of(Listed).table.c
    query = select(columns.entry).where(table_of(Listed).known(view.rows_known), *_conditions(view, wanted))
    return {e for part in chunks(ids) for e in view.row_connection.scalars(query.where(columns.entry.in_(part)))}


def _beyond(
    order: Sequence[ColumnElement[object]], after: Sequence[object], *, newest_first: bool
) -> ColumnElement[bool]:
    """The condition for what comes after a place in the order."""
    found: ColumnElement[bool] | None = None
    for column, value in reversed(list(zip(order, after, strict=True))):
        past = column < value if newest_first else column > value
        found = past if found is None else or_(past, and_(column == value, found))
    assert found is not None
    return found


def _conditions(view: View, wanted: Selection) -> list[ColumnElement[bool]]:
    columns = table_of(Listed).table.c
    conditions: list[ColumnElement[bool]] = []
    if (wanted.first, wanted.last) != EVER:
        conditions += [columns.latest >= wanted.first, columns.earliest <= wanted.last]
    if wanted.kinds:
        conditions.append(columns.kind.in_(wanted.kinds))
    if wanted.certainties:
        conditions.append(columns.certainty.in_(wanted.certainties))
    conditions += [
        _naming(view, ids) for ids in (_with_parts(view, wanted.organizations), wanted.people, wanted.products) if ids
    ]
    return conditions


def _with_parts(view: View, organizations: Sequence[str]) -> list[str]:
    """The organizations with everything that was ever a part of one, and their products."""
    units = {unit for given in organizations for unit in view.units(given, EVER)}
    made = view.products_of(units) if units else []
    return sorted(units | set(made))


def _naming(view: View, ids: Sequence[str]) -> ColumnElement[bool]:
    """The condition for entries that name one of the entities."""
    mention = table_of(Mention)
    named = [
        select(mention.table.c.entry).where(mention.table.c.entity.in_(part), mention.known(view.rows_known))
        for part in chunks(list(view.numbers.numbered(ids).values()))
    ]
    return or_(false(), *(table_of(Listed).table.c.entry.in_(n) for n in named))
