"""The same questions to the same history, put to this ledger, to bare SQL on its tables, and to what else there is.

A size is a number of memberships: `python -m bench.sidebyside 10k`, or `--sizes 10k,100k,1M`; `10M` asks those sides
alone that bear it. Every side runs in a process of its own. First all of them say what they find, and a difference ends
the run; then each question goes to one side after the other, several times. Other people's packages are installed into
build/bench-venv, at the versions of bench/sides/requirements.txt; sides whose packages are not there are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import count as numbers
from pathlib import Path
from typing import Any

from bench._measure import PAGE, count, machine, ratio, report, table
from bench.sides.history import History, make
from bench.sides.plot import plot, short
from bench.sides.side import SIDES, Side, side_named
from tests.services import PostgresServer

ROOT = Path(__file__).parent.parent
WANTED = Path(__file__).with_name("sides") / "requirements.txt"
PICTURE = PAGE.parent / "pictures" / "sidebyside.svg"
ENVIRONMENT = Path("build/bench-venv")
SIZES = "10k,100k"
ROUNDS = 5
AT_MOST = 6.0
"""Seconds that one side may take for the rounds of one question, beside the first of them."""
MANY = 1_000_000
"""Memberships beyond which only those sides take part that are named here."""
OF_MANY = frozenset({"ours, SQLite", "bare SQL, SQLite", "NumPy scan", "DuckDB"})
OURS, BARE = "ours, SQLite", "bare SQL, SQLite"

QUESTIONS = {
    "organization": "one organization",
    "units": "with its units",
    "known": "as known before",
    "person": "one person",
    "state": "whole state",
    "diff": "two days",
    "append": "append",
}
"""The columns of the first table, in milliseconds."""
GOALS = (
    ("one organization, ours / bare SQL", OURS, BARE, "organization", "at most 2x"),
    ("one organization, Raphtory / ours", "Raphtory", OURS, "organization", "at least 3x"),
    ("the same, Raphtory giving details", "Raphtory, detailed", OURS, "organization", ""),
    ("whole state, ours / bare SQL", OURS, BARE, "state", "at most 1.5x"),
    ("the same on PostgreSQL: one organization", "ours, PostgreSQL", "bare SQL, PostgreSQL", "organization", ""),
    ("the same on PostgreSQL: whole state", "ours, PostgreSQL", "bare SQL, PostgreSQL", "state", ""),
)
"""What the ratios of some sides should be."""
Times = dict[str, dict[str, float]]
"""Seconds by question, by side."""


class Process:
    """One side at one size."""

    def __init__(self, name: str, history: History, settings: Mapping[str, str]) -> None:
        self.name = name
        self.cls: type[Side] = side_named(name)
        self.cannot = dict(self.cls.cannot)
        self.log = (history.folder / f"log-{len(list(history.folder.glob('log-*')))}").open("w+", encoding="utf-8")
        python = str(ENVIRONMENT / "bin" / "python") if self.cls.packages else sys.executable
        self.process = subprocess.Popen(
            [python, "-m", "bench.sides.side", name, str(history.folder), json.dumps(settings)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            start_new_session=True,  # an interruption is for the leading process, which ends this one
        )

    def tell(self, do: str, **more: Any) -> Any:
        """Have it do something. Raises SystemExit with the end of its log if it breaks down."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with suppress(BrokenPipeError):
            self.process.stdin.write(json.dumps({"do": do, **more}) + "\n")
            self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            self.log.seek(0)
            raise SystemExit(f"{self.name} broke down at {do} {more}:\n{self.log.read()[-3000:]}")
        return json.loads(line)

    def end(self) -> None:
        """End it and whatever it has started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.log):
            with suppress(BrokenPipeError):
                stream and stream.close()


def missing() -> dict[str, str]:
    """The sides that cannot run, with the reason; makes the environment of the others if it is not there."""
    done = ENVIRONMENT / "installed.txt"
    wanted = WANTED.read_text("utf-8")
    if not done.exists() or done.read_text("utf-8") != wanted:
        say(f"installing what is compared into {ENVIRONMENT} (once) ...")
        is_made = subprocess.run([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], check=False).returncode == 0
        install = ("--disable-pip-version-check", "install", "--quiet", "--requirement", str(WANTED))
        if is_made and _runs("-m", "pip", *install):
            done.write_text(wanted, "utf-8")
    found = {}
    for name in SIDES:
        packages = side_named(name).packages
        if packages and not _runs("-c", f"import {', '.join(packages)}"):
            found[name] = f"not installed: {', '.join(packages)}"
    return found


def _runs(*words: str) -> bool:
    """Whether Python does this in the environment of the others."""
    try:
        done = subprocess.run([ENVIRONMENT / "bin" / "python", *words], check=False, stderr=subprocess.DEVNULL)
    except OSError:
        return False
    return done.returncode == 0


def say(what: str) -> None:
    """Tell how far it is, beside the tables."""
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)


def take_part(size: int, out: Mapping[str, str], only: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Who is asked at a size, and who is not, with the reason."""
    left = dict(out)
    for name in SIDES:
        if only and name not in only:
            left[name] = "left out"
        elif size > side_named(name).largest or (size > MANY and name not in OF_MANY):
            left.setdefault(name, "too large")
    return [name for name in SIDES if name not in left], left


