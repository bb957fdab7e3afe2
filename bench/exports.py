"""How fast a ledger is exported, format by format, and how much memory that takes.

Each export is a process of its own, which writes to a file that is gone afterwards, so that its memory is its own. The
first side only opens the ledger and counts: what is left of the others' memory is the export's.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from bench._measure import count, machine, most_memory, report, table, timed
from bench.rebuild import MILLION, make_anew, record_log
from timeline.exports.formats import FORMATS, Options, exporter
from timeline.exports.selection import Selection
from timeline.exports.selection import count as count_selected
from timeline.ledger import Ledger
from timeline.view import View

NOTHING = "opened and counted"
STREAMED = ("jsonl", "csv", "json", "atom", "timelinejs", "popolo", "parquet", "ical")
"""Those that grow with the ledger; a picture and a page are of one state."""


def write(path: str, name: str) -> tuple[float, int, int]:
    """Export a ledger; gives the seconds, what was written in bytes, and how many events that was."""
    size = 0

    def take(part: bytes) -> None:
        nonlocal size
        size += len(part)
        target.write(part)

    with Ledger.open(path) as ledger, ledger.database.reading() as connection, tempfile.TemporaryFile() as target:
        view = View(connection)
        events = count_selected(view, Selection())
        seconds = 0.0 if name == NOTHING else timed(lambda: exporter(name)(view, Selection(), take, Options()))
    return seconds, size, events


def side(path: str, name: str) -> None:
    """One export in a process of its own: prints seconds, bytes, events and megabytes."""
    print(*write(path, name), most_memory())


def rows(path: str, shown: str) -> list[list[str]]:
    """A row for each format that is there."""
    found = []
    for name in (NOTHING, *STREAMED):
        if name in FORMATS and find_spec(f"timeline.exports.{FORMATS[name].module}") is None:
            continue
        command = [sys.executable, "-m", "bench.exports", "side", path, name]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        seconds, size, events, megabytes = map(float, done.stdout.split())
        rate = count(events / seconds) if seconds else ""
        taken = [f"{seconds:.1f}", f"{size / 1e6:.1f}"] if seconds else ["", ""]
        found.append([f"{shown}, {name}", rate, *taken, f"{megabytes:.0f}"])
    return found


def main() -> None:
    """Measure and print."""
    given = next((int(word) for word in sys.argv[1:] if word.isdigit()), 100_000)
    sizes = [given, *([MILLION] if "--million" in sys.argv[1:] else [])]
    Path("build").mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir="build"))
    found = []
    try:
        for size in sizes:
            path = str(folder / f"{size}.db")
            record_log(path, size)
            make_anew(path, workers=1)
            found += rows(path, f"{size:,} events")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    header = ["side", "events/s", "s", "MB written", "MB of memory"]
    report(
        "exports", table("Exporting a whole ledger, SQLite", header, found), machine("msgspec", "pyarrow", "icalendar")
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["side"]:
        side(*sys.argv[2:])
    else:
        main()
