"""How many statements a question takes: as many for few people as for many."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from events.dates import day_of
from events.kinds import build
from projections.memberships import Membership
from tests.timeline.builders import org, person
from timeline.ledger import Ledger, new
from timeline.naming import Directory
from timeline.state.tables import Numbers, table_of
from timeline.view import View

DAY = day_of("2024-06-01")
PEOPLE = (3, 30)

QUESTIONS: dict[str, Callable[[View], Any]] = {
    "members": lambda view: view.members("company", DAY),
    "members of all": lambda view: view.members(None, DAY),
    "career": lambda view: view.career("person-0"),
    "tree": lambda view: view.tree(DAY, "company"),
    "state": lambda view: view.state(DAY),
}


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    """A company of two labs, of which one was renamed."""
    with Ledger.create(database_url) as made:
        made.record([new(org("company")), new(org("lab")), new(org("other"))], by="ada")
        states: list[dict[str, Any]] = [
            {"kind": "founding", "organization": "lab", "parent": "company", "date": "2014"},
            {"kind": "founding", "organization": "other", "parent": "company", "date": "2014"},
            {"kind": "renaming", "organization": "lab", "name": "New Lab", "date": "2020"},
        ]
        made.record([new(build(s)) for s in states], by="ada")
        yield made


def fill(ledger: Ledger, first: int, last: int) -> None:
    for n in range(first, last):
        here = f"place-{n}"
        states = [
            {"kind": "founding", "organization": here, "parent": "company", "date": "2014"},
            {"kind": "tenure", "person": f"person-{n}", "organization": "lab", "date": "2020/2024-12"},
            {"kind": "tenure", "person": f"person-{n}", "organization": here, "date": "2020/", "post": "head"},
            {"kind": "tenure", "person": "person-0", "organization": here, "date": "2013/.."},
        ]
        named = [new(person(f"person-{n}", f"Person {n}")), new(org(here, f"Place {n}"))]
        ledger.record([*named, *(new(build(s)) for s in states)], by="ada")


def statements(ledger: Ledger, ask: Callable[[View], Any], monkeypatch: pytest.MonkeyPatch) -> int:
    """How many reach the database, by whatever way."""
    seen: list[str] = []

    def executed(cursor: psycopg.Cursor[Any], query: Any, *rest: Any, **more: Any) -> Any:
        seen.append(str(query))
        return execute(cursor, query, *rest, **more)

    execute = psycopg.Cursor.execute
    monkeypatch.setattr(psycopg.Cursor, "execute", executed)
    with ledger.ask() as view:
        driver: Any = view.connection.connection.dbapi_connection
        if ledger.database.is_sqlite:
            driver.set_trace_callback(seen.append)
        ask(view)
        if ledger.database.is_sqlite:
            driver.set_trace_callback(None)
    monkeypatch.undo()
    return len(seen)


def test_more_people_take_no_more_statements(ledger, monkeypatch):
    """Names, numbers and days are looked up together."""
    counts = []
    for before, upto in zip((0, *PEOPLE), PEOPLE, strict=False):
        fill(ledger, before, upto)
        counts.append({name: statements(ledger, ask, monkeypatch) for name, ask in QUESTIONS.items()})

    few, many = counts
    assert all(few.values())
    assert few == many


@pytest.mark.parametrize(("known", "many"), [(None, 4), (4, 0), (12, 1)])
def test_a_statement_by_hand_finds_what_the_conditions_find(ledger, known, many):
    fill(ledger, 0, 4)
    table = table_of(Membership)
    columns = table.table.c
    with ledger.ask() as view:
        numbers = Numbers(view.connection)
        here = numbers.of("lab")
        conditions = (columns.organization == here, columns.end_max >= DAY, columns.start_min <= DAY)
        expected = table.read(numbers, *conditions, known=known)
        found = table.found(view.connection, known=known, days=(DAY, DAY), column="organization", values=[here])
        everywhere = table.found(view.connection, known=known)

        assert sorted(table.made(found, numbers), key=str) == sorted(expected, key=str)
        assert sorted(table.made(everywhere, numbers), key=str) == sorted(table.read(numbers, known=known), key=str)
        assert len(expected) == many


def test_names_that_are_looked_up_together_are_those_that_are_looked_up_alone(ledger):
    """Of a merged id, of one that nobody registered, and of one that has no number at all."""
    fill(ledger, 0, 2)
    ledger.record([new(build({"kind": "merge", "duplicate": "person-1", "into": "person-0"}))], by="ada")
    ids = ["person-0", "person-1", "lab", "nobody", "place-1"]
    with ledger.ask() as view:
        alone = {i: Directory(view.connection).name(i) for i in ids}
        together = Directory(view.connection)
        together.prefetch_names(ids)

        assert {i: together.name(i) for i in ids} == alone
        assert alone["person-1"] == "Person 0"
