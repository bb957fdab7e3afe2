"""A rebuild makes the rows that the projector made step by step, while others read and write, or changes nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import inspect, select, text

from events.about import Correction, Retraction
from events.organizations import Founding, Move, Reorg
from events.people import Appointment, Arrival
from events.register import Merge
from events.said import Gathering
from projections.all import PROJECTIONS
from tests.projections.facts import arrival
from tests.projections.histories import Begin, Change, History, Scribe, histories, of_kinds
from tests.projections.test_projector import differences, folded, standing
from tests.timeline.telling import begin, tell
from timeline.errors import StoreError, UnknownName
from timeline.ledger import Ledger
from timeline.state.rebuild import Difference, rebuild, verify
from timeline.state.status import migrate
from timeline.state.tables import TABLES, Numbers, entry_keys

NAMES = [p.name for p in PROJECTIONS]
ADA = "UPDATE memberships SET role = 'queen' WHERE role <> 'queen'"


def kept(ledger: Ledger) -> dict[str, Counter[Any]]:
    """Every row ever known, with the range of positions; and `entry_keys`."""
    with ledger.database.reading() as connection:
        numbers = Numbers(connection)
        found: dict[str, Counter[Any]] = {}
        for name, table in TABLES.items():
            rows = connection.execute(select(table.table)).mappings().all()
            known = [(m["known_from"], m["known_to"]) for m in rows]
            found[name] = Counter(zip(table.loaded(rows, numbers), known, strict=True))
        found["entry_keys"] = Counter(tuple(row) for row in connection.execute(select(entry_keys)))
        return found


def indexes(ledger: Ledger) -> set[tuple[str, ...]]:
    """The columns of every index of a projection."""
    found = inspect(ledger.database.engine)
    return {(n, *map(str, i["column_names"])) for n in NAMES for i in found.get_indexes(n)}


def tables(ledger: Ledger) -> set[str]:
    return set(inspect(ledger.database.engine).get_table_names())


# -- the property -----------------------------------------------------------------------------------------------------


def rebuilt_is_kept(ledger: Ledger, history: History, at: list[int]) -> None:
    scribe = Scribe()
    tell(ledger, history, scribe)
    before, indexed = kept(ledger), indexes(ledger)
    assert verify(ledger.database) == (0, [])

    rebuild(ledger.database)

    assert differences(kept(ledger), before) == {}
    assert indexes(ledger) == indexed
    assert not {name for name in tables(ledger) if name.endswith("__new")}
    with ledger.database.reading() as connection:
        ends = sorted(set(connection.execute(text("SELECT batch FROM events")).scalars()))
    for place in at:
        position = ends[place % len(ends)]
        assert differences(standing(ledger, position), folded(scribe.log[:position])) == {}, f"known at {position}"


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(history=histories(), at=st.lists(st.integers(0, 99), max_size=2))
def test_a_rebuild_gives_the_rows_that_were_kept_step_by_step(world, history, at):
    """Whatever was told in whatever order: the same rows, known from and to the same positions."""
    with Ledger.open(str(world())) as ledger:
        rebuilt_is_kept(ledger, history, at)


@settings(max_examples=12, suppress_health_check=list(HealthCheck))
@given(
    history=histories(
        most=24,
        content=of_kinds(Arrival, Appointment, Founding, Move, Reorg, Gathering),
        sorts=("begin", "begin", "merge", "merge", Correction, Retraction, Retraction),
    )
)
def test_so_it_does_when_ids_are_merged_and_told_apart(world, history):
    """Merges in chains and circles touch what was recorded long before."""
    with Ledger.open(str(world())) as ledger:
        rebuilt_is_kept(ledger, history, [])


@settings(max_examples=5, suppress_health_check=list(HealthCheck))
@given(history=histories(most=30), at=st.lists(st.integers(0, 99), max_size=2))
def test_so_it_does_on_postgresql(postgres_server, history, at):
    with postgres_server.borrowed() as url:
        begin(url)
        with Ledger.open(url) as ledger:
            rebuilt_is_kept(ledger, history, at)


# -- others at work ---------------------------------------------------------------------------------------------------


@pytest.fixture
def ledger(database_url, tmp_path):
    """A ledger with a little history, on either database."""
    begin(database_url)
    with Ledger.open(database_url) as made:
        scribe = Scribe()
        tell(made, [[Begin(arrival(f"20{n}"))] for n in range(10, 20)], scribe)
        made.scribe = scribe  # type: ignore[attr-defined]  # for those that write on
        yield made


def at_step(wanted: str, act: Callable[[], None]) -> Callable[[str, int, int], None]:
    """Progress that acts once, when a step begins to be told of."""
    done: list[bool] = []

    def progress(step: str, part: int, of: int) -> None:
        if step == wanted and not done:
            done.append(True)
            act()

    return progress


@pytest.mark.parametrize("step", ["reading", "folding", "loading", "swapping"])
def test_what_is_recorded_during_a_rebuild_is_not_lost(ledger, step):
    """A writer records a merge, an arrival, the merge's withdrawal; the rebuild is at one step or another."""
    merge = Begin(Merge(duplicate="ada", into="bob"))

    def write():
        tell(ledger, [[merge], [Begin(arrival("2022"))], [Change(1, Retraction())], [merge]], ledger.scribe)

    rebuild(ledger.database, progress=at_step(step, write))

    after = kept(ledger)
    assert verify(ledger.database) == (0, [])
    assert differences(standing(ledger), folded(ledger.scribe.log)) == {}
    rebuild(ledger.database)
    assert differences(kept(ledger), after) == {}


