"""Rows of one ledger into the empty tables of another, on whichever database either is, in flat memory.

Values go from driver to driver as they are. What differs between the databases is said in the query: SQLite holds a
UUID as 32 digits, and PostgreSQL reads these, as it reads 0 and 1 for no and yes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Column, Connection, LargeBinary, Table, Text, Uuid, func, select

from timeline.progress import Progress, untold
from timeline.store import tables
from timeline.store.bulk import insert_rows

ROWS_AT_ONCE = 1000
BYTES_AT_ONCE = 8_000_000
"""Whichever is reached first; one row that is longer goes alone."""

MOST = 253_402_300_799_999_999
"""No number is greater: the last microsecond of the year 9999. None is less than 0."""

LOG = tuple(t for t in tables.metadata.sorted_tables if t is not tables.schema_version)
"""The tables of the log. Its version is noted where the tables are made."""
SERVICE = tuple(tables.service.sorted_tables)
"""Those of the service."""

_READS_UUID = "replace(\"{}\"::text, '-', '')"


def copy(source: Connection, target: Connection, chosen: Iterable[Table], progress: Progress = untold) -> None:
    """Copy all rows of some tables, in the order of their keys; the transaction of `source` says as of when."""
    for table in chosen:
        of = source.scalar(select(func.count()).select_from(table)) or 0
        done = 0
        for rows in _parts(_read(source, table)):
            insert_rows(target, table.name, [column.name for column in table.columns], rows)
            done += len(rows)
            progress("copying", done, of)


def misfits(connection: Connection, table: Table) -> bool:
    """Whether a table on SQLite, which keeps whatever it is given, holds what its columns never say."""
    strange = " OR ".join(_strange(column) for column in table.columns)
    return connection.exec_driver_sql(f"SELECT 1 FROM {table.name} WHERE {strange} LIMIT 1").first() is not None


def _strange(column: Column[Any]) -> str:
    name = f'"{column.name}"'
    is_text, is_bytes = isinstance(column.type, Text | Uuid), isinstance(column.type, LargeBinary)
    sort = "text" if is_text else "blob" if is_bytes else "integer"
    other = f"typeof({name}) NOT IN ('{sort}'" + (", 'null')" if column.nullable else ")")
    return other if sort != "integer" else f"{other} OR {name} NOT BETWEEN 0 AND {MOST}"


def _read(connection: Connection, table: Table) -> Iterator[Sequence[Any]]:
    is_sqlite = connection.dialect.name == "sqlite"
    columns = ", ".join(_read_column(column, is_sqlite=is_sqlite) for column in table.columns)
    order = ", ".join(f'"{column.name}"' for column in table.primary_key)
    query = f"SELECT {columns} FROM {table.name} ORDER BY {order}"
    with connection.exec_driver_sql(query, execution_options={"yield_per": ROWS_AT_ONCE}) as rows:
        yield from rows


def _read_column(column: Column[Any], *, is_sqlite: bool) -> str:
    return f'"{column.name}"' if is_sqlite or not isinstance(column.type, Uuid) else _READS_UUID.format(column.name)


def _parts(rows: Iterable[Sequence[Any]]) -> Iterator[list[tuple[Any, ...]]]:
    part: list[tuple[Any, ...]] = []
    size = 0
    for row in rows:
        part.append(tuple(row))
        size += sum(len(value) for value in row if isinstance(value, bytes | str))
        if len(part) == ROWS_AT_ONCE or size >= BYTES_AT_ONCE:
            yield part
            part, size = [], 0
    if part:
        yield part
