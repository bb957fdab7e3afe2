"""The journal: what writers say that they recorded, in a file outside of the database.

A writer that holds the lock of the log writes position and leaf hash of each event, computed from the bytes in memory,
and has them on the disk before it commits. After the commit it says that this came to pass. So an event that somebody
put into the database, or changed there before it was sealed, is not what the journal says.

A crash leaves at most a batch that was announced and of which nothing says whether it was committed: it may stand in
the log as it is announced, or not at all. The next batch tells, as it begins where the log ended.

    timeline journal 1 after 0
    event 1 3f5a…
    event 2 09c1…
    ready 1 2
    done 2 09c1…
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from timeline.audit.tree import Hash
from timeline.disk import sync
from timeline.errors import StoreError

HEAD = "timeline journal 1 after {}\n"

Announced = tuple[int, Hash]
"""The last event of a batch: position and leaf hash."""


class Journal:
    """Writes what one process records. The lock of the log keeps writers apart, so it needs none of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None
        self._last: Announced | None = None

    def announce(self, first: int, hashes: Sequence[Hash]) -> None:
        """Write the events from a position on. They do not count before `ready`."""
        file = self._opened(first - 1)
        self._write(file, "".join(f"event {position} {h.hex()}\n" for position, h in enumerate(hashes, first)))
        self._last = (first + len(hashes) - 1, hashes[-1])

    def ready(self, first: int, last: int) -> Announced | None:
        """Have the batch that was announced on the disk; after this it may be committed. None for an empty batch."""
        announced, self._last = self._last, None
        if self._file is None or announced is None or announced[0] != last:
            return None
        self._write(self._file, f"ready {first} {last}\n")
        os.fsync(self._file.fileno())
        return announced

    def done(self, announced: Announced) -> None:
        """Say that a batch was committed.

        It need not be on the disk at once, nor ever: the next batch says the same. So it is no reason to fail.
        """
        position, last = announced
        with suppress(StoreError, ValueError):  # another thread may have had to open it anew
            if self._file is not None:
                self._write(self._file, f"done {position} {last.hex()}\n")

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _opened(self, head: int) -> BinaryIO:
        """The file, opened anew if another one was put into its place; its last line is whole."""
        try:
            if self._file is None or not self._is_there(self._file):
                self.close()
                self._file = self.path.open("ab+", buffering=0)
                self._begin(self._file, head)
            end = self._file.seek(0, os.SEEK_END)
            self._file.seek(end - 1)
            if self._file.read(1) != b"\n":  # a writer was killed within a line
                self._write(self._file, "\n")
        except OSError as problem:
            raise self._unwritable(problem) from None
        return self._file

    def _is_there(self, file: BinaryIO) -> bool:
        try:
            return os.path.samestat(os.fstat(file.fileno()), self.path.stat())
        except FileNotFoundError:
            return False

    def _begin(self, file: BinaryIO, head: int) -> None:
        """Write the first line, or make sure that it stands there: another file is left alone."""
        if file.seek(0, os.SEEK_END) == 0:
            self._write(file, HEAD.format(head))
            sync(self.path.parent)
            return
        file.seek(0)
        if not file.read(100).startswith(HEAD.partition("{")[0].encode()):
            self.close()
            raise StoreError(f"{self.path} is no journal, so nothing was written to it; nothing was recorded")

    def _write(self, file: BinaryIO, text: str) -> None:
        try:
            raw = memoryview(text.encode())
            while raw:
                raw = raw[file.write(raw) :]
        except OSError as problem:
            raise self._unwritable(problem) from None

    def _unwritable(self, problem: OSError) -> StoreError:
        return StoreError(f"the journal {self.path} cannot be written: {problem.strerror}; nothing was recorded")
