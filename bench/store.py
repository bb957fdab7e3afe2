"""How fast events are written and read: our store, `eventsourcing`'s own SQLite recorder, `eventsourcing_sqlalchemy`.

All keep the same events in files of one folder, and all force every commit to the disk (WAL, synchronous=FULL, which is
also SQLite's default; it is checked). The bare side inserts the same bytes into one table by the driver alone.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
from eventsourcing.persistence import (
    ApplicationRecorder,
    DatetimeAsISO,
    JSONTranscoder,
    Mapper,
    StoredEvent,
    UUIDAsHex,
)
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteDatastore
from eventsourcing_sqlalchemy.datastore import SQLAlchemyDatastore
from eventsourcing_sqlalchemy.recorders import SQLAlchemyApplicationRecorder
from sqlalchemy import text

from bench._history import as_theirs, entries, registered
from bench._measure import best, count, machine, ratio, report, table, timed
from events.kinds import decode, encode
from tests.services import PostgresServer
from timeline.ledger import Ledger
from timeline.store import log, tables
from timeline.store.database import Database
from timeline.store.mapper import EntryEvent, EventMapper
from timeline.store.recorders import LogApplicationRecorder

ONES, ROUNDS_OF_ONES = 100, 15
"""Single events a round. An fsync takes now this long and now that, so there are many rounds."""
BATCHES, BATCH, ROUNDS = 4, 1000, 5
PAGE = 1000


class Store(ABC):
    """One side: takes events in its own form, and gives all of them back."""

    name: str
    state_bytes = 0

    @abstractmethod
    def prepared(self, events: Sequence[EntryEvent]) -> Sequence[Any]:
        """The events in the form that `append` takes; not timed."""

    @abstractmethod
    def append(self, batch: Sequence[Any]) -> None:
        """Write one batch; it is on the disk afterwards."""

    def read(self) -> int | None:
        """Read and decode everything; gives the number, or None for a side that only writes."""
        return None


def bare_rows(events: Sequence[EntryEvent]) -> list[tuple[bytes]]:
    """Only the bytes of the events, as we store them."""
    return [(encode(e.event),) for e in events]


class Bare(Store):
    """An insert and a commit by the driver: what the disk and SQLite cost at least."""

    name = "bare insert, SQLite"

    def __init__(self, folder: Path) -> None:
        self.connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = FULL")
        self.connection.execute("CREATE TABLE log (position INTEGER PRIMARY KEY, state BLOB NOT NULL)")

    def prepared(self, events: Sequence[EntryEvent]) -> Sequence[Any]:
        return bare_rows(events)

    def append(self, batch: Sequence[Any]) -> None:
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.executemany("INSERT INTO log (state) VALUES (?)", batch)
        self.connection.execute("COMMIT")


class BarePostgreSQL(Store):
    """The same on PostgreSQL."""

    name = "bare insert, PostgreSQL"

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
        self.connection.execute("CREATE TABLE log (position bigserial PRIMARY KEY, state bytea NOT NULL)")

    def prepared(self, events: Sequence[EntryEvent]) -> Sequence[Any]:
        return bare_rows(events)

    def append(self, batch: Sequence[Any]) -> None:
        with self.connection.transaction(), self.connection.cursor() as cursor:
            cursor.executemany("INSERT INTO log (state) VALUES (%b)", batch)


class Recorder(Store):
    """A recorder with its mapper, by the interface of the `eventsourcing` library."""

    def __init__(self, name: str, recorder: ApplicationRecorder, mapper: Mapper[Any]) -> None:
        self.name, self.recorder, self.mapper = name, recorder, mapper

    def theirs(self, event: EntryEvent) -> Any:
        """The event as the mapper takes it."""
        return as_theirs(event.originator_id, event.event)

    def prepared(self, events: Sequence[EntryEvent]) -> Sequence[StoredEvent]:
        stored = [self.mapper.to_stored_event(self.theirs(e)) for e in events]
        self.state_bytes = round(sum(len(s.state) for s in stored) / len(stored))
        return stored

    def append(self, batch: Sequence[Any]) -> None:
        self.recorder.insert_events(batch)

    def read(self) -> int | None:
        seen = 0
        while page := self.recorder.select_notifications(seen + 1, PAGE):
            for notification in page:
                self.mapper.to_domain_event(notification)
            seen = page[-1].id
        return seen


class Ours(Recorder):
    """Our recorder, without projections."""

    def __init__(self, name: str, database: Database) -> None:
        with database.writing() as connection:
            tables.create(connection)
        super().__init__(name, LogApplicationRecorder(database), EventMapper(JSONTranscoder()))

    def theirs(self, event: EntryEvent) -> Any:
        return event


class OursStreamed(Store):
    """Our log read as the projections read it: one stream, no pages."""

    def __init__(self, name: str, ours: Ours) -> None:
        assert isinstance(ours.recorder, LogApplicationRecorder)
        self.name, self.database = name, ours.recorder.database

    def prepared(self, events: Sequence[EntryEvent]) -> Sequence[Any]:
        return ()

    def append(self, batch: Sequence[Any]) -> None:
        raise NotImplementedError

    def read(self) -> int | None:
        position = 0
        with self.database.reading() as connection:
            for entry in log.read(connection):
                decode(entry.kind, entry.state or b"")
                position = entry.position
        return position


class WithProjections(Store):
    """`Ledger.record`: checks, the log and all projections in one transaction."""

    def __init__(self, name: str, address: str, people: int) -> None:
        self.name = name
        self.ledger = Ledger.create(address)
        self.ledger.record(registered(people), by="bench")

    def prepared(self, events: Sequence[EntryEvent]) -> Sequence[Any]:
        return events

    def append(self, batch: Sequence[Any]) -> None:
        self.ledger.record(batch, by="bench")


def eventsourcings_own(folder: Path) -> Recorder:
    """The SQLite recorder that comes with the library. It sets WAL itself."""
    datastore = SQLiteDatastore(str(folder / "eventsourcing.db"))
    with datastore.transaction(commit=False) as cursor:
        cursor.execute("PRAGMA synchronous")
        must_be_full(cursor.fetchone()[0])
    recorder = SQLiteApplicationRecorder(datastore)
    recorder.create_table()
    return Recorder("eventsourcing's own, SQLite", recorder, their_mapper())


def eventsourcing_sqlalchemys(folder: Path) -> Recorder:
    """The recorder of eventsourcing_sqlalchemy, on SQLite. It sets WAL itself."""
    datastore = SQLAlchemyDatastore(url=f"sqlite:///{folder / 'sqlalchemy.db'}")
    recorder = SQLAlchemyApplicationRecorder(datastore, events_table_name="stored_events")
    recorder.create_table()
    with datastore.transaction(commit=False) as session:
        must_be_full(session.execute(text("PRAGMA synchronous")).scalar())
    return Recorder("eventsourcing_sqlalchemy, SQLite", recorder, their_mapper())


def must_be_full(synchronous: Any) -> None:
    """Every side must keep the same promise; a SQLite that was built otherwise makes no fair comparison."""
    if synchronous != 2:
        raise SystemExit(f"this SQLite has synchronous={synchronous} where 2 (FULL) was expected")


def their_mapper() -> Mapper[Any]:
    """The library's mapper, with the transcodings that its applications register."""
    transcoder = JSONTranscoder()
    transcoder.register(UUIDAsHex())
    transcoder.register(DatetimeAsISO())
    return Mapper(transcoder)


