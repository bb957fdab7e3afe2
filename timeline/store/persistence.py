"""The persistence module that `eventsourcing` finds by `PERSISTENCE_MODULE=timeline.store.persistence`.

`TIMELINE_DB` in the application's environment says which ledger. Most callers use `timeline.ledger.Ledger`, which hands
its own database to the factory.
"""

from __future__ import annotations

from typing import Any

from eventsourcing import persistence as es

from timeline.audit.journal import Journal
from timeline.store.database import Database
from timeline.store.log import Clock, system_clock
from timeline.store.recorders import (
    LogAggregateRecorder,
    LogApplicationRecorder,
    LogProcessRecorder,
    LogTrackingRecorder,
)


class Factory(es.InfrastructureFactory[es.TrackingRecorder]):
    """Makes the recorders of one ledger."""

    def __init__(
        self,
        env: Any,
        database: Database | None = None,
        clock: Clock = system_clock,
        journal: Journal | None = None,
    ) -> None:
        super().__init__(env)
        self.journal = journal
        self.database = database or Database(self.env.get("TIMELINE_DB") or "timeline.db")
        self.clock = clock

    def aggregate_recorder(self, purpose: str = "events") -> LogAggregateRecorder:
        """A recorder of streams. There is one log, so `purpose` must be "events"."""
        if purpose != "events":
            raise es.ProgrammingError(f"there is no log of {purpose}: entries are short and need no snapshots")
        return LogAggregateRecorder(self.database, self.clock, self.journal)

    def application_recorder(self) -> LogApplicationRecorder:
        """A recorder of the log."""
        return LogApplicationRecorder(self.database, self.clock, self.journal)

    def tracking_recorder(self, tracking_recorder_class: Any = None) -> LogTrackingRecorder:
        """A recorder of followers' positions."""
        return LogTrackingRecorder(self.database)

    def process_recorder(self) -> LogProcessRecorder:
        """A recorder of the log and followers' positions."""
        return LogProcessRecorder(self.database, self.clock, self.journal)

    def close(self) -> None:
        """Give the connections back."""
        if self.journal is not None:
            self.journal.close()
        self.database.close()
