"""The tree is that of RFC 6962, and its proofs show what they should and nothing else."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timeline.audit.tree import (
    EMPTY,
    Frontier,
    consistency_proof,
    consistent,
    included,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
)

# The vectors of the Certificate Transparency reference implementation.
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def hashes(size):
    return [leaf_hash(str(n).encode()) for n in range(size)]


def reader(leaves):
    """The hashes of complete subtrees, worked out anew from the leaves."""

    def whole(level, index):
        if level == 0:
            return leaves[index]
        return node_hash(whole(level - 1, 2 * index), whole(level - 1, 2 * index + 1))

    return lambda nodes: [whole(*node) for node in nodes]


def defined_root(leaves):
    """MTH of section 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(defined_root(leaves[:k]), defined_root(leaves[k:]))


def defined_path(m, leaves):
    """PATH of section 2.1.1, word for word."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*defined_path(m, leaves[:k]), defined_root(leaves[k:])]
    return [*defined_path(m - k, leaves[k:]), defined_root(leaves[:k])]


def defined_subproof(m, leaves, whole):
    """SUBPROOF of section 2.1.2, word for word."""
    n = len(leaves)
    if m == n:
        return [] if whole else [defined_root(leaves)]
    k = 1
    while k * 2 < n:
        k *= 2
    if m <= k:
        return [*defined_subproof(m, leaves[:k], whole), defined_root(leaves[k:])]
    return [*defined_subproof(m - k, leaves[k:], False), defined_root(leaves[:k])]


def test_published_vectors():
    for size, root in enumerate(ROOTS, 1):
        assert root_of(map(leaf_hash, LEAVES[:size])).hex() == root
    assert root_of([]) == EMPTY


@given(size=st.integers(0, 130))
def test_a_root_is_what_the_definition_says(size):
    assert root_of(hashes(size)) == defined_root(hashes(size))


@given(st.data())
def test_proofs_are_those_of_the_definition_and_hold(data):
    """For any leaf of any tree, and any tree that it grew from."""
    size = data.draw(st.integers(1, 100))
    index = data.draw(st.integers(0, size - 1))
    first = data.draw(st.integers(1, size))
    leaves = hashes(size)
    root = root_of(leaves)

    path = inclusion_proof(index, size, reader(leaves))
    steps = consistency_proof(first, size, reader(leaves))

    assert path == defined_path(index, leaves)
    assert steps == (defined_subproof(first, leaves, True) if first < size else [])
    assert included(leaves[index], index, size, path, root)
    assert consistent(first, size, root_of(leaves[:first]), root, steps)


def test_every_proof_of_every_small_tree():
    """No leaf and no earlier tree is left to chance; and no step of a proof can be left out or put on top."""
    for size in range(1, 20):
        leaves = hashes(size)
        root = root_of(leaves)
        for place in range(size):
            path = inclusion_proof(place, size, reader(leaves))
            assert path == defined_path(place, leaves)
            assert included(leaves[place], place, size, path, root)
            assert not included(leaves[place], place, size, [*path, root], root)
        for first in range(1, size):
            old, steps = root_of(leaves[:first]), consistency_proof(first, size, reader(leaves))
            assert steps == defined_subproof(first, leaves, True)
            assert consistent(first, size, old, root, steps)
            assert not consistent(first, size, old, root, steps[:-1])
            assert not consistent(first, size, old, root, [])
            assert not consistent(first, size, old, root, [*steps, root])


def test_no_proof_is_made_of_what_is_not_there():
    read = reader(hashes(5))

    with pytest.raises(ValueError, match="a tree of 5 leaves has no leaf 5"):
        inclusion_proof(5, 5, read)
    with pytest.raises(ValueError, match="a tree of 5 leaves has no leaf -1"):
        inclusion_proof(-1, 5, read)
    with pytest.raises(ValueError, match="a tree of 5 leaves cannot begin with one of 6"):
        consistency_proof(6, 5, read)


def test_a_place_outside_the_tree_holds_nothing():
    """A tree of one leaf has that leaf as its root: at place 0 alone."""
    (leaf,) = hashes(1)

    assert included(leaf, 0, 1, [], leaf)
    assert not included(leaf, 1, 1, [], leaf)
    assert not included(leaf, -1, 1, [], leaf)


def test_two_hashes_cannot_be_parted_elsewhere():
    """The same 64 bytes, split after the 33rd, hash to the same root; a hash has 32."""
    first, second = hashes(2)
    root, both = root_of([first, second]), first + second

    assert included(first, 0, 2, [second], root)
    assert not included(both[:33], 0, 2, [both[33:]], root)
    assert consistent(1, 2, first, root, [second])
    assert not consistent(1, 2, both[:33], root, [both[33:]])


@given(st.data())
def test_any_flipped_bit_is_refused(data):
    """In the leaf, in the proof, in a root."""
    size = data.draw(st.integers(2, 60))
    index = data.draw(st.integers(0, size - 1))
    first = data.draw(st.integers(1, size - 1))
    leaves = hashes(size)
    old, root = root_of(leaves[:first]), root_of(leaves)
    path = inclusion_proof(index, size, reader(leaves))
    steps = consistency_proof(first, size, reader(leaves))

    def flipped(values):
        which = data.draw(st.integers(0, len(values) - 1))
        bit = data.draw(st.integers(0, 255))
        changed = bytearray(values[which])
        changed[bit // 8] ^= 1 << bit % 8
        return [*values[:which], bytes(changed), *values[which + 1 :]]

    leaf, wrong_root, *wrong_path = flipped([leaves[index], root, *path])
    assert not included(leaf, index, size, wrong_path, wrong_root)
    wrong_old, wrong_new, *wrong_steps = flipped([old, root, *steps])
    assert not consistent(first, size, wrong_old, wrong_new, wrong_steps)


@given(st.data())
def test_a_proof_holds_for_its_own_place_alone(data):
    """Not for another leaf, nor shortened, nor with something added."""
    size = data.draw(st.integers(2, 60))
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1).filter(lambda n: n != index))
    leaves = hashes(size)
    root = root_of(leaves)
    path = inclusion_proof(index, size, reader(leaves))

    assert not included(leaves[index], other, size, path, root)
    assert not included(leaves[index], index, size, path[:-1], root)
    assert not included(leaves[index], index, size, [*path, root], root)


def test_nothing_is_before_everything():
    """The empty tree is the beginning of every one; a tree is consistent with itself."""
    root = root_of(hashes(5))

    assert consistency_proof(0, 5, reader(hashes(5))) == []
    assert consistent(0, 5, EMPTY, root, [])
    assert consistent(5, 5, root, root, [])
    assert not consistent(5, 5, root, EMPTY, [])
    assert not consistent(6, 5, root, root, [])
    assert not consistent(0, 5, root, root, [])


@given(size=st.integers(0, 70))
def test_a_frontier_goes_on_where_it_was_put_down(size):
    """It tells the nodes that each leaf completes, and is remade from what it holds."""
    leaves = hashes(size)
    tree = Frontier()
    for number, leaf in enumerate(leaves):
        tree = Frontier(tree.size, tree.hashes)
        for node, found in tree.add(leaf):
            assert reader(leaves)([node]) == [found]
        assert tree.root() == root_of(leaves[: number + 1])


def test_hashes_of_another_number_are_no_frontier():
    with pytest.raises(ValueError, match="2 hashes are no tree of 4 leaves"):
        Frontier(4, [EMPTY, EMPTY])
