"""The tables of the service: tokens, requests that may be repeated, webhooks."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "4"
down_revision = "3"


def upgrade() -> None:
    """Make those that are missing: the first ledgers that had them bore no number of their own."""
    there = set(sa.inspect(op.get_bind()).get_table_names())
    for name, columns in _tables().items():
        if name not in there:
            op.create_table(name, *columns)


def _tables() -> dict[str, list[sa.Column[Any]]]:
    return {
        "tokens": [
            sa.Column("id", sa.Text, primary_key=True),
            sa.Column("name", sa.Text, nullable=False),
            sa.Column("scopes", sa.Text, nullable=False),
            sa.Column("feed", sa.Text, nullable=False),
            sa.Column("hash", sa.LargeBinary, nullable=False),
            sa.Column("created_at", sa.BigInteger, nullable=False),
            sa.Column("expires_at", sa.BigInteger),
            sa.Column("revoked_at", sa.BigInteger),
        ],
        "idempotency": [
            sa.Column("token", sa.Text, primary_key=True),
            sa.Column("key", sa.Text, primary_key=True),
            sa.Column("request", sa.LargeBinary, nullable=False),
            sa.Column("location", sa.Text, nullable=False),
            sa.Column("answer", sa.LargeBinary, nullable=False),
            sa.Column("created_at", sa.BigInteger, nullable=False),
        ],
        "webhooks": [
            sa.Column("id", sa.Text, primary_key=True),
            sa.Column("url", sa.Text, nullable=False),
            sa.Column("secret", sa.Text, nullable=False),
            sa.Column("filters", sa.Text, nullable=False),
            sa.Column("allow_private", sa.Boolean, nullable=False),
            sa.Column("position", sa.BigInteger, nullable=False),
            sa.Column("attempts", sa.Integer, nullable=False),
            sa.Column("next_try", sa.BigInteger, nullable=False),
            sa.Column("last_error", sa.Text, nullable=False),
            sa.Column("leased_by", sa.Text, nullable=False),
            sa.Column("leased_until", sa.BigInteger, nullable=False),
            sa.Column("paused_at", sa.BigInteger),
            sa.Column("created_at", sa.BigInteger, nullable=False),
        ],
        "webhook_failures": [
            sa.Column("webhook", sa.Text, primary_key=True),
            sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
            sa.Column("message", sa.Text, nullable=False),
            sa.Column("attempts", sa.Integer, nullable=False),
            sa.Column("status", sa.Integer),
            sa.Column("error", sa.Text, nullable=False),
            sa.Column("died_at", sa.BigInteger, nullable=False),
        ],
    }
