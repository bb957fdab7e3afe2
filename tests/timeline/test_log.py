"""The log on disk: what it refuses, what it promises, and what somebody is told whose ledger cannot be opened."""

from __future__ import annotations

import hashlib
import re

import pytest
from eventsourcing import persistence as es
from sqlalchemy import exc, inspect, select, text

from events.about import Erasure
from tests.timeline.builders import Clock, layoff, org
from timeline.errors import STORE, Conflict, StoreError
from timeline.ledger import Ledger, following, new
from timeline.store import database as databases
from timeline.store import log, tables
from timeline.store.tables import events, log_head, payloads

DOCUMENTED = {"events", "payloads", "log_head", "tree_nodes", "tracking", "checkpoints", "schema_version"}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(database_url, clock):
    """A ledger with three events in two batches."""
    with Ledger.create(database_url, clock=clock) as ledger:
        ledger.record([new(org("meta")), new(org("fair"))], by="ada")
        ledger.record([new(layoff(id="cut"))], by="bob")
        yield ledger


def rows_of(ledger, table):
    with ledger.database.reading() as connection:
        return connection.execute(select(table).order_by(table.c.position)).all()


def run(ledger, statement, **values):
    with ledger.database.writing() as connection:
        connection.execute(text(statement), values)


# -- append only ------------------------------------------------------------------------------------------------------

