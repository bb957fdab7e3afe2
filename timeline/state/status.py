"""How the projections of a ledger stand, and bringing those of an older version up to date."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, func, inspect, select

from projections.all import PROJECTIONS
from timeline.ledger import stored_versions
from timeline.progress import Progress, untold
from timeline.state.rebuild import rebuild
from timeline.state.tables import TABLES
from timeline.store import log, roles, tables
from timeline.store.database import Database


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """How a projection stands."""

    name: str
    stored_version: int
    """The version that its rows were made by; 0 when there are none yet."""
    version: int
    """The version of this program."""
    rows: int
    """All that were ever known."""
    rows_today: int
    """Those of today's knowledge."""
    position: int
    """The position of the log up to which it is kept."""
    lag: int
    """How many events it is behind: always 0, as it is kept in the transaction that records."""


class Migrated(msgspec.Struct, frozen=True, kw_only=True):
    """A projection that was brought up to date, or a table that the service needs."""

    name: str
    before: int
    """Its version before; 0 when the ledger did not have it."""
    version: int


def status(database: Database) -> list[Status]:
    """Every projection, in the order in which they are kept. Also of a ledger that has to be migrated."""
    with database.reading(of_ledger=False) as connection:
        stored = stored_versions(database, connection)
        head = log.head_position(connection)
        there = inspect(connection).get_table_names()
        return [
            Status(
                name=p.name,
                stored_version=stored[p.name],
                version=p.version,
                rows=_count(connection, p.name) if p.name in there else 0,
                rows_today=_count(connection, p.name, today=True) if p.name in there else 0,
                position=head,
                lag=0,
            )
            for p in PROJECTIONS
        ]


def migrate(database: Database, *, workers: int | None = None, progress: Progress = untold) -> list[Migrated]:
    """Make anew what an older version of the program made, or did not make; gives what that was.

    Nobody may record with the older program meanwhile or afterwards: it would go on by its own rules.
    """
    with database.reading(of_ledger=False) as connection:
        stored = stored_versions(database, connection)
        there = inspect(connection).get_table_names()
    older = [p for p in PROJECTIONS if stored[p.name] < p.version or p.name not in there]
    if any(p.name == "merges" for p in older):
        names = [p.name for p in PROJECTIONS]  # all others are folded by what it says
    else:
        names = [p.name for p in older]
    if names:
        rebuild(database, names, workers=workers, progress=progress)
    done = [Migrated(name=p.name, before=stored[p.name], version=p.version) for p in PROJECTIONS if p.name in names]
    if tables.service.tables.keys() <= set(there):
        return done
    return done + [Migrated(name=name, before=0, version=1) for name in _add_service(database)]


def _add_service(database: Database) -> list[str]:
    """Make the tables of the service in a ledger that was made before there were any."""
    with database.writing() as connection:
        made = tables.create_service(connection)
        if made and not database.is_sqlite:
            roles.give_rights(connection, made)
    return made


def _count(connection: Connection, name: str, *, today: bool = False) -> int:
    table = TABLES[name]
    query = select(func.count()).select_from(table.table)
    return connection.scalar(query.where(table.known(None)) if today else query) or 0
