"""The questions that the first timeline must answer, asked as a reporter asks them."""

from pathlib import Path

import pytest

from tests.cli.conftest import Run

AUTHORS = {
    "naman-goyal", "baptiste-roziere", "aurelien-rodriguez", "eric-hambro", "timothee-lacroix", "marie-anne-lachaux",
    "thibaut-lavril", "armand-joulin", "gautier-izacard", "edouard-grave", "guillaume-lample", "hugo-touvron",
    "xavier-martinet", "faisal-azhar",
}  # fmt: skip


def test_who_was_at_fair_in_2024(run: Run, example_ledger: Path):
    """Pineau led it and LeCun was there, both for certain and all year."""
    people = run("--json", "who", "FAIR", "--during", "2024", db=example_ledger).items

    assert {p["person"]["id"] for p in people} == {"joelle-pineau", "yann-lecun"}
    assert all(p["sometime"] == p["throughout"] == p["certainty"] == "certain" for p in people)
    assert next(p for p in people if p["person"]["id"] == "joelle-pineau")["post"] == "head"


def test_of_the_fourteen_authors_two_had_possibly_left_by_mid_february_2023(run: Run, example_ledger: Path):
    """Grave left in February and Lample early in 2023; nobody else can have left by then."""
    people = run("--json", "who", "meta", "--as-of", "2023-02-15", db=example_ledger).items

    authors = {p["person"]["id"]: p["certainty"] for p in people if p["person"]["id"] in AUTHORS}
    assert set(authors) == AUTHORS
    assert {a for a, mark in authors.items() if mark == "possible"} == {"edouard-grave", "guillaume-lample"}
    assert sum(mark == "certain" for mark in authors.values()) == 12


@pytest.mark.parametrize(
    ("day", "heads"),
    [
        ("2024-06-01", {"joelle-pineau": "certain"}),
        ("2025-05-15", {"joelle-pineau": "possible", "robert-fergus": "possible"}),
        ("2025-06-15", {"robert-fergus": "unconfirmed"}),
    ],
)
def test_who_headed_fair(run: Run, example_ledger: Path, day: str, heads: dict[str, str]):
    """In May 2025 one followed the other, on a day that no source names."""
    (tree,) = run("--json", "org", "FAIR", "--tree", "--as-of", day, db=example_ledger).items

    assert {h["person"]["id"]: h["certainty"] for h in tree["heads"]} == heads


@pytest.mark.parametrize(("day", "status"), [("2025-05-26", "delayed"), ("2025-12-15", "cancelled")])
def test_what_became_of_behemoth(run: Run, example_ledger: Path, day: str, status: str):
    (state,) = run("--json", "product", "behemoth", "--as-of", day, db=example_ledger).items

    assert (state["status"], state["certainty"]) == (status, "certain")


def test_the_units_of_the_superintelligence_lab(run: Run, example_ledger: Path):
    (tree,) = run("--json", "org", "msl", "--tree", "--as-of", "2025-12-15", db=example_ledger).items

    assert {u["organization"]["id"]: u["certainty"] for u in tree["units"]} == dict.fromkeys(
        ("fair", "tbd-lab", "par", "msl-infra"), "certain"
    )


@pytest.mark.parametrize(("day", "parent"), [("2025-06-01", "meta"), ("2025-12-15", "msl")])
def test_where_fair_belonged(run: Run, example_ledger: Path, day: str, parent: str):
    (fair,) = run("--json", "org", "FAIR", "--as-of", day, db=example_ledger).items

    assert [p["organization"]["id"] for p in fair["parents"] if p["certainty"] == "certain"] == [parent]


@pytest.mark.parametrize(
    ("day", "planned"),
    [
        ("2025-08-15", ("2025-39", "2025-09-01", "2025-12-31")),
        ("2025-12-31", ("2026-33", "2026-01-01", "2026-03-31")),
    ],
)
def test_avocados_planned_date_moved(run: Run, example_ledger: Path, day: str, planned: tuple[str, str, str]):
    states = run("--json", "model", "avocado", "--as-of", day, db=example_ledger).items

    assert [tuple(s["planned"].values()) for s in states] == [planned]


def test_the_joint_venture_of_october_2025(run: Run, example_ledger: Path):
    deals = run("--json", "deals", "--org", "Blue Owl", db=example_ledger).items

    (deal,) = deals
    assert (deal["type"], deal["amount"], deal["currency"]) == ("joint-venture", 27_000_000_000, "USD")
    assert {p["id"] for p in deal["parties"]} == {"meta", "blue-owl-capital"}
    assert deal["start"] == {"edtf": "2025-10", "earliest": "2025-10-01", "latest": "2025-10-31"}


@pytest.mark.parametrize(
    "words",
    [
        ("as-of", "2024-06-01"),
        ("who", "meta", "--during", "2025"),
        ("org", "msl", "--as-of", "2025-12-15"),
        ("product", "avocado"),
        ("deals",),
        ("log", "behemoth"),
        ("search", "llama"),
        ("sources",),
        ("lint",),
    ],
)
def test_postgresql_gives_the_same_answers(
    run: Run, example_ledger: Path, example_on_postgresql: str, words: tuple[str, ...]
):
    """The two databases differ in how they sort and compare; an answer must not."""
    assert run("--json", *words, db=example_on_postgresql).items == run("--json", *words, db=example_ledger).items
