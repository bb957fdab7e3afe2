"""How fast projections are made anew on Apache Spark, beside one process and two of this machine: the same rows.

A side is a process of its own. Spark runs here with two workers (`local[2]`), so this shows what it costs, not what a
cluster gains; docs/spark.md tells how to reckon that. A number says how many events; 100,000 if none is given.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from sqlalchemy import text

from bench._measure import count, machine, ratio, report, table, timed
from bench.rebuild import record_log
from timeline.errors import UsageError
from timeline.ledger import Ledger
from timeline.state.keyed import export
from timeline.state.rebuild import rebuild
from timeline.state.spark import OnSpark, need_spark
from timeline.state.tables import TABLES

PAGE = Path(__file__).parent.parent / "docs" / "spark.md"
PARTITIONS = 16
SIDES = {"1 process": 1, "2 processes": 2, "Spark, local[2], with the export": 0, "Spark, from the export": -1}


def make_anew(path: str, workers: int, folder: str) -> dict[str, float]:
    """Make all projections anew, and give the seconds that each step took."""
    spark = (
        OnSpark("local[2]", partitions=PARTITIONS, source=Path(folder) if workers else None) if workers < 1 else None
    )
    begun: dict[str, float] = {}

    def tell(step: str, done: int, of: int) -> None:
        begun.setdefault(step, perf_counter())

    with Ledger.open(path) as ledger:
        tell("beginning", 0, 0)
        rebuild(ledger.database, workers=workers if workers > 0 else 2, elsewhere=spark, progress=tell)
        tell("end", 0, 0)
    return {step: later - start for (step, start), later in zip(begun.items(), [*begun.values()][1:], strict=False)}


def export_keyed(path: str, folder: str) -> dict[str, float]:
    """Write the log by key, and give the seconds that it took."""
    with Ledger.open(path) as ledger:
        return {"exporting": timed(lambda: export(ledger.database, Path(folder), PARTITIONS, workers=2))}


def digest(path: str) -> str:
    """What stands in the tables, but for the places of rows."""
    found = hashlib.sha256()
    with Ledger.open(path) as ledger, ledger.database.reading() as connection:
        for name, its in (*((n, t.table.c.keys()) for n, t in TABLES.items()), ("entry_keys", ["*"])):
            columns = ", ".join(f'"{c}"' for c in its if c not in ("id", "*")) or "*"
            places = ", ".join(map(str, range(1, (len(its) - ("id" in its) if its != ["*"] else 3) + 1)))
            for row in connection.execute(text(f"SELECT {columns} FROM {name} ORDER BY {places}")):
                found.update(repr(tuple(row)).encode())
    return found.hexdigest()


def side(what: str, path: str, number: str, folder: str) -> None:
    """One run, in a process of its own: prints the seconds of its steps."""
    print(json.dumps(export_keyed(path, folder) if what == "export" else make_anew(path, int(number), folder)))


def _run(*words: str) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.spark", "side", *words]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    return found


def main() -> None:
    """Measure and print. Exits with 1 if two sides made other rows."""
    try:
        need_spark()
    except UsageError as missing:
        print(missing)
        return
    events = next((int(word) for word in sys.argv[1:] if word.isdigit()), 100_000)
    Path("build").mkdir(exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="bench-", dir="build"))
    path, folder = str(scratch / "log.db"), str(scratch / "keyed")
    try:
        record_log(path, events)
        exported = sum(_run("export", path, "0", folder).values())
        size = sum(f.stat().st_size for f in Path(folder).iterdir())
        rows = [["export by key", count(events / exported), f"{exported:.1f}", ""]]
        made: dict[str, str] = {}
        steps: dict[str, dict[str, float]] = {}
        first = 0.0
        for name, workers in SIDES.items():
            print(name, file=sys.stderr)
            steps[name] = _run("rebuild", path, str(workers), folder)
            seconds = sum(steps[name].values())
            first = first or seconds
            made[name] = digest(path)
            rows.append([name, count(events / seconds), f"{seconds:.1f}", ratio(first / seconds)])
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    header = ["side", "events/s", "s", "rate / 1 process"]
    title = f"{events:,} events, the log alone; by key {size / 1e6:.0f} MB of Parquet"
    named = dict.fromkeys(step for of_side in steps.values() for step in of_side)
    spent = [[step, *(f"{s[step]:.1f}" if step in s else "" for s in steps.values())] for step in named]
    parts = table(title, header, rows), table("Seconds of each step", ["step", *steps], spent)
    report("spark", *parts, machine("pyspark", "pyarrow"), on=PAGE)
    if len(set(made.values())) > 1:
        raise SystemExit(f"the rows differ: {made}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["side"]:
        side(*sys.argv[2:])
    else:
        main()
