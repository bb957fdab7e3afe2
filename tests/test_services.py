"""The databases that the other tests record in are real, empty and private."""

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

OID = "SELECT oid FROM pg_database WHERE datname = current_database()"
STANDS = (
    """SELECT string_agg(nspname || ': ' || coalesce(nspacl::text, ''), ', ' ORDER BY nspname) FROM pg_namespace
       WHERE nspname !~ '^pg_(toast_)?temp_'""",
    "SELECT string_agg(relname, ', ' ORDER BY relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace",
    "SELECT string_agg(proname, ', ' ORDER BY proname) FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
)
"""Ask what is in a database; the schemas for temporary tables, which the server keeps, are empty without a session."""


def ask(url: str, question: str) -> object:
    with create_engine(url, poolclass=NullPool).begin() as connection:
        answer = connection.execute(text(question))
        return answer.scalar() if answer.returns_rows else None


def test_the_postgres_of_the_tests_is_the_supported_one(postgres_url):
    assert str(ask(postgres_url, "SELECT version()")).startswith("PostgreSQL 18")


def test_acknowledged_means_on_disk(postgres_url):
    """Durability is a promise of the store, so the tests run with it, whatever it costs."""
    assert ask(postgres_url, "SHOW fsync") == "on"


def test_postgres_folds_accented_letters(postgres_url):
    assert ask(postgres_url, "SELECT lower('TIMOTHÉE')") == "timothée"


def test_every_test_has_a_database_of_its_own(postgres_server, postgres_url):
    with postgres_server.database() as other_url:
        ask(postgres_url, "CREATE TABLE here (id int)")

        assert ask(other_url, "SELECT to_regclass('here')") is None
        assert ask(other_url, "SELECT current_database()") != ask(postgres_url, "SELECT current_database()")


@pytest.mark.parametrize("sort", ["database", "borrowed"])
def test_a_database_is_gone_after_its_block(postgres_server, sort):
    with getattr(postgres_server, sort)() as url:
        name = ask(url, "SELECT current_database()")
    with postgres_server.database() as other_url:
        left = ask(other_url, f"SELECT count(*) FROM pg_database WHERE datname = '{name}'")

    assert left == 0


def test_a_borrowed_database_is_lent_again_as_good_as_new(postgres_server):
    """Whatever was made in it is gone, and whoever is still connected to it is not any more."""
    with postgres_server.borrowed() as url:
        one = ask(url, OID)
        ask(url, "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'")
        ask(url, "CREATE SCHEMA elsewhere CREATE TABLE far (id int)")
        ask(url, "CREATE TABLE here (id int DEFAULT one())")
        connection = create_engine(url, poolclass=NullPool).connect()
    with postgres_server.borrowed() as url, postgres_server.database() as new:
        assert ask(url, OID) == one
        assert [ask(url, question) for question in STANDS] == [ask(new, question) for question in STANDS]
    with pytest.raises(OperationalError, match="terminat"):
        connection.execute(text("SELECT 1"))
    connection.close()


@pytest.mark.parametrize(
    "change", ["ALTER DATABASE {} SET timezone = 'Asia/Tokyo'", "GRANT CREATE ON DATABASE {} TO PUBLIC"]
)
def test_a_database_of_other_settings_or_rights_is_not_lent_again(postgres_server, change):
    with postgres_server.borrowed() as url:
        before = ask(url, OID)
        ask(url, change.format(ask(url, "SELECT current_database()")))
    with postgres_server.borrowed() as url:
        assert ask(url, OID) != before


@pytest.mark.parametrize("attempt", [1, 2])
def test_a_new_database_is_empty(database_url, attempt):
    """The second attempt would fail if the first one's table were still there."""
    ask(database_url, "CREATE TABLE mine (attempt int)")
    ask(database_url, f"INSERT INTO mine VALUES ({attempt})")

    assert ask(database_url, "SELECT count(*) FROM mine") == 1
