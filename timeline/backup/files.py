"""The file of a backup: nobody sees it under its name before it is whole, and what is read from one changes nothing.

A backup is an SQLite file with the tables of a ledger. Reading it takes no lock, follows no journal that lies beside
it, and trusts nothing in it: neither its views and triggers nor the length of what it holds.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from timeline.disk import files_of, resolved, sync, writing_to
from timeline.errors import MISMATCH, StoreError, UsageError
from timeline.store.database import Database
from timeline.versions import database_at
from timeline.workshop import workshop

PRIVATE = 0o600
"""The mode of a backup: it holds all that the ledger holds, and the keys that messages are signed with."""
LONGEST = 64 * 1024 * 1024
"""Bytes of a single value. No event is as long; a file that has longer ones was not made by a ledger."""


class Unsound(StoreError):
    """What was copied is not what somebody recorded; nothing was kept of it."""

    exit_status = MISMATCH


class Kept(Database):
    """A backup, to be read. Nothing is written to the file, nor beside it."""

    def __init__(self, path: Path) -> None:
        try:
            if not path.is_file():
                raise StoreError(f"there is no backup at {path}" if not path.exists() else f"{path} is no file")
            path.open("rb").close()
            if beside := _continued(path.resolve()):
                raise StoreError(
                    f"{path} is a ledger in use, for {beside.name} lies beside it: copy it with `timeline backup`"
                )
        except OSError as problem:
            raise StoreError(f"{path} cannot be read: {problem.strerror}") from None
        super().__init__(URL.create("sqlite", database=str(path)))

    def _sqlite(self) -> Engine:
        address = f"file:{quote(str(self.path.resolve() if self.path else ''))}?mode=ro&immutable=1"

        def connect() -> sqlite3.Connection:
            connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA cell_size_check = ON")
            return connection

        engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
        return engine


def to_be_read(address: str) -> Database:
    """A ledger, or a backup, of which not one byte changes then. Raises StoreError if there is neither."""
    database = database_at(address)
    if database.path is None or not _is_backup(database.path):
        return database
    database.close()
    return Kept(database.path)


def _is_backup(path: Path) -> bool:
    """Whether nobody ever opened a file as a ledger, which turns it to write-ahead logging."""
    try:
        with path.open("rb") as file:
            head = file.read(20)
        return head.startswith(b"SQLite format 3\0") and head[18:] == b"\1\1" and _continued(path.resolve()) is None
    except OSError:  # whoever opens it is told why
        return False


class Unfinished(Database):
    """A ledger in a file that has another name for now. Messages are of `shown`."""

    def __init__(self, path: Path, shown: str) -> None:
        self._shown = shown
        super().__init__(URL.create("sqlite", database=str(path)))

    @property
    def shown(self) -> str:
        """How to name the ledger in a message: as what it is to be."""
        return self._shown


class Draft(Unfinished):
    """A ledger that is being filled in a file of nobody's. If anything fails, the file goes, so it keeps no journal."""

    def __init__(self, path: Path, shown: str) -> None:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE))
        super().__init__(path, shown)

    def _sqlite(self) -> Engine:
        engine = create_engine(self.url, poolclass=NullPool)

        @event.listens_for(engine, "connect")
        def _(connection: Any, record: Any) -> None:
            connection.isolation_level = None
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("PRAGMA synchronous = OFF")
            connection.execute("PRAGMA foreign_keys = ON")

        @event.listens_for(engine, "begin")
        def _(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN")

        return engine

    def _explain(self, problem: DBAPIError) -> StoreError | None:
        """Only what concerns this file: others are read meanwhile, and their faults are theirs to explain."""
        name = getattr(problem.orig, "sqlite_errorname", "")
        return super()._explain(problem) if name.startswith(("SQLITE_FULL", "SQLITE_IOERR")) else None


@contextmanager
def draft_of(path: Path) -> Iterator[Path]:
    """A folder to make a file in. Raises StoreError where it cannot be written."""
    with writing_to(path), workshop(path) as folder:
        yield folder


def meant(path: Path) -> Path:
    """The file that a link leads to, whether it is there or not; any other path as it is."""
    try:
        return resolved(path) if path.is_symlink() else path
    except OSError as problem:
        raise StoreError(f"{path} cannot be opened: {problem.strerror}") from None


def check_free(path: Path, *, force: bool = False) -> None:
    """Raises StoreError where a file stands that may not be replaced, UsageError where none can stand."""
    with writing_to(path):
        if path.is_dir():
            raise UsageError(f"{path} is a folder: name a file in it")
        if path.exists() and not path.is_file():
            raise UsageError(f"{path} is no file that could be replaced")
        if path.exists() and not force:
            raise StoreError(f"{path} exists already; nothing was changed")
        if beside := _continued(path):
            raise StoreError(
                f"{beside} was left by a ledger that stood at {path}, and would be taken for a part of what is put "
                "there: move it away; nothing was changed"
            )


def _continued(path: Path) -> Path | None:
    """What lies beside a path and is read by SQLite as the latest state of whatever file has that name."""
    for beside in files_of(path):
        if beside.name.endswith(("-wal", "-journal")) and beside.exists() and beside.stat().st_size:
            return beside
    return None


def place(made: Path, path: Path, *, force: bool = False) -> None:
    """Give a finished file its name, for good: a power cut leaves all of it or nothing.

    Raises StoreError, again, where a file came to stand there meanwhile.
    """
    sync(made)
    check_free(path, force=force)
    if force:
        os.replace(made, path)
    else:
        try:
            os.link(made, path)  # which never replaces
        except FileExistsError:
            raise StoreError(f"{path} exists already; nothing was changed") from None
        except OSError:  # a disk that knows no second name for a file
            os.rename(made, path)
    sync(path.parent)


def copy_as_it_is(database: Database, path: Path) -> None:
    """Copy a ledger on SQLite, of whatever version, while others use it. Raises StoreError if the file exists.

    The copy holds what the ledger holds and nothing that was deleted. It is read through once before it gets its name.
    """
    if not database.is_sqlite:
        raise UsageError("--backup copies a file; on PostgreSQL, make a backup with the version that the ledger is of")
    path = meant(path)
    check_free(path)
    with draft_of(path) as folder:
        made = folder / "copy.db"
        os.close(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE))
        with database.outside() as driver:
            try:
                driver.execute("VACUUM INTO ?", (str(made),))
            except sqlite3.OperationalError as problem:
                raise StoreError(
                    f"{database.shown} cannot be copied to {path}: {problem}; nothing was changed"
                ) from None
        kept = Kept(made)
        with closing(kept), kept.reading() as connection:
            said = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
        if said != "ok":
            raise Unsound(f"{database.shown} is damaged: {said}")
        place(made, path)
