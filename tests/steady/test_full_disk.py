"""A full disk: whatever was being done is refused in clear words, nothing is lost, and with room again it goes on."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import event

from tests.cli.conftest import Run
from tests.steady.killing import Files, Import, check, check_goes_on, history
from tests.steady.limits import refusal, room
from tests.timeline.builders import layoff
from timeline.backup.making import backup
from timeline.backup.restoring import restore
from timeline.errors import StoreError
from timeline.exports.formats import Options
from timeline.exports.jsonl import export
from timeline.exports.selection import Selection
from timeline.imports.jsonlfile import open_document
from timeline.imports.recording import import_documents
from timeline.ledger import Ledger, new
from timeline.state.rebuild import rebuild
from timeline.store.database import Database

SIZE = 400
SAID = "could not be written|cannot be written|no room"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger with a history, which nobody has open."""
    return Path(history(Files(tmp_path), SIZE))


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with Ledger.open(str(path)) as ledger:
        yield ledger


def sizes(upto: int) -> list[int]:
    """Room for hardly anything, and for ever more, up to so many bytes."""
    return [33_000, *(upto * part // 8 for part in range(1, 9))]


def refusals(act: Callable[[], object], rooms: list[int]) -> int:
    """How often the work was refused for lack of room; it raises nothing else."""
    refused = 0
    for size in rooms:
        with room(size):
            said = refusal(act)
        assert not said or any(words in said for words in SAID.split("|")), said
        refused += bool(said)
    return refused


def record_many(ledger: Ledger) -> None:
    """Record one event after the other, until there is no room."""
    for _ in range(200):
        ledger.record([new(layoff("org-1"))], by="test")


def test_an_event_is_not_recorded_and_later_it_is(ledger, path):
    before = check(str(path))

    with room(path.stat().st_size // 2), pytest.raises(StoreError, match="nothing was recorded"):
        record_many(ledger)

    kept = check(str(path))
    assert kept[: len(before)] == before
    ledger.record([new(layoff("org-1"))], by="test")
    assert len(check(str(path))) == len(kept) + 1


def test_so_it_is_where_the_database_may_not_grow(ledger, path):
    """SQLite's own words for a full disk."""

    def limit(connection: Any, *_: Any) -> None:
        connection.execute("PRAGMA max_page_count = 1")  # it never becomes less than there are

    event.listen(ledger.database.engine, "checkout", limit)
    with pytest.raises(StoreError, match="full; nothing was recorded"):
        record_many(ledger)
    event.remove(ledger.database.engine, "checkout", limit)

    check(str(path))
    ledger.database.close()
    check_goes_on(str(path))


def test_an_import_is_recorded_as_a_whole_or_not_at_all(tmp_path):
    """Also where it is the plan of it, a temporary file, that finds no room."""
    work = Import(Files(tmp_path), tmp_path, SIZE)
    work.begin()

    def act() -> None:
        with Ledger.open(work.url) as ledger, work.file.open("rb") as file:
            import_documents(ledger, [open_document(file, "history.jsonl")], by="test").plan.__exit__()

    refused = 0
    for size in sizes(1_200_000):
        refused += refusals(act, [size])
        assert len(check(work.url)) in (1, 1 + work.length)
    assert refused > 2
    act()
    assert len(check(work.url)) == 1 + work.length


def test_so_it_is_where_a_plan_finds_no_room_among_the_temporary_files(tmp_path, monkeypatch):
    """A plan that does not fit into memory, and what an export has to remember."""
    work = Import(Files(tmp_path), tmp_path, SIZE)
    work.begin()
    made = sqlite3.connect

    def forgetful(name: str, **options: Any) -> sqlite3.Connection:
        if name:
            return cast("sqlite3.Connection", made(name, **options))
        connection: sqlite3.Connection = made(name, factory=Forgetful, **options)
        connection.execute("PRAGMA cache_size = 4")
        return connection

    said = "no room for temporary files; nothing was recorded"
    with Ledger.open(work.url) as ledger, work.file.open("rb") as file:
        monkeypatch.setattr("sqlite3.connect", forgetful)
        with room(60_000), pytest.raises(StoreError, match=said):
            import_documents(ledger, [open_document(file, "history.jsonl")], by="test")
        assert len(check(work.url)) == 1
        import_documents(ledger, [open_document(file, "history.jsonl")], by="test").plan.__exit__()
        with ledger.ask() as view, room(9_000), pytest.raises(StoreError, match=said):
            export(view, Selection(kinds=("arrival",)), BytesIO().write, Options())
    assert len(check(work.url)) == 1 + work.length


class Forgetful(sqlite3.Connection):
    """Keeps the little memory that it was given."""

    def execute(self, query: str, *values: Any) -> sqlite3.Cursor:
        return super().execute("SELECT 1" if "cache_size=" in query else query, *values)


def test_a_rebuild_leaves_the_old_tables(path):
    before = check(str(path))
    refused = 0
    for size in sizes(2 * path.stat().st_size):

        def act() -> None:
            with Ledger.open(str(path)) as ledger:
                rebuild(ledger.database, workers=1)

        refused += refusals(act, [size])
        assert check(str(path)) == before
    assert refused > 2
    with Ledger.open(str(path)) as ledger:
        rebuild(ledger.database, workers=1)
    check_goes_on(str(path))


def test_a_backup_leaves_no_file_and_the_older_one_as_it_was(ledger, path, tmp_path):
    file, older = tmp_path / "kept.db", tmp_path / "older.db"
    backup(ledger.database, older)
    bytes_before = older.read_bytes()

    for size in sizes(older.stat().st_size - 1):
        with room(size):
            with pytest.raises(StoreError, match=SAID):
                backup(ledger.database, file)
            with pytest.raises(StoreError, match=SAID):
                backup(ledger.database, older, force=True)
    assert older.read_bytes() == bytes_before
    assert not [p.name for p in tmp_path.iterdir() if p.name.startswith((".kept", "kept", ".older"))]
    backup(ledger.database, file)


def test_a_restore_leaves_no_ledger(ledger, path, tmp_path):
    file, target = tmp_path / "kept.db", tmp_path / "again.db"
    backup(ledger.database, file)

    for size in sizes(path.stat().st_size // 2):
        with room(size), pytest.raises(StoreError, match=SAID):
            restore(file, Database(str(target)), workers=1)
        assert not [p.name for p in tmp_path.iterdir() if "again" in p.name]
    restore(file, Database(str(target)), workers=1)
    assert len(check(str(target))) == len(check(str(path)))


@pytest.mark.parametrize("format_name", ["jsonl", "csv", "ical", "html"])
def test_an_export_leaves_the_older_file(path, tmp_path, run: Run, format_name):
    file = tmp_path / "out"
    file.write_text("as it was")
    with room(33_000):
        ran = run("export", format_name, "-o", str(file), db=path)
    assert (ran.status, file.read_text()) == (6, "as it was")
    assert "cannot be written: File too large" in ran.err
    assert not [p.name for p in tmp_path.iterdir() if p.name.startswith(".out")]


def test_the_commands_end_with_status_6(path, tmp_path, run: Run):
    kept = tmp_path / "kept.db"
    work = Import(Files(tmp_path), tmp_path, SIZE)
    work.begin()
    with room(33_000):
        for db, words in (
            (work.url, ("import", str(work.file))),
            (path, ("projections", "rebuild")),
            (path, ("backup", str(kept))),
            (path, ("add", "entity", "--id", "acme", "--type", "organization", "--name", "Acme")),
        ):
            ran = run(*words, db=db)
            assert ran.status == 6, ran
    assert not kept.exists()
    check(str(path))
    check(work.url)
