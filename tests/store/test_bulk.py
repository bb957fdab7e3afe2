"""Statements that go to the driver past SQLAlchemy: their errors are those of everything else."""

from __future__ import annotations

import socket
from contextlib import closing
from os import dup
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from timeline.errors import StoreError
from timeline.store.bulk import among, insert_rows
from timeline.store.database import Database


def ask(database: Database, *, cut: bool = False) -> list[Any]:
    """A question that goes to the driver, over a line to the server that may be cut before."""
    with database.reading(of_ledger=False) as connection:
        driver: Any = connection.connection.dbapi_connection
        if cut:
            with socket.socket(fileno=dup(driver.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)
        return list(among(connection, "SELECT n FROM (VALUES (1)) AS v (n) WHERE n", "bigint", [1]))


def test_a_connection_that_breaks_within_a_statement_is_given_up(postgres_url):
    """The line to the server is cut; whoever asked is told so, and the next who asks gets another connection."""
    with closing(Database(postgres_url)) as database:
        with pytest.raises(StoreError, match="cannot be reached"):
            ask(database, cut=True)

        assert ask(database) == [(1,)]


def test_an_error_of_the_driver_is_one_of_sqlalchemy(database_url):
    """A row with a key that is taken."""
    with closing(Database(database_url)) as database, database.writing() as connection:
        connection.exec_driver_sql("CREATE TEMPORARY TABLE few (n integer PRIMARY KEY)")
        insert_rows(connection, "few", ["n"], [(1,)])

        with pytest.raises(IntegrityError):
            insert_rows(connection, "few", ["n"], [(1,)])
