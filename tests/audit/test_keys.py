"""Key files: who may read them, what they hold, and what somebody is told who gives the wrong one."""

from __future__ import annotations

import stat

import pytest

from timeline.audit import keys
from timeline.audit.notes import COSIGNATURE, BadNote, Key, Signer


def test_a_private_key_is_readable_by_its_owner_alone(tmp_path):
    path = tmp_path / "seal.key"

    made = keys.create(path, "example.org/log")

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keys.private(path) == made
    assert path.read_text() == f"{made.text}\n"


def test_a_key_is_never_overwritten(tmp_path):
    path = tmp_path / "seal.key"
    made = keys.create(path, "example.org/log")

    with pytest.raises(keys.BadKeyFile, match="exists, and a key is never overwritten"):
        keys.create(path, "example.org/log")

    assert keys.private(path) == made


def test_an_origin_that_names_no_key_makes_no_file(tmp_path):
    with pytest.raises(BadNote, match="without spaces and plus signs"):
        keys.create(tmp_path / "seal.key", "my log")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o602, 0o644])
def test_a_private_key_that_others_may_read_or_write_is_refused(tmp_path, mode):
    path = tmp_path / "seal.key"
    keys.create(path, "example.org/log")
    path.chmod(mode)

    with pytest.raises(keys.BadKeyFile, match=rf"mode {mode:04o}\): run `chmod 600 .*seal\.key`"):
        keys.private(path)


@pytest.mark.parametrize("held", ["", "hello", "PRIVATE+KEY+example.org/log+00000000+AAAA", "\xff"])
def test_a_file_that_holds_no_private_key_is_told_without_showing_it(tmp_path, held):
    path = tmp_path / "seal.key"
    path.write_text(held, encoding="latin-1")
    path.chmod(0o600)

    with pytest.raises(BadNote) as told:
        keys.private(path)

    assert not held or held not in str(told.value)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(keys.BadKeyFile, match="No such file"):
        keys.private(tmp_path / "none.key")
    with pytest.raises(keys.BadKeyFile, match="is no key, and as a file it cannot be read"):
        keys.public(str(tmp_path / "none.pub"))


def test_public_keys_are_given_as_text_or_in_a_file(tmp_path):
    one, other = Signer.make("example.org/log").key, Key("witness.example", COSIGNATURE, b"w" * 32)
    path = tmp_path / "keys"
    path.write_text(f"# the log, and its witness\n\n{one.text}\n{other.text}\n")

    assert keys.public(one.text) == [one]
    assert keys.public(str(path)) == [one, other]


def test_who_verifies_is_given_no_private_key(tmp_path):
    path = tmp_path / "seal.key"
    keys.create(path, "example.org/log")

    with pytest.raises(keys.BadKeyFile, match="is a private key; to verify, take what `timeline audit key show"):
        keys.public(str(path))


@pytest.mark.parametrize("held", ["", "# nothing\n", "hello"])
def test_a_file_without_a_public_key_is_told(tmp_path, held):
    path = tmp_path / "keys"
    path.write_text(held)

    with pytest.raises((keys.BadKeyFile, BadNote), match="no key"):
        keys.public(str(path))
