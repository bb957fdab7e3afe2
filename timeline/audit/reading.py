"""The log as it stands in the tables, page by page: every column, the stored bytes as they are. Nothing is interpreted.

Events and payloads are read one beside the other, in the order of positions: to look up each payload takes longer.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from sqlalchemy import Connection

PAGE = 1024
"""Events that are read at once: few enough to stay in the cache of the processor."""

_EVENTS = """
    SELECT position, batch, entry_id, version, kind, recorded_at, recorded_by, digest FROM {schema}events
    WHERE position > {after} ORDER BY position"""
_PAYLOADS = "SELECT position, salt, state FROM {schema}payloads WHERE position > {after} ORDER BY position"


class Page(NamedTuple):
    """Some events in the order of their positions, column by column."""

    positions: tuple[int, ...]
    batches: tuple[int, ...]
    entries: tuple[str, ...]
    versions: tuple[int, ...]
    kinds: tuple[str, ...]
    recorded_at: tuple[int, ...]
    recorded_by: tuple[str, ...]
    digests: tuple[bytes, ...]
    salts: Sequence[bytes | None] = ()
    """None where there is no payload; no salts at all where none were asked for."""
    states: Sequence[bytes | None] = ()


Payload = tuple[int, bytes | None, bytes | None]
"""Position, salt and stored bytes."""


def pages(
    connection: Connection, *, after: int = 0, payloads: bool = True, lone: list[int] | None = None
) -> Iterator[Page]:
    """The log from behind a position to its end. Raises what the driver raises where it is damaged.

    The positions of payloads that have no event are added to `lone`.
    """
    is_sqlite = connection.dialect.name == "sqlite"
    beside = _Payloads(connection, after) if payloads else None
    for rows in fetched(connection, _filled(_EVENTS, after, is_sqlite=is_sqlite), "events"):
        columns = list(zip(*rows, strict=True))
        columns[2] = tuple(map(_dashed, columns[2])) if is_sqlite else tuple(map(str, columns[2]))
        yield Page(*columns, *(beside.of(columns[0]) if beside else ()))
    if beside and lone is not None:
        lone += beside.lone()


def _filled(query: str, after: int, *, is_sqlite: bool) -> str:
    return query.format(schema="main." if is_sqlite else "", after=int(after))


def _dashed(entry: object) -> str:
    """SQLite's form of a UUID as it is written elsewhere; anything else as text that is none."""
    if isinstance(entry, str):
        return f"{entry[:8]}-{entry[8:12]}-{entry[12:16]}-{entry[16:20]}-{entry[20:]}"
    return repr(entry)


class _Payloads:
    """The payloads, read side by side with the events; so one that has no event shows, too."""

    def __init__(self, connection: Connection, after: int) -> None:
        query = _filled(_PAYLOADS, after, is_sqlite=connection.dialect.name == "sqlite")
        self._pages = fetched(connection, query, "payloads")
        self._waiting: list[Payload] = []
        self._lone: list[int] = []

    def of(self, positions: Sequence[int]) -> tuple[Sequence[bytes | None], Sequence[bytes | None]]:
        """Salts and stored bytes for the positions that come next; None where there is none."""
        while (not self._waiting or self._waiting[-1][0] < positions[-1]) and (rows := next(self._pages, None)):
            self._waiting += rows
        count = len(positions)
        here = self._waiting[:count]
        if [row[0] for row in here] == list(positions):
            self._waiting = self._waiting[count:]
            _, salts, states = zip(*here, strict=True)
            return salts, states
        there = {row[0]: row for row in self._waiting if row[0] <= positions[-1]}
        self._waiting = [row for row in self._waiting if row[0] > positions[-1]]
        self._lone += sorted(there.keys() - set(positions))
        found = [there.get(position, (0, None, None)) for position in positions]
        return [row[1] for row in found], [row[2] for row in found]

    def lone(self) -> list[int]:
        """The positions of payloads that have no event; to be asked at the end."""
        behind = [row[0] for row in self._waiting]
        return [*self._lone, *behind, *(row[0] for rows in self._pages for row in rows)]


def fetched(connection: Connection, query: str, name: str) -> Iterator[list[Any]]:
    """The rows of a query, a page at a time; `name` tells queries apart that run at once.

    They come from the driver: SQLAlchemy's own rows would take longer than all the rest. Text that is not UTF-8 comes
    with surrogates, which nothing encodes, so that it is found at its place.
    """
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        yield from _fetched_sqlite(driver, query)
        return
    with driver.cursor(name=f"audit_{name}", binary=True) as cursor:
        cursor.execute(query)
        while rows := cursor.fetchmany(PAGE):
            yield rows


def _fetched_sqlite(driver: Any, query: str) -> Iterator[list[Any]]:
    given = 0
    try:
        cursor = driver.execute(query)
        while rows := cursor.fetchmany(PAGE):
            given += len(rows)
            yield rows
        return
    except sqlite3.OperationalError as problem:
        if "decode" not in str(problem):
            raise
    # The page that holds such a text is lost, so the query begins again, slower; all that was given is passed over.
    with any_text(driver):
        cursor = driver.execute(query)
        for _ in range(given):
            cursor.fetchone()
    while True:
        with any_text(driver):
            rows = cursor.fetchmany(PAGE)
        if not rows:
            return
        yield rows


@contextmanager
def any_text(driver: Any) -> Iterator[None]:
    """While SQLite's driver reads here, a text that is not UTF-8 comes with surrogates; otherwise it would raise."""
    before = driver.text_factory
    driver.text_factory = _with_surrogates
    try:
        yield
    finally:
        driver.text_factory = before


def _with_surrogates(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
