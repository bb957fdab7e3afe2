"""Which ledger stands at an address, and of which version of this program its parts are."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, inspect, select

from projections.all import PROJECTIONS
from timeline.errors import StoreError
from timeline.state import tables as state_tables
from timeline.store import tables
from timeline.store.database import Database


def database_at(address: str) -> Database:
    """The database of a ledger, of whatever version. Raises StoreError if there is none."""
    database = Database(address)
    path = database.path
    if path is None:
        return database
    try:
        is_there, is_folder = path.exists(), path.is_dir()
    except OSError as problem:  # a folder that may not be looked into
        raise StoreError(f"{path} cannot be opened: {problem.strerror}", "the ledger cannot be opened") from None
    if is_folder:
        raise StoreError(f"{path} is a folder: name a file in it")
    if not is_there:
        raise StoreError(f"there is no ledger at {path}: make one with `timeline init` or `timeline demo`")
    return database


def stored_versions(database: Database, connection: Connection) -> dict[str, int]:
    """The version of each projection in the ledger; 0 for one that it does not have yet.

    Raises StoreError for a database that is no ledger, one of a newer program, or one whose log is older.
    """
    found = versions_of_parts(database, connection)
    if found["log"] < tables.SCHEMA_VERSION:
        raise _has_to_be_migrated(database, ["log"])
    return {p.name: found.get(p.name, 0) for p in PROJECTIONS}


def versions_of_parts(database: Database, connection: Connection) -> dict[str, int]:
    """The version of the log and of every projection that the ledger has.

    Raises StoreError for a database that is no ledger, or one of a newer program.
    """
    found: dict[str, int] = {}
    if {"schema_version", "log_head"} <= set(inspect(connection).get_table_names()):
        found = {row.part: row.version for row in connection.execute(select(tables.schema_version))}
    if "log" not in found:
        raise StoreError(f"{database.shown} is no ledger: make one elsewhere with `timeline init`")
    wanted = {"log": tables.SCHEMA_VERSION} | {p.name: p.version for p in PROJECTIONS}
    newer = [part for part, version in found.items() if version > wanted.get(part, 0)]
    if newer:
        raise StoreError(f"{database.shown} was made by a newer version of this program ({', '.join(newer)})")
    return found


def check_versions(database: Database, connection: Connection) -> None:
    """Raises StoreError for a ledger that this version of the program cannot read and write as it stands."""
    found = stored_versions(database, connection)
    if not any(found.values()) and not inspect(connection).has_table(state_tables.numbers.name):
        raise a_backup(database)
    if older := [p.name for p in PROJECTIONS if found[p.name] < p.version]:
        raise _has_to_be_migrated(database, older)


def a_backup(database: Database) -> StoreError:
    """What to say of a file that holds the tables of a ledger but for its projections."""
    return StoreError(f"{database.shown} is a backup: `timeline restore` makes a ledger of it")


def _has_to_be_migrated(database: Database, older: Sequence[str]) -> StoreError:
    return StoreError(
        f"{database.shown} is of an older version ({', '.join(older)}) and has to be migrated: run `timeline migrate`"
    )
