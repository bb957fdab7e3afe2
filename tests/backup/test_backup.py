"""A backup holds the ledger as of one moment, and what is made of it is the ledger again."""

from __future__ import annotations

import sqlite3
import stat
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import select

from tests.audit.attacks import attacking
from tests.backup.conftest import run
from tests.projections.histories import Scribe, histories
from tests.projections.test_projector import standing
from tests.timeline.builders import layoff, move, org
from tests.timeline.telling import tell
from tests.timeline.test_scrubbing import TRACES, erase
from tests.timeline.test_scrubbing import told as told_of_her
from timeline.audit.verifying import verify
from timeline.backup.copying import LOG, SERVICE
from timeline.backup.making import Copied, backup
from timeline.backup.restoring import restore
from timeline.errors import MISMATCH, StoreError, UsageError
from timeline.ledger import Ledger, new
from timeline.progress import Progress
from timeline.state import rebuild
from timeline.state.tables import Numbers
from timeline.store.database import Database
from timeline.store.nodes import root_text

__all__ = ["run"]


def bring_back(path: Path, address: str, **options: Any) -> Copied:
    with closing(Database(address)) as database:
        return restore(path, database, workers=1, **options)


def held(ledger: Ledger) -> dict[str, Counter[Any]]:
    """Every row of the log and of the service, with every column."""
    with ledger.database.reading() as connection:
        return {table.name: Counter(connection.execute(select(table)).tuples()) for table in LOG + SERVICE}


def past(ledger: Ledger) -> dict[int, Any]:
    """The rows of all projections as known after each batch, and today."""
    with ledger.database.reading() as connection:
        ends = connection.exec_driver_sql("SELECT DISTINCT batch FROM events").scalars().all()
    return {end: standing(ledger, end) for end in ends} | {0: standing(ledger)}


def leftovers(path: Path) -> list[str]:
    """What lies in a folder that nobody asked for."""
    return sorted(p.name for p in path.iterdir() if p.name.startswith("."))


# -- there and back ---------------------------------------------------------------------------------------------------


def test_what_is_brought_back_is_the_ledger_again(ledger, target_url, tmp_path):
    """From either database to either: every row of the log with its position, time, salt and bytes; every answer.

    And a backup of it is the same file again, byte for byte.
    """
    file = tmp_path / "backup.db"

    made = backup(ledger.database, file)
    restored = bring_back(file, target_url)
    in_a_file = Path(target_url)

    assert restored.size == (in_a_file.stat().st_size if in_a_file.exists() else None)
    with Ledger.open(target_url) as again:
        assert held(again) == held(ledger)
        assert past(again) == past(ledger)
        assert rebuild.verify(again.database, workers=1) == (0, [])
        with ledger.ask() as ours, again.ask() as theirs:
            assert made.root == restored.root == ours.root == theirs.root
        backup(again.database, tmp_path / "second.db")
        assert (tmp_path / "second.db").read_bytes() == file.read_bytes()
        report = verify(again.database, needs_checkpoint=False)
        assert (report.total, report.unsigned) == (0, 2)
        again.record([new(layoff("meta", note="after"))], by="eve")
        assert verify(again.database, needs_checkpoint=False).total == 0
    assert leftovers(tmp_path) == []


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(history=histories())
def test_so_it_is_whatever_was_recorded(world, history):
    """Histories with corrections, merges, retractions and erasures, in whatever order."""
    path = world()
    file, again_at = path.with_suffix(".backup"), path.with_suffix(".again")
    with Ledger.open(str(path)) as ledger:
        tell(ledger, history, Scribe())
        backup(ledger.database, file)
        bring_back(file, str(again_at))
        with Ledger.open(str(again_at)) as again:
            assert held(again) == held(ledger)
            assert past(again) == past(ledger)


def test_an_empty_ledger_can_be_kept_too(database_url, target_url, tmp_path):
    with Ledger.create(database_url) as ledger:
        made = backup(ledger.database, tmp_path / "backup.db")

    restored = bring_back(tmp_path / "backup.db", target_url)

    assert (made.events, restored.events, restored.recorded_at) == (0, 0, None)
    with Ledger.open(target_url) as again:
        again.record([new(org("acme"))])


def test_tokens_and_webhooks_can_be_left_out(ledger, target_url, tmp_path):
    """A copy beside the original must not send the same messages, nor let in who may go into the original."""
    backup(ledger.database, tmp_path / "backup.db")

    bring_back(tmp_path / "backup.db", target_url, log_only=True)

    with Ledger.open(target_url) as again:
        found = held(again)
        assert {name for name, rows in found.items() if not rows} == {table.name for table in SERVICE}
        assert found["events"] == held(ledger)["events"]


# -- one moment -------------------------------------------------------------------------------------------------------


