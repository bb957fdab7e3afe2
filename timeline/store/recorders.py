"""The recorder interfaces of the `eventsourcing` library, on our log.

Its published test cases for recorders run against these classes on SQLite and PostgreSQL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Thread
from time import sleep
from typing import Any
from uuid import UUID

from eventsourcing import persistence as es
from sqlalchemy import Connection, exc, select, update

from timeline.audit.journal import Journal
from timeline.store import log
from timeline.store.bulk import room
from timeline.store.database import Database
from timeline.store.tables import log_head, tracking

Also = Callable[[Connection, log.Batch], None]
"""Work in the transaction that records a batch, after the events are in: checks, projections. Raising undoes all."""

POLL_SECONDS = 0.05


@contextmanager
def _as_eventsourcing_errors() -> Iterator[None]:
    try:
        yield
    except exc.IntegrityError as problem:
        raise es.IntegrityError(str(problem.orig)) from problem
    except exc.OperationalError as problem:
        raise es.OperationalError(str(problem.orig)) from problem
    except exc.ProgrammingError as problem:
        raise es.ProgrammingError(str(problem.orig)) from problem
    except exc.DBAPIError as problem:
        raise es.DatabaseError(str(problem.orig)) from problem


class LogAggregateRecorder(es.AggregateRecorder):
    """Writes and reads the streams of entries."""

    def __init__(self, database: Database, clock: log.Clock = log.system_clock, journal: Journal | None = None) -> None:
        self.database = database
        self.clock = clock
        self.journal = journal

    def insert_events(self, stored_events: Sequence[es.StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Record events as one batch, or none of them.

        Takes `recorded_by`, the name of who records, and `also`, work to be done in the same transaction. Raises
        `eventsourcing.persistence.IntegrityError` when a version exists.
        """
        self.record(stored_events, **kwargs)
        return None

    def record(
        self,
        stored_events: Sequence[es.StoredEvent],
        *,
        recorded_by: str = "",
        also: Also | None = None,
        tracking: es.Tracking | None = None,
    ) -> log.Batch:
        """The same as `insert_events`, for a batch that need not fit into memory; gives the batch."""
        many = len(stored_events)
        with _as_eventsourcing_errors(), self.database.writing() as connection, room(connection, many):
            batch = log.append(
                connection, stored_events, recorded_by=recorded_by, clock=self.clock, journal=self.journal
            )
            if tracking is not None:
                _track(connection, tracking)
            if also is not None:
                also(connection, batch)
            announced = self.journal.ready(batch.first, batch.last) if self.journal else None
        if self.journal and announced:
            self.journal.done(announced)
        return batch

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[es.StoredEvent]:
        """One stream in the order of versions, above `gt` and up to `lte`."""
        entry_id = originator_id if isinstance(originator_id, UUID) else UUID(originator_id)
        with _as_eventsourcing_errors(), self.database.reading() as connection:
            return log.stored_events(connection, entry_id, gt=gt, lte=lte, desc=desc, limit=limit)


