"""Who reads cannot record, who records cannot rewrite, and the ordinary commands ask for no more than that."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import psycopg
import pytest

from events.about import Correction, Erasure
from tests.cli.conftest import Ran
from tests.cli.test_changes import QUESTIONS
from tests.timeline.builders import layoff, org
from timeline.commands.start import EXAMPLE, example
from timeline.errors import StoreError
from timeline.imports.recording import import_documents
from timeline.imports.yamlfile import read
from timeline.ledger import Ledger, following, new
from timeline.state.rebuild import rebuild, verify
from timeline.state.scrubbing import pending, scrub
from timeline.store.roles import OWNER, READER, WRITER, statements_for

Accounts = dict[str, str]
"""The address of the ledger for a member of each role."""


@pytest.fixture(scope="module")
def accounts(postgres_server) -> Iterator[Accounts]:
    """A ledger of the example on PostgreSQL, and an account in each role."""
    with postgres_server.database() as url:
        with Ledger.create(url) as ledger:
            import_documents(ledger, [read(example(), EXAMPLE)], by="demo")
            for _ in range(2):  # to do it again does no harm
                with ledger.database.writing() as connection:
                    for statement in statements_for(connection):
                        connection.exec_driver_sql(statement)
        logins = {role: f"u{uuid.uuid4().hex}" for role in (READER, WRITER, OWNER)}
        with psycopg.connect(plain(url), autocommit=True) as admin:
            for role, login in logins.items():
                admin.execute(f"CREATE ROLE {login} LOGIN IN ROLE {role}")
        yield {role: url.replace("postgres@", f"{login}@") for role, login in logins.items()}
        with psycopg.connect(plain(url), autocommit=True) as admin:
            for login in logins.values():
                admin.execute(f"DROP ROLE {login}")


def plain(url: str) -> str:
    return url.replace("postgresql+psycopg", "postgresql")


def ledger_of(accounts: Accounts, role: str) -> Ledger:
    return Ledger.open(accounts[role])


# -- what each may not ------------------------------------------------------------------------------------------------

REWRITING = (
    "UPDATE events SET recorded_by = 'eve' WHERE position = 1",
    "UPDATE payloads SET state = salt WHERE position = 1",
    "UPDATE tree_nodes SET hash = ''",
    "UPDATE checkpoints SET note = ''",
    "DELETE FROM events WHERE position = 310",
    "DELETE FROM payloads WHERE position = 310",
    "DELETE FROM checkpoints",
    "DELETE FROM memberships",
    "DELETE FROM entry_keys",
    "DELETE FROM tracking",
    "TRUNCATE events CASCADE",
    "TRUNCATE payloads",
    "TRUNCATE memberships",
    "ALTER TABLE events DISABLE TRIGGER ALL",
    "ALTER TABLE payloads DISABLE TRIGGER USER",
    "DROP TRIGGER events_no_change ON events",
    "DROP TABLE payloads",
    "DROP TABLE memberships",
    "DROP FUNCTION timeline_refuse() CASCADE",
    "CREATE OR REPLACE FUNCTION timeline_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "CREATE TABLE more (id integer)",
    "CREATE RULE nothing AS ON INSERT TO events DO INSTEAD NOTHING",
    "SET session_replication_role = replica",
    "UPDATE schema_version SET version = 0",
    "UPDATE numbers SET id = 'eve'",
    f"GRANT {OWNER} TO CURRENT_USER",
    f"SET ROLE {OWNER}",
    "LOCK TABLE schema_version IN ACCESS EXCLUSIVE MODE",
)
RECORDING = (
    "INSERT INTO events SELECT * FROM events LIMIT 1",
    "INSERT INTO payloads SELECT * FROM payloads LIMIT 1",
    "INSERT INTO checkpoints VALUES (1, '', 0)",
    "UPDATE log_head SET position = 0",
    "UPDATE memberships SET role = 'queen'",
    "INSERT INTO numbers VALUES (0, 'x')",
    "SELECT FROM log_head FOR UPDATE",
)


@pytest.mark.parametrize(
    ("role", "statement"),
    [*((READER, s) for s in (*REWRITING, *RECORDING)), *((WRITER, s) for s in REWRITING)],
)
def test_the_database_keeps_a_role_to_its_work(accounts, role, statement):
    with (
        psycopg.connect(plain(accounts[role])) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)


@pytest.mark.parametrize("statement", [s for s in REWRITING if s.startswith(("UPDATE events", "DELETE FROM events"))])
def test_the_owner_is_still_stopped_by_the_triggers(accounts, statement):
    """It may drop them, which leaves a trace; by mistake it rewrites nothing."""
    with psycopg.connect(plain(accounts[OWNER])) as connection, pytest.raises(psycopg.errors.IntegrityError):
        connection.execute(statement)


def test_a_writer_who_may_not_is_told_so(accounts):
    with ledger_of(accounts, WRITER) as ledger:
        entry = ledger.record([new(layoff())]).last
        for act in (
            lambda: rebuild(ledger.database, ["deals"]),
            lambda: ledger.record([following(entry_of(ledger, entry), 1, Erasure(ground="x"))]),
        ):
            with pytest.raises(StoreError, match="you lack the right"):
                act()
    with ledger_of(accounts, READER) as ledger, pytest.raises(StoreError, match="you lack the right"):
        ledger.record([new(layoff())])


def entry_of(ledger: Ledger, position: int) -> uuid.UUID:
    with ledger.database.reading() as connection:
        found = connection.exec_driver_sql("SELECT entry_id FROM events WHERE position = %s", (position,)).scalar()
        assert isinstance(found, uuid.UUID)
        return found


# -- what each may ----------------------------------------------------------------------------------------------------

MORE_QUESTIONS = (
    ("history",),
    ("diff", "2024", "2025"),
    ("--reported-by", "2025-06", "as-of", "2025-05-15"),
    ("--known-at", "@310", "who", "meta"),
    ("export", "jsonl"),
    ("export", "csv"),
    ("export", "atom"),
    ("projections", "status"),
)


@pytest.mark.parametrize("role", [READER, WRITER, OWNER])
@pytest.mark.parametrize("question", [*QUESTIONS, *MORE_QUESTIONS], ids=" ".join)
def test_every_role_asks_everything(run: Callable[..., Ran], accounts, role, question):
    ran = run(*question, db=accounts[role])

    assert (ran.status, ran.err) == (0, "")
    assert ran.out


def test_a_writer_adds_imports_corrects_and_undoes(run: Callable[..., Ran], accounts, tmp_path):
    file = tmp_path / "more.yaml"
    file.write_text("entities:\n  eve: {type: person, name: Eve}\n")
    because = ("--because", "so it is")
    commands: tuple[tuple[str, ...], ...] = (
        ("import", str(file)),
        ("add", "layoff", "--organization", "meta", "--date", "2025", "--id", "cut"),
        ("correct", "cut", "--date", "2025-03", *because),
        ("dispute", "cut", "--by", "meta", *because),
        ("rank", "cut", "preferred", *because),
        ("merge", "eve", "naman-goyal", *because),
        ("undo", *because),
        ("retract", "cut", *because),
    )
    for words in commands:
        ran = run(*words, db=accounts[WRITER])
        assert ran.status == 0, ran.err
    with ledger_of(accounts, WRITER) as ledger:
        ledger.record([new(layoff(id=f"l{n}")) for n in range(5200)])  # long enough for a temporary table
        assert verify(ledger.database) == (0, [])


def test_a_rebuild_by_a_member_of_the_owners_leaves_every_right_as_it_was(accounts):
    """The new tables belong to the role, not to the member, and are read and written as before."""
    with ledger_of(accounts, OWNER) as ledger:
        rebuild(ledger.database)
        with ledger.database.reading() as connection:
            query = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
            assert connection.exec_driver_sql(query).scalars().all() == [OWNER]
    with ledger_of(accounts, WRITER) as ledger:
        ledger.record([new(org("later"))])
    with ledger_of(accounts, READER) as ledger, ledger.ask() as view:
        assert view.directory.name("later") == "Later"


def test_an_owner_erases_and_the_files_are_clean(accounts):
    with ledger_of(accounts, WRITER) as ledger:
        last = ledger.record([new(layoff(note="not for ever"))]).last
        entry = entry_of(ledger, last)
        ledger.record([following(entry, 1, Correction(event=layoff()))])
    with ledger_of(accounts, OWNER) as ledger:
        batch = ledger.record([following(entry, 2, Erasure(ground="GDPR Art. 17"))])
        assert scrub(ledger.database) == batch.last
        with ledger.database.reading() as connection:
            assert pending(connection) is None


# -- the command ------------------------------------------------------------------------------------------------------


def test_the_command_makes_the_roles(run: Callable[..., Ran], postgres_server):
    """Shown first, then made; either way nothing of the ledger changes but its owner."""
    with postgres_server.database() as url:
        run("init", db=url)
        printed = run("roles", "--sql", db=url)
        assert f"GRANT SELECT ON public.events TO {READER};" in printed.out

        ran = run("roles", db=url)

        assert (ran.status, ran.out) == (0, "")
        assert f"Made {READER}, {WRITER} and {OWNER}" in ran.err


def test_sqlite_knows_no_roles(run: Callable[..., Ran], own_ledger):
    ran = run("roles", db=own_ledger)

    assert (ran.status, ran.out) == (2, "")
    assert "SQLite knows no roles" in ran.err


def test_a_ledger_is_made_with_its_roles_at_once(postgres_server, run):
    with postgres_server.database() as url:
        ran = run("init", "--roles", db=url)

        assert (ran.status, f"Made {READER}, {WRITER} and {OWNER}." in ran.err) == (0, True)
        with Ledger.open(url) as ledger, ledger.database.reading() as connection:
            owner = connection.exec_driver_sql("SELECT tableowner FROM pg_tables WHERE tablename = 'events'").scalar()
    assert owner == OWNER


def test_a_file_has_no_roles(tmp_path, run):
    ran = run("init", "--roles", db=tmp_path / "a.db")

    assert (ran.status, "SQLite knows no roles" in ran.err) == (2, True)
    assert not (tmp_path / "a.db").exists()
