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
    Uuid,
    distinct,
    func,
    select,
    type_coerce,
)
from sqlalchemy.types import NullType

from timeline.state.folding import Concern, Settled
from timeline.state.tables import chunks
from timeline.store.bulk import digits, insert_rows

AT_ONCE = 2000
"""Rows that are read together."""

Told = tuple[str, str, int, int | None, int | None, str | None, bytes | None]
"""Key, entry, projections; and of an entry that says one thing for ever its event: position, batch, kind, state."""

_table = Table(
    "spooled_keys",
    MetaData(),
    Column("key", Text),
    Column("entry", Uuid),
    Column("mask", Integer),
    Column("position", BigInteger),
    Column("batch", BigInteger),
    Column("kind", Text),
    Column("state", LargeBinary),
    prefixes=["TEMPORARY"],
)
_columns = [c.name for c in _table.c]


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
        query = select(*(type_coerce(c, NullType()).label(c.name) for c in _table.c)).order_by(_table.c.key)
        queries = [query]
        if some is not None:
            self.connection.exec_driver_sql("CREATE INDEX IF NOT EXISTS spooled_by_key ON spooled_keys (key)")
            queries = [query.where(_table.c.key.in_(part)) for part in chunks(sorted(some))]
        for part in queries:
            rows = self.connection.execute(part.execution_options(yield_per=AT_ONCE))
            for key, of_key in groupby(rows, key=itemgetter(0)):
                wanted = -1 if some is None else some[key]
                yield key, [(key, digits(row[1]), row[2] & wanted, *row[3:]) for row in of_key]
