"""Where a rebuild keeps its work until it is whole: temporary tables, which no one else sees and no one has to remove.

What the fold gives is put down as it comes, with ids as text. Then it is sorted as its table will lie, with numbers in
the place of ids, and copied from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    Uuid,
    case,
    distinct,
    func,
    insert,
    literal,
    select,
    text,
    type_coerce,
    union,
)
from sqlalchemy.types import NullType

from events.dates import FOREVER
from timeline.state.folding import Chunk, Concern, EntryKey, Folded, Indexed, Raw, Values
from timeline.state.tables import NOBODY, TABLES, RowTable, chunks, entry_keys, numbers

PAGE = 2000
"""Events read at once, and entries folded at once; a key with more entries is folded alone."""

COLD = "-65536"
"""SQLite's cache while it works, in KiB."""

_EVENTS = """
    SELECT e.position, e.batch, e.entry_id, e.version, e.kind, p.state{more}
    FROM events AS e LEFT JOIN payloads AS p ON p.position = e.position AND (CAST(:as_stored AS boolean) OR NOT EXISTS (
        SELECT 1 FROM events AS x WHERE x.entry_id = e.entry_id AND x.position > e.position AND x.kind = 'erasure'))"""
_PAGE = text(
    _EVENTS.format(
        more=", NOT EXISTS (SELECT 1 FROM events AS n WHERE n.entry_id = e.entry_id AND n.version = 2) AS alone"
    )
    + " WHERE e.position > :after AND e.position <= :upto ORDER BY e.position LIMIT :most"
)
# One parameter for all entries: to write and to read five hundred places takes longer than to find the events.
_STREAMS = {
    "sqlite": text(
        _EVENTS.format(more="")
        + " WHERE e.entry_id IN (SELECT value FROM json_each(:entries)) AND e.position <= :upto"
        + " ORDER BY e.entry_id, e.version"
    ),
    "postgresql": text(
        _EVENTS.format(more="")
        + " WHERE e.entry_id = ANY(CAST(:entries AS uuid[])) AND e.position <= :upto ORDER BY e.entry_id, e.version"
    ),
}


def pages(connection: Connection, upto: int, after: int = 0) -> Iterator[list[tuple[Raw, bool]]]:
    """The log in pages, with each event whether its entry has no other."""
    while after < upto:
        asked = {"after": after, "upto": upto, "most": PAGE, "as_stored": False}
        found = connection.execute(_PAGE, asked).all()
        if not found:  # a log whose end was deleted
            return
        yield [((*row[:2], _hex(row[2]), *row[3:6]), bool(row[6])) for row in found]
        after = found[-1][0]


def streams(
    connection: Connection, entries: Sequence[str], upto: int, *, as_stored: bool = False
) -> dict[str, list[Raw]]:
    """All events of some entries, each in the order of versions; `log.streams` tells what `as_stored` means."""
    found: dict[str, list[Raw]] = {}
    dialect = connection.dialect.name
    for part in chunks(entries, PAGE):
        given = msgspec.json.encode(part).decode() if dialect == "sqlite" else list(part)
        asked = {"entries": given, "upto": upto, "as_stored": as_stored}
        for position, batch, entry_id, *rest in connection.execute(_STREAMS[dialect], asked):
            entry = _hex(entry_id)
            found.setdefault(entry, []).append((position, batch, entry, *rest))
    return found


def _hex(entry: Any) -> str:
    """SQLite gives an entry as the text that it keeps, PostgreSQL as a UUID."""
    return entry if isinstance(entry, str) else str(entry.hex)