class LogApplicationRecorder(LogAggregateRecorder, es.ApplicationRecorder):
    """Adds the log as one sequence, in the order of commits, without gaps."""

    def insert_events(self, stored_events: Sequence[es.StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Record events as one batch and give their positions."""
        batch = self.record(stored_events, **kwargs)
        return list(range(batch.first, batch.last + 1))

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[es.Notification]:
        """At most `limit` events by position, from `start` to `stop` (inclusive), of some kinds if named."""
        with _as_eventsourcing_errors(), self.database.reading() as connection:
            return log.notifications(connection, start, limit, stop, topics, inclusive_of_start=inclusive_of_start)

    def max_notification_id(self) -> int | None:
        """The last position; None in an empty log."""
        with _as_eventsourcing_errors(), self.database.reading() as connection:
            return log.head_position(connection) or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> es.Subscription[es.ApplicationRecorder]:
        """Events recorded after position `gt`, those that exist and then each new one as it is committed."""
        return LogSubscription(self, gt=gt, topics=topics)


class LogTrackingRecorder(es.TrackingRecorder):
    """Remembers how far a follower has read."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def insert_tracking(self, tracking: es.Tracking) -> None:
        """Move a follower's position forward; raises IntegrityError if it is there or beyond."""
        with _as_eventsourcing_errors(), self.database.writing() as connection:
            connection.execute(select(log_head.c.id).with_for_update())
            _track(connection, tracking)

    def max_tracking_id(self, application_name: str) -> int | None:
        """The position a follower has reached; None if it never read."""
        with _as_eventsourcing_errors(), self.database.reading() as connection:
            return connection.scalar(select(tracking.c.position).where(tracking.c.application == application_name))


class LogProcessRecorder(LogTrackingRecorder, LogApplicationRecorder, es.ProcessRecorder):
    """Records events and a follower's position in one transaction."""

    def __init__(self, database: Database, clock: log.Clock = log.system_clock, journal: Journal | None = None) -> None:
        LogAggregateRecorder.__init__(self, database, clock, journal)


def _track(connection: Connection, new: es.Tracking) -> None:
    moved = connection.execute(
        update(tracking)
        .where(tracking.c.application == new.application_name, tracking.c.position < new.notification_id)
        .values(position=new.notification_id)
    )
    if moved.rowcount == 0:  # not there yet, or already beyond: then the insert fails
        connection.execute(tracking.insert().values(application=new.application_name, position=new.notification_id))


class LogSubscription(es.ListenNotifySubscription[LogApplicationRecorder]):
    """Wakes up when the log grows: by LISTEN on PostgreSQL, by polling SQLite's data version or a replica's log."""

    def __init__(self, recorder: LogApplicationRecorder, gt: int | None = None, topics: Sequence[str] = ()) -> None:
        super().__init__(recorder, gt=gt, topics=topics)
        watch = self._poll_sqlite if recorder.database.is_sqlite else self._listen_postgresql
        self._watch_thread = Thread(target=self._watch, args=(watch,), daemon=True)
        self._watch_thread.start()

    def __exit__(self, *args: object, **kwargs: Any) -> None:
        super().__exit__(*args, **kwargs)
        self._watch_thread.join()

    def _watch(self, watch: Callable[[], None]) -> None:
        try:
            watch()
        except BaseException as problem:
            self._thread_error = self._thread_error or problem
            self.stop()

    def _poll_sqlite(self) -> None:
        same_file = self._recorder.database.same_file
        with self._recorder.database.engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            seen = driver.execute("PRAGMA data_version").fetchone()
            self._has_been_notified.set()  # what was committed before we looked
            while not self._has_been_stopped:
                sleep(POLL_SECONDS)
                if same_file is not None:
                    same_file.look(connection)
                now = driver.execute("PRAGMA data_version").fetchone()
                if now != seen:
                    seen = now
                    self._has_been_notified.set()

    def _listen_postgresql(self) -> None:
        with self._recorder.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            driver: Any = connection.connection.driver_connection
            connection.detach()  # it listens from now on, so nobody else may get it from the pool
            if driver.execute("SELECT pg_is_in_recovery()").fetchone()[0]:
                self._poll_replica(driver)
                return
            driver.execute("LISTEN timeline_log")
            ours = driver.execute("SELECT current_schema()").fetchone()[0]
            self._has_been_notified.set()  # what was committed before we listened
            while not self._has_been_stopped:
                for note in driver.notifies(timeout=POLL_SECONDS):
                    if note.payload == ours:  # other ledgers of the database are told on the same channel
                        self._has_been_notified.set()

    def _poll_replica(self, driver: Any) -> None:
        """Look at the end of the log: nobody can LISTEN on a replica. It goes on when the replica is promoted."""
        seen = None
        while not self._has_been_stopped:
            now = driver.execute("SELECT position, recorded_at FROM log_head").fetchone()
            if now != seen:
                seen = now
                self._has_been_notified.set()
            sleep(POLL_SECONDS)
