"""Where a file goes that a command writes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from timeline.disk import files_of, resolved, usual_mode, writing_to
from timeline.errors import UsageError
from timeline.workshop import workshop


@contextmanager
def target(file: str, ledger: Path | None = None, *, is_binary: bool = False) -> Iterator[BinaryIO]:
    """Where the bytes go: standard output, or a new file that takes the place of the old one once it is whole.

    Links are followed, and what is no regular file - a pipe, a device - is written into. Raises UsageError for a
    folder, for the files of the ledger itself, and for a terminal that would be shown what is no text.
    """
    if file == "-":
        if is_binary and sys.stdout.isatty():
            raise UsageError("this format is no text for a terminal: write it into a file with -o FILE, or into a pipe")
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with writing_to(file):
        path = resolved(Path(file))
    if path.is_dir():
        raise UsageError(f"-o {file}: this is a folder; name a file in it")
    if ledger is not None and path in files_of(ledger.resolve()):
        raise UsageError(f"-o {file}: this is the ledger; name another file")
    with writing_to(file), _into(path) if path.exists() and not path.is_file() else _in_place_of(path) as made:
        yield made


@contextmanager
def _into(path: Path) -> Iterator[BinaryIO]:
    with path.open("wb") as made:
        yield made


@contextmanager
def _in_place_of(path: Path) -> Iterator[BinaryIO]:
    with workshop(path) as folder:
        whole = folder / "whole"
        with whole.open("xb") as made:
            yield made
            made.flush()
            os.fsync(made.fileno())
        whole.chmod(path.stat().st_mode & 0o777 if path.exists() else usual_mode())
        os.replace(whole, path)
