"""`--known-at` and `--reported-by` are for questions: a command that answers none refuses them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    ("erase", "goyal-leaves-meta", *BECAUSE, "--ground", "GDPR Art. 17"),
    ("import", "no-such-file.yaml"),
    ("demo",),
    ("init", "new.db"),
    ("migrate",),
    ("backup", "new.db"),
    ("restore", "old.db"),
    ("serve",),
    ("projections", "rebuild"),
    ("roles",),
    ("token", "create", "ada", "--scope", "record"),
    ("token", "revoke", "ada"),
    ("webhook", "add", "https://example.org/hook"),
    ("webhook", "remove", "0123abcd"),
    ("webhook", "test", "0123abcd"),
    ("webhook", "retry", "0123abcd"),
    ("audit", "key", "create", "new.key", "--origin", "example.org/log"),
    ("audit", "key", "rotate", "old.key", "new.key"),
    ("audit", "seal", "--key", "seal.key"),
    ("audit", "bundle", "-o", "new.zip"),
]
"""Everything that writes: what `test_every_command_offers_the_clocks_or_refuses_them` finds must stand here too."""
SILENT = {
    *("doctor", "schema", "date", "completion", "projections status", "token list"),
    *("webhook list", "webhook failed"),
    *("audit key show", "audit verify", "audit prove", "audit prove-consistency"),
}
"""What neither records nor answers from what was recorded when."""


def offers_clocks(command: click.Command | None) -> bool:
    """Whether its help shows the options of the clocks; one that refuses them has them hidden."""
    assert command is not None
    found = {p.name: p.hidden for p in command.params if isinstance(p, click.Option)}
    assert found["known_at"] == found["reported_by"]
    return not found["known_at"]


def every_command(group: click.Group, *before: str) -> Iterator[tuple[str, click.Command | None]]:
    """All commands with their names, those of groups too; of the many kinds that can be added, one."""
    context = click.Context(group)
    for name in ["layoff"] if before == ("add",) else group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from every_command(command, *before, name)
        else:
            yield " ".join((*before, name)), command


def name_of(words: Sequence[str]) -> str:
    """The command among the words of a line."""
    names = {name for name, _ in every_command(cli.timeline)}
    return next(name for n in (1, 2, 3) if (name := " ".join(words[:n])) in names)


def test_every_command_offers_the_clocks_or_refuses_them():
    """A new command that records has to say which of the two it is."""
    refusing = {name for name, command in every_command(cli.timeline) if not offers_clocks(command)}

    assert refusing == {"add layoff" if words[0] == "add" else name_of(words) for words in ACTIONS} | SILENT


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

    command = name_of(words)
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == (
        f"Error: {clock[0]} only belongs to questions, and `timeline {command}` is none; nothing was recorded\n"
    )
    assert own_ledger.read_bytes() == bytes_before
    assert not (tmp_path / "new.db").exists()


def test_both_clocks_are_refused_at_once(run: Run, own_ledger: Path):
    ran = run("--known-at", "@1", "undo", *BECAUSE, "--reported-by", "2025", db=own_ledger)

    assert (ran.status, "--known-at and --reported-by only belong to questions" in ran.err) == (2, True)
