"""The keys that a batch touches, by projection: in memory, or for a long batch in a table of the transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Self

from sqlalchemy import Column, Connection, MetaData, Table, Text, func, select
from sqlalchemy.dialects import postgresql, sqlite

from timeline.progress import Progress

KEYS_AT_ONCE = 500


class Touched:
    """The keys of a batch that is short enough to be held in memory."""

    is_long = False

    def __init__(self) -> None:
        self._keys: dict[str, dict[str, None]] = {}

    def add(self, projection: str, key: str) -> None:
        """Remember that a key of a projection is to be folded again."""
        self._keys.setdefault(projection, {})[key] = None

    def parts(self) -> Iterator[Mapping[str, list[str]]]:
        """All keys by projection, in parts to be worked on one after the other."""
        if self._keys:
            yield {projection: list(keys) for projection, keys in self._keys.items()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *problem: object) -> None:
        """Nothing is left to be put away."""


_staged = Table(
    "touched_keys",
    MetaData(),
    Column("key", Text, primary_key=True),
    Column("projection", Text, primary_key=True),
    prefixes=["TEMPORARY"],
    sqlite_with_rowid=False,
)


class StagedTouched(Touched):
    """The keys of a batch of any length, in a temporary table that is gone at the end of the block."""

    is_long = True

    def __init__(self, connection: Connection, tell: Progress) -> None:
        super().__init__()
        self._connection = connection
        self._tell = tell
        self._waiting = 0
        insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        self._insert = insert(_staged).on_conflict_do_nothing()

    def __enter__(self) -> Self:
        _staged.create(self._connection)
        return self

    def __exit__(self, kind: type[BaseException] | None, *problem: object) -> None:
        if kind is None:  # otherwise the transaction is undone, and the table with it
            _staged.drop(self._connection)

    def add(self, projection: str, key: str) -> None:
        """Remember that a key of a projection is to be folded again."""
        before = self._keys.setdefault(projection, {})
        if key not in before:
            before[key] = None
            self._waiting += 1
        if self._waiting >= 10 * KEYS_AT_ONCE:
            self._flush()

    def parts(self) -> Iterator[Mapping[str, list[str]]]:
        """All keys by projection, key by key, so that what concerns one key is read once."""
        self._flush()
        total = self._connection.scalar(select(func.count()).select_from(_staged)) or 0
        done = 0
        after = ""
        while True:
            query = select(_staged.c.key).where(_staged.c.key > after).distinct().order_by(_staged.c.key)
            keys = list(self._connection.scalars(query.limit(KEYS_AT_ONCE)))
            if not keys:
                return
            found: dict[str, list[str]] = {}
            rows = select(_staged).where(_staged.c.key > after, _staged.c.key <= keys[-1]).order_by(_staged.c.key)
            for row in self._connection.execute(rows):
                found.setdefault(row.projection, []).append(row.key)
                done += 1
            yield found
            self._tell("folding", done, total)
            after = keys[-1]

    def _flush(self) -> None:
        rows = [{"projection": p, "key": key} for p, keys in self._keys.items() for key in keys]
        if rows:
            self._connection.execute(self._insert, rows)
        self._keys, self._waiting = {}, 0
