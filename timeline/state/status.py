"""How the projections of a ledger stand, and bringing those of an older version up to date."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, func, inspect, select

from projections.all import PROJECTIONS
from timeline.progress import Progress, untold
from timeline.state.alone import keep_away
from timeline.state.rebuild import rebuild
from timeline.state.tables import TABLES, numbers
from timeline.state.tables import metadata as projections
from timeline.store import log, roles, tables
from timeline.store.database import Database
from timeline.versions import a_backup, stored_versions, versions_of_parts

BEFORE_SERVICE = 3
"""The last version of a ledger without the tables of the service."""


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
    """What was brought up to date: the log with all tables beside it, or a projection; or a table that was added."""

    name: str
    """`log`, or the name of the projection or of the table."""
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


def has_to_be_migrated(database: Database) -> bool:
    """Whether `migrate` would change anything. Raises StoreError for a database that is no ledger, or a newer one."""
    with database.reading(of_ledger=False) as connection:
        found = versions_of_parts(database, connection)
        there = set(inspect(connection).get_table_names())
    return bool(_is_older(found["log"], there) or _older(found, there))


def migrate(database: Database, *, workers: int | None = None, progress: Progress = untold) -> list[Migrated]:
    """Bring a ledger to this version: first its tables, all in one transaction, then the projections, from its log.

    Gives what was done. Raises StoreError, with nothing changed, where the tables cannot be brought up to date.
    Nobody may record with the older program meanwhile or afterwards: it would go on by its own rules.
    """
    with database.reading(of_ledger=False) as connection:
        before = versions_of_parts(database, connection)
        there = set(inspect(connection).get_table_names())
    done = upgrade_tables(database, progress) if _is_older(before["log"], there) else []
    with database.reading(of_ledger=False) as connection:
        there = set(inspect(connection).get_table_names())
        if numbers.name not in there:
            raise a_backup(database)
        older = _older(stored_versions(database, connection), there)
    # All others are folded by what merges say.
    names = [p.name for p in PROJECTIONS] if "merges" in older else older
    if names:
        rebuild(database, names, workers=workers, progress=progress)
    return done + [
        Migrated(name=p.name, before=before.get(p.name, 0), version=p.version) for p in PROJECTIONS if p.name in names
    ]


def _is_older(version: int, there: set[str]) -> bool:
    return version < tables.SCHEMA_VERSION or not tables.service.tables.keys() <= there


def _older(found: dict[str, int], there: set[str]) -> list[str]:
    return [p.name for p in PROJECTIONS if found.get(p.name, 0) < p.version or p.name not in there]


def upgrade_tables(database: Database, progress: Progress) -> list[Migrated]:
    """Run the revisions that are due while nobody else reads or writes; gives what was done.

    Projections whose rows are of another version, or may be, are then noted as such, to be made anew.
    """
    from timeline.store.migrations import upgrade  # loads Alembic, which nothing else needs

    with database.writing() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql("SELECT FROM log_head FOR UPDATE")
            connection.exec_driver_sql("LOCK TABLE schema_version IN ACCESS EXCLUSIVE MODE")
        keep_away(database, connection)
        version, there = versions_of_parts(database, connection)["log"], set(inspect(connection).get_table_names())
        # Tables of the service are no part of the log: where some are gone, they are made again.
        start = version if tables.service.tables.keys() <= there else min(version, BEFORE_SERVICE)
        reached = upgrade(connection, start, progress)
        made = [name for name in inspect(connection).get_table_names() if name not in there]
        projections.create_all(connection)  # empty, where a ledger has none: a rebuild takes the rights from them
        if not database.is_sqlite:
            roles.give_rights(connection, set(inspect(connection).get_table_names()) - there)
    log = [Migrated(name="log", before=version, version=reached)] if version < reached else []
    return log + [Migrated(name=name, before=0, version=1) for name in made]


def _count(connection: Connection, name: str, *, today: bool = False) -> int:
    table = TABLES[name]
    query = select(func.count()).select_from(table.table)
    return connection.scalar(query.where(table.known(None)) if today else query) or 0