FORBIDDEN = [
    "UPDATE events SET recorded_by = 'eve' WHERE position = 1",
    "UPDATE events SET position = 9 WHERE position = 3",
    "UPDATE payloads SET state = 'x' WHERE position = 1",
    "UPDATE payloads SET salt = 'x'",
    "DELETE FROM events WHERE position = 3",
    "DELETE FROM events",
    "DELETE FROM payloads WHERE position = 1",
    "DELETE FROM payloads",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_no_statement_changes_or_removes_what_is_recorded(ledger, statement):
    """Somebody opens the database by hand and edits a row: the database itself refuses."""
    before = rows_of(ledger, events), rows_of(ledger, payloads)

    with pytest.raises(exc.IntegrityError, match=r"append-only|erasure"):
        run(ledger, statement)

    assert (rows_of(ledger, events), rows_of(ledger, payloads)) == before


@pytest.mark.parametrize("table", ["events", "payloads"])
def test_postgresql_truncates_neither_table(postgres_url, table):
    """TRUNCATE fires no row triggers, so it has triggers of its own."""
    with Ledger.create(postgres_url) as ledger:
        ledger.record([new(org("meta"))])

        with pytest.raises(exc.IntegrityError, match="append-only"):
            run(ledger, f"TRUNCATE {table} CASCADE")

        assert len(rows_of(ledger, payloads)) == 1


COLUMNS = "position, batch, entry_id, version, kind, recorded_at, recorded_by, digest"
SMUGGLED = [
    f"INSERT OR REPLACE INTO events ({COLUMNS}) SELECT {COLUMNS} FROM events WHERE position = 1",
    f"REPLACE INTO events ({COLUMNS}) SELECT 4, 4, entry_id, version, kind, 0, 'eve', digest FROM events LIMIT 1",
    f"INSERT OR IGNORE INTO events ({COLUMNS}) SELECT 9, 9, 'x', 1, kind, 0, 'eve', digest FROM events LIMIT 1",
    f"INSERT INTO events ({COLUMNS}) SELECT 0, 0, 'x', 1, kind, 0, 'eve', digest FROM events LIMIT 1",
    "INSERT INTO events SELECT * FROM events WHERE position = 1 ON CONFLICT DO UPDATE SET recorded_by = 'eve'",
    "UPDATE OR REPLACE events SET position = 2 WHERE position = 1",
    "INSERT OR REPLACE INTO payloads SELECT 1, salt, 'forged' FROM payloads LIMIT 1",
    "INSERT INTO payloads VALUES (9, 'salt', 'forged')",
]


@pytest.mark.parametrize("statement", SMUGGLED)
def test_sqlite_takes_a_row_only_at_the_end(sqlite_url, statement):
    """REPLACE deletes without firing delete triggers; a gap or a position before the first is no end either."""
    with Ledger.create(sqlite_url) as ledger:
        ledger.record([new(org("meta")), new(org("fair")), new(layoff())])
        before = rows_of(ledger, events), rows_of(ledger, payloads)

        with pytest.raises(exc.IntegrityError, match="append-only"):
            run(ledger, statement)

        assert (rows_of(ledger, events), rows_of(ledger, payloads)) == before


def test_a_payload_goes_only_after_an_erasure_of_its_own_entry(ledger):
    """The layoff is erased: its payload may be deleted, that of Meta still may not, nor the erasure itself."""
    cut = rows_of(ledger, events)[2]
    ledger.record([following(cut.entry_id, 1, Erasure(ground="GDPR Art. 17"))])

    run(ledger, "DELETE FROM payloads WHERE position = 3")

    for position in (1, 4):
        with pytest.raises(exc.IntegrityError, match="only after an erasure"):
            run(ledger, "DELETE FROM payloads WHERE position = :p", p=position)
    assert [p.position for p in rows_of(ledger, payloads)] == [1, 2, 4]
    assert len(rows_of(ledger, events)) == 4


# -- what a row says --------------------------------------------------------------------------------------------------


def test_the_digest_is_of_the_salt_and_the_stored_bytes(ledger):
    """An auditor computes it again from the two columns, with nothing else."""
    for event, payload in zip(rows_of(ledger, events), rows_of(ledger, payloads), strict=True):
        assert event.digest == hashlib.sha256(payload.salt + payload.state).digest()


def test_every_payload_has_its_own_salt_of_16_bytes(database_url):
    """Two events of the same bytes have different digests, so nobody can guess one from the other."""
    with Ledger.create(database_url) as ledger:
        ledger.record([new(org("meta")), *(new(layoff()) for _ in range(20))])

        salts = [p.salt for p in rows_of(ledger, payloads)]

        assert {len(s) for s in salts} == {16}
        assert len(set(salts)) == 21
        assert len({e.digest for e in rows_of(ledger, events)}) == 21


def test_a_batch_is_named_by_the_position_it_ends_at(ledger):
    """What is recorded together becomes known together."""
    assert [(e.position, e.batch) for e in rows_of(ledger, events)] == [(1, 2), (2, 2), (3, 3)]


def test_who_recorded_stands_at_every_event(ledger, monkeypatch):
    """The name given, or TIMELINE_USER where none is."""
    monkeypatch.setenv("TIMELINE_USER", "carol")
    ledger.record([new(layoff())])

    assert [e.recorded_by for e in rows_of(ledger, events)] == ["ada", "ada", "bob", "carol"]


def test_positions_have_no_gaps_after_appends_that_failed(ledger):
    """A conflict and a refusal of the checks take no position with them."""
    for bad in (new(org("meta")), new(layoff("nobody")), following(new(org("fair")).originator_id, 5, layoff())):
        with pytest.raises(Exception, match=r"recorded already|registered|version"):
            ledger.record([new(layoff()), bad])

    batch = ledger.record([new(layoff())])

    assert (batch.first, batch.last) == (4, 4)
    assert [e.position for e in rows_of(ledger, events)] == [1, 2, 3, 4]
    with ledger.database.reading() as connection:
        assert connection.execute(select(log_head.c.position)).scalar_one() == 4


def test_recorded_time_never_goes_back(database_url):
    """Someone sets the machine's clock back an hour: the log goes on from the last recorded time."""
    with Ledger.create(database_url, clock=Clock(1000, 400, 999, 2000)) as ledger:
        batches = [ledger.record([new(event)]) for event in (org("meta"), org("fair"), layoff(), layoff())]

        assert [b.recorded_at for b in batches] == [1000, 1000, 1000, 2000]
        assert [e.recorded_at for e in rows_of(ledger, events)] == [1000, 1000, 1000, 2000]


def test_a_batch_has_one_recorded_time(ledger):
    """The clock is asked once for all events of a batch."""
    first, second, third = (e.recorded_at for e in rows_of(ledger, events))

    assert first == second < third


def test_an_empty_append_moves_nothing(ledger):
    """The library may save no events at all."""
    with ledger.database.writing() as connection:
        log.append(connection, [], recorded_by="ada", clock=Clock(10**18))

    with ledger.database.reading() as connection:
        assert log.head_position(connection) == 3


# -- the database -----------------------------------------------------------------------------------------------------


def test_the_log_has_the_documented_tables_and_no_others():
    assert set(tables.metadata.tables) == DOCUMENTED


def test_a_ledger_has_the_documented_tables(ledger):
    """The columns that an audit needs are there from the first day."""
    with ledger.database.reading() as connection:
        inspector = inspect(connection)
        assert set(inspector.get_table_names()) >= DOCUMENTED
        assert [c["name"] for c in inspector.get_columns("events")] == COLUMNS.split(", ")
        assert [c["name"] for c in inspector.get_columns("payloads")] == ["position", "salt", "state"]
        assert {c["name"] for c in inspector.get_columns("checkpoints")} == {"size", "note", "sealed_at"}


@pytest.mark.parametrize(
    ("pragma", "value"), [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("trusted_schema", 0)]
)
def test_every_sqlite_connection_is_durable(sqlite_url, pragma, value):
    """synchronous 2 is FULL: what was acknowledged survives a power cut. True of each connection of the pool."""
    with Ledger.create(sqlite_url) as ledger, ledger.database.reading() as one, ledger.database.reading() as other:
        for connection in (one, other):
            assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() == value


def test_a_reader_sees_one_state_until_it_is_done(ledger):
    """Another batch is recorded while somebody reads: the reader does not see half of it, or any of it."""
    with ledger.database.reading() as connection:
        before = log.head_position(connection)
        ledger.record([new(layoff())])
        seen = [e.position for e in log.read(connection)]

    assert seen == list(range(1, before + 1))


def test_a_failed_creation_leaves_nothing(database_url, monkeypatch):
    """Something breaks half way: the database is as empty as before, and a second try succeeds."""
    with monkeypatch.context() as broken:
        broken.setattr("timeline.ledger.state_tables.create", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            Ledger.create(database_url)

    with pytest.raises(StoreError, match=r"is no ledger|no ledger at"):
        Ledger.open(database_url)
    Ledger.create(database_url).close()
    Ledger.open(database_url).close()


def test_creating_refuses_to_overwrite_a_ledger(ledger, database_url):
    with pytest.raises(StoreError, match="holds a ledger already; nothing was changed"):
        Ledger.create(database_url)

    assert len(rows_of(ledger, events)) == 3


def test_creating_refuses_a_database_of_somebody_else(database_url):
    database = databases.Database(database_url)
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE customers (id INTEGER)"))
    database.close()

    with pytest.raises(StoreError, match="a database that is no ledger already; nothing was changed"):
        Ledger.create(database_url)
    with pytest.raises(StoreError, match="is no ledger"):
        Ledger.open(database_url)


@pytest.mark.parametrize("part", ["log", "memberships"])
@pytest.mark.parametrize(("version", "said"), [(99, "newer version of this program"), (0, "older version")])
def test_a_ledger_of_another_version_is_refused(ledger, database_url, part, version, said):
    """A program neither guesses what a newer one wrote nor writes into an older form."""
    run(ledger, "UPDATE schema_version SET version = :v WHERE part = :p", v=version, p=part)

    with pytest.raises(StoreError, match=rf"{said}.*\({part}\)") as refused:
        Ledger.open(database_url)

    assert refused.value.exit_status == STORE == 6


# -- what somebody is told --------------------------------------------------------------------------------------------


def refused(address: str) -> str:
    with pytest.raises(StoreError) as caught:
        Ledger.open(address)
    assert caught.value.exit_status == STORE
    return str(caught.value)


def test_a_missing_file_is_told_how_to_make_one(tmp_path):
    said = refused(str(tmp_path / "none.db"))

    assert said == f"there is no ledger at {tmp_path}/none.db: make one with `timeline init` or `timeline demo`"
    assert not (tmp_path / "none.db").exists()


def test_a_folder_is_no_ledger(tmp_path):
    assert refused(str(tmp_path)) == f"{tmp_path} is a folder: name a file in it"
    with pytest.raises(StoreError, match="cannot be opened"):
        Ledger.create(str(tmp_path))


def test_a_missing_folder_is_told(tmp_path):
    with pytest.raises(StoreError, match="does its folder exist"):
        Ledger.create(str(tmp_path / "no" / "timeline.db"))


def test_a_file_of_another_kind_is_no_ledger(tmp_path):
    photo = tmp_path / "photo.db"
    photo.write_bytes(b"\xff\xd8\xff\xe0" * 1000)

    assert "is no ledger: the file is not an SQLite database" in refused(str(photo))
    with pytest.raises(StoreError, match="is no ledger"):
        Ledger.create(str(photo))
    assert photo.read_bytes() == b"\xff\xd8\xff\xe0" * 1000


def test_an_empty_file_is_no_ledger(tmp_path):
    (tmp_path / "empty.db").touch()

    assert "is no ledger" in refused(str(tmp_path / "empty.db"))


def test_a_damaged_ledger_is_told(sqlite_url, tmp_path):
    Ledger.create(sqlite_url).close()
    file = tmp_path / "timeline.db"
    file.write_bytes(file.read_bytes()[:5000] + b"\xaa" * 30_000)

    assert "is no ledger: the file is not an SQLite database, or it is damaged" in refused(sqlite_url)


def test_a_read_only_ledger_answers_and_takes_nothing(sqlite_url, tmp_path):
    with Ledger.create(sqlite_url) as made:
        made.record([new(org("meta"))])

    with Ledger.open(f"sqlite:///file:{tmp_path}/timeline.db?mode=ro&uri=true") as ledger:
        assert len(rows_of(ledger, events)) == 1
        with pytest.raises(StoreError, match=r"timeline\.db cannot be written: it is read-only here"):
            ledger.record([new(org("fair"))])


def test_who_waits_too_long_for_the_lock_is_told(database_url, monkeypatch):
    """A writer in another process holds the lock and does not let go."""
    Ledger.create(database_url).close()
    monkeypatch.setattr(databases, "BUSY_SECONDS", 0.05)
    holder, waiting = Ledger.open(database_url), Ledger.open(database_url)

    with holder.database.writing() as connection:
        log.append(connection, [], recorded_by="ada")
        with pytest.raises(StoreError, match=r"is busy: another writer has held it for 0\.05 s; try again"):
            waiting.record([new(org("meta"))])

    waiting.record([new(org("meta"))])
    holder.close()
    waiting.close()


def test_threads_of_one_process_are_told_too(ledger, monkeypatch):
    monkeypatch.setattr(databases, "BUSY_SECONDS", 0.05)

    with ledger.database.writing(), pytest.raises(StoreError, match="is busy"):
        ledger.record([new(layoff())])


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("mysql://ada:s3cret@db/timeline", "mysql is not supported: write a file name, sqlite:///file.db or"),
        ("postgresql+asyncpg://ada:s3cret@db/timeline", r"postgresql\+asyncpg is not supported"),
        ("nonsense://", "nonsense is not supported"),
        ("://", "the database address cannot be read"),
        ("postgresql://ada:s3cret@db:port/timeline", "the database address cannot be read"),
        ("sqlite://", "a ledger is not kept in memory"),
        ("sqlite:///:memory:", "a ledger is not kept in memory"),
        (":memory:", "a ledger is not kept in memory"),
        ("", "a ledger is not kept in memory"),
        ("postgresql://ada:s3cret@localhost:1/timeline", r"ada:\*\*\*@localhost:1/timeline cannot be reached"),
        ("postgres://ada:s3cret@localhost:1/timeline", "cannot be reached"),
        ("postgresql://ada:s3cret@host.invalid/timeline", "cannot be reached"),
        ("postgresql+psycopg://ada:s3cret@localhost/timeline?colour=blue", "cannot be reached"),
    ],
)
def test_an_address_that_leads_nowhere_is_told_without_its_password(address, said):
    for begin in (Ledger.open, Ledger.create):
        with pytest.raises(StoreError, match=said) as caught:
            begin(address)

        assert "s3cret" not in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_database_that_the_server_does_not_have_is_told(postgres_server):
    assert 'database "nowhere" does not exist' in refused(postgres_server.url("nowhere"))


def test_the_library_gets_its_own_errors(ledger):
    """Code written for `eventsourcing` catches its IntegrityError; ours catches Conflict."""
    stored = ledger.recorder.select_events(rows_of(ledger, events)[0].entry_id)

    with pytest.raises(es.IntegrityError):
        ledger.recorder.insert_events(stored)
    with pytest.raises(Conflict, match=re.escape("meta is recorded already; to change it, correct it")):
        ledger.record([new(org("meta"))])
