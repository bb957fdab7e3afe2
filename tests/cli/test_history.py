"""`history`: the log by recorded time - who recorded, corrected and withdrew what, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run

BECAUSE = ("--because", "his own page says March")


@pytest.fixture
def changed(run: Run, own_ledger: Path) -> Path:
    """Goyal left in March after all, says ada; bob withdraws it."""
    assert run("correct", "goyal-leaves-meta", "--date", "2025-03", *BECAUSE, db=own_ledger).status == 0
    words = ("retract", "goyal-leaves-meta", "--version", "2", "--because", "a namesake's", "--recorded-by", "bob")
    assert run(*words, db=own_ledger).status == 0
    return own_ledger


def test_the_last_recorded_stands_first(run: Run, changed: Path):
    found = run("--json", "history", db=changed).items

    assert len(found) == 50
    last = found[0]["position"]
    assert [r["position"] for r in found] == list(range(last, last - 50, -1))
    retraction, correction = found[:2]
    assert (retraction["recorded_by"], retraction["kind"], retraction["version"]) == ("bob", "retraction", 3)
    assert retraction["reason"] == "a namesake's"
    assert (correction["recorded_by"], correction["id"]) == ("ada", "goyal-leaves-meta")
    assert (correction["changes"], correction["reason"]) == (["date 2025-02 → 2025-03"], "his own page says March")
    assert (retraction["batch"], correction["batch"]) == (last, last - 1)
    assert {r["batch"] for r in found[2:]} == {last - 2}


def test_a_limit_can_be_set(run: Run, changed: Path):
    assert len(run("--json", "history", "--limit", "3", db=changed).items) == 3


def test_of_an_entry_it_lists_every_version(run: Run, changed: Path):
    found = run("--json", "history", "goyal-leaves-meta", db=changed).items

    assert [(r["version"], r["kind"]) for r in found] == [(3, "retraction"), (2, "correction"), (1, "departure")]


def test_of_an_entity_it_lists_all_that_names_it(run: Run, changed: Path):
    """What happened to him, his registration, and what was said about one of these."""
    found = run("--json", "history", "Naman Goyal", db=changed).items

    assert {r["kind"] for r in found} == {
        "retraction", "correction", "departure", "arrival", "sighting", "publication", "entity",
    }  # fmt: skip


def test_of_a_merged_entity_it_lists_what_was_recorded_under_either_id(run: Run, own_ledger: Path):
    for words in (
        ("add", "entity", "--id", "n-goyal", "--type", "person", "--name", "N. K. Goyal"),
        ("add", "arrival", "--person", "n-goyal", "--organization", "openai", "--date", "2026-01"),
        ("merge", "n-goyal", "naman-goyal", "--because", "same"),
    ):
        assert run(*words, db=own_ledger).status == 0

    found = run("--json", "history", "goyal", db=own_ledger).items
    assert [r["kind"] for r in found[:3]] == ["merge", "arrival", "entity"]
    assert (found[0]["headline"], found[0]["reason"]) == ("n-goyal is the same as Naman Goyal", "same")

    assert run("undo", "--because", "another one", db=own_ledger).status == 0
    apart = ("n-goyal", ["retraction", "merge", "arrival", "entity"]), ("naman-goyal", ["retraction", "merge"])
    for name, kinds in apart:
        told = run("--json", "history", name, db=own_ledger).items
        assert [r["kind"] for r in told[: len(kinds)]] == kinds


def test_as_known_then_it_ends_there(run: Run, changed: Path):
    retracted, *before = [r["position"] for r in run("--json", "history", "goyal-leaves-meta", db=changed).items]
    found = run("--json", "--known-at", f"@{retracted - 1}", "history", "goyal-leaves-meta", db=changed).items

    assert [r["position"] for r in found] == before


def test_a_table_says_who_what_and_why(run: Run, changed: Path):
    """The reason stands there once, also where the headline has it already, and the changed field by its name."""
    shown = run("--format", "table", "history", "goyal-leaves-meta", db=changed).out
    flat = " ".join(shown.split())

    assert "ada Corrected: Naman Goyal left Meta" in flat
    assert "date 2025-02 → 2025-03 (his own page says March)" in flat
    assert flat.count("a namesake's") == 1
    assert "bob Version 2 retracted: a namesake's — Naman Goyal left Meta" in flat


def test_a_name_that_nobody_bears_is_unknown(run: Run, example_ledger: Path):
    assert run("history", "nobody at all", db=example_ledger).status == 3


def test_who_published_is_no_question_to_the_history(run: Run, example_ledger: Path):
    """It tells what was recorded here, whatever the sources' own dates."""
    ran = run("--reported-by", "2025-06", "history", db=example_ledger)

    assert ran.status == 2
    assert "leave out --reported-by" in ran.err
