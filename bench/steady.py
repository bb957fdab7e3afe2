"""Eight writers and eight readers at once on one ledger, each a process of its own, on SQLite and on PostgreSQL.

The writers record, correct, retract and undo; half of what they do is about the same six entries, each by the version
that it read. At the end the whole ledger is checked: it fails where anything was lost, doubled, or seen in part.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

from bench._measure import count, machine, report, table
from tests.scale import steady
from tests.scale.steady import Told
from tests.services import PostgresServer
from timeline.ledger import Ledger

MANY = 8
SECONDS = 60.0
SPAWN = get_context("spawn")
DID = {
    "record": "record two events",
    "correct": "correct an entry that all change",
    "retract": "retract it, or take that back",
    "undo": "undo a batch",
    "look": "ask several questions of one view",
}


@contextmanager
def _databases(folder: Path) -> Iterator[dict[str, str]]:
    """The address of a place for a ledger on each."""
    server = PostgresServer.reserve()
    try:
        server.start()
        with server.database() as url:
            yield {"SQLite": f"sqlite:///{folder / 'timeline.db'}", "PostgreSQL": url}
    finally:
        server.stop()


def _run(url: str, folder: Path, seconds: float) -> tuple[dict[str, list[Told]], str]:
    """What everybody was told in so many seconds, and which database it was. Raises where anything is amiss."""
    folder.mkdir()
    start = SPAWN.Barrier(2 * MANY)
    with steady.begin(url) as ledger:
        works = steady.works(url, seconds, folder, start, MANY)
        processes = [SPAWN.Process(target=work.act, args=work[1:]) for work in works]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        if {p.exitcode for p in processes} != {0}:
            raise SystemExit("a process failed: see what it said above")
        told = {path.name: steady.read_notes(path) for path in folder.iterdir()}
        steady.check(ledger, told)
        return told, _engine(ledger)


def _engine(ledger: Ledger) -> str:
    with ledger.database.reading() as connection:
        return ledger.database.engine_of(connection)


def _rows(told: dict[str, list[Told]], seconds: float) -> Iterator[tuple[str, ...]]:
    everything = [t for all_of in told.values() for t in all_of]
    for what, name in DID.items():
        tried = [t for t in everything if t.what == what and t.outcome != "nothing"]
        took = sorted(t.seconds * 1000 for t in tried if t.outcome == "done")
        outcomes = [sum(t.outcome == outcome for t in tried) for outcome in ("conflict", "busy")]
        slowest = (took[len(took) // 2], took[len(took) * 99 // 100], took[-1]) if took else (0.0, 0.0, 0.0)
        yield name, count(len(took) / seconds), *map(count, slowest), *map(str, outcomes)


def main() -> None:
    """Measure, check, and print a table for each database."""
    numbers = [float(word) for word in sys.argv[1:] if not word.startswith("-")]
    seconds = numbers[0] if numbers else SECONDS
    header = ("what", "a second", "median ms", "p99 ms", "slowest ms", "conflicts told", "gave up")
    parts = []
    with tempfile.TemporaryDirectory() as name, _databases(Path(name)) as databases:
        for sort, url in databases.items():
            told, engine = _run(url, Path(name) / sort, seconds)
            title = f"{MANY} writers and {MANY} readers for {seconds:g} s on {engine}"
            parts.append(table(title, header, list(_rows(told, seconds))))
    report("steady", *parts, machine("psycopg", "sqlalchemy"))


if __name__ == "__main__":
    main()
