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
from timeline.audit import checkpoints, reading
from timeline.audit.notes import Checkpoint, Signer, signed
from timeline.audit.sealing import NotConsistent
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
                url = stack.enter_context(server.borrowed())
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
    "a view in the place of the ids": (
        "ALTER TABLE numbers RENAME TO real_numbers",
        "CREATE VIEW numbers AS SELECT * FROM real_numbers WHERE 0",
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
    "a trigger of a known name on another table": (
        "CREATE TRIGGER events_no_change BEFORE INSERT ON memberships FOR EACH ROW EXECUTE FUNCTION timeline_refuse()",
    ),
    "a function that looks elsewhere": ("ALTER FUNCTION timeline_erased() SET search_path = evil",),
    "a view in the place of a projection": (
        "ALTER TABLE memberships RENAME TO real_memberships",
        "CREATE VIEW memberships AS SELECT * FROM real_memberships WHERE false",
    ),
    "a rule on a projection": ("CREATE RULE quiet AS ON INSERT TO memberships DO INSTEAD NOTHING",),
    "a trigger on a projection": (
        "CREATE TRIGGER quiet BEFORE INSERT ON numbers FOR EACH ROW EXECUTE FUNCTION timeline_refuse()",
    ),
    "row security on a projection": ("ALTER TABLE memberships ENABLE ROW LEVEL SECURITY",),
    "a table that inherits from a projection": ("CREATE TABLE more () INHERITS (memberships)",),
    "another projection first on the search path": (
        "CREATE SCHEMA evil",
        "CREATE TABLE evil.memberships (LIKE memberships)",
        FOR_EVERYBODY.format("search_path = evil, public"),
    ),
    "a column of another type": ("ALTER TABLE events ALTER COLUMN batch TYPE numeric",),
    "a column that the database fills": ("ALTER TABLE payloads ADD COLUMN more text DEFAULT 'x'",),
    "one more index": ("CREATE INDEX helpful ON events ((upper(kind)))",),
    "a rule of its own for new rows": ("ALTER TABLE events ADD CHECK (kind <> 'departure') NOT VALID",),
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


NOT_UTF8 = "CAST(x'ff00fe' AS TEXT)"
CELLS: dict[str, tuple[str, str]] = {
    "a kind that is not UTF-8": (f"UPDATE events SET kind = {NOT_UTF8} WHERE position = 200", "unreadable"),
    "a recorder that is not UTF-8": (f"UPDATE events SET recorded_by = {NOT_UTF8} WHERE position = 200", "unreadable"),
    "an entry that is not UTF-8": (f"UPDATE events SET entry_id = {NOT_UTF8} WHERE position = 200", "unreadable"),
    "an entry that is no UUID": ("UPDATE events SET entry_id = 'one' WHERE position = 200", "unreadable"),
    "an entry of bytes": ("UPDATE events SET entry_id = CAST(entry_id AS BLOB) WHERE position = 200", "unreadable"),
    "a digest of text": ("UPDATE events SET digest = CAST(digest AS TEXT) WHERE position = 200", "unreadable"),
    "a time of text": ("UPDATE events SET recorded_at = 'noon' WHERE position = 200", "unreadable"),
    "a time beyond all calendars": ("UPDATE events SET recorded_at = 1 << 62 WHERE position = 200", "unreadable"),
    "a version of bytes": ("UPDATE events SET version = x'ff' WHERE position = 200", "version"),
    "a salt of text": ("UPDATE payloads SET salt = CAST(salt AS TEXT) WHERE position = 200", "payload"),
    "stored text that is not UTF-8": (f"UPDATE payloads SET state = {NOT_UTF8} WHERE position = 200", "payload"),
    "stored bytes that are not UTF-8": ("UPDATE payloads SET state = x'7bfffe' WHERE position = 200", "digest"),
    "stored bytes without an end": ("UPDATE payloads SET state = zeroblob(0) WHERE position = 200", "digest"),
}


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_that_cannot_be_read_is_found_at_its_own_position_and_the_rest_is_read(
    sqlite_url, tmp_path, monkeypatch, name
):
    """On PostgreSQL the types of columns refuse such cells. There are pages before it and behind it."""
    statement, code = CELLS[name]
    monkeypatch.setattr(reading, "PAGE", 64)
    with honest(sqlite_url, tmp_path) as kept:
        with attacking(kept.url) as attacker:
            attacker.run(statement)
            attacker.run("UPDATE payloads SET state = x'7b' WHERE position = 279")

        report = kept.verify("outside", "journal")

    assert (200, code) in {(f.position, f.code) for f in report.findings}, report.findings
    assert (279, "digest") in {(f.position, f.code) for f in report.findings}
    assert report.size == SIZE
    assert all(f"{f.what}{f.expected}{f.found}".encode() for f in report.findings), "what cannot be shown"


def test_a_seal_names_the_first_position_that_cannot_be_read(sqlite_url, tmp_path):
    with honest(sqlite_url, tmp_path) as kept:
        with attacking(kept.url) as attacker:
            attacker.run(f"UPDATE events SET kind = {NOT_UTF8} WHERE position = 200")

        with pytest.raises(NotConsistent, match="from position 200 on"):
            kept.seal()


def test_stored_bytes_nested_without_end_are_a_finding(make):
    """Whoever decodes them runs out of stack."""
    kept = make()
    with attacking(kept.url) as attacker:
        attacker.rewrite(3, b"[" * 100_000)

    assert (3, "kind") in {(f.position, f.code) for f in kept.verify().findings}


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


# -- what the other commands say of it ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM log_head",
        "UPDATE log_head SET frontier = x'00'",
        "UPDATE events SET kind = CAST(x'ff00' AS TEXT) WHERE position = 100",
        "UPDATE events SET kind = 'nonsense' WHERE position = 100",
        "UPDATE payloads SET state = x'ff' WHERE position = 100",
    ],
)
@pytest.mark.parametrize(
    "words",
    ["audit replay", "audit prove-consistency 50 310", "doctor", "retract goyal-leaves-meta --because x"],
)
def test_a_damaged_log_is_no_bug_of_the_program(run, own_ledger, statement, words):
    """Whatever a command can still do; it ends with an answer or a sentence, never with a traceback."""
    with attacking(f"sqlite:///{own_ledger}") as attacker:
        attacker.run(statement)

    ran = run(*words.split(), db=own_ledger)

    assert "Traceback" not in ran.err
    assert ran.status in (0, 1, 6, 7)


