"""A tree over the log. It is made of what stands there now: that it stood there before, nothing shows."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from timeline.audit.findings import Findings
from timeline.audit.growing import Growing
from timeline.audit.order import leaf_hashes
from timeline.audit.reading import pages
from timeline.errors import StoreError

revision = "2"
down_revision = None

NODES = sa.table("tree_nodes", sa.column("level"), sa.column("node"), sa.column("hash", sa.LargeBinary))


def upgrade() -> None:
    """Read the log once and keep what its leaves come to. A ledger that has a tree, which was called 1 too, stays."""
    connection = op.get_bind()
    if "frontier" in {column["name"] for column in sa.inspect(connection).get_columns("log_head")}:
        return
    op.create_table(
        "tree_nodes",
        sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("node", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    frontier = _grow(connection)
    head = connection.exec_driver_sql("SELECT id, position, recorded_at FROM log_head").one()
    if connection.dialect.name == "sqlite":
        # SQLite would note a column that is added otherwise than one that the table was made with.
        op.drop_table("log_head")
        made = op.create_table("log_head", *_head())
        connection.execute(made.insert().values(**head._mapping, frontier=frontier))
        return
    op.add_column("log_head", sa.Column("frontier", sa.LargeBinary))
    log_head = sa.table("log_head", sa.column("frontier", sa.LargeBinary))
    connection.execute(log_head.update().values(frontier=frontier))
    op.alter_column("log_head", "frontier", nullable=False)


def _head() -> list[sa.Column[Any]]:
    return [
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("frontier", sa.LargeBinary, nullable=False),
    ]


def _grow(connection: sa.Connection) -> bytes:
    """Fill `tree_nodes`; gives the frontier. Raises StoreError for a log of which no tree can be made."""
    tree, findings = Growing(), Findings()
    for page in pages(connection, payloads=False):
        first = tree.size + 1
        if page.positions != tuple(range(first, first + len(page.positions))):
            lost = next(n for n, position in enumerate(page.positions, first) if n != position)
            raise StoreError(f"the log has no event at position {lost}, so no tree can be made; nothing was changed")
        hashes = leaf_hashes(page, findings)
        if findings.count:
            where = findings.kept[0].position
            raise StoreError(f"the event at position {where} cannot be read; nothing was changed")
        nodes = [{"level": level, "node": node, "hash": found} for level, node, found in tree.extend(hashes)]
        if nodes:
            connection.execute(NODES.insert(), nodes)
    position = connection.exec_driver_sql("SELECT position FROM log_head").scalar()
    if position != tree.size:
        raise StoreError(f"the log ends at position {tree.size} and should at {position}; nothing was changed")
    return b"".join(tree.frontier())
