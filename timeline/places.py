"""Tables that came later than the log: a ledger from before them gets a place for them by `timeline migrate`."""

from __future__ import annotations

from sqlalchemy import Connection, Table, inspect

from timeline.errors import StoreError


def is_kept(connection: Connection, table: Table) -> bool:
    """Whether the ledger has a place for what stands in a table."""
    return inspect(connection).has_table(table.name)


def require(connection: Connection, table: Table) -> None:
    """Raises StoreError for a ledger that was made before there was such a table."""
    if not is_kept(connection, table):
        why = f"this ledger was made before there were {table.name}: run `timeline migrate`"
        raise StoreError(why, why)
