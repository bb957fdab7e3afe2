"""Ledgers of every form that ever was become what a new one is, and what they say is provable and the same."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect

from events.dates import day_of
from tests.store.old_ledgers import FORMS, Form, load
from tests.timeline.builders import org
from timeline.audit.replaying import replay
from timeline.audit.verifying import verify
from timeline.errors import StoreError
from timeline.ledger import Ledger, new
from timeline.progress import untold
from timeline.state.status import has_to_be_migrated, migrate
from timeline.store import migrations, tables
from timeline.store.database import Database
from timeline.view import View


def presences(view: View, day: str) -> dict[str, str | None]:
    return {m.person.id: m.certainty for m in view.members("fair", day_of(day))}


@pytest.fixture
def url_for(tmp_path: Path, request: pytest.FixtureRequest) -> Any:
    def url(engine: str) -> str:
        return str(request.getfixturevalue("postgres_url" if engine == "postgresql" else "sqlite_url"))

    return url


@pytest.fixture(params=FORMS, ids=str)
def form(request: pytest.FixtureRequest) -> Form:
    found: Form = request.param
    return found


@pytest.fixture
def old(form: Form, url_for: Any) -> Iterator[Database]:
    """A ledger of an old form."""
    url = url_for(form.engine)
    load(form, url)
    database = Database(url)
    yield database
    database.close()


def schema(database: Database) -> dict[str, Any]:
    """All tables with columns, keys and indexes, and the triggers."""
    with database.reading() as connection:
        look = inspect(connection)
        found: dict[str, Any] = {
            name: (
                [(c["name"], str(c["type"]), getattr(c["type"], "collation", None), c["nullable"], c["default"])
                 for c in look.get_columns(name)],
                look.get_pk_constraint(name)["constrained_columns"],
                sorted(i["column_names"] for i in look.get_indexes(name)),
                sorted(u["column_names"] for u in look.get_unique_constraints(name)),
                [(k["constrained_columns"], k["referred_table"]) for k in look.get_foreign_keys(name)],
            )
            for name in look.get_table_names()
        }  # fmt: skip
        query = (
            "SELECT name, sql FROM sqlite_master WHERE type IN ('trigger', 'view') ORDER BY name"
            if database.is_sqlite
            else "SELECT tgname, pg_get_triggerdef(t.oid), prosrc FROM pg_trigger AS t "
            "JOIN pg_proc AS p ON p.oid = tgfoid WHERE NOT tgisinternal ORDER BY tgname"
        )
        found["triggers"] = [tuple(" ".join(str(x).split()) for x in r) for r in connection.exec_driver_sql(query)]
        return found


def log_of(database: Database) -> list[Any]:
    """Everything that the log holds, in whatever form it is."""
    with database.reading() as connection:
        return [
            connection.exec_driver_sql(f"SELECT * FROM {name} ORDER BY position").all()
            for name in ("events", "payloads")
        ]


def test_there_is_a_revision_for_every_version():
    assert [migrations.number(r) for r in migrations.revisions()] == list(range(2, tables.SCHEMA_VERSION + 1))


def test_an_old_ledger_is_refused_until_it_is_migrated(old):
    with pytest.raises(StoreError, match=r"older version \(log\).*`timeline migrate`"):
        Ledger.open(old.url.render_as_string(hide_password=False))


def test_an_old_ledger_gets_the_tables_of_a_new_one(old, form, tmp_path, postgres_server):
    migrate(old)

    def compare(url: str) -> None:
        Ledger.create(url).close()
        fresh = Database(url)
        assert schema(old) == schema(fresh)
        fresh.close()

    if form.engine == "sqlite":
        compare(str(tmp_path / "fresh.db"))
    else:
        with postgres_server.borrowed() as url:
            compare(url)


def test_not_one_byte_of_the_log_changes_and_it_verifies(old, form):
    before = log_of(old)

    migrate(old)

    report = verify(old, needs_checkpoint=False)
    assert log_of(old) == before
    assert (report.size, report.total, report.findings) == (12 + form.has_erasure, 0, [])


def test_the_answers_are_those_of_the_day_they_were_recorded(old, form):
    migrate(old)

    assert replay(old, progress=untold)[1].is_equal
    with Ledger.open(old.url.render_as_string(hide_password=False)) as ledger:
        with ledger.ask() as view:
            lample = "possible" if form.has_erasure else "certain"  # it is his arrival that was erased
            assert presences(view, "2022-06-01") == {"lample": lample, "goyal": "possible"}
            assert presences(view, "2025-03-15") == {"goyal": "possible"}
        with ledger.ask(10) as view:  # before two of the three were corrected and retracted
            assert presences(view, "2023-06-01") == {"goyal": "possible", "lacroix": "possible"}
            assert presences(view, "2025-03-15") == {}
        ledger.record([new(org("acme"))], by="ada")
        assert verify(ledger.database, needs_checkpoint=False).total == 0


def test_to_migrate_twice_changes_nothing(old):
    assert has_to_be_migrated(old)
    assert migrate(old)[0].name == "log"

    assert not has_to_be_migrated(old)
    assert migrate(old) == []


def test_a_migration_that_fails_leaves_the_ledger_as_it_was(old, monkeypatch):
    """The last of the revisions breaks, when all before it have done their work."""
    before = schema(old), log_of(old)
    revisions = migrations.revisions()

    def broken() -> None:
        raise StoreError("no room left")

    monkeypatch.setattr(revisions[-1].module, "upgrade", broken)
    monkeypatch.setattr(migrations, "revisions", lambda: revisions)
    with pytest.raises(StoreError, match="no room left"):
        migrate(old)

    assert (schema(old), log_of(old)) == before
    monkeypatch.undo()
    migrate(old)
    assert verify(old, needs_checkpoint=False).total == 0


# -- the tree that is made --------------------------------------------------------------------------------------------


def without_tree(database: Database) -> None:
    """A ledger of today as the first ones were."""
    with database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE tree_nodes")
        connection.exec_driver_sql("ALTER TABLE log_head DROP COLUMN frontier")
        connection.exec_driver_sql("UPDATE schema_version SET version = 1 WHERE part = 'log'")


def tree_of(database: Database) -> Any:
    with database.reading() as connection:
        nodes = connection.exec_driver_sql("SELECT level, node, hash FROM tree_nodes ORDER BY level, node").all()
        return connection.exec_driver_sql("SELECT * FROM log_head").all(), nodes


def test_the_tree_is_the_one_that_recording_would_have_kept(database_url):
    with Ledger.create(database_url) as ledger:
        for n in range(3):
            ledger.record([new(org(f"o{n}-{i}")) for i in range(200)], by="ada")
        kept = tree_of(ledger.database)
        without_tree(ledger.database)
        migrate(ledger.database, workers=1)

        assert tree_of(ledger.database) == kept
        assert verify(ledger.database, needs_checkpoint=False).total == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DELETE FROM events WHERE position = 5", "no event at position 5"),
        ("DELETE FROM events WHERE position = 12", "ends at position 11 and should at 12"),
        ("UPDATE events SET entry_id = 'x' WHERE position = 5", "event at position 5 cannot be read"),
    ],
)
def test_of_a_log_that_somebody_cut_no_tree_is_made(sqlite_url, change, said):
    """It would make sound what is not."""
    load(next(f for f in FORMS if str(f) == "sqlite-before-the-tree"), sqlite_url)
    database = Database(sqlite_url)
    with database.writing() as connection:
        for name in ("events_no_delete", "events_no_update"):
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
    with database.outside() as driver:
        driver.execute("PRAGMA foreign_keys = OFF")
        driver.execute(change)
    before = schema(database), log_of(database)

    with pytest.raises(StoreError, match=said):
        migrate(database)

    assert (schema(database), log_of(database)) == before
    database.close()


# -- others at work ---------------------------------------------------------------------------------------------------


def test_who_reads_on_postgresql_is_waited_for(postgres_url, monkeypatch):
    """And if they do not end, nothing is changed."""
    monkeypatch.setattr("timeline.store.database.BUSY_SECONDS", 0.5)
    load(next(f for f in FORMS if str(f) == "postgresql-before-tokens"), postgres_url)
    database, reader = Database(postgres_url), Database(postgres_url)
    before = schema(database)

    with reader.reading(), pytest.raises(StoreError, match="busy"):
        migrate(database)
    assert schema(database) == before

    migrate(database)
    for each in (database, reader):
        each.close()


def test_who_writes_is_waited_for(old, monkeypatch):
    monkeypatch.setattr("timeline.store.database.BUSY_SECONDS", 0.5)
    writer = Database(old.url)
    migrating = Database(old.url)
    before = schema(old)

    with writer.writing() as connection:
        if not old.is_sqlite:
            connection.exec_driver_sql("SELECT FROM log_head FOR UPDATE")
        with pytest.raises(StoreError, match="busy"):
            migrate(migrating)
    assert schema(old) == before

    migrate(migrating)
    for each in (writer, migrating):
        each.close()


def test_a_ledger_of_a_newer_version_is_left_alone(database_url):
    Ledger.create(database_url).close()
    database = Database(database_url)
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE schema_version SET version = 99 WHERE part = 'log'")
    before = schema(database)

    with pytest.raises(StoreError, match=r"made by a newer version of this program \(log\)"):
        migrate(database)

    assert schema(database) == before
    database.close()


def test_a_database_that_is_no_ledger_is_left_alone(database_url):
    """Others have tables of this name too."""
    database = Database(database_url)
    with database.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE schema_version (id integer)")

    with pytest.raises(StoreError, match="is no ledger"):
        migrate(database)
    database.close()
