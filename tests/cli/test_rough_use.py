"""What happens around an answer: full disks, closed and old streams, narrow terminals, far dates, two demos at once."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import cli
from tests.cli.conftest import Run
from timeline.ledger import Ledger

ROOT = Path(cli.__file__).parent
FULL = Path("/dev/full")


def timeline(
    *words: str, env: dict[str, str] | None = None, stdout: int = subprocess.PIPE, stderr: int | None = None
) -> subprocess.Popen[bytes]:
    """The command line as a process of its own, whose streams are real."""
    code = "import sys; sys.argv[0] = 'timeline'; import cli; cli.main()"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
    return subprocess.Popen([sys.executable, "-c", code, *words], env=environment, stdout=stdout, stderr=stderr)


@pytest.mark.skipif(not FULL.exists(), reason="no device that is always full")
@pytest.mark.parametrize("words", [("date", "2024"), ("--help",)])
def test_an_answer_that_cannot_be_written_is_no_bug(words: tuple[str, ...]):
    with FULL.open("wb") as full:
        process = timeline(*words, stdout=full.fileno(), stderr=subprocess.PIPE)
        said = process.communicate()[1].decode()

    assert process.returncode == 6
    assert said == "Error: the answer cannot be written: No space left on device\n"


def test_closed_streams_take_everything():
    closed = "import os, sys; os.close(1); os.close(2); os.execv(sys.executable, [sys.executable, '-c', sys.argv[1]])"
    words = "import sys; sys.argv = ['timeline', 'date', '2024', 'x']; import cli; cli.main()"
    process = subprocess.run([sys.executable, "-c", closed, words], cwd=ROOT)

    assert process.returncode == 4


def test_a_pipe_gets_utf_8_whatever_the_locale():
    old = {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    process = timeline("date", "2023-37", "--format", "table", env=old)
    out = process.communicate()[0]

    assert process.returncode == 0
    assert "early 2023" in out.decode()
    wide = timeline("date", "--json", "19XX", env=old).communicate()[0]
    assert "1900–1999" in wide.decode()


def test_a_narrow_terminal_shows_that_something_is_missing(
    run: Run, example_ledger: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "40")
    shown = run("--format", "table", "who", "FAIR", "--as-of", "2025-12-15", db=example_ledger).out

    (line,) = [x for x in shown.splitlines() if "LeCun" in x]
    assert len(line) <= 40
    assert line.endswith("…")


def test_a_hint_can_be_typed_in(run: Run, example_ledger: Path):
    """Of the year 12345 EDTF knows no single days."""
    hint = run("--format", "table", "who", "FAIR", "--as-of", "Y12345", db=example_ledger).err

    assert "timeline org fair --tree --as-of Y12345 ·" in hint
    again = run("--json", "org", "fair", "--tree", "--as-of", "Y12345", db=example_ledger)
    assert json.loads(again.out)["as_of"] == "+12345-12-31"


def test_two_demos_at_once_show_the_same(tmp_path: Path):
    path = str(tmp_path / "timeline.db")
    both = [timeline("--db", path, "demo", stderr=subprocess.PIPE) for _ in range(4)]
    told = [p.communicate() for p in both]

    assert [p.returncode for p in both] == [0] * 4, [err for _, err in told]
    assert len({out.split(b"\n", 1)[1] for out, _ in told}) == 1
    with Ledger.open(path) as ledger, ledger.ask() as view:
        (recorded,) = [n for _, err in told for n in re.findall(rb"Recorded ([0-9]+) events", err)]
        assert view.position == int(recorded)


def test_the_demo_fills_an_empty_file(run: Run, tmp_path: Path):
    path = tmp_path / "timeline.db"
    path.touch()

    assert run("demo", db=path).status == 0


NAMES = """
entities:
  kaiser: {type: person, name: Łukasz Kaiser}
  nielsen: {type: person, name: Bjørn Østergård}
  namaste: {type: person, name: "नमस\u200cते"}
  family: {type: person, name: "👩\u200d👧"}
  hidden: {type: person, name: "Me\u200dta"}
  bidi: {type: person, name: "abc\u202ecba"}
"""


def test_names_of_all_scripts_are_found_and_shown(run: Run, tmp_path: Path):
    path, file = tmp_path / "names.db", tmp_path / "names.yaml"
    file.write_text(NAMES, encoding="utf-8")
    run("init", db=path)
    assert run("import", str(file), db=path).status == 0

    for typed in ("lukasz", "LUKASZ KAISER", "Łukasz"):
        assert run("--format", "table", "person", typed, db=path).out.startswith("Łukasz Kaiser (kaiser)")
    assert run("--format", "table", "person", "bjorn ostergard", db=path).status == 0
    assert run("--format", "table", "person", "namaste", db=path).out.startswith("नमस\u200cते (")
    assert run("--format", "table", "person", "family", db=path).out.startswith("👩\u200d👧 (")
    assert run("--format", "table", "person", "hidden", db=path).out.startswith("Me\ufffdta (")
    assert run("--format", "table", "person", "bidi", db=path).out.startswith("abc\ufffdcba (")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("entity", "--id", "x", "--type", "person", "--name", "  "), "Error: --name: '  ' is not allowed here. "),
        (("entity", "--id", "x", "--type", "person", "--name", ""), "Error: --name: this is empty. "),
        (("entity", "--id", "A B", "--type", "person", "--name", "X"), "Error: --id: 'A B' is no id: ids are lower-case letters, digits and hyphens: write a-b. "),  # noqa: E501
        (("entity", "--id", "x", "--type", "human", "--name", "X"), "Error: --type: 'human' is none of the values that may stand here: one of: organization, person, place, post, product, work. "),  # noqa: E501
        (("layoff", "--organization", "meta", "--count", "-5", "--date", "2025"), "Error: --count: -5 is out of bounds: it is >= 0: how many jobs. "),  # noqa: E501
        (("layoff", "--organization", "meta", "--count", "few", "--date", "2025"), "Error: --count: 'few' stands where a whole number is expected: how many jobs. "),  # noqa: E501
        (("departure", "--person", "mark", "--organization", "meta", "--date", "2025"), "Error: --person: 'mark' fits 2: Mark Chen (mark-chen), Mark Zuckerberg (mark-zuckerberg). Write more of it, or the id. "),  # noqa: E501
        (("layoff", "--organization", "meta", "--date", "2025", "--source", "zzz §1"), "Error: --source: no source is registered as 'zzz'; `timeline add source` registers it. "),  # noqa: E501
        (("layoff", "--organization", "meta", "--date", "2025", "--derived-from", "nope"), "Error: --derived-from: no entry is called 'nope'. "),  # noqa: E501
    ],
)  # fmt: skip
def test_add_says_in_which_option_what_is_wrong(run: Run, own_ledger: Path, words: tuple[str, ...], said: str):
    ran = run("add", *words, db=own_ledger)

    assert ran.status == 4
    assert ran.err == f"{said}Nothing was recorded.\n"


def test_an_event_does_not_follow_from_itself(run: Run, own_ledger: Path):
    words = ("layoff", "--organization", "meta", "--date", "2025", "--id", "cut", "--derived-from", "cut")
    ran = run("add", *words, db=own_ledger)

    assert (ran.status, ran.out) == (4, "")
    assert "--derived-from: an event does not follow from itself. Nothing was recorded." in ran.err
