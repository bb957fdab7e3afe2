"""`--known-at` and `--reported-by` are for questions: a command that answers none refuses them."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

import cli
from tests.cli.conftest import Run

BECAUSE = ("--because", "so")
ACTIONS = [
    ("add", "layoff", "--organization", "meta", "--date", "2025"),
    ("correct", "goyal-leaves-meta", "--date", "2025-03", *BECAUSE),
    ("retract", "goyal-leaves-meta", *BECAUSE),
    ("dispute", "goyal-leaves-meta", "--by", "meta", *BECAUSE),
    ("rank", "goyal-leaves-meta", "preferred", *BECAUSE),
    ("corroborate", "goyal-leaves-meta", "--source", "bi-2025-05-26", *BECAUSE),
    ("merge", "goyal", "lample", *BECAUSE),
    ("alias", "goyal", "N. G.", *BECAUSE),
    ("undo", *BECAUSE),
    ("import", "no-such-file.yaml"),
    ("demo",),
    ("init", "new.db"),
    ("migrate",),
    ("projections", "rebuild"),
]
"""Everything that writes: what `test_every_command_offers_the_clocks_or_refuses_them` finds must stand here too."""
SILENT = {"doctor", "schema", "date", "completion", "status"}
"""What neither records nor answers from what was recorded when."""


def offers_clocks(command: click.Command | None) -> bool:
    """Whether its help shows the options of the clocks; one that refuses them has them hidden."""
    assert command is not None
    found = {p.name: p.hidden for p in command.params if isinstance(p, click.Option)}
    assert found["known_at"] == found["reported_by"]
    return not found["known_at"]


def test_every_command_offers_the_clocks_or_refuses_them():
    """A new command that records has to say which of the two it is."""
    context = click.Context(cli.timeline)
    found: dict[str, bool] = {}
    for name in cli.COMMANDS:
        command = cli.timeline.get_command(context, name)
        named: dict[str, click.Command | None] = {name: command}
        if isinstance(command, click.Group):
            named = {n: command.get_command(context, n) for n in command.list_commands(context)}
            named = {name: named["layoff"]} if name == "add" else named
        found |= {name: offers_clocks(command) for name, command in named.items()}

    refusing = {words[1] if words[0] == "projections" else words[0] for words in ACTIONS} | SILENT
    assert {name for name, offered in found.items() if not offered} == refusing


@pytest.mark.parametrize("words", ACTIONS, ids=lambda words: " ".join(words[:2]))
@pytest.mark.parametrize("clock", [("--known-at", "@1"), ("--reported-by", "2025")], ids=["known", "reported"])
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_a_command_that_writes_refuses_the_clocks(
    run: Run, own_ledger: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words, clock, before
):
    """Whoever says --known-at may think that the ledger is as it was then. It is not, and nothing is recorded."""
    monkeypatch.chdir(tmp_path)
    bytes_before = own_ledger.read_bytes()

    ran = run(*clock, *words, db=own_ledger) if before else run(*words, *clock, db=own_ledger)

    command = " ".join(words[:2] if words[0] in ("add", "projections") else words[:1])
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == (
        f"Error: {clock[0]} only belongs to questions, and `timeline {command}` is none; nothing was recorded\n"
    )
    assert own_ledger.read_bytes() == bytes_before
    assert not (tmp_path / "new.db").exists()


def test_both_clocks_are_refused_at_once(run: Run, own_ledger: Path):
    ran = run("--known-at", "@1", "undo", *BECAUSE, "--reported-by", "2025", db=own_ledger)

    assert (ran.status, "--known-at and --reported-by only belong to questions" in ran.err) == (2, True)