def test_what_is_recorded_while_it_is_copied_is_not_in_it(ledger, database_url, tmp_path):
    """At every step another batch is recorded; the backup holds the log as it was when it began."""
    before = held(ledger)
    steps = []

    def interrupt(step: str, done: int, of: int) -> None:
        steps.append(step)
        if step == "copying":
            with Ledger.open(database_url) as another:
                another.record([new(layoff("meta", note=f"meanwhile {len(steps)}"))], by="eve")

    made = backup(ledger.database, tmp_path / "backup.db", progress=interrupt)

    assert {"copying", "verifying"} <= set(steps)
    assert made.events == before["events"].total()
    bring_back(tmp_path / "backup.db", str(tmp_path / "again.db"))
    with Ledger.open(str(tmp_path / "again.db")) as again:
        assert held(again) == before
    with ledger.ask() as view:
        assert view.position > made.events
        assert root_text(view.connection, made.events) == made.root


def test_memory_does_not_grow_with_the_log(tmp_path):
    def peak(events: int) -> int:
        with Ledger.create(str(tmp_path / f"{events}.db")) as ledger:
            ledger.record([new(org("meta"))])
            ledger.record([new(layoff("meta", note=f"{n}{'x' * 400}")) for n in range(events)])
            backup(ledger.database, tmp_path / f"{events}.warm")
            tracemalloc.start()
            backup(ledger.database, tmp_path / f"{events}.backup")
            _, most = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            return most

    assert peak(12_000) < 1.5 * peak(3_000)


def test_a_restore_never_holds_all_names(tmp_path, monkeypatch):
    """All of them are new there and get numbers, which the database gives by itself."""
    with Ledger.create(str(tmp_path / "ledger.db")) as ledger:
        ledger.record([new(org("meta")), *(new(org(f"unit-{n}")) for n in range(100))])
        ledger.record([new(move(f"unit-{n}", "meta", "2020")) for n in range(100)])
        backup(ledger.database, tmp_path / "backup.db")
    sizes, fetch = [0], Numbers.fetch

    def counted(numbers: Numbers, ids: Iterable[str], *, add: bool = False) -> None:
        given = list(ids)
        sizes.append(len(given))
        fetch(numbers, given, add=add)

    monkeypatch.setattr(Numbers, "fetch", counted)
    bring_back(tmp_path / "backup.db", str(tmp_path / "again.db"))

    assert max(sizes) < 100
    with Ledger.open(str(tmp_path / "again.db")) as again, again.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*), min(number), max(number) FROM numbers").one() == (
            101,
            1,
            101,
        )


# -- the file ---------------------------------------------------------------------------------------------------------


def test_only_its_owner_may_read_it(ledger, tmp_path):
    backup(ledger.database, tmp_path / "backup.db")

    assert stat.S_IMODE((tmp_path / "backup.db").stat().st_mode) == 0o600


def test_it_stands_alone(ledger, tmp_path):
    """Nothing lies beside it, and to read it leaves it as it is."""
    folder = tmp_path / "backups"
    folder.mkdir()
    backup(ledger.database, folder / "a b%3f?#.db")
    before = (folder / "a b%3f?#.db").read_bytes()

    bring_back(folder / "a b%3f?#.db", str(tmp_path / "again.db"))

    assert [p.name for p in folder.iterdir()] == ["a b%3f?#.db"]
    assert (folder / "a b%3f?#.db").read_bytes() == before


def test_a_file_that_exists_is_replaced_only_if_asked(ledger, tmp_path):
    file = tmp_path / "backup.db"
    file.write_text("precious")

    with pytest.raises(StoreError, match="exists already"):
        backup(ledger.database, file)
    assert file.read_text() == "precious"

    backup(ledger.database, file, force=True)
    assert bring_back(file, str(tmp_path / "again.db")).events > 0


def test_a_file_that_came_meanwhile_is_not_replaced(ledger, tmp_path):
    file = tmp_path / "backup.db"

    def interrupt(step: str, done: int, of: int) -> None:
        if step == "verifying":
            file.write_text("precious")

    with pytest.raises(StoreError, match="exists already"):
        backup(ledger.database, file, progress=interrupt)
    assert file.read_text() == "precious"


def test_the_ledger_is_no_place_for_its_backup(sqlite_url, tmp_path):
    with Ledger.create(sqlite_url) as ledger:
        assert ledger.database.path is not None
        with pytest.raises(UsageError, match="the ledger itself"):
            backup(ledger.database, ledger.database.path, force=True)
        with pytest.raises(UsageError, match="folder"):
            backup(ledger.database, tmp_path, force=True)
        with pytest.raises(StoreError, match="cannot be written"):
            backup(ledger.database, tmp_path / "none" / "backup.db")


