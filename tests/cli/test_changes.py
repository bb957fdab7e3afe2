"""Changing what the ledger says: what each command records, what is answered before and after, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Ran, Run

Ask = Callable[..., Any]
BECAUSE = ("--because", "so it is")


@pytest.fixture
def change(run: Run, own_ledger: Path) -> Ask:
    """Run a command that changes the ledger, and expect it to succeed; gives the position it recorded at."""

    def call(*words: str) -> int:
        ran = run(*words, db=own_ledger)
        assert ran.status == 0, ran.err
        return position(run, own_ledger)

    return call


@pytest.fixture
def ask(run: Run, own_ledger: Path) -> Ask:
    """The items that a question is answered with."""
    return lambda *words: run("--json", *words, db=own_ledger).items


def position(run: Run, ledger: Path) -> int:
    return int(json.loads(run("--json", "sources", db=ledger).out)["position"])


def refused(ran: Ran, status: int, *said: str) -> None:
    assert ran.status == status, ran.err
    assert all(text in ran.err for text in said), ran.err
    assert ran.out == ""


def leaving(ask: Ask) -> tuple[str, str]:
    """From when to when Goyal was at Meta."""
    at_meta = next(m for m in ask("person", "goyal") if m["organization"]["id"] == "meta")
    return at_meta["start"]["edtf"], at_meta["end"]["edtf"]


# -- each command: what it records, and what is answered before and after ---------------------------------------------

CORRECT = ("correct", "goyal-leaves-meta", "--date", "2025-03", "--because", "his own page says March")


def test_a_correction_changes_the_answer_and_keeps_the_earlier_one(change: Ask, ask: Ask):
    """He left in March after all; the start that follows from his length of service moves along."""
    assert leaving(ask) == ("2018-07~", "2025-02")

    change(*CORRECT)

    assert leaving(ask) == ("2018-08~", "2025-03")
    (why,) = ask("why", "goyal-leaves-meta")
    first, second = why["versions"]
    assert (first["kind"], first["event"]["date"], first["counts"]) == ("departure", "2025-02", True)
    assert (second["kind"], second["event"]["event"]["date"], second["recorded_by"]) == ("correction", "2025-03", "ada")
    assert (second["changes"], second["reason"]) == (["date 2025-02 → 2025-03"], "his own page says March")
    assert why["citations"][0]["source"] == "bi-2025-05-26"  # what was not given stays


def test_an_empty_option_clears_a_field(change: Ask, ask: Ask):
    change("correct", "goyal-leaves-meta", "--length-of-service", "", "--destination", "", *BECAUSE)

    (why,) = ask("why", "goyal-leaves-meta")
    assert set(why["says"]) == {"person", "organization"}
    assert leaving(ask) == ("[..2025-02]", "2025-02")


def test_who_records_can_be_said(change: Ask, ask: Ask):
    change(*CORRECT, "--recorded-by", "bob")

    assert ask("history", "goyal-leaves-meta")[0]["recorded_by"] == "bob"


def test_a_retracted_entry_answers_nothing_and_can_be_brought_back(change: Ask, ask: Ask):
    """The retraction is an event like any other, and so it can be retracted."""
    there = ("who", "meta", "--as-of", "2024-06-01")
    assert "naman-goyal" in {m["person"]["id"] for m in ask(*there)}

    change("retract", "goyal-leaves-meta", *BECAUSE)
    assert "naman-goyal" not in {m["person"]["id"] for m in ask(*there)}
    assert not ask("why", "goyal-leaves-meta")[0]["in_force"]

    change("retract", "goyal-leaves-meta", "--version", "2", *BECAUSE)
    assert "naman-goyal" in {m["person"]["id"] for m in ask(*there)}
    assert leaving(ask) == ("2018-07~", "2025-02")


def test_why_shows_what_a_retracted_entry_said_in_the_end(change: Ask, ask: Ask):
    """What was recorded counts no more; that it was withdrawn counts."""
    change(*CORRECT)
    change("retract", "goyal-leaves-meta", *BECAUSE)

    (why,) = ask("why", "goyal-leaves-meta")
    assert (why["in_force"], why["date"]["edtf"]) == (False, "2025-03")
    assert [(v["kind"], v["counts"]) for v in why["versions"]] == [
        ("departure", False),
        ("correction", False),
        ("retraction", True),
    ]


def test_a_correction_alone_can_be_retracted(change: Ask, ask: Ask):
    change(*CORRECT)
    change("retract", "goyal-leaves-meta", "--version", "2", *BECAUSE)

    assert leaving(ask) == ("2018-07~", "2025-02")
    assert [v["counts"] for v in ask("why", "goyal-leaves-meta")[0]["versions"]] == [True, False, True]


@pytest.mark.parametrize(("stance", "flagged"), [("denied", True), ("contested", True), ("confirmed", False)])
def test_a_disputed_entry_counts_and_is_flagged(change: Ask, ask: Ask, stance: str, flagged: bool):
    change("dispute", "goyal-leaves-meta", "--by", "Meta", "--stance", stance, "--source", "bi-2025-05-26 §9", *BECAUSE)

    at_meta = next(m for m in ask("person", "goyal", "--as-of", "2024-06-01") if m["organization"]["id"] == "meta")
    assert (at_meta["certainty"], at_meta["disputed"]) == ("certain", flagged)
    (said,) = ask("why", "goyal-leaves-meta")[0]["disputes"]
    assert "Meta" in said
    assert "so it is" in said


def test_the_preferred_of_two_rivals_answers(change: Ask, ask: Ask):
    """Another paper lets him leave in June; once one of the two is preferred, it answers alone."""
    change("add", "departure", "--person", "goyal", "--organization", "meta", "--date", "2025-06", "--id", "rival")
    at_meta = next(m for m in ask("person", "goyal") if m["organization"]["id"] == "meta")
    assert (at_meta["disputed"], at_meta["end"]["latest"]) == (True, "2025-06-30")

    change("rank", "goyal-leaves-meta", "preferred", *BECAUSE)
    assert leaving(ask) == ("2018-07~", "2025-02")
    change("rank", "goyal-leaves-meta", "deprecated", *BECAUSE)
    assert leaving(ask)[1] == "2025-06"
    assert {e["id"] for e in ask("log", "goyal", "--kind", "departure")} == {"goyal-leaves-meta", "rival"}


def test_a_corroboration_adds_a_source(change: Ask, ask: Ask):
    change("corroborate", "goyal-leaves-meta", "--source", "ifanr-2025-12 §3", *BECAUSE)

    at_meta = next(m for m in ask("person", "goyal") if m["organization"]["id"] == "meta")
    assert at_meta["sources"] == ["bi-2025-05-26", "ifanr-2025-12"]
    assert ask("why", "goyal-leaves-meta")[0]["citations"][-1]["locator"] == "§3"


@pytest.fixture
def twice(change: Ask) -> None:
    """Goyal is registered once more, under another id, and joins OpenAI."""
    change("add", "entity", "--id", "n-goyal", "--type", "person", "--name", "N. K. Goyal")
    change("add", "arrival", "--person", "n-goyal", "--organization", "openai", "--date", "2026-01")


def test_a_merge_moves_rows_and_names_and_its_undo_moves_them_back(change: Ask, ask: Ask, twice: None):
    def places() -> set[str]:
        return {m["organization"]["id"] for m in ask("person", "naman-goyal")}

    assert places() == {"meta", "thinking-machines-lab"}
    change("merge", "n-goyal", "naman-goyal", *BECAUSE)
    assert places() == {"meta", "thinking-machines-lab", "openai"}
    for name in ("n-goyal", "N. K. Goyal"):
        assert {m["person"]["id"] for m in ask("person", name)} == {"naman-goyal"}

    change("undo", *BECAUSE)
    assert places() == {"meta", "thinking-machines-lab"}
    assert {m["person"]["name"] for m in ask("person", "n-goyal")} == {"N. K. Goyal"}


def test_what_was_told_apart_can_be_merged_again(change: Ask, ask: Ask, twice: None):
    """It was a merge, then it was none, then it is one for good; and the last word can be undone as well."""
    change("merge", "n-goyal", "naman-goyal", *BECAUSE)
    change("undo", *BECAUSE)
    change("merge", "n-goyal", "naman-goyal", "--because", "his page names both")
    assert {m["person"]["id"] for m in ask("person", "n-goyal")} == {"naman-goyal"}

    change("undo", *BECAUSE)
    assert {m["person"]["id"] for m in ask("person", "n-goyal")} == {"n-goyal"}


def test_an_alias_is_found(run: Run, change: Ask, ask: Ask, own_ledger: Path):
    assert run("person", "The Goyal", db=own_ledger).status == 3

    change("alias", "goyal", "The Goyal", "N. G.", *BECAUSE)

    for name in ("the goyal", "N. G.", "Naman Goyal"):
        assert {m["person"]["id"] for m in ask("person", name)} == {"naman-goyal"}


# -- undo -------------------------------------------------------------------------------------------------------------


def state(ask: Ask) -> list[dict[str, Any]]:
    """What is so on a day, but for how many versions it took to say so."""
    return [{name: value for name, value in item.items() if name != "version"} for item in ask("as-of", "2025-05-15")]


def test_an_import_is_undone_as_a_whole_and_brought_back_by_undoing_that(change: Ask, ask: Ask):
    """302 entries and what was said about them in the same import: nothing is left, and everything comes back."""
    before = state(ask)
    imported = ask("history")[0]["batch"]

    undone = change("undo", str(imported), *BECAUSE)
    assert state(ask) == []
    change("undo", str(undone), *BECAUSE)
    assert state(ask) == before


def test_a_correction_is_undone_and_the_undo_undone(change: Ask, ask: Ask):
    change(*CORRECT)
    change("undo", *BECAUSE)
    assert leaving(ask) == ("2018-07~", "2025-02")

    change("undo", *BECAUSE)
    assert leaving(ask) == ("2018-08~", "2025-03")
    change("undo", *BECAUSE)
    assert leaving(ask) == ("2018-07~", "2025-02")


def test_an_undo_leaves_alone_what_is_withdrawn_already(run: Run, change: Ask, own_ledger: Path):
    batch = change(*CORRECT)
    change("retract", "goyal-leaves-meta", "--version", "2", *BECAUSE)

    refused(run("undo", str(batch), *BECAUSE, db=own_ledger), 2, f"everything in batch {batch} is withdrawn already")


@pytest.mark.parametrize("batch", ["7", "999999"])
def test_only_a_whole_batch_is_undone(run: Run, own_ledger: Path, batch: str):
    """Position 7 lies in the middle of the import."""
    refused(run("undo", batch, *BECAUSE, db=own_ledger), 2, f"there is no batch {batch}", "timeline history")


# -- what was answered is answered again ------------------------------------------------------------------------------

QUESTIONS = (
    ("as-of", "2025-05-15"),
    ("who", "meta", "--during", "2025"),
    ("person", "goyal"),
    ("person", "goyal", "--as-of", "2025-03-10"),
    ("org", "FAIR", "--as-of", "2025-06-15"),
    ("product", "behemoth"),
    ("deals",),
    ("log", "goyal"),
    ("sources",),
    ("sources", "bi-2025-05-26"),
    ("why", "goyal-leaves-meta"),
    ("history", "goyal"),
    ("lint",),
    ("search", "goyal"),
)
CHANGES = (
    CORRECT,
    ("dispute", "goyal-leaves-meta", "--by", "meta", *BECAUSE),
    ("corroborate", "goyal-leaves-meta", "--source", "ifanr-2025-12 §3", *BECAUSE),
    ("rank", "goyal-leaves-meta", "deprecated", *BECAUSE),
    ("retract", "goyal-leaves-meta", *BECAUSE),
    ("retract", "goyal-leaves-meta", "--version", "6", *BECAUSE),
    ("alias", "goyal", "The Goyal", *BECAUSE),
    ("merge", "naman-goyal", "guillaume-lample", "--because", "for the sake of the test"),
    ("retract", "behemoth-dropped-by-meta", *BECAUSE),
)


def test_every_earlier_answer_is_given_again_as_known_then(change: Ask, run: Run, own_ledger: Path):
    """Every command in turn; after all of them, every answer that stood after each, unknown names among them."""

    def asked(*words: str) -> Any:
        ran = run("--json", *words, db=own_ledger)
        return ran.status, ran.items if ran.status == 0 else ran.err

    imported = position(run, own_ledger)
    answered = {imported: [asked(*words) for words in QUESTIONS]}
    changes = (*CHANGES, ("undo", str(imported), *BECAUSE))
    for words in changes:
        known = change(*words)
        answered[known] = [asked(*question) for question in QUESTIONS]

    assert len(answered) == len(changes) + 1
    for known, then in answered.items():
        for question, answer in zip(QUESTIONS, then, strict=True):
            assert asked("--known-at", f"@{known}", *question) == answer, (known, question)


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ("correct", "goyal-leaves-meta", "--date", "2025-03"),
        ("retract", "goyal-leaves-meta"),
        ("dispute", "goyal-leaves-meta", "--by", "meta"),
        ("rank", "goyal-leaves-meta", "preferred"),
        ("corroborate", "goyal-leaves-meta", "--source", "bi-2025-05-26"),
        ("merge", "naman-goyal", "guillaume-lample"),
        ("alias", "naman-goyal", "The Goyal"),
        ("undo",),
    ],
)
def test_every_change_says_why(run: Run, own_ledger: Path, words: tuple[str, ...]):
    refused(run(*words, db=own_ledger), 2, "--because")


ABOUT = (
    ("correct", "{entry}", "--date", "2025-04"),
    ("retract", "{entry}"),
    ("dispute", "{entry}", "--by", "meta"),
    ("rank", "{entry}", "preferred"),
    ("corroborate", "{entry}", "--source", "bi-2025-05-26"),
)


@pytest.mark.parametrize("words", ABOUT)
def test_a_change_of_another_version_than_was_read_is_a_conflict(run: Run, change: Ask, own_ledger: Path, words):
    """Somebody else corrected it meanwhile."""
    change(*CORRECT)
    given = [w.format(entry="goyal-leaves-meta") for w in words]

    refused(run(*given, "--at-version", "1", *BECAUSE, db=own_ledger), 5, "is at version 2 now, not at 1")
    assert run(*given, "--at-version", "2", *BECAUSE, db=own_ledger).status == 0


def test_an_alias_of_another_version_is_a_conflict(run: Run, own_ledger: Path):
    refused(run("alias", "goyal", "Go", "--at-version", "2", *BECAUSE, db=own_ledger), 5, "at version 1 now, not at 2")


@pytest.mark.parametrize("words", ABOUT)
def test_an_entry_that_nobody_recorded_is_an_unknown_name(run: Run, own_ledger: Path, words):
    given = [w.format(entry="goyal-leaves-mta") for w in words]

    refused(run(*given, *BECAUSE, db=own_ledger), 3, "Did you mean", "'goyal-leaves-meta'")


@pytest.mark.parametrize("words", ABOUT)
def test_a_retracted_entry_is_left_alone_and_the_way_back_is_named(run: Run, change: Ask, own_ledger: Path, words):
    change("retract", "goyal-leaves-meta", *BECAUSE)
    before = position(run, own_ledger)
    given = [w.format(entry="goyal-leaves-meta") for w in words]

    refused(run(*given, *BECAUSE, db=own_ledger), 4, "is retracted", "`timeline retract goyal-leaves-meta --version 2`")
    assert position(run, own_ledger) == before


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("correct", "goyal-leaves-meta", "--product", "behemoth"), 2, "--product"),
        (("correct", "goyal-leaves-meta", "2025-03"), 2, "2025-03"),
        (("correct", "goyal-leaves-meta"), 2, "nothing would change"),
        (("correct", "goyal-leaves-meta", "--date", "2025-02"), 2, "nothing would change"),
        (("correct", "goyal-leaves-meta", "--person", ""), 4, "a departure needs it"),
        (("correct", "goyal-leaves-meta", "--date", "early 2023"), 4, "write 2023-37"),
        (("correct", "goyal-leaves-meta", "--person", "Naman Goyyal"), 4, "Did you mean 'Naman Goyal'"),
        (("correct", "goyal-leaves-meta", "--source", "nowhere"), 4, "nowhere"),
        (("retract", "goyal-leaves-meta", "--version", "2"), 4, "has no version 2; its last one is 1"),
        (("dispute", "goyal-leaves-meta", "--by", "Metta"), 3, "Did you mean 'Meta'"),
        (("dispute", "goyal-leaves-meta", "--by", "meta", "--source", "nowhere"), 4, "nowhere"),
        (("dispute", "goyal-leaves-meta", "--by", "meta", "--stance", "shrugged"), 2, "shrugged"),
        (("rank", "goyal-leaves-meta", "best"), 2, "best"),
        (("corroborate", "goyal-leaves-meta", "--source", "nowhere §3"), 4, "nowhere"),
        (("merge", "goyal", "naman-goyal"), 4, "both"),
        (("merge", "goyal", "meta"), 4, "person"),
        (("merge", "goyal", "nobody"), 3, "nobody"),
        (("alias", "goyal", "Naman Goyal"), 2, "nothing would change"),
        (("alias", "nobody", "Go"), 3, "nobody"),
    ],
)
def test_what_cannot_be_changed_is_refused_with_its_reason(
    run: Run, own_ledger: Path, words: tuple[str, ...], status: int, said: str
):
    """Nothing is recorded, and nothing but the reason printed."""
    before = position(run, own_ledger)

    refused(run(*words, *BECAUSE, db=own_ledger), status, said)
    assert position(run, own_ledger) == before


def test_what_is_retracted_is_not_retracted_twice(run: Run, change: Ask, own_ledger: Path):
    change(*CORRECT)
    change("retract", "goyal-leaves-meta", "--version", "2", *BECAUSE)

    again = run("retract", "goyal-leaves-meta", "--version", "2", *BECAUSE, db=own_ledger)
    refused(again, 4, "version 2 of goyal-leaves-meta is retracted already")
