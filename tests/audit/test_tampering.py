"""What somebody does who may write to the database, and the verdict; each with the least evidence that shows it.

Whatever a stronger attacker covers up, the weaker evidence must not claim to see: each such case is verified without
the evidence first, and then nothing is found.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import NamedTuple

import pytest

from tests.audit.attacks import EVENT, Attacker, attacking
from tests.audit.sealed import SIZE, Kept, honest
from tests.timeline.builders import layoff
from timeline.audit import checkpoints
from timeline.audit.notes import Checkpoint, Signer, signed
from timeline.ledger import Ledger, new
from timeline.store.log import digest_of

Attack = Callable[[Attacker], object]


class Case(NamedTuple):
    """An attack, and what has to be found: a code, and the position that one of its findings names."""

    attack: Attack
    code: str
    position: int | None = None


def statements(*given: str) -> Attack:
    return lambda attacker: [attacker.run(s) for s in given]


@pytest.fixture(params=["sqlite", "postgres"], scope="module")
def make(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    """Makes ledgers as needed, each in a database of its own."""
    with ExitStack() as stack:

        def made(*, sealed: bool = True) -> Kept:
            home = tmp_path_factory.mktemp("audit")
            if request.param == "sqlite":
                url = f"sqlite:///{home / 'timeline.db'}"
            else:
                server = request.getfixturevalue("postgres_server")
                url = stack.enter_context(server.database())
            return stack.enter_context(honest(url, home, sealed=sealed))

        yield made


def test_an_honest_ledger_raises_nothing(make):
    """Corrections, a retraction, a merge, an erasure and many batches: none of them is tampering."""
    kept = make()

    for evidence in ((), ("inside",), ("outside",), ("outside", "journal")):
        assert kept.verify(*evidence).findings == []
    report = kept.verify("outside", "journal")
    assert (report.size, report.outside, report.inside, report.sealed) == (SIZE, 2, 2, SIZE)
    assert report.verdict == f"intact up to position {SIZE}, as 2 outside checkpoints and 2 in the database show"


# -- what the database alone shows ------------------------------------------------------------------------------------


def shift_salt(attacker: Attacker) -> None:
    """The same bytes, divided otherwise: the digest stays right."""
    salt, state = attacker.row("SELECT salt, state FROM payloads WHERE position = 3")
    salt, state = bytes(salt), bytes(state)
    attacker.run("UPDATE payloads SET salt = ?, state = ? WHERE position = 3", salt + state[:1], state[1:])


def respace(attacker: Attacker) -> None:
    """The same meaning in other bytes."""
    attacker.run("UPDATE payloads SET state = ? WHERE position = 3", attacker.state(3).replace(b":", b": ", 1))


def swap_events(attacker: Attacker) -> None:
    for table in ("events", "payloads"):
        for old, new_ in ((3, 9000), (4, 3), (9000, 4)):
            attacker.run(f"UPDATE {table} SET position = {new_} WHERE position = {old}")


def swap_payloads(attacker: Attacker) -> None:
    for old, new_ in ((3, 9000), (4, 3), (9000, 4)):
        attacker.run(f"UPDATE payloads SET position = {new_} WHERE position = {old}")


def close_a_gap(attacker: Attacker) -> None:
    attacker.delete(271)
    attacker.close_gap(271)


def lone_payload(attacker: Attacker) -> None:
    attacker.run("INSERT INTO payloads (position, salt, state) SELECT 900, salt, state FROM payloads LIMIT 1")


def hide_below(attacker: Attacker) -> None:
    """Who reads the log from its beginning never comes by; who asks for the entry is shown it."""
    kind, at, by = attacker.row("SELECT kind, recorded_at, recorded_by FROM events WHERE position = 3")
    salt, state = bytes(16), attacker.state(3)
    values = (0, 0, "00" * 15 + "01", 1, kind, at, by, digest_of(salt, state))
    attacker.run(f"INSERT INTO events ({EVENT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", *values)
    attacker.run("INSERT INTO payloads (position, salt, state) VALUES (?, ?, ?)", 0, salt, state)


def bring_back(attacker: Attacker) -> None:
    """The payload of an erased entry, from a backup."""
    (position,) = attacker.row(
        """SELECT min(e.position) FROM events AS e JOIN events AS x ON x.entry_id = e.entry_id
           WHERE x.kind = 'erasure' AND e.position < x.position"""
    )
    attacker.run("INSERT INTO payloads (position, salt, state) VALUES (?, ?, ?)", position, bytes(16), b"{}")


PLAIN = {
    "an event below the log": Case(hide_below, "gap", 0),
    "what was erased put back": Case(bring_back, "payload"),
    "bytes of the same meaning": Case(respace, "digest", 3),
    "salt and bytes divided otherwise": Case(shift_salt, "payload", 3),
    "bytes edited": Case(lambda a: a.run("UPDATE payloads SET state = ? WHERE position = 3", b"{}"), "digest", 3),
    "a payload deleted": Case(statements("DELETE FROM payloads WHERE position = 3"), "missing", 3),
    "an erasure taken for another entry's": Case(
        statements("DELETE FROM payloads WHERE position = 278"), "missing", 278
    ),
    "an event deleted": Case(lambda a: a.delete(272), "gap", 272),
    "the last event deleted": Case(lambda a: a.delete(SIZE), "head", SIZE),
    "the first event deleted": Case(lambda a: a.delete(1), "gap", 1),
    "all events deleted": Case(statements("DELETE FROM payloads", "DELETE FROM events"), "head", 1),
    "two events swapped": Case(swap_events, "head"),
    "two payloads swapped": Case(swap_payloads, "digest", 3),
    "a gap closed": Case(close_a_gap, "head"),
    "time set back": Case(statements("UPDATE events SET recorded_at = 5 WHERE position = 271"), "time", 271),
    "one event of a batch dated anew": Case(
        statements("UPDATE events SET recorded_at = recorded_at + 1 WHERE position = 272"), "batch", 273
    ),
    "a batch dated anew": Case(
        statements("UPDATE events SET recorded_at = recorded_at + 1 WHERE position = 271"), "head"
    ),
    "somebody else in one event": Case(
        statements("UPDATE events SET recorded_by = 'eve' WHERE position = 272"), "batch", 273
    ),
    "somebody else in a batch": Case(statements("UPDATE events SET recorded_by = 'eve' WHERE position = 271"), "head"),
    "another kind": Case(statements("UPDATE events SET kind = 'arrival' WHERE position = 273"), "kind", 273),
    "another version": Case(statements("UPDATE events SET version = 7 WHERE position = 275"), "version", 275),
    "another entry": Case(
        statements(
            "UPDATE events SET version = 2, entry_id = (SELECT entry_id FROM events WHERE position = 1) "
            "WHERE position = 273"
        ),
        "version",
        274,
    ),
    "another batch": Case(statements("UPDATE events SET batch = 270 WHERE position = 271"), "batch", 271),
    "a last batch that goes on": Case(
        statements(f"UPDATE events SET batch = 999 WHERE position = {SIZE}"), "batch", SIZE
    ),
    "another digest": Case(lambda a: a.run("UPDATE events SET digest = ? WHERE position = 3", b"x" * 32), "digest", 3),
    "an event added by hand": Case(lambda a: a.add(b'{"kind":"layoff"}', "layoff"), "head", SIZE + 1),
    "a payload without an event": Case(lone_payload, "payload", 900),
    "the head moved": Case(statements("UPDATE log_head SET position = 3"), "head"),
    "the head gone": Case(statements("DELETE FROM log_head"), "head"),
    "the tree in the head": Case(lambda a: a.run("UPDATE log_head SET frontier = ?", b""), "head"),
    "a node changed": Case(lambda a: a.run("UPDATE tree_nodes SET hash = ?", b"x" * 32), "node", 256),
    "a node deleted": Case(statements("DELETE FROM tree_nodes"), "node", 256),
    "a node added": Case(lambda a: a.run("INSERT INTO tree_nodes (level, node, hash) VALUES (8, 7, ?)", b"x"), "node"),
    "a checkpoint no longer one": Case(
        statements("UPDATE checkpoints SET note = 'none' WHERE size = 281"), "checkpoint"
    ),
    "a checkpoint of another size": Case(
        statements("UPDATE checkpoints SET size = 280 WHERE size = 281"), "checkpoint"
    ),
}


@pytest.mark.parametrize("name", PLAIN)
def test_a_plain_change_shows_in_the_database_itself(make, name):
    """The triggers were dropped for it and are back again."""
    attack, code, position = PLAIN[name]
    kept = make()
    with attacking(kept.url) as attacker:
        attack(attacker)

    report = kept.verify()

    assert code in {f.code for f in report.findings}, report.findings
    assert position is None or position in {f.position for f in report.findings if f.code == code}, report.findings
    assert report.verdict.startswith("NOT what was recorded")
    assert all(f.what and f.expected and f.found for f in report.findings)


GUARDS_ON_SQLITE: dict[str, tuple[str, ...]] = {
    "a trigger gone": ("DROP TRIGGER events_no_update",),
    "a trigger that does nothing": (
        "DROP TRIGGER events_no_update",
        "CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN SELECT 1; END",
    ),
    "one more trigger": (
        "CREATE TRIGGER helpful AFTER INSERT ON payloads BEGIN UPDATE log_head SET recorded_at = 0; END",
    ),
    "one more trigger on a projection": (
        "CREATE TRIGGER helpful AFTER INSERT ON memberships BEGIN DELETE FROM memberships; END",
    ),
    "a trigger on a table in capitals": (
        "CREATE TRIGGER quiet BEFORE INSERT ON EVENTS WHEN NEW.kind = 'departure' BEGIN SELECT RAISE(IGNORE); END",
    ),
    "a trigger on what stands behind every id": (
        "CREATE TRIGGER quiet BEFORE INSERT ON numbers BEGIN SELECT RAISE(IGNORE); END",
    ),
    "a view in the place of a projection": (
        "ALTER TABLE memberships RENAME TO real_memberships",
        "CREATE VIEW memberships AS SELECT * FROM real_memberships WHERE 0",
    ),
    "one more index": ("CREATE UNIQUE INDEX once ON events (recorded_by, position)",),
    "a view in the place of a table": (
        "PRAGMA legacy_alter_table = ON",
        "ALTER TABLE payloads RENAME TO real_payloads",
        "CREATE VIEW payloads AS SELECT * FROM real_payloads",
    ),
    "a table made anew without its rules": (
        "PRAGMA legacy_alter_table = ON",
        "ALTER TABLE checkpoints RENAME TO old_checkpoints",
        "CREATE TABLE checkpoints AS SELECT * FROM old_checkpoints",
    ),
    "text in the place of bytes": (
        "DROP TRIGGER payloads_no_update",
        "UPDATE payloads SET state = CAST(state AS TEXT) WHERE position = 3",
    ),
    "text in the place of a digest": (
        "DROP TRIGGER events_no_update",
        "UPDATE events SET digest = 'x' WHERE position = 3",
    ),
    "text in the place of a number": (
        "DROP TRIGGER events_no_update",
        "UPDATE events SET batch = 'x' WHERE position = 271",
    ),
    "a kind that is no text": (
        "DROP TRIGGER events_no_update",
        "UPDATE events SET kind = x'ff' WHERE position = 271",
    ),
    "the table of checkpoints gone": ("DROP TABLE checkpoints",),
    "the log gone": ("DROP TABLE payloads", "DROP TABLE events"),
}
FOR_EVERYBODY = "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET {}', current_database()); END $$"
GUARDS_ON_POSTGRESQL: dict[str, tuple[str, ...]] = {
    "a trigger gone": ("DROP TRIGGER events_no_change ON events",),
    "a trigger disabled": ("ALTER TABLE events DISABLE TRIGGER events_no_change",),
    "foreign keys disabled": ("ALTER TABLE payloads DISABLE TRIGGER ALL",),
    "a trigger for replicas only": ("ALTER TABLE events ENABLE REPLICA TRIGGER events_no_change",),
    "a function that does nothing": (
        "CREATE OR REPLACE FUNCTION timeline_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    ),
    "a trigger under a condition": (
        "DROP TRIGGER payloads_no_update ON payloads",
        """CREATE TRIGGER payloads_no_update BEFORE UPDATE ON payloads
           FOR EACH ROW WHEN (false) EXECUTE FUNCTION timeline_refuse()""",
    ),
    "one more trigger": (
        "CREATE TRIGGER helpful AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION timeline_refuse()",
    ),
    "a view in the place of a table": (
        "ALTER TABLE payloads RENAME TO real_payloads",
        "CREATE VIEW payloads AS SELECT * FROM real_payloads",
    ),
    "a rule": ("CREATE RULE quiet AS ON UPDATE TO events DO INSTEAD NOTHING",),
    "row security": ("ALTER TABLE events ENABLE ROW LEVEL SECURITY",),
    "a table that inherits": ("CREATE TABLE more () INHERITS (payloads)",),
    "another table first on the search path": (
        "CREATE SCHEMA evil",
        "CREATE VIEW evil.events AS SELECT * FROM public.events",
        FOR_EVERYBODY.format("search_path = evil, public"),
    ),
    "triggers turned off for everybody": (FOR_EVERYBODY.format("session_replication_role = replica"),),
    "uniqueness dropped": ("ALTER TABLE events DROP CONSTRAINT events_entry_version",),
    "the table of checkpoints gone": ("DROP TABLE checkpoints",),
    "the log gone": ("DROP TABLE payloads", "DROP TABLE events"),
}


def assert_shape_is_found(kept: Kept, given: tuple[str, ...]) -> None:
    attacker = Attacker(kept.url)
    for statement in given:
        attacker.run(statement)
    attacker.connection.commit()
    attacker.connection.close()

    report = kept.verify()

    assert {"shape"} <= {f.code for f in report.findings}, report.findings


@pytest.mark.parametrize("name", GUARDS_ON_SQLITE)
def test_on_sqlite_what_guards_the_log_is_looked_at(sqlite_url, tmp_path, name):
    with honest(sqlite_url, tmp_path) as kept:
        assert_shape_is_found(kept, GUARDS_ON_SQLITE[name])


@pytest.mark.parametrize("name", GUARDS_ON_POSTGRESQL)
def test_on_postgresql_what_guards_the_log_is_looked_at(postgres_url, tmp_path, name):
    with honest(postgres_url, tmp_path) as kept:
        assert_shape_is_found(kept, GUARDS_ON_POSTGRESQL[name])


# -- what takes a checkpoint ------------------------------------------------------------------------------------------


def lower(attacker: Attacker) -> None:
    """600 become 6."""
    attacker.rewrite(274, attacker.state(274).replace(b"600", b"6"))


def other_kind(attacker: Attacker) -> None:
    state = attacker.state(279).replace(b'"kind":"erasure"', b'"kind":"ranking"')
    attacker.rewrite(SIZE, state.replace(b"ground", b"reason"), "ranking")


def backdate(attacker: Attacker) -> None:
    """A whole history, an hour earlier."""
    attacker.run("UPDATE events SET recorded_at = recorded_at - 100")


COVERED: dict[str, Attack] = {
    "an event edited": lower,
    "bytes of the same meaning": lambda a: a.rewrite(3, a.state(3).replace(b":", b": ", 1)),
    "another kind": other_kind,
    "deleted and renumbered": close_a_gap,
    "back-dated": backdate,
    "in another's name": lambda a: a.run("UPDATE events SET recorded_by = 'eve' WHERE batch = 270"),
    "truncated": lambda a: a.cut(280),
    "another entry": lambda a: a.run(
        "UPDATE events SET entry_id = ? WHERE position = 271", "00000000000000000000000000000001"
    ),
}


@pytest.mark.parametrize("name", COVERED)
def test_what_is_covered_up_shows_by_the_checkpoints_in_the_database(make, name):
    """Digests, head and tree were made anew to fit: the database agrees with itself."""
    kept = make()
    with attacking(kept.url) as attacker:
        COVERED[name](attacker)
        attacker.cover_up()
        notes = attacker.run("SELECT size, note, sealed_at FROM checkpoints")
        attacker.run("DELETE FROM checkpoints")

    assert kept.verify().findings == []

    with attacking(kept.url) as attacker:
        for note in notes:
            attacker.run("INSERT INTO checkpoints VALUES (?, ?, ?)", *note)
    report = kept.verify("inside")
    assert {f.code for f in report.findings} <= {"root", "short"}
    assert report.findings
    assert all(f.position for f in report.findings)


def test_a_foreign_key_shows_by_the_key_that_was_given(make):
    """The checkpoints in the database are signed anew, by a key of the same name."""
    kept = make()
    with attacking(kept.url) as attacker:
        lower(attacker)
        attacker.cover_up()
        attacker.seal_again(Signer.make(kept.signer.key.name))

    assert kept.verify().findings == []
    (finding,) = kept.verify("inside").findings
    assert finding.code == "checkpoint"
    assert "by none of the keys given" in finding.found


def restore_an_old_copy(attacker: Attacker) -> None:
    """As it was at the first seal, checkpoints and all."""
    attacker.cut(273)
    attacker.cover_up()
    attacker.run("DELETE FROM checkpoints WHERE size > 273")


def replace_the_tail(attacker: Attacker) -> None:
    attacker.cut(279)
    for _ in range(2):
        attacker.add(b'{"kind":"layoff","date":"2025","organization":"meta"}', "layoff")
    attacker.cover_up()
    attacker.run("DELETE FROM checkpoints WHERE size > 273")


def truncate(attacker: Attacker) -> None:
    attacker.cut(0)
    attacker.cover_up()
    attacker.run("DELETE FROM checkpoints")


OUTSIDE: dict[str, tuple[Attack, str]] = {
    "truncated with its checkpoints": (truncate, "short"),
    "an old copy put back": (restore_an_old_copy, "short"),
    "a replaced tail": (replace_the_tail, "root"),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_what_the_database_lost_shows_by_a_checkpoint_outside(make, name):
    """It agrees with every checkpoint that it still has."""
    attack, code = OUTSIDE[name]
    kept = make()
    with attacking(kept.url) as attacker:
        attack(attacker)

    assert kept.verify("inside").findings == []
    assert code in {f.code for f in kept.verify("outside").findings}


def test_a_stolen_key_shows_by_a_checkpoint_outside(make):
    """Whoever has the key can sign another history, but not take back what was signed before."""
    kept = make()
    with attacking(kept.url) as attacker:
        lower(attacker)
        attacker.cover_up()
        attacker.seal_again(kept.signer)

    assert kept.verify("inside").findings == []
    report = kept.verify("outside")
    assert {"root", "conflict"} == {f.code for f in report.findings}


def test_a_fork_shows_by_two_checkpoints(make, tmp_path):
    """Two auditors were shown two histories; each has a checkpoint, by the same key."""
    kept = make()
    other = Checkpoint(kept.signer.key.name, 280, b"\7" * 32)
    checkpoints.write(kept.folder, 280, signed(other.text, [kept.signer]))

    assert kept.verify("inside").findings == []
    assert {f.code for f in kept.verify("outside").findings} == {"root"}


# -- what takes a journal ---------------------------------------------------------------------------------------------


def forge(attacker: Attacker) -> None:
    attacker.add(b'{"kind":"layoff","date":"2025","organization":"meta"}', "layoff")


def reduce_to_nothing(attacker: Attacker) -> None:
    attacker.cut(0)


BEFORE_A_SEAL: dict[str, tuple[Attack, int]] = {
    "a forged append": (forge, SIZE + 1),
    "an edit": (lower, 274),
    "a deletion": (close_a_gap, 271),
    "a deletion at the end": (lambda a: a.cut(280), 281),
    "a deletion of everything": (reduce_to_nothing, 1),
    "back-dated": (backdate, 1),
}


@pytest.mark.parametrize("name", BEFORE_A_SEAL)
def test_what_was_never_sealed_shows_by_the_journal(make, name):
    attack, position = BEFORE_A_SEAL[name]
    kept = make(sealed=False)
    with attacking(kept.url) as attacker:
        attack(attacker)
        attacker.cover_up()

    assert kept.verify("inside").findings == []
    report = kept.verify("inside", "journal")
    assert {f.code for f in report.findings} == {"journal"}
    assert position == report.findings[0].position


def test_a_forged_append_shows_also_when_an_honest_one_follows(make):
    kept = make(sealed=False)
    with attacking(kept.url) as attacker:
        forge(attacker)
        attacker.cover_up()
    with Ledger.open(kept.url, journal=kept.journal) as ledger:
        ledger.record([new(layoff())], by="ada")

    (finding,) = kept.verify("journal").findings
    assert (finding.code, finding.position) == ("journal", SIZE + 1)
    assert "nobody announced it" in finding.expected


def test_a_cut_shows_also_when_the_log_goes_on_from_there(make):
    kept = make(sealed=False)
    with attacking(kept.url) as attacker:
        attacker.cut(280)
        attacker.cover_up()
    with Ledger.open(kept.url, journal=kept.journal) as ledger:
        ledger.save(new(layoff()), recorded_by="ada")  # the log alone: its projections are of what was cut

    (finding,) = kept.verify("journal").findings
    assert (finding.code, finding.position) == ("journal", 281)
    assert "the log was cut" in finding.found
