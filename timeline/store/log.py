"""Appending to the log and reading it back."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from eventsourcing.persistence import Notification, StoredEvent
from sqlalchemy import Connection, Select, func, select

from timeline.audit.journal import Journal
from timeline.audit.leaves import leaves_of
from timeline.audit.tree import leaf_hash
from timeline.errors import StoreError
from timeline.store.bulk import among, digits, driver_of
from timeline.store.nodes import frontier_of, kept
from timeline.store.tables import events, payloads

Clock = Callable[[], int]
"""Gives the time in microseconds since 1970-01-01T00:00:00Z."""

SALT_BYTES = 16

NO_HEAD = "the head of the log is gone or damaged: `timeline audit verify` finds all that was changed"

AT_ONCE = 2000
"""How many events are written in one go; a longer batch is written in parts, so that memory stays flat."""


def system_clock() -> int:
    """The machine's clock."""
    return time.time_ns() // 1000


class Batch(NamedTuple):
    """What was recorded together: it became known together, at the position it ends at."""

    first: int
    last: int
    recorded_at: int
    recorded_by: str


class Entry(NamedTuple):
    """One event as the log holds it; `state` is None when it was erased."""

    position: int
    batch: int
    entry_id: UUID
    version: int
    kind: str
    recorded_at: int
    recorded_by: str
    state: bytes | None


# `append` hands these to the drivers: SQLAlchemy's own work around each statement takes longer than the statement.
# SQLite runs an insert once a row; PostgreSQL takes a batch as arrays, all in one round trip (%b: in binary form).
_HEAD = "SELECT position, recorded_at, frontier FROM log_head WHERE id = 1"
_SQLITE_EVENTS = """
    INSERT INTO events (position, batch, entry_id, version, kind, recorded_at, recorded_by, digest)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)"""
_SQLITE_PAYLOADS = "INSERT INTO payloads (position, salt, state) VALUES (?, ?, ?)"
_SQLITE_NODES = "INSERT INTO tree_nodes (level, node, hash) VALUES (?, ?, ?)"
_SQLITE_HEAD = "UPDATE log_head SET position = ?, recorded_at = ?, frontier = ? WHERE id = 1"
_POSTGRESQL_ALL = """
    WITH given AS (
        SELECT * FROM unnest(%b::bigint[], %b::uuid[], %b::integer[], %b::text[], %b::bytea[], %b::bytea[], %b::bytea[])
                   AS given (position, entry_id, version, kind, digest, salt, state)
    ), batch AS (
        SELECT %b::bigint AS last, %b::bigint AS recorded_at, %b::text AS recorded_by, %b::bytea AS frontier
    ), completed AS (
        INSERT INTO tree_nodes (level, node, hash)
        SELECT * FROM unnest(%b::integer[], %b::bigint[], %b::bytea[])
    ), logged AS (
        INSERT INTO events (position, batch, entry_id, version, kind, recorded_at, recorded_by, digest)
        SELECT position, last, entry_id, version, kind, recorded_at, recorded_by, digest FROM given, batch
    ), kept AS (
        INSERT INTO payloads (position, salt, state) SELECT position, salt, state FROM given
    ), moved AS (
        UPDATE log_head SET position = last, recorded_at = batch.recorded_at, frontier = batch.frontier FROM batch
        WHERE id = 1
    )
    SELECT pg_notify('timeline_log', current_schema())"""


def digest_of(salt: bytes, state: bytes) -> bytes:
    """What stands in the log for the payload: SHA-256 of the salt and the stored bytes."""
    return hashlib.sha256(salt + state).digest()


def append(
    connection: Connection,
    stored: Sequence[StoredEvent],
    *,
    recorded_by: str,
    clock: Clock = system_clock,
    journal: Journal | None = None,
) -> Batch:
    """Write events at the end of the log, as one batch with one recorded time; `stored` may be longer than memory.

    The connection is one of `Database.writing`. Recorded time never goes backwards, whatever the clock does. They are
    announced to a journal, if there is one; it has to be `ready` before the commit. Raises sqlalchemy's IntegrityError
    when a version of an entry exists already.
    """

    if connection.dialect.name == "sqlite":
        with driver_of(connection) as driver:
            return _Appending(driver.execute(_HEAD).fetchone(), len(stored), recorded_by, clock, journal).write(
                stored, lambda *part: _write_sqlite(driver, *part)
            )
    head = connection.exec_driver_sql(f"{_HEAD} FOR UPDATE").one_or_none()
    return _Appending(None if head is None else tuple(head), len(stored), recorded_by, clock, journal).write(
        stored, lambda *part: _write_postgresql(connection, *part)
    )


