"""The table of a projection, made from its row type.

Ids of entities become numbers, days are day numbers already, tuples become JSON. Every row says from which position of
the log on it was known, and up to which one; a row of today's knowledge has `known_to` FOREVER. On SQLite the rows lie
clustered for the question that is asked most.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from operator import itemgetter
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Index,
    MetaData,
    Table,
    Text,
    Uuid,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import RowMapping

from events.dates import FOREVER
from events.ids import ENTITY_TYPES, types_named
from projections.all import PROJECTIONS
from projections.rows import Projection, Row, SpanRow
from timeline.entries import as_entry
from timeline.store.bulk import among, driver_of, insert_rows, placeholder

metadata = MetaData()

numbers = Table(
    "numbers",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Text().with_variant(postgresql.TEXT(collation="C"), "postgresql"), nullable=False, unique=True),
)
"""A small number for every id, so that rows and their indexes stay small. Given once, never changed."""

entry_keys = Table(
    "entry_keys",
    metadata,
    Column("projection", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("entry_id", Uuid, primary_key=True),
    sqlite_with_rowid=False,
)
"""Which entries a key was ever folded from."""

TODAY = FOREVER - 1
"""A position that the log never reaches: what is known there is what is known today.

`known_to = FOREVER` says the same, and has SQLite read a whole table in the order of an index that holds `known_to`, of
which it expects to leave most rows out: ten times as long, for it leaves out nearly none.
"""

NOBODY = 0
"""The number that stands for no entity."""


class Numbers:
    """The numbers of ids, read from the ledger as they are needed. One a transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._of: dict[str, int] = {}
        self._ids: dict[int, str] = {}

    def fetch(self, ids: Iterable[str], *, add: bool = False) -> None:
        """Look the ids up together; with `add`, give numbers to those that have none."""
        wanted = [i for i in dict.fromkeys(ids) if i not in self._of]
        self.learn(among(self.connection, "SELECT number, id FROM numbers WHERE id", "text", wanted))
        if missing := [i for i in wanted if i not in self._of] if add else []:
            top = self.connection.exec_driver_sql("SELECT max(number) FROM numbers").scalar() or 0
            rows = list(enumerate(missing, top + 1))
            insert_rows(self.connection, numbers.name, ("number", "id"), rows)
            self.learn(rows)

    def fetch_ids(self, wanted: Iterable[int]) -> None:
        """Look the ids of numbers up together."""
        missing = [n for n in dict.fromkeys(wanted) if n not in self._ids and n != NOBODY]
        self.learn(among(self.connection, "SELECT number, id FROM numbers WHERE number", "bigint", missing))

    def of(self, given: str) -> int:
        """The number of an id; -1, which no row has, for an id without one."""
        if given not in self._of:
            self.fetch([given])
        return self._of.get(given, -1)

    def numbered(self, ids: Iterable[str]) -> dict[str, int]:
        """Those of some ids that have a number, each with it, in the order given; looked up together."""
        wanted = list(ids)
        self.fetch(wanted)
        return {i: self._of[i] for i in wanted if i in self._of}

    def id(self, number: int) -> str | None:
        """The id of a number."""
        if number == NOBODY:
            return None
        if number not in self._ids:
            self.fetch_ids([number])
        return self._ids[number]

    def forget(self, limit: int) -> None:
        """Let go of what was read if it is more than some; it is read again where it is needed."""
        if len(self._of) > limit:
            self._of.clear()
            self._ids.clear()

    def learn(self, found: Iterable[tuple[int, str]]) -> None:
        """Take in numbers, each with its id, that a statement found."""
        ids = dict(found)
        self._ids.update(ids)
        self._of.update(zip(ids.values(), ids, strict=True))


Item = TypeVar("Item")

Place = tuple[Any, ...]
"""Where a row lies: the values of its cluster and its id, as the driver gives them."""

Values = tuple[Any, ...]
"""What a row holds in the order of its fields: ids as text, entries as hexadecimal digits, tuples as JSON."""


