"""Answers about an organization, its units included."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

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


@pytest.fixture
def mixed_up(tmp_path: Path) -> Iterator[Ledger]:
    """Bell was a unit of acme; then, some day in 2020, it was the other way round. Lab was bell's until June 2024."""
    with Ledger.create(str(tmp_path / "ledger.db")) as made:
        states: list[dict[str, Any]] = [
            *({"kind": "entity", "id": i, "type": "organization", "name": i} for i in ("acme", "bell", "lab")),
            {"kind": "entity", "id": "ada", "type": "person", "name": "Ada"},
            {"kind": "move", "organization": "bell", "parent": "acme", "date": "2010"},
            {"kind": "move", "organization": "bell", "parent": None, "date": "2020"},
            {"kind": "move", "organization": "acme", "parent": "bell", "date": "2020"},
            {"kind": "move", "organization": "lab", "parent": "bell", "date": "2019-01-01"},
            {"kind": "move", "organization": "lab", "parent": None, "date": "2024-06"},
            {"kind": "arrival", "person": "ada", "organization": "lab", "date": "2021-01-01"},
        ]
        made.record([new(build(s)) for s in states], by="ada")
        yield made


@pytest.mark.parametrize(
    ("day", "ways"),
    [
        ("2019-12-31", ["acme", "acme bell", "acme bell lab"]),
        ("2020-06-15", ["bell", "bell acme", "bell lab"]),
        ("2021-01-01", ["bell", "bell acme", "bell lab"]),
    ],
)
def test_of_two_that_are_possibly_under_each_other_one_begins_the_tree(mixed_up, day, ways):
    """On the days on which it is open who was above whom, neither is left away."""

    def walk(unit, above=()):
        way = (*above, unit.organization.id)
        yield " ".join(way)
        for below in unit.units:
            yield from walk(below, way)

    with mixed_up.ask() as view:
        found = [way for root in view.tree(day_of(day)) for way in walk(root)]

    assert sorted(found) == ways


@pytest.mark.parametrize(
    ("day", "certainty"),
    [
        ("2021-01-01", "certain"),
        ("2022-01-01", "unconfirmed"),
        ("2024-06-01", "possible"),  # lab may not be bell's any more
        ("2024-07-01", None),
    ],
)
def test_who_is_unconfirmed_in_a_unit_is_so_in_the_whole_while_the_unit_is_its(mixed_up, day, certainty):
    """Nothing was heard of Ada since she came. That lab left bell, years later, makes her no likelier before."""
    with mixed_up.ask() as view:
        found = view.members("bell", day_of(day)), view.members("bell", (day_of(day), day_of(day) + 3), span=True)

    assert [[m.certainty for m in members] for members in found] == [[certainty] if certainty else []] * 2


def test_a_way_that_is_only_possible_makes_nobody_likelier(tmp_path):
    """Lab is certainly the company's, and possibly also by way of a division. Ada was not heard of since 2020."""
    states: list[dict[str, Any]] = [
        *({"kind": "entity", "id": i, "type": "organization", "name": i} for i in ("company", "division", "lab")),
        {"kind": "entity", "id": "ada", "type": "person", "name": "Ada"},
        {"kind": "move", "organization": "lab", "parent": "company", "date": "2019"},
        {"kind": "move", "organization": "company", "parent": "division", "date": "2022/"},
        {"kind": "move", "organization": "division", "parent": "lab", "date": "2023"},
        {"kind": "move", "organization": "division", "parent": None, "date": "2023"},
        {"kind": "arrival", "person": "ada", "organization": "lab", "date": "2020-01-01"},
    ]
    with Ledger.create(str(tmp_path / "ledger.db")) as ledger:
        ledger.record([new(build(s)) for s in states], by="ada")
        with ledger.ask() as view:
            found = {o: [m.certainty for m in view.members(o, day_of("2023-06-01"))] for o in ("company", "lab")}

    assert found == {"company": ["unconfirmed"], "lab": ["unconfirmed"]}