def compare(processes: Sequence[Process], history: History) -> None:
    """Have every side answer every question, and see that they agree. Raises SystemExit where they do not."""
    for question in QUESTIONS.keys() - {"append"}:
        answers: dict[str, set[str]] = {}
        for process in processes:
            if question not in process.cannot:
                file = history.folder / "answer"
                process.tell("answer", question=question, file=str(file))
                answers[process.name] = set(file.read_text("utf-8").splitlines())
        first, *others = answers
        for name in others:
            one, other = answers[first], answers[name]
            if not (side_named(name).has_marks and question not in ("person", "diff")):
                one, other = ({" ".join(line.split()[:3]) for line in lines} for lines in (one, other))
            if one != other:
                shown = [f"{sign} {line}" for sign, lines in (("-", one - other), ("+", other - one)) for line in lines]
                raise SystemExit(
                    f"{name} does not answer {question!r} as {first} does ({len(shown)} lines: number of the question,"
                    f" person, organization, certainty):\n" + "\n".join(sorted(shown)[:10])
                )
        say(f"  {QUESTIONS[question]}: {len(answers)} sides agree on {len(answers[first]):,} lines")


def measure(processes: Sequence[Process]) -> Times:
    """Ask every side every question, in turns."""
    taken: Times = {}
    for question in QUESTIONS:
        asked = [p for p in processes if question not in p.cannot]
        rounds: dict[str, list[float]] = {p.name: [] for p in asked}
        spent = dict.fromkeys(rounds, 0.0)
        first = numbers(0, 1000)
        for number in range(ROUNDS):
            for process in asked:
                if number and spent[process.name] > AT_MOST:
                    continue
                start = time.perf_counter()
                if question == "append":
                    seconds = process.tell("append", first=next(first))
                else:
                    seconds = process.tell("time", question=question)
                spent[process.name] += time.perf_counter() - start
                rounds[process.name].append(seconds)
        taken[question] = {name: statistics.median(found) for name, found in rounds.items()}
        say(f"  {QUESTIONS[question]}: took {sum(spent.values()):.0f} s")
    return taken


def run(size: int, folder: Path, out: Mapping[str, str], only: Sequence[str]) -> tuple[Times, str]:
    """One size: the times, and its tables."""
    say(f"{short(size)}: making the history")
    history = make(folder, size)
    names, left = take_part(size, out, only)
    with ExitStack() as stack:
        settings = {}
        if any("PostgreSQL" in name for name in names):
            server = PostgresServer.reserve()
            stack.callback(server.stop)
            server.start()
            settings["postgresql"] = stack.enter_context(server.database())
        processes, loaded = [], {}
        for name in names:
            process = Process(name, history, settings)
            stack.callback(process.end)
            loaded[name] = process.tell("load")
            say(f"  {name}: loaded in {loaded[name]['seconds']:.1f} s")
            if "without a log" in loaded[name]["note"]:
                process.cannot |= {"append": "its log is empty", "rebuild": "its log is empty"}
            elif loaded[name]["rebuild"] is None:
                process.cannot["rebuild"] = "folds nothing from a log"
            processes.append(process)
        compare(processes, history)
        times = measure(processes)
        memory = {process.name: process.tell("memory") for process in processes}
        cannot = {process.name: process.cannot for process in processes}
    return times, "\n\n".join(_tables(size, times, loaded, memory, cannot, left))


