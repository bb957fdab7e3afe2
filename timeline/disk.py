"""Files that are made whole first and get their name then: where, what has to be on the disk by then, and its mode."""

from __future__ import annotations

import os
from pathlib import Path


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def usual_mode(*, folder: bool = False) -> int:
    """The mode that a new file or folder gets from this process if it asks for none."""
    mask = os.umask(0)
    os.umask(mask)
    return (0o777 if folder else 0o666) & ~mask


def files_of(ledger: Path) -> list[Path]:
    """The file of a ledger on SQLite and those that are kept beside it: no place for anything else."""
    return [ledger.with_name(ledger.name + suffix) for suffix in ("", "-wal", "-shm", "-journal", "-rebuild")]
