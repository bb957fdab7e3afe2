"""How much the tests notice: small changes are made to the dates, the folds and the tree, one at a time, by mutmut.

A change that no test notices survives. `python -m tests.mutation.run [dates|folds|tree ...] [--write]` runs on a copy
under build/mutation, with an environment of its own; `--list` names the survivors of the last run.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from bench._measure import machine, report, table
from tests.mutation.undecorated import undecorated

ROOT = Path(__file__).parents[2]
HOME = ROOT / "build" / "mutation"
PAGE = ROOT / "docs" / "quality.md"

UNNOTICED = ("survived", "untested")

PLUGIN = '''"""What was cached before a change is forgotten, properties have few examples, memory is bounded."""

import os
import resource
import sys
import time

from hypothesis import Phase, settings

settings.register_profile(
    "few", max_examples=40, deadline=None, database=None, derandomize=True, phases=[Phase.explicit, Phase.generate]
)
settings.load_profile("few")


caches = []
whole = os.getpid()


def pytest_sessionstart(session):
    if os.getpid() != whole:  # one change: its tests take three seconds, however busy the machine is
        seconds = int(time.process_time()) + 10
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    # A loop that has no end any more often collects something.
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))


def pytest_collection_finish(session):
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] in ("events", "projections", "timeline"):
            caches.extend(v.cache_clear for v in list(vars(module).values()) if hasattr(v, "cache_clear"))


def pytest_runtest_setup(item):
    for clear in caches:
        clear()
'''


class Target(NamedTuple):
    """What is changed, and the tests that should notice."""

    files: tuple[str, ...]
    tests: tuple[str, ...]
    but: tuple[str, ...] = ()


FOLDS = (
    "facts",
    "spans",
    "certainty",
    "memberships",
    "posts",
    "organizations",
    "succession",
    "products",
    "deals",
    "rows",
)
RULES = (*FOLDS, "absences", "returns", "roles", "sightings", "tenures")

TARGETS = {
    "dates": Target(
        ("events/dates.py",),
        tuple(
            f"tests/events/test_{name}.py"
            for name in ("dates", "date_errors", "date_refusals", "date_words", "date_properties")
        ),
    ),
    "folds": Target(
        tuple(f"projections/{name}.py" for name in (*FOLDS, "parents", "names")),
        tuple(f"tests/projections/test_{name}.py" for name in RULES),
        # Ten seconds of histories with every kind in them; it notices nothing that the others do not.
        ("tests/projections/test_spans.py::test_a_row_never_contradicts_itself",),
    ),
    "tree": Target(("timeline/audit/tree.py",), ("tests/audit/test_tree.py",)),
}


def environment() -> Path:
    """An environment with mutmut, that sees the one of the tests."""
    home = HOME / "venv"
    python = home / "bin" / "python"
    if not (home / ".installed").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
        sites = "import site; print(site.getsitepackages()[0])"
        there = subprocess.run([str(python), "-c", sites], check=True, capture_output=True, text=True).stdout.strip()
        here = subprocess.run([sys.executable, "-c", sites], check=True, capture_output=True, text=True).stdout.strip()
        Path(there, "tests.pth").write_text(here + "\n")
        wanted = ["--constraint", str(ROOT / "constraints.txt"), "mutmut"]
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *wanted], check=True)
        (home / ".installed").touch()
    return python


def copied(name: str, target: Target, *, again: bool) -> Path:
    """The files under version control and those to come, with mutmut told what to do."""
    place = HOME / name
    if not again:
        shutil.rmtree(place, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for line in listed.splitlines():
        if (ROOT / line).is_file():
            (place / line).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / line, place / line)
    for file in target.files:
        (place / file).write_text(undecorated((ROOT / file).read_text("utf-8")))
    (HOME / "few_examples.py").write_text(PLUGIN)
    with (place / "pyproject.toml").open("a") as config:
        # By the clock a change is ended only when it waits; a loop without end has used up its processor time before.
        config.write("\n[tool.mutmut]\ntimeout_constant = 4.0\ntimeout_multiplier = 30.0\n")
        for key, values in (
            ("source_paths", target.files),
            ("also_copy", ["events", "projections", "timeline", "cli.py", "tests", "examples", "docs", "bench"]),
            ("pytest_add_cli_args", ["-q", "-x", "-p", "few_examples", *(f"--deselect={test}" for test in target.but)]),
            ("pytest_add_cli_args_test_selection", target.tests),
        ):
            config.write(f"{key} = {json.dumps(list(values))}\n")
    return place


def forget_survivors(name: str) -> None:
    """What no test noticed, or took too long, is tried again, and by mutmut itself what was changed in the meantime."""
    for file in TARGETS[name].files:
        meta = _meta(name, file)
        kept = json.loads(meta.read_text("utf-8"))
        codes = kept["exit_code_by_key"]
        kept["exit_code_by_key"] = {k: c if _outcome(c) == "noticed" else None for k, c in codes.items()}
        meta.write_text(json.dumps(kept), "utf-8")


def run(name: str, workers: int, *, again: bool) -> None:
    """Change and test."""
    python, place = environment(), copied(name, TARGETS[name], again=again)
    if again:
        forget_survivors(name)
    environ = {**os.environ, "PYTHONPATH": str(HOME)}
    command = [str(python.with_name("mutmut")), "run", "--max-children", str(workers)]
    subprocess.run(command, cwd=place, check=True, env=environ, stdout=subprocess.DEVNULL)


def results(name: str) -> dict[str, Counter[str]]:
    """What became of the changes, by file: `noticed`, `survived`, `untested`, `too slow`."""
    found: dict[str, Counter[str]] = {}
    for file in TARGETS[name].files:
        codes = json.loads(_meta(name, file).read_text("utf-8"))["exit_code_by_key"]
        found[file] = Counter(_outcome(code) for code in codes.values())
    return found


def _meta(name: str, file: str) -> Path:
    return HOME / name / "mutants" / f"{file}.meta"


def _outcome(code: int | None) -> str:
    known = {0: "survived", 5: "untested", 33: "untested", 36: "too slow", -24: "too slow", None: "untested"}
    return known.get(code, "noticed")


def survivors(name: str) -> list[str]:
    """The names of the changes that no test noticed, for `mutmut show`."""
    found = []
    for file in TARGETS[name].files:
        codes = json.loads(_meta(name, file).read_text("utf-8"))["exit_code_by_key"]
        found += [key for key, code in codes.items() if _outcome(code) in UNNOTICED]
    return found


def main() -> None:
    """Run, and print the scores."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--again", action="store_true", help="only what survived or was ended in the last run, and what is new"
    )
    parser.add_argument("--known", action="store_true", help="try nothing, tell of the last run")
    parser.add_argument("--list", action="store_true", help="name the survivors of the last run")
    parser.add_argument("--write", action="store_true", help="renew the table in docs/quality.md")
    given = parser.parse_args()
    rows = []
    for name in given.targets or TARGETS:
        if given.list:
            print("\n".join(survivors(name)))
            continue
        if not given.known:
            run(name, given.workers, again=given.again)
        for file, counts in results(name).items():
            survived = sum(counts[outcome] for outcome in UNNOTICED)
            score = 1 - survived / counts.total()
            row = (counts.total(), counts["noticed"], counts["too slow"], survived, f"{score:.1%}")
            rows.append([f"`{file}`", *map(str, row)])
    if rows:
        header = ["file", "changes", "noticed", "ended", "survived", "score"]
        report("mutation", table("Changes that the tests noticed", header, rows), machine(), on=PAGE)


if __name__ == "__main__":
    main()