def test_what_was_erased_and_put_back_is_seen_told_by_nobody_and_removed_again(run, own_ledger):
    """Somebody has a backup from before the erasure."""
    words = ("erase", "goyal-leaves-meta", "--because", "he asked for it", "--ground", "GDPR Art. 17")
    backup = Attacker(f"sqlite:///{own_ledger}")
    row = backup.row("SELECT p.position, salt, state FROM payloads AS p WHERE p.position = 90")
    backup.connection.close()
    run(*words, db=own_ledger)
    with attacking(f"sqlite:///{own_ledger}") as attacker:
        attacker.run("INSERT INTO payloads (position, salt, state) VALUES (?, ?, ?)", *row)

    found = run("audit", "verify", "--no-checkpoint", "--json", db=own_ledger)
    assert [(f["code"], f["position"]) for f in found.items] == [("payload", 90)]
    for asked in (("why", "goyal-leaves-meta"), ("export", "jsonl"), ("export", "json")):
        assert "6 years 7 months" not in (said := run(*asked, db=own_ledger).out)
        assert "P6Y7M" not in said
    again = run(*words, db=own_ledger)
    assert (again.status, "it is removed again" in again.err) == (0, True)
    assert run("audit", "verify", "--no-checkpoint", db=own_ledger).status == 0
    assert "is erased already" in run(*words, db=own_ledger).err
