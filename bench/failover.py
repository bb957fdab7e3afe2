"""A primary is killed under load and its standby promoted: how long nobody can write, and what is lost.

Three processes write to whichever of two PostgreSQL servers takes writes; all of them share one machine.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

from bench._measure import machine, report, table
from tests.scale.conftest import following
from tests.scale.test_failover import WRITERS, either, lost, sound
from tests.scale.writers import told, write_on
from tests.services import PostgresServer, wait_for
from timeline.ledger import Ledger

SPAWN = get_context("spawn")
SETTINGS = {
    "not at all": {},
    "on": {"synchronous_standby_names": "standby", "synchronous_commit": "on"},
    "remote_apply": {"synchronous_standby_names": "standby", "synchronous_commit": "remote_apply"},
}
ROUNDS, ENOUGH = 2, 20


def _once(beside: PostgresServer, name: str, settings: dict[str, str]) -> tuple[float, float, float, int, int]:
    """Seconds from the kill until the promotion, the first write and everybody's; batches acknowledged, and lost."""
    primary = PostgresServer(beside.folder, name)
    try:
        primary.start()
        standby = primary.standby("standby")
        try:
            if settings:
                primary.configure(**settings)
            return _lose(primary, standby)
        finally:
            standby.remove()
    finally:
        primary.remove()


def _lose(primary: PostgresServer, standby: PostgresServer) -> tuple[float, float, float, int, int]:
    with following(primary, standby) as followed, tempfile.TemporaryDirectory() as folder:
        notes, stop = [Path(folder) / name for name in WRITERS], Path(folder) / "stop"
        works = [(either(followed), note.name, note, stop) for note in notes]
        processes = [SPAWN.Process(target=write_on, args=work) for work in works]
        for process in processes:
            process.start()
        try:
            wait_for(lambda: min(len(told(note)) for note in notes) >= ENOUGH, "the writers", 300)
            begun = time.monotonic()
            primary.kill()
            standby.promote()
            promoted = time.monotonic() - begun
            before = [len(told(note)) for note in notes]

            def go_on(how_many: Callable[[list[bool]], bool]) -> float:
                wait_for(lambda: how_many([len(told(n)) > b for n, b in zip(notes, before, strict=True)]), "writing")
                return time.monotonic() - begun

            first, everybody = go_on(any), go_on(all)
        finally:
            stop.touch()
            for process in processes:
                process.join()
        with Ledger.open(followed.there) as ledger:
            sound(ledger)
            acknowledged = [t for note in notes for t in told(note)]
            return promoted, first, everybody, len(acknowledged), len(lost(ledger, acknowledged))


def main() -> None:
    """Measure, and print a table."""
    beside = PostgresServer.reserve()
    rows = []
    try:
        beside.start()
        for number in range(ROUNDS):
            for name, settings in SETTINGS.items():
                *seconds, acknowledged, gone = _once(beside, f"round{number}", settings)
                rows.append((name, *(f"{s:.2f}" for s in seconds), str(acknowledged), str(gone)))
    finally:
        beside.stop()
    header = ("waits for the standby", "promoted, s", "first write, s", "all write, s", "acknowledged", "lost")
    report("failover", table("From the end of the primary on", header, sorted(rows)), machine("psycopg"))


if __name__ == "__main__":
    main()
