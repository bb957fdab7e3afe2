"""`--reported-by`: only what the public could know by a date, combined with the other two clocks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run

NEWS = """
sources:
  post: {title: The Post, issued: 2024-03-05}
  times: {title: The Times, issued: 2024-06}
  leaflet: {title: A leaflet that nobody dated}
entities:
  acme: {type: organization, name: Acme}
  lab: {type: organization, name: Lab}
  ada: {type: person, name: Ada}
  bob: {type: person, name: Bob}
  cy: {type: person, name: Cy}
  dee: {type: person, name: Dee}
  eve: {type: person, name: Eve}
events:
  ada-joins: {arrival: {person: ada, organization: acme}, date: 2020-01, sources: [post §1]}
  ada-there: {sighting: {person: ada, organization: acme, present: yes}, date: 2024-06-01, sources: [times §1]}
  bob-there: {tenure: {person: bob, organization: acme}, date: 2019/.., sources: [times §2]}
  cy-there: {tenure: {person: cy, organization: acme}, date: 2019/.., sources: [leaflet]}
  dee-there: {tenure: {person: dee, organization: acme}, date: 2019/..}
  eve-there: {tenure: {person: eve, organization: acme}, date: 2019/.., sources: [post §2]}
  eve-leaves: {departure: {person: eve, organization: acme}, date: 2023-12, sources: [times §3]}
  lab-moves: {move: {organization: lab, parent: acme}, date: 2021, sources: [times §4]}
  ada-denied: {dispute: {by: acme, stance: denied, sources: [times §5]}, about: ada-joins}
