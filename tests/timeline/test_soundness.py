"""What `timeline doctor` finds in a ledger that somebody tampered with, past the triggers."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.timeline.builders import layoff, org
from timeline.errors import StoreError
from timeline.ledger import Ledger, new
from timeline.state.soundness import find_faults


@pytest.fixture
def ledger(database_url):
    """Four events; the last two are layoffs."""
    with Ledger.create(database_url) as ledger:
        ledger.record([new(org("meta")), new(org("fair")), new(layoff(id="one")), new(layoff(id="two"))])
        yield ledger


def faults(ledger: Ledger) -> list[str]:
    with ledger.database.reading() as connection:
        return find_faults(connection)


def tamper(ledger: Ledger, *statements: str) -> None:
    """Take the triggers away, as whoever owns the file or the database can, and then run the statements."""
    with ledger.database.writing() as connection:
        if ledger.database.is_sqlite:
            triggers = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
            away = [f"DROP TRIGGER {name}" for name in triggers if "only_at_the_end" not in name]
        else:
            away = [f"ALTER TABLE {table} DISABLE TRIGGER ALL" for table in ("events", "payloads")]
        for statement in (*away, *statements):
            connection.execute(text(statement))


def delete(position: int) -> tuple[str, str]:
    return f"DELETE FROM payloads WHERE position = {position}", f"DELETE FROM events WHERE position = {position}"


def test_nothing_is_wrong_with_an_untouched_ledger(ledger):
    assert faults(ledger) == []


def test_a_deleted_tail_is_found(ledger):
    """The head of the log remembers the position that it had reached."""
    tamper(ledger, *delete(4))

    assert "the log ends at position 3, but 4 were written" in faults(ledger)


def test_sqlite_appends_nothing_after_a_deleted_tail(sqlite_url):
    """A new event would follow the head, and so leave a gap: the trigger refuses it."""
    with Ledger.create(sqlite_url) as ledger:
        ledger.record([new(org("meta")), new(layoff(id="one"))])
        tamper(ledger, *delete(2))

        with pytest.raises(StoreError, match=r"takes no events .* see what `timeline doctor` finds"):
            ledger.record([new(layoff(id="two"))])


def test_an_event_missing_from_the_middle_is_found(ledger):
    tamper(ledger, *delete(3))

    assert "1 events are missing from the middle of the log" in faults(ledger)


def test_a_changed_payload_is_found(ledger):
    tamper(ledger, "UPDATE payloads SET state = salt WHERE position = 3")

    assert faults(ledger) == ["stored events were changed, at position 3"]


def test_a_row_that_the_log_does_not_mean_is_found(ledger):
    tamper(ledger, "UPDATE entities SET name = 'Facebook' WHERE name = 'Fair'")

    assert faults(ledger) == ["entities: 2 rows differ from a fresh fold of the log"]