class _Appending:
    """One batch on its way into the log."""

    def __init__(
        self, head: tuple[int, int, bytes] | None, length: int, recorded_by: str, clock: Clock, journal: Journal | None
    ) -> None:
        if head is None:
            raise StoreError(NO_HEAD)
        position, recorded_at, frontier = head
        self.journal = journal
        self.batch = Batch(position + 1, position + length, max(clock(), recorded_at), recorded_by)
        try:
            self.tree = frontier_of(position, bytes(frontier))
        except ValueError as problem:
            raise StoreError(NO_HEAD) from problem

    def write(self, stored: Sequence[StoredEvent], write: Callable[[Batch, int, _Rows, _Tree], None]) -> Batch:
        """Write the events in parts, each with what it adds to the tree."""
        for start in range(0, len(stored), AT_ONCE):
            leaf = leaves_of(self.batch.last, self.batch.recorded_at, self.batch.recorded_by)
            first = self.batch.first + start
            rows = _salted(stored[start : start + AT_ONCE])
            completed, hashes = [], []
            for position, (event, _, digest) in enumerate(rows, first):
                assert isinstance(event.originator_id, UUID)
                made = leaf(position, event.originator_id, event.originator_version, event.topic, digest)
                hashes.append(leaf_hash(made))
                completed += kept(self.tree.add(hashes[-1]))
            if self.journal is not None:
                self.journal.announce(first, hashes)
            write(self.batch, first, rows, _Tree(completed, b"".join(self.tree.hashes)))
        return self.batch


class _Tree(NamedTuple):
    """What a part of a batch adds to the tree: nodes by level and index, and the frontier after it."""

    completed: list[tuple[int, int, bytes]]
    frontier: bytes


def _salted(stored: Sequence[StoredEvent]) -> _Rows:
    noise = os.urandom(SALT_BYTES * len(stored))  # at once: asking the system costs more than the bytes
    salts = [noise[at : at + SALT_BYTES] for at in range(0, len(noise), SALT_BYTES)]
    return [(e, salt, digest_of(salt, e.state)) for e, salt in zip(stored, salts, strict=True)]


_Rows = Sequence[tuple[StoredEvent, bytes, bytes]]
"""Each event with its salt and its digest."""


def _write_sqlite(driver: Any, batch: Batch, first: int, rows: _Rows, tree: _Tree) -> None:
    _, last, recorded_at, by = batch
    event_rows = [
        (position, last, _hex(e.originator_id), e.originator_version, e.topic, recorded_at, by, digest)
        for position, (e, _, digest) in enumerate(rows, first)
    ]
    driver.executemany(_SQLITE_EVENTS, event_rows)
    payload_rows = [(position, salt, e.state) for position, (e, salt, _) in enumerate(rows, first)]
    driver.executemany(_SQLITE_PAYLOADS, payload_rows)
    driver.executemany(_SQLITE_NODES, tree.completed)
    driver.execute(_SQLITE_HEAD, (last, recorded_at, tree.frontier))


def _hex(entry_id: UUID | str) -> str:
    """How SQLAlchemy's Uuid stands in SQLite."""
    assert isinstance(entry_id, UUID)
    return entry_id.hex


def _write_postgresql(connection: Connection, batch: Batch, first: int, rows: _Rows, tree: _Tree) -> None:
    columns = zip(
        *((e.originator_id, e.originator_version, e.topic, digest, salt, e.state) for e, salt, digest in rows),
        strict=True,
    )
    arrays = [list(range(first, first + len(rows))), *map(list, columns)]
    nodes = [list(column) for column in zip(*tree.completed, strict=True)] or [[], [], []]
    values = (*arrays, batch.last, batch.recorded_at, batch.recorded_by, tree.frontier, *nodes)
    connection.exec_driver_sql(_POSTGRESQL_ALL, values)


def head_position(connection: Connection) -> int:
    """The position of the last event; 0 in an empty log. Raises StoreError where somebody took the head away."""
    if (head := connection.exec_driver_sql(_HEAD).one_or_none()) is None:
        raise StoreError(NO_HEAD)
    return int(head.position)


_erasures = events.alias("erasures")
IS_ERASED = (
    select(_erasures.c.position)
    .where(
        _erasures.c.entry_id == events.c.entry_id,
        _erasures.c.position > events.c.position,
        _erasures.c.kind == "erasure",
    )
    .exists()
)
"""Of an event: its entry was erased later, so that nothing it said counts, though somebody put its payload back."""

