"""Whether the name of an SQLite ledger still stands for the file that is open.

Who moves another file to the place of an open one, or removes it, leaves the open connections with a file that nobody
finds again: what they recorded would be acknowledged and lost. So a transaction looks before it begins, and one that
wrote looks once more after its commit, before anybody is told that it was recorded.

Another file is opened only once no connection to the old one is left in this process: both have the same name for
their write-ahead log, which SQLite takes for that of either.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, event

from timeline.errors import StoreError

Identity = tuple[int, int]
"""The disk and the number of a file on it."""


class SameFile:
    """Keeps watch over one path, for all the connections of an engine."""

    def __init__(self, engine: Engine, path: Path) -> None:
        self.engine = engine
        self.path = path.absolute()
        self.shown = str(path)
        self.check: Callable[[Connection], None] | None = None
        """What to make sure of before another file is used under the name."""
        self._opened: Identity | None = None
        self._open = 0
        """How many connections there are to the file, in use or not."""
        self._is_another = False
        self._lost: Identity | None = None
        """A file that is not there any more: connections to it are closed as they are given back."""
        self._counting = threading.RLock()
        event.listen(engine, "do_connect", self._before_opening)
        event.listen(engine, "connect", self._after_opening)
        event.listen(engine, "checkin", self._given_back)
        event.listen(engine, "close", self._closed)
        event.listen(engine, "close_detached", lambda driver: self._closed(driver, None))

    def look(self, connection: Connection) -> None:
        """Raises StoreError, and gives the connections up, where the path names another file than the one open."""
        if self._there() != self._opened:
            self._give_up(connection.connection.driver_connection)
            connection.invalidate()
            raise self._gone()

    def look_at(self, driver: Any) -> None:
        """The same for a connection of the driver, which the caller lets go."""
        if self._there() != self._opened:
            self._give_up(driver)
            raise self._gone()

    def began(self, connection: Connection) -> None:
        """Have another file that is met for the first time checked. To be called inside of a transaction."""
        if self._is_another:
            if self.check is not None:
                self.check(connection)
            self._is_another = False

    def _there(self) -> Identity | None:
        try:
            found = self.path.stat()
        except OSError:  # whoever may not see it is told by SQLite
            return None
        return found.st_dev, found.st_ino

    def _give_up(self, driver: Any) -> None:
        # What stands in the write-ahead log goes into the file it belongs to, wherever that is now, and not into the
        # one that has taken its name.
        with suppress(sqlite3.Error):
            driver.rollback()
            driver.execute("PRAGMA busy_timeout = 0")
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._lost = self._opened
        self.engine.dispose()

    def _gone(self) -> StoreError:
        happened = "was removed" if self._there() is None else "was replaced by another file"
        why = f"{happened} while it was open; nothing was recorded in what is there now"
        return StoreError(f"{self.shown} {why}", f"the ledger {why}")

    def _before_opening(self, dialect: Any, record: Any, args: Any, kwargs: Any) -> None:
        there = self._there()
        if self._opened is not None and there != self._opened:
            if there is None or self._open:
                self._lost = self._opened
                raise self._gone()
            self._is_another = True
        record.info["before"] = there

    def _after_opening(self, driver: Any, record: Any) -> None:
        there = self._there()
        if record.info["before"] not in (None, there):  # it changed while it was being opened
            driver.close()
            raise self._gone()
        with self._counting:
            record.info["file"] = self._opened = there
            self._lost = None
            self._open += 1

    def _given_back(self, driver: Any, record: Any) -> None:
        if driver is not None and self._lost is not None and record.info.get("file") == self._lost:
            record.invalidate()

    def _closed(self, driver: Any, record: Any) -> None:
        with self._counting:
            self._open -= 1
