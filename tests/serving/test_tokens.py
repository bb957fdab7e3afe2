"""Tokens: what they look like, how they are kept, and how a ledger from before there were any gets a place for them."""

from __future__ import annotations

import string
import uuid
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import inspect

from tests.cli.conftest import Run
from tests.cli.test_roles import plain
from tests.timeline.builders import Clock
from timeline import tokens
from timeline.errors import Conflict, UnknownName, UsageError
from timeline.ledger import Ledger
from timeline.store import roles, tables
from timeline.store.database import Database

SECOND = 1_000_000
ANYBODY = st.binary(min_size=32, max_size=32)


@given(st.from_regex(r"\A[0-9a-f]{8}\Z"), ANYBODY)
def test_a_token_is_read_as_it_was_written(token_id, secret):
    assert tokens.read(tokens.written(token_id, secret)) == (token_id, secret)


@given(ANYBODY, st.integers(0, 200), st.sampled_from(string.ascii_letters + string.digits + "_- é"))
def test_one_wrong_letter_is_told_at_once(secret, place, letter):
    text = tokens.written("0123abcd", secret)
    place %= len(text)
    if text[place] == letter:
        return

    with pytest.raises(tokens.Mistyped):
        tokens.read(text[:place] + letter + text[place + 1 :])


@given(st.text(max_size=100))
def test_any_text_is_a_token_or_is_not(text):
    with pytest.raises(tokens.Mistyped):
        tokens.read(text)


def test_a_secret_larger_than_256_bits_is_none():
    body = f"tl_0123abcd_{'z' * 43}"
    with pytest.raises(tokens.Mistyped):
        tokens.read(body + tokens._checksum(body))


# -- in the ledger ----------------------------------------------------------------------------------------------------


def test_nothing_that_lets_in_stands_in_the_ledger(tmp_path):
    path = tmp_path / "timeline.db"
    with Ledger.create(str(path)) as ledger, ledger.database.writing() as connection:
        text, _ = tokens.create(connection, "ada", ["read"])
    given_ = tokens.read(text)

    kept = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    assert b"ada" in kept
    assert given_.secret not in kept
    assert text.encode() not in kept
    assert text.split("_")[2].encode() not in kept


def test_a_token_is_good_until_it_expires(database_url):
    clock = Clock()
    with Ledger.create(database_url) as ledger, ledger.database.writing() as connection:
        text, token = tokens.create(connection, "ada", ["read"], expires_at=3 * SECOND, clock=clock)
        given_ = tokens.read(text)

        assert token.is_valid
        found = tokens.valid(connection, given_, clock=lambda: 3 * SECOND - 1)
        assert found == token
        assert tokens.valid(connection, given_, clock=lambda: 3 * SECOND) is None


def test_a_revoked_token_lets_nobody_in_and_frees_its_name(database_url):
    with Ledger.create(database_url) as ledger, ledger.database.writing() as connection:
        text, token = tokens.create(connection, "ada", ["read"])
        with pytest.raises(Conflict, match="a token 'ada' already"):
            tokens.create(connection, "ada", ["record"])
        assert [t.id for t in tokens.revoke(connection, "ada")] == [token.id]
        other, _ = tokens.create(connection, "ada", ["record"])

        assert tokens.valid(connection, tokens.read(text)) is None
        assert tokens.valid(connection, tokens.read(other))
        assert tokens.revoke(connection, token.id) == []
        assert [t.state for t in tokens.every(connection)] == ["revoked", "valid"]
        with pytest.raises(UnknownName):
            tokens.revoke(connection, "eve")


def test_the_secret_of_one_and_the_id_of_another_let_nobody_in(database_url):
    with Ledger.create(database_url) as ledger, ledger.database.writing() as connection:
        one, other = (tokens.read(tokens.create(connection, n, ["read"])[0]) for n in ("ada", "eve"))

        assert tokens.valid(connection, tokens.Given(one.id, other.secret)) is None
        assert tokens.valid(connection, tokens.Given("00000000", one.secret)) is None


