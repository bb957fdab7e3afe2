"""Where the log ends now: asked before every answer, so over a connection of its own that does nothing else."""

from __future__ import annotations

from threading import Lock
from typing import Any

import anyio
import anyio.to_thread
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from timeline.errors import StoreError
from timeline.store.database import Database

_QUESTION = "SELECT position, recorded_at FROM log_head WHERE id = 1"

End = tuple[int, int]
"""The position of the last event and when it was recorded: together they tell one state of a ledger from another."""


def end_of(connection: Connection) -> End:
    """Where the log ends in a transaction."""
    return _read(connection.exec_driver_sql(_QUESTION).fetchone())


def _read(row: Any) -> End:
    if row is None:
        raise StoreError("the ledger has lost the end of its log: see `timeline doctor`")
    return int(row[0]), int(row[1])


class Head:
    """The end of the log, as of this moment."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Any = None
        self._lock = Lock()
        self._place = anyio.CapacityLimiter(1)

    async def position(self) -> int:
        """The position of the last event. Raises StoreError when the database cannot be asked."""
        return (await self.end())[0]

    async def end(self) -> End:
        """Where the log ends. Raises StoreError when the database cannot be asked."""
        if self._database.is_sqlite:  # some ten microseconds; a thread would take longer to wake up
            return self._ask()
        # A thread of its own: a server that does not answer keeps no other waiting.
        return await anyio.to_thread.run_sync(self._ask, limiter=self._place)

    def _ask(self) -> End:
        lost = self._database.engine.dialect.loaded_dbapi.Error
        with self._lock:
            try:
                return self._once()
            except StoreError:
                self.close()
                raise
            except (lost, SQLAlchemyError):  # or the server of the database began anew
                self.close()
            try:
                return self._once()
            except StoreError:
                self.close()
                raise
            except (lost, SQLAlchemyError) as problem:
                self.close()
                said = f"{self._database.shown} cannot be asked: {problem}"
                raise StoreError(said, "the ledger cannot be asked") from problem

    def _once(self) -> End:
        if self._connection is None:
            self._connection = self._database.engine.raw_connection()
            if not self._database.is_sqlite:
                self._connection.driver_connection.autocommit = True
        if self._database.same_file is not None:
            self._database.same_file.look_at(self._connection.driver_connection)
        return _read(self._connection.driver_connection.execute(_QUESTION).fetchone())

    def close(self) -> None:
        """Let the connection go; the next question makes another one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
