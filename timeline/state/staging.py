"""Where a rebuild keeps its work until it is whole: temporary tables, which no one else sees and no one has to remove.

What the fold gives is put down as it comes, with ids as text. Then it is sorted as its table will lie, with numbers in
the place of ids, and copied from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    TextClause,
    Uuid,
    case,
    func,
    insert,
    literal,
    select,
    text,
    type_coerce,
    union,
)
from sqlalchemy import Row as SqlRow
from sqlalchemy.types import NullType

from events.dates import FOREVER
from timeline.state.folding import Chunk, EntryKey, Folded, Indexed, Raw
from timeline.state.spool import Spool
from timeline.state.tables import NOBODY, TABLES, RowTable, Values, chunks, entry_keys, numbers
from timeline.store.bulk import digits, insert_rows

PAGE = 2000
"""Events read at once, and entries folded at once; a key with more entries is folded alone."""

COLD = "-32768"
"""SQLite's cache while it works, in KiB."""

_EVENTS = """
    SELECT e.position, e.batch, e.entry_id, e.version, e.kind, p.state
    FROM events AS e LEFT JOIN payloads AS p ON p.position = e.position AND (CAST(:as_stored AS boolean) OR NOT EXISTS (
        SELECT 1 FROM events AS x WHERE x.entry_id = e.entry_id AND x.position > e.position AND x.kind = 'erasure'))"""
_SECTION = " WHERE e.position > :after AND e.position <= :upto ORDER BY e.position LIMIT :most"
_PAGE = text(_EVENTS + _SECTION)
_FOLLOWED = """
    INSERT INTO rebuild_followed (entry_id, erased)
    SELECT entry_id, max(CASE WHEN kind = 'erasure' THEN position ELSE 0 END) FROM events WHERE version > 1
    GROUP BY entry_id"""
_ALONE_OR_NOT = text(
    """
    SELECT e.position, e.batch, e.entry_id, e.version, e.kind, p.state, f.entry_id IS NULL
    FROM events AS e LEFT JOIN rebuild_followed AS f ON f.entry_id = e.entry_id
    LEFT JOIN payloads AS p ON p.position = e.position AND COALESCE(f.erased, 0) < e.position"""
    + _SECTION
)
# One parameter for all entries: to write and to read five hundred places takes longer than to find the events.
_STREAMS = {
    "sqlite": text(
        _EVENTS
        + " WHERE e.entry_id IN (SELECT value FROM json_each(:entries)) AND e.position <= :upto"
        + " ORDER BY e.entry_id, e.version"
    ),
    "postgresql": text(
        _EVENTS
        + " WHERE e.entry_id = ANY(CAST(:entries AS uuid[])) AND e.position <= :upto ORDER BY e.entry_id, e.version"
    ),
}


def pages(connection: Connection, upto: int) -> Iterator[list[Raw]]:
    """The log in pages."""
    for found in _pages(connection, _PAGE, upto):
        yield [(*row[:2], digits(row[2]), *row[3:]) for row in found]


def _pages(connection: Connection, query: TextClause, upto: int) -> Iterator[Sequence[SqlRow[Any]]]:
    after = 0
    while after < upto:
        found = connection.execute(query, {"after": after, "upto": upto, "most": PAGE, "as_stored": False}).all()
        if not found:  # a log whose end was deleted
            return
        yield found
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
            entry = digits(entry_id)
            found.setdefault(entry, []).append((position, batch, entry, *rest))
    return found


class Staging:
    """The temporary tables of one rebuild, on a connection of `Database.keeping`."""

    def __init__(self, connection: Connection, names: Iterable[str]) -> None:
        self.connection = connection
        self.tables: Mapping[str, RowTable] = {name: TABLES[name] for name in names}
        temporary = MetaData()
        self._spool = Spool(connection)
        self._followed = Table(
            "rebuild_followed",
            temporary,
            Column("entry_id", Uuid, primary_key=True),
            Column("erased", BigInteger),
            prefixes=["TEMPORARY"],
            sqlite_with_rowid=False,
        )
        """The entries that later events speak of, and where the last erasure of each stands, or 0."""
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
        self._spool.begin()
        self._temporary.create_all(self.connection, checkfirst=False)

    # -- putting down --------------------------------------------------------------------------------------------------

    def put_index(self, found: Indexed) -> None:
        """Put down what a page of the log gave."""
        self._spool.put(found.settled, found.concerns)
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

    def _put(self, table: Table, rows: Sequence[Values]) -> None:
        insert_rows(self.connection, table.name, table.c.keys(), rows)

    # -- taking keys ---------------------------------------------------------------------------------------------------

    def pages(self, upto: int) -> Iterator[list[tuple[Raw, bool]]]:
        """The log in pages, with each event whether its entry has no other."""
        self.connection.exec_driver_sql(_FOLLOWED)
        for found in _pages(self.connection, _ALONE_OR_NOT, upto):
            if isinstance(found[0][2], str):
                yield [(tuple(row[:6]), row[6]) for row in found]
            else:
                yield [((*row[:2], row[2].hex, *row[3:6]), row[6]) for row in found]

    def count_keys(self) -> int:
        """How many keys the log concerns."""
        return self._spool.count()

    def chunks(self, upto: int, some: Mapping[str, int] | None = None) -> Iterator[Chunk]:
        """The keys with their entries and the streams of these, up to a position; all, or some of some projections."""
        chunk, entries, size = Chunk([], {}, []), dict[str, None](), 0
        for key, of_key in self._spool.read(some):
            if size and size + len(of_key) > PAGE:
                chunk.streams.update(streams(self.connection, list(entries), upto))
                yield chunk
                chunk, entries, size = Chunk([], {}, []), {}, 0
            size += len(of_key)
            if all(told[6] is not None for told in of_key):
                chunk.settled.append(of_key)  # type: ignore[arg-type]  # as was just asked
            else:
                masks: dict[str, int] = {}
                for _, entry, mask, *_ in of_key:
                    masks[entry] = masks.get(entry, 0) | mask
                chunk.keys.append((key, list(masks.items())))
                entries |= dict.fromkeys(masks)
        if size:
            chunk.streams.update(streams(self.connection, list(entries), upto))
            yield chunk

    # -- making ready --------------------------------------------------------------------------------------------------

    def number(self) -> None:
        """Give numbers in the ledger to the ids in rows that have none there yet, however many these are."""
        columns = [
            self._rows[name].c[f.name] for name, t in self.tables.items() for f in t.fields if f.sort == "entity"
        ]
        if not columns:
            return
        ids = union(*(select(c.label("id")).where(c.is_not(None)) for c in columns)).subquery()
        known = select(numbers.c.id).where(numbers.c.id == ids.c.id).exists()
        top = select(func.coalesce(func.max(numbers.c.number), 0)).scalar_subquery()
        fresh = select(top + func.row_number().over(order_by=ids.c.id), ids.c.id).where(~known)
        self.connection.execute(insert(numbers).from_select(["number", "id"], fresh))

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
