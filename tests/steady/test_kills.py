"""Every sort of work is killed at moments within it; `python -m bench.kills` does it hundreds of times."""

from __future__ import annotations

import random
from contextlib import closing
from functools import partial

import pytest

from tests.steady import killing
from tests.steady.limits import refusal
from tests.store.old_ledgers import FORMS, load
from timeline.ledger import Ledger
from timeline.progress import untold
from timeline.state.status import has_to_be_migrated, migrate, upgrade_tables
from timeline.store.database import Database

ROUNDS, SIZE = 2, 300


@pytest.mark.parametrize("sort", ["sqlite", "postgresql"])
@pytest.mark.parametrize("work", killing.WORKS, ids=lambda work: work.name)
def test_what_a_kill_leaves_is_whole_and_goes_on(work, sort, tmp_path, postgres_server):
    """Nothing is repaired before it is looked at. What was killed had begun and was not done."""
    folder = tmp_path / "work"
    folder.mkdir()
    with killing.places(sort, tmp_path, postgres_server) as places:
        found = killing.rounds(work(places, folder, SIZE), ROUNDS, random.Random(work.name))
    assert found.rounds == ROUNDS
    assert 0 <= found.earliest <= found.latest <= 1


def test_a_part_of_a_batch_would_be_found(tmp_path):
    """The looking itself: a log that was cut within a batch, and one that lost what was acknowledged."""
    work = killing.Append(killing.Files(tmp_path), tmp_path, SIZE)
    work.begin()
    told: list[str] = []
    work.do(0, told.append)
    others = [killing.Killed([], True)] * 2
    work.look([killing.Killed(told, False), *others])

    with pytest.raises(AssertionError, match="lost"):
        work.look([killing.Killed([*told, "1000 5"], False), *others])
    with Ledger.open(work.url) as ledger:
        with ledger.database.outside() as driver:
            driver.execute("PRAGMA foreign_keys = OFF")
            driver.execute("DROP TRIGGER events_no_delete")
            driver.execute("DELETE FROM events WHERE position > 10")
        with ledger.database.reading() as connection, pytest.raises(AssertionError, match="the head is not"):
            killing.log_of(connection)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_migration_that_ends_after_the_tables_is_finished_by_the_next(form, sqlite_url, request):
    """Not taken for a backup, which has no projections either."""
    url = request.getfixturevalue("postgres_url") if form.engine == "postgresql" else sqlite_url
    load(form, url)
    with closing(Database(url)) as database:
        upgrade_tables(database, untold)

        if has_to_be_migrated(database):
            assert "has to be migrated: run `timeline migrate`" in refusal(partial(Ledger.open, url))

        migrate(database, workers=1)
    killing.check(url)
