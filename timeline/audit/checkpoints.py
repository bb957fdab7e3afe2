"""Checkpoints outside of the database: a folder to which one file is added for each, and none is ever changed.

The folder can be a git repository, a network share, or what a witness mirrors. Whoever reads it believes only what a
key signed that the reader brought.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from timeline.audit.notes import COSIGNATURE, ED25519, BadNote, Checkpoint, Key, Note
from timeline.disk import sync
from timeline.errors import StoreError

SUFFIX = ".checkpoint"
_FILE = re.compile(rf"([0-9]{{20}}){re.escape(SUFFIX)}")


class Signed(NamedTuple):
    """A checkpoint and by which of the given keys it is signed."""

    checkpoint: Checkpoint
    by: tuple[Key, ...]
    witnesses: tuple[Key, ...]


class Keys(NamedTuple):
    """The keys that somebody trusts: those that may sign the log, and those of witnesses."""

    log: tuple[Key, ...] = ()
    witnesses: tuple[Key, ...] = ()

    @classmethod
    def of(cls, keys: Iterable[Key]) -> Keys:
        """The keys by what they are for, each once."""
        each = list(dict.fromkeys(keys))
        return cls(
            tuple(k for k in each if k.sort == ED25519),
            tuple(k for k in each if k.sort == COSIGNATURE),
        )

    def read(self, raw: bytes) -> Signed:
        """The checkpoint in a note, if a key of the log signed it. Raises BadNote, which says what is wrong.

        The name of the key must be the origin: else the key of one log could speak for another.
        """
        note = Note.read(raw)
        checkpoint = Checkpoint.read(note.text)
        by = [key for key in note.verified_by(self.log) if key.name == checkpoint.origin]
        if not by:
            names = ", ".join(dict.fromkeys(f"{s.name}+{s.id.hex()}" for s in note.signatures))
            raise BadNote(f"signed by {names}, and by none of the keys given for {checkpoint.origin}")
        return Signed(checkpoint, tuple(by), tuple(note.verified_by(self.witnesses)))


# -- files ------------------------------------------------------------------------------------------------------------


def name_of(size: int) -> str:
    """The name of the file of a checkpoint: they sort by size."""
    return f"{size:020}{SUFFIX}"


def size_of(path: Path) -> int | None:
    """The size that a file's name says; None for a file that is no checkpoint by its name."""
    found = _FILE.fullmatch(path.name)
    return int(found[1]) if found else None


def in_folder(folder: Path) -> list[Path]:
    """The checkpoints of a folder by size; other files are passed over. Raises StoreError."""
    try:
        return sorted(path for path in folder.iterdir() if size_of(path) is not None)
    except OSError as problem:
        raise StoreError(f"{folder} cannot be read: {problem.strerror}") from None


def named(paths: Sequence[Path]) -> Iterator[Path]:
    """The files that are meant by files and folders. Raises StoreError for one that is not there."""
    for path in paths:
        if path.is_dir():
            yield from in_folder(path)
        elif path.exists():
            yield path
        else:
            raise StoreError(f"there is no checkpoint at {path}: name a file, or the folder that was sealed to")


def read_file(path: Path) -> bytes:
    """The bytes of a checkpoint's file, not more than a note may have. Raises StoreError."""
    try:
        with path.open("rb") as file:
            return file.read(1_000_001)
    except OSError as problem:
        raise StoreError(f"{path} cannot be read: {problem.strerror}") from None


def write(folder: Path, size: int, note: str) -> bool:
    """Put a checkpoint into the folder, whole and on the disk; False if one of this size is there, which stays.

    It is written under another name first and then linked to its own, which fails if that exists: so no kill and no
    power cut leaves half a checkpoint, and nobody overwrites one.
    """
    final = folder / name_of(size)
    unfinished = folder / f".{name_of(size)}.{secrets.token_hex(4)}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if final.exists():
            return False
        try:
            _write_durably(unfinished, note.encode())
            os.link(unfinished, final)
        except FileExistsError:
            return False
        finally:
            unfinished.unlink(missing_ok=True)
        sync(folder)
    except OSError as problem:
        raise StoreError(f"the checkpoint cannot be written to {folder}: {problem.strerror}") from None
    return True


def _write_durably(path: Path, raw: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    with os.fdopen(descriptor, "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(descriptor)
