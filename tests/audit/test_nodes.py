"""The tree in the database is the tree over the log, at every size that it ever had."""

from __future__ import annotations

import json
from hashlib import sha256
from itertools import accumulate

import pytest
from sqlalchemy import select

from tests.timeline.builders import Clock, person
from timeline.audit.leaves import leaf
from timeline.audit.tree import consistency_proof, consistent, included, inclusion_proof, leaf_hash, root_of
from timeline.ledger import Ledger, new
from timeline.store import nodes
from timeline.store.tables import events, log_head, payloads

SIZES = (1, 2, 200, 53, 1, 300, 7, 500, 1100)
"""Batches that begin and end within and at the ends of the parts that are kept."""


@pytest.fixture(scope="module")
def hashes_and_ledger(tmp_path_factory):
    path = tmp_path_factory.mktemp("nodes") / "t.db"
    with Ledger.create(str(path), clock=Clock()) as ledger:
        number = 0
        for size in SIZES:
            batch = [new(person(f"p{number + n}")) for n in range(size)]
            ledger.record(batch, by="ada “the” \\ \n lovelace")
            number += size
        with ledger.database.reading() as connection:
            rows = list(connection.execute(select(events).order_by(events.c.position)))
        yield [leaf_hash(leaf(*row)) for row in rows], ledger


def test_a_leaf_is_canonical_json_with_its_keys_in_order(hashes_and_ledger):
    """RFC 8785: sorted keys, no spaces, the shortest escapes; the digest is of what is stored."""
    _, ledger = hashes_and_ledger
    with ledger.database.reading() as connection:
        row = connection.execute(select(events).where(events.c.position == 4)).one()
        kept = connection.execute(select(payloads).where(payloads.c.position == 4)).one()

    raw = leaf(*row)

    said = json.loads(raw)
    assert list(said) == sorted(said) == ["at", "batch", "by", "digest", "entry", "kind", "position", "v", "version"]
    assert raw == json.dumps(said, separators=(",", ":"), ensure_ascii=False).encode()
    assert said["by"] == "ada “the” \\ \n lovelace"
    assert said["digest"] == sha256(kept.salt + kept.state).hexdigest()
    assert (said["at"], said["batch"], said["position"]) == ("1970-01-01T00:00:03.000000Z", 203, 4)


def test_roots_of_all_sizes_are_those_of_the_leaves(hashes_and_ledger):
    hashes, ledger = hashes_and_ledger

    with ledger.database.reading() as connection:
        for size in (*range(20), *accumulate(SIZES), 255, 256, 257, 511, 512, 1023, 1024, 2047, 2048, 2049):
            assert nodes.root_at(connection, size) == root_of(hashes[:size]), size


def test_the_frontier_in_the_head_goes_on_to_the_same_root(hashes_and_ledger):
    hashes, ledger = hashes_and_ledger
    with ledger.database.reading() as connection:
        row = connection.execute(select(log_head)).one()

    assert nodes.frontier_of(row.position, bytes(row.frontier)).root() == root_of(hashes)


def test_proofs_are_made_from_what_is_kept(hashes_and_ledger):
    hashes, ledger = hashes_and_ledger
    size = len(hashes)
    with ledger.database.reading() as connection:

        def read(wanted):
            return nodes.read(connection, wanted)

        for index in (0, 1, 255, 256, 1000, size - 1):
            assert included(hashes[index], index, size, inclusion_proof(index, size, read), root_of(hashes))
        for first in (1, 2, 256, 257, 1024, size - 1):
            steps = consistency_proof(first, size, read)
            assert consistent(first, size, root_of(hashes[:first]), root_of(hashes), steps)


def test_the_tree_is_the_same_on_postgresql(postgres_server):
    """The arrays of one statement carry events and nodes."""
    with postgres_server.borrowed() as url, Ledger.create(url) as ledger:
        ledger.record([new(person(f"p{n}")) for n in range(300)])
        ledger.record([new(person(f"q{n}")) for n in range(300)])
        with ledger.database.reading() as connection:
            rows = list(connection.execute(select(events).order_by(events.c.position)))
            hashes = [leaf_hash(leaf(*row)) for row in rows]

            for size in (1, 256, 300, 511, 512, 600):
                assert nodes.root_at(connection, size) == root_of(hashes[:size])


def test_a_log_that_is_not_that_long_has_no_root(hashes_and_ledger):
    _, ledger = hashes_and_ledger
    with ledger.database.reading() as connection, pytest.raises(KeyError):
        nodes.root_at(connection, 5000)
