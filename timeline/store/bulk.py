"""Many values, many rows: what goes to the database at once, past the work that SQLAlchemy does for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

MANY = 5000
"""Rows that are worth the memory below."""

ROOM = -12288
"""SQLite's cache meanwhile, in KiB, as it wants it."""

AMONG = 5000
"""How many values are looked up together."""

STREAMED = 2000
"""Rows that PostgreSQL sends together."""


@contextmanager
def driver_of(connection: Connection) -> Iterator[Any]:
    """The driver's own connection, in the same transaction; errors are SQLAlchemy's.

    SQLAlchemy's work around a statement takes several times as long as a short statement.
    """
    driver = connection.connection.dbapi_connection
    errors = connection.dialect.loaded_dbapi.Error
    try:
        yield driver
    except errors as problem:
        if lost := connection.dialect.is_disconnect(problem, driver, None):
            connection.invalidate(problem)
        raise DBAPIError.instance(None, None, problem, errors, connection_invalidated=lost) from problem


def placeholder(connection: Connection) -> str:
    """What stands in a statement for a value that is given with it."""
    return "?" if connection.dialect.name == "sqlite" else "%s"


def among(
    connection: Connection,
    query: str,
    sort: Literal["text", "bigint", "uuid"],
    values: Sequence[Any],
    then: str = "",
    before: Sequence[Any] = (),
) -> Iterator[tuple[Any, ...]]:
    """The rows of a query whose last column named is one of some values, entries as 32 hexadecimal digits.

    The values go as one parameter: to write and to read a place for each takes longer than to find the rows. `then`
    is what follows the condition, `before` what the places in the query stand for. What is found is as the driver
    gives it.
    """
    sqlite = connection.dialect.name == "sqlite"
    condition = "IN (SELECT value FROM json_each(?))" if sqlite else f"= ANY(%s::{sort}[])"
    with driver_of(connection) as driver:
        for start in range(0, len(values), AMONG):
            part = list(values[start : start + AMONG])
            given = msgspec.json.encode(part).decode() if sqlite else part
            yield from driver.execute(f"{query} {condition} {then}", (*before, given))


def streamed(connection: Connection, query: str) -> Iterator[tuple[Any, ...]]:
    """The rows of a query, as the driver gives them; few of them are in memory at a time."""
    with driver_of(connection) as driver:
        if connection.dialect.name == "sqlite":
            yield from driver.execute(query)
            return
        with driver.cursor("streamed") as cursor:
            cursor.itersize = STREAMED
            yield from cursor.execute(query)


def insert_rows(connection: Connection, into: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows whose values stand as the database takes them."""
    if not rows:
        return
    named = ", ".join(f'"{column}"' for column in columns)
    with driver_of(connection) as driver:
        if connection.dialect.name == "sqlite":
            places = ", ".join("?" * len(columns))
            driver.executemany(f"INSERT INTO {into} ({named}) VALUES ({places})", rows)
            return
        with driver.cursor() as cursor, cursor.copy(f"COPY {into} ({named}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


@contextmanager
def room(connection: Connection, rows: int) -> Iterator[None]:
    """More of the tables stays in memory while many rows are written, so that no page is written again and again."""
    if connection.dialect.name != "sqlite" or rows < MANY:
        yield
        return
    usual = connection.exec_driver_sql("PRAGMA cache_size").scalar()
    connection.exec_driver_sql(f"PRAGMA cache_size = {ROOM}")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA cache_size = {usual}")


def digits(entry: Any) -> str:
    """32 hexadecimal digits: SQLite gives an entry as this text, PostgreSQL as a UUID."""
    return entry if isinstance(entry, str) else str(entry.hex)
