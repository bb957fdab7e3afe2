"""What keys are folded from, until all of a key is together: a temporary table, which no one else sees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    distinct,
    func,
    select,
)

from timeline.state.folding import Concern, Settled
from timeline.store.bulk import among, insert_rows, streamed

Told = tuple[str, str, int, int | None, int | None, str | None, bytes | None]
"""Key, entry, projections; and of an entry that says one thing for ever its event: position, batch, kind, state."""

_table = Table(
    "spooled_keys",
    MetaData(),
    Column("key", Text),
    Column("entry", Text),  # 32 hexadecimal digits
    Column("mask", Integer),
    Column("position", BigInteger),
    Column("batch", BigInteger),
    Column("kind", Text),
    Column("state", LargeBinary),
    prefixes=["TEMPORARY"],
)
_columns = [c.name for c in _table.c]
_READ = f"SELECT {', '.join(_columns)} FROM {_table.name}"


class Spool:
    """The table, on a connection that has no other."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def begin(self) -> None:
        """Make the table."""
        if self.connection.dialect.name == "sqlite":  # what goes from a file without a name needs no zeros in its place
            self.connection.exec_driver_sql("PRAGMA temp.secure_delete = OFF")
        _table.create(self.connection, checkfirst=False)

    def end(self) -> None:
        """Put it away."""
        _table.drop(self.connection, checkfirst=False)

    def put(self, settled: Sequence[Settled], concerns: Sequence[Concern] = ()) -> None:
        """Put down what keys are folded from."""
        insert_rows(self.connection, _table.name, _columns, settled)
        insert_rows(self.connection, _table.name, _columns[:3], concerns)

    def count(self) -> int:
        """How many keys there are."""
        return self.connection.scalar(select(func.count(distinct(_table.c.key)))) or 0

    def read(self, some: Mapping[str, int] | None = None) -> Iterator[tuple[str, list[Told]]]:
        """Each key, all or some of some projections, with what it is folded from."""
        if some is None:
            for key, of_key in groupby(streamed(self.connection, f"{_READ} ORDER BY key"), key=itemgetter(0)):
                yield key, list(of_key)
            return
        self.connection.exec_driver_sql("CREATE INDEX IF NOT EXISTS spooled_by_key ON spooled_keys (key)")
        rows = among(self.connection, f"{_READ} WHERE key", "text", sorted(some), "ORDER BY key")
        for key, of_key in groupby(rows, key=itemgetter(0)):
            yield key, [(*told[:2], told[2] & some[key], *told[3:]) for told in of_key]
