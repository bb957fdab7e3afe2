r"""Every command on a page is run, and what the page shows is what it prints.

In a fence opened with ```console, a line `$ command` is run in a folder of the page's own, and the
lines up to the next command are what it prints, errors included. A command goes on after a `\` at
the end of a line, and to the end of its heredoc. `...` alone on a line stands for any number of
lines. A fence ```console no-run is left alone. With TIMELINE_RENEW=1 in the environment, what is
printed now is written into the pages, except into fences that hold a `...`.
"""

import difflib
import os
import re
import subprocess
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.preloaded import preloaded

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("README.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("CONTRIBUTING.md")])
RENEW = os.environ.get("TIMELINE_RENEW") == "1"
SHELLS = {"sh", "bash", "shell", "console"}
A_BUG = 70  # from here on, a status is a bug, a missing program or a signal: never worth showing


# --- reading a page ----------------------------------------------------------------------------


@dataclass
class Fence:
    """A fenced block: its info string, its first line's number, and its lines without indent."""

    info: str
    first: int
    indent: str
    lines: list[str] = field(default_factory=list)

    @property
    def runs(self) -> bool:
        return self.info.split() == ["console"]

    @property
    def is_shell(self) -> bool:
        return self.info.split()[:1] != [] and self.info.split()[0] in SHELLS


@dataclass
class Command:
    """A command of a page and what the page says it prints."""

    given: list[str]  # as written, `$ `, continuation lines and heredocs included
    shown: list[str]
    line: int

    @property
    def text(self) -> str:
        return "\n".join(self.given).removeprefix("$ ")


def fences(page: str) -> list[Fence]:
    found: list[Fence] = []
    closing = ""
    for number, line in enumerate(page.splitlines(), 1):
        bare = line.strip()
        if closing:
            if bare.startswith(closing) and not bare.strip("`"):
                closing = ""
            else:
                found[-1].lines.append(line.removeprefix(found[-1].indent))
        elif opening := re.match(r"(\s*)(```+)([^`]*)$", line):
            found.append(Fence(opening[3].strip(), number + 1, opening[1]))
            closing = opening[2]
    return found


def commands(fence: Fence) -> list[Command]:
    found: list[Command] = []
    continued, heredoc = False, ""
    for number, line in enumerate(fence.lines, fence.first):
        if heredoc:
            found[-1].given.append(line)
            heredoc = "" if line == heredoc else heredoc
            continue
        if continued:
            found[-1].given.append(line)
        elif line.startswith("$ "):
            found.append(Command([line], [], number))
        else:
            assert found, f"line {number} stands before any command; it must begin with `$ `"
            found[-1].shown.append(line.rstrip())
            continue
        continued = line.endswith("\\")
        if opening := re.search(r"<<'?(\w+)", line):
            heredoc = opening[1]
    return found


# --- running and comparing ---------------------------------------------------------------------


SCRIPTS = Path(sysconfig.get_path("scripts"))
ENVIRONMENT = {
    "PATH": os.pathsep.join([str(SCRIPTS), os.environ.get("PATH", os.defpath)]),
    "COLUMNS": "100",
    "TIMELINE_FORMAT": "table",  # on a terminal it is a table anyway
    "NO_COLOR": "1",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
}


def run(command: str, folder: Path, programs: Path = SCRIPTS) -> tuple[list[str], int]:
    """What the command prints, both streams in order, and its exit status."""
    path = os.pathsep.join([str(programs), ENVIRONMENT["PATH"]])
    done = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=ENVIRONMENT | {"PATH": path, "HOME": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
        check=False,
    )
    return tidy(done.stdout.decode().splitlines()), done.returncode


def tidy(lines: Sequence[str]) -> list[str]:
    """Without trailing blanks, on lines and at the end."""
    return "\n".join(line.rstrip() for line in lines).rstrip("\n").splitlines()


def matches(shown: Sequence[str], printed: Sequence[str]) -> bool:
    """Whether the printed lines are those shown, `...` standing for any number of lines."""
    line = {"...": r"(?:.*\n)*?"}
    pattern = "".join(line.get(text, re.escape(text) + r"\n") for text in shown)
    return re.fullmatch(pattern, "".join(f"{text}\n" for text in printed)) is not None


def complaint(command: Command, printed: list[str], status: int) -> str | None:
    shown = tidy(command.shown)
    if status >= A_BUG or status < 0 or any(line.startswith("Traceback") for line in printed):
        return f"status {status}:\n" + "\n".join(printed)
    if status and not [line for line in shown if line != "..."]:
        return f"failed with status {status}, which the page does not show:\n" + "\n".join(printed)
    if matches(shown, printed):
        return None
    return "\n".join(difflib.unified_diff(shown, printed, "shown", "printed", lineterm=""))


def check(page: Path, folder: Path, programs: Path = SCRIPTS) -> list[str]:
    """Run the page in the folder; a complaint for each command that prints something else."""
    return [
        f"{page.name}:{command.line}: {command.text}\n{trouble}"
        for fence in fences(page.read_text("utf-8"))
        if fence.runs
        for command in commands(fence)
        if (trouble := complaint(command, *run(command.text, folder, programs)))
    ]


def renew(page: Path, folder: Path) -> None:
    """Write what the commands print now into the page."""
    lines = page.read_text("utf-8").splitlines()
    shift = 0
    for fence in fences(page.read_text("utf-8")):
        if not fence.runs:
            continue
        fresh: list[str] = []
        for command in commands(fence):
            printed, _ = run(command.text, folder)
            fresh += [*command.given, *printed]
        if "..." in (line.strip() for line in fence.lines):
            continue
        start = fence.first - 1 + shift
        lines[start : start + len(fence.lines)] = [(fence.indent + x).rstrip() for x in fresh]
        shift += len(fresh) - len(fence.lines)
    page.write_text("\n".join(lines) + "\n", "utf-8")


# --- the pages ---------------------------------------------------------------------------------


def by_name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.fixture(scope="session")
def programs():
    """A folder with a `timeline` that is loaded once for all pages."""
    with preloaded(ENVIRONMENT) as folder:
        yield folder


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_a_page_shows_what_its_commands_print(page, tmp_path, programs):
    renewing, checking = tmp_path / "renew", tmp_path / "check"
    renewing.mkdir()
    checking.mkdir()
    if RENEW:
        renew(page, renewing)

    assert "\n\n".join(check(page, checking, programs)) == ""


def test_the_readme_shows_a_real_answer():
    assert [fence for fence in fences((ROOT / "README.md").read_text("utf-8")) if fence.runs]


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_a_page_names_only_targets_that_can_be_made(page):
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))

    assert targets_named(page.read_text("utf-8")) - targets == set()


