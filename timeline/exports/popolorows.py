"""The rows that a Popolo document is made of, read in parts by the ids of people and organizations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Text, and_, exists, false, func, literal, or_, select

from projections.entities import Registered
from projections.memberships import Membership
from projections.posts import Holding
from projections.rows import Row, SpanRow
from timeline.errors import UsageError
from timeline.exports.selection import Selection
from timeline.state.tables import chunks, numbers, table_of
from timeline.view import EVER, View

PART = 500

R = TypeVar("R", bound=Row)
S = TypeVar("S", bound=SpanRow)


class Scope:
    """What was selected of the state: by organization with its units, person, certainty, and time."""

    def __init__(self, view: View, wanted: Selection) -> None:
        given = {"--kind": wanted.kinds, "--product": wanted.products, "--limit": wanted.limit}
        if refused := [option for option, value in given.items() if value]:
            raise UsageError(f"popolo holds memberships, not events: leave out {' and '.join(refused)}")
        self.view, self.wanted = view, wanted
        self.units = {u for given in wanted.organizations for u in view.units(given, EVER)}
        self.is_whole = wanted == Selection()

    @property
    def size(self) -> int:
        """How many memberships there are."""
        return sum(
            self.view.row_connection.scalar(
                select(func.count()).select_from(table_of(row).table).where(*self._conditions(row))
            )
            or 0
            for row in (Membership, Holding)
        )

    # -- ids, in parts -----------------------------------------------------------------------------------------------

    def people(self) -> Iterator[list[str]]:
        """The people with a membership that is selected; without conditions, also all others."""
        yield from self._ids("person", self.wanted.people)

    def organizations(self) -> Iterator[list[str]]:
        """The same of organizations; those that were asked for are among them, with their units."""
        yield from self._ids("organization", sorted(self.units))

    def _ids(self, sort: str, asked: Sequence[str]) -> Iterator[list[str]]:
        here = [
            exists().where(table_of(row).table.c[sort] == numbers.c.number, *self._conditions(row))
            for row in (Membership, Holding)
        ]
        if self.is_whole:
            entities = table_of(Registered)
            of_sort = (entities.table.c.entity == numbers.c.number, entities.table.c.type == sort)
            here.append(exists().where(*of_sort, entities.known(self.view.rows_known)))
        condition = or_(*here, self._any_of(numbers.c.number, asked))
        after = ""
        while True:
            # A plain text is compared as the column is sorted, whatever collation the database has for it.
            query = select(numbers.c.id).where(numbers.c.id > literal(after, Text()), condition)
            query = query.order_by(numbers.c.id).limit(PART)
            found = list(self.view.row_connection.scalars(query))
            if not found:
                return
            yield found
            after = found[-1]

    def look_up(self, ids: Sequence[str]) -> None:
        """Read the names of a part together; those of earlier parts are let go."""
        self.view.directory.forget()
        self.view.directory.prefetch(ids)

    # -- rows --------------------------------------------------------------------------------------------------------

    def stays(self, people: Sequence[str]) -> list[Membership]:
        """The selected memberships of some people."""
        return self._of(Membership, "person", people, *self._conditions(Membership))

    def posts(self, *, people: Sequence[str] = (), organizations: Sequence[str] = ()) -> list[Holding]:
        """The selected posts of some people, or at some organizations."""
        of, ids = ("person", people) if people else ("organization", organizations)
        return self._of(Holding, of, ids, *self._conditions(Holding))

    def of_organizations(self, row: type[S], ids: Sequence[str]) -> list[S]:
        """All rows of some organizations, whatever was selected."""
        return self._of(row, "organization", ids)

    def _of(self, row: type[R], column: str, ids: Sequence[str], *conditions: ColumnElement[bool]) -> list[R]:
        here = list(self.view.numbers.numbered(ids).values())
        table = table_of(row).table
        return [r for part in chunks(here) for r in self.view.rows(row, table.c[column].in_(part), *conditions)]

    def _conditions(self, row: type[Membership | Holding]) -> list[ColumnElement[bool]]:
        table, wanted = table_of(row), self.wanted
        columns = table.table.c
        found = [table.known(self.view.rows_known)]
        if (wanted.first, wanted.last) != EVER:
            found.append(and_(columns.end_max >= wanted.first, columns.start_min <= wanted.last))
        if wanted.certainties:
            found.append(columns.claim.in_(wanted.certainties))
        if wanted.organizations:
            found.append(self._any_of(columns.organization, sorted(self.units)))
        if wanted.people:
            found.append(self._any_of(columns.person, wanted.people))
        return found

    def _any_of(self, column: ColumnElement[Any], ids: Sequence[str]) -> ColumnElement[bool]:
        return or_(false(), *(column.in_(part) for part in chunks(list(self.view.numbers.numbered(ids).values()))))


def by(rows: Sequence[S], field: str) -> dict[str, list[S]]:
    """Rows by the value of a field."""
    found: dict[str, list[S]] = {}
    for row in rows:
        found.setdefault(getattr(row, field), []).append(row)
    return found