def _tables(
    size: int,
    times: Times,
    loaded: Mapping[str, Any],
    memory: Mapping[str, int],
    cannot: Mapping[str, Mapping[str, str]],
    left: Mapping[str, str],
) -> Iterator[str]:
    def cell(question: str, name: str) -> str:
        return count(times[question][name] * 1000) if name in times[question] else "cannot"

    def times_of(name: str, measure: str, question: str) -> str:
        mine, theirs = times[question].get(measure), times[question].get(name)
        return ratio(theirs / mine) if mine and theirs else ""

    rows = [[name, *(cell(question, name) for question in QUESTIONS)] for name in loaded]
    absent = {name: why.partition(":")[0] for name, why in left.items() if why != "left out"}
    rows += [[name, *[why] * len(QUESTIONS)] for name, why in absent.items()]
    yield table(f"{size:,} memberships, ms", ["side", *QUESTIONS.values()], rows)
    for measure in (OURS, BARE):
        rows = [[name, *(times_of(name, measure, question) for question in QUESTIONS)] for name in loaded]
        yield table(f"{size:,} memberships, time / {measure}", ["side", *QUESTIONS.values()], rows)
    reached = [[words, times_of(one, other, question), goal] for words, one, other, question, goal in GOALS]
    yield table(f"{size:,} memberships, goals", ["", "is", "should be"], reached)
    rows = []
    for name, told in loaded.items():
        rate = count(size / told["seconds"]) if told["seconds"] else "cannot"
        again = count(size / told["rebuild"]) if told["rebuild"] else "cannot"
        rows.append([name, rate, again, count(told["bytes"] / size) if told["bytes"] else "", str(memory[name])])
    header = ["side", "import, memberships/s", "rebuild, memberships/s", "bytes each", "MB at most"]
    yield table(f"{size:,} memberships, loaded", header, rows)
    notes = [f"- {name}: {told['note']}." for name, told in loaded.items() if told["note"]]
    for name, reasons in cannot.items():
        said = [f"{QUESTIONS.get(question, question)} ({why})" for question, why in reasons.items()]
        notes += [f"- {name} cannot: {'; '.join(said)}."] if said else []
    notes += [f"- {name}: {why}." for name, why in left.items() if why not in ("too large", "left out")]
    if notes:
        yield "\n".join(notes)


@contextmanager
def workplace() -> Iterator[Path]:
    """A folder that goes when the run ends, by itself or by a signal."""

    def stop(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, stop)
    Path("build").mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="sidebyside-", dir="build")).resolve()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def size_of(text: str) -> int:
    """10k, 1M or plain digits, as a number."""
    found = re.fullmatch(r"(\d+)([kM]?)", text.replace(",", "").replace("_", ""))
    if not found or not int(found[1]):
        raise argparse.ArgumentTypeError(f"{text!r} is no size: write 10k, 100k, 1M")
    return int(found[1]) * {"": 1, "k": 1000, "M": 10**6}[found[2]]


def sizes_of(text: str) -> list[int]:
    """Several sizes with commas between them."""
    return [size_of(part) for part in text.split(",")]


def main() -> None:
    """Run all sizes, print the tables, draw the picture."""
    parser = argparse.ArgumentParser(prog="python -m bench.sidebyside", description=__doc__.splitlines()[0])
    parser.add_argument("size", nargs="?", type=size_of, metavar="N", help="one size: 10k, 100k, 1M")
    parser.add_argument("--sizes", type=sizes_of, default=sizes_of(SIZES), help=f"several (default: {SIZES})")
    parser.add_argument("--only", default="", metavar="NAMES", help="some sides, with semicolons between them")
    parser.add_argument("--write", action="store_true", help="put tables and picture into docs/")
    given = parser.parse_args()
    sizes = [given.size] if given.size else sorted(set(given.sizes))
    only = [name.strip() for name in given.only.split(";") if name.strip()]
    if unknown := set(only) - set(SIDES):
        parser.error(f"no side is called {', '.join(unknown)}: there are {'; '.join(SIDES)}")
    started = time.monotonic()
    out = missing()
    for name, why in out.items():
        say(f"{name} is left out: {why}")
    found: dict[int, Times] = {}
    tables: dict[int, str] = {}
    for size in reversed(sizes):
        with workplace() as folder:
            found[size], tables[size] = run(size, folder, out, only)
        if given.write or size == sizes[0]:  # a long run that is broken off has written what it found so far
            show(found, [tables[size] for size in sorted(tables)], is_kept=given.write)
    say(f"all took {(time.monotonic() - started) / 60:.1f} minutes; the picture is build/sidebyside.svg")


def show(found: Mapping[int, Times], tables: list[str], *, is_kept: bool) -> None:
    """Print the tables and draw the picture; keep both in docs/ if they are to be kept."""
    picture = draw({size: found[size] for size in sorted(found)})
    Path("build/sidebyside.svg").write_text(picture, "utf-8")
    if is_kept:
        PICTURE.write_text(picture, "utf-8")
    compared = ", ".join(line.replace("==", " ") for line in WANTED.read_text("utf-8").splitlines() if "==" in line)
    here = machine("SQLAlchemy", "msgspec", "psycopg", "eventsourcing")
    shown = [f"![How the cost of a question grows with the history](pictures/{PICTURE.name})"] if is_kept else []
    report("sidebyside", *shown, *tables, f"{here} In the other environment: {compared}.")


def draw(found: Mapping[int, Times]) -> str:
    """How the cost of two questions grows with the history."""
    panels = {}
    for question, title in {"organization": "About 200 people of one organization", "state": "The whole state"}.items():
        series: dict[str, dict[int, float]] = {}
        for size, times in found.items():
            for name, seconds in times[question].items():
                series.setdefault(name, {})[size] = seconds
        panels[f"{title}, on a day"] = series
    about = "Time by number of memberships, both logarithmic; the tables of this page have the figures."
    return plot("How the cost of a question grows with the history", about, panels, list(SIDES), "memberships")


if __name__ == "__main__":
    main()
