"""Who may back a ledger up on PostgreSQL, and who may fill one."""

from __future__ import annotations

import uuid
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.cli.test_roles import accounts, ledger_of, plain
from timeline.audit.verifying import verify
from timeline.backup.making import backup
from timeline.backup.restoring import restore
from timeline.errors import StoreError
from timeline.ledger import Ledger
from timeline.store import roles
from timeline.store.database import Database
from timeline.store.roles import OWNER, READER, WRITER

__all__ = ["accounts"]


def test_a_writer_backs_up_and_a_reader_does_not(accounts, tmp_path: Path):
    """The secrets of webhooks are in it, which readers may not see."""
    with ledger_of(accounts, WRITER) as ledger:
        assert backup(ledger.database, tmp_path / "backup.db").events >= 310
    with ledger_of(accounts, READER) as ledger, pytest.raises(StoreError, match="you lack the right"):
        backup(ledger.database, tmp_path / "other.db")

    assert [path.name for path in tmp_path.iterdir()] == ["backup.db"]


@pytest.mark.parametrize(("role", "may"), [(OWNER, True), (WRITER, False)])
def test_an_empty_ledger_is_filled_by_its_owner(accounts, postgres_server, tmp_path: Path, role, may):
    with ledger_of(accounts, WRITER) as ledger:
        backup(ledger.database, tmp_path / "backup.db")
    with postgres_server.database() as url:
        with Ledger.create(url) as ledger, ledger.database.writing() as connection:
            roles.make(connection)
        login = f"u{uuid.uuid4().hex}"
        with psycopg.connect(plain(url), autocommit=True) as admin:
            admin.execute(f"CREATE ROLE {login} LOGIN IN ROLE {role}")
        try:
            with closing(Database(url.replace("postgres@", f"{login}@"))) as database:
                if may:
                    restore(tmp_path / "backup.db", database, workers=1)
                else:
                    with pytest.raises(StoreError, match="you lack the right"):
                        restore(tmp_path / "backup.db", database, workers=1)
            with Ledger.open(url) as ledger, ledger.ask() as view:
                assert (view.position >= 310) == may
                assert verify(ledger.database, needs_checkpoint=False).total == 0
        finally:
            with psycopg.connect(plain(url), autocommit=True) as admin:
                admin.execute(f"DROP ROLE {login}")
