"""`diff`: what the world changed between two days, and what we learned between two states of knowledge."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run


def by_subject(items: list[dict[str, Any]], section: str) -> dict[str, Any]:
    """(sort, before, after) of each subject of a section; a list where there are several."""
    found: dict[str, Any] = {}
    for item in items:
        if item["section"] == section:
            line = (item["sort"], item["before"], item["after"])
            name = item["subject"]["id"]
            found[name] = line if name not in found else [*([found[name]], found[name])[name in found], line]
    return found


@pytest.fixture
def of_meta(run: Run, example_ledger: Path) -> list[dict[str, Any]]:
    """What changed at Meta from the summer of 2024 to the end of 2025."""
    return run("--json", "diff", "2024-06-01", "2025-12-15", "meta", db=example_ledger).items


def test_people_come_go_and_become_less_certain(of_meta: list[dict[str, Any]]):
    """Goyal left, Wang came, and of Touvron nothing was heard in the autumn."""
    people = {i["subject"]["id"]: i for i in of_meta if i["section"] == "people"}

    goyal, wang, touvron = (people[p] for p in ("naman-goyal", "alexandr-wang", "hugo-touvron"))
    assert (goyal["sort"], goyal["before"], goyal["after"]) == ("out", "Meta", "")
    assert (goyal["certainty_before"], goyal["certainty_after"]) == ("certain", None)
    assert (wang["sort"], wang["certainty_before"]) == ("in", None)
    assert wang["after"] == "Meta (chief AI officer); TBD Lab (head)"
    assert (touvron["sort"], touvron["certainty_before"], touvron["certainty_after"]) == (
        "less certain", "certain", "unconfirmed",
    )  # fmt: skip
    assert goyal["sources"] == ["bi-2025-05-26"]
    assert goyal["entries"]


def test_heads_units_products_and_deals_change(of_meta: list[dict[str, Any]]):
    posts, units = by_subject(of_meta, "posts"), by_subject(of_meta, "organizations")
    products, deals = by_subject(of_meta, "products"), by_subject(of_meta, "deals")

    assert posts["fair"] == ("changed", "Joelle Pineau", "Robert Fergus")
    assert posts["genai"] == ("out", "Chris Cox", "")
    assert units["fair"] == ("moved", "part of Meta", "part of Meta Superintelligence Labs")
    assert units["tbd-lab"] == ("in", "", "part of Meta Superintelligence Labs")
    assert units["genai"][0] == "more certain"
    assert products["behemoth"] == ("in", "", "cancelled")
    assert products["avocado"] == ("in", "", "planned for late 2025; delayed, planned for Q1 2026")
    assert {after for _, _, after in deals.values()} == {"announced"}


def test_heads_carry_their_own_certainty(of_meta: list[dict[str, Any]]):
    """FAIR is certain; that Fergus leads it, unconfirmed."""
    (fair,) = (i for i in of_meta if i["section"] == "posts" and i["subject"]["id"] == "fair")

    assert (fair["certainty_before"], fair["certainty_after"]) == ("certain", "unconfirmed")


def test_nothing_differs_between_a_day_and_itself(run: Run, example_ledger: Path):
    ran = run("--format", "table", "diff", "2025-05-15", "2025-05-15", db=example_ledger)

    assert "15 May 2025 → 15 May 2025 · 0 differences" in ran.out
    assert "no difference" in ran.out


def test_backwards_it_is_the_opposite(run: Run, example_ledger: Path, of_meta: list[dict[str, Any]]):
    back = run("--json", "diff", "2025-12-15", "2024-06-01", "meta", db=example_ledger).items
    opposite = {
        "in": "out", "out": "in", "more certain": "less certain", "less certain": "more certain",
        "moved": "moved", "changed": "changed",
    }  # fmt: skip

    def told(items: list[dict[str, Any]]) -> set[tuple[str, ...]]:
        return {(i["section"], i["sort"], i["subject"]["id"], i["before"], i["after"]) for i in items}

    assert told(back) == {(s, opposite[how], who, after, before) for s, how, who, before, after in told(of_meta)}


def test_an_organization_that_was_not_there_yet_came_in(run: Run, example_ledger: Path):
    """FAIR was founded in 2014: in 2010 it was not less certain, it was not."""
    items = run("--json", "diff", "2010", "2024", "FAIR", db=example_ledger).items

    assert by_subject(items, "organizations")["fair"] == ("in", "", "exists")


@pytest.fixture
def moved(run: Run, own_ledger: Path) -> Path:
    """Ann moves from one unit to another for certain; Ben perhaps only later."""
    file = own_ledger.parent / "moved.yaml"
    file.write_text(
        """
entities:
  works: {type: organization, name: The Works}
  north: {type: organization, name: North}
  south: {type: organization, name: South}
  ann: {type: person, name: Ann}
  ben: {type: person, name: Ben}
