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

ROOT = Path(__file__).parents[2]
HOME = ROOT / "build" / "mutation"
PAGE = ROOT / "docs" / "quality.md"

PLUGIN = '''"""What was cached before a change was made is forgotten, and properties are tried with few examples."""

from hypothesis import Phase, settings

settings.register_profile(
    "few", max_examples=40, deadline=None, database=None, derandomize=True, phases=[Phase.explicit, Phase.generate]
)
settings.load_profile("few")


def pytest_sessionstart(session):
    from events import dates, durations

    for module in (dates, durations):
        for value in vars(module).values():
            getattr(value, "cache_clear", lambda: None)()
'''


class Target(NamedTuple):
    """What is changed, and the tests that should notice."""

    files: tuple[str, ...]
    tests: tuple[str, ...]


TARGETS = {
    "dates": Target(
        ("events/dates.py",),
        tuple(
            f"tests/events/test_{name}.py"
            for name in ("dates", "date_errors", "date_refusals", "date_words", "date_properties", "dates_against_edtf")
        ),
    ),
    "folds": Target(
        tuple(
            f"projections/{name}.py"
            for name in ("facts", "spans", "certainty", "memberships", "posts", "succession", "parents", "products")
        ),
        tuple(
            f"tests/projections/test_{name}.py"
            for name in (
                "facts",
                "spans",
                "certainty",
                "memberships",
                "posts",
                "succession",
                "products",
                "organizations",
            )
        ),
    ),
    "tree": Target(("timeline/audit/tree.py",), ("tests/audit/test_tree.py", "tests/audit/test_proofs.py")),
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


def copied(name: str, target: Target) -> Path:
    """The files under version control, with mutmut told what to do."""
    place = HOME / name
    shutil.rmtree(place, ignore_errors=True)
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for line in listed.splitlines():
        if (ROOT / line).is_file():
            (place / line).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / line, place / line)
    (HOME / "few_examples.py").write_text(PLUGIN)
    with (place / "pyproject.toml").open("a") as config:
        config.write("\n[tool.mutmut]\n")
        for key, values in (
            ("source_paths", target.files),
            ("also_copy", ["events", "projections", "timeline", "cli.py", "tests", "examples", "docs", "bench"]),
            ("pytest_add_cli_args", ["-q", "-x", "-p", "few_examples"]),
            ("pytest_add_cli_args_test_selection", target.tests),
        ):
            config.write(f"{key} = {json.dumps(list(values))}\n")
    return place


def run(name: str, workers: int) -> None:
    """Change and test."""
    python, place = environment(), copied(name, TARGETS[name])
    environ = {**os.environ, "PYTHONPATH": str(HOME)}
    command = [str(python.with_name("mutmut")), "run", "--max-children", str(workers)]
    subprocess.run(command, cwd=place, check=True, env=environ, stdout=subprocess.DEVNULL)


def results(name: str) -> dict[str, Counter[str]]:
    """What became of the changes, by file: `noticed`, `survived`, `untested`, `too slow`."""
    found: dict[str, Counter[str]] = {}
    for file in TARGETS[name].files:
        codes = json.loads((HOME / name / "mutants" / f"{file}.meta").read_text("utf-8"))["exit_code_by_key"]
        found[file] = Counter(_outcome(code) for code in codes.values())
    return found


def _outcome(code: int | None) -> str:
    known = {0: "survived", 33: "untested", 36: "too slow", -24: "too slow", None: "untested"}
    return known.get(code, "noticed")


def survivors(name: str) -> list[str]:
    """The names of the changes that no test noticed, for `mutmut show`."""
    found = []
    for file in TARGETS[name].files:
        codes = json.loads((HOME / name / "mutants" / f"{file}.meta").read_text("utf-8"))["exit_code_by_key"]
        found += [key for key, code in codes.items() if _outcome(code) in ("survived", "untested")]
    return found


def main() -> None:
    """Run, and print the scores."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--list", action="store_true", help="name the survivors of the last run")
    parser.add_argument("--write", action="store_true", help="renew the table in docs/quality.md")
    given = parser.parse_args()
    rows = []
    for name in given.targets or TARGETS:
        if given.list:
            print("\n".join(survivors(name)))
            continue
        run(name, given.workers)
        for file, counts in results(name).items():
            noticed, whole = counts["noticed"] + counts["too slow"], counts.total()
            rows.append([f"`{file}`", str(whole), str(noticed), str(whole - noticed), f"{noticed / whole:.1%}"])
    if rows:
        header = ["file", "changes", "noticed", "survived", "score"]
        report("mutation", table("Changes that the tests noticed", header, rows), machine(), on=PAGE)


if __name__ == "__main__":
    main()
