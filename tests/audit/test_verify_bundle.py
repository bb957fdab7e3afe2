"""docs/verify_bundle.py by itself: it knows the published vectors, and refuses whatever is not as it must be."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.audit.bundles import LOG, ORIGIN, VERIFIER, bundled, contents, packed, seal, verify, verify_bundle
from tests.audit.test_notes import LINE, NEUMANN, TEXT
from tests.audit.test_tree import LEAVES, ROOTS, defined_path, defined_subproof
from tests.timeline.builders import Clock, layoff, org
from timeline.audit.notes import COSIGNATURE, Checkpoint, Key, Signer, signed
from timeline.audit.tree import leaf_hash
from timeline.ledger import Ledger, new


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A bundle of seven events under two checkpoints, with the proofs of one entry and an event withheld."""
    with Ledger.create(str(tmp_path_factory.mktemp("made") / "t.db"), clock=Clock()) as ledger:
        ledger.record([new(org("meta"))], by="ada")
        ledger.record([new(layoff(date=f"20{n}", id=f"layoff-{n}")) for n in range(20, 23)], by="ada")
        seal(ledger)
        events = [new(layoff(date=f"20{n}", id=f"layoff-{n}")) for n in range(23, 26)]
        ledger.record(events, by="ada")
        seal(ledger)
        raw, _ = bundled(ledger, proven=[events[0].originator_id], withheld=[events[1].originator_id])
    return raw


# -- what others published --------------------------------------------------------------------------------------------


def test_its_tree_has_the_published_roots():
    for size, root in enumerate(ROOTS, 1):
        assert verify_bundle.Tree(LEAVES[:size]).root(0, size).hex() == root


@given(st.data())
def test_its_proofs_are_those_of_the_definition(data):
    size = data.draw(st.integers(1, 100))
    leaves = [str(n).encode() for n in range(size)]
    hashes, tree = list(map(leaf_hash, leaves)), verify_bundle.Tree(leaves)
    leaf, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, size))

    assert tree.proof(leaf, 0, size, True) == defined_path(leaf, hashes)
    assert tree.proof(old - 1, 0, size, False) == defined_subproof(old, hashes, True)


def test_a_note_that_another_program_signed_is_verified():
    """The text is no checkpoint, which is found only after its signature: so the key is read, and fits."""
    key = verify_bundle.read_key(NEUMANN)

    assert key[:2] == ("PeterNeumann", bytes.fromhex("c74f20a3"))
    verify_bundle.Ed25519PublicKey.from_public_bytes(key[3]).verify(
        verify_bundle.bytes_of(LINE.split()[-1])[4:], TEXT.encode()
    )


def test_a_checkpoint_counts_by_the_key_of_its_own_origin_alone():
    """Another log's key may sign what it likes."""
    other = Signer.make("example.org/other")
    raw = signed(Checkpoint(ORIGIN, 3, bytes(32)).text, [LOG, other]).encode()
    keys = [verify_bundle.read_key(signer.key.text) for signer in (LOG, other)]

    assert verify_bundle.read_checkpoint(raw, keys) == (ORIGIN, 3, bytes(32), [ORIGIN])
    with pytest.raises(ValueError, match="by none of the keys"):
        verify_bundle.read_checkpoint(raw, keys[1:])


def test_a_witness_is_named_and_does_not_stand_for_the_log():
    private = Ed25519PrivateKey.generate()
    witness = Key("witness.example", COSIGNATURE, private.public_key().public_bytes_raw())
    text, time = Checkpoint(ORIGIN, 3, bytes(32)).text, 1_700_000_000
    made = witness.id + time.to_bytes(8, "big") + private.sign(f"cosignature/v1\ntime {time}\n{text}".encode())
    line = f"— {witness.name} {verify_bundle.text_of(made)}\n"
    raw = signed(text, [LOG], [line]).encode()
    keys = [verify_bundle.read_key(key.text) for key in (LOG.key, witness)]

    assert verify_bundle.read_checkpoint(raw, keys)[3] == [ORIGIN, "witness.example"]
    with pytest.raises(ValueError, match="by none of the keys"):
        verify_bundle.read_checkpoint(raw, keys[1:])


# -- bundles ----------------------------------------------------------------------------------------------------------