class History:
    """Deals out the history: each side gets each event once."""

    def __init__(self) -> None:
        self.dealt: dict[str, int] = {}

    def __call__(self, store: Store, many: int) -> Sequence[Any]:
        first = self.dealt.get(store.name, 0)
        self.dealt[store.name] = first + many
        return store.prepared(entries(first, many))


def one_by_one(store: Store, deal: History) -> Callable[[], float]:
    """A side that appends single events, each in a transaction of its own."""

    def run() -> float:
        prepared = deal(store, ONES)
        return timed(lambda: [store.append([event]) for event in prepared])

    return run


def batched(store: Store, deal: History) -> Callable[[], float]:
    """A side that appends batches."""

    def run() -> float:
        batches = [deal(store, BATCH) for _ in range(BATCHES)]
        return timed(lambda: [store.append(batch) for batch in batches])

    return run


def reading(store: Store, expected: int) -> Callable[[], float]:
    """A side that reads and decodes everything."""

    def run() -> float:
        found: list[int | None] = []
        seconds = timed(lambda: found.append(store.read()))
        assert found == [expected], found
        return seconds

    return run


def rates(title: str, events: int, taken: dict[str, float], compared: str, measures: dict[str, str]) -> str:
    """The table of a job; `measures` names the side that each is compared with, `compared` what they are called."""
    rows = [
        [name, count(events / seconds), f"{seconds / events * 1e6:.1f}", ratio(taken[measures[name]] / seconds)]
        for name, seconds in taken.items()
    ]
    return table(title, ["side", "events/s", "µs each", f"rate / {compared}"], rows)