@pytest.mark.parametrize("step", ["copying", "verifying"])
def test_a_backup_that_is_interrupted_leaves_what_was_there(ledger, tmp_path, step):
    (tmp_path / "old.db").write_text("the backup of yesterday")

    class Stop(Exception):
        pass

    def interrupt(name: str, done: int, of: int) -> None:
        if name == step:
            raise Stop

    stop: Progress = interrupt
    for name, force in (("old.db", True), ("new.db", False)):
        with pytest.raises(Stop):
            backup(ledger.database, tmp_path / name, force=force, progress=stop)

    assert (tmp_path / "old.db").read_text() == "the backup of yesterday"
    assert not (tmp_path / "new.db").exists()
    assert leftovers(tmp_path) == []


# -- what is not sound ------------------------------------------------------------------------------------------------


def test_a_log_that_somebody_changed_is_not_kept(ledger, database_url, tmp_path):
    with attacking(database_url) as attacker:
        attacker.run("UPDATE payloads SET state = ? WHERE position = 271", b'{"kind":"entity"}')

    with pytest.raises(StoreError, match="not what was recorded") as refused:
        backup(ledger.database, tmp_path / "backup.db")

    assert refused.value.exit_status == MISMATCH
    assert not (tmp_path / "backup.db").exists()
    assert leftovers(tmp_path) == []


def test_what_was_erased_does_not_come_back(database_url, tmp_path):
    """Neither into the backup nor into what is made of it, also where the files of the ledger still hold it."""
    with Ledger.create(database_url) as ledger:
        entries = told_of_her(ledger)
        backup(ledger.database, tmp_path / "before.db")
        erase(ledger, entries)
        backup(ledger.database, tmp_path / "backup.db")
    bring_back(tmp_path / "backup.db", str(tmp_path / "again.db"))

    assert any(trace in (tmp_path / "before.db").read_bytes() for trace in TRACES)
    for path in tmp_path.iterdir():
        if path.name.startswith(("backup.db", "again.db")):
            raw = path.read_bytes()
            assert [trace for trace in TRACES if trace in raw] == [], path.name


def test_what_was_put_back_by_hand_is_found(ledger, database_url, tmp_path):
    with attacking(database_url) as attacker:
        (gone,) = attacker.row(
            "SELECT min(e.position) FROM events AS e JOIN events AS x USING (entry_id) WHERE x.kind = 'erasure'"
        )
        attacker.run("INSERT INTO payloads (position, salt, state) VALUES (?, ?, ?)", gone, b"s" * 16, b"{}")

    with pytest.raises(StoreError, match="not what was recorded"):
        backup(ledger.database, tmp_path / "backup.db")


# -- where it may go --------------------------------------------------------------------------------------------------


@pytest.fixture
def file(world: Callable[[], Path], tmp_path: Path) -> Path:
    """A backup of a small ledger."""
    with Ledger.open(str(world())) as ledger:
        backup(ledger.database, tmp_path / "backup.db")
    return tmp_path / "backup.db"


def test_a_ledger_that_holds_anything_is_left_alone(file, target_url):
    with Ledger.create(target_url) as ledger:
        ledger.record([new(org("acme"))])
        before = held(ledger)

        with pytest.raises(StoreError, match="holds a ledger already"):
            bring_back(file, target_url)

        assert held(ledger) == before


def test_an_empty_ledger_is_filled_and_whoever_has_it_open_sees_that(file, target_url):
    with Ledger.create(target_url) as ledger:
        made = bring_back(file, target_url)

        with ledger.ask() as view:
            assert (view.position, view.root) == (made.events, made.root)
        ledger.record([new(org("newcomer"))])
        assert verify(ledger.database, needs_checkpoint=False).total == 0
        assert rebuild.verify(ledger.database, workers=1) == (0, [])


def test_a_token_is_more_than_nothing(file, target_url):
    from timeline import tokens

    with Ledger.create(target_url) as ledger, ledger.database.writing() as connection:
        tokens.create(connection, "ada", ["read"])

    with pytest.raises(StoreError, match="holds a ledger already"):
        bring_back(file, target_url)


def test_a_database_that_is_no_ledger_is_left_alone(file, target_url):
    with closing(Database(target_url)) as database, database.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE customers (id integer)")

    with pytest.raises(StoreError, match="is no ledger"):
        bring_back(file, target_url)


def test_only_the_root_that_is_wanted_is_restored(file, target_url):
    with pytest.raises(StoreError, match="has the root") as refused:
        bring_back(file, target_url, root="AAAA")
    assert refused.value.exit_status == MISMATCH

    with sqlite3.connect(file) as kept:
        assert kept.execute("SELECT count(*) FROM events").fetchone()[0] > 0
    with closing(Database(file.as_posix())) as database, database.reading() as connection:
        root = root_text(connection, connection.exec_driver_sql("SELECT position FROM log_head").scalar() or 0)
    assert bring_back(file, target_url, root=root).root == root
