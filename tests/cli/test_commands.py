"""The rules of the command line: formats, exit statuses, names, and what a message says."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import cli
from tests.cli.conftest import Run

GOLDEN = Path(__file__).parent / "golden"
RENEW = os.environ.get("TIMELINE_RENEW") == "1"


def test_every_command_loads_and_stands_in_the_help(run: Run):
    """The help of the program is a table of its own, so that it loads nothing; it must name the commands there are."""
    listed = run("--help").out

    for name in cli.COMMANDS:
        assert re.search(rf"^  {name} ", listed, re.M)
        helped = run(name, "--help")
        assert helped.status == 0
        assert "Usage: timeline " in helped.out


def test_help_loads_neither_sqlalchemy_nor_a_command():
    code = "import sys; sys.argv = ['timeline', '--help']; import cli\ntry: cli.main()\nexcept SystemExit: pass\n"
    code += "print(*sys.modules, file=sys.stderr)"
    where = Path(cli.__file__).parent
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=where)

    loaded = set(ran.stderr.split())
    assert {name for name in loaded if name.partition(".")[0] in ("timeline", "events", "projections")} == {
        "timeline",
        "timeline.commands",
        "timeline.commands.lazy",
    }
    assert not {"sqlalchemy", "msgspec"} & loaded


@pytest.mark.parametrize("width", [80, 120])
def test_a_state_reads_well(run: Run, example_ledger: Path, monkeypatch: pytest.MonkeyPatch, width: int):
    """The state of 1 June 2024, as it looks in a terminal: no line is longer than the screen."""
    monkeypatch.setenv("COLUMNS", str(width))

    shown = run("--format", "table", "as-of", "2024-06-01", db=example_ledger).out
    shown = re.sub(r"known at [^·]*·", "known at … ·", shown)

    assert max(map(len, shown.splitlines())) <= width
    golden = GOLDEN / f"as-of-{width}.txt"
    if RENEW:
        golden.write_text(shown, encoding="utf-8")
    assert shown == golden.read_text(encoding="utf-8")


def test_ascii_shows_words_in_place_of_marks(run: Run, example_ledger: Path):
    shown = run("--format", "table", "--ascii", "who", "FAIR", "--as-of", "2025-06-15", db=example_ledger).out

    assert "unconfirmed Robert Fergus" in shown
    assert not set("●◐○⚑") & set(shown)


def test_json_is_an_envelope(run: Run, example_ledger: Path):
    answer = json.loads(run("who", "FAIR", "--as-of", "2024-06", "--json", db=example_ledger).out)

    assert list(answer) == ["as_of", "known_at", "position", "reported_by", "root", "items"]
    assert answer["as_of"] == "2024-06-30"  # as of a month is as of its last day
    names = {
        "person",
        "organization",
        "role",
        "post",
        "certainty",
        "start",
        "end",
        "confirmed_until",
        "sources",
        "entries",
    }
    assert all(names <= set(item) for item in answer["items"])


def test_people_in_a_state_have_the_same_names_as_in_who(run: Run, example_ledger: Path):
    state = run("--json", "as-of", "2024-06-01", db=example_ledger).items
    people = [i for i in state if i["section"] == "people"]

    (pineau,) = [p for p in people if p["person"]["id"] == "joelle-pineau"]
    asked = run("--json", "who", "FAIR", "--as-of", "2024-06-01", db=example_ledger).items
    (same,) = [p for p in asked if p["person"]["id"] == "joelle-pineau"]
    assert pineau == same | {"section": "people"}
    assert pineau["organization"] == {"id": "fair", "name": "FAIR"}
    assert pineau["start"] == {"edtf": "2017~", "earliest": "2016-01-01", "latest": "2018-12-31"}
    assert {i["section"] for i in state} == {"organizations", "people", "products", "deals", "events"}


def test_json_lines_have_no_envelope(run: Run, example_ledger: Path):
    lines = run("--format", "jsonl", "who", "FAIR", "--during", "2024", db=example_ledger).out.splitlines()

    assert [json.loads(line)["person"]["name"] for line in lines] == ["Joelle Pineau", "Yann LeCun"]


def test_csv_has_a_column_for_every_part(run: Run, example_ledger: Path):
    rows = list(csv.DictReader(io.StringIO(run("--format", "csv", "deals", db=example_ledger).out)))

    assert {r["amount"] for r in rows} == {"27000000000", "14300000000", "100000000"}
    assert rows[0]["start.edtf"] == "2025-10"


def test_no_cell_is_a_formula(run: Run, own_ledger: Path):
    """A role that begins with = would be calculated by a spreadsheet."""
    run(
        "add",
        "arrival",
        "--person",
        "naman-goyal",
        "--organization",
        "openai",
        "--date",
        "2026-01",
        "--role",
        "=1+1",
        db=own_ledger,
    )

    rows = list(
        csv.DictReader(io.StringIO(run("--format", "csv", "who", "openai", "--during", "2026", db=own_ledger).out))
    )

    assert "'=1+1" in {r["role"] for r in rows}


def test_in_a_pipe_an_answer_is_tab_separated(run: Run, example_ledger: Path):
    lines = run("who", "FAIR", "--as-of", "2025-06-15", db=example_ledger).out.splitlines()

    assert lines[1].split("\t")[:4] == ["○", "FAIR", "Robert Fergus", "head"]


def test_a_name_is_found_whatever_its_case_and_accents(run: Run, example_ledger: Path):
    for name in ("timothee lacroix", "TIMOTHÉE LACROIX", "lacroix", "timothee-lacroix"):
        assert run("--json", "person", name, db=example_ledger).items[0]["person"]["id"] == "timothee-lacroix"


def test_a_wrong_name_is_answered_with_the_nearest(run: Run, example_ledger: Path):
    ran = run("person", "Naman Goyall", db=example_ledger)

    assert ran.status == 3
    assert "Did you mean 'Naman Goyal'?" in ran.err
    assert ran.out == ""


def test_a_name_that_fits_several_lists_them(run: Run, example_ledger: Path):
    ran = run("org", "m", db=example_ledger)

    assert ran.status == 3
    assert "Mistral AI (mistral-ai)" in ran.err


def test_a_wrong_command_is_answered_with_the_nearest(run: Run):
    ran = run("persn")

    assert ran.status == 2
    assert "Did you mean person" in ran.err


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("who",), 2),
        (("who", "FAIR", "--as-of", "2024", "--during", "2024"), 2),
        (("--format", "xml", "who", "FAIR"), 2),
        (("who", "FAIR", "--as-of", "2024/2025"), 2),
        (("who", "FAIR", "--as-of", "soon"), 4),
        (("why", "no-such-entry"), 3),
        (("sources", "no-such-source"), 3),
        (("schema", "departue"), 3),
        (("log", "--kind", "departue"), 3),
        (("search", "no such words anywhere"), 1),
        (("lint", "--status"), 1),
        (("lint",), 0),
        (("date", "2024-13"), 4),
        (("import", "no-such-file.yaml"), 4),
        (("doctor",), 0),
    ],
)
def test_the_exit_status_says_what_came_of_it(run: Run, example_ledger: Path, words: tuple[str, ...], status: int):
    assert run(*words, db=example_ledger).status == status


def test_a_missing_ledger_is_said_with_what_to_do(run: Run, tmp_path: Path):
    ran = run("who", "FAIR", db=tmp_path / "none.db")

    assert ran.status == 6
    assert "timeline init" in ran.err
    assert not (tmp_path / "none.db").exists()


def test_the_demo_leaves_another_ledger_alone(run: Run, tmp_path: Path):
    """Somebody's own ledger called timeline.db stands in the folder."""
    path = tmp_path / "timeline.db"
    assert run("init", db=path).status == 0
    assert run("add", "entity", "--id", "acme", "--type", "organization", "--name", "Acme", db=path).status == 0
    before = path.read_bytes()

    ran = run("demo", db=path)

    assert ran.status == 6
    assert "which the demo leaves alone" in ran.err
    assert path.read_bytes() == before


