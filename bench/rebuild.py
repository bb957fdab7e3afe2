"""How fast projections are made anew from the log, beside recording the same history with its projections.

A side is a process of its own, so that the memory that it needed at most is its own. The rebuild with two processes
counts the larger of them besides. A million events are put into the log alone: step by step they take too long.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from bench._history import entries, registered
from bench._measure import best, count, machine, ratio, report, table, timed
from timeline.ledger import Ledger
from timeline.state.rebuild import rebuild
from timeline.store.mapper import EntryEvent

MILLION = 1_000_000
SIZES = {"10,000": 10_000, "100,000": 100_000, "1,000,000": MILLION}
BATCH = 1000
ROUNDS = 2


def batches(events: int) -> Iterator[list[EntryEvent]]:
    """A history, a thousand events at a time: people are registered, and most of them arrive and depart."""
    told = registered(events * 2 // 5)
    for at in range(0, len(told), BATCH):
        yield told[at : at + BATCH]
    for first in range(0, events - len(told), BATCH):
        yield entries(first, min(BATCH, events - len(told) - first))


def record(path: str, events: int) -> float:
    """Record a history with its projections, and give the seconds that it took, without those to make it up."""
    with Ledger.create(path) as ledger:
        return sum(timed(partial(ledger.record, batch, by="bench")) for batch in batches(events))


def record_log(path: str, events: int) -> float:
    """Put a history into the log, with no projections."""
    with Ledger.create(path) as ledger:
        return sum(timed(partial(ledger.save, *batch, recorded_by="bench")) for batch in batches(events))


def make_anew(path: str, workers: int) -> float:
    """Make all projections of a ledger anew, and give the seconds that it took."""
    with Ledger.open(path) as ledger:
        return timed(lambda: rebuild(ledger.database, workers=workers))


def alone(memory: dict[str, int], name: str, *words: str) -> Callable[[], float]:
    """A side that runs in a process of its own; its memory is noted by its name."""

    def run() -> float:
        command = [sys.executable, "-m", "bench.rebuild", "side", *words]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        seconds, megabytes = done.stdout.split()
        memory[name] = max(memory.get(name, 0), int(megabytes))
        return float(seconds)

    return run


def side(what: str, path: str, number: str) -> None:
    """One run, in a process of its own: prints the seconds and the megabytes."""
    import resource

    work = {"record": record, "log": record_log, "rebuild": make_anew}[what]
    seconds = work(path, int(number))
    used = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(seconds, sum(used) // 1024)


def main() -> None:
    """Measure and print."""
    Path("build").mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir="build"))
    rows = []
    try:
        for shown, events in SIZES.items():
            path, memory = str(folder / f"{events}.db"), dict[str, int]()
            step_by_step, one, two = "recorded step by step", "made anew, 1 process", "made anew, 2 processes"
            sides = {n: alone(memory, n, "rebuild", path, str(w)) for w, n in enumerate((one, two), 1)}
            if events < MILLION:
                taken = {step_by_step: alone(memory, step_by_step, "record", path, str(events))()}
                taken |= best(sides, ROUNDS)
            elif "--million" in sys.argv[1:]:
                alone({}, "log", "log", path, str(events))()
                taken = {name: run() for name, run in sides.items()}
            else:
                continue
            for name, seconds in taken.items():
                times = ratio(taken[step_by_step] / seconds) if step_by_step in taken else ""
                rate = count(events / seconds)
                rows.append([f"{shown} events, {name}", rate, f"{seconds:.1f}", times, str(memory[name])])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    header = ["side", "events/s", "s", "rate / step by step", "MB at most"]
    report("rebuild", table("All 13 projections, SQLite", header, rows), machine("SQLAlchemy", "msgspec"))


if __name__ == "__main__":
    if sys.argv[1:2] == ["side"]:
        side(*sys.argv[2:])
    else:
        main()
