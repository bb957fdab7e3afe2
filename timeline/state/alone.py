"""One rebuild of a ledger at a time. The lock ends with the process that holds it, however that ends.

On PostgreSQL it is an advisory lock of the session. On SQLite it is SQLite's own lock on an empty file beside the
ledger, because a lock on the ledger itself would stop writers, and a mark in a table would outlive a killed process.
The file says nothing by being there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from timeline.errors import StoreError
from timeline.store.database import Database, waited_in_vain

KEY = f"{0x7469_6D65}, hashtext(current_schema())"
"""The advisory lock: "time" in ASCII, and which ledger of the database."""
A_WHILE = "3s"
"""How long PostgreSQL may take to notice that a rebuild was killed just now."""


@contextmanager
def alone(database: Database, connection: Connection) -> Iterator[None]:
    """Hold the lock for the length of the block. Raises StoreError where another rebuild holds it.

    `connection` is the one that the rebuild works on, so that neither outlives the other.
    """
    path = database.path
    with _on_postgresql(database, connection) if path is None else _beside(database, path.resolve()):
        yield


def keep_away(database: Database, connection: Connection) -> None:
    """Let no rebuild run until the transaction of the connection ends, which is one that writes.

    Raises StoreError where one runs already.
    """
    if (path := database.path) is None:
        if not connection.exec_driver_sql(f"SELECT pg_try_advisory_xact_lock({KEY})").scalar():
            raise _held(database)
        return
    file = path.resolve().with_name(f"{path.name}-rebuild")
    if file.exists():  # whoever wants the lock takes it under the write lock, which is ours
        _locked(database, file).close()


@contextmanager
def _on_postgresql(database: Database, connection: Connection) -> Iterator[None]:
    try:
        with connection.begin():
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{A_WHILE}'")
            connection.exec_driver_sql(f"SELECT pg_advisory_lock({KEY})")
    except DBAPIError as problem:
        if not waited_in_vain(problem):
            raise
        raise _held(database) from problem
    try:
        yield
    finally:
        with suppress(DBAPIError), connection.begin():  # where the session is gone, so is the lock
            connection.exec_driver_sql(f"SELECT pg_advisory_unlock({KEY})")


@contextmanager
def _beside(database: Database, path: Path) -> Iterator[None]:
    file = path.with_name(f"{path.name}-rebuild")
    # The file is opened and removed under the write lock of the ledger, so nobody can lock one that is being removed.
    with database.writing():
        lock = _locked(database, file)
    with closing(lock):
        yield
        with suppress(StoreError, OSError), database.writing():  # one that stays does no harm
            file.unlink(missing_ok=True)


def _locked(database: Database, file: Path) -> sqlite3.Connection:
    lock = None
    try:
        lock = sqlite3.connect(file, timeout=0, isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
        return lock
    except sqlite3.OperationalError as problem:
        if lock is not None:
            lock.close()
        if problem.sqlite_errorname.startswith("SQLITE_BUSY"):
            raise _held(database) from problem
        raise StoreError(f"{file} cannot be written: {problem}") from problem


def _held(database: Database) -> StoreError:
    return StoreError(
        f"{database.shown} is being rebuilt by somebody else; nothing was changed: try again when that has ended"
    )