def chunks(values: Sequence[Item], size: int = 500) -> Iterable[Sequence[Item]]:
    """The values in parts that fit into one statement."""
    return (values[start : start + size] for start in range(0, len(values), size))


_encode = msgspec.json.Encoder().encode


REPEATED = ("entries", "sources")
"""Columns of JSON that say the same again and again, and nothing about anybody."""


BOUNDS = ("start_min", "start_max", "end_min", "end_max", "entries")
"""The columns that spans are sorted by."""
PERSON = "person"
"""The column of whom a span is about: nearly every row has another, so their names are read along with the rows."""


class _Field(NamedTuple):
    name: str
    sort: Literal["entity", "entry", "days", "flag", "text", "json"]
    decode: Callable[[str], Any] | None


class RowTable:
    """One projection's table, and how rows go in and come out."""

    def __init__(self, projection: Projection, table_metadata: MetaData = metadata) -> None:
        self.projection = projection
        self.row = projection.row
        hints = get_type_hints(projection.row, include_extras=True)
        self.fields = [_field(f.name, hints[f.name]) for f in msgspec.structs.fields(projection.row)]
        cluster = projection.row.cluster
        self.table = Table(
            projection.name,
            table_metadata,
            *(_column(f, primary=f.name in cluster) for f in sorted(self.fields, key=lambda f: _place(f, cluster))),
            Column("id", BigInteger, primary_key=True, autoincrement=False),
            Column("known_from", BigInteger, nullable=False),
            Column("known_to", BigInteger, nullable=False),
            *(Index(f"{projection.name}_{'_'.join(i)}", *i, "known_to") for i in projection.row.indexes),
            sqlite_with_rowid=False,
        )
        self._key = next(f for f in self.fields if f.name == projection.row.key_field)
        self._numbered = [n for n, f in enumerate(self.fields) if f.sort == "entity"]
        self._written = [(n, f.sort == "json") for n, f in enumerate(self.fields) if f.sort in ("json", "entry")]
        self._columns = [*(f.name for f in self.fields), "known_from", "known_to", "id"]
        named = ", ".join(map(_quoted, self._columns))
        self._today = f"SELECT {named} FROM {self.table.name} WHERE known_to = {FOREVER} AND {_quoted(self._key.name)}"
        person = next((n for n, f in enumerate(self.fields) if f.name == PERSON), None)
        self._named = None if person is None else itemgetter(person, -2, -1)
        fields = ", ".join(f"t.{_quoted(f.name)}" for f in self.fields)
        self._spans = f"SELECT {fields} FROM {self.table.name} AS t"
        self._spans_of_people = (
            f"SELECT {fields}, n.id, e.name FROM {self.table.name} AS t LEFT JOIN numbers AS n ON n.number = t.{PERSON}"
            f" LEFT JOIN entities AS e ON e.entity = t.{PERSON} AND "
        )
        self._make = _maker(projection.row)
        bounds = [n for n, f in enumerate(self.fields) if f.name in BOUNDS]
        self.bounds = itemgetter(*bounds) if issubclass(projection.row, SpanRow) else None
        """What spans are sorted by, of the values that `made` takes: to sort what it makes of them takes longer."""
        self._selected = select(*(self.table.c[f.name] for f in self.fields))

    @property
    def key_column(self) -> ColumnElement[Any]:
        """The column that holds the key that a row was folded for."""
        column: ColumnElement[Any] = self.table.c[self._key.name]
        return column

    def key_values(self, keys: Sequence[str], names: Numbers) -> list[Any]:
        """Keys as `key_column` holds them; one that stands in no row may be left out."""
        if self._key.sort == "entity":
            return list(names.numbered(keys).values())
        return list(map(UUID, keys)) if self._key.sort == "entry" else list(keys)

    def values(self, row: Row) -> Values:
        """What a row holds, in the order of its fields; ids stay text."""
        found = list(msgspec.structs.astuple(row))
        for n, is_json in self._written:
            found[n] = _encode(found[n]).decode() if is_json else found[n].hex
        return tuple(found)

    def insert(self, rows: Sequence[Values], names: Numbers, first: int) -> None:
        """Write rows, each with `known_from` and `known_to` behind its values, and numbered from `first` on."""
        places = self._numbered
        names.fetch([i for n in places for row in rows if (i := row[n]) is not None], add=True)
        stored = []
        for number, row in enumerate(rows, first):
            values = [*row, number]
            for n in places:
                values[n] = NOBODY if values[n] is None else names.of(values[n])
            stored.append(tuple(values))
        insert_rows(names.connection, self.table.name, self._columns, stored)

    def standing(self, keys: Sequence[str], names: Numbers) -> list[tuple[Place, Row]]:
        """Today's rows of some keys, each with its place."""
        if self._key.sort == "entity":
            wanted: Sequence[Any] = list(names.numbered(keys).values())
        else:
            wanted = [key.replace("-", "") for key in keys] if self._key.sort == "entry" else keys
        sort: Any = {"entity": "bigint", "entry": "uuid"}.get(self._key.sort, "text")
        found = list(among(names.connection, self._today, sort, wanted))
        places = [self._columns.index(name) for name in self.row.cluster]
        rows = self.made(found, names)
        return [((*(raw[n] for n in places), raw[-1]), row) for raw, row in zip(found, rows, strict=True)]

    def end(self, connection: Connection, places: Sequence[Place], known_to: int) -> None:
        """Note of rows at some places that they are known no more from a position on."""
        mark = placeholder(connection)
        here = " AND ".join(f'"{name}" = {mark}' for name in (*self.row.cluster, "id"))
        statement = f"UPDATE {self.table.name} SET known_to = {mark} WHERE {here}"
        with driver_of(connection) as driver:
            driver.cursor().executemany(statement, [(known_to, *place) for place in places])

    def made(self, found: Sequence[Sequence[Any]], names: Numbers) -> list[Any]:
        """Objects of the row type, from the values of their fields in order, as the database gives them."""
        if not found:
            return []
        names.fetch_ids(self.numbers_in(found))
        columns = [_loaded(f, values, names) for f, values in zip(self.fields, zip(*found, strict=True), strict=False)]
        return list(map(self._make, *columns))

    def numbers_in(self, found: Sequence[Sequence[Any]]) -> set[int]:
        """The numbers of all entities that some rows are about, from the values that `made` takes."""
        return {row[n] for n in self._numbered for row in found}

    def loaded(self, found: Sequence[RowMapping], names: Numbers) -> list[Any]:
        """The rows that a query found, as objects of the row type."""
        return self.made([[m[f.name] for f in self.fields] for m in found], names)

    def read(self, names: Numbers, *conditions: ColumnElement[bool], known: int | None = None) -> list[Any]:
        """The rows that meet the conditions, as known at a position of the log; today's for None."""
        query = self._selected.where(self.known(known), *conditions)
        return self.made(names.connection.execute(query).all(), names)

    def found(
        self,
        connection: Connection,
        *,
        known: int | None = None,
        days: tuple[int, int] | None = None,
        column: str = "",
        values: Sequence[int] = (),
    ) -> list[tuple[Any, ...]]:
        """What `made` takes of the spans that may hold on some of the days; with a column, of some entities in it.

        Those of people come with the id and the name of each. The statement is written by hand, because to put one
        together takes longer than to run it; it is the same for all days, so that the database reads it once.
        """
        mark = placeholder(connection)
        query = f"{self._spans_of_people}{condition_at(known, 'e')}" if self._named else self._spans
        query += f" WHERE {condition_at(known, 't')}"
        if days is not None:
            query += f" AND t.end_max >= {mark} AND t.start_min <= {mark}"
        if column:
            return list(among(connection, f"{query} AND t.{_quoted(column)}", "bigint", values, before=days or ()))
        with driver_of(connection) as driver:
            return list(driver.execute(query, days or ()))

    def named_in(self, found: Sequence[Sequence[Any]]) -> Sequence[tuple[int, str, str | None]]:
        """Number, id and name of the people that come with what was `found`."""
        return list(map(self._named, found)) if self._named else ()

    def known(self, position: int | None) -> ColumnElement[bool]:
        """The condition for rows as known at a position of the log; today's for None."""
        at = TODAY if position is None else position
        return (self.table.c.known_from <= at) & (self.table.c.known_to > at)


