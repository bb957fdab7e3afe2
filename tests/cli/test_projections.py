"""`timeline projections` and `timeline migrate`: what they print, and their exit statuses."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from projections.all import PROJECTIONS
from tests.cli.conftest import Run
from timeline.printing import progress


def change(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(statement)
    connection.close()


def test_the_status_of_every_projection_is_shown(run: Run, example_ledger: Path):
    shown = run("--format", "table", "projections", "status", db=example_ledger).out

    assert [line.split()[0] for line in shown.splitlines()[3:]] == [p.name for p in PROJECTIONS]
    assert "memberships" in shown


def test_the_status_tells_rows_and_versions_as_json(run: Run, example_ledger: Path):
    items = run("projections", "status", "--json", db=example_ledger).items
    found = next(item for item in items if item["name"] == "memberships")

    assert found["rows"] == found["rows_today"] > 0
    assert (found["stored_version"], found["lag"]) == (found["version"], 0)


def test_a_rebuild_says_what_it_made(run: Run, own_ledger: Path):
    ran = run("projections", "rebuild", "posts", "deals", db=own_ledger)

    assert (ran.status, ran.out) == (0, "")
    assert "posts, deals" in ran.err


def test_a_rebuild_is_refused_while_another_one_runs(run: Run, own_ledger: Path):
    """The file that the other one locks means nothing once it has ended."""
    with closing(sqlite3.connect(f"{own_ledger}-rebuild", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        ran = run("projections", "rebuild", db=own_ledger)

    assert (ran.status, "being rebuilt by somebody else" in ran.err) == (6, True)
    assert run("projections", "rebuild", db=own_ledger).status == 0
    assert not Path(f"{own_ledger}-rebuild").exists()


def test_verify_finds_nothing_in_a_sound_ledger(run: Run, example_ledger: Path):
    ran = run("projections", "rebuild", "--verify", "--json", db=example_ledger)

    assert (ran.status, ran.items) == (0, [])


def test_verify_finds_a_tampered_row_and_a_rebuild_puts_it_right(run: Run, own_ledger: Path):
    change(own_ledger, "UPDATE memberships SET role = 'queen' WHERE id = (SELECT min(id) FROM memberships)")

    ran = run("--format", "table", "projections", "rebuild", "--verify", db=own_ledger)

    assert ran.status == 7
    assert "2 differences" in ran.out
    assert "role queen" in " ".join(ran.out.split())
    assert run("projections", "rebuild", db=own_ledger).status == 0
    assert run("projections", "rebuild", "--verify", db=own_ledger).status == 0


def test_an_unknown_projection_is_answered_with_the_nearest(run: Run, example_ledger: Path):
    ran = run("projections", "rebuild", "member", db=example_ledger)

    assert ran.status == 3
    assert "memberships" in ran.err


def test_an_older_ledger_is_refused_and_migrated(run: Run, own_ledger: Path):
    change(own_ledger, "UPDATE schema_version SET version = 0 WHERE part = 'posts'")

    refused = run("who", "FAIR", db=own_ledger)
    status = run("projections", "status", db=own_ledger)
    migrated = run("migrate", "--json", db=own_ledger)

    assert (refused.status, "timeline migrate" in refused.err) == (6, True)
    assert "0 → 1" in status.out
    assert (migrated.status, [m["name"] for m in json.loads(migrated.out)["items"]]) == (0, ["posts"])
    assert run("who", "FAIR", db=own_ledger).status == 0


def test_a_current_ledger_has_nothing_to_migrate(run: Run, example_ledger: Path):
    ran = run("migrate", db=example_ledger)

    assert (ran.status, ran.out) == (0, "")
    assert "Nothing to do" in ran.err


def test_there_is_nothing_to_migrate_where_no_ledger_is(run: Run, tmp_path: Path):
    assert run("migrate", db=tmp_path / "none.db").status == 6


def test_the_bar_shows_on_a_terminal_after_a_while(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr(progress, "SECONDS", 0)
    with progress.bar() as tell:
        tell("folding", 1, 2)

    assert "folding" in capsys.readouterr().err


def test_no_bar_shows_elsewhere(capsys):
    with progress.bar() as tell:
        tell("folding", 1, 2)

    assert capsys.readouterr().err == ""