"""


@pytest.fixture
def news(run: Run, tmp_path: Path) -> Path:
    """The Post of 5 March 2024 and The Times of some day in June tell of five people."""
    path, file = tmp_path / "news.db", tmp_path / "news.yaml"
    file.write_text(NEWS, encoding="utf-8")
    assert run("init", db=path).status == 0
    assert run("import", str(file), db=path).status == 0
    return path


@pytest.fixture
def people(run: Run, news: Path) -> Any:
    """Who was at Acme, with marks, as reported by a day."""

    def call(reported_by: str, *words: str) -> dict[str, str]:
        asked = ("--json", "--reported-by", reported_by, "who", "acme", *(words or ("--as-of", "2024-01-15")))
        return {m["person"]["id"]: m["certainty"] for m in run(*asked, db=news).items}

    return call


def test_a_fact_counts_only_once_a_source_was_issued(people: Any):
    """The day before The Post, the day of it, and when The Times was surely out."""
    assert people("2024-03-04") == {"cy": "possible"}
    assert people("2024-03-05") == {"ada": "unconfirmed", "eve": "certain", "cy": "possible"}
    assert people("2024-06-30") == {"ada": "certain", "bob": "certain", "cy": "possible"}


def test_an_uncertain_date_of_issue_makes_it_possible(people: Any):
    """In the middle of June The Times may have been out: then Bob is known, and that Eve had left. Ada
    was known before; whether anybody had confirmed her since, is open.
    """
    assert people("2024-06-15") == {"ada": "unconfirmed", "bob": "possible", "cy": "possible", "eve": "possible"}


def test_what_was_seen_later_is_not_yet_seen(people: Any):
    """Who asks in May about June hears nothing of the sighting of 1 June."""
    assert people("2024-05-31", "--as-of", "2024-06-01")["ada"] == "unconfirmed"
    assert people("2024-06-30", "--as-of", "2024-06-01")["ada"] == "certain"


def test_what_no_source_tells_was_never_published(people: Any, run: Run, news: Path):
    """Dee stands in the ledger without a source."""
    assert "dee" in {m["person"]["id"] for m in run("--json", "who", "acme", "--as-of", "2024", db=news).items}
    assert "dee" not in people("2100")
    assert people("2100")["cy"] == "possible"  # nobody knows when the leaflet came out


def test_an_earlier_source_makes_it_known_earlier(people: Any, run: Run, news: Path):
    """The Times told of Bob; it turns out that The Post had him already."""
    words = ("corroborate", "bob-there", "--source", "post §9", "--because", "found on page nine")
    assert run(*words, db=news).status == 0

    assert people("2024-03-05")["bob"] == "certain"
    (bob,) = run("--json", "--reported-by", "2024-03-05", "person", "bob", db=news).items
    assert bob["sources"] == ["post"]
    assert "bob" not in people("2024-03-04")


@pytest.mark.parametrize(("day", "disputed"), [("2024-05-31", False), ("2024-06-30", True)])
def test_a_dispute_is_known_once_its_source_is_out(run: Run, news: Path, day: str, disputed: bool):
    """The Post told that Ada joined; only The Times has the denial."""
    (ada,) = run("--json", "--reported-by", day, "person", "ada", db=news).items
    (why,) = run("--json", "--reported-by", day, "why", "ada-joins", db=news).items

    assert ada["disputed"] is disputed
    assert bool(why["disputes"]) is disputed


def test_it_holds_for_a_span(people: Any):
    assert people("2024-03-05", "--during", "2023") == {"ada": "unconfirmed", "eve": "certain", "cy": "possible"}
    assert people("2024-06-30", "--during", "2024-02/2024-03") == {"ada": "certain", "bob": "certain", "cy": "possible"}


def test_it_holds_for_what_was_known_then(people: Any, run: Run, news: Path):
    """As known before the correction, The Post already had the leaving; by then The Post itself was out or not."""
    words = ("correct", "eve-leaves", "--source", "post §3", "--because", "The Post had it first")
    assert run(*words, db=news).status == 0

    assert "eve" not in people("2024-03-05")
    assert people("2024-03-05", "--as-of", "2024-01-15", "--known-at", "@19")["eve"] == "certain"
    assert people("2024-03-04", "--as-of", "2024-01-15", "--known-at", "@19") == {"cy": "possible"}


def test_the_tree_follows_what_was_published(run: Run, news: Path):
    """That the lab came under Acme stands in The Times alone."""

    def units(day: str) -> dict[str, str]:
        (tree,) = run("--json", "--reported-by", day, "org", "acme", "--tree", "--as-of", "2024", db=news).items
        return {u["organization"]["id"]: u["certainty"] for u in tree["units"]}

    assert units("2024-05-31") == {}
    assert units("2024-06-15") == {"lab": "possible"}
    assert units("2024-06-30") == {"lab": "certain"}


def test_events_and_sources_are_those_that_were_out(run: Run, news: Path):
    def asked(day: str, *words: str) -> list[dict[str, Any]]:
        return run("--json", "--reported-by", day, *words, db=news).items

    assert {e["id"] for e in asked("2024-03-05", "log", "acme")} == {"ada-joins", "eve-there", "cy-there"}
    marks = {e["id"]: e["mark"] for e in asked("2024-06-15", "log", "acme")}
    assert (marks["ada-joins"], marks["eve-leaves"]) == (None, "possible")
    assert {s["source"] for s in asked("2024-03-05", "sources")} == {"post", "leaflet"}
    assert [s["facts"] for s in asked("2024-03-05", "sources") if s["source"] == "post"] == [2]
    (why,) = asked("2024-03-05", "why", "eve-leaves")
    assert why["in_force"] is False


def test_a_listing_shows_both_clocks(run: Run, news: Path):
    words = ("--format", "table", "--known-at", "@19", "--reported-by", "2024-03-05", "who", "acme", "--as-of", "2024")
    head = run(*words, db=news).out.splitlines()[0]

    assert head.endswith("· as known at @19 · as reported by 5 Mar 2024")


@pytest.mark.parametrize(
    ("words", "day"),
    [((), None), (("--reported-by", "2024-03-05"), "2024-03-05"), (("--reported-by", "2024-02"), "2024-02-29")],
)
def test_the_envelope_says_by_which_day_sources_had_to_be_out(run: Run, news: Path, words: tuple[str, ...], day: Any):
    """A month means its last day, as in a question about a day."""
    answer = json.loads(run("--json", *words, "who", "acme", "--as-of", "2024", db=news).out)

    assert answer["reported_by"] == day


@pytest.mark.parametrize(("day", "status"), [("2024/2025", 2), ("2024~", 2), ("soon", 4)])
def test_it_is_asked_of_one_day(run: Run, news: Path, day: str, status: int):
    assert run("--reported-by", day, "who", "acme", db=news).status == status


def test_by_june_2025_nobody_had_reported_that_lecun_left(run: Run, example_ledger: Path):
    """The article on his leaving came in December: with what was out in June, he is unconfirmed in January."""

    def lecun(*words: str) -> str | None:
        people = run("--json", *words, "who", "FAIR", "--as-of", "2026-01-15", db=example_ledger).items
        return next((p["certainty"] for p in people if p["person"]["id"] == "yann-lecun"), None)

    assert lecun("--reported-by", "2025-06-01") == "unconfirmed"
    assert lecun() is None
