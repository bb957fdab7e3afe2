"""Bundles: the same bytes for the same log; what is withheld or erased is still proven; none of a damaged log."""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
import subprocess
from hashlib import sha256

import pytest

from events.about import Erasure
from tests.audit.bundles import LOG, ORIGIN, bundled, contents, seal, verify
from tests.timeline.builders import Clock, layoff, org, person
from timeline.audit import bundling
from timeline.audit.checkpoints import write
from timeline.audit.notes import Checkpoint, Signer, signed
from timeline.audit.proofs import Damaged, NotSealed, OtherLog
from timeline.errors import StoreError, UsageError
from timeline.ledger import Ledger, following, new


def begin(address):
    """A ledger with two checkpoints and a little more."""
    ledger = Ledger.create(address, clock=Clock())
    ledger.record([new(org("meta", name="Méta “M” \\"))], by="ada\t\u2028“l”\x7f")
    ledger.record([new(layoff(date="2025", id="first"))], by="ada")
    seal(ledger)
    ledger.record([new(person(f"p{n}")) for n in range(300)], by="ada")
    seal(ledger)
    ledger.record([new(org("later"))], by="ada")
    return ledger


@pytest.fixture
def ledger(sqlite_url):
    with begin(sqlite_url) as made:
        yield made


def entry(given):
    return new(layoff(id=given)).originator_id


def change(ledger, *statements):
    with ledger.database.writing() as connection:
        for trigger in ("events_no_update", "payloads_no_update", "payloads_no_delete"):
            connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
        for statement in statements:
            connection.exec_driver_sql(statement)


def erase(ledger, given):
    """What erasing an entry does to the log."""
    ledger.record([following(entry(given), 1, Erasure(reason="Asked for.", ground="request"))], by="ada")
    with ledger.database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM payloads WHERE position = 2")


def test_a_bundle_holds_the_sealed_log_with_every_payload(ledger, tmp_path):
    raw, made = bundled(ledger)

    assert (made.size, made.withheld, made.erased, made.checkpoints, made.proofs, made.left_out) == (302, 0, 0, 2, 1, 1)
    assert verify(tmp_path / "b.zip", raw) == 0
    files = contents(raw)
    assert list(files) == sorted(files)
    lines = [json.loads(line) for line in files["log.jsonl"].splitlines()]
    assert [json.loads(line["leaf"])["position"] for line in lines] == list(range(1, 303))
    for line in lines[:3]:
        salt, payload = (base64.b64decode(line[name]) for name in ("salt", "payload"))
        said = json.loads(line["leaf"])
        assert (len(salt), sha256(salt + payload).hexdigest()) == (16, said["digest"])
        assert json.loads(payload)["kind"] == said["kind"]


def test_the_same_log_gives_the_same_bytes(ledger):
    assert bundled(ledger, proven=[entry("first")])[0] == bundled(ledger, proven=[entry("first")])[0]


def test_a_bundle_from_postgresql_verifies(postgres_url, tmp_path):
    with begin(postgres_url) as ledger:
        raw, _ = bundled(ledger, proven=[entry("first")], withheld=[entry("first")])

    assert verify(tmp_path / "b.zip", raw) == 0


def test_a_withheld_entry_is_proven_and_not_told(ledger, tmp_path):
    raw, made = bundled(ledger, proven=[entry("first")], withheld=[entry("first")])

    assert (made.withheld, made.proofs) == (1, 2)
    assert verify(tmp_path / "b.zip", raw) == 0
    line = json.loads(contents(raw)["log.jsonl"].splitlines()[1])
    assert set(line) == {"absent", "leaf"}
    assert b"layoff" not in raw.replace(b'\\"kind\\":\\"layoff\\"', b"").replace(b'"kind":"layoff"', b"")


def test_an_erased_entry_is_proven_once_its_erasure_is_sealed(ledger, tmp_path):
    """Before that, nothing in the bundle would say why the payload is missing."""
    erase(ledger, "first")
    with pytest.raises(StoreError, match="erased at position 304, which is not sealed yet"):
        bundled(ledger)
    seal(ledger)

    raw, made = bundled(ledger, proven=[entry("first")])

    assert (made.size, made.erased, made.proofs) == (304, 1, 4)
    assert verify(tmp_path / "b.zip", raw) == 0
    assert json.loads(contents(raw)["log.jsonl"].splitlines()[1])["absent"] == "erased"


def test_checkpoints_from_outside_are_added(ledger, tmp_path):
    """The same note is there once; another one of the same size beside it."""
    folder = tmp_path / "checkpoints"
    files = contents(bundled(ledger)[0])
    stored = files["checkpoints/00000000000000000002.checkpoint"].decode()
    write(folder, 2, stored)
    second = Signer.make(ORIGIN)
    rotated = folder / "00000000000000000302.checkpoint"
    said = files["checkpoints/00000000000000000302.checkpoint"].decode().partition("\n\n")[0] + "\n"
    rotated.write_text(signed(said, [LOG, second]))

    raw, made = bundled(ledger, outside=[folder])

    assert made.checkpoints == 3
    assert "checkpoints/00000000000000000302-2.checkpoint" in contents(raw)
    assert verify(tmp_path / "b.zip", raw) == 0
    assert verify(tmp_path / "b.zip", raw, "--key", second.key.text) == 0


