"""A ledger that may not be written, or is busy for longer than anybody waits, and a clock that steps back."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.steady.killing import check
from tests.steady.limits import as_nobody, refusal
from tests.timeline.builders import org
from timeline.errors import StoreError
from timeline.ledger import Ledger, new
from timeline.state.rebuild import rebuild
from timeline.store import log


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that everybody may read, whoever runs the tests, with the ledger timeline.db in it."""
    with tempfile.TemporaryDirectory(prefix="timeline-steady-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with Ledger.create(str(folder / "timeline.db")) as ledger:
            ledger.record([new(org("meta"))], by="ada")
        (folder / "timeline.db").chmod(0o644)
        yield folder


def recorded(path: Path) -> int:
    with Ledger.open(str(path)) as ledger:
        return ledger.record([new(org("acme"))], by="ada").last


def position(path: Path) -> int:
    with Ledger.open(str(path)) as ledger, ledger.database.reading() as connection:
        return log.head_position(connection)


def test_who_may_not_write_the_file_is_told_and_may_read_it_while_it_is_open(home):
    path = home / "timeline.db"
    path.chmod(0o444)
    with Ledger.open(str(path)) as holder:  # whoever has it open keeps the files beside it
        with holder.ask():
            pass
        for beside in home.iterdir():
            beside.chmod(0o644)
        assert as_nobody(lambda: position(path)) == "1"
        said = as_nobody(lambda: recorded(path))
    assert said == f"raised StoreError: {path} cannot be written: it is read-only here"
    assert len(check(str(path))) == 1


def test_who_may_not_write_the_folder_is_told(home):
    path = home / "timeline.db"
    home.chmod(0o555)
    for act in (position, recorded):
        said = as_nobody(partial(act, path))
        assert said.startswith(f"raised StoreError: {path} cannot be"), said
    home.chmod(0o755)
    assert len(check(str(path))) == 1


def test_who_may_not_look_into_the_folder_is_told(home):
    path = home / "timeline.db"
    home.chmod(0o700)
    said = as_nobody(partial(position, path))
    assert said == f"raised StoreError: {path} cannot be opened: Permission denied"


def test_a_file_that_is_no_database_for_a_while_is_one_again_later(home):
    """The failed attempts keep no connection to it."""
    path = home / "timeline.db"
    with Ledger.open(str(path)) as ledger:
        good, bad = path.rename(home / "good.db"), home / "bad.db"
        bad.write_bytes(b"no database at all, " * 100)
        bad.rename(path)
        assert "was replaced by another file" in refusal(partial(ledger.recorder.max_notification_id))
        for _ in range(2):
            assert "is no ledger" in refusal(partial(ledger.recorder.max_notification_id))
        good.rename(path)
        assert ledger.recorder.max_notification_id() == 1


def test_a_connection_that_may_only_read_refuses_to_record(home):
    path = home / "timeline.db"
    with Ledger.open(f"sqlite:///file:{path}?mode=ro&uri=true") as ledger:
        with ledger.database.reading() as connection:
            assert log.head_position(connection) == 1
        with pytest.raises(StoreError, match="cannot be written: it is read-only here"):
            ledger.record([new(org("acme"))], by="ada")
        with pytest.raises(StoreError, match="cannot be written: it is read-only here"):
            rebuild(ledger.database)
    assert len(check(str(path))) == 1


# -- busy -------------------------------------------------------------------------------------------------------------


def test_a_file_that_another_process_locks_too_long_is_busy_and_later_takes_the_event(home, monkeypatch, run: Run):
    monkeypatch.setattr("timeline.store.database.BUSY_SECONDS", 0.2)
    path = home / "timeline.db"
    with Ledger.open(str(path)) as ledger:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match=r"is busy: another writer has held it for 0\.2 s; try again"):
            ledger.record([new(org("acme"))], by="ada")
        assert position(path) == 1  # who reads is not kept waiting
        words = ("add", "entity", "--id", "acme", "--type", "organization", "--name", "Acme")
        ran = run(*words, db=path)
        assert (ran.status, "is busy" in ran.err) == (6, True), ran
        other.close()
        assert ledger.record([new(org("acme"))], by="ada").last == 2
    assert len(check(str(path))) == 2


# -- the clock --------------------------------------------------------------------------------------------------------


def test_recorded_time_never_goes_backwards_in_no_process(database_url):
    """The clock of the second process is an hour behind, that of the third a year ahead, of the fourth right again."""
    hour, year = 3_600_000_000, 365 * 24 * 3_600_000_000
    start = 1_700_000_000_000_000
    Ledger.create(database_url, clock=lambda: start).close()

    def record(name: str, now: int) -> str:
        with Ledger.open(database_url, clock=lambda: now) as ledger:
            return str(ledger.record([new(org(name))], by="ada").recorded_at)

    said = [
        int(as_nobody(partial(record, f"o{n}", now), keeps_rights=True))
        for n, now in enumerate((start, start - hour, start + year, start + 1, start + year + 5))
    ]

    assert said == [start, start, start + year, start + year, start + year + 5]
    assert [e.recorded_at for e in check(database_url)] == said
