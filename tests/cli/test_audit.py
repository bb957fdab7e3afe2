"""The audit from the command line: keys, seals, verdicts, exit statuses, what is refused and what is said."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path

import pytest

from tests.audit.attacks import attacking
from tests.cli.conftest import Run

NOTHING = "every event, payload, batch, trigger and node of the tree is as it must be"


@pytest.fixture
def key(run: Run, tmp_path: Path) -> Path:
    made = run("audit", "key", "create", str(tmp_path / "seal.key"), "--origin", "example.org/meta-ai")
    (tmp_path / "seal.pub").write_text(made.out)
    return tmp_path / "seal.key"


@pytest.fixture
def folder(run: Run, own_ledger: Path, key: Path, tmp_path: Path) -> Path:
    """The folder of checkpoints, after the first seal."""
    assert run("audit", "seal", "--key", str(key), "--to", str(tmp_path / "out"), db=own_ledger).status == 0
    return tmp_path / "out"


def verify(run: Run, ledger: Path, *words: str):
    return run("--format", "table", "audit", "verify", *words, db=ledger)


def test_every_part_stands_in_the_help(run: Run):
    from timeline.commands.audit import PARTS

    listed = run("audit", "--help").out
    for name in PARTS:
        assert f"\n  {name} " in listed


def test_a_key_is_made_and_shown(run: Run, key: Path):
    shown = run("audit", "key", "show", str(key))

    assert shown.out == key.with_suffix(".pub").read_text()
    assert shown.out.startswith("example.org/meta-ai+")
    assert "PRIVATE" not in shown.out + shown.err
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_key_file_is_not_overwritten_and_not_shared(run: Run, key: Path):
    again = run("audit", "key", "create", str(key), "--origin", "example.org/meta-ai")
    key.chmod(0o644)
    shared = run("audit", "key", "show", str(key))

    assert (again.status, shared.status) == (4, 4)
    assert "never overwritten" in again.err
    assert f"run `chmod 600 {key}`" in shared.err


def test_a_seal_prints_three_lines(run: Run, own_ledger: Path, key: Path, folder: Path):
    sealed = run("audit", "seal", "--key", str(key), "--to", str(folder), db=own_ledger)

    assert sealed.out.splitlines()[:2] == ["example.org/meta-ai", "310"]
    assert len(sealed.out.splitlines()) == 3
    assert "Sealed already: in " in sealed.err
    item = json.loads(run("audit", "seal", "--key", str(key), "--to", str(folder), "--json", db=own_ledger).out)
    assert item["root"] == item["items"][0]["root"] == sealed.out.splitlines()[2]
    assert item["items"][0]["note"] == (folder / "00000000000000000310.checkpoint").read_text()


def test_the_folder_can_be_named_once_for_all(run: Run, own_ledger: Path, folder: Path, key: Path, monkeypatch):
    monkeypatch.setenv("TIMELINE_CHECKPOINTS", str(folder))

    assert "Sealed already" in run("audit", "seal", "--key", str(key), db=own_ledger).err
    assert verify(run, own_ledger, "--key", str(key.with_suffix(".pub"))).status == 0
    assert verify(run, own_ledger, "--no-checkpoint").status == 0


def test_intact_is_said_only_with_a_checkpoint_outside(run: Run, own_ledger: Path, folder: Path, key: Path):
    public = str(key.with_suffix(".pub"))

    whole = verify(run, own_ledger, "--checkpoint", str(folder), "--key", public)
    alone = verify(run, own_ledger, "--key", public)
    asked = verify(run, own_ledger, "--key", public, "--no-checkpoint")

    assert (whole.status, alone.status, asked.status) == (0, 7, 0)
    assert whole.out.startswith("Intact up to position 310, as 1 outside checkpoint and 1 in the database show\n")
    assert NOTHING in whole.out
    assert "intact" not in (alone.out + alone.err + asked.out + asked.err).lower()
    assert "no checkpoint outside of the database vouches for them" in alone.out


def test_what_is_not_sealed_yet_is_said(run: Run, own_ledger: Path, folder: Path, key: Path):
    run("alias", "fair", "Facebook AI Research Lab", "--because", "as the press has it", db=own_ledger)

    ran = verify(run, own_ledger, "--checkpoint", str(folder), "--key", str(key.with_suffix(".pub")))

    assert ran.status == 0
    assert "; 1 more not sealed yet" in ran.out


def test_findings_are_items(run: Run, own_ledger: Path, folder: Path, key: Path):
    with attacking(f"sqlite:///{own_ledger}") as attacker:
        attacker.run("UPDATE payloads SET state = ? WHERE position = 7", b"{}")

    public = key.with_suffix(".pub").read_text().strip()
    ran = run("audit", "verify", "--json", "--checkpoint", str(folder), "--key", public, db=own_ledger)

    assert ran.status == 7
    assert [(i["code"], i["position"]) for i in ran.items] == [("digest", 7), ("kind", 7)]
    assert all(set(i) == {"code", "position", "what", "expected", "found"} for i in ran.items)
    assert "NOT what was recorded: 2 findings in 310 events" in ran.err


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("--checkpoint", "{folder}"), 2, "a checkpoint proves nothing without the key"),
        (("--checkpoint", "{folder}", "--no-checkpoint"), 2, "contradict each other"),
        (("--checkpoint", "none", "--key", "{public}"), 6, "there is no checkpoint at none"),
        (("--key", "{key}"), 4, "is a private key"),
        (("--key", "nonsense"), 4, "is no key"),
        (("--no-checkpoint", "--journal", "none"), 6, "the journal none cannot be read"),
        (("--no-checkpoint", "--known-at", "2025"), 2, "only belongs to questions"),
    ],
)
def test_what_cannot_be_verified_with_is_told(run: Run, own_ledger: Path, folder: Path, key: Path, words, status, said):
    names = {"folder": folder, "key": key, "public": key.with_suffix(".pub")}

    ran = verify(run, own_ledger, *(word.format(**names) for word in words))

    assert ran.status == status
    assert said in ran.err


def test_a_ledger_that_is_not_there_is_told(run: Run, tmp_path: Path):
    assert verify(run, tmp_path / "none.db", "--no-checkpoint").status == 6


def test_a_log_that_was_changed_is_not_sealed(run: Run, own_ledger: Path, folder: Path, key: Path):
    with attacking(f"sqlite:///{own_ledger}") as attacker:
        attacker.run("UPDATE events SET kind = 'release' WHERE position = 7")

    ran = run("audit", "seal", "--key", str(key), "--to", str(folder), db=own_ledger)

    assert ran.status == 7
    assert "the first 310 events are not those that" in ran.err
    assert len(list(folder.iterdir())) == 1


def test_a_key_is_changed(run: Run, own_ledger: Path, folder: Path, key: Path, tmp_path: Path):
    new = tmp_path / "new.key"
    public = run("audit", "key", "create", str(new), "--origin", "example.org/meta-ai").out.strip()

    ran = run(
        "audit", "key", "rotate", str(key), str(new), "--to", str(folder), "--because", "yearly", db=own_ledger
    )  # fmt: skip

    assert ran.status == 0
    assert ran.out.splitlines()[1] == "311"
    both = ("--key", public, "--key", str(key.with_suffix(".pub")))
    assert verify(run, own_ledger, "--checkpoint", str(folder), *both).status == 0
    shown = run("--json", "history", db=own_ledger).items
    assert any(i["kind"] == "key-rotation" and i["recorded_by"] == "ada" for i in shown)


def test_a_journal_is_kept_by_whatever_records(run: Run, own_ledger: Path, tmp_path: Path, monkeypatch):
    journal = tmp_path / "journal"
    run("alias", "fair", "FAIR Lab", "--because", "so", "--journal", str(journal), db=own_ledger)
    monkeypatch.setenv("TIMELINE_JOURNAL", str(journal))
    run("alias", "meta", "Meta Inc", "--because", "so", db=own_ledger)

    assert journal.read_text().count("\ndone ") == 2
    ran = verify(run, own_ledger, "--no-checkpoint")
    assert ran.status == 0
    assert "Compared with the journal from position 311 on." in ran.err


def test_the_demo_keeps_a_journal_too(run: Run, tmp_path: Path):
    ledger, journal = tmp_path / "demo.db", tmp_path / "journal"

    run("demo", "--journal", str(journal), db=ledger)

    assert verify(run, ledger, "--no-checkpoint", "--journal", str(journal)).status == 0
    assert journal.read_text().count("\nevent ") == 310


def test_the_first_timeline_raises_nothing_on_postgresql(run: Run, example_on_postgresql: str):
    assert verify(run, example_on_postgresql, "--no-checkpoint").status == 0  # type: ignore[arg-type]  # an address


def test_a_copy_verifies_like_the_ledger(run: Run, own_ledger: Path, folder: Path, key: Path, tmp_path: Path):
    copy = shutil.copy(own_ledger, tmp_path / "copy.db")

    assert verify(run, Path(copy), "--checkpoint", str(folder), "--key", str(key.with_suffix(".pub"))).status == 0
