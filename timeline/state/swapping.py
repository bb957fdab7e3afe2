"""Fresh tables for projections, beside those that serve, and how they take their places."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Index, MetaData, Uuid, bindparam, delete, insert, inspect, select, text
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.sql.elements import quoted_name

from timeline.state.folding import EntryKey
from timeline.state.staging import Staging
from timeline.state.tables import Numbers, RowTable, chunks
from timeline.store.database import Database
from timeline.store.roles import hand_on
from timeline.store.tables import schema_version

NEW = "__new"

_UPTO = text(
    "SELECT projection, key FROM rebuild_entry_keys WHERE (projection, key) > (:projection, :key)"
    " ORDER BY projection, key LIMIT 1 OFFSET :many"
)
_ADD_KEYS = """
    INSERT INTO entry_keys (projection, key, entry_id)
    SELECT projection, key, entry_id FROM rebuild_entry_keys
    WHERE (projection, key) > (:projection, :key){and_upto} ON CONFLICT DO NOTHING"""
_ADD_KEY = text(
    "INSERT INTO entry_keys (projection, key, entry_id) VALUES (:projection, :key, :entry_id) ON CONFLICT DO NOTHING"
).bindparams(bindparam("entry_id", type_=Uuid()))
_COUNTS = "SELECT projection, count(*) FROM {} GROUP BY projection"
_FORGET_KEYS = text("""
    DELETE FROM entry_keys WHERE projection = :projection AND NOT EXISTS (
        SELECT 1 FROM rebuild_entry_keys AS r
        WHERE r.projection = entry_keys.projection AND r.key = entry_keys.key AND r.entry_id = entry_keys.entry_id)""")


def drop_leftovers(connection: Connection) -> None:
    """Drop the tables that a rebuild left that was killed. No other may run meanwhile."""
    for name in inspect(connection).get_table_names():
        if name.endswith(NEW):
            connection.exec_driver_sql(f'DROP TABLE "{name}"')


class Fresh:
    """The fresh tables of a rebuild. `loaded` tells how far each has been filled from the sorted rows in staging."""

    def __init__(self, database: Database, connection: Connection, staging: Staging) -> None:
        self.database = database
        self.connection = connection
        self.staging = staging
        self.tables = {name: _beside(table) for name, table in staging.tables.items()}
        self.loaded = dict.fromkeys(self.tables, 0)

    def make(self) -> None:
        """Make the empty tables; what a rebuild left that was killed goes."""
        with self.database.writing(self.connection):
            drop_leftovers(self.connection)
            for table in self.tables.values():
                self.connection.execute(CreateTable(table.table))

    def load(self, name: str, upto: int) -> None:
        """Copy rows from staging, from where it stopped last, up to a number of them (inclusive)."""
        ready, into = self.staging.ready[name], self.tables[name].table
        columns = [c.name for c in into.c]
        some = (ready.c.id > self.loaded[name]) & (ready.c.id <= upto)
        query = select(*(ready.c[n] for n in columns)).where(some).order_by(ready.c.id)
        self.connection.execute(insert(into).from_select(columns, query))
        self.loaded[name] = upto

    def index(self, name: str) -> None:
        """Build the indexes, by names that are free."""
        for index in self.tables[name].table.indexes:
            if self.database.is_sqlite:  # it cannot rename an index, so this name stays
                index.name = quoted_name(self._free(_final(index)), quote=None)
            self.connection.execute(CreateIndex(index))

    def forget(self, name: str, keys: Sequence[str], numbers: Numbers) -> None:
        """Take out the rows of some keys."""
        table = self.tables[name]
        for part in chunks(table.key_values(keys, numbers)):
            self.connection.execute(delete(table.table).where(table.key_column.in_(part)))

    def load_entry_keys(self, at_once: int) -> None:
        """Add what `entry_keys` lacks, a part at a time. More than is needed does no harm to the table that serves."""
        after: tuple[str, str] | None = ("", "")
        while after is not None:
            values = {"projection": after[0], "key": after[1]}
            with self.connection.execution_options(writes=False).begin():
                upto = self.connection.execute(_UPTO, values | {"many": at_once}).one_or_none()
            with self.database.writing(self.connection):
                if upto is None:
                    self.connection.execute(text(_ADD_KEYS.format(and_upto="")), values)
                else:
                    bound = text(_ADD_KEYS.format(and_upto=" AND (projection, key) <= (:to_projection, :to_key)"))
                    self.connection.execute(bound, values | {"to_projection": upto[0], "to_key": upto[1]})
            after = None if upto is None else (upto[0], upto[1])

    def add_entry_keys(self, keys: Sequence[EntryKey]) -> None:
        """Add those of some keys that `entry_keys` lacks."""
        if keys:
            values = [{"projection": p, "key": k, "entry_id": UUID(e)} for p, k, e in dict.fromkeys(keys)]
            self.connection.execute(_ADD_KEY, values)

    def swap(self) -> None:
        """Put every fresh table into the place of the old one, and note its version. Needs the write lock."""
        wanted, found = (
            dict(self.connection.exec_driver_sql(_COUNTS.format(t)).tuples().all())
            for t in ("rebuild_entry_keys", "entry_keys")
        )
        for name, fresh in self.tables.items():
            if found.get(name, 0) != wanted.get(name, 0):
                self.connection.execute(_FORGET_KEYS, {"projection": name})
            if not self.database.is_sqlite:
                there = inspect(self.connection).has_table(name)  # one that is new has the rights of its neighbours
                hand_on(self.connection, name if there else "entities", f"{name}{NEW}")
            self.connection.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")
            self.connection.exec_driver_sql(f"ALTER TABLE {name}{NEW} RENAME TO {name}")
            if not self.database.is_sqlite:
                self.connection.exec_driver_sql(f"ALTER INDEX {name}{NEW}_pkey RENAME TO {name}_pkey")
                for index in fresh.table.indexes:
                    self.connection.exec_driver_sql(f"ALTER INDEX {index.name} RENAME TO {_final(index)}")
            self.connection.execute(delete(schema_version).where(schema_version.c.part == name))
            self.connection.execute(insert(schema_version).values(part=name, version=fresh.projection.version))

    def _free(self, name: str) -> str:
        taken = self.connection.exec_driver_sql("SELECT name FROM sqlite_schema WHERE type = 'index'").scalars().all()
        return name if name not in taken else f"{name}_2"


def _beside(table: RowTable) -> RowTable:
    return RowTable(msgspec.structs.replace(table.projection, name=f"{table.projection.name}{NEW}"), MetaData())


def _final(index: Index) -> str:
    return str(index.name).replace(NEW, "")
