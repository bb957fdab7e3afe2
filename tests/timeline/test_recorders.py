"""The recorder test cases that `eventsourcing` publishes, on our recorders, on both databases."""

from __future__ import annotations

import threading

import pytest
from eventsourcing.tests import persistence as published

from timeline.store import tables
from timeline.store.database import Database
from timeline.store.recorders import (
    LogAggregateRecorder,
    LogApplicationRecorder,
    LogProcessRecorder,
    LogTrackingRecorder,
)


class OnSQLite:
    """An empty log in an SQLite file before each published test."""

    fixture = "sqlite_url"

    @pytest.fixture(autouse=True)
    def _log(self, request: pytest.FixtureRequest):
        self.database = Database(request.getfixturevalue(self.fixture))
        with self.database.writing() as connection:
            tables.create(connection)
        yield
        for thread in threading.enumerate():  # some published cases leave theirs running for a moment
            if "(read_continuously)" in thread.name or "(insert_stack)" in thread.name:
                thread.join(timeout=30)
        self.database.close()


class OnPostgreSQL(OnSQLite):
    """An empty log in a PostgreSQL database before each published test."""

    fixture = "postgres_url"


class AggregateRecorder(published.AggregateRecorderTestCase):
    database: Database

    def create_recorder(self):
        return LogAggregateRecorder(self.database)


class ApplicationRecorder(published.ApplicationRecorderTestCase):
    database: Database

    def create_recorder(self):
        return LogApplicationRecorder(self.database)

    def test_insert_subscribe(self):
        self.optional_test_insert_subscribe()


class TrackingRecorder(published.TrackingRecorderTestCase):
    database: Database

    def create_recorder(self):
        return LogTrackingRecorder(self.database)


class ProcessRecorder(published.ProcessRecorderTestCase):
    database: Database

    def create_recorder(self):
        return LogProcessRecorder(self.database)


class NoInterleaving(published.NonInterleavingNotificationIDsBaseCase):
    database: Database

    insert_num = 500

    def create_recorder(self):
        return LogApplicationRecorder(self.database)


class TestAggregateRecorderOnSQLite(OnSQLite, AggregateRecorder):
    pass


class TestAggregateRecorderOnPostgreSQL(OnPostgreSQL, AggregateRecorder):
    pass


class TestApplicationRecorderOnSQLite(OnSQLite, ApplicationRecorder):
    pass


class TestApplicationRecorderOnPostgreSQL(OnPostgreSQL, ApplicationRecorder):
    pass


class TestTrackingRecorderOnSQLite(OnSQLite, TrackingRecorder):
    pass


class TestTrackingRecorderOnPostgreSQL(OnPostgreSQL, TrackingRecorder):
    pass


class TestProcessRecorderOnSQLite(OnSQLite, ProcessRecorder):
    pass


class TestProcessRecorderOnPostgreSQL(OnPostgreSQL, ProcessRecorder):
    pass


class TestNoInterleavingOnSQLite(OnSQLite, NoInterleaving):
    pass


class TestNoInterleavingOnPostgreSQL(OnPostgreSQL, NoInterleaving):
    pass


# Abstract cases that pytest would otherwise collect by their unittest base.
del AggregateRecorder, ApplicationRecorder, TrackingRecorder, ProcessRecorder, NoInterleaving
