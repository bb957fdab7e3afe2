"""Answers about an organization, its units included."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from events.dates import day_of
from events.kinds import build
from timeline.ledger import Ledger, new


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """A lab that moved from directly under the company to a new division of it, some day in July 2025."""
    with Ledger.create(str(tmp_path / "ledger.db")) as made:
        states = [
            *({"kind": "entity", "id": i, "type": "organization", "name": i} for i in ("company", "division", "lab")),
            {"kind": "entity", "id": "ada", "type": "person", "name": "Ada"},
            {"kind": "founding", "organization": "lab", "parent": "company", "date": "2014"},
            {"kind": "founding", "organization": "division", "parent": "company", "date": "2025-07"},
            {"kind": "move", "organization": "lab", "parent": "division", "date": "2025-07"},
            {"kind": "tenure", "person": "ada", "organization": "lab", "date": "2020/.."},
        ]
        made.record([new(build(s)) for s in states], by="ada")
        yield made


@pytest.mark.parametrize(
    ("organization", "day", "certainty"),
    [
        ("company", "2025-06-30", "certain"),
        ("company", "2025-07-15", "certain"),  # under one or the other, and both are the company's
        ("company", "2025-08-01", "certain"),
        ("division", "2025-06-30", None),
        ("division", "2025-07-15", "possible"),
        ("division", "2025-07-31", "certain"),
        ("lab", "2025-07-15", "certain"),
    ],
)
def test_a_unit_that_moves_within_the_whole_never_leaves_it(ledger, organization, day, certainty):
    """Ada is at the lab all the time, so she is at the company all the time."""
    with ledger.ask() as view:
        found = view.members(organization, day_of(day))

    assert [m.certainty for m in found] == ([certainty] if certainty else [])


def test_throughout_a_move_within_the_whole(ledger):
    with ledger.ask() as view:
        (company,) = view.members("company", (day_of("2025-05-01"), day_of("2025-09-30")), span=True)
        (division,) = view.members("division", (day_of("2025-05-01"), day_of("2025-09-30")), span=True)

    assert (company.sometime, company.throughout) == ("certain", "certain")
    assert (division.sometime, division.throughout) == ("certain", "no")
