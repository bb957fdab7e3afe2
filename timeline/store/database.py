"""Connections: where the ledger is, and the two sorts of transaction.

SQLite runs in WAL mode with `synchronous=FULL`, so an acknowledged event survives a power cut. A writer takes the
write lock before it reads (`BEGIN IMMEDIATE`; on PostgreSQL a lock on the head of the log), so nothing it read can move
before it commits. A reader sees one state of the whole ledger until it is done.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from timeline.errors import StoreError
from timeline.store.bulk import driver_of
from timeline.store.samefile import SameFile
from timeline.store.waiting import begin_writing

BUSY_SECONDS = 30.0
"""How long a writer waits for another one before it gives up."""

PATIENCE = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""How soon a server of PostgreSQL that does not answer any more is given up, unless the address says otherwise."""

SCHEMA = re.compile(r"(?!pg_)[a-z][a-z0-9_]{0,62}")
"""What the schema of a ledger may be called. PostgreSQL keeps names that begin with pg_ for itself."""

_HOW = "write a file name, sqlite:///file.db or postgresql+psycopg://…"
_DRIVERS = {
    "sqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


def url_of(text: str) -> URL:
    """A database URL, or the path of an SQLite file, as given with `--db`."""
    if "://" not in text:
        return _on_disk(URL.create("sqlite", database=text))
    try:
        url = make_url(text)
        url.port  # noqa: B018  # a port that is no number is found out here
    except (ArgumentError, ValueError):
        raise StoreError(f"the database address cannot be read: {_HOW}") from None
    if url.drivername not in _DRIVERS:
        raise StoreError(f"{url.drivername} is not supported: {_HOW}")
    return _in_schema(_on_disk(url.set(drivername=_DRIVERS[url.drivername])))


def _in_schema(url: URL) -> URL:
    given = url.query.get("schema")
    if given is not None and url.get_backend_name() != "sqlite" and not _is_schema(given):
        raise StoreError("the schema of a ledger is one name of a-z, 0-9 and _ that begins with a letter, not with pg_")
    return url


def _is_schema(given: object) -> bool:
    return isinstance(given, str) and SCHEMA.fullmatch(given) is not None


def schema_of(url: URL) -> str | None:
    """The schema of PostgreSQL that a ledger lies in, if its address names one: `?schema=newsroom`."""
    given = url.query.get("schema")
    return given if isinstance(given, str) and url.get_backend_name() != "sqlite" else None


def _on_disk(url: URL) -> URL:
    if url.drivername == "sqlite" and url.database in (None, "", ":memory:"):
        raise StoreError(f"a ledger is not kept in memory: {_HOW}")
    return url


def path_of(url: URL) -> Path | None:
    """The SQLite file of a database; None for one on PostgreSQL."""
    if url.get_backend_name() != "sqlite":
        return None
    name = url.database or ""
    return Path(name.removeprefix("file:") if "uri" in url.query else name)


def waited_in_vain(problem: DBAPIError) -> bool:
    """Whether PostgreSQL gave up waiting for a lock that somebody else holds."""
    return _state(problem) == "55P03"


def _state(problem: DBAPIError) -> str:
    return getattr(problem.orig, "sqlstate", None) or ""


class Database:
    """One ledger's connections. Safe to share between threads; open one a process."""

    def __init__(self, address: str | URL) -> None:
        self.url = url_of(address) if isinstance(address, str) else address
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        # Threads of one process take turns here; SQLite's own lock polls and is not fair.
        self._turn = threading.Lock()
        self.same_file: SameFile | None = None
        """Of a ledger on SQLite: whether its file is still there."""
        try:
            self.engine = self._sqlite() if self.is_sqlite else self._postgresql()
        except (ModuleNotFoundError, NoSuchModuleError) as problem:
            raise StoreError(
                f"the database driver is missing ({problem}): install timeline-service[postgres]"
            ) from None

    @property
    def path(self) -> Path | None:
        """The SQLite file; None on PostgreSQL."""
        return path_of(self.url)

    @property
    def schema(self) -> str | None:
        """The schema of PostgreSQL that the ledger has to itself; None where the address names none."""
        return schema_of(self.url)

    @property
    def shown(self) -> str:
        """How to name the ledger in a message: never with its password."""
        return str(self.path) if self.is_sqlite else self.url.render_as_string(hide_password=True)

    def _sqlite(self) -> Engine:
        engine = create_engine(self.url, pool_size=8, max_overflow=24)

        @event.listens_for(engine, "connect")
        def _(connection: Any, record: Any) -> None:
            connection.isolation_level = None  # transactions begin below, not when the driver thinks fit
            connection.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA secure_delete = ON")  # what is replaced or erased leaves zeros

        assert self.path is not None
        same_file = self.same_file = SameFile(engine, self.path)  # counts what was opened so far without a fault

        @event.listens_for(engine, "begin")
        def _(connection: Connection) -> None:
            same_file.look(connection)
            writes = connection.get_execution_options().get("writes", False)
            with driver_of(connection) as driver:
                if writes:
                    begin_writing(driver, BUSY_SECONDS)
                else:
                    driver.execute("BEGIN")
            same_file.began(connection)

        return engine

    def _postgresql(self) -> Engine:
        url = self.url.difference_update_query(["schema"])
        given: dict[str, Any] = {name: value for name, value in PATIENCE.items() if name not in url.query}
        if self.schema is not None:  # and no other, so that nothing is found in one that it lacks
            given["options"] = f"{url.query.get('options', '')} -csearch_path={self.schema}".strip()
        engine = create_engine(url, pool_size=8, max_overflow=24, pool_pre_ping=True, connect_args=given)

        @event.listens_for(engine, "connect")
        def _(connection: Any, record: Any) -> None:
            connection.execute(f"SET lock_timeout = {int(BUSY_SECONDS * 1000)}")
            connection.commit()

        @event.listens_for(engine, "checkout")
        def _(connection: Any, record: Any, proxy: Any) -> None:
            # After a reading transaction it is left asking for READ WRITE, which a replica refuses in other words.
            connection.read_only = None

        return engine

    def make_schema(self, connection: Connection) -> None:
        """Make the schema that the address names, if it names one and there is none."""
        if self.schema is not None:
            name = connection.dialect.identifier_preparer.quote(self.schema)  # it may be a word of SQL
            connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {name}")

    @contextmanager
    def writing(self, kept: Connection | None = None) -> Iterator[Connection]:
        """A transaction that holds the write lock from its first moment, and commits at the end of the block.

        It runs on the connection given, one of `keeping`, or on any.
        """
        if not self._turn.acquire(timeout=BUSY_SECONDS):
            raise self._busy()
        try:
            if kept is not None:
                with kept.execution_options(writes=True).begin():
                    yield kept
                self._look(kept)
            else:
                with self._connection(writes=True) as connection:
                    with connection.begin():
                        yield connection
                    self._look(connection)
        finally:
            self._turn.release()

    def _look(self, connection: Connection) -> None:
        if self.same_file is not None:
            self.same_file.look(connection)

    @contextmanager
    def reading(self, *, of_ledger: bool = True) -> Iterator[Connection]:
        """A transaction that sees one state of the ledger, however long it takes.

        `of_ledger` is False where it is not yet known whether the database holds one.
        """
        with self._connection(writes=False) as connection, connection.begin():
            if of_ledger and not self.is_sqlite:
                # PostgreSQL finds a table by its present name, its rows by the snapshot: one that was swapped in after
                # the snapshot would look empty. LOCK takes no snapshot, so one or the other waits, and no one is wrong.
                connection.exec_driver_sql("LOCK TABLE schema_version IN ACCESS SHARE MODE")
            yield connection

    @contextmanager
    def keeping(self) -> Iterator[Connection]:
        """One connection for several transactions: its temporary tables last until the block ends."""
        with self._connection(writes=True) as connection:
            connection.detach()
            yield connection

    @contextmanager
    def outside(self) -> Iterator[Any]:
        """The driver's own connection outside of any transaction, for what cannot run in one: VACUUM."""
        with self._connection(writes=True) as connection:
            connection.detach()
            driver: Any = connection.connection.dbapi_connection
            errors = self.engine.dialect.loaded_dbapi.Error
            if not self.is_sqlite:
                driver.autocommit = True
            try:
                yield driver
            except errors as problem:
                raise DBAPIError.instance(None, None, problem, errors) from problem

    @contextmanager
    def _connection(self, *, writes: bool) -> Iterator[Connection]:
        options: dict[str, Any] = {"writes": writes}
        if not self.is_sqlite and not writes:
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        try:
            with self._connected().execution_options(**options) as connection:
                yield connection
        except DBAPIError as problem:
            if understood := self._explain(problem):
                raise understood from problem
            raise

    def _connected(self) -> Connection:
        try:
            return self.engine.connect()
        except PoolTimeout:
            raise self._busy() from None
        except DBAPIError as problem:
            raise (self._explain(problem) or self._unreachable(problem.orig)) from problem
        except (TypeError, ValueError) as problem:  # the driver does not know a part of the address
            raise self._unreachable(problem) from problem

    def _busy(self) -> StoreError:
        why = f"is busy: another writer has held it for {BUSY_SECONDS:g} s; try again"
        return StoreError(f"{self.shown} {why}", f"the ledger {why}")

    def _unreachable(self, problem: object) -> StoreError:
        said = " ".join(str(problem).split())
        if password := self.url.password:
            said = said.replace(str(password), "***")
        return StoreError(f"{self.shown} cannot be reached: {said}", "the ledger cannot be reached")

    def _explain(self, problem: DBAPIError) -> StoreError | None:
        """What an error of the driver means to whoever runs the command; None for one that is a bug of ours."""
        if not self.is_sqlite:
            return self._explain_postgresql(problem)
        name = getattr(problem.orig, "sqlite_errorname", "")
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            return self._busy()
        if name.startswith("SQLITE_READONLY"):
            why = "cannot be written: it is read-only here"
            return StoreError(f"{self.shown} {why}", f"the ledger {why}")
        if name.startswith("SQLITE_CANTOPEN"):
            why = "does its folder exist, and may you write there?"
            return StoreError(f"{self.shown} cannot be opened: {why}", "the ledger cannot be opened")
        if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
            why = "the file is not an SQLite database, or it is damaged"
            return StoreError(f"{self.shown} is no ledger: {why}", "the ledger is damaged")
        if name.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
            why = "the ledger could not be written; nothing was recorded"
            return StoreError(f"{self.shown} could not be written: {problem.orig}; nothing was recorded", why)
        if "Could not decode to UTF-8" in str(problem.orig):  # Python's words, which have no code
            return StoreError(f"{self.shown} holds text that is none: `timeline audit verify` finds what was changed")
        return None

    def _explain_postgresql(self, problem: DBAPIError) -> StoreError | None:
        if waited_in_vain(problem):
            return self._busy()
        code = _state(problem)
        if code in ("25006", "42501"):
            why = "cannot be written: it is read-only here"
            return StoreError(f"{self.shown} {why}, or you lack the right", f"the ledger {why}")
        if code in ("40001", "40P01"):  # a replica gave way to what it has to follow, or two waited for each other
            why = "broke this off in favour of somebody else: try again"
            return StoreError(f"{self.shown} {why}: {problem.orig}", f"the ledger {why}")
        if code.startswith(("08", "53", "57", "58")) or problem.connection_invalidated:
            return self._unreachable(problem.orig)
        return None

    def engine_of(self, connection: Connection) -> str:
        """What the ledger is kept by, with its version: `SQLite 3.40.1`."""
        if self.is_sqlite:
            return f"SQLite {connection.exec_driver_sql('SELECT sqlite_version()').scalar()}"
        return f"PostgreSQL {connection.exec_driver_sql('SHOW server_version').scalar()}"

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()