def test_many_events_recorded_meanwhile_are_folded_before_writers_have_to_wait(ledger, monkeypatch):
    monkeypatch.setattr("timeline.state.rebuild.FEW", 2)
    later: History = [[Begin(arrival("2022"))] for _ in range(5)]

    rebuild(ledger.database, progress=at_step("loading", lambda: tell(ledger, later, ledger.scribe)))

    assert verify(ledger.database) == (0, [])
    assert differences(standing(ledger), folded(ledger.scribe.log)) == {}


def test_recording_goes_on_after_a_rebuild(ledger):
    rebuild(ledger.database)
    rebuild(ledger.database, ["memberships"])

    tell(ledger, [[Begin(Merge(duplicate="ada", into="bob"))], [Begin(arrival("2022"))]], ledger.scribe)

    assert differences(standing(ledger), folded(ledger.scribe.log)) == {}
    assert verify(ledger.database) == (0, [])


def test_a_reader_keeps_the_state_that_it_began_with(sqlite_url):
    """The tables change under the reader's feet, and it does not notice; the next one reads the new ones."""
    begin(sqlite_url)
    with Ledger.open(sqlite_url) as ledger:
        tell(ledger, [[Begin(arrival("2020"))]], Scribe())
        with ledger.database.writing() as connection:
            connection.execute(text(ADA))
        count_roles = text("SELECT count(*) FROM memberships WHERE role = 'queen'")
        with ledger.database.reading() as reader:
            assert reader.scalar(count_roles) == 1
            rebuild(ledger.database)
            assert reader.scalar(count_roles) == 1
        with ledger.database.reading() as reader:
            assert reader.scalar(count_roles) == 0


def test_on_postgresql_the_swap_waits_for_readers_and_they_for_nothing(postgres_url, monkeypatch):
    """A table swapped in would look empty to a transaction that began before, so neither overtakes the other."""
    begin(postgres_url)
    with Ledger.open(postgres_url) as ledger:
        tell(ledger, [[Begin(arrival("2020"))]], Scribe())
        monkeypatch.setattr("timeline.state.rebuild.BUSY_SECONDS", 0.5)
        rows = text("SELECT count(*) FROM memberships")
        with ledger.database.reading() as reader:
            with pytest.raises(StoreError, match="read by the same transaction"):
                rebuild(ledger.database)
            with ledger.database.reading() as another:
                assert another.scalar(rows) == 1
            assert reader.scalar(rows) == 1
        rebuild(ledger.database)
        assert verify(ledger.database) == (0, [])


@pytest.mark.parametrize("step", ["reading", "folding", "loading", "swapping"])
def test_a_second_rebuild_is_refused_and_the_first_goes_on(ledger, database_url, monkeypatch, step):
    """Each would take the other's fresh tables for what a killed one left. Comparing needs no fresh tables."""
    monkeypatch.setattr("timeline.state.alone.A_WHILE", "20ms")
    refused: list[str] = []

    def again() -> None:
        with Ledger.open(database_url) as another:
            with pytest.raises(StoreError, match="being rebuilt by somebody else; nothing was changed") as problem:
                rebuild(another.database, ["deals"])
            refused.append(str(problem.value))
            assert verify(another.database) == (0, [])

    made = rebuild(ledger.database, progress=at_step(step, again))

    assert ([m.name for m in made], len(refused)) == (NAMES, 1)
    assert differences(standing(ledger), folded(ledger.scribe.log)) == {}
    assert not {name for name in tables(ledger) if name.endswith("__new")}


def test_one_rebuild_follows_another(ledger, tmp_path, monkeypatch):
    """Also where the one before failed; and nothing is left beside the ledger."""
    monkeypatch.setattr("timeline.state.alone.A_WHILE", "20ms")
    there = sorted(path.name for path in tmp_path.iterdir())

    def fail() -> None:
        raise RuntimeError("no more")

    for step in ("reading", "loading", "swapping"):
        with pytest.raises(RuntimeError):
            rebuild(ledger.database, progress=at_step(step, fail))
    rebuild(ledger.database)
    rebuild(ledger.database)

    assert sorted(path.name for path in tmp_path.iterdir()) == there