@pytest.mark.parametrize("name", ["", " ", "ada ", "a\nb", "a\u202eb", "x" * 101])
def test_a_name_can_be_read_by_those_who_read_the_history(tmp_path, name):
    with (
        Ledger.create(str(tmp_path / "a.db")) as ledger,
        ledger.database.writing() as connection,
        pytest.raises(UsageError),
    ):
        tokens.create(connection, name, ["read"])


# -- a ledger from before ---------------------------------------------------------------------------------------------


def as_before(url: str) -> None:
    database = Database(url)
    with database.writing() as connection:
        tables.service.drop_all(connection)
    database.close()


def test_a_ledger_from_before_gets_a_place_for_tokens(database_url, run: Run):
    Ledger.create(database_url).close()
    as_before(database_url)

    refused = run("token", "create", "ada", "--scope", "read", db=database_url)
    assert (refused.status, "timeline migrate" in refused.err) == (6, True)
    assert run("token", "list", "--json", db=database_url).items == []
    assert "tokens" not in run("audit", "verify", db=database_url).out

    ran = run("migrate", db=database_url)

    assert ran.status == 0
    assert {"tokens: version 1, new", "idempotency: version 1, new"} <= set(ran.err.splitlines())
    assert run("token", "create", "ada", "--scope", "read", db=database_url).status == 0
    assert "Nothing to do" in run("migrate", db=database_url).err
    assert "tokens" not in run("audit", "verify", db=database_url).out


def test_the_tables_that_a_migration_adds_have_the_rights_of_the_roles(postgres_server, run: Run):
    with postgres_server.database() as url:
        run("init", "--roles", db=url)
        rights = (
            "SELECT relname, relowner::regrole::text, relacl::text FROM pg_class WHERE relname = ANY (%s) ORDER BY 1"
        )
        names = (list(tables.service.tables),)
        database = Database(url)
        with database.reading() as connection:
            before = connection.exec_driver_sql(rights, names).all()
        as_before(url)

        run("migrate", db=url)

        with database.reading() as connection:
            assert connection.exec_driver_sql(rights, names).all() == before
        database.close()
        assert {owner for _, owner, _ in before} == {roles.OWNER}


def test_a_reader_reads_tokens_and_makes_none(postgres_server, run: Run):
    logins = {role: f"u{uuid.uuid4().hex}" for role in (roles.READER, roles.WRITER)}
    with postgres_server.database() as url:
        run("init", "--roles", db=url)
        with psycopg.connect(plain(url), autocommit=True) as admin:
            for role, login in logins.items():
                admin.execute(f"CREATE ROLE {login} LOGIN IN ROLE {role}")
        reader, writer = (url.replace("postgres@", f"{login}@") for login in logins.values())

        assert run("token", "create", "ada", "--scope", "read", db=reader).status == 6
        assert run("token", "create", "ada", "--scope", "read", db=writer).status == 0
        assert [t["name"] for t in run("token", "list", "--json", db=reader).items] == ["ada"]
        assert run("token", "revoke", "ada", db=reader).status == 6
        assert run("token", "revoke", "ada", db=writer).status == 0
        with pytest.raises(psycopg.errors.InsufficientPrivilege), psycopg.connect(plain(writer)) as connection:
            connection.execute("DELETE FROM tokens")

        with psycopg.connect(plain(url), autocommit=True) as admin:
            for login in logins.values():
                admin.execute(f"DROP ROLE {login}")


CHANGED = {
    "a trigger": "CREATE TRIGGER sly AFTER INSERT ON tokens BEGIN SELECT 1; END",
    "an index": "CREATE INDEX sly ON tokens (name)",
    "a column": "ALTER TABLE tokens ADD COLUMN secret TEXT",
}


@pytest.mark.parametrize("statement", CHANGED.values(), ids=list(CHANGED))
def test_an_audit_notes_what_was_made_of_the_table(tmp_path, run: Run, statement):
    path = tmp_path / "a.db"
    run("init", str(path))
    database = Database(str(path))
    with database.writing() as connection:
        connection.exec_driver_sql(statement)
    database.close()

    assert "tokens" in run("audit", "verify", db=path).out


