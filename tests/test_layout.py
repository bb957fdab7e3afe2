"""The house keeps its shape: who imports whom, what pure modules touch, what no file mentions."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("events", "projections", "timeline", "cli")  # each may import those before it, and itself
PURE = ("events", "projections")

PURE_LIBRARIES = {"msgspec"}
IMPURE_MODULES = {
    "asyncio", "http", "importlib", "io", "logging", "multiprocessing", "os", "pathlib", "random",
    "secrets", "shutil", "socket", "sqlite3", "subprocess", "sys", "tempfile", "threading", "time",
    "urllib",
}  # fmt: skip
IMPURE_CALLS = {"now", "utcnow", "today", "uuid1", "uuid4"}  # of datetime, date, uuid
IMPURE_BUILTINS = {"open", "input", "print", "exec", "eval", "__import__", "uuid1", "uuid4"}


# --- the checks, on any tree -------------------------------------------------------------------


def modules_of(root: Path, part: str) -> list[Path]:
    return sorted([*root.glob(f"{part}.py"), *(root / part).rglob("*.py")])


def imported(tree: ast.AST, part: str) -> Iterator[tuple[str, int]]:
    """Each top-level module that the code imports, in any form, and the line where it does."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((alias.name.partition(".")[0], node.lineno) for alias in names)
            case ast.ImportFrom(level=0, module=str(module)):
                yield module.partition(".")[0], node.lineno
            case ast.ImportFrom():
                yield part, node.lineno  # relative, so within the package
            case ast.Call(
                func=ast.Attribute(attr="import_module") | ast.Name(id="import_module"),
                args=[ast.Constant(value=str(module)), *_],
            ):
                yield module.partition(".")[0], node.lineno


def impurities(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Each clock, source of randomness or file that the code reaches for, and its line."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=name)) if name in IMPURE_CALLS:
                yield f"calls .{name}()", node.lineno
            case ast.Name(id=name) if name in IMPURE_BUILTINS:
                yield f"uses {name}", node.lineno
            case ast.ImportFrom(names=names):
                for alias in names:
                    if alias.name in IMPURE_CALLS:
                        yield f"imports {alias.name}", node.lineno


def violations(root: Path) -> list[str]:
    """Every place below `root` that breaks a rule of the house, as `file:line: what`."""
    found = []
    for part in OURS:
        allowed = OURS[: OURS.index(part) + 1]
        for path in modules_of(root, part):
            where = path.relative_to(root).as_posix()
            tree = ast.parse(path.read_text("utf-8"), where)
            for module, line in imported(tree, part):
                if module in OURS and module not in allowed:
                    found.append(f"{where}:{line}: {part} may not import {module}")
                elif part in PURE and not is_pure(module):
                    found.append(f"{where}:{line}: {part} is pure and may not import {module}")
            if part in PURE:
                for what, line in impurities(tree):
                    found.append(f"{where}:{line}: {part} is pure, yet {what}")
    return found


def is_pure(module: str) -> bool:
    standard = module in sys.stdlib_module_names and module not in IMPURE_MODULES
    return standard or module in PURE_LIBRARIES or module in OURS


# --- this tree ---------------------------------------------------------------------------------


def test_imports_run_one_way_and_pure_modules_stay_pure():
    assert all(modules_of(ROOT, part) for part in OURS)
    assert violations(ROOT) == []


@pytest.mark.parametrize("package", PURE)
def test_the_pure_packages_have_a_docstring_and_nothing_else_in_front(package):
    """Their names are common words; whoever meets them should find a sentence, not an API."""
    tree = ast.parse((ROOT / package / "__init__.py").read_text("utf-8"))

    assert ast.get_docstring(tree)
    assert len(tree.body) == 1


def test_every_library_that_is_imported_is_declared():
    """What the development tools happen to bring along is missing on a user's machine."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    declared = project["dependencies"] + extras["parquet"] + extras["postgres"] + extras["spark"]
    names = {normalised(re.split(r"[^\w.-]", line, maxsplit=1)[0]) for line in declared}
    providers = packages_distributions()

    undeclared = [
        f"{path.relative_to(ROOT)}:{line}: {module}"
        for part in OURS
        for path in modules_of(ROOT, part)
        for module, line in imported(ast.parse(path.read_text("utf-8")), part)
        if module not in OURS
        and module not in sys.stdlib_module_names
        and not names & {normalised(name) for name in providers.get(module, [module])}  # Spark is not here
    ]

    assert undeclared == []


def normalised(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


# --- what no file may mention ------------------------------------------------------------------

REGISTRIES = ("pypi.org", "pythonhosted.org", "registry.npmjs.org", "deb.debian.org")
HOME = re.compile(r"(?<![\w.~-])/(home/|Users/|root/)\w")


def committed_files() -> list[Path]:
    """What git holds or would take; an unpacked archive has no git, there it is every file."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        candidates = [ROOT / name for name in listed.stdout.split("\0") if name]
    else:
        hidden = re.compile(r"(^|/)(\.|__pycache__/)")
        candidates = [p for p in ROOT.rglob("*") if not hidden.search(str(p.relative_to(ROOT)))]
    return [path for path in candidates if path.is_file() and path != Path(__file__)]


def test_no_file_tells_where_it_was_made():
    """A clone works anywhere: no file names a home folder, this checkout or a registry's host."""
    mentions = []
    for path in committed_files():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue  # not text
        for number, line in enumerate(text.splitlines(), 1):
            if HOME.search(line) or str(ROOT) in line or any(host in line for host in REGISTRIES):
                mentions.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}")

    assert mentions == []


# --- the checks find what they look for --------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "code"),
    [
        ("events/a.py", "import projections.people"),
        ("events/a.py", "from timeline import store"),
        ("events/a.py", "import sqlalchemy"),
        ("events/deep/down/a.py", "import os.path"),
        ("events/a.py", "def f():\n    from pathlib import Path"),
        ("events/a.py", "from datetime import datetime\nx = datetime.now()"),
        ("events/a.py", "import datetime as d\nx = d.date.today()"),
        ("events/a.py", "from uuid import uuid4"),
        ("events/a.py", "import uuid\nx = uuid.uuid1()"),
        ("projections/a.py", "x = open('file')"),
        ("projections/a.py", "import time"),
        ("projections/a.py", "import random"),
        ("projections/a.py", "import timeline"),
        ("timeline/a.py", "import cli"),
        ("timeline/a.py", "from importlib import import_module\nimport_module('cli')"),
        ("timeline/deep/a.py", "if True:\n    from cli import main"),
    ],
)
def test_a_broken_rule_is_found(tmp_path, file, code):
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_text(code)

    assert violations(tmp_path) != []


def test_what_is_allowed_is_not_reported(tmp_path):
    allowed = {
        "events/a.py": "import re, msgspec\nfrom uuid import UUID, uuid5\nfrom . import b",
        "events/b.py": "from datetime import date\nx = date(2024, 6, 1)",
        "projections/a.py": "import events.a, functools\nfrom projections import b",
        "timeline/a.py": "import os, sqlalchemy, time\nimport events, projections\ntime.time()",
        "cli.py": "import click, timeline, projections, events",
    }
    for name, code in allowed.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(code)

    assert violations(tmp_path) == []


@pytest.mark.parametrize(
    ("text", "names_a_home"),
    [
        ("see /home/someone/notes", True),
        ("'/Users/someone'", True),
        ("cd /root/project", True),
        ("https://example.com/home/page", False),
        ("GET /orgs/meta/root", False),
    ],
)
def test_a_home_folder_is_told_from_an_address(text, names_a_home):
    assert bool(HOME.search(text)) is names_a_home
