"""Where the log ends now: asked before every answer, so over a connection of its own that does nothing else."""

from __future__ import annotations

from threading import Lock
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool

from timeline.errors import StoreError
from timeline.store.database import Database

_QUESTION = "SELECT position FROM log_head WHERE id = 1"


class Head:
    """The end of the log, as of this moment."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Any = None
        self._lock = Lock()

    async def position(self) -> int:
        """The position of the last event. Raises StoreError when the database cannot be asked."""
        if self._database.is_sqlite:  # some ten microseconds; a thread would take longer to wake up
            return self._ask()
        return await run_in_threadpool(self._ask)

    def _ask(self) -> int:
        lost = self._database.engine.dialect.loaded_dbapi.Error
        with self._lock:
            try:
                return self._once()
            except lost:  # or the server of the database began anew
                self.close()
            try:
                return self._once()
            except (lost, SQLAlchemyError) as problem:
                self.close()
                raise StoreError(f"{self._database.shown} cannot be asked: {problem}") from problem

    def _once(self) -> int:
        if self._connection is None:
            self._connection = self._database.engine.raw_connection()
            if not self._database.is_sqlite:
                self._connection.driver_connection.autocommit = True
        row = self._connection.driver_connection.execute(_QUESTION).fetchone()
        if row is None:
            raise StoreError(f"{self._database.shown} has lost the end of its log: see `timeline doctor`")
        return int(row[0])

    def close(self) -> None:
        """Let the connection go; the next question makes another one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
