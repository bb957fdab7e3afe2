"""Killing every sort of work with SIGKILL at moments drawn from all of its time, on SQLite and on PostgreSQL.

After each kill the ledger is opened and looked at as a whole, with nothing repaired before: the command fails where an
acknowledged event is lost, a part of a batch stands, a projection is not what the log folds to, the tree does not
prove the log, or half of a file stands under its name.
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path

from bench._measure import machine, report, table
from tests.services import PostgresServer
from tests.steady import killing

PAGE = Path(__file__).parent.parent / "docs" / "steady.md"
ROUNDS = 20
"""Kills of each work on each database that count."""
SIZE = 2000
"""Events in a history."""
SORTS = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def _rows(sort: str, many: int, server: PostgresServer) -> list[list[str]]:
    rows = []
    with tempfile.TemporaryDirectory(prefix="timeline-kills-") as name, killing.places(sort, Path(name), server) as at:
        for work in killing.WORKS:
            folder = Path(name) / work.name
            folder.mkdir()
            found = killing.rounds(work(at, folder, SIZE), many, random.Random(f"{sort} {work.name}"))
            span = f"{found.earliest:.0%} to {found.latest:.0%}"
            print(f"{sort}, {work.name}: nothing amiss after {found.rounds} kills", file=sys.stderr)
            rows.append([work.name, f"{found.rounds}", span, f"{found.longest * 1000:.0f}", f"{found.too_late}"])
    return rows


def main() -> None:
    """Kill, look, and print a table for each database."""
    numbers = [int(word) for word in sys.argv[1:] if not word.startswith("-")]
    many = numbers[0] if numbers else ROUNDS
    header = ("killed", "kills", "at", "undisturbed ms", "done before the kill")
    server = PostgresServer.reserve()
    try:
        server.start()
        parts = [table(f"Kills on {name}", header, _rows(sort, many, server)) for sort, name in SORTS.items()]
    finally:
        server.stop()
    report("kills", *parts, machine("psycopg", "sqlalchemy"), on=PAGE)


if __name__ == "__main__":
    main()