def test_an_audit_on_postgresql_notes_a_column(postgres_url, run: Run):
    run("init", db=postgres_url)
    database = Database(postgres_url)
    with database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE tokens ADD COLUMN secret text")
    database.close()

    assert "column secret of tokens" in run("audit", "verify", db=postgres_url).out


# -- the commands -----------------------------------------------------------------------------------------------------


def test_a_token_is_made_shown_once_and_revoked(own_ledger: Path, run: Run):
    made = run(
        "token", "create", "newsroom", "--scope", "record", "--scope", "read", "--expires", "2100", db=own_ledger
    )

    token = made.out.strip()
    assert tokens.read(token)
    assert "may read and record, good until 2101-01-01" in made.err
    (listed,) = run("token", "list", "--json", db=own_ledger).items
    assert listed["scopes"] == ["read", "record"]
    assert listed["id"] == tokens.read(token).id
    assert token not in run("token", "list", db=own_ledger).out
    assert "Revoked" in run("token", "revoke", listed["id"], db=own_ledger).err
    assert "Nothing to do" in run("token", "revoke", "newsroom", db=own_ledger).err
    assert run("token", "list", "--format", "table", db=own_ledger).out.split()[-1] == "revoked"


def test_a_list_tells_the_last_day_on_which_a_token_is_good(own_ledger: Path, run: Run):
    run("token", "create", "to-a-day", "--scope", "read", "--expires", "2100-03-01", db=own_ledger)
    with Ledger.open(str(own_ledger)) as ledger, ledger.database.writing() as connection:
        noon = 4_107_585_600_000_000  # 1 March 2100, 12:00
        tokens.create(connection, "to-noon", ["read"], expires_at=noon)
        assert tokens.good(connection, [t.id for t in tokens.every(connection)], clock=lambda: noon) == {
            t.id for t in tokens.every(connection) if t.name == "to-a-day"
        }
    listed = run("token", "list", "--format", "table", db=own_ledger).out

    assert listed.count("2100-03-01") == 2
    assert "2100-03-02" not in listed


def test_the_name_of_one_token_may_be_the_id_of_another(own_ledger: Path, run: Run):
    """Nobody is let out by a guess: each is told, and each has something that it alone is called."""
    first = tokens.read(run("token", "create", "ada", "--scope", "read", db=own_ledger).out.strip()).id
    second = tokens.read(run("token", "create", first, "--scope", "read", db=own_ledger).out.strip()).id
    ran = run("token", "revoke", first, db=own_ledger)

    assert ran.status == 3
    assert f"{first} 'ada'" in ran.err
    assert f"{second} '{first}'" in ran.err
    assert [t["state"] for t in run("token", "list", "--json", db=own_ledger).items] == ["valid", "valid"]
    assert run("token", "revoke", "ada", db=own_ledger).status == 0
    assert f"Revoked token {second}" in run("token", "revoke", first, db=own_ledger).err


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ((), 2, "say what it is for"),
        (("--scope", "read", "--feed", "/events.ics"), 2, "say what it is for"),
        (("--scope", "raed"), 3, "Did you mean 'read'?"),
        (("--scope", "erase"), 3, "no scope is called 'erase'"),
        (("--scope", "read", "--expires", "2001"), 2, "is over already"),
        (("--scope", "read", "--expires", "2100", "--days", "3"), 2, "not both"),
        (("--feed", "/events.csv"), 2, "is no feed"),
        (("--feed", "https://example.org/events.ics"), 2, "is no feed"),
        (("--feed", "/events.ics?knd=layoff"), 2, "did you mean kind"),
        (("--feed", "/orgs/metta.ics"), 3, "Did you mean"),
    ],
)
def test_what_makes_no_token(own_ledger: Path, run: Run, words, status, said):
    ran = run("token", "create", "ada", *words, db=own_ledger)

    assert (ran.status, ran.out) == (status, "")
    assert said in ran.err
    assert run("token", "list", "--json", db=own_ledger).items == []


def test_the_tables_of_the_service_stand_beside_those_of_the_log(database_url):
    with Ledger.create(database_url) as ledger, ledger.database.reading() as connection:
        assert set(tables.service.tables) <= set(inspect(connection).get_table_names())
