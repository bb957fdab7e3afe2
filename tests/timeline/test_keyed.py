"""The log by key: whole keys in one file each, nothing that was erased, and folded by others the same rows."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from events.about import Correction, Erasure, Retraction
from events.register import Merge
from tests.cli.conftest import example_ledger, run
from tests.projections.facts import arrival
from tests.projections.histories import Begin, Change, History, Scribe, histories
from tests.projections.test_projector import differences, folded, standing
from tests.timeline.builders import org, person
from tests.timeline.by_key import InFiles
from tests.timeline.telling import begin, tell
from tests.timeline.test_rebuild import kept
from timeline.entries import entry_named
from timeline.errors import StoreError, UsageError
from timeline.ledger import Ledger, following, new
from timeline.state import keyed
from timeline.state.rebuild import rebuild, verify
from timeline.state.spark import program

__all__ = ["example_ledger", "run"]

SORTS = (*("begin",) * 6, "merge", Correction, Correction, Retraction, Erasure)


def lines_in(folder: Path) -> Iterator[list[dict[str, Any]]]:
    """The lines of each file."""
    for path in sorted(folder.glob("*.parquet")):
        yield pq.read_table(path).to_pylist()


@pytest.fixture
def ledger(database_url):
    """A ledger with a little history, on either database."""
    begin(database_url)
    with Ledger.open(database_url) as made:
        scribe = Scribe()
        tell(made, [[Begin(arrival(f"20{n}"))] for n in range(10, 20)], scribe)
        tell(made, [[Begin(Merge(duplicate="ada", into="bob"))], [Change(1, Retraction())]], scribe)
        made.scribe = scribe  # type: ignore[attr-defined]  # for those that write on
        yield made


# -- the property -----------------------------------------------------------------------------------------------------


def folded_by_others_is_kept(ledger: Ledger, history: Any, partitions: int, folder: Path) -> None:
    tell(ledger, history, Scribe())
    before = kept(ledger)
    keyed.export(ledger.database, folder, partitions)

    assert verify(ledger.database, elsewhere=InFiles(source=folder)) == (0, [])
    rebuild(ledger.database, elsewhere=InFiles(partitions))
    assert differences(kept(ledger), before) == {}
    rebuild(ledger.database, elsewhere=InFiles(source=folder))
    assert differences(kept(ledger), before) == {}


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(history=histories(most=24, sorts=SORTS), partitions=st.sampled_from((1, 2, 7)))
def test_keys_folded_by_others_give_the_rows_that_were_kept_step_by_step(world, tmp_path_factory, history, partitions):
    """Whatever was told, corrected, merged, withdrawn and erased, and however many files there are."""
    with Ledger.open(str(world())) as ledger:
        folded_by_others_is_kept(ledger, history, partitions, tmp_path_factory.mktemp("keyed") / "log")


@settings(max_examples=3, suppress_health_check=list(HealthCheck))
@given(history=histories(most=24, sorts=SORTS))
def test_so_they_do_on_postgresql(postgres_server, tmp_path_factory, history):
    with postgres_server.borrowed() as url:
        begin(url)
        with Ledger.open(url) as ledger:
            folded_by_others_is_kept(ledger, history, 3, tmp_path_factory.mktemp("keyed") / "log")


# -- the files --------------------------------------------------------------------------------------------------------


def test_a_key_lies_in_one_file_together(ledger, tmp_path):
    told = keyed.export(ledger.database, tmp_path / "log", 4)

    of_file = [[key for key, _ in groupby(line["key"] for line in lines)] for lines in lines_in(tmp_path / "log")]
    keys = [key for keys in of_file for key in keys]
    assert (len(of_file), len(keys), len(set(keys))) == (4, told.keys, told.keys)
    assert sum(map(len, lines_in(tmp_path / "log"))) == told.rows
    assert sum(bool(keys) for keys in of_file) > 1
    for path in (tmp_path / "log").glob("*.parquet"):
        assert pq.read_schema(path).equals(keyed.schema())


def test_a_line_is_an_event_of_a_key(ledger, tmp_path):
    keyed.export(ledger.database, tmp_path / "log", 2)
    lines = [line for lines in lines_in(tmp_path / "log") for line in lines]

    of_bob = [line for line in lines if line["key"] == "bob" and line["kind"] == "arrival"]
    assert {line["settled"] for line in of_bob} == {False}
    with ledger.database.reading() as connection:
        for line in of_bob:
            asked = {"position": line["position"]}
            found = connection.execute(
                text("SELECT batch, version, kind FROM events WHERE position = :position"), asked
            ).one()
            assert tuple(found) == (line["batch"], line["version"], line["kind"])


def test_the_same_log_gives_the_same_bytes(ledger, tmp_path):
    for name in ("one", "two"):
        keyed.export(ledger.database, tmp_path / name, 3)

    one, two = ({p.name: p.read_bytes() for p in (tmp_path / n).iterdir()} for n in ("one", "two"))
    assert one == two
    assert len(one) == 4


def test_rows_wait_for_their_file_only_until_there_are_many(ledger, tmp_path, monkeypatch):
    monkeypatch.setattr(keyed, "WAITING", 10)

    keyed.export(ledger.database, tmp_path / "log", 2)

    groups = [pq.ParquetFile(p).num_row_groups for p in (tmp_path / "log").glob("*.parquet")]
    assert min(groups) > 1
    assert verify(ledger.database, elsewhere=InFiles(source=tmp_path / "log")) == (0, [])


def test_what_was_erased_is_not_in_it(database_url, tmp_path):
    """And a folder that was written before is of no use after it."""
    with Ledger.create(database_url) as ledger:
        ledger.record([new(org("acme")), new(person("ada")), new(person("zuleika"))])
        keyed.export(ledger.database, tmp_path / "before", 2)
        ledger.record([following(entry_named("entity", "zuleika"), 1, Erasure(ground="GDPR Art. 17"))])
        keyed.export(ledger.database, tmp_path / "after", 2)

        written = {n: repr(list(lines_in(tmp_path / n))) for n in ("before", "after")}
        assert ("zuleika" in written["before"], "zuleika" in written["after"]) == (True, False)
        with pytest.raises(StoreError, match="older than an erasure, and may hold what was erased; export again"):
            rebuild(ledger.database, elsewhere=InFiles(source=tmp_path / "before"))
        assert verify(ledger.database, elsewhere=InFiles(source=tmp_path / "after")) == (0, [])


# -- an export and what came after it ---------------------------------------------------------------------------------


def test_what_was_recorded_since_the_export_is_caught_up(ledger, tmp_path):
    """Also what touches keys of long before: a merge, a correction."""
    keyed.export(ledger.database, tmp_path / "log", 2)
    later: History = [[Begin(Merge(duplicate="ada", into="bob"))], [Begin(arrival("2022"))], [Change(3, Retraction())]]
    tell(ledger, later, ledger.scribe)
    before = kept(ledger)

    rebuild(ledger.database, elsewhere=InFiles(source=tmp_path / "log"))

    assert differences(kept(ledger), before) == {}
    assert verify(ledger.database) == (0, [])
    assert differences(standing(ledger), folded(ledger.scribe.log)) == {}


def test_so_is_what_is_recorded_during_the_fold(ledger):
    class Slow(InFiles):
        def run(self, *given: Any) -> Path:
            tell(ledger, [[Begin(Merge(duplicate="ada", into="bob"))], [Begin(arrival("2022"))]], ledger.scribe)
            return super().run(*given)

    rebuild(ledger.database, elsewhere=Slow(2))

    assert verify(ledger.database) == (0, [])
    assert differences(standing(ledger), folded(ledger.scribe.log)) == {}


def test_an_export_may_be_of_an_earlier_state_of_knowledge(ledger, tmp_path):
    with ledger.database.reading() as connection:
        batches = sorted(set(connection.scalars(text("SELECT batch FROM events"))))
    told = keyed.export(ledger.database, tmp_path / "log", 2, known=batches[-4])

    assert told.position == batches[-4]
    rebuild(ledger.database, elsewhere=InFiles(source=tmp_path / "log"))
    assert verify(ledger.database) == (0, [])


def test_some_projections_are_taken_from_an_export_of_all(ledger, tmp_path):
    keyed.export(ledger.database, tmp_path / "log", 2)
    before = kept(ledger)

    rebuild(ledger.database, ["memberships", "mentions"], elsewhere=InFiles(source=tmp_path / "log"))

    assert differences(kept(ledger), before) == {}
    assert verify(ledger.database) == (0, [])


# -- what is refused --------------------------------------------------------------------------------------------------


def test_a_folder_that_lost_a_file_is_refused(ledger, tmp_path):
    keyed.export(ledger.database, tmp_path / "log", 3)
    before = kept(ledger)
    (tmp_path / "log" / "part-00001.parquet").unlink()

    with pytest.raises(StoreError, match=r"keys of \d+ rows were folded, and .* exported.*nothing was changed"):
        rebuild(ledger.database, elsewhere=InFiles(source=tmp_path / "log"))

    assert kept(ledger) == before


def test_a_folder_of_another_ledger_is_refused(ledger, tmp_path):
    with Ledger.create(str(tmp_path / "other.db")) as other:
        other.record([new(org("meta"))])
        keyed.export(other.database, tmp_path / "log", 1)

    with pytest.raises(StoreError, match="was not written from this ledger"):
        rebuild(ledger.database, elsewhere=InFiles(source=tmp_path / "log"))


def test_a_folder_of_other_versions_is_refused(ledger, tmp_path):
    keyed.export(ledger.database, tmp_path / "log", 1)
    description = tmp_path / "log" / keyed.DESCRIPTION
    description.write_text(description.read_text().replace('"posts": ', '"posts": 9'))

    with pytest.raises(StoreError, match="other versions of the projections; export again"):
        rebuild(ledger.database, elsewhere=InFiles(source=tmp_path / "log"))


@pytest.mark.parametrize("text", ["", "{}", '{"format": "timeline-keyed-log", "version": 2}'])
def test_a_folder_of_something_else_is_refused(tmp_path, text):
    with pytest.raises(UsageError, match="is no folder that"):
        InFiles(source=tmp_path)
    (tmp_path / keyed.DESCRIPTION).write_text(text)
    with pytest.raises(UsageError, match="is no folder that"):
        InFiles(source=tmp_path)


def test_an_export_that_fails_leaves_nothing(ledger, tmp_path, monkeypatch):
    monkeypatch.setattr(keyed, "lines_of", lambda chunk: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        keyed.export(ledger.database, tmp_path / "log", 2)

    assert [p.name for p in tmp_path.iterdir() if not p.name.startswith("timeline.db")] == []


# -- the commands -----------------------------------------------------------------------------------------------------


def test_the_command_writes_a_folder(run, example_ledger, tmp_path):
    target = tmp_path / "log"
    ran = run("export", "parquet", "--partitions", "3", "-o", str(target), db=example_ledger)

    told = keyed.described(target)
    wrote = f"Wrote {told.rows} rows of {told.keys} keys, up to position 310, to {target}.\n"
    assert (ran.status, ran.err) == (0, wrote)
    assert [p.name for p in sorted(target.iterdir())] == ["_log.json", *(f"part-0000{n}.parquet" for n in range(3))]
    again = run("export", "parquet", "--partitions", "3", "-o", str(target), db=example_ledger)
    assert (again.status, "something stands there already" in again.err) == (2, True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("export", "parquet", "--partitions", "2"), "-o FOLDER"),
        (("export", "csv", "--partitions", "2", "-o", "x"), "--partitions is for parquet"),
        (("export", "parquet", "--partitions", "2", "-o", "x", "--kind", "layoff"), "the whole log"),
        (("export", "parquet", "--partitions", "2", "-o", "x", "--reported-by", "2025"), "the whole log"),
        (("export", "parquet", "--partitions", "501", "-o", "x"), "500 at most"),
        (("export", "parquet", "--partitions", "2", "-o", "nowhere/x"), "cannot be written"),
        (("projections", "rebuild", "--master", "local"), "--master is for --engine spark"),
        (("projections", "rebuild", "--partitions", "2"), "--partitions is for --engine spark"),
        (("projections", "rebuild", "--engine", "spark", "--from", "x", "--partitions", "2"), "leave it out"),
    ],
)
def test_what_would_be_passed_over_is_refused(run, example_ledger, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    ran = run(*words, db=example_ledger)

    assert (ran.status in (2, 6), said in ran.err) == (True, True), ran.err
    assert list(tmp_path.iterdir()) == []


def test_without_pyspark_the_command_says_what_to_install(run, example_ledger, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark", None)

    ran = run("projections", "rebuild", "--engine", "spark", db=example_ledger)

    assert (ran.status, "pip install 'timeline-service[spark]'" in ran.err) == (2, True)


def test_without_pyarrow_the_export_says_what_to_install(ledger, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(UsageError, match=r"pip install 'timeline-service\[parquet\]'"):
        keyed.export(ledger.database, tmp_path / "log", 1)


# -- what a worker needs ----------------------------------------------------------------------------------------------


def test_the_fold_of_a_worker_touches_no_database():
    """It is shipped to machines that have Python, msgspec, SQLAlchemy for the shapes of tables, and nothing else."""
    asking = "import sys, timeline.state.grouped; print(*(m for m in sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", asking], check=True, stdout=subprocess.PIPE, text=True
    ).stdout.split()

    ours = {m for m in loaded if m.startswith("timeline.") and m not in ("timeline.state", "timeline.store")}
    assert ours == {
        "timeline.entries", "timeline.garbage", "timeline.state.folding", "timeline.state.grouped",
        "timeline.state.joined", "timeline.state.lines", "timeline.state.tables", "timeline.store.bulk",
    }  # fmt: skip
    assert not {"sqlite3", "psycopg", "alembic", "pyarrow", "pyspark", "eventsourcing"} & set(loaded)


def test_what_is_sent_to_the_workers_is_enough(tmp_path):
    """The archive is a program of its own: from it alone the fold is imported, although this checkout is there too."""
    archive = program(tmp_path)
    asking = (
        f"import sys; sys.path.insert(0, {str(archive)!r}); import timeline.state.grouped as g, projections.all as p;"
        " print(g.__file__, p.__file__); g.grouped(['memberships'], None)"
    )
    ran = subprocess.run([sys.executable, "-c", asking], check=True, stdout=subprocess.PIPE, text=True)

    assert all(file.startswith(str(archive)) for file in ran.stdout.split())