def test_several_processes_give_what_one_gives(world):
    with Ledger.open(str(world())) as ledger:
        tell(ledger, [[Begin(arrival(f"20{n}"))] for n in range(10, 25)], Scribe())
        rebuild(ledger.database, workers=1)
        alone = kept(ledger)

        rebuild(ledger.database, workers=2)

        assert kept(ledger) == alone


# -- killed -----------------------------------------------------------------------------------------------------------

KILLED = """
    import os, signal, sys
    from timeline.ledger import Ledger
    from timeline.state.rebuild import rebuild
    seen = []
    def progress(step, done, of):
        if step == sys.argv[2]:
            os.kill(os.getpid(), signal.SIGKILL)
    if __name__ == "__main__":
        with Ledger.open(sys.argv[1]) as ledger:
            rebuild(ledger.database, progress=progress)
"""


@pytest.mark.parametrize("step", ["reading", "folding", "loading", "swapping"])
def test_a_rebuild_that_is_killed_leaves_the_old_tables(ledger, database_url, tmp_path, step):
    """Whatever it was doing; the next one finds no lock, cleans up and works."""
    before = kept(ledger)
    script = tmp_path / "killed.py"
    script.write_text(textwrap.dedent(KILLED))

    ended = subprocess.run(
        [sys.executable, script, database_url, step],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        check=False,
    )

    assert ended.returncode == -signal.SIGKILL
    assert differences(kept(ledger), before) == {}
    tell(ledger, [[Begin(arrival("2022"))]], ledger.scribe)
    rebuild(ledger.database)
    assert not {name for name in tables(ledger) if name.endswith("__new")}
    assert differences(standing(ledger), folded(ledger.scribe.log)) == {}


# -- verifying --------------------------------------------------------------------------------------------------------


def tampered(ledger: Ledger, statement: str) -> tuple[int, list[Difference]]:
    with ledger.database.writing() as connection:
        connection.execute(text(statement))
    before = stored(ledger)
    found = verify(ledger.database)
    assert stored(ledger) == before
    return found


def stored(ledger: Ledger) -> dict[str, Counter[Any]]:
    """All rows as they lie in the tables."""
    with ledger.database.reading() as connection:
        return {n: Counter(map(tuple, connection.exec_driver_sql(f"SELECT * FROM {n}"))) for n in tables(ledger)}


@pytest.mark.parametrize(
    ("statement", "projection"),
    [
        (ADA, "memberships"),
        ("UPDATE memberships SET known_from = 18 WHERE known_from = 20", "memberships"),
        ("DELETE FROM mentions WHERE entity = (SELECT number FROM numbers WHERE id = 'ada')", "mentions"),
        (
            "UPDATE entities SET entity = 999 WHERE entity = (SELECT number FROM numbers WHERE id = 'bob')",
            "entities",
        ),
        ("DELETE FROM entry_keys WHERE projection = 'memberships'", "entry_keys"),
    ],
)
def test_a_row_that_is_not_what_the_log_says_is_found_and_put_right(ledger, statement, projection):
    count, found = tampered(ledger, statement)

    assert (count > 0, {d.projection for d in found}) == (True, {projection})
    assert {d.what for d in found} <= {"missing", "too many"}
    rebuild(ledger.database)
    assert verify(ledger.database) == (0, [])


def test_a_name_that_is_no_projection_is_answered_with_one_that_is(ledger):
    with pytest.raises(UnknownName, match="memberships"):
        rebuild(ledger.database, ["membership"])


# -- migrating --------------------------------------------------------------------------------------------------------


def test_a_projection_of_an_older_version_is_noticed_and_migrated(ledger, database_url):
    with ledger.database.writing() as connection:
        connection.execute(text("UPDATE schema_version SET version = 0 WHERE part = 'deals'"))
        connection.execute(text("DELETE FROM schema_version WHERE part = 'posts'"))
        connection.execute(text("DROP TABLE posts"))
        connection.execute(text("ALTER TABLE deals DROP COLUMN stage"))
    with pytest.raises(StoreError, match=r"older version \(posts, deals\).*timeline migrate"):
        Ledger.open(database_url)

    assert [(m.name, m.before) for m in migrate(ledger.database)] == [("posts", 0), ("deals", 0)]

    Ledger.open(database_url).close()
    assert verify(ledger.database) == (0, [])
    assert migrate(ledger.database) == []


def test_where_merges_are_made_otherwise_everything_is(ledger):
    with ledger.database.writing() as connection:
        connection.execute(text("UPDATE schema_version SET version = 0 WHERE part = 'merges'"))

    assert [m.name for m in migrate(ledger.database)] == NAMES