def targets_named(page: str) -> set[str]:
    """What follows `make` in a shell fence or in inline code, but for settings as in WORKERS=4."""
    shell = [fence for fence in fences(page) if fence.is_shell]
    lines = [line.removeprefix("$ ") for fence in shell for line in fence.lines]
    lines += re.findall(r"(?<!`)`([^`\n]+)`(?!`)", page)
    words = (line.partition("#")[0].split() for line in lines if line.startswith("make "))
    return {word for line in words for word in line[1:] if re.fullmatch(r"[a-z-]*[a-z]", word)}


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_a_link_within_the_project_leads_somewhere(page):
    text = re.sub(r"^(```+).*?^\1", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    links = re.findall(r"\]\(([^)#\s]+)", text)
    broken = [link for link in links if ":" not in link and not (page.parent / link).exists()]

    assert broken == []


# --- the checker finds what it looks for -------------------------------------------------------

PAGE = """\
# A page

```console
$ printf 'one\\ntwo  \\n'
one
two
$ echo a \\
  b
a b
```

1. Within a list:

   ```console
   $ printf '1\\n2\\n3\\n'
   1
   ...
   3
   ```

```console no-run
$ exit 99
```

```sh
make demo
```
"""


def write(folder: Path, text: str) -> Path:
    page = folder / "page.md"
    page.write_text(text)
    return page


def test_a_true_page_passes(tmp_path):
    assert check(write(tmp_path, PAGE), tmp_path) == []


@pytest.mark.parametrize(
    ("true", "false"),
    [("two", "too"), ("a b", "a b\nc"), ("   3", "   4"), ("one\n", ""), ("   ...\n", "")],
)
def test_a_page_that_shows_something_else_fails(tmp_path, true, false):
    head, _, tail = PAGE.rpartition(f"\n{true}")

    assert len(check(write(tmp_path, f"{head}\n{false}{tail}"), tmp_path)) == 1


@pytest.mark.parametrize(
    "block",
    [
        "$ exit 3",
        "$ exit 3\n...",
        "$ no-such-command\n...",
        "$ echo Traceback of a bug\n...",
        "$ echo x; exit 70\nx",
    ],
)
def test_a_failure_is_not_hidden_by_dots_or_silence(tmp_path, block):
    assert len(check(write(tmp_path, f"```console\n{block}\n```\n"), tmp_path)) == 1


def test_a_failure_that_the_page_shows_is_fine(tmp_path):
    page = write(tmp_path, "```console\n$ echo no such person >&2; exit 3\nno such person\n```\n")

    assert check(page, tmp_path) == []


def test_commands_of_a_page_share_a_folder_without_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("TIMELINE_DB", "elsewhere")
    page = write(tmp_path, "```console\n$ echo x > f\n$ cat f; echo $TIMELINE_DB\nx\n\n```\n")

    assert check(page, tmp_path) == []


def test_a_heredoc_belongs_to_its_command(tmp_path):
    page = write(tmp_path, "```console\n$ cat > f <<'END'\n$ x\n\ny\nEND\n$ wc -l < f\n3\n```\n")

    assert check(page, tmp_path) == []


def test_renewing_makes_a_false_page_true_and_leaves_dots_alone(tmp_path):
    page = write(tmp_path, PAGE.replace("two\n$", "too\nmany\n$").replace("a b\n```", "```"))

    renew(page, tmp_path)

    assert page.read_text() == PAGE


def test_targets_are_read_from_fences_and_inline_code():
    page = PAGE + "Then `make test WORKERS=4`, and make no fuss.\n"

    assert targets_named(page) == {"demo", "test"}
