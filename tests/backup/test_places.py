"""Where a backup or a ledger may be put: what stands there already, what lies beside it, what a kill left there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.backup.conftest import run
from tests.backup.test_backup import bring_back, leftovers
from tests.cli.conftest import Run
from tests.steady.limits import as_nobody, refusal, room
from tests.store.old_ledgers import FORMS, load
from tests.timeline.builders import layoff, org
from timeline.backup.files import copy_as_it_is
from timeline.backup.making import backup
from timeline.errors import StoreError, UsageError
from timeline.ledger import Ledger, new
from timeline.store.database import Database
from timeline.workshop import LOCK, workshop

__all__ = ["run"]


@pytest.fixture
def ledger(world: Callable[[], Path]) -> Iterator[Ledger]:
    with Ledger.open(str(world())) as ledger:
        yield ledger


@pytest.fixture
def file(ledger: Ledger, tmp_path: Path) -> Path:
    """A backup of it."""
    backup(ledger.database, tmp_path / "backup.db")
    return tmp_path / "backup.db"


# -- the files of a ledger --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", "-journal", "-rebuild"])
def test_no_file_of_the_ledger_is_a_place_for_its_backup(ledger, tmp_path, suffix):
    """What was recorded last stands in the write-ahead log alone."""
    assert ledger.database.path is not None
    ledger.record([new(org("newest"))])
    before = (path := ledger.database.path.with_name(f"{ledger.database.path.name}{suffix}")).exists()
    (tmp_path / "link").symlink_to(path)

    for given in (path, tmp_path / "link"):
        with pytest.raises(UsageError, match="the ledger itself"):
            backup(ledger.database, given, force=True)

    assert path.exists() == before
    with ledger.ask() as view:
        assert view.directory.get("newest") is not None


@pytest.fixture
def abandoned(tmp_path: Path) -> Path:
    """The path of a ledger whose process was killed and whose file is gone; its write-ahead log stayed."""
    path = tmp_path / "abandoned.db"
    with Ledger.create(str(path)) as ledger:
        ledger.record([new(org("old"))])
        ledger.record([new(layoff("old"))])
        left = path.with_name("abandoned.db-wal").read_bytes()
    path.unlink()
    path.with_name("abandoned.db-wal").write_bytes(left)
    return path


def test_the_write_ahead_log_of_another_ledger_is_not_taken_for_its_own(abandoned, file):
    """SQLite would take it for the latest state of whatever has the name, and the restored ledger would be gone."""
    beside = abandoned.with_name("abandoned.db-wal")
    left = beside.read_bytes()

    with pytest.raises(StoreError, match=r"abandoned.db-wal was left by a ledger .* move it away; nothing was changed"):
        bring_back(file, str(abandoned))
    assert (abandoned.exists(), beside.read_bytes()) == (False, left)
    beside.unlink()
    made = bring_back(file, str(abandoned))

    with Ledger.open(str(abandoned)) as again, again.ask() as view:
        assert view.root == made.root


@pytest.mark.parametrize("suffix", ["-wal", "-journal"])
def test_nor_is_a_backup_put_beside_one(ledger, tmp_path, suffix):
    (tmp_path / f"new.db{suffix}").write_bytes(b"left behind")

    for force in (False, True):
        with pytest.raises(StoreError, match=f"new.db{suffix} was left by a ledger"):
            backup(ledger.database, tmp_path / "new.db", force=force)

    assert [p.name for p in tmp_path.iterdir() if p.name.startswith((".new", "new"))] == [f"new.db{suffix}"]


# -- links ------------------------------------------------------------------------------------------------------------


def test_a_link_stands_for_what_it_leads_to(ledger, tmp_path):
    """As for every other file that a command writes: in place of the link it would lie on another disk."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "latest.db").symlink_to(tmp_path / "disk" / "kept.db")

    made = backup(ledger.database, tmp_path / "latest.db")
    with pytest.raises(StoreError, match="exists already"):
        backup(ledger.database, tmp_path / "latest.db")
    backup(ledger.database, tmp_path / "latest.db", force=True)

    assert (tmp_path / "latest.db").is_symlink()
    assert not (tmp_path / "disk" / "kept.db").is_symlink()
    (tmp_path / "ledger.db").symlink_to(tmp_path / "disk" / "again.db")
    assert bring_back(tmp_path / "latest.db", str(tmp_path / "ledger.db")).root == made.root
    assert (tmp_path / "ledger.db").is_symlink()
    assert bring_back(tmp_path / "disk" / "kept.db", str(tmp_path / "third.db")).root == made.root


def test_a_link_that_leads_in_a_circle_is_refused(ledger, tmp_path):
    (tmp_path / "circle.db").symlink_to(tmp_path / "circle.db")

    with pytest.raises(StoreError, match="symbolic links"):
        backup(ledger.database, tmp_path / "circle.db")


# -- what cannot be written or read -----------------------------------------------------------------------------------


def test_a_name_that_is_too_long_is_refused(run: Run, ledger, file, tmp_path):
    long = str(tmp_path / ("n" * 256))

    for words, db in ((("backup", long), ledger.database.path), (("restore", long), "x.db"), (("restore", file), long)):
        ran = run(*map(str, words), db=db)
        assert (ran.status, "File name too long" in ran.err) == (6, True), ran.err


