"""Cleaning the files of the database of what was erased.

A deleted row leaves its bytes behind: in free room of its page, in the write-ahead log, in the planner's statistics. So
after an erasure the files are written anew. How far that was done is remembered, like the place of a follower of the
log: whoever was interrupted, or could not, leaves it to the next.
"""

from __future__ import annotations

import re
import time
from typing import Any

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from timeline.errors import StoreError
from timeline.state.tables import TABLES
from timeline.store.database import BUSY_SECONDS, Database, waited_in_vain
from timeline.store.tables import events, tracking

FOLLOWER = "scrubbing"
"""Under what `tracking` holds the position of the last erasure whose traces are gone."""

PATIENCE = "300ms"
"""How long readers on PostgreSQL may have to wait for each try to find a moment without them."""

REWRITTEN = ("payloads", "numbers", "entry_keys", *TABLES)
"""The tables that held what can be erased. The leaves of the log never did."""


def pending(connection: Connection) -> int | None:
    """The position of the last erasure if the files may still hold what it erased."""
    last = connection.scalar(select(func.max(events.c.position)).where(events.c.kind == "erasure"))
    done = connection.scalar(select(tracking.c.position).where(tracking.c.application == FOLLOWER))
    return last if last is not None and last > (done or 0) else None


def scrub(database: Database) -> int | None:
    """Write the files anew, so that no byte of an erased entry is left in them; gives up to which position.

    None, and nothing done, where nothing is left to do. It takes as long as the ledger is large, and twice its room.
    On PostgreSQL the server's own log, its write-ahead log, and everything on other disks are not reached. Raises
    StoreError when somebody still reads what was erased, or may not do this; the next call finishes it.
    """
    with database.reading() as connection:
        upto = pending(connection)
    if upto is None:
        return None
    try:
        _rewrite_sqlite(database) if database.is_sqlite else _rewrite_postgresql(database)
        _remember(database, upto)
    except StoreError as problem:
        raise StoreError(
            f"everything is erased, but not yet from the files: {problem}. `timeline doctor` finishes it"
        ) from problem
    return upto


def _remember(database: Database, upto: int) -> None:
    with database.writing() as connection:
        here = tracking.c.application == FOLLOWER
        if not connection.execute(tracking.update().where(here).values(position=upto)).rowcount:
            connection.execute(tracking.insert().values(application=FOLLOWER, position=upto))


def _rewrite_sqlite(database: Database) -> None:
    with database.outside() as driver:
        driver.execute("VACUUM")
        (busy, *_) = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise StoreError(f"{database.shown} has been read by the same transaction for {BUSY_SECONDS:g} s")


def _rewrite_postgresql(database: Database) -> None:
    """VACUUM FULL keeps what somebody may still read, so first all that read before the erasure must have ended."""
    patience = time.monotonic() + BUSY_SECONDS
    _wait_for_readers(database, patience)
    with database.outside() as driver:
        told = _Told()
        driver.add_notice_handler(told)
        for table in REWRITTEN:
            told.run(driver, f"VACUUM (FULL, ANALYZE, VERBOSE) {table}", patience)
        # ANALYZE had put the commonest and the outermost values there; those of before are in its dead rows.
        told.run(driver, "VACUUM (FULL, VERBOSE) pg_catalog.pg_statistic", patience)


def _wait_for_readers(database: Database, patience: float) -> None:
    while True:
        try:
            with database.writing() as connection:
                connection.exec_driver_sql("SELECT FROM log_head WHERE id = 1 FOR UPDATE")
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{PATIENCE}'")
                connection.exec_driver_sql("LOCK TABLE schema_version IN ACCESS EXCLUSIVE MODE")
            return
        except StoreError as problem:
            is_held = isinstance(problem.__cause__, DBAPIError) and waited_in_vain(problem.__cause__)
            if not is_held or time.monotonic() > patience:
                raise
            time.sleep(0.2)


class _Told:
    """What PostgreSQL says of each VACUUM: how many dead rows it had to keep, and whether it did it at all."""

    def __init__(self) -> None:
        self.kept = 0
        self.warnings: list[str] = []

    def __call__(self, notice: Any) -> None:
        """Take in a notice; its detail begins with the number of dead rows that were kept."""
        if notice.severity_nonlocalized == "WARNING":
            self.warnings.append(str(notice.message_primary))
        elif found := re.match(r"\d+", notice.message_detail or ""):
            self.kept += int(found[0])

    def run(self, driver: Any, statement: str, patience: float) -> None:
        """Run a VACUUM until it keeps nothing dead."""
        while True:
            self.kept = 0
            driver.execute(statement)
            if self.warnings:
                raise StoreError(f"{'; '.join(self.warnings)} (it takes the owner of the database)")
            if not self.kept:
                return
            if time.monotonic() > patience:
                raise StoreError("somebody has read the database in one transaction since before the erasure")
            time.sleep(0.2)
