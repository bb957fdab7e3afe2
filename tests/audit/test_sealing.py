"""Sealing: what is signed, where it stands, when it is refused; and changing the key."""

from __future__ import annotations

import base64
import shutil
from itertools import pairwise

import pytest
from sqlalchemy import select

from tests.audit.attacks import attacking
from tests.audit.sealed import SIZE, honest
from tests.timeline.builders import Clock, layoff, org
from timeline.audit import checkpoints, keys
from timeline.audit.checkpoints import Keys
from timeline.audit.leaves import hash_of
from timeline.audit.notes import COSIGNATURE, BadNote, Checkpoint, Key, Note, Signer, signed
from timeline.audit.rotating import NoRotation, rotate
from timeline.audit.sealing import NotConsistent, Sealer
from timeline.audit.tree import EMPTY, root_of
from timeline.audit.verifying import verify
from timeline.errors import MISMATCH, StoreError
from timeline.ledger import Ledger, new
from timeline.store import tables

ORIGIN = "example.org/log"


@pytest.fixture
def ledger(database_url):
    with Ledger.create(database_url, clock=Clock()) as ledger:
        ledger.record([new(org("meta")), new(org("fair"))], by="ada")
        ledger.record([new(layoff())], by="bob")
        yield ledger


@pytest.fixture
def signer(tmp_path) -> Signer:
    return keys.create(tmp_path / "seal.key", ORIGIN)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "checkpoints"


def kept(ledger):
    with ledger.database.reading() as connection:
        return connection.execute(select(tables.checkpoints).order_by(tables.checkpoints.c.size)).all()


def root(ledger):
    with ledger.database.reading() as connection:
        rows = connection.execute(select(tables.events).order_by(tables.events.c.position)).all()
    return root_of(hash_of(*[*row[:-1], bytes(row.digest)]) for row in rows)


def found(ledger, signers, folder):
    public = Keys.of(s.key for s in signers)
    return verify(ledger.database, keys=public, outside=[folder]).findings


def test_a_seal_signs_size_and_root_and_keeps_the_note_twice(ledger, signer, folder):
    sealed = Sealer(ledger.database, [signer], folder, clock=Clock(77)).seal()

    text = f"{ORIGIN}\n3\n{base64.b64encode(root(ledger)).decode()}\n"
    assert sealed.checkpoint.text == text
    assert [p.name for p in folder.iterdir()] == ["00000000000000000003.checkpoint"]
    raw = (folder / "00000000000000000003.checkpoint").read_bytes()
    assert raw.decode() == sealed.note
    assert Note.read(raw).text == text
    assert Note.read(raw).verified_by([signer.key]) == [signer.key]
    assert [tuple(row) for row in kept(ledger)] == [(3, sealed.note, 77)]
    assert found(ledger, [signer], folder) == []


def test_sealing_the_same_size_twice_adds_nothing(ledger, signer, folder):
    first = Sealer(ledger.database, [signer], folder).seal()
    before = kept(ledger)
    again = Sealer(ledger.database, [signer], folder).seal()

    assert (first.is_new, again.is_new) == (True, False)
    assert again.note == first.note
    assert kept(ledger) == before
    assert len(list(folder.iterdir())) == 1


def test_a_sealer_that_stays_reads_only_what_was_added(ledger, signer, folder, monkeypatch):
    """As a server does, every second."""
    sealer = Sealer(ledger.database, [signer], folder)
    sealed = [sealer.seal()]
    for number in range(300):
        ledger.save(new(layoff()), recorded_by="ada")
        if number % 100 == 7:
            sealed.append(sealer.seal())
    sealed.append(sealer.seal())

    assert [s.checkpoint.size for s in sealed] == [3, 11, 111, 211, 303]
    assert sealed[-1].checkpoint.root == root(ledger)
    assert all(a.checkpoint.root != b.checkpoint.root for a, b in pairwise(sealed))
    assert found(ledger, [signer], folder) == []


def test_an_empty_log_can_be_sealed(sqlite_url, signer, folder):
    with Ledger.create(sqlite_url) as ledger:
        sealed = Sealer(ledger.database, [signer], folder).seal()

        assert (sealed.checkpoint.size, sealed.checkpoint.root) == (0, EMPTY)
        ledger.record([new(org("meta"))])
        Sealer(ledger.database, [signer], folder).seal()
        assert found(ledger, [signer], folder) == []


def test_without_a_folder_the_seal_stands_in_the_database_only(ledger, signer):
    sealed = Sealer(ledger.database, [signer], None).seal()

    assert sealed.path is None
    assert [row.size for row in kept(ledger)] == [3]


# -- what a kill leaves -----------------------------------------------------------------------------------------------