_columns = (
    events.c.position,
    events.c.batch,
    events.c.entry_id,
    events.c.version,
    events.c.kind,
    events.c.recorded_at,
    events.c.recorded_by,
    payloads.c.state,
)
_log: Select[tuple[int, int, UUID, int, str, int, str, bytes]] = select(*_columns).select_from(
    events.outerjoin(payloads, (events.c.position == payloads.c.position) & ~IS_ERASED)
)
_EVENTS = """
    SELECT e.position, e.batch, e.entry_id, e.version, e.kind, e.recorded_at, e.recorded_by, p.state
    FROM events AS e LEFT JOIN payloads AS p ON p.position = e.position"""
_UNLESS_ERASED = """ AND NOT EXISTS (
        SELECT 1 FROM events AS x WHERE x.entry_id = e.entry_id AND x.position > e.position AND x.kind = 'erasure')"""
_STREAMS_AS_STORED = f"{_EVENTS} WHERE e.entry_id"
_STREAMS = f"{_EVENTS}{_UNLESS_ERASED} WHERE e.entry_id"


def read(connection: Connection, *, after: int = 0, upto: int | None = None) -> Generator[Entry]:
    """The log in the order of recording, from `after` (exclusive) to `upto` (inclusive), streamed."""
    query = _log.where(events.c.position > after).order_by(events.c.position)
    if upto is not None:
        query = query.where(events.c.position <= upto)
    with connection.execution_options(yield_per=2000).execute(query) as rows:
        yield from map(Entry._make, rows)


def streams(
    connection: Connection, entry_ids: Sequence[UUID], *, upto: int | None = None, as_stored: bool = False
) -> dict[UUID, list[Entry]]:
    """The events of some entries, each in the order of their versions. Unknown ids are left out.

    Of an erased entry they say nothing; `as_stored` is for who erases, and gives what is still there.
    """
    given = {e.hex: e for e in entry_ids}
    upto_here = "" if upto is None else f"AND e.position <= {int(upto)} "
    query = _STREAMS_AS_STORED if as_stored else _STREAMS
    found: dict[UUID, list[Entry]] = {}
    for row in among(connection, query, "uuid", list(given), f"{upto_here}ORDER BY e.entry_id, e.version"):
        entry = Entry._make((*row[:2], given[digits(row[2])], *row[3:]))
        found.setdefault(entry.entry_id, []).append(entry)
    return found


def entries_in(connection: Connection, batch: Batch, size: int) -> Iterator[list[UUID]]:
    """The entries that have events in a batch, each once, in parts of at most `size`."""
    before = events.alias("before")
    earlier = select(before.c.position).where(
        before.c.entry_id == events.c.entry_id,
        before.c.version == events.c.version - 1,
        before.c.position >= batch.first,
    )
    for start in range(batch.first, batch.last + 1, size):
        stop = min(start + size - 1, batch.last)
        query = select(events.c.entry_id).where(events.c.position.between(start, stop), ~earlier.exists())
        yield list(connection.scalars(query.order_by(events.c.position)))


def begun_as(connection: Connection, kind: str, *, upto: int | None = None) -> Iterator[UUID]:
    """The entries whose first event is of a kind, by position, read in parts."""
    after = 0
    while True:
        query = select(events.c.position, events.c.entry_id).where(
            events.c.position > after, events.c.kind == kind, events.c.version == 1
        )
        if upto is not None:
            query = query.where(events.c.position <= upto)
        rows = connection.execute(query.order_by(events.c.position).limit(AT_ONCE)).all()
        yield from (row.entry_id for row in rows)
        if len(rows) < AT_ONCE:
            return
        after = rows[-1].position


def entries_of(connection: Connection, batch: Batch, entry_ids: Sequence[UUID]) -> set[UUID]:
    """Those of some entries that have events in a batch."""
    return {
        found
        for start in range(0, len(entry_ids), 500)
        for found in connection.scalars(
            select(events.c.entry_id).where(
                events.c.entry_id.in_(entry_ids[start : start + 500]), events.c.position >= batch.first
            )
        )
    }


def erased_in(connection: Connection, batch: Batch) -> list[UUID]:
    """The entries that a batch erases."""
    here = events.c.position.between(batch.first, batch.last)
    query = select(events.c.entry_id).where(here, events.c.kind == "erasure").order_by(events.c.position)
    return list(connection.scalars(query))


