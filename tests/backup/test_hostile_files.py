"""Whatever lies in the file that somebody calls a backup: a plain error, and no ledger, whole or in part."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import inspect

from tests.store.old_ledgers import FORMS, load
from timeline import tokens, webhooks
from timeline.audit.verifying import verify
from timeline.backup import files
from timeline.backup.files import Kept
from timeline.backup.making import backup
from timeline.backup.restoring import restore
from timeline.errors import StoreError
from timeline.ledger import Ledger
from timeline.state.status import migrate
from timeline.store.database import Database


@pytest.fixture
def file(world: Callable[[], Path], tmp_path: Path) -> Path:
    """A backup that has something in every table that has a say in the tests."""
    with Ledger.open(str(world())) as ledger:
        with ledger.database.writing() as connection:
            tokens.create(connection, "ada", ["read"])
            webhooks.add(connection, "https://example.org/hook", webhooks.Filters())
        backup(ledger.database, tmp_path / "backup.db")
    return tmp_path / "backup.db"


def refused(file: Path, address: str) -> str:
    """Why the file is refused; nothing may stand at the address then."""
    with closing(Database(address)) as database:
        with pytest.raises(StoreError) as caught:
            restore(file, database, workers=1)
        if database.path is not None:
            assert not database.path.exists()
            assert [p.name for p in file.parent.iterdir() if p.name.startswith(".")] == []
        else:
            with database.reading(of_ledger=False) as connection:
                assert inspect(connection).get_table_names() == []
    return str(caught.value)


def run(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        for statement in statements:
            connection.execute(statement)


NO_GUARDS = tuple(
    f"DROP TRIGGER {name}"
    for name in ("events_no_update", "events_no_delete", "payloads_no_update", "payloads_no_delete")
)

CHANGES: dict[str, tuple[str, ...]] = {
    "a trigger": ("CREATE TRIGGER t AFTER INSERT ON events BEGIN SELECT 1; END",),
    "no trigger": ("DROP TRIGGER events_no_update",),
    "a view over a table": ("ALTER TABLE payloads RENAME TO p", "CREATE VIEW payloads AS SELECT * FROM p"),
    "a view in place of the versions": (
        "ALTER TABLE schema_version RENAME TO s",
        "CREATE VIEW schema_version AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n FROM c) SELECT * FROM c",
    ),
    "a virtual table": ("DROP TABLE tokens", "CREATE VIRTUAL TABLE tokens USING fts5(id)"),
    "another column": ("ALTER TABLE tokens ADD COLUMN more",),
    "a column that computes": ("ALTER TABLE checkpoints ADD COLUMN twice AS (size * 2)",),
    "an index": ("CREATE INDEX i ON events (kind)",),
    "no table": ("DROP TABLE log_head",),
    "no head": ("DELETE FROM log_head",),
    "a head beyond": ("UPDATE log_head SET position = position + 1",),
    "a lost event": (*NO_GUARDS, "DELETE FROM payloads WHERE position = 3", "DELETE FROM events WHERE position = 3"),
    "another text": (*NO_GUARDS, "UPDATE payloads SET state = replace(state, 'a', 'b') WHERE position = 2"),
    "a text for a number": (*NO_GUARDS, "UPDATE events SET recorded_at = 'now' WHERE position = 2"),
    "a number for a text": (*NO_GUARDS, "UPDATE events SET kind = 7 WHERE position = 2"),
    "an entry that is none": (*NO_GUARDS, "UPDATE events SET entry_id = 'x' WHERE position = 2"),
    "text that is none": (*NO_GUARDS, "UPDATE events SET recorded_by = CAST(x'ff' AS text) WHERE position = 2"),
    "nothing in a column": ("DELETE FROM tree_nodes", "UPDATE log_head SET frontier = x'00'"),
    "a text for the position of the head": ("UPDATE log_head SET position = 'x'",),
    "bytes for an id": ("UPDATE tokens SET id = x'00'",),
    "a text for a time": ("UPDATE tokens SET created_at = 'now'",),
    "a time that no calendar has": ("UPDATE tokens SET created_at = 1000000000000000000",),
    "a number below all": ("UPDATE webhooks SET position = -1",),
    "filters that are none": ("UPDATE webhooks SET filters = '[]'",),
    "half a number": ("UPDATE webhooks SET position = 1.5",),
    "a newer version": ("UPDATE schema_version SET version = 99",),
    "a version that is none": ("UPDATE schema_version SET version = 'x'",),
    "no version": ("DELETE FROM schema_version",),
    "a payload of nobody": ("PRAGMA foreign_keys = OFF", "DROP TRIGGER payloads_only_new",
                            "INSERT INTO payloads VALUES (9999, x'00', x'00')"),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_backup_is_refused(file, tmp_path, change):
    run(file, *CHANGES[change])

    assert refused(file, str(tmp_path / "again.db"))


@pytest.mark.parametrize("change", ["a trigger", "another text", "text that is none", "an entry that is none"])
def test_so_it_is_where_it_would_go_to_postgresql(file, postgres_url, change):
    run(file, *CHANGES[change])

    assert refused(file, postgres_url)


def test_what_a_webhook_cannot_be_on_postgresql_leaves_nothing_there(file, postgres_url):
    """The log is sound and arrived; then a value comes that the table cannot take."""
    run(file, "INSERT INTO idempotency VALUES ('t', 'k', x'00', 'here' || char(0), x'00', 1)")

    assert "cannot take it" in refused(file, postgres_url)


def test_a_head_that_is_no_number_is_found_where_it_lies(file):
    run(file, "UPDATE log_head SET position = 'x'")

    with closing(Kept(file)) as database:
        assert [f.what for f in verify(database, needs_checkpoint=False).findings] == ["the position in the head"]


@pytest.mark.parametrize("part", [0, 1, 99, 100, 512, 4096, 20_000, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused(file, tmp_path, part):
    whole = file.read_bytes()
    file.write_bytes(whole[: part if isinstance(part, int) else int(len(whole) * part)])

    assert refused(file, str(tmp_path / "again.db"))


def test_wherever_a_page_is_lost_it_is_refused_or_nothing_of_it_was_needed(file, tmp_path):
    """Each page in turn is filled with noise; what is restored all the same is the log."""
    whole, again = file.read_bytes(), tmp_path / "again.db"
    roots = set()
    for page in range(len(whole) // 4096):
        file.write_bytes(whole[: page * 4096] + bytes(range(256)) * 16 + whole[(page + 1) * 4096 :])
        with closing(Database(str(again))) as database:
            try:
                roots.add(restore(file, database, workers=1).root)
            except StoreError:
                assert not again.exists()
        for path in tmp_path.glob("again.db*"):
            path.unlink()
    file.write_bytes(whole)
    with closing(Database(str(again))) as database:
        roots.add(restore(file, database, workers=1).root)

    assert len(roots) == 1


@pytest.mark.parametrize(
    ("name", "make", "said"),
    [
        ("none.db", lambda path: None, "there is no backup"),
        ("folder", lambda path: path.mkdir(), "is no file"),
        ("text.db", lambda path: path.write_text("events: []\n" * 1000), "damaged"),
        ("empty.db", lambda path: path.touch(), "is no backup: no ledger is in it"),
        (
            "other.db",
            lambda path: sqlite3.connect(path).execute("CREATE TABLE t (x)").connection.close(),
            "is no backup: no ledger is in it",
        ),
    ],
)
def test_what_is_no_backup_is_refused(tmp_path, name, make: Callable[[Path], object], said):
    make(tmp_path / name)

    assert said in refused(tmp_path / name, str(tmp_path / "again.db"))


def test_a_value_too_long_for_an_event_is_not_read(file, tmp_path, monkeypatch):
    """It would fill the memory before anybody could look at it."""
    monkeypatch.setattr(files, "LONGEST", 100_000)
    run(file, "UPDATE log_head SET frontier = zeroblob(1000000)")

    assert "too big" in refused(file, str(tmp_path / "again.db"))


def test_a_ledger_in_use_is_no_backup(sqlite_url, tmp_path):
    """What it recorded last stands in the journal beside it, which a backup does not have."""
    with Ledger.create(sqlite_url) as ledger:
        assert ledger.database.path is not None
        assert "timeline backup" in refused(ledger.database.path, str(tmp_path / "again.db"))


def test_a_backup_is_not_taken_for_a_ledger(file):
    with pytest.raises(StoreError, match="is a backup: `timeline restore`"):
        Ledger.open(str(file))
    with closing(Database(str(file))) as database:
        with pytest.raises(StoreError, match="is a backup: `timeline restore`"):
            migrate(database)
        assert verify(database, needs_checkpoint=False).total == 0


@pytest.mark.parametrize("form", [f for f in FORMS if f.engine == "sqlite"], ids=str)
def test_a_ledger_that_an_older_version_kept_can_be_restored(form, tmp_path):
    """Backups outlive programs: its tables are brought up to date in a copy."""
    old, again = tmp_path / "old.db", tmp_path / "again.db"
    load(form, f"sqlite:///{old}")
    before = old.read_bytes()

    with closing(Database(str(again))) as database:
        restore(old, database, workers=1)

    with Ledger.open(str(again)) as ledger:
        assert verify(ledger.database, needs_checkpoint=False).total == 0
    assert old.read_bytes() == before
    shutil.rmtree(tmp_path)
