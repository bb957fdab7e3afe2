"""Reading a journal, and comparing it with the log. `timeline.audit.journal` tells what stands in one, and why."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from timeline.audit.findings import Findings
from timeline.audit.journal import HEAD
from timeline.audit.tree import HASH, Hash
from timeline.errors import StoreError

_LINE = re.compile(
    rb"(?:timeline journal 1 after (\d{1,18})|event (\d{1,18}) ([0-9a-f]{64})|"
    rb"ready (\d{1,18}) (\d{1,18})|done (\d{1,18}) ([0-9a-f]{64}))\n"
)


class Journaled:
    """What a journal says of the log: for each position from its beginning on, the hash of the leaf.

    Kept in a temporary file, 32 bytes a position, so that a journal of any length takes no memory.
    """

    def __init__(self, path: Path, findings: Findings) -> None:
        self.findings = findings
        self.after = 0
        """The position that it begins behind."""
        self.ready = 0
        """The last position of which it says anything that counts."""
        self.done = 0
        """The last position that it says to be committed."""
        self._hashes: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115  # see `close`
        try:
            with path.open("rb") as file:
                self._read(path, file)
        except OSError as problem:
            self.close()
            raise StoreError(f"the journal {path} cannot be read: {problem.strerror}") from None
        except StoreError:
            self.close()
            raise

    def close(self) -> None:
        """Give the temporary file back."""
        self._hashes.close()

    def _read(self, path: Path, file: BinaryIO) -> None:
        begun = _LINE.fullmatch(file.readline(200))
        if begun is None or begun[1] is None:
            raise StoreError(f"{path} is no journal: it does not begin with {HEAD.format('…')!r}")
        self.after = self.ready = self.done = int(begun[1])
        for line in file:
            if (found := _LINE.fullmatch(line)) is None:
                continue  # a writer was killed within a line
            _, position, leaf, _, last, committed, of = found.groups()
            if position is not None:
                self._announce(int(position), bytes.fromhex(leaf.decode()))
            elif last is not None:
                self.ready = int(last)
            elif committed is not None:
                self._commit(int(committed), bytes.fromhex(of.decode()))

    def _announce(self, position: int, leaf: Hash) -> None:
        """An event: whoever announces it holds the lock, and saw the log end right before the batch."""
        if position <= self.done:
            self.findings.add(
                "journal", "an event that was recorded", f"{self.done} positions, which are taken",
                f"position {position} given once more, so the log was cut", position=position,
            )  # fmt: skip
            self.done = position - 1
        if position - 1 == self.ready:
            self.done = self.ready  # it was committed, whether or not its writer lived to say so
        self.ready = min(self.ready, position - 1)
        if position > self.after:
            self._hashes.seek((position - 1 - self.after) * HASH)
            self._hashes.write(leaf)

    def _commit(self, position: int, leaf: Hash) -> None:
        if position <= self.after:
            return
        self._hashes.seek((position - 1 - self.after) * HASH)
        if self._hashes.read(HASH) == leaf:
            self.done = max(self.done, position)

    def check(self, positions: Sequence[int], leaves: Sequence[Hash]) -> None:
        """Compare the next leaves of the log with what was announced for their positions."""
        first, count = positions[0], len(leaves)
        if first > self.after and positions[-1] == first + count - 1 <= self.ready:
            self._hashes.seek((first - 1 - self.after) * HASH)
            if self._hashes.read(HASH * count) == b"".join(leaves):
                return
        for position, leaf in zip(positions, leaves, strict=True):
            if position <= self.after:
                continue
            self._hashes.seek((position - 1 - self.after) * HASH)
            wanted = self._hashes.read(HASH)
            if position > self.ready or not any(wanted):
                self.findings.add("journal", "the leaf", "none, as nobody announced it", leaf, position=position)
            elif leaf != wanted:
                self.findings.add("journal", "the leaf", wanted, leaf, position=position)

    def finish(self, size: int) -> None:
        """Look whether the log is as long as what was committed."""
        if size < self.done:
            missing = f"position {self.done}" if size == self.done - 1 else f"positions {size + 1} to {self.done}"
            self.findings.add("journal", missing, "in the log, as committed", "gone", position=size + 1)
