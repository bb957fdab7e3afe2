"""What stood beside the log and changed while ledgers were still not numbered: a trigger, and two tables."""

import sqlalchemy as sa
from alembic import op

revision = "3"
down_revision = "2"

PAYLOADS_ONLY_NEW = """CREATE TRIGGER payloads_only_new BEFORE INSERT ON payloads
        WHEN EXISTS (SELECT 1 FROM payloads WHERE position = NEW.position)
          OR NOT EXISTS (SELECT 1 FROM events WHERE position = NEW.position)
        BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"""


def upgrade() -> None:
    """Let an erasure stand beside what it erases, sort ids by code point, and have every projection made anew.

    For a while, a ledger on SQLite was made with a trigger that refused the first. The versions of the projections
    were not raised yet when their rows changed, so what stands there may be of any form.
    """
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        op.execute("DROP TRIGGER payloads_only_new")
        op.execute(PAYLOADS_ONLY_NEW)
    if not sa.inspect(connection).has_table("numbers"):
        _create()
    elif connection.dialect.name == "postgresql":
        op.execute('ALTER TABLE numbers ALTER COLUMN id TYPE text COLLATE "C"')
    op.execute("DELETE FROM schema_version WHERE part <> 'log'")


def _create() -> None:
    """A log that was kept before there were projections has not even the tables that all of them share."""
    by_code_point = sa.Text(collation="C") if op.get_bind().dialect.name == "postgresql" else sa.Text()
    op.create_table(
        "numbers",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("id", by_code_point, nullable=False, unique=True),
    )
    op.create_table(
        "entry_keys",
        sa.Column("projection", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("entry_id", sa.Uuid, primary_key=True),
        sqlite_with_rowid=False,
    )