def test_what_others_may_not_look_into_is_named(ledger):
    """Each time it is the file that was meant that is spoken of. Root may look anywhere, so somebody else does it."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        closed, free = Path(name) / "closed", Path(name) / "free"
        for folder, mode in ((Path(name), 0o755), (closed, 0o700), (free, 0o777)):
            folder.mkdir(exist_ok=True)
            folder.chmod(mode)
        backup(ledger.database, closed / "backup.db")
        backup(ledger.database, free / "private.db")

        def said(kept: Path, target: Path) -> str:
            return as_nobody(lambda: refusal(lambda: bring_back(kept, str(target))))

        assert said(closed / "backup.db", free / "a.db") == f"{closed}/backup.db cannot be read: Permission denied"
        assert said(free / "private.db", free / "b.db") == f"{free}/private.db cannot be read: Permission denied"
        assert said(free / "private.db", closed / "c.db") == f"{closed}/c.db cannot be opened: Permission denied"
        assert [p.name for p in free.iterdir()] == ["private.db"]


def test_where_there_is_no_room_the_place_is_named_and_not_the_draft(ledger, file, tmp_path, postgres_url):
    for act in (
        lambda: backup(ledger.database, tmp_path / "new.db"),
        lambda: bring_back(file, str(tmp_path / "new.db")),
    ):
        with room(40_000), pytest.raises(StoreError, match=r"/new.db could not be written: ") as refused:
            act()
        assert "/.new.db." not in str(refused.value)
    with room(40_000), pytest.raises(StoreError, match="where TMPDIR leads, could not be written"):
        bring_back(file, postgres_url)


def test_a_copy_that_finds_no_room_is_no_fault_of_the_ledger(tmp_path):
    path = tmp_path / "old.db"
    load(next(f for f in FORMS if str(f) == "sqlite-service"), f"sqlite:///{path}")

    refused = pytest.raises(StoreError, match=r"cannot be copied to .*kept\.db")
    with closing(Database(str(path))) as database, room(60_000), refused:
        copy_as_it_is(database, tmp_path / "kept.db")

    assert leftovers(tmp_path) == []


# -- what a kill leaves -----------------------------------------------------------------------------------------------

WORK = """
import sys, time
from contextlib import closing
from pathlib import Path
from timeline.backup.making import backup
from timeline.backup.restoring import restore
from timeline.store.database import Database

def wait(step, done, of):
    print(step, flush=True)
    time.sleep(600)

what, file, address = sys.argv[1:]
with closing(Database(address)) as database:
    if what == "backup":
        backup(database, Path(file), progress=wait)
    else:
        restore(Path(file), database, progress=wait)
"""


@pytest.fixture
def begun(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Begins a backup or a restore in a process of its own, which gets no further than its first step."""
    processes: list[subprocess.Popen[str]] = []

    def begin(what: str, file: Path, address: str) -> subprocess.Popen[str]:
        words = (sys.executable, "-c", WORK, what, str(file), address)
        process = subprocess.Popen(
            words, stdout=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(tmp_path)}
        )
        processes.append(process)
        assert process.stdout is not None
        assert process.stdout.readline()
        return process

    yield begin
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_a_killed_one_left_is_removed_by_the_next(ledger, file, tmp_path, begun, number):
    """And what belongs to one that is still at work is not."""
    address = str(ledger.database.path)
    for what in ("backup", "restore"):
        target = tmp_path / f"{what}-target.db"
        words = (target, address) if what == "backup" else (file, str(target))
        killed, at_work = begun(what, *words), begun(what, *words)
        assert len(left := leftovers(tmp_path)) == 2
        killed.send_signal(number)
        killed.wait()
        assert leftovers(tmp_path) == left

        made = backup(ledger.database, target) if what == "backup" else bring_back(file, str(target))

        assert made.events > 0
        assert len(mine := leftovers(tmp_path)) == 1
        assert set(mine) < set(left)
        at_work.kill()
        at_work.wait()
        with workshop(target):
            assert len(leftovers(tmp_path)) == 1
        assert leftovers(tmp_path) == []


def test_so_it_is_among_the_temporary_files(file, tmp_path, begun, monkeypatch, postgres_url):
    """Where a ledger is made that goes to PostgreSQL."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    killed = begun("restore", file, postgres_url)
    killed.kill()
    killed.wait()  # until then it may hold the lock of its folder
    assert [p.startswith(".timeline-restore.") for p in leftovers(tmp_path)] == [True]

    bring_back(file, postgres_url)

    assert leftovers(tmp_path) == []


def test_what_others_made_is_left_alone(ledger, tmp_path):
    """Only a folder that bears our lock is ours."""
    for name in (".new.db.abcdefgh", ".new.db.abc", ".other.db.abcdefgh"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "precious").write_text("precious")
    (tmp_path / ".other.db.abcdefgh" / LOCK).touch()
    (tmp_path / ".new.db.abc" / LOCK).touch()
    (tmp_path / ".new.db.ijklmnop").write_text("a file")

    backup(ledger.database, tmp_path / "new.db")

    assert leftovers(tmp_path) == [".new.db.abc", ".new.db.abcdefgh", ".new.db.ijklmnop", ".other.db.abcdefgh"]


def test_an_export_by_key_removes_what_a_killed_one_left(ledger, tmp_path):
    from timeline.state import keyed

    left = tmp_path / ".log.abcdefgh"
    left.mkdir()
    (left / LOCK).touch()

    keyed.export(ledger.database, tmp_path / "log", 2)

    assert leftovers(tmp_path) == []
