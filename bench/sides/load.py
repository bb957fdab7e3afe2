"""The rows of the history in the tables of the projections, without a log: for sizes where a rebuild takes too long.

A test holds that they are those of a rebuild, but for the positions from which on they were known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from bench.sides.history import ENDED, History, Row, text_of
from bench.sides.history import FOREVER as NEVER_ENDS
from events.dates import FOREVER, NEVER, day_of
from timeline.state.tables import TABLES
from timeline.store.bulk import insert_rows
from timeline.store.database import Database

ROLE = "Researcher"
FIRST_KNOWN, LATER_KNOWN = 1, 2
"""The positions at which the history became known, and its corrections."""
PART = 50_000
_NOBODY = 0
_FOUNDED = day_of("1990-01-01")


def entry_of(number: int) -> UUID:
    """The entry of a membership: scattered like a random one, and always the same."""
    return UUID(int=(number + 1) * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128)


def load_tables(database: Database, history: History) -> int:
    """Fill the tables that the questions read; gives the position before the corrections."""
    first_person = 1 + len(history.parents)
    with database.writing() as connection:
        _fill(connection, "numbers", ("number", "id"), _numbers(history))
        for name, rows in {
            "entities": _entities(history),
            "organizations": _existing(history),
            "parents": _parents(history),
        }.items():
            _fill(connection, name, *_headed(rows))
        memberships = TABLES["memberships"].table
        for index in memberships.indexes:
            index.drop(connection)
        rows = (
            _membership(row, number, first_person) for number, row in enumerate(chain.from_iterable(history.parts()), 1)
        )
        columns, values = _headed(rows)
        if database.is_sqlite:  # written in its order, or every row would touch another page
            named = ", ".join(f'"{c}"' for c in columns)
            connection.exec_driver_sql(f"CREATE TEMPORARY TABLE unsorted AS SELECT {named} FROM memberships")
            _fill(connection, "unsorted", columns, values)
            order = ", ".join(TABLES["memberships"].row.cluster)
            connection.exec_driver_sql(
                f"INSERT INTO memberships ({named}) SELECT {named} FROM unsorted ORDER BY {order}, id"
            )
            connection.exec_driver_sql("DROP TABLE unsorted")
        else:
            _fill(connection, "memberships", columns, values)
        for index in memberships.indexes:
            index.create(connection)
    return FIRST_KNOWN


def _headed(rows: Iterator[dict[str, Any]]) -> tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]:
    first = next(rows)
    return tuple(first), (tuple(row.values()) for row in chain([first], rows))


def _fill(connection: Connection, name: str, columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> None:
    left = iter(rows)
    while part := list(islice(left, PART)):
        insert_rows(connection, name, columns, part)


def _numbers(history: History) -> Iterator[tuple[int, str]]:
    ids = chain((f"org-{n}" for n in range(len(history.parents))), (f"person-{n}" for n in range(history.people)))
    return enumerate(ids, 1)


def _known(number: int) -> dict[str, int]:
    return {"id": number, "known_from": FIRST_KNOWN, "known_to": FOREVER}


def _entities(history: History) -> Iterator[dict[str, Any]]:
    for number, given in _numbers(history):
        sort, _, of = given.partition("-")
        person = sort == "person"
        name = f"Given Family {of}" if person else f"Organization {of}"
        yield {
            "entity": number,
            "type": "person" if person else "organization",
            "name": name,
            "other_names": "[]",
            "classification": "",
            "identifiers": "[]",
            "links": "[]",
            "folded": f'["{given}","{name.lower()}"]',
            **_known(number),
        }


def _span(entry: UUID) -> dict[str, Any]:
    return {"disputed": False, "claim": "stated", "entries": f'["{entry}"]', "sources": '["the-register"]'}


def _founded(number: int) -> dict[str, Any]:
    bounds = {"end_max": FOREVER, "start_min": _FOUNDED, "start_max": _FOUNDED, "end_min": FOREVER}
    return {**bounds, "start": "1990-01-01", "end": "..", **_span(entry_of(-2 - number))}


def _existing(history: History) -> Iterator[dict[str, Any]]:
    with_units = {parent for parent in history.parents if parent is not None}
    for n in range(len(history.parents)):
        confirmed = {"confirmed": _FOUNDED if n in with_units else NEVER}
        more = {"founders": "[]", "place": _NOBODY, "successors": "[]"}
        yield {"organization": n + 1, **_founded(n), **confirmed, **more, **_known(n)}


def _parents(history: History) -> Iterator[dict[str, Any]]:
    for n, parent in enumerate(history.parents):
        if parent is not None:
            yield {"parent": parent + 1, **_founded(n), "confirmed": NEVER, "organization": n + 1, **_known(n)}


def _membership(row: Row, number: int, first_person: int) -> dict[str, Any]:
    return {
        "organization": row.organization + 1,
        "end_max": _day(row.end_max),
        "start_min": row.start_min,
        "start_max": row.start_max,
        "end_min": _day(row.end_min),
        "start": text_of(row.start_min, row.start_max),
        "end": text_of(row.end_min, row.end_max) if row.ending == ENDED else ("", "", "..")[row.ending],
        "confirmed": NEVER,
        **_span(entry_of(row.membership)),
        "person": first_person + row.person,
        "role": ROLE,
        "id": number,
        "known_from": LATER_KNOWN if row.known_from else FIRST_KNOWN,
        "known_to": FOREVER if row.known_to == NEVER_ENDS else LATER_KNOWN,
    }


def _day(day: int) -> int:
    return FOREVER if day == NEVER_ENDS else day
