"""What `import` says of files that are no files, of no format, or of a format that is not for importing."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace

import pytest

ENTITIES = "entities:\n  ada: {type: person, name: Ada}\n"
TABLE = "kind,id,type,name\nentity,ada,person,Ada\n"


@pytest.fixture
def ledger(tmp_path, run):
    path = tmp_path / "timeline.db"
    run("init", db=path)
    return path


def test_a_file_whose_name_tells_no_format_asks_for_it(ledger, tmp_path, run):
    table = tmp_path / "table.txt"
    table.write_text(TABLE)

    guessed = run("import", str(table), db=ledger)
    told = run("import", str(table), "--read-as", "csv", db=ledger)

    assert guessed.status == 4
    assert f"({table} was read as yaml, as its name tells no format; --read-as FORMAT says which it is)" in guessed.err
    assert told.status == 0


def test_a_mistake_in_a_file_of_a_known_format_asks_for_none(ledger, tmp_path, run):
    file = tmp_path / "people.yaml"
    file.write_text("people: {}\n")

    assert "--read-as" not in run("import", str(file), db=ledger).err


def test_standard_input_of_another_format_asks_for_it(ledger, run, monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b'{"persons": [{"id": "a", "name": "A"}]}')))

    ran = run("import", "-", db=ledger)

    assert ran.status == 4
    assert "(- was read as yaml, as its name tells no format; --read-as FORMAT says which it is)" in ran.err


@pytest.mark.parametrize("read_as", ["popolo", "yaml"])
@pytest.mark.parametrize("words", [("export", "json"), ("--json", "log")])
def test_an_answer_in_json_is_told_as_such(example_ledger, ledger, tmp_path, run, words, read_as):
    """It says what to export in its place."""
    file = tmp_path / "answer.json"
    file.write_text(run(*words, db=example_ledger).out)

    ran = run("import", str(file), "--read-as", read_as, db=ledger)

    assert ran.status == 4
    assert "this is an answer of timeline in JSON" in ran.err
    assert "`timeline export jsonl` and `yaml` write what can be imported" in ran.err


def test_keep_going_goes_on_past_a_file_that_cannot_be_read(ledger, tmp_path, run):
    good, broken = tmp_path / "good.yaml", tmp_path / "broken.csv"
    good.write_text(ENTITIES)
    broken.write_text("no,table\n")
    words = ("import", str(tmp_path / "none.yaml"), str(broken), str(good))

    stopped = run(*words, db=ledger)
    went_on = run(*words, "--keep-going", db=ledger)

    assert (stopped.status, went_on.status) == (4, 4)
    assert stopped.err.endswith("none.yaml cannot be read: No such file or directory. Nothing was recorded.\n")
    assert "none.yaml cannot be read: No such file or directory." in went_on.err
    assert "broken.csv:1:1: error: unknown column 'no'" in went_on.err
    assert went_on.err.endswith("Recorded 1 new; 2 files left out (position 1).\n")
    assert "Nothing was recorded" not in went_on.err


def test_keep_going_with_no_file_that_can_be_read_records_nothing(ledger, tmp_path, run):
    ran = run("import", str(tmp_path / "one.yaml"), str(tmp_path / "two.yaml"), "--keep-going", db=ledger)

    assert ran.status == 4
    assert "one.yaml cannot be read" in ran.err
    assert "two.yaml cannot be read" in ran.err
    assert ran.err.endswith("Nothing was recorded.\n")


def test_pruning_speaks_of_the_file(ledger, tmp_path, run):
    file = tmp_path / "cuts.yaml"
    event = "  {}:\n    founding: {{organization: acme}}\n    date: 2024\n"
    register = "entities:\n  acme: {type: organization, name: Acme}\nevents:\n"
    file.write_text(register + event.format("one") + event.format("two"))
    run("import", str(file), db=ledger)
    file.write_text(register + event.format("one"))

    ran = run("import", str(file), "--prune", db=ledger)

    assert ran.err == "Recorded 0 new, 2 unchanged, 1 gone from the file and retracted (position 4).\n"
