"""`timeline backup`, `timeline restore` and `timeline migrate --backup`: what they print, and their exit statuses."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.store.old_ledgers import FORMS, load
from tests.timeline.builders import org
from timeline.ledger import Ledger, new


@pytest.fixture
def file(run: Run, world: Callable[[], Path], tmp_path: Path) -> Path:
    assert run("backup", str(tmp_path / "backup.db"), db=world()).status == 0
    return tmp_path / "backup.db"


def test_the_root_and_the_number_of_events_are_printed(run: Run, database_url, tmp_path):
    with Ledger.create(database_url) as ledger:
        ledger.record([new(org("acme"))])
        with ledger.ask() as view:
            root = view.root

    ran = run("backup", str(tmp_path / "backup.db"), "--json", db=database_url)
    again = run("restore", str(tmp_path / "backup.db"), "--json", db=tmp_path / "again.db")

    told, envelope = ran.items[0], json.loads(ran.out)
    assert (told["events"], told["root"], envelope["root"], envelope["position"]) == (1, root, root, 1)
    assert told["bytes"] == (tmp_path / "backup.db").stat().st_size
    assert (again.items[0]["root"], json.loads(again.out)["known_at"]) == (root, envelope["known_at"])
    assert "Verified: 1 event" in ran.err
    assert run("search", "acme", db=tmp_path / "again.db").status == 0


def test_refusals_have_their_statuses(run: Run, file, tmp_path):
    ledger = tmp_path / "ledger.db"

    assert run("backup", "-", db=ledger).status == 2
    assert run("backup", str(tmp_path / "x.db"), db=ledger).status == 6
    assert run("restore", str(file), "--root", "x", db=ledger).status == 7
    assert run("restore", str(tmp_path / "none.db"), db=ledger).status == 6
    assert not ledger.exists()
    assert run("restore", str(file), db=ledger).status == 0
    assert run("restore", str(file), db=ledger).status == 6
    assert run("backup", str(file), db=ledger).status == 6
    assert run("backup", str(file), "--force", db=ledger).status == 0


def test_roles_are_no_obstacle_on_postgresql(run: Run, file, postgres_url):
    """An empty ledger with roles is filled; the rights of its tables stay as they were."""
    assert run("init", "--roles", db=postgres_url).status == 0

    assert run("restore", str(file), db=postgres_url).status == 0

    assert run("audit", "verify", "--no-checkpoint", db=postgres_url).status == 0
    assert run("projections", "rebuild", "--verify", db=postgres_url).status == 0


def test_to_verify_a_backup_leaves_it_as_it_is(run: Run, file):
    """Byte for byte, so that it can lie where nobody may write, and its checksum stays."""
    before = file.read_bytes()

    ran = run("audit", "verify", "--no-checkpoint", "--json", db=file)

    assert (ran.status, json.loads(ran.out)["items"]) == (0, [])
    assert file.read_bytes() == before
    file.write_bytes(before.replace(b"Ada", b"Eve"))
    assert run("audit", "verify", "--no-checkpoint", db=file).status == 7


# -- before a migration -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [f for f in FORMS if f.engine == "sqlite"], ids=str)
def test_a_migration_keeps_the_ledger_as_it_was_if_asked(run: Run, form, tmp_path):
    old, kept = tmp_path / "old.db", tmp_path / "kept.db"
    load(form, f"sqlite:///{old}")

    ran = run("migrate", "--backup", str(kept), db=old)
    assert (ran.status, "log: version 4, from version 1" in ran.err) == (0, True)

    assert "older version (log)" in run("lint", db=kept).err
    assert run("restore", str(kept), db=tmp_path / "again.db").status == 0
    roots = {json.loads(run("log", "--json", db=db).out)["root"] for db in (old, tmp_path / "again.db")}
    assert len(roots) == 1
    assert run("migrate", "--backup", str(tmp_path / "more.db"), db=old).status == 0
    assert not (tmp_path / "more.db").exists()  # as there was nothing to do


def test_a_copy_that_cannot_be_made_stops_the_migration(run: Run, tmp_path):
    old = tmp_path / "old.db"
    load(next(f for f in FORMS if f.engine == "sqlite"), f"sqlite:///{old}")
    (tmp_path / "kept.db").write_text("precious")

    assert run("migrate", "--backup", str(tmp_path / "kept.db"), db=old).status == 6

    assert "older version (log)" in run("lint", db=old).err
    assert (tmp_path / "kept.db").read_text() == "precious"


def test_on_postgresql_no_file_can_be_copied(run: Run, postgres_url, tmp_path):
    load(next(f for f in FORMS if f.engine == "postgresql"), postgres_url)

    assert run("migrate", "--backup", str(tmp_path / "kept.db"), db=postgres_url).status == 2
    assert "older version (log)" in run("lint", db=postgres_url).err


def test_only_a_migration_loads_alembic(tmp_path):
    code = "import sys, cli\nfor m in ('projections', 'backup', 'start'): __import__(f'timeline.commands.{m}')\n"
    code += "print([m for m in sys.modules if m.split('.')[0] in ('alembic', 'mako')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