def test_an_honest_bundle_is_verified(made, tmp_path, capsys):
    assert verify(tmp_path / "b.zip", made) == 0
    said = capsys.readouterr().out
    assert "7 events (6 shown, 1 withheld, 0 erased)" in said
    assert "2 checkpoints in it, 0 of your own, 2 proofs\nOK" in said


def test_it_runs_alone(made, tmp_path):
    """In a process of its own that finds no module of ours; 0, 7 and 2 are its exit statuses."""
    path = tmp_path / "b.zip"
    path.write_bytes(made)
    command = [sys.executable, "-I", str(VERIFIER), str(path), "--key"]

    assert subprocess.run([*command, LOG.key.text], cwd=tmp_path, check=False).returncode == 0
    assert subprocess.run([*command, Signer.make(ORIGIN).key.text], cwd=tmp_path, check=False).returncode == 7
    assert subprocess.run([sys.executable, "-I", str(VERIFIER)], cwd=tmp_path, check=False).returncode == 2
    imported = [line.split()[1] for line in VERIFIER.read_text().splitlines() if line.startswith(("import ", "from "))]
    assert {name.partition(".")[0] for name in imported} & {"timeline", "events", "projections"} == set()
    assert len(VERIFIER.read_text().splitlines()) < 200


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=400)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_any_flipped_bit_of_the_file_is_refused(made, tmp_path, place, bit):
    """In the files, in their names, in what zip says of them."""
    raw = bytearray(made)
    raw[int(place * len(raw))] ^= 1 << bit

    assert verify(tmp_path / "b.zip", bytes(raw)) == 7


def test_any_flipped_bit_of_the_container_is_refused(made, tmp_path):
    """Every bit of the first header and of the directory at the end, which most programs hardly look at."""
    start = made.index(b"PK\1\2")
    for at in [*range(40), *range(start, len(made))]:
        raw = bytearray(made)
        raw[at] ^= 1 << at % 8
        assert verify(tmp_path / "b.zip", bytes(raw)) == 7, at


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=400)
@given(data=st.data())
def test_any_flipped_bit_within_a_file_is_refused_though_the_zip_be_made_anew(made, tmp_path, data):
    """A leaf, a payload, a salt, a hash of a proof, a signature. README.txt is not signed, and says so."""
    files = contents(made)
    name = data.draw(st.sampled_from([n for n in files if n != "README.txt"]))
    changed = bytearray(files[name])
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= 1 << data.draw(st.integers(0, 7))

    assert verify(tmp_path / "b.zip", packed({**files, name: bytes(changed)})) == 7


def test_the_same_files_packed_by_another_program_are_the_same_bundle(made):
    assert packed(contents(made)) == made


def changes(files):
    """Bundles that an honest program does not make, each with what is wrong in it."""
    lines = files["log.jsonl"].splitlines(keepends=True)
    first, last = sorted(n for n in files if n.startswith("checkpoints/"))
    proof = next(n for n in files if n.endswith(".tlog-proof"))
    other = proof.replace("-1.tlog", "-2.tlog")
    without = {n: raw for n, raw in files.items() if n != last}
    yield "an event is missing", {**files, "log.jsonl": b"".join(lines[:2] + lines[3:])}
    yield "the end is missing", {**files, "log.jsonl": b"".join(lines[:-1])}
    yield "events are swapped", {**files, "log.jsonl": b"".join([lines[1], lines[0], *lines[2:]])}
    yield "an event is added", {**files, "log.jsonl": files["log.jsonl"] + lines[-1]}
    yield "no checkpoint covers the end", {n: raw for n, raw in without.items() if not n.startswith("proofs/")}
    yield "no checkpoint at all", {n: raw for n, raw in files.items() if "/" not in n}
    yield "a proof for another version", {**{n: r for n, r in files.items() if n != proof}, other: files[proof]}
    yield "the checkpoint of a proof is missing", without
    yield "a blank line", {**files, "log.jsonl": files["log.jsonl"] + b"\n"}
    yield "a file too many", {**files, "extra.txt": b""}
    yield "a file outside", {**files, "../README.txt": b""}
    yield "a checkpoint that is none", {**files, first: b"x"}
    yield "no README", {n: raw for n, raw in files.items() if n != "log.jsonl"}


@pytest.mark.parametrize("number", range(13))
def test_a_bundle_that_was_changed_is_refused(made, tmp_path, number):
    what, files = list(changes(contents(made)))[number]

    assert verify(tmp_path / "b.zip", packed(files)) == 7, what