class Staging:
    """The temporary tables of one rebuild, on a connection of `Database.keeping`."""

    def __init__(self, connection: Connection, names: Iterable[str]) -> None:
        self.connection = connection
        self.tables: Mapping[str, RowTable] = {name: TABLES[name] for name in names}
        temporary = MetaData()
        self._concerns = Table(
            "rebuild_concerns",
            temporary,
            Column("key", Text, index=True),
            Column("entry", Uuid(as_uuid=False)),
            Column("mask", Integer),
            prefixes=["TEMPORARY"],
        )
        self.entry_keys = Table(
            "rebuild_entry_keys",
            temporary,
            *(Column(c.name, c.type, primary_key=True) for c in entry_keys.c),
            prefixes=["TEMPORARY"],
            sqlite_with_rowid=False,
        )
        self._rows = {name: _as_folded(table, temporary) for name, table in self.tables.items()}
        self.ready = {name: _as_stored(table, temporary) for name, table in self.tables.items()}
        self._temporary = temporary

    def begin(self) -> None:
        """Make the tables."""
        if self.connection.dialect.name == "sqlite":
            self.connection.exec_driver_sql(f"PRAGMA cache_size = {COLD}")
            self.connection.exec_driver_sql(f"PRAGMA temp.cache_size = {COLD}")
        self._temporary.create_all(self.connection, checkfirst=False)

    # -- putting down --------------------------------------------------------------------------------------------------

    def put_index(self, found: Indexed) -> None:
        """Put down what a page of the log gave."""
        self._put(self._concerns, found.concerns)
        for name, rows in found.rows.items():
            self._put(self._rows[name], rows)

    def put_rows(self, found: Folded) -> None:
        """Put down what some keys gave."""
        for name, rows in found.rows.items():
            self._put(self._rows[name], rows)
        keys: list[EntryKey] = list(dict.fromkeys(found.entry_keys))
        if keys and self.connection.dialect.name == "sqlite":
            self.connection.exec_driver_sql("INSERT OR IGNORE INTO rebuild_entry_keys VALUES (?, ?, ?)", keys)
        elif keys:
            columns = [list(column) for column in zip(*keys, strict=True)]
            self.connection.exec_driver_sql(
                "INSERT INTO rebuild_entry_keys SELECT * FROM unnest(%s::text[], %s::text[], %s::uuid[])"
                " ON CONFLICT DO NOTHING",
                tuple(columns),
            )

    def _put(self, table: Table, rows: Sequence[Values | Concern]) -> None:
        if not rows:
            return
        if self.connection.dialect.name == "sqlite":
            places = ", ".join("?" * len(table.c))
            self.connection.exec_driver_sql(f"INSERT INTO {table.name} VALUES ({places})", list(rows))
            return
        driver: Any = self.connection.connection.dbapi_connection  # a detached connection has no other
        with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    # -- taking keys ---------------------------------------------------------------------------------------------------

    def count_keys(self) -> int:
        """How many keys the log concerns."""
        return self.connection.scalar(select(func.count(distinct(self._concerns.c.key)))) or 0

    def chunks(self, upto: int, some: Mapping[str, int] | None = None) -> Iterator[Chunk]:
        """The keys with their entries and the streams of these, up to a position; all, or some of some projections."""
        waiting: list[tuple[str, list[tuple[str, int]]]] = []
        entries: dict[str, None] = {}
        for key, of_key in self._keys(some):
            if waiting and len(entries) + len(of_key) > PAGE:
                yield Chunk(waiting, streams(self.connection, list(entries), upto))
                waiting, entries = [], {}
            waiting.append((key, of_key))
            entries |= {entry: None for entry, _ in of_key}
        if waiting:
            yield Chunk(waiting, streams(self.connection, list(entries), upto))

    def _keys(self, some: Mapping[str, int] | None) -> Iterator[tuple[str, list[tuple[str, int]]]]:
        query = select(self._concerns).order_by(self._concerns.c.key, self._concerns.c.entry)
        queries = [query] if some is None else [query.where(self._concerns.c.key.in_(k)) for k in chunks(sorted(some))]
        for part in queries:
            rows = self.connection.execute(part.execution_options(yield_per=PAGE))
            for key, of_key in groupby(rows, key=lambda row: row[0]):
                masks: dict[str, int] = {}
                wanted = -1 if some is None else some[key]
                for _, entry, mask in of_key:
                    name = entry.replace("-", "")
                    masks[name] = masks.get(name, 0) | (mask & wanted)
                yield key, list(masks.items())

    # -- making ready --------------------------------------------------------------------------------------------------

    def unnumbered(self) -> list[str]:
        """The ids in rows that have no number in the ledger yet."""
        columns = [
            self._rows[name].c[f.name] for name, t in self.tables.items() for f in t.fields if f.sort == "entity"
        ]
        if not columns:
            return []
        ids = union(*(select(c.label("id")).where(c.is_not(None)) for c in columns)).subquery()
        known = select(numbers.c.id).where(numbers.c.id == ids.c.id).exists()
        return sorted(self.connection.scalars(select(ids.c.id).where(~known)))

    def sort(self, name: str) -> int:
        """Add the rows of a projection to `ready`, as its table keeps them and in its order; gives the last number."""
        rows, ready, row_table = self._rows[name], self.ready[name], self.tables[name]
        chosen: list[Any] = []
        source: Any = rows
        for field in row_table.fields:
            column: Any = rows.c[field.name]
            if field.sort == "entity":
                number = numbers.alias(f"n_{field.name}")
                source = source.outerjoin(number, number.c.id == column)
                column = case((column.is_(None), NOBODY), else_=func.coalesce(number.c.number, -1))
            chosen.append(column.label(field.name))
        order = [next(c for c in chosen if c.name == name) for name in row_table.row.cluster]
        chosen += [rows.c.known_from, rows.c.known_to]
        names = [f.name for f in row_table.fields] + ["known_from", "known_to"]
        query = select(*chosen).select_from(source).order_by(*order, rows.c.known_from)
        self.connection.execute(insert(ready).from_select(names, query))
        return self.connection.scalar(select(func.max(ready.c.id))) or 0

    def forget_rows(self) -> None:
        """Forget the rows that were sorted; what is known of keys stays."""
        for table in self._rows.values():
            self.connection.execute(table.delete())

    # -- comparing -----------------------------------------------------------------------------------------------------

    def expected(self, name: str) -> int:
        """How many rows `ready` holds of a projection."""
        return self.connection.scalar(select(func.count()).select_from(self.ready[name])) or 0

    def differing(self, name: str, upto: int, head: int) -> Select[Any]:
        """The rows that stand in a table and not in `ready`, or the other way round, as known at a position.

        `surplus` says how many too many stand; it is negative where some are missing. `head` is the end of the log
        now: what became known between the two is not looked at, and what claims to be known from later is too much.
        The values come as the database holds them, however wrong.
        """
        ready, row_table = self.ready[name], self.tables[name]
        standing = row_table.table
        names = [f.name for f in row_table.fields]
        later = standing.c.known_to.between(upto + 1, head)
        until = case((later, literal(FOREVER)), else_=standing.c.known_to)
        both = (
            select(*(ready.c[n] for n in names), ready.c.known_from, ready.c.known_to, literal(-1).label("surplus"))
            .union_all(
                select(
                    *(standing.c[n] for n in names),
                    standing.c.known_from,
                    until.label("known_to"),
                    literal(1).label("surplus"),
                ).where(~standing.c.known_from.between(upto + 1, head))
            )
            .subquery()
        )
        whole = [both.c[n] for n in (*names, "known_from", "known_to")]
        surplus = func.sum(both.c.surplus)
        raw = [type_coerce(c, NullType()).label(c.name) for c in whole]
        query: Select[Any] = select(*raw, surplus.label("surplus")).group_by(*whole).having(surplus != 0)
        return query.order_by(both.c.known_from, both.c[row_table.row.key_field], surplus)

    def missing_entry_keys(self) -> Select[Any]:
        """What `entry_keys` should hold and does not."""
        there = select(entry_keys.c.key).where(*(entry_keys.c[c.name] == c for c in self.entry_keys.c)).exists()
        return select(self.entry_keys).where(~there).order_by(*self.entry_keys.c)


def _as_folded(table: RowTable, temporary: MetaData) -> Table:
    """Rows as the fold gives them: ids as text, nobody as null."""
    columns = []
    for field in table.fields:
        stored = table.table.c[field.name]
        columns.append(Column(field.name, Text() if field.sort == "entity" else stored.type))
    return Table(
        f"rebuild_{table.projection.name}",
        temporary,
        *columns,
        Column("known_from", BigInteger),
        Column("known_to", BigInteger),
        prefixes=["TEMPORARY"],
    )


def _as_stored(table: RowTable, temporary: MetaData) -> Table:
    """Rows as the projection's own table holds them, numbered in its order."""
    return Table(
        f"rebuild_{table.projection.name}_sorted",
        temporary,
        Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
        *(Column(f.name, table.table.c[f.name].type) for f in table.fields),
        Column("known_from", BigInteger),
        Column("known_to", BigInteger),
        prefixes=["TEMPORARY"],
    )