def test_a_checkpoint_of_another_log_is_refused(ledger, tmp_path):
    file = tmp_path / "other.checkpoint"
    file.write_text(signed(Checkpoint(ORIGIN, 2, bytes(32)).text, [LOG]))
    with pytest.raises(OtherLog):
        bundled(ledger, outside=[file])

    root = contents(bundled(ledger)[0])["checkpoints/00000000000000000002.checkpoint"].decode().split("\n")[2]
    file.write_text(signed(f"example.org/other\n2\n{root}\n", [LOG]))
    with pytest.raises(UsageError, match="several logs"):
        bundled(ledger, outside=[file])


def test_a_log_that_was_never_sealed_has_no_bundle(tmp_path):
    with Ledger.create(str(tmp_path / "t.db")) as ledger, pytest.raises(NotSealed):
        bundled(ledger)


def test_an_empty_log_that_was_sealed_has_one(tmp_path):
    with Ledger.create(str(tmp_path / "t.db")) as ledger:
        seal(ledger)
        raw, made = bundled(ledger)

    assert made.size == 0
    assert verify(tmp_path / "b.zip", raw) == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payloads SET state = replace(state, '2025', '2026') WHERE position = 2",
        "UPDATE payloads SET state = CAST(state || ' ' AS BLOB) WHERE position = 2",
        "DELETE FROM payloads WHERE position = 2",
        "UPDATE events SET recorded_by = 'eve' WHERE position = 2",
        "UPDATE events SET recorded_at = 'soon' WHERE position = 2",
        "UPDATE tree_nodes SET hash = zeroblob(32)",
    ],
)
def test_of_a_log_that_was_changed_there_is_no_bundle(ledger, statement):
    change(ledger, statement)

    with pytest.raises(Damaged, match="audit verify"):
        bundled(ledger)


def test_of_very_many_checkpoints_some_are_taken(ledger, monkeypatch):
    """The oldest and the newest are among them, whatever their number."""
    for n in range(20):
        ledger.record([new(org(f"o{n}"))])
        seal(ledger)
    monkeypatch.setattr(bundling, "MOST", 5)

    raw, made = bundled(ledger)

    names = [name for name in contents(raw) if name.startswith("checkpoints/")]
    assert (made.checkpoints, names[0][-14:-11], names[-1][-14:-11]) == (5, "002", "323")


# -- the command line, and by hand ------------------------------------------------------------------------------------


@pytest.fixture
def sealed_ledger(own_ledger):
    with Ledger.open(str(own_ledger)) as ledger:
        seal(ledger)
    return own_ledger


def test_the_command_says_what_it_wrote(run, sealed_ledger, tmp_path):
    file = tmp_path / "b.zip"
    words = ("--entry", "goyal-leaves-meta", "--withhold", "goyal-leaves-meta", "--withhold", "meta")

    ran = run("audit", "bundle", "-o", str(file), *words, db=sealed_ledger)

    assert (ran.status, ran.out) == (0, "")
    assert f"Wrote 310 events, 2 withheld, 1 checkpoint and 1 proof to {file}." in ran.err
    assert verify(tmp_path / "copy.zip", file.read_bytes()) == 0
    assert run("audit", "bundle", "-o", "-", db=sealed_ledger).status == 2
    assert run("audit", "bundle", "-o", str(file), "--entry", "nobody", db=sealed_ledger).status == 3


def test_a_bundle_that_fails_leaves_the_old_file(run, own_ledger, tmp_path):
    file = tmp_path / "b.zip"
    file.write_bytes(b"old")

    ran = run("audit", "bundle", "-o", str(file), db=own_ledger)

    assert (ran.status, file.read_bytes()) == (6, b"old")
    assert "timeline audit seal" in ran.err


def test_what_readme_says_can_be_done_with_standard_tools(sealed_ledger, tmp_path):
    """Every command of README.txt, as somebody would type it; the results that should be equal are."""
    if missing := [tool for tool in ("jq", "openssl", "sha256sum", "base64", "python3") if not shutil.which(tool)]:
        pytest.skip(f"not installed: {', '.join(missing)}")
    with Ledger.open(str(sealed_ledger)) as ledger:
        raw, _ = bundled(ledger)
    for name, content in contents(raw).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    by_hand = (tmp_path / "README.txt").read_text().partition("You need unzip")[2]
    lines = [line for line in by_hand.splitlines() if line.startswith("    ") and "unzip bundle.zip" not in line]
    script = "set -e\n" + "\n".join(lines).replace("echo KEY", f"echo '{LOG.key.text.split('+', 2)[2]}'")

    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    command = ["bash", "-c", script]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    digest, computed, payload, leaf, verified, root, sealed = done.stdout.replace("}", "}\n").split("\n")[:7]
    fifth = json.loads(contents(raw)["log.jsonl"].splitlines()[4])
    assert digest == computed.split()[0]
    assert payload == base64.b64decode(fifth["payload"]).decode()
    assert leaf.split()[0] == sha256(b"\0" + fifth["leaf"].encode()).hexdigest()
    assert verified == "Signature Verified Successfully"
    assert root == sealed


def test_a_bundle_larger_than_a_plain_zip_is_refused(ledger, monkeypatch):
    monkeypatch.setattr("zipfile.ZIP64_LIMIT", 10_000)

    with pytest.raises(StoreError, match="too long for a bundle"):
        bundled(ledger)


def test_readme_tells_the_names_of_the_files(ledger):
    told = bundling.readme()

    assert {name.partition("/")[0] for name in contents(bundled(ledger)[0])} == {
        "README.txt",
        *(name.rstrip("/") for name in ("log.jsonl", "checkpoints/", "proofs/") if name in told),
    }
    assert io.StringIO(told).readline() == "A bundle of a timeline's log\n"