events:
  n: {founding: {organization: north, parent: works}, date: 2010}
  s: {founding: {organization: south, parent: works}, date: 2010}
  ann-north: {tenure: {person: ann, organization: north}, date: 2011/2020-06}
  ann-south: {tenure: {person: ann, organization: south}, date: 2020-07/..}
  ben-north: {tenure: {person: ben, organization: north}, date: 2011/2021}
""",
        encoding="utf-8",
    )
    assert run("import", str(file), db=own_ledger).status == 0
    return own_ledger


def test_who_went_from_one_unit_to_another_has_moved(run: Run, moved: Path):
    items = run("--json", "diff", "2019", "2021-06", "works", db=moved).items

    assert by_subject(items, "people") == {
        "ann": ("moved", "North", "South"),
        "ben": ("less certain", "North", "North"),
    }


def test_what_is_less_sure_than_the_rest_says_so(run: Run, moved: Path):
    """Cleo is at North for certain, and came to South on some day of the year."""
    for words in (
        ("add", "entity", "--id", "cleo", "--type", "person", "--name", "Cleo"),
        ("add", "tenure", "--person", "cleo", "--organization", "north", "--date", "2015/.."),
        ("add", "tenure", "--person", "cleo", "--organization", "south", "--date", "2020/.."),
    ):
        assert run(*words, db=moved).status == 0

    items = run("--json", "diff", "2012", "2020-06", "works", db=moved).items

    (cleo,) = (i for i in items if i["subject"]["id"] == "cleo")
    assert (cleo["after"], cleo["certainty_after"]) == ("North; possibly South", "certain")


def test_what_we_learned_is_a_difference_between_two_states_of_knowledge(run: Run, moved: Path):
    """Ben's leaving was in 2022 after all: on a day of 2021 he was there for certain. Of Ann nothing changed."""
    before = json.loads(run("--json", "sources", db=moved).out)["position"]
    assert run("correct", "ben-north", "--date", "2011/2022", "--because", "a slip", db=moved).status == 0
    now = json.loads(run("--json", "sources", db=moved).out)["position"]

    ran = run("--json", "diff", "--known", f"@{before}", f"@{now}", "--as-of", "2021-06-01", "works", db=moved)

    assert by_subject(ran.items, "people") == {"ben": ("more certain", "North", "North")}
    envelope = json.loads(ran.out)
    assert (envelope["as_of"], envelope["position"]) == ("2021-06-01", now)
    back = run("--json", "diff", "--known", f"@{now}", f"@{before}", "--as-of", "2021-06-01", db=moved).items
    assert by_subject(back, "people") == {"ben": ("less certain", "North", "North")}


def test_what_we_learned_may_be_asked_of_what_was_published(run: Run, example_ledger: Path):
    """All was recorded at once: as published by June 2025, nothing of the superintelligence lab was learned then."""
    last = json.loads(run("--json", "sources", db=example_ledger).out)["position"]
    words = ("diff", "--known", "@0", f"@{last}", "--as-of", "2025-12-15")
    everything = run("--json", *words, db=example_ledger).items
    published = run("--json", "--reported-by", "2025-06-01", *words, db=example_ledger).items

    assert "msl" in by_subject(everything, "organizations")
    assert "msl" not in by_subject(published, "organizations")
    assert "fair" in by_subject(published, "organizations")


def test_two_days_may_be_compared_as_known_then(run: Run, moved: Path):
    assert run("correct", "ann-south", "--date", "2022/..", "--because", "a slip", db=moved).status == 0
    before = json.loads(run("--json", "sources", db=moved).out)["position"] - 1

    items = run("--json", "--known-at", f"@{before}", "diff", "2019", "2021-06", "works", db=moved).items

    assert by_subject(items, "people")["ann"] == ("moved", "North", "South")


def test_a_table_explains_its_signs(run: Run, example_ledger: Path):
    shown = run("--format", "table", "diff", "2024-06-01", "2025-12-15", "meta", db=example_ledger).out

    assert "- Naman Goyal" in shown
    assert "+ in  - out  > moved  ~ changed  ▲ more certain  ▽ less certain" in shown
    assert "[1] ifanr-2025-12" in shown


def test_words_take_the_place_of_signs_and_marks(run: Run, example_ledger: Path):
    shown = run("--format", "table", "--ascii", "diff", "2024-06-01", "2025-12-15", "meta", db=example_ledger).out

    assert not set("●◐○▲▽") & set(shown)
    assert "out Naman Goyal" in shown
    assert "certain Meta" in shown


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("2024",),
        ("2024", "2025", "meta", "more"),
        ("2024", "2025", "--as-of", "2024"),
        ("2024/2025", "2025"),
        ("--known", "@1", "@2"),
        ("--known", "@1", "@2", "--as-of", "2025", "meta", "fair"),
        ("--known", "@1", "@999", "--as-of", "2025"),
        ("--known", "@1", "@2", "--as-of", "2025", "--known-at", "@5"),
    ],
)
def test_a_comparison_that_cannot_be_made_is_a_usage_error(run: Run, example_ledger: Path, words: tuple[str, ...]):
    assert run("diff", *words, db=example_ledger).status == 2
