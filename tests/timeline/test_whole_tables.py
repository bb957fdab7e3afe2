"""A question about everything reads tables from end to end: along an index, row after row would be looked up."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from events.dates import day_of
from events.kinds import build
from projections.memberships import Membership
from projections.posts import Holding
from tests.timeline.builders import org, person
from timeline.ledger import Ledger, new

DAY = day_of("2024-06-01")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.create(str(tmp_path / "whole.db")) as made:
        made.record([new(org("company")), new(person("ada", "Ada"))], by="ada")
        stay = {"kind": "tenure", "person": "ada", "organization": "company", "date": "2020/", "post": "head"}
        made.record([new(build(stay))], by="ada")
        yield made


@pytest.mark.parametrize("known", [None, 2])
def test_whole_tables_are_read_as_they_lie(ledger, tmp_path, known):
    asked: list[str] = []

    @event.listens_for(ledger.database.engine, "checkout")
    def _(connection: Any, record: Any, proxy: Any) -> None:
        connection.set_trace_callback(asked.append)

    with ledger.ask(known) as view:
        view.state(DAY)
        view.rows(Membership)
        view.rows(Holding)
        view.events()

    with closing(sqlite3.connect(tmp_path / "whole.db")) as own:
        plans = [
            step[3]
            for query in asked
            if query.startswith("SELECT")
            for step in own.execute(f"EXPLAIN QUERY PLAN {query}")
        ]
    assert sum(plan.startswith("SCAN t") for plan in plans) >= 4
    assert [plan for plan in plans if plan.startswith("SCAN") and " USING INDEX " in plan] == []
