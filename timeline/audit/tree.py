"""The Merkle tree of RFC 6962, section 2.1: roots, inclusion proofs, consistency proofs. Pure functions on hashes.

A tree of n leaves is the complete trees that n is made of in binary, largest first, joined from the right. These
complete trees are its *frontier*: all that is needed to add a leaf or to know the root.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

HASH = 32
"""Bytes of a hash."""

EMPTY = sha256(b"").digest()
"""The root of a tree without leaves."""

Hash = bytes
Node = tuple[int, int]
"""A complete subtree: its level (0 is a leaf, a node of level n has 2**n leaves), and its index among those."""

Reader = Callable[[Sequence[Node]], Sequence[Hash]]
"""Gives the hashes of complete subtrees, in the order asked for."""


def leaf_hash(leaf: bytes) -> Hash:
    """The hash of a leaf's bytes."""
    return sha256(b"\0" + leaf).digest()


def node_hash(left: Hash, right: Hash) -> Hash:
    """The hash of two subtrees under one node."""
    return sha256(b"\1" + left + right).digest()


class Frontier:
    """A tree that grows at its end and remembers no more than it must: at most one hash for each binary digit."""

    def __init__(self, size: int = 0, hashes: Iterable[Hash] = ()) -> None:
        self.size = size
        """How many leaves the tree has."""
        self.hashes = list(hashes)
        """The complete subtrees that it is made of, largest first."""
        if len(self.hashes) != size.bit_count() or any(len(h) != HASH for h in self.hashes):
            raise ValueError(f"{len(self.hashes)} hashes are no tree of {size} leaves")

    def add(self, leaf: Hash) -> list[tuple[Node, Hash]]:
        """Add the hash of a leaf. Gives the nodes above it that it completes, lowest first."""
        completed = []
        found, level, index = leaf, 0, self.size
        while index & 1:
            found = node_hash(self.hashes.pop(), found)
            level, index = level + 1, index >> 1
            completed.append(((level, index), found))
        self.hashes.append(found)
        self.size += 1
        return completed

    def root(self) -> Hash:
        """The root of the whole."""
        return joined(self.hashes)


def joined(hashes: Sequence[Hash]) -> Hash:
    """The root of complete subtrees, largest first."""
    if not hashes:
        return EMPTY
    *rest, found = hashes
    for left in reversed(rest):
        found = node_hash(left, found)
    return found


def root_of(leaves: Iterable[Hash]) -> Hash:
    """The root over the hashes of leaves."""
    tree = Frontier()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


def parts(start: int, stop: int) -> list[Node]:
    """The fewest complete subtrees that cover the leaves from `start` (inclusive) to `stop` (exclusive), in order.

    `start` must be the beginning of a complete subtree as large as the whole stretch needs, as it is in proofs.
    """
    found = []
    while start < stop:
        level = (stop - start).bit_length() - 1
        if start:
            level = min(level, (start & -start).bit_length() - 1)
        found.append((level, start >> level))
        start += 1 << level
    return found


# -- proofs -----------------------------------------------------------------------------------------------------------


class _Stretch(NamedTuple):
    """Leaves of which a proof holds the root, as one hash."""

    start: int
    stop: int


def inclusion_proof(index: int, size: int, read: Reader) -> list[Hash]:
    """The hashes that lead from leaf `index` to the root of the first `size` leaves, lowest first (section 2.1.1)."""
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    return _hashes(_path(index, size), read)


def consistency_proof(first: int, second: int, read: Reader) -> list[Hash]:
    """The hashes that show the tree of `second` leaves to begin with that of `first` (section 2.1.2)."""
    if not 0 <= first <= second:
        raise ValueError(f"a tree of {second} leaves cannot begin with one of {first}")
    return _hashes(_subproof(first, second), read) if 0 < first < second else []


def _path(index: int, size: int) -> list[_Stretch]:
    start, stop = 0, size
    found: list[_Stretch] = []
    while stop - start > 1:
        middle = start + _left(stop - start)
        if index < middle:
            found.append(_Stretch(middle, stop))
            stop = middle
        else:
            found.append(_Stretch(start, middle))
            start = middle
    return found[::-1]


def _subproof(first: int, second: int) -> list[_Stretch]:
    start, stop, whole = 0, second, True
    found: list[_Stretch] = []
    while first != stop:
        middle = start + _left(stop - start)
        if first <= middle:
            found.append(_Stretch(middle, stop))
            stop = middle
        else:
            found.append(_Stretch(start, middle))
            start, whole = middle, False
    if not whole:
        found.append(_Stretch(start, stop))
    return found[::-1]


def _left(size: int) -> int:
    """How many of `size` leaves are in the left half: the largest power of two below it."""
    return 1 << ((size - 1).bit_length() - 1)


def _hashes(stretches: Sequence[_Stretch], read: Reader) -> list[Hash]:
    nodes = [parts(*stretch) for stretch in stretches]
    hashes = iter(read([node for group in nodes for node in group]))
    return [joined([next(hashes) for _ in group]) for group in nodes]


def included(leaf: Hash, index: int, size: int, proof: Sequence[Hash], root: Hash) -> bool:
    """Whether the proof shows the leaf at `index` of the tree with this size and root."""
    if not 0 <= index < size or any(len(h) != HASH for h in proof):
        return False
    place, last, found = index, size - 1, leaf
    for part in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(part, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, part)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def consistent(first: int, second: int, first_root: Hash, second_root: Hash, proof: Sequence[Hash]) -> bool:
    """Whether the proof shows the tree of `second` leaves to begin with that of `first`."""
    if not 0 <= first <= second or any(len(h) != HASH for h in proof):
        return False
    if first == second or first == 0:
        return not proof and (first != second or first_root == second_root) and (first > 0 or first_root == EMPTY)
    rest = list(proof)
    if first & (first - 1) == 0:
        rest.insert(0, first_root)
    if not rest:
        return False
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    older = newer = rest[0]
    for part in rest[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            older, newer = node_hash(part, older), node_hash(part, newer)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            newer = node_hash(newer, part)
        place, last = place >> 1, last >> 1
    return last == 0 and older == first_root and newer == second_root