def entries_begun_as(connection: Connection, batch: Batch, kind: str) -> list[UUID]:
    """The entries with events in a batch whose first event is of a kind."""
    first = events.alias("first")
    query = (
        select(events.c.entry_id)
        .join(first, (first.c.entry_id == events.c.entry_id) & (first.c.version == 1) & (first.c.kind == kind))
        .where(events.c.position.between(batch.first, batch.last))
        .distinct()
    )
    return list(connection.scalars(query))


def batch_of(connection: Connection, last: int) -> list[Entry]:
    """The events that were recorded together in the batch that ends at a position, in order; none if no batch does."""
    query = _log.where(events.c.position <= last).order_by(events.c.position.desc())
    found: list[Entry] = []
    with connection.execution_options(yield_per=500).execute(query) as rows:
        for row in rows:
            if row.batch != last:
                break
            found.append(Entry(*row))
    return found[::-1]


def batch_at(connection: Connection, position: int) -> int | None:
    """The batch that an event belongs to: the position at which it ends; None where the log has no such event."""
    return connection.scalar(select(events.c.batch).where(events.c.position == position))


def first_of_batch(connection: Connection, batch: int) -> int:
    """The position at which a batch begins, found by halving: batches stand one after the other."""
    low, high = 1, batch
    while low < high:
        middle = (low + high) // 2
        if (batch_at(connection, middle) or 0) < batch:
            low = middle + 1
        else:
            high = middle
    return low


def recorded_at(connection: Connection, position: int) -> int | None:
    """When the event at a position was recorded, in microseconds since 1970; None where there is none."""
    return connection.scalar(select(events.c.recorded_at).where(events.c.position == position))


def known_at(connection: Connection, moment: int) -> int:
    """The position that the log had reached at a moment (microseconds since 1970, inclusive); 0 before its beginning.

    Recorded time never goes back, so the position is found by halving.
    """
    low, high = 0, head_position(connection)
    while low < high:
        middle = (low + high + 1) // 2
        if (recorded_at(connection, middle) or 0) <= moment:
            low = middle
        else:
            high = middle - 1
    return low


def last_versions(connection: Connection, entry_ids: Sequence[UUID], *, before: int) -> dict[UUID, int]:
    """The last version of each entry in the log before a position. Unknown ids are left out."""
    found: dict[UUID, int] = {}
    for start in range(0, len(entry_ids), 500):
        query = (
            select(events.c.entry_id, func.max(events.c.version))
            .where(events.c.entry_id.in_(entry_ids[start : start + 500]), events.c.position < before)
            .group_by(events.c.entry_id)
        )
        found.update(row._tuple() for row in connection.execute(query))
    return found


# -- the shapes that eventsourcing asks for ---------------------------------------------------------------------------


_event: Select[tuple[UUID, int, str, bytes | None, int]] = select(
    events.c.entry_id, events.c.version, events.c.kind, payloads.c.state, events.c.position
).select_from(events.outerjoin(payloads, (events.c.position == payloads.c.position) & ~IS_ERASED))


def stored_events(
    connection: Connection,
    entry_id: UUID,
    *,
    gt: int | None = None,
    lte: int | None = None,
    desc: bool = False,
    limit: int | None = None,
) -> list[StoredEvent]:
    """One stream, by version: above `gt`, up to and with `lte`."""
    query = _event.where(events.c.entry_id == entry_id)
    if gt is not None:
        query = query.where(events.c.version > gt)
    if lte is not None:
        query = query.where(events.c.version <= lte)
    query = query.order_by(events.c.version.desc() if desc else events.c.version).limit(limit)
    return [
        StoredEvent(entry_id, version, kind, state or b"")
        for entry_id, version, kind, state, _ in connection.execute(query)
    ]


def notifications(
    connection: Connection,
    start: int | None,
    limit: int,
    stop: int | None = None,
    topics: Sequence[str] = (),
    *,
    inclusive_of_start: bool = True,
) -> list[Notification]:
    """A section of the log, by position."""
    query = _event
    if start is not None:
        query = query.where(events.c.position >= start if inclusive_of_start else events.c.position > start)
    if stop is not None:
        query = query.where(events.c.position <= stop)
    if topics:
        query = query.where(events.c.kind.in_(topics))
    return [
        Notification(entry_id, version, kind, state or b"", position)
        for entry_id, version, kind, state, position in connection.execute(
            query.order_by(events.c.position).limit(limit)
        )
    ]
