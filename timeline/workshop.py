"""Folders in which something is made whole before it gets its name.

Who makes something holds a lock on a file in the folder, and the system lets go of it whatever becomes of the process.
So a folder whose lock nobody holds was left by one that was killed, and whoever next makes something of that name
removes it.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LOCK = ".timeline-lock"
"""The file that says whose the folder is: without one it is nobody's business here."""


@contextmanager
def workshop(path: Path) -> Iterator[Path]:
    """A folder of one's own beside a path, on the same disk, gone at the end. Its name begins with a dot.

    What others left there that were killed goes, too. Raises OSError where no folder can be made.
    """
    _sweep(path)
    folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    lock = _lock(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _lock(folder: Path) -> int:
    """Hold the lock of a folder. Its file gets the name only then, so that nobody finds it without its owner."""
    made = folder / f"{LOCK}-made"
    descriptor = os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with suppress(OSError):  # a disk without locks: then nobody can tell, and nobody removes it
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        made.rename(folder / LOCK)
    return descriptor


def _sweep(path: Path) -> None:
    """Remove the folders for a path that nobody works in."""
    of_path = re.compile(rf"\.{re.escape(path.name)}\.[a-z0-9_]{{8}}")
    with suppress(OSError):
        for left in [entry for entry in path.parent.iterdir() if of_path.fullmatch(entry.name)]:
            with suppress(OSError):
                _remove_if_left(left)


def _remove_if_left(folder: Path) -> None:
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)
