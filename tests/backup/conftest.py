"""Ledgers that have everything in them that a backup has to carry."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.audit.sealed import honest
from tests.cli.conftest import run
from tests.services import PostgresServer
from timeline import tokens, webhooks
from timeline.ledger import Ledger
from timeline.store import tables

__all__ = ["run"]


@pytest.fixture
def ledger(database_url: str, tmp_path: Path) -> Iterator[Ledger]:
    """Events of many sorts, a merge, an erasure, checkpoints, a token, a webhook, a follower."""
    home = tmp_path / "home"
    home.mkdir()
    with honest(database_url, home), Ledger.open(database_url) as ledger:
        with ledger.database.writing() as connection:
            tokens.create(connection, "ada", ["read"])
            webhooks.add(connection, "https://example.org/hook", webhooks.Filters())
            connection.execute(tables.tracking.insert().values(application="feed", position=12))
        yield ledger


@pytest.fixture
def elsewhere(tmp_path: Path, postgres_server: PostgresServer) -> Iterator[Callable[[str], str]]:
    """Gives the address of a place where no ledger is yet, on SQLite or on PostgreSQL."""
    with ExitStack() as databases:

        def address(engine: str) -> str:
            if engine == "sqlite":
                return str(tmp_path / "elsewhere.db")
            return databases.enter_context(postgres_server.database())

        yield address


@pytest.fixture(params=["sqlite", "postgres"])
def target_url(request: pytest.FixtureRequest, elsewhere: Callable[[str], str]) -> str:
    """Where a backup is brought back: the test runs for both databases."""
    return elsewhere(request.param)