def main() -> None:
    """Measure and print."""
    Path("build").mkdir(exist_ok=True)
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="bench-", dir="build"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        server = PostgresServer.reserve()
        stack.callback(server.stop)
        server.start()
        written = (ROUNDS_OF_ONES + 1) * ONES + (ROUNDS + 1) * BATCHES * BATCH
        people = written // 2 + 1
        ours = Ours("ours, SQLite", Database(str(folder / "ours.db")))
        own, sqlalchemys = eventsourcings_own(folder), eventsourcing_sqlalchemys(folder)
        on_sqlite: list[Store] = [
            Bare(folder),
            ours,
            own,
            sqlalchemys,
            WithProjections("ours with projections, SQLite", str(folder / "ledger.db"), people),
        ]
        first, second = (stack.enter_context(server.database()) for _ in range(2))
        bare_postgresql = BarePostgreSQL(stack.enter_context(server.database()))
        ours_postgresql = Ours("ours, PostgreSQL", Database(first))
        on_postgresql: list[Store] = [
            bare_postgresql,
            ours_postgresql,
            WithProjections("ours with projections, PostgreSQL", second, people),
        ]
        writers = [*on_sqlite, *on_postgresql]
        measures = {s.name: on_sqlite[0].name for s in on_sqlite} | {
            s.name: on_postgresql[0].name for s in on_postgresql
        }
        deal = History()
        ones = best({s.name: one_by_one(s, deal) for s in writers}, ROUNDS_OF_ONES)
        batches = best({s.name: batched(s, deal) for s in writers}, ROUNDS)

        readers = [
            own,
            sqlalchemys,
            ours,
            OursStreamed("ours as one stream, SQLite", ours),
            ours_postgresql,
            OursStreamed("ours as one stream, PostgreSQL", ours_postgresql),
        ]
        read = best({s.name: reading(s, written) for s in readers}, ROUNDS)
        to_own = dict.fromkeys(read, own.name)
        number = bare_postgresql.connection.info.server_version
        where = machine(
            *("SQLAlchemy", "eventsourcing", "eventsourcing-sqlalchemy", "psycopg"),
            PostgreSQL=f"{number // 10_000}.{number % 10_000}",
        )
        sizes = f"An event is {ours.state_bytes} bytes in our form and {own.state_bytes} in that of the other two."
        report(
            "store",
            rates("One event a commit, each forced to the disk", ONES, ones, "bare", measures),
            rates(f"{BATCH:,} events a commit", BATCHES * BATCH, batches, "bare", measures),
            rates(f"Reading and decoding {written:,} events", written, read, "eventsourcing", to_own),
            f"{sizes} {where}",
        )
        for database in (ours, ours_postgresql):
            assert isinstance(database.recorder, LogApplicationRecorder)
            database.recorder.database.close()
        bare_postgresql.connection.close()
        for store in writers:
            if isinstance(store, WithProjections):
                store.ledger.close()


if __name__ == "__main__":
    main()
