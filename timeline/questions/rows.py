"""What is read of one state of the ledger: rows, facts and names, as known at one position of the log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from operator import attrgetter
from typing import Any, TypeVar, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_

from projections import certainty
from projections.facts import Fact, in_force
from projections.rows import Row, SpanRow
from timeline import answers
from timeline.naming import Directory
from timeline.state.projector import versions
from timeline.state.tables import Numbers, RowTable, table_of
from timeline.store import log, nodes

A = TypeVar("A", bound=Row)
S = TypeVar("S", bound=SpanRow)
Days = tuple[int, int]
"""The first and the last day asked about, both inclusive; equal for a question about one day."""

ORDER = {mark: place for place, mark in enumerate(certainty.SUREST_FIRST)}
"""The place of each mark, the surest first."""
_BOUNDS = attrgetter("start_min", "start_max", "end_min", "end_max", "entries")


class Rows:
    """The rows of one state of the ledger."""

    def __init__(
        self,
        connection: Connection,
        known: int | None = None,
        *,
        rows: Connection | None = None,
        facts: Mapping[UUID, Fact] | None = None,
        unsure: frozenset[UUID] = frozenset(),
        reported_day: int | None = None,
    ) -> None:
        """A view of the ledger's own rows; or of `rows` folded from some of its `facts`, `unsure` ones among them.

        Those are what sources say that were out by the end of `reported_day`.
        """
        self.connection = connection
        self.known = known
        self.row_connection = rows or connection
        """Where the rows of the projections are read from."""
        self.rows_known = None if rows else known
        """The position to read those rows as known at."""
        self._facts = facts
        self._unsure = unsure
        self.reported_day = reported_day
        self.numbers = Numbers(self.row_connection)

    @property
    def is_partial(self) -> bool:
        """Whether it holds only what some sources say, folded for this one question."""
        return self._facts is not None

    @cached_property
    def position(self) -> int:
        """The position that the answers are made from."""
        return log.head_position(self.connection) if self.known is None else self.known

    @cached_property
    def root(self) -> str | None:
        """The root of the tree over the log up to the position, in base64; None where events are missing."""
        return nodes.root_text(self.connection, self.position)

    @cached_property
    def directory(self) -> Directory:
        """The names of everything."""
        return Directory(self.row_connection, self.rows_known, self.numbers)

    def ref(self, entity: str) -> answers.Ref:
        """An id with its name."""
        return answers.Ref(entity, self.directory.name(entity))

    def rows(self, row: type[A], *conditions: ColumnElement[bool]) -> list[A]:
        """The rows of a projection, as known here; spans in the order of their bounds, however they are stored."""
        found = self.shown(table_of(row).read(self.numbers, *conditions, known=self.rows_known))
        if issubclass(row, SpanRow):
            found.sort(key=_BOUNDS)
        return cast("list[A]", found)

    def shown(self, found: list[A]) -> list[A]:
        """Those of the rows found that the view shows: here all of them. Everything that is read passes through."""
        return found

    def _during(self, table: RowTable, days: Days) -> ColumnElement[bool]:
        return and_(table.table.c.end_max >= days[0], table.table.c.start_min <= days[1])

    def _spans(self, row: type[S], days: Days | None, column: str = "", ids: Iterable[str] = ()) -> list[S]:
        """Rows that may hold on some of the days, of some entities if a column is given; their names are looked up."""
        table = table_of(row)
        wanted = list(self.numbers.numbered(ids).values())
        found = table.found(self.row_connection, known=self.rows_known, days=days, column=column, values=wanted)
        self.directory.learn(table.named_in(found))
        self.directory.meet(table.numbers_in(found))
        found.sort(key=table.bounds)
        return self.shown(table.made(found, self.numbers))

    def facts(self, entries: Iterable[UUID]) -> dict[UUID, Fact]:
        """The facts in force of some entries; those that are retracted or erased are left out."""
        if self._facts is not None:
            return {e: self._facts[e] for e in dict.fromkeys(entries) if e in self._facts}
        streams = log.streams(self.connection, list(dict.fromkeys(entries)), upto=self.known)
        found = ((e, in_force(e, versions(stream))) for e, stream in streams.items())
        return {e: fact for e, fact in found if fact is not None}


def span_fields(row: SpanRow, mark: certainty.Presence | None) -> dict[str, Any]:
    """What every answer says of the span that it is made from."""
    return {
        "certainty": mark,
        "start": answers.When.start(row),
        "end": answers.When.end(row),
        "confirmed_until": answers.confirmed_until(row.confirmed),
        "disputed": row.disputed,
        "claim": row.claim,
        "sources": row.sources,
        "entries": row.entries,
    }