def condition_at(position: int | None, table: str = "") -> str:
    """What is true of rows as known at a position of the log, or today, for a statement written by hand."""
    prefix, at = f"{table}." if table else "", TODAY if position is None else position
    return f"{prefix}known_from <= {at:d} AND {prefix}known_to > {at:d}"


def _maker(row: type[Row]) -> Callable[..., Row]:
    """What makes a row of its fields in order: to hand them over by name in a dict takes eight times as long."""
    names = row.__struct_fields__
    made: Callable[..., Row] = eval(
        f"lambda {', '.join(names)}: row({', '.join(f'{n}={n}' for n in names)})", {"row": row}
    )
    return made


def _quoted(column: str) -> str:
    return f'"{column}"'


def _place(field: _Field, cluster: tuple[str, ...]) -> int:
    return cluster.index(field.name) if field.name in cluster else len(cluster)


def _field(name: str, hint: Any) -> _Field:
    if get_origin(hint) in (Union, types.UnionType):
        hint = next(a for a in get_args(hint) if a is not type(None))
    if get_origin(hint) is Annotated:
        if set(types_named(hint)) & set(ENTITY_TYPES):
            return _Field(name, "entity", None)
        hint = get_args(hint)[0]
    if get_origin(hint) is tuple:
        decode = msgspec.json.Decoder(hint).decode
        return _Field(name, "json", lru_cache(maxsize=16_384)(decode) if name in REPEATED else decode)
    if hint is bool:
        return _Field(name, "flag", None)
    if hint is int:
        return _Field(name, "days", None)
    return _Field(name, "entry" if hint is UUID else "text", None)


