"""The databases that the other tests record in are real, empty and private."""

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool


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


def test_a_dropped_database_is_gone(postgres_server):
    with postgres_server.database() as url:
        name = ask(url, "SELECT current_database()")
    with postgres_server.database() as other_url:
        left = ask(other_url, f"SELECT count(*) FROM pg_database WHERE datname = '{name}'")

    assert left == 0


@pytest.mark.parametrize("attempt", [1, 2])
def test_a_new_database_is_empty(database_url, attempt):
    """The second attempt would fail if the first one's table were still there."""
    ask(database_url, "CREATE TABLE mine (attempt int)")
    ask(database_url, f"INSERT INTO mine VALUES ({attempt})")

    assert ask(database_url, "SELECT count(*) FROM mine") == 1
