"""How fast files are imported with all projections, format by format, and how much memory that takes.

Each import is a process of its own. The table in CSV goes into a ledger that knows everybody in it, as an export of
events registers nobody; the log in JSON Lines and the parliament in Popolo go into an empty one. The first side only
opens a ledger.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench._history import registered
from bench._measure import count, machine, most_memory, report, table, timed
from bench.rebuild import BATCH, MILLION, make_anew, record_log
from tests.imports.parliament import parliament, written
from timeline.exports.formats import Options, exporter
from timeline.exports.selection import Selection
from timeline.imports.formats import opener
from timeline.imports.recording import import_documents
from timeline.ledger import Ledger

NOTHING = "opened"
MEMBERSHIPS = 20_000
SIZE = 100_000


def write_files(folder: Path, events: int) -> None:
    """The same history as a log and as a table."""
    path = str(folder / "history.db")
    record_log(path, events)
    make_anew(path, workers=1)
    with Ledger.open(path) as ledger, ledger.ask() as view:
        for name in ("jsonl", "csv"):
            with (folder / f"{name}.file").open("wb") as target:
                exporter(name)(view, Selection(), target.write, Options())


def prepare(path: str, name: str, events: int) -> None:
    """A new ledger, for a table one that knows everybody."""
    with Ledger.create(path) as ledger:
        told = registered(events * 2 // 5) if name == "csv" else []
        for at in range(0, len(told), BATCH):
            ledger.record(told[at : at + BATCH], by="bench")


def read(path: str, file: str, name: str) -> tuple[float, int]:
    """Import a file; gives the seconds, and how many events were recorded."""
    with Ledger.open(path) as ledger:
        if name == NOTHING:
            return 0.0, 0
        recorded = 0

        def work() -> None:
            nonlocal recorded
            with Path(file).open("rb") as opened:
                recorded = import_documents(ledger, [opener(name)(opened, file)], by="bench").count("new")

        return timed(work), recorded


def side(path: str, file: str, name: str) -> None:
    """One import in a process of its own: prints seconds, events and megabytes."""
    print(*read(path, file, name), most_memory())


def row(folder: Path, shown: str, name: str, events: int) -> list[str]:
    """A row of the table: one import into a ledger of its own."""
    path, file = folder / "into.db", folder / f"{name}.file"
    prepare(str(path), name, events)
    command = [sys.executable, "-m", "bench.imports", "side", str(path), str(file), name]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    for left in folder.glob("into.db*"):
        left.unlink()
    seconds, recorded, megabytes = map(float, done.stdout.split())
    if not seconds:
        return [shown, "", "", "", "", f"{megabytes:.0f}"]
    size = f"{file.stat().st_size / 1e6:.1f}"
    return [shown, count(recorded), count(recorded / seconds), f"{seconds:.1f}", size, f"{megabytes:.0f}"]


def main() -> None:
    """Measure and print."""
    given = next((int(word) for word in sys.argv[1:] if word.isdigit()), SIZE)
    sizes = [given, *([MILLION] if "--million" in sys.argv[1:] else [])]
    memberships = min(MEMBERSHIPS, given)
    Path("build").mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir="build"))
    try:
        (folder / "popolo.file").write_bytes(written(parliament(memberships)))
        found = [row(folder, NOTHING, NOTHING, 0), row(folder, f"{memberships:,} memberships, popolo", "popolo", 0)]
        for size in sizes:
            write_files(folder, size)
            found += [row(folder, f"history of {size:,}, {name}", name, size) for name in ("jsonl", "csv")]
            for left in folder.glob("history.db*"):
                left.unlink()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    header = ["side", "events", "events/s", "s", "MB read", "MB of memory"]
    report("imports", table("Importing a file with all projections, SQLite", header, found), machine("msgspec"))


if __name__ == "__main__":
    if sys.argv[1:2] == ["side"]:
        side(*sys.argv[2:])
    else:
        main()
