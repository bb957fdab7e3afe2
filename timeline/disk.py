"""Files that are made whole first and get their name then: where, what has to be on the disk by then, and its mode."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ELOOP
from pathlib import Path

from timeline.errors import StoreError


@contextmanager
def writing_to(path: Path | str) -> Iterator[None]:
    """Whatever keeps a file from being written here is told of the path. Raises StoreError.

    That nobody reads what is written is told as it is: it says nothing of a file.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as problem:
        raise StoreError(f"{path} cannot be written: {problem.strerror}") from None


def resolved(path: Path) -> Path:
    """Where a path leads. Raises OSError, as Python does not, for links in a circle."""
    try:
        return path.resolve()
    except RuntimeError:
        raise OSError(ELOOP, os.strerror(ELOOP), str(path)) from None


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def usual_mode(*, folder: bool = False) -> int:
    """The mode that a new file or folder gets from this process if it asks for none."""
    mask = os.umask(0o077)  # for the moment that others may see it, too strict rather than too lax
    os.umask(mask)
    return (0o777 if folder else 0o666) & ~mask


def files_of(ledger: Path) -> list[Path]:
    """The file of a ledger on SQLite and those that are kept beside it: no place for anything else."""
    return [ledger.with_name(ledger.name + suffix) for suffix in ("", "-wal", "-shm", "-journal", "-rebuild")]