def test_a_seal_that_was_killed_before_the_copy_in_the_database_is_finished_by_the_next(ledger, signer, folder):
    sealer = Sealer(ledger.database, [signer], folder)
    sealer._keep = lambda size, note: None  # type: ignore[method-assign]  # killed here
    sealer.seal()
    assert kept(ledger) == []
    assert found(ledger, [signer], folder) == []

    Sealer(ledger.database, [signer], folder).seal()

    assert [row.size for row in kept(ledger)] == [3]


def test_a_file_that_was_not_finished_counts_as_none(ledger, signer, folder):
    """The name that counts is given to a whole file only; what a killed process leaves is passed over."""
    folder.mkdir()
    (folder / ".00000000000000000003.checkpoint.abcd1234.part").write_bytes(b"example.org/lo")

    Sealer(ledger.database, [signer], folder).seal()

    assert found(ledger, [signer], folder) == []


def test_no_file_is_overwritten(folder):
    assert checkpoints.write(folder, 3, "one")
    assert not checkpoints.write(folder, 3, "two")
    assert (folder / checkpoints.name_of(3)).read_text() == "one"


def test_a_folder_that_cannot_be_written_is_told_and_nothing_is_kept(ledger, signer, tmp_path):
    (tmp_path / "file").write_text("no folder")

    with pytest.raises(StoreError, match="cannot be"):
        Sealer(ledger.database, [signer], tmp_path / "file").seal()

    assert kept(ledger) == []


# -- when it is refused -----------------------------------------------------------------------------------------------


def cut(attacker):
    attacker.cut(272)
    attacker.run("DELETE FROM checkpoints")


