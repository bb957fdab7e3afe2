"""The fold on a real Apache Spark with two workers. Needs Java and pyspark, so `make test-scale` runs it."""

from __future__ import annotations

from contextlib import closing
from itertools import count
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from events.about import Erasure, Retraction
from events.register import Merge
from tests.projections.facts import arrival
from tests.projections.histories import Begin, Change, Scribe
from tests.projections.long_histories import LARGE_WORLD, long_history
from tests.projections.test_projector import differences, folded, standing
from tests.timeline.telling import register, tell, told
from tests.timeline.test_rebuild import kept
from timeline.errors import StoreError
from timeline.ledger import Ledger
from timeline.state import keyed
from timeline.state.rebuild import rebuild, verify
from timeline.state.spark import OnSpark

MASTER = "local[2]"
EVENTS = 300


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """A ledger with a long history: corrections, merges and their withdrawals, erasures."""
    path = tmp_path_factory.mktemp("spark") / "timeline.db"
    with closing(Ledger.create(str(path))) as ledger:
        scribe = Scribe(LARGE_WORLD)
        register(ledger, scribe)
        for _ in told(ledger, long_history(7), scribe):
            if len(scribe.log) >= len(LARGE_WORLD) + EVENTS:
                break
        for back in count(3, 7):
            tell(ledger, [[Begin(Merge(duplicate="ada", into="bob"))], [Change(1, Retraction())]], scribe)
            tell(ledger, [[Change(back, Erasure(ground="GDPR Art. 17"))]], scribe)
            if sum(isinstance(v.event, Erasure) for _, v in scribe.log) >= 3:
                break
        ledger.scribe = scribe  # type: ignore[attr-defined]  # for those that write on
        yield ledger


def test_the_history_holds_what_is_hard(lived):
    """Else the next tests would prove little."""
    kinds = {type(v.event).__name__ for _, v in lived.scribe.log}

    assert {"Correction", "Retraction", "Merge", "Erasure", "Ranking", "Dispute"} <= kinds


@pytest.mark.parametrize("partitions", [1, 2, 7])
def test_spark_gives_the_rows_that_were_kept_step_by_step(lived, partitions):
    before = kept(lived)

    rebuild(lived.database, elsewhere=OnSpark(MASTER, partitions=partitions))

    assert differences(kept(lived), before) == {}
    assert verify(lived.database) == (0, [])
    assert differences(standing(lived), folded(lived.scribe.log)) == {}


def test_what_was_recorded_since_the_export_is_caught_up(lived, tmp_path):
    keyed.export(lived.database, tmp_path / "log", 2)
    tell(lived, [[Begin(Merge(duplicate="cyd", into="bob"))], [Begin(arrival("2022"))]], lived.scribe)
    before = kept(lived)

    rebuild(lived.database, elsewhere=OnSpark(MASTER, source=tmp_path / "log"))

    assert differences(kept(lived), before) == {}


def test_the_command_does_so_with_the_first_timeline(run, own_ledger, tmp_path, monkeypatch):
    """With the Python that runs, whatever PYSPARK_PYTHON says. It leaves nothing where it is called, or in TMPDIR."""
    monkeypatch.setenv("PYSPARK_PYTHON", "/nowhere/python")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.chdir(tmp_path)
    words = ("projections", "rebuild", "--engine", "spark", "--master", MASTER, "--partitions", "2")

    ran = run(*words, db=own_ledger)

    assert (ran.status, "Made anew up to position 310: merges, " in ran.err) == (0, True), ran.err
    assert [p for p in tmp_path.iterdir() if p.name.startswith(("timeline-", "spark-warehouse", "artifacts"))] == []
    assert run("projections", "rebuild", "--verify", db=own_ledger).status == 0


def test_a_worker_that_fails_leaves_the_old_tables(lived, tmp_path):
    """An event in the export is no event: the fold fails in a worker, and the ledger is as before."""
    folder = tmp_path / "log"
    keyed.export(lived.database, folder, 2)
    damage(folder / "part-00001.parquet", b'{"no": "event"}')
    before = kept(lived)

    with pytest.raises(StoreError, match=r"Spark could not fold the log: .*Error: .*; nothing was changed"):
        rebuild(lived.database, elsewhere=OnSpark(MASTER, source=folder))

    assert kept(lived) == before
    rebuild(lived.database)
    assert kept(lived) == before


def damage(path: Path, state: bytes) -> None:
    """Put something else into the place of every event in a file."""
    table = pq.read_table(path)
    column = pa.array([state] * table.num_rows, pa.binary())
    pq.write_table(table.set_column(table.schema.get_field_index("state"), table.schema.field("state"), column), path)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"PATH": "/nowhere"}, "needs Java 17 or newer, and no java was found: install it"),
        ({"JAVA_HOME": "/nowhere"}, "needs Java 17 or newer, and JAVA_HOME is /nowhere, and no bin/java is there"),
    ],
)
def test_without_java_the_command_says_what_to_install(run, own_ledger, monkeypatch, environment, said):
    monkeypatch.delenv("JAVA_HOME", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    ran = run("projections", "rebuild", "--engine", "spark", db=own_ledger)

    assert (ran.status, said in ran.err) == (2, True), ran.err