def test_the_demo_can_be_seen_twice(run: Run, tmp_path: Path):
    first, second = (run("demo", db=tmp_path / "timeline.db") for _ in range(2))

    assert first.status == second.status == 0
    assert "├─" in first.out
    assert first.out.splitlines()[1:] == second.out.splitlines()[1:]


def test_init_never_overwrites(run: Run, tmp_path: Path):
    path = tmp_path / "some.txt"
    path.write_text("precious")

    assert run("init", db=path).status == 6
    assert path.read_text() == "precious"


def test_add_records_one_event_and_gives_its_entry(run: Run, own_ledger: Path):
    ran = run(
        "add", "departure", "--person", "hugo touvron", "--organization", "Meta", "--date", "2026-01",
        "--source", "bi-2025-05-26 §18", "--id", "touvron-leaves", db=own_ledger,
    )  # fmt: skip

    assert ran.status == 0
    (why,) = run("--json", "why", ran.out.strip(), db=own_ledger).items
    assert (why["id"], why["kind"], why["versions"][0]["recorded_by"]) == ("touvron-leaves", "departure", "ada")
    assert why["citations"] == [{"source": "bi-2025-05-26", "locator": "§18", "reported_by": "", "lang": ""}]


def test_a_text_that_looks_like_an_id_is_shown_as_it_is(run: Run, own_ledger: Path):
    """A role called meta is no organization, and words with four hyphens are no entry."""
    words = ("--person", "touvron", "--organization", "meta", "--date", "2025")
    run("add", "sighting", *words, "--role", "meta", "--id", "as-meta", db=own_ledger)
    summary = "seventeen-and-a-half-models-or-more!"
    run("add", "statement", "--speaker", "meta", "--date", "2025", "--summary", summary, "--id", "said", db=own_ledger)

    (seen,) = run("--json", "why", "as-meta", db=own_ledger).items
    (said,) = run("--json", "why", "said", db=own_ledger).items
    assert seen["says"] == {"person": "Hugo Touvron", "organization": "Meta", "role": "meta"}
    assert said["says"]["summary"] == summary
    assert len(summary) == 36


