"""The tree over the log as it stands in the database: its frontier in the head, every eighth level of it in a table.

Levels in between are worked out from the level below that is kept, at most 256 hashes; those of the leaves from the
events themselves. So recording an event changes one row, and one in 256 adds one.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from sqlalchemy import Connection, select

from timeline.audit import leaves
from timeline.audit.tree import HASH, Frontier, Hash, Node, joined, node_hash, parts
from timeline.store.tables import events, tree_nodes

STEP = 8
"""Every so many levels are kept."""


def frontier_of(size: int, raw: bytes) -> Frontier:
    """The frontier as the head of the log holds it."""
    return Frontier(size, [raw[at : at + HASH] for at in range(0, len(raw), HASH)])


def kept(completed: Sequence[tuple[Node, Hash]]) -> list[tuple[int, int, Hash]]:
    """Those of the completed nodes that are kept: level, index, hash."""
    return [(level, index, found) for (level, index), found in completed if level % STEP == 0]


def root_at(connection: Connection, size: int) -> Hash:
    """The root over the first `size` events of the log. Raises KeyError if it has not so many sound ones."""
    return joined(read(connection, parts(0, size)))


def root_text(connection: Connection, size: int) -> str | None:
    """The same in base64, as a checkpoint has it; None where the log lacks events, or some are damaged."""
    try:
        return base64.b64encode(root_at(connection, size)).decode()
    except KeyError:
        return None


def read(connection: Connection, nodes: Sequence[Node]) -> list[Hash]:
    """The hashes of complete subtrees, from what is kept and, for the lowest levels, from the events."""
    return [_node(connection, level, index) for level, index in nodes]


def _node(connection: Connection, level: int, index: int) -> Hash:
    base = level - level % STEP
    first = index << (level - base)
    number = 1 << (level - base)
    found = _leaves(connection, first, number) if base == 0 else _kept(connection, base, first, number)
    if len(found) != number:
        raise KeyError(f"the tree lacks nodes of level {base} from {first} on")
    while len(found) > 1:
        found = [node_hash(found[at], found[at + 1]) for at in range(0, len(found), 2)]
    return found[0]


def _kept(connection: Connection, level: int, first: int, number: int) -> list[Hash]:
    query = select(tree_nodes.c.hash).where(
        tree_nodes.c.level == level, tree_nodes.c.node >= first, tree_nodes.c.node < first + number
    )
    return [bytes(h) for h in connection.scalars(query.order_by(tree_nodes.c.node))]


def _leaves(connection: Connection, first: int, number: int) -> list[Hash]:
    """The hashes of leaves, counted from 0: leaf n is the event at position n + 1."""
    query = select(events).where(events.c.position > first, events.c.position <= first + number)
    try:
        return [
            leaves.hash_of(
                r.position, r.batch, r.entry_id, r.version, r.kind, r.recorded_at, r.recorded_by, bytes(r.digest)
            )
            for r in connection.execute(query.order_by(events.c.position))
        ]
    except (AttributeError, TypeError, ValueError, OverflowError, OSError) as problem:  # no leaf can say such columns
        raise KeyError(f"an event after position {first} cannot be read: {problem}") from problem