def _column(field: _Field, *, primary: bool) -> Column[Any]:
    sorts = {"entity": BigInteger, "entry": Uuid, "days": BigInteger, "flag": Boolean, "text": Text, "json": Text}
    nullable = field.sort in ("days", "text") and not primary
    return Column(field.name, sorts[field.sort], primary_key=primary, autoincrement=False, nullable=nullable)


def _loaded(field: _Field, values: Sequence[Any], names: Numbers) -> Iterable[Any]:
    """One column, as the fields of rows have it."""
    if field.sort == "entity":
        return map(names.id, values)
    if field.sort == "entry":
        return map(as_entry, values)
    if field.sort == "flag":
        return map(bool, values)
    return map(field.decode, values) if field.decode else values


TABLES: Mapping[str, RowTable] = {p.name: RowTable(p) for p in PROJECTIONS}


@cache
def table_of(row: type[Row]) -> RowTable:
    """The table that holds rows of a type."""
    return next(t for t in TABLES.values() if t.row is row)


def merges_known(names: Numbers, known: int | None = None) -> dict[str, str]:
    """What each duplicate id is merged into, as known at a position of the log."""
    with driver_of(names.connection) as driver:
        if known is None and driver.execute("SELECT 1 FROM merges LIMIT 1").fetchone() is None:
            return {}  # in most ledgers nobody was ever merged, and everything that is recorded asks
    return {row.duplicate: row.into for row in TABLES["merges"].read(names, known=known)}


def create(connection: Connection, remember: Callable[[str, int], None]) -> None:
    """Make the empty tables; `remember` is told the version of each projection."""
    metadata.create_all(connection, checkfirst=False)
    for projection in PROJECTIONS:
        remember(projection.name, projection.version)