def test_a_withheld_event_cannot_be_passed_off_as_erased(made, tmp_path):
    """Erased is only what an erasure in the log names."""
    files = contents(made)
    files["log.jsonl"] = files["log.jsonl"].replace(b'"absent":"withheld"', b'"absent":"erased"')

    assert verify(tmp_path / "b.zip", packed(files)) == 7


def hostile(files):
    """Zips that are dangerous to open."""
    duplicate = io.BytesIO()
    with zipfile.ZipFile(duplicate, "w") as archive:
        archive.writestr("README.txt", b"")
        archive.writestr("log.jsonl", b"")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("log.jsonl", files["log.jsonl"])
    yield duplicate.getvalue()
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", b"")
        archive.writestr("log.jsonl", b"\0" * 50_000_000)
    yield bomb.getvalue()
    yield packed({**files, "README.txt": b"x" * 1_000_001})
    yield packed({**files, "checkpoints/" + "٣" * 20 + ".checkpoint": b""})
    yield packed(files) + b"hidden"
    yield b"#!/bin/sh\n" + packed(files)
    yield packed({**files, "log.jsonl": b"[" * 200_000 + b"\n"})
    yield packed({**files, "log.jsonl": b'{"leaf":' + b"9" * 10_000 + b"}\n"})
    yield b"PK\5\6" + struct.pack("<4H2LH", 0, 0, 0, 0, 0, 0, 0)
    yield packed(files)[:-1]


@pytest.mark.parametrize("number", range(10))
def test_a_hostile_zip_is_refused(made, tmp_path, number):
    raw = list(hostile(contents(made)))[number]

    assert verify(tmp_path / "b.zip", raw) == 7


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(noise=st.binary(max_size=200))
@example(noise=b"\3\4")
def test_noise_is_refused(tmp_path, noise):
    assert verify(tmp_path / "b.zip", b"PK" + noise) == 7


def asked_wrongly(tmp_path: Path, raw: bytes, *words: str, key: str = LOG.key.text) -> bool:
    """Whether nothing was checked, so that nobody takes it for a finding."""
    try:
        verify(tmp_path / "b.zip", raw, *words, key=key)
    except SystemExit as ended:
        return ended.code == 2
    return False


@pytest.mark.parametrize("raw", [b"", b"no zip at all", b'{"verdict": "equal"}'])
def test_a_file_that_is_no_zip_is_no_evidence_of_anything(tmp_path, raw):
    assert asked_wrongly(tmp_path, raw)


def test_a_file_that_is_not_there_is_no_evidence_of_anything(made, tmp_path):
    with pytest.raises(SystemExit, match="2"):
        verify_bundle.main([str(tmp_path / "none.zip"), "--key", LOG.key.text])
    assert asked_wrongly(tmp_path, made, "--checkpoint", str(tmp_path / "none"))


def test_a_checkpoint_of_your_own_must_be_of_the_same_log(made, tmp_path):
    """One that was kept from before a rewriting tells, whatever the thief of a key signed since."""
    files = contents(made)
    kept, forged, longer = (tmp_path / name for name in ("kept", "forged", "longer"))
    kept.write_bytes(next(raw for name, raw in files.items() if name.startswith("checkpoints/")))
    forged.write_text(signed(Checkpoint(ORIGIN, 4, bytes(32)).text, [LOG]))
    longer.write_text(signed(Checkpoint(ORIGIN, 9, bytes(32)).text, [LOG]))

    assert verify(tmp_path / "b.zip", made, "--checkpoint", str(kept)) == 0
    assert verify(tmp_path / "b.zip", made, "--checkpoint", str(forged)) == 7
    assert verify(tmp_path / "b.zip", made, "--checkpoint", str(longer)) == 7


@pytest.mark.parametrize(
    "key",
    ["", "a+b", f"{ORIGIN}+00000000+AA==", LOG.key.text[:-1], LOG.text],
    ids=["nothing", "a sum", "another id", "a part", "the secret"],  # the key is new in every process
)
def test_what_is_no_key_checks_nothing_and_is_not_repeated(made, tmp_path, key, capsys):
    """Somebody may have taken the secret half by mistake."""
    assert asked_wrongly(tmp_path, made, key=key)
    assert LOG.text not in capsys.readouterr().err