def test_add_twice_under_one_id_is_a_conflict(run: Run, own_ledger: Path):
    words = (
        "add",
        "milestone",
        "--product",
        "avocado",
        "--name",
        "training begun",
        "--date",
        "2025-09",
        "--id",
        "begun",
    )

    assert run(*words, db=own_ledger).status == 0
    again = run(*words, db=own_ledger)
    assert again.status == 5
    assert "begun is recorded already" in again.err


def test_add_about_another_entry(run: Run, own_ledger: Path):
    words = ("--by", "meta", "--stance", "denied", "--reason", "Not so.")
    ran = run("add", "dispute", "--about", "goyal-leaves-meta", *words, db=own_ledger)

    assert ran.status == 0
    (why,) = run("--json", "why", "goyal-leaves-meta", db=own_ledger).items
    assert why["disputes"] == ["Denied by Meta: Not so."]
    (person,) = run("--json", "person", "goyal", "--as-of", "2024-01-01", db=own_ledger).items
    assert person["disputed"] is True


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("departure", "--person", "goyal", "--organization", "meta", "--date", "2025-02-30"), "February 2025 has 28 days"),  # noqa: E501
        (("departure", "--person", "goyal", "--organization", "meta", "--date", "early 2023"), "write 2023-37"),
        (("departure", "--organization", "meta", "--date", "2025"), "needs --person"),
        (("departure", "--person", "Naman Goyyal", "--organization", "meta", "--date", "2025"), "Did you mean 'Naman Goyal'"),  # noqa: E501
        (("departure", "--person", "goyal", "--organization", "meta", "--date", "2025", "--source", "bi-2025-05-25"), "bi-2025-05-26"),  # noqa: E501
        (("deal", "--type", "investment", "--party", "meta", "--amount", "3", "--date", "2025"), "an amount needs a currency"),  # noqa: E501
        (("deal", "--type", "investment", "--party", "meta", "--amount", "much", "--currency", "USD", "--date", "2025"), "--amount"),  # noqa: E501
        (("layoff", "--organization", "meta", "--count", "-5", "--date", "2025"), "--count"),
        (("tenure", "--person", "goyal", "--organization", "meta", "--date", "2025"), "write 2025/.."),
        (("move", "--organization", "meta", "--parent", "fair", "--date", "2016"), "in a circle"),
        (("arrival", "--person", "meta", "--organization", "meta", "--date", "2025"), "no person is called 'meta'"),
    ],
)  # fmt: skip
def test_what_cannot_stand_is_refused_with_its_reason(run: Run, own_ledger: Path, words: tuple[str, ...], said: str):
    """Exit status 4, the cause and the help on stderr, nothing recorded."""
    before = json.loads(run("--json", "sources", db=own_ledger).out)["position"]

    ran = run("add", *words, db=own_ledger)

    assert ran.status == 4, ran.err
    assert said in ran.err
    assert json.loads(run("--json", "sources", db=own_ledger).out)["position"] == before


def test_date_explains_expressions(run: Run):
    found = run("--json", "date", "2025-02", "2017~", "1985/..", "1985/", "[..1984]", "Y170000002").items

    assert [(d["edtf"], d["earliest"], d["latest"]) for d in found] == [
        ("2025-02", "2025-02-01", "2025-02-28"),
        ("2017~", "2017-01-01", "2017-12-31"),
        ("1985/..", "1985-01-01", None),
        ("1985/", "1985-01-01", "unknown"),
        ("[..1984]", None, "1984-12-31"),
        ("Y170000002", "+170000002-01-01", "+170000002-12-31"),
    ]


def test_known_at_answers_from_what_was_recorded_then(run: Run, own_ledger: Path):
    before = json.loads(run("--json", "sources", db=own_ledger).out)["position"]
    run("add", "arrival", "--person", "touvron", "--organization", "openai", "--date", "2024-01", db=own_ledger)

    now = run("--json", "who", "openai", "--as-of", "2024-06-01", db=own_ledger).items
    then = run("--json", "--known-at", f"@{before}", "who", "openai", "--as-of", "2024-06-01", db=own_ledger).items

    assert "hugo-touvron" in {p["person"]["id"] for p in now}
    assert "hugo-touvron" not in {p["person"]["id"] for p in then}
    assert run("--known-at", "@999999", "who", "meta", db=own_ledger).status == 2


def test_hostile_text_steers_no_terminal(run: Run, own_ledger: Path):
    """Right-to-left overrides are shown as a replacement; control characters are refused on recording."""
    refused = run("add", "entity", "--id", "evil", "--type", "person", "--name", "Eve\x1b[31m", db=own_ledger)
    assert refused.status == 4
    run("add", "entity", "--id", "eve", "--type", "person", "--name", "Eve\u202egnp", db=own_ledger)

    shown = run("--format", "table", "search", "eve", db=own_ledger).out

    assert "\u202e" not in shown
    assert "Eve�gnp" in shown


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(run: Run, shell: str):
    assert "_TIMELINE_COMPLETE" in run("completion", shell).out