REFUSED = {
    "an event edited": (lambda a: a.rewrite(3, b"{}"), "the first 281 events are not those"),
    "an event edited, the tree left as it was": (
        lambda a: a.run("UPDATE events SET kind = 'x' WHERE position = 9"),
        "the first 281 events are not those",
    ),
    "truncated": (cut, "the log has 272 events, and .* says 281: its end was cut off"),
    "a gap": (lambda a: a.delete(5), "the log is damaged from position 5 on"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("covered", [True, False])
def test_a_log_that_is_not_the_one_sealed_before_is_not_sealed(database_url, tmp_path, name, covered):
    attack, said = REFUSED[name]
    with honest(database_url, tmp_path) as sealed:
        with attacking(sealed.url) as attacker:
            attack(attacker)
            if covered:
                attacker.cover_up()
        before = sorted(p.name for p in sealed.folder.iterdir())

        with pytest.raises(NotConsistent, match=said) as refused:
            sealed.seal()

        assert refused.value.exit_status == MISMATCH == 7
        assert sorted(p.name for p in sealed.folder.iterdir()) == before


def test_a_sealer_that_stays_notices_a_cut_and_signs_nothing_else_afterwards(sqlite_url, tmp_path):
    """After a refusal it still knows what it signed."""
    with honest(sqlite_url, tmp_path) as sealed, Ledger.open(sealed.url) as ledger:
        sealer = Sealer(ledger.database, [sealed.signer], sealed.folder)
        sealer.seal()
        with attacking(sealed.url) as attacker:
            attacker.cut(272)
            attacker.run("DELETE FROM checkpoints")
            attacker.cover_up()

        for _ in range(2):
            with pytest.raises(NotConsistent, match=f"the log had {SIZE} events, and has 272 now"):
                sealer.seal()


def test_another_key_does_not_go_on_without_a_rotation(ledger, signer, folder, tmp_path):
    Sealer(ledger.database, [signer], folder).seal()
    ledger.record([new(layoff())])
    other = keys.create(tmp_path / "other.key", ORIGIN)

    with pytest.raises(NotConsistent, match=r"none of the keys given .*audit key rotate"):
        Sealer(ledger.database, [other], folder).seal()


def test_a_checkpoint_of_another_log_in_the_folder_is_refused(ledger, signer, folder):
    """The folder of one ledger is named for another one."""
    checkpoints.write(folder, 2, signed(Checkpoint(ORIGIN, 2, b"\1" * 32).text, [signer]))

    with pytest.raises(NotConsistent, match="the first 2 events are not those"):
        Sealer(ledger.database, [signer], folder).seal()


# -- changing the key -------------------------------------------------------------------------------------------------


def test_a_rotation_is_an_event_and_one_checkpoint_by_both_keys(ledger, signer, folder, tmp_path):
    Sealer(ledger.database, [signer], folder).seal()
    coming = keys.create(tmp_path / "new.key", ORIGIN)

    sealed = rotate(ledger, signer, coming, folder, because="lost", by="ada")

    (event,) = [e.event for e in ledger.events.get(_last_entry(ledger))]
    assert (event.old, event.new, event.reason) == (signer.key.text, coming.key.text, "lost")
    assert Keys.of([signer.key, coming.key]).read(sealed.note.encode()).by == (signer.key, coming.key)
    ledger.record([new(layoff())])
    Sealer(ledger.database, [coming], folder).seal()
    assert found(ledger, [signer, coming], folder) == []
    assert {f.code for f in found(ledger, [coming], folder)} == {"checkpoint"}


def _last_entry(ledger):
    with ledger.database.reading() as connection:
        events = tables.events
        return connection.scalar(select(events.c.entry_id).order_by(events.c.position.desc()).limit(1))


def test_a_seal_by_the_old_key_in_between_does_not_spoil_a_rotation(ledger, signer, folder, tmp_path, monkeypatch):
    """A server seals every second, with the key that is about to leave."""
    coming = keys.create(tmp_path / "new.key", ORIGIN)
    record, times = ledger.record, list[int]()

    def and_seal(*given, **more):
        record(*given, **more)
        if not times:
            Sealer(ledger.database, [signer], folder).seal()
        times.append(1)

    monkeypatch.setattr(ledger, "record", and_seal)
    sealed = rotate(ledger, signer, coming, folder)

    assert len(times) == 2
    assert len(Keys.of([signer.key, coming.key]).read(sealed.note.encode()).by) == 2
    assert found(ledger, [signer, coming], folder) == []


def test_keys_that_do_not_follow_one_another_are_refused(ledger, signer, folder, tmp_path):
    other = keys.create(tmp_path / "other.key", "example.org/other")

    with pytest.raises(NoRotation, match="a log keeps its name"):
        rotate(ledger, signer, other, folder)
    with pytest.raises(NoRotation, match="the same key"):
        rotate(ledger, signer, signer, folder)
    with ledger.database.reading() as connection:
        assert connection.scalar(select(tables.log_head.c.position)) == 3


# -- witnesses --------------------------------------------------------------------------------------------------------


def cosigned(note: str, secret: Signer, time: int) -> tuple[Key, str]:
    """A witness's key, and the note with its signature."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Key("witness.example", COSIGNATURE, secret.key.public)
    text = Note.read(note.encode()).text
    raw = Ed25519PrivateKey.from_private_bytes(secret.secret).sign(f"cosignature/v1\ntime {time}\n{text}".encode())
    line = base64.b64encode(key.id + time.to_bytes(8, "big") + raw).decode()
    return key, f"{note}— {key.name} {line}\n"


def test_a_cosignature_is_verified_when_the_witness_is_trusted(ledger, signer, folder):
    Sealer(ledger.database, [signer], folder).seal()
    (path,) = folder.iterdir()
    witness, note = cosigned(path.read_text(), Signer.make("x"), 1_700_000_000)
    path.write_text(note)

    report = verify(ledger.database, keys=Keys.of([signer.key, witness]), outside=[folder])
    assert report.findings == []
    assert report.witnessed == {"witness.example": 3}

    path.write_text(note[:-8] + ("AAAA" if note[-8:-4] != "AAAA" else "BBBB") + note[-4:])
    report = verify(ledger.database, keys=Keys.of([signer.key, witness]), outside=[folder])
    assert {f.code for f in report.findings} == {"checkpoint", "witness", "unsealed"}


def test_a_witness_that_never_signed_is_a_finding(ledger, signer, folder):
    Sealer(ledger.database, [signer], folder).seal()
    witness = Key("witness.example", COSIGNATURE, b"w" * 32)

    (finding,) = verify(ledger.database, keys=Keys.of([signer.key, witness]), outside=[folder]).findings

    assert (finding.code, finding.what) == ("witness", "cosignatures of witness.example")


def test_a_key_of_another_origin_does_not_speak_for_this_log(ledger, signer, folder):
    """The auditor trusts two logs; one signs a checkpoint in the name of the other."""
    other = Signer.make("example.org/other")
    note = signed(Checkpoint(ORIGIN, 3, root(ledger)).text, [other])

    with pytest.raises(BadNote, match=r"none of the keys given for example\.org/log"):
        Keys.of([signer.key, other.key]).read(note.encode())


def test_files_of_the_auditor_are_compared_too(ledger, signer, folder, tmp_path):
    """A checkpoint that somebody put aside under a name of their own."""
    Sealer(ledger.database, [signer], folder).seal()
    (path,) = folder.iterdir()
    shutil.copy(path, tmp_path / "mine.txt")
    public = Keys.of([signer.key])

    report = verify(ledger.database, keys=public, outside=[tmp_path / "mine.txt"])
    assert (report.findings, report.outside) == ([], 1)

    (tmp_path / "mine.txt").write_text("nothing")
    report = verify(ledger.database, keys=public, outside=[tmp_path / "mine.txt", folder])
    assert {f.code for f in report.findings} == {"checkpoint"}
    with pytest.raises(StoreError, match="there is no checkpoint at"):
        verify(ledger.database, keys=public, outside=[tmp_path / "none"])
