"""The tree over a log that is read from its beginning, in flat memory, as fast as hashing goes.

Leaves are joined 256 at a time, level by level; above them stands the frontier. `Frontier` alone gives the same, one
leaf after the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from timeline.audit.tree import Frontier, Hash, joined
from timeline.store.nodes import STEP

CHUNK = 1 << STEP
"""Leaves that are joined at once; the root of each chunk is what the database keeps of the lowest levels."""


class Growing:
    """A tree that leaves are added to."""

    def __init__(self) -> None:
        self._chunks = Frontier()
        self._tail: list[Hash] = []

    def copy(self) -> Growing:
        """The same tree, to go on from without changing this one."""
        other = Growing()
        other._chunks = Frontier(self._chunks.size, self._chunks.hashes)
        other._tail = self._tail[:]
        return other

    @property
    def size(self) -> int:
        """How many leaves it has."""
        return self._chunks.size * CHUNK + len(self._tail)

    def extend(self, leaves: Sequence[Hash]) -> list[tuple[int, int, Hash]]:
        """Add the hashes of leaves. Gives the nodes completed by them that a database keeps: level, index, hash."""
        completed: list[tuple[int, int, Hash]] = []
        waiting = [*self._tail, *leaves]
        whole = len(waiting) - len(waiting) % CHUNK
        for at in range(0, whole, CHUNK):
            index, root = self._chunks.size, _complete(waiting[at : at + CHUNK])
            completed.append((STEP, index, root))
            for (level, above), found in self._chunks.add(root):
                if level % STEP == 0:
                    completed.append((level + STEP, above, found))
        self._tail = waiting[whole:]
        return completed

    def frontier(self) -> list[Hash]:
        """The complete subtrees that it is made of, largest first."""
        rest = Frontier()
        for leaf in self._tail:
            rest.add(leaf)
        return [*self._chunks.hashes, *rest.hashes]

    def root(self) -> Hash:
        """The root of the whole."""
        return joined(self.frontier())


def _complete(hashes: list[Hash]) -> Hash:
    """The root of a complete subtree."""
    while len(hashes) > 1:
        hashes = [sha256(b"\1" + left + right).digest() for left, right in zip(hashes[::2], hashes[1::2], strict=True)]
    return hashes[0]
