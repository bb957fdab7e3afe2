"""Notes are those of C2SP: what others sign verifies here, and anything changed does not."""

from __future__ import annotations

import base64
import contextlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from timeline.audit.notes import COSIGNATURE, BadNote, Checkpoint, Key, Note, Signer, signed

# The example of golang.org/x/mod/sumdb/note, which the specification goes back to.
NEUMANN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NEUMANN_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
LINE = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"

LOG = Signer.make("example.org/log")
CHECKPOINT = Checkpoint("example.org/log", 310, bytes(range(32)))


def test_a_note_that_another_program_signed_is_verified():
    note = Note.read(f"{TEXT}\n{LINE}".encode())

    assert note.text == TEXT
    assert note.verified_by([Key.read(NEUMANN)]) == [Key.read(NEUMANN)]


def test_the_same_key_and_text_give_the_signature_that_the_other_program_gives():
    """Ed25519 leaves nothing to chance."""
    signer = Signer.read(NEUMANN_SECRET)

    assert signer.key.text == NEUMANN
    assert signed(TEXT, [signer]) == f"{TEXT}\n{LINE}"


def test_keys_are_read_as_they_are_written():
    assert Key.read(LOG.key.text) == LOG.key
    assert Signer.read(LOG.text) == LOG


def test_a_checkpoint_is_read_as_it_is_written():
    note = Note.read(signed(CHECKPOINT.text, [LOG]).encode())

    assert Checkpoint.read(note.text) == CHECKPOINT
    assert note.verified_by([LOG.key]) == [LOG.key]


def test_a_signature_by_an_unknown_key_counts_for_nothing():
    """It is no mistake either: others may have signed, too."""
    note = Note.read(signed(CHECKPOINT.text, [Signer.make("example.org/other"), LOG]).encode())

    assert note.verified_by([LOG.key]) == [LOG.key]
    assert note.verified_by([Signer.make("example.org/log").key]) == []


@given(at=st.integers(0, 60), bit=st.integers(0, 7))
def test_a_changed_text_is_refused(at, bit):
    """Whatever byte of it: it is no note any more, or the signature is not over it, or names another key."""
    raw = bytearray(signed(CHECKPOINT.text, [LOG]).encode())
    raw[at] ^= 1 << bit

    with contextlib.suppress(BadNote):
        assert Note.read(bytes(raw)).verified_by([LOG.key]) == []


@given(st.data())
def test_any_flipped_bit_of_a_signature_is_refused(data):
    text, line = CHECKPOINT.text, LOG.sign(CHECKPOINT.text)
    raw = bytearray(base64.b64decode(line.split()[-1]))
    bit = data.draw(st.integers(0, 8 * len(raw) - 1))
    raw[bit // 8] ^= 1 << bit % 8
    changed = f"— {LOG.key.name} {base64.b64encode(raw).decode()}\n"

    with contextlib.suppress(BadNote):
        assert Note.read(f"{text}\n{changed}".encode()).verified_by([LOG.key]) == []


def test_a_witness_signs_the_time_too():
    """Its signature holds eight bytes of time before the rest, and is over both."""
    secret = Ed25519PrivateKey.generate()
    witness = Key("witness.example", COSIGNATURE, secret.public_key().public_bytes_raw())
    time = 1_700_000_000
    raw = secret.sign(f"cosignature/v1\ntime {time}\n{CHECKPOINT.text}".encode())

    def note(seen: int) -> Note:
        whole = base64.b64encode(witness.id + seen.to_bytes(8, "big") + raw).decode()
        return Note.read(signed(CHECKPOINT.text, [LOG], [f"— {witness.name} {whole}\n"]).encode())

    assert note(time).verified_by([LOG.key, witness]) == [LOG.key, witness]
    with pytest.raises(BadNote, match="witness"):
        note(time + 1).verified_by([LOG.key, witness])


@pytest.mark.parametrize(
    "text",
    ["", "x", "a+b", "name+00000000+AA==", NEUMANN.replace("c74f20a3", "c74f20a4"), f"a b+{NEUMANN}", NEUMANN + "A"],
)
def test_what_is_no_key_is_refused(text):
    with pytest.raises(BadNote):
        Key.read(text)


@pytest.mark.parametrize("text", ["", NEUMANN, NEUMANN_SECRET[:-1], NEUMANN_SECRET.replace("c74f20a3", "00000000")])
def test_what_is_no_private_key_is_refused_and_not_shown(text):
    with pytest.raises(BadNote) as refused:
        Signer.read(text)
    assert "AYEK" not in str(refused.value)


@given(raw=st.binary(max_size=300) | st.text(max_size=200).map(lambda t: f"{t}\n\n— a AAAAAAA=\n".encode()))
def test_noise_is_no_note_and_no_harm(raw):
    try:
        note = Note.read(raw)
        note.verified_by([LOG.key])
        Checkpoint.read(note.text)
    except BadNote:
        pass
