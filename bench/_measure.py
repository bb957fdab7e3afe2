"""What every comparison does: run the sides in turn, keep the best of each, print one table.

The sides take turns within each round, so that what else the machine does disturbs all of them alike. With `--write`
the tables go into docs/performance.md, between the markers of their name.
"""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"

Side = Callable[[], float]
"""Runs one side once and gives the seconds that it took."""


def timed(work: Callable[[], object]) -> float:
    """How many seconds the work takes."""
    start = perf_counter()
    work()
    return perf_counter() - start


def in_turns(sides: Mapping[str, Side], rounds: int) -> dict[str, list[float]]:
    """The seconds of every side in every round. One round before them warms up and does not count."""
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds + 1):
        for name, side in sides.items():
            seconds = side()
            if number:
                taken[name].append(seconds)
    return taken


def best(sides: Mapping[str, Side], rounds: int) -> dict[str, float]:
    """The shortest time of each side: what it takes when nothing disturbs it."""
    return {name: min(taken) for name, taken in in_turns(sides, rounds).items()}


def median(sides: Mapping[str, Side], rounds: int) -> dict[str, float]:
    """The middle time of each side: what a user meets."""
    return {name: statistics.median(taken) for name, taken in in_turns(sides, rounds).items()}


def most_memory() -> int:
    """The most megabytes that this process held. Linux counts into ru_maxrss what the process held that started it."""
    try:
        status = Path("/proc/self/status").read_text("utf-8")
    except OSError:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) // 1024


def count(number: float) -> str:
    """A number as one reads it aloud: three digits that count, thousands apart."""
    if number >= 1000:
        digits = 10 ** (len(str(int(number))) - 3)
        return f"{round(number / digits) * digits:,}"
    return f"{number:.3g}"


def ratio(number: float) -> str:
    """How many times: 0.52x, 7.3x, 140x."""
    return f"{number:.0f}x" if number >= 100 else f"{number:.2g}x"


def table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table that reads well in a terminal and in Markdown: the first column to the left, figures to the right."""
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    lines = [_line(header, widths), _line([""] * len(widths), widths), *(_line(row, widths) for row in rows)]
    lines[1] = "|" + "|".join(f" {'-' * (w - 1)}{':' if n else '-'} " for n, w in enumerate(widths)) + "|"
    return "\n".join([f"**{title}**", "", *lines])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = zip(cells, widths, strict=True)
    return "| " + " | ".join([first[0].ljust(first[1]), *(text.rjust(width) for text, width in rest)]) + " |"


def machine(*packages: str, **more: str) -> str:
    """Where the figures come from, in general terms: cores, Python, SQLite, the packages compared."""
    parts = [f"{os.cpu_count()} cores", f"Python {platform.python_version()}", f"SQLite {sqlite3.sqlite_version}"]
    parts += [f"{name} {number}" for name, number in more.items()]
    parts += [f"{name} {_version(name)}" for name in packages]
    return f"{platform.system()}, {', '.join(parts)}."


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"


def report(name: str, *parts: str, on: Path = PAGE) -> None:
    """Print the parts; with `--write`, put them on the page too."""
    text = "\n\n".join(parts)
    print(text)
    if "--write" in sys.argv[1:]:
        page = on.read_text("utf-8")
        section = re.compile(rf"(<!-- bench:{name} -->\n).*?(<!-- /bench:{name} -->)", re.DOTALL)
        page, found = section.subn(lambda match: f"{match[1]}\n{text}\n\n{match[2]}", page)
        if not found:
            raise SystemExit(f"{on.name} has no section <!-- bench:{name} -->")
        on.write_text(page, "utf-8")
