"""Proofs of entries and of consistency: they hold, for what they are of and for nothing else."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from events.about import Retraction
from tests.audit.bundles import LOG, ORIGIN, seal, verify_bundle
from tests.timeline.builders import Clock, layoff, org, person
from timeline.audit.notes import Checkpoint, Note, signed
from timeline.audit.proofs import BadProof, Damaged, NotSealed, OtherLog, Proof, Sealed, prove, prove_consistency
from timeline.audit.tree import consistent, included, leaf_hash
from timeline.errors import BadData, UsageError
from timeline.ledger import Ledger, following, new
from timeline.store.tables import checkpoints, events


def begin(address):
    """A sealed ledger of 302 events, of which one entry has two, and one event that is not sealed yet."""
    ledger = Ledger.create(address, clock=Clock())
    ledger.record([new(org("meta"))], by="ada")
    ledger.record([new(person(f"p{n}")) for n in range(299)], by="ada")
    told = new(layoff(id="layoff"))
    ledger.record([told], by="ada “the” lovelace")
    ledger.record([following(told.originator_id, 1, Retraction(reason="Not so."))], by="ada")
    sealed = seal(ledger)
    ledger.record([new(org("later"))], by="ada")
    return ledger, told.originator_id, sealed


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    ledger, entry, sealed = begin(str(tmp_path_factory.mktemp("proofs") / "t.db"))
    with ledger:
        yield ledger, entry, sealed


def proven(ledger, *given):
    with ledger.database.reading() as connection:
        return prove(connection, *given)


def holds(proof, leaf):
    """What a reader does with a proof: the checkpoint by the key, the leaf by the checkpoint."""
    note = Note.read(proof.note.encode())
    assert note.verified_by([LOG.key]) == [LOG.key]
    said = Checkpoint.read(note.text)
    return included(leaf_hash(leaf), proof.place, said.size, proof.hashes, said.root)


def test_every_version_of_an_entry_is_proven(world):
    ledger, entry, _ = world

    first, second = proven(ledger, entry)

    assert [(p.version, p.position, p.kind) for p in (first, second)] == [(1, 301, "layoff"), (2, 302, "retraction")]
    for one in (first, second):
        assert holds(one.proof, one.leaf.encode())
        assert one.proof.extra == one.leaf.encode()
    assert not holds(first.proof, second.leaf.encode())
    assert json.loads(first.leaf)["by"] == "ada “the” lovelace"


def test_a_proof_is_the_same_on_postgresql(postgres_url):
    ledger, entry, _ = begin(postgres_url)
    with ledger:
        assert all(holds(one.proof, one.leaf.encode()) for one in proven(ledger, entry))


def test_the_other_verifier_makes_the_same_proof_of_the_leaves(world):
    """By the definition, over all leaves, instead of from what is kept of the tree."""
    ledger, _, sealed = world
    with ledger.database.reading() as connection:
        ids = connection.scalars(select(events.c.entry_id).where(events.c.position <= 302, events.c.version == 1)).all()
        all_of = [one for given_id in ids for one in prove(connection, given_id, None, sealed)]
        found = prove_consistency(connection, 257, 302)
    tree = verify_bundle.Tree([one.leaf.encode() for one in sorted(all_of, key=lambda one: one.position)])

    assert len(all_of) == 302
    for one in all_of[::17]:
        assert list(one.proof.hashes) == tree.proof(one.proof.place, 0, 302, True)
    assert list(found.hashes) == tree.proof(256, 0, 302, False)


def test_a_proof_is_written_as_c2sp_has_it(world):
    ledger, entry, sealed = world

    one, _ = proven(ledger, entry)

    head, _, note = one.proof.text.partition("\n\n")
    first, extra, index, *hashes = head.split("\n")
    assert (first, index) == ("c2sp.org/tlog-proof@v1", "index 300")
    assert base64.b64decode(extra.removeprefix("extra ")).decode() == one.leaf
    assert [len(base64.b64decode(line)) for line in hashes] == [32] * len(one.proof.hashes)
    assert note == sealed.note
    assert Proof.read(one.proof.text) == one.proof


def test_the_example_of_the_specification_can_be_read():
    """Its hashes are as it gives them; its checkpoint is cut short there, and not read here."""
    text = (
        "c2sp.org/tlog-proof@v1\nextra YWdl\nindex 73894\ngSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\n"
        "AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=\n\nexample.com/fancylog\n109482\n"
        "sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=\n\n— example.com/fancylog hI2DJw==\n"
    )

    proof = Proof.read(text)

    assert (proof.place, len(proof.hashes), proof.extra) == (73894, 2, b"age")
    assert proof.text == text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_flipped_bit_of_a_proof_is_refused(world, data):
    """In its lines, in its checkpoint, in the leaf that it carries."""
    ledger, entry, _ = world
    one, _ = proven(ledger, entry)
    raw = bytearray(one.proof.text.encode())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))

    assert not is_accepted(bytes(raw), one)


def is_accepted(raw, one):
    """Whether a reader who has the leaf takes a proof for good."""
    try:
        proof = Proof.read(raw.decode())
        note = Note.read(proof.note.encode())
        if note.verified_by([LOG.key]) != [LOG.key]:
            return False
        said = Checkpoint.read(note.text)
    except (UnicodeDecodeError, BadData):
        return False
    is_in = included(leaf_hash(one.leaf.encode()), proof.place, said.size, proof.hashes, said.root)
    return is_in and proof.extra == one.leaf.encode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "c2sp.org/tlog-proof@v1\n\n",
        "c2sp.org/tlog-proof@v1\nindex 01\n\nx",
        "c2sp.org/tlog-proof@v1\nindex 1\nAA==\n\nx",
        "c2sp.org/tlog-proof@v1\nextra *\nindex 1\n\nx",
        "c2sp.org/tlog-proof@v2\nindex 1\n\nx",
        "c2sp.org/tlog-proof@v1\nindex 1\n",
    ],
)
def test_what_is_no_proof_is_refused(text):
    with pytest.raises(BadProof):
        Proof.read(text)


def test_what_is_not_sealed_cannot_be_proven(world, tmp_path):
    """The newest checkpoint must reach as far; a ledger without any says so."""
    ledger, _, sealed = world
    later = new(org("later")).originator_id

    with pytest.raises(NotSealed, match=r"newest checkpoint is of 302 events, which leaves out position 303"):
        proven(ledger, later)
    with pytest.raises(NotSealed, match="leaves out position 303"):
        proven(ledger, later, None, sealed)
    with Ledger.create(str(tmp_path / "new.db")) as fresh:
        fresh.record([new(org("later"))])
        with pytest.raises(NotSealed, match="was never sealed"):
            proven(fresh, later)


def test_a_version_that_is_not_there_is_refused(world):
    ledger, entry, _ = world

    with pytest.raises(UsageError, match="has no version 3"):
        proven(ledger, entry, 3)


def test_a_checkpoint_of_another_log_proves_nothing(world):
    ledger, entry, _ = world
    for size in (302, 900):
        checkpoint = Checkpoint(ORIGIN, size, bytes(32))
        with pytest.raises(OtherLog, match=f"at {size} has the root AAAA"):
            proven(ledger, entry, None, Sealed(checkpoint, signed(checkpoint.text, [LOG])))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET recorded_by = 'eve' WHERE position = 301",
        "UPDATE events SET recorded_by = 'eve' WHERE position = 300",
        "UPDATE tree_nodes SET hash = zeroblob(32)",
        "DELETE FROM tree_nodes",
    ],
)
def test_of_a_log_that_was_changed_nothing_is_proven(tmp_path, statement):
    """The leaf, what stands beside it, what is kept of the tree: a proof that would not hold is not given out."""
    ledger, entry, sealed = begin(str(tmp_path / "t.db"))
    with ledger:
        with ledger.database.writing() as connection:
            connection.exec_driver_sql("DROP TRIGGER events_no_update")
            connection.exec_driver_sql(statement)

        with pytest.raises(Damaged):
            proven(ledger, entry, None, sealed)


@pytest.mark.parametrize("sizes", [(0, 0), (0, 302), (1, 302), (256, 302), (302, 302), (300, 303)])
def test_a_later_log_is_shown_to_begin_with_an_earlier_one(world, sizes):
    ledger, _, sealed = world
    with ledger.database.reading() as connection:
        found = prove_consistency(connection, *sizes)

    old, new = sizes
    assert consistent(old, new, found.old_root, found.new_root, found.hashes)
    first, *lines = found.text.partition("\n\n")[0].rstrip("\n").split("\n")
    assert (first, lines) == (f"old {sizes[0]}", [base64.b64encode(h).decode() for h in found.hashes])
    assert found.sealed == (sealed if sizes[1] == 302 else None)
    if found.sealed:
        assert found.text.endswith(f"\n\n{sealed.note}")


@pytest.mark.parametrize("values", [{"note": "none"}, {"size": 301}])
def test_a_checkpoint_in_the_ledger_that_is_none_is_damage(tmp_path, values):
    ledger, entry, _ = begin(str(tmp_path / "t.db"))
    with ledger:
        with ledger.database.writing() as connection:
            connection.execute(update(checkpoints).values(values))

        with pytest.raises(Damaged, match="in the ledger"):
            proven(ledger, entry)


@pytest.mark.parametrize("sizes", [(2, 1), (0, 304), (304, 304)])
def test_sizes_that_the_log_never_had_are_refused(world, sizes):
    ledger, _, _ = world

    with ledger.database.reading() as connection, pytest.raises(UsageError, match="from 0 to 303"):
        prove_consistency(connection, *sizes)


# -- the command line -------------------------------------------------------------------------------------------------


@pytest.fixture
def sealed_ledger(own_ledger):
    """The first timeline, sealed, with an entry of two versions."""
    with Ledger.open(str(own_ledger)) as ledger:
        seal(ledger)
    return own_ledger


def test_prove_prints_the_proof_and_beside_it_the_leaf(run, sealed_ledger, tmp_path):
    shown = run("audit", "prove", "goyal-leaves-meta", db=sealed_ledger)
    file = tmp_path / "goyal.tlog-proof"
    written = run("audit", "prove", "goyal-leaves-meta", "-o", str(file), db=sealed_ledger)

    assert (shown.status, written.status) == (0, 0)
    assert shown.out == file.read_text()
    assert shown.err == written.out
    assert holds(Proof.read(shown.out), written.out.rstrip("\n").encode())
    (item,) = run("--json", "audit", "prove", "goyal-leaves-meta", db=sealed_ledger).items
    assert (item["proof"], item["leaf"]) == (shown.out, written.out.rstrip("\n"))


def test_each_version_has_a_file_of_its_own(run, own_ledger, tmp_path):
    run("retract", "goyal-leaves-meta", "--because", "Not so.", db=own_ledger)
    with Ledger.open(str(own_ledger)) as ledger:
        seal(ledger)

    ran = run("audit", "prove", "goyal-leaves-meta", "-o", str(tmp_path / "goyal.tlog-proof"), db=own_ledger)
    second = run("audit", "prove", "goyal-leaves-meta", "--version", "2", db=own_ledger)

    assert ran.status == 0
    assert {p.name for p in tmp_path.glob("*.tlog-proof")} == {"goyal-1.tlog-proof", "goyal-2.tlog-proof"}
    assert (tmp_path / "goyal-2.tlog-proof").read_text() == second.out


def test_the_exit_status_tells_why_there_is_no_proof(run, sealed_ledger, tmp_path):
    other = tmp_path / "other.checkpoint"
    other.write_text(signed(Checkpoint(ORIGIN, 310, bytes(32)).text, [LOG]))
    noise = tmp_path / "noise"
    noise.write_text("noise")

    assert run("audit", "prove", "no-such-entry", db=sealed_ledger).status == 3
    assert run("audit", "prove", "goyal-leaves-meta", "--version", "9", db=sealed_ledger).status == 2
    assert run("audit", "prove", "goyal-leaves-meta", "--checkpoint", str(noise), db=sealed_ledger).status == 4
    assert run("audit", "prove", "goyal-leaves-meta", "--checkpoint", str(other), db=sealed_ledger).status == 7
    assert run("audit", "prove-consistency", "5", "400", db=sealed_ledger).status == 2
    assert run("audit", "prove-consistency", "5", "300", "--checkpoint", str(other), db=sealed_ledger).status == 2


def test_consistency_is_printed_as_a_witness_is_asked(run, sealed_ledger):
    sealed = run("audit", "prove-consistency", "100", "310", db=sealed_ledger)
    (item,) = run("--json", "audit", "prove-consistency", "100", "310", db=sealed_ledger).items
    bare = run("audit", "prove-consistency", "100", "200", db=sealed_ledger)

    assert sealed.out == "\n".join(["old 100", *item["hashes"], "", item["checkpoint"]])
    assert item["checkpoint"].startswith(f"{ORIGIN}\n310\n{item['new_root']}\n")
    assert bare.out.startswith("old 100\n")
    assert f"{item['old_root']} of 100" in bare.err
