"""Key files: the private key that signs, which nobody but its owner may read, and the public keys to verify with."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from timeline.audit.notes import BadNote, Key, Signer
from timeline.errors import BadData

PRIVATE = 0o600
"""The mode of a private key's file: its owner may read and write it, nobody else anything."""


class BadKeyFile(BadData):
    """A key file cannot be used; no signature was made."""


def create(path: Path, origin: str) -> Signer:
    """Make a key and its file, which must not exist yet. Raises BadNote for an origin that cannot name a key."""
    signer = Signer.make(origin)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    except FileExistsError:
        raise BadKeyFile(f"{path} exists, and a key is never overwritten: name another file") from None
    except OSError as problem:
        raise BadKeyFile(f"{path} cannot be made: {problem.strerror}") from None
    with os.fdopen(descriptor, "w") as file:
        os.fchmod(descriptor, PRIVATE)  # whatever the umask took away
        file.write(f"{signer.text}\n")
        file.flush()
        os.fsync(descriptor)
    return signer


def private(path: Path) -> Signer:
    """The key that signs, from its file. Raises BadKeyFile if others may read it, BadNote if it holds none."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise BadKeyFile(
                    f"{path} can be read or written by others (mode {mode:04o}): "
                    f"run `chmod 600 {path}`, or make a new key if somebody may have seen this one"
                )
            raw = file.read(10_000)
    except OSError as problem:
        raise BadKeyFile(f"{path} cannot be read: {problem.strerror}") from None
    return Signer.read(_text(raw, path))


def public(given: str) -> list[Key]:
    """The public keys that somebody names to verify with: the text of one, or a file with one a line.

    Raises BadNote or BadKeyFile. A private key is refused: who verifies does not need it.
    """
    if "+" in given and not Path(given).exists():
        return [Key.read(given)]
    path = Path(given)
    try:
        raw = path.read_bytes()[:1_000_000]
    except OSError as problem:
        raise BadKeyFile(f"{given} is no key, and as a file it cannot be read: {problem.strerror}") from None
    lines = [line.strip() for line in _text(raw, path).splitlines()]
    if any(line.startswith("PRIVATE+KEY+") for line in lines):
        raise BadKeyFile(f"{path} is a private key; to verify, take what `timeline audit key show {path}` prints")
    found = [Key.read(line) for line in lines if line and not line.startswith("#")]
    if not found:
        raise BadKeyFile(f"{path} holds no key")
    return found


def _text(raw: bytes, path: Path) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise BadNote(f"{path} holds no key: it is not UTF-8") from None
