"""`timeline erase`: what it asks for, what it leaves to be seen, and that nothing that answers tells it again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Ran, Run
from tests.cli.test_changes import position, refused
from timeline.commands.start import EXAMPLE, example

LAW = ("--because", "he asked for it", "--ground", "GDPR Art. 17")
TRACES = ("goyal", "Goyal")
ELSEWHERE = "authors-gone-in-2025"  # a note that calls him by his family name


@pytest.fixture
def erase(run: Run, own_ledger: Path) -> Callable[..., Ran]:
    """Erase, and expect it to succeed."""

    def call(*words: str) -> Ran:
        ran = run("erase", *words, *LAW, db=own_ledger)
        assert ran.status == 0, ran.err
        return ran

    return call


def items(run: Run, ledger: Path, *words: str) -> Any:
    ran = run("--json", *words, db=ledger)
    assert ran.status == 0, ran.err
    return ran.items


def test_an_erased_entry_shows_as_erased(run: Run, erase: Callable[..., Ran], own_ledger: Path):
    """That something was recorded, when and by whom, and why it went; nothing of what it said."""
    erase("goyal-leaves-meta")

    (why,) = items(run, own_ledger, "why", "goyal-leaves-meta")
    assert (why["headline"], why["in_force"], why["citations"]) == ("erased", False, [])
    assert [(v["kind"], v["headline"], v["event"] is None) for v in why["versions"]] == [
        ("departure", "erased", True),
        ("erasure", "Erased (GDPR Art. 17)", False),
    ]
    told = items(run, own_ledger, "history", "goyal-leaves-meta")
    assert [(t["kind"], t["headline"], t["reason"]) for t in told] == [
        ("erasure", "Erased (GDPR Art. 17)", "he asked for it"),
        ("departure", "erased", ""),
    ]
    shown = run("--format", "table", "why", "goyal-leaves-meta", db=own_ledger).out
    assert "erased: it answers no question" in shown


QUESTIONS = (
    ("as-of", "2025-05-15"),
    ("as-of", "2024-06-01"),
    ("--known-at", "@310", "as-of", "2024-06-01"),
    ("--reported-by", "2026", "as-of", "2024-06-01"),
    ("who", "meta", "--during", "2018/2025"),
    ("org", "fair", "--as-of", "2024-06-01"),
    ("deals",),
    ("log",),
    ("--known-at", "@310", "log"),
    ("sources",),
    ("sources", "bi-2025-05-26"),
    ("history", "--limit", "1000"),
    ("history", "naman-goyal"),
    ("why", "naman-goyal"),
    ("why", "llama-paper-published"),
    ("diff", "2024", "2025-06"),
    ("diff", "--known", "@310", "@315", "--as-of", "2024-06-01"),
    ("lint",),
    ("projections", "status"),
    *(("export", format_) for format_ in ("jsonl", "json", "csv", "atom", "timelinejs", "popolo", "parquet", "ical")),
    *(("--known-at", "@310", "export", format_) for format_ in ("jsonl", "json", "csv", "atom", "popolo", "ical")),
)


@pytest.fixture(scope="module")
def without_him(tmp_path_factory: pytest.TempPathFactory, example_ledger: Path) -> Path:
    """The example without Goyal: all that names him is erased, and the note that calls him by his family name."""
    import subprocess
    import sys

    path = tmp_path_factory.mktemp("erased") / "erased.db"
    path.write_bytes(example_ledger.read_bytes())
    code = "import sys, cli; sys.argv[0] = 'timeline'; cli.main()"
    for words in (("naman-goyal", "--all"), (ELSEWHERE,)):
        command = [sys.executable, "-c", code, "--db", str(path), "erase", *words, *LAW]
        subprocess.run(command, check=True, capture_output=True)
    return path


@pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)
def test_no_answer_and_no_export_tells_it(run: Run, without_him: Path, tmp_path: Path, question: tuple[str, ...]):
    """Whatever is asked, as known now or before, in the whole output."""
    to_file = ("-o", str(tmp_path / "out")) if "export" in question else ()
    ran = run(*(() if to_file else ("--json",)), *question, *to_file, db=without_him)

    asked_for_him = any("goyal" in word for word in question)
    said = ran.out.encode() + ((tmp_path / "out").read_bytes() if (tmp_path / "out").exists() else b"")
    assert ran.status == 0, ran.err
    if not asked_for_him:
        assert not [t for t in TRACES if t.encode() in said]
    assert b"Naman" not in said


def test_his_name_is_not_known_any_more(run: Run, without_him: Path):
    refused(run("person", "naman-goyal", db=without_him), 3, "no person is called")
    assert run("search", "goyal", db=without_him).status == 1


# -- what goes together -----------------------------------------------------------------------------------------------


def test_a_person_whom_others_name_is_refused_with_a_list(run: Run, own_ledger: Path):
    before = position(run, own_ledger)

    ran = run("erase", "naman-goyal", *LAW, db=own_ledger)

    refused(ran, 4, "named by 4 other entries", "\n  llama-paper-published\n", "--all erases these too")
    assert position(run, own_ledger) == before


def test_a_dry_run_shows_what_would_go_and_what_only_looks_alike(run: Run, own_ledger: Path):
    before = position(run, own_ledger)

    ran = run("erase", "naman-goyal", "--all", "--dry-run", *LAW, db=own_ledger)

    assert len(ran.out.splitlines()) == 5
    assert "goyal-leaves-meta: Naman Goyal left Meta" in ran.out
    assert "Would erase: 5 entries. Nothing was erased." in ran.err
    assert f"\n  {ELSEWHERE}:" in ran.err
    assert position(run, own_ledger) == before


def test_what_follows_from_an_erased_entry_is_named(erase: Callable[..., Ran]):
    """That he joined was derived from his leaving; whoever erases the one decides about the other."""
    assert "follow from it.\n  goyal-joins-thinking-machines:" in erase("goyal-leaves-meta").err


# -- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["--because", "--ground"])
def test_an_erasure_says_why_and_on_what_ground(run: Run, own_ledger: Path, missing: str):
    words = LAW[:2] if missing == "--ground" else LAW[2:]

    refused(run("erase", "goyal-leaves-meta", *words, db=own_ledger), 2, missing)


def test_another_version_than_was_read_is_a_conflict(run: Run, own_ledger: Path):
    run("correct", "goyal-leaves-meta", "--date", "2025-03", "--because", "x", db=own_ledger)

    ran = run("erase", "goyal-leaves-meta", "--at-version", "1", *LAW, db=own_ledger)
    refused(ran, 5, "is at version 2 now, not at 1")
    assert run("erase", "goyal-leaves-meta", "--at-version", "2", *LAW, db=own_ledger).status == 0


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("erase", "goyal-leaves-meta", *LAW), 4, "is erased already"),
        (("retract", "goyal-leaves-meta", "--because", "x"), 4, "goyal-leaves-meta is erased"),
        (("retract", "goyal-leaves-meta", "--version", "2", "--because", "x"), 4, "was erased"),
        (("correct", "goyal-leaves-meta", "--date", "2025", "--because", "x"), 4, "is erased"),
        (("undo", "--because", "x"), 2, "an erasure is for good"),
        (("add", "layoff", "--organization", "meta", "--date", "2025", "--id", "goyal-leaves-meta"), 5, "already"),
    ],
)
def test_an_erasure_cannot_be_undone(run: Run, erase: Callable[..., Ran], own_ledger: Path, words, status, said):
    erase("goyal-leaves-meta")
    before = position(run, own_ledger)

    refused(run(*words, db=own_ledger), status, said)
    assert position(run, own_ledger) == before


def test_an_import_of_the_same_content_passes_it_over(
    run: Run, erase: Callable[..., Ran], own_ledger: Path, tmp_path: Path
):
    erase("naman-goyal", "--all")
    file = tmp_path / EXAMPLE
    file.write_bytes(example())

    ran = run("import", str(file), db=own_ledger)

    assert (ran.status, ran.err) == (0, "Nothing to record: 0 new, 305 unchanged, 5 erased.\n")


def test_an_import_that_an_erasure_is_in_can_be_undone_but_for_that(
    run: Run, erase: Callable[..., Ran], own_ledger: Path
):
    erase("goyal-leaves-meta")

    ran = run("undo", "310", "--because", "x", db=own_ledger)
    assert ran.status == 0, ran.err
    assert run("--json", "log", db=own_ledger).items == []


# -- carried elsewhere ------------------------------------------------------------------------------------------------


def test_a_log_with_an_erasure_brings_the_rest_and_tells_it(
    run: Run, erase: Callable[..., Ran], own_ledger: Path, example_ledger: Path, tmp_path: Path
):
    """Into an empty ledger comes all but what was erased; a ledger that still has it keeps it, and hears of it."""
    erase("naman-goyal", "--all")
    file, other, old = tmp_path / "log.jsonl", tmp_path / "other.db", tmp_path / "old.db"
    file.write_text(run("export", "jsonl", db=own_ledger).out)
    old.write_bytes(example_ledger.read_bytes())
    run("init", str(other))

    ran = run("import", str(file), db=other)
    assert ran.status == 0, ran.err
    assert "Recorded 305 new" in ran.err
    assert "5 entries erased where it comes from, passed over" in ran.err
    assert "still in this ledger" not in ran.err
    assert "Goyal" not in run("export", "jsonl", "--kind", "departure", db=other).out

    ran = run("import", str(file), db=old)
    assert "5 of them still in this ledger: " in ran.err
    assert run("person", "naman-goyal", db=old).status == 0


def test_doctor_finishes_what_was_interrupted(run: Run, own_ledger: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("timeline.commands.erase.scrub", lambda database: None)
    run("erase", "naman-goyal", "--all", *LAW, db=own_ledger)

    ran = run("doctor", db=own_ledger)

    assert "ok   what was erased up to position 315 is gone from the files now, too" in ran.out
    assert "is gone from the files" not in run("doctor", db=own_ledger).out
