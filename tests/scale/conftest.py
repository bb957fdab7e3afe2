"""A ledger on a PostgreSQL server and on another one that follows it, for the tests of several servers."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest

from tests.cli.conftest import run
from tests.services import PostgresServer, replicated, wait_for
from tests.timeline.builders import org
from timeline.ledger import Ledger, new

__all__ = ["run"]


class Followed(NamedTuple):
    """A ledger with one organization, meta, and where it is on each of the servers."""

    ledger: Ledger
    here: str
    there: str
    primary: PostgresServer
    standby: PostgresServer

    def catch_up(self) -> None:
        """Wait until the standby shows all that was recorded."""
        wait_for(lambda: self.standby.has_replayed(self.primary), "the standby")

    @contextmanager
    def paused(self) -> Iterator[None]:
        """The standby receives what is recorded, and shows nothing of it until the block ends."""
        self.standby.ask("SELECT pg_wal_replay_pause()")
        wait_for(lambda: self.standby.ask("SELECT pg_get_wal_replay_pause_state() = 'paused'"), "the pause")
        try:
            yield
        finally:
            self.standby.ask("SELECT pg_wal_replay_resume()")


@contextmanager
def following(primary: PostgresServer, standby: PostgresServer) -> Iterator[Followed]:
    """A new ledger that both servers show."""
    name = f"t{uuid.uuid4().hex}"
    primary.ask(f"CREATE DATABASE {name}")
    with Ledger.create(primary.url(name)) as ledger:
        found = Followed(ledger, primary.url(name), standby.url(name), primary, standby)
        ledger.record([new(org("meta"))], by="test")
        found.catch_up()
        yield found


@pytest.fixture(scope="module")
def pair(postgres_server: PostgresServer) -> Iterator[tuple[PostgresServer, PostgresServer]]:
    """A server and its standby, for the tests of one module."""
    with replicated(postgres_server) as servers:
        yield servers


@pytest.fixture
def followed(pair: tuple[PostgresServer, PostgresServer]) -> Iterator[Followed]:
    """A ledger of the test's own, on the servers of the module."""
    with following(*pair) as found:
        yield found
