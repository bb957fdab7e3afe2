"""A ledger made of a backup: the log is verified, projections are made anew, and it is there whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
from sqlalchemy import Connection, delete, inspect, select
from sqlalchemy.exc import DBAPIError

from timeline import webhooks
from timeline.audit import shape
from timeline.audit.findings import Findings
from timeline.audit.verifying import Report, verify_in
from timeline.backup.copying import LOG, SERVICE, copy, misfits
from timeline.backup.files import Kept, Unfinished, Unsound, check_free, draft_of, meant, place
from timeline.backup.making import Copied, base64_of, check, fill, verified
from timeline.disk import usual_mode
from timeline.errors import StoreError
from timeline.progress import Progress, untold
from timeline.state import tables as state
from timeline.state.rebuild import rebuild
from timeline.state.status import upgrade_tables
from timeline.store import log, tables
from timeline.store.database import Database
from timeline.versions import stored_versions, versions_of_parts

STATE = tuple(state.metadata.sorted_tables)
"""The projections, and the two tables that they share."""


def restore(
    path: Path,
    database: Database,
    *,
    root: str | None = None,
    log_only: bool = False,
    workers: int | None = None,
    progress: Progress = untold,
) -> Copied:
    """Make a ledger of a backup where there is none yet, or an empty one; only with this root, if one is given.

    With `log_only`, tokens and webhooks are left out. Raises StoreError, with nothing changed, if there is no backup in
    the file or a ledger in the database, and Unsound if the log does not verify.
    """
    target = None if database.path is None else meant(database.path)
    is_new = target is not None and _is_free(target)
    if not is_new:
        with database.reading(of_ledger=False) as connection:
            _check_empty(database, connection)
    with draft_of(target or Path(tempfile.gettempdir()) / "timeline-restore") as folder:
        made = folder / "ledger.db"
        shown = str(database.path or f"a copy in {folder.parent}, where TMPDIR leads,")
        with _understood(path):
            report = _copied(path, made, shown, progress, log_only=log_only)
        if root not in (None, base64_of(report)):
            raise Unsound(f"the log in {path} has the root {base64_of(report)}, not {root}; nothing was restored")
        with closing(Unfinished(made, shown)) as fresh:
            _make_projections(fresh, workers, progress)
            with fresh.reading() as source:
                recorded_at = log.recorded_at(source, report.size)
                if not is_new:
                    _load(source, database, report, progress)
        if target is not None and is_new:
            made.chmod(usual_mode())
            place(made, target)
    return Copied(report.size, base64_of(report), recorded_at, target.stat().st_size if target else None)


def _is_free(target: Path) -> bool:
    """Whether nothing stands there. Raises StoreError where it cannot be seen, and where nothing new can stand."""
    try:
        if target.exists():
            return False
    except OSError as problem:
        raise StoreError(f"{target} cannot be opened: {problem.strerror}") from None
    check_free(target)
    return True


@contextmanager
def _understood(path: Path) -> Iterator[None]:
    """Whatever a strange file makes the driver say is said of the file."""
    try:
        yield
    except DBAPIError as problem:
        raise StoreError(f"{path} is no backup, or it is damaged: {problem.orig}; nothing was restored") from problem
    except msgspec.MsgspecError as problem:
        raise StoreError(f"{path} is no backup, or it is damaged: {problem}; nothing was restored") from problem


# -- the file ---------------------------------------------------------------------------------------------------------


def _copied(path: Path, made: Path, shown: str, progress: Progress, *, log_only: bool) -> Report:
    """Copy the log out of the file, into one that messages call `shown`, and verify the copy."""
    with closing(_present(path, made.parent, progress)) as kept, kept.reading() as source:
        findings = Findings()
        shape.check_shape(source, findings)
        if findings.count:
            first = findings.kept[0]
            raise StoreError(
                f"{path} is no backup, or somebody changed it: {first.what}: expected {first.expected}, "
                f"found {first.found}; nothing was restored"
            )
        chosen = LOG if log_only else LOG + SERVICE
        if strange := [table.name for table in chosen if misfits(source, table)]:
            raise StoreError(f"{path} is no backup: in {strange[0]} are values of another sort; nothing was restored")
        if not log_only:
            webhooks.every(source)  # so that what cannot be read is found before it lies in a ledger
        fill(made, shown, source, chosen, progress)
    return verified(Kept(made), f"the log in {path}", progress)


def _present(path: Path, folder: Path, progress: Progress) -> Kept:
    """The file, or a copy of it with the tables of this version if it was made by an older one."""
    kept = Kept(path)
    try:
        with kept.reading(of_ledger=False) as connection:
            if not inspect(connection).has_table(tables.log_head.name):
                raise StoreError(f"{path} is no backup: no ledger is in it; nothing was restored")
            version = versions_of_parts(kept, connection)["log"]
    except TypeError as problem:  # a version that is no number
        kept.close()
        raise StoreError(f"{path} is no backup: {problem}; nothing was restored") from problem
    except BaseException:
        kept.close()
        raise
    if version == tables.SCHEMA_VERSION:
        return kept
    kept.close()
    older = folder / "older.db"
    shutil.copyfile(path, older)
    with closing(Unfinished(older, str(path))) as database:
        upgrade_tables(database, progress)
    return Kept(older)


# -- the ledger -------------------------------------------------------------------------------------------------------


def _make_projections(database: Database, workers: int | None, progress: Progress) -> None:
    with database.writing() as connection:
        state.metadata.create_all(connection, [state.numbers, state.entry_keys], checkfirst=False)
    rebuild(database, workers=workers, progress=progress)


def _check_empty(database: Database, connection: Connection) -> bool:
    """Whether an empty ledger stands there, or nothing. Raises StoreError where there is anything else."""
    if not inspect(connection).get_table_names():
        return False
    stored_versions(database, connection)
    looked_at = (tables.events, tables.payloads, tables.checkpoints, tables.tracking, *SERVICE)
    if any(connection.execute(select(table).limit(1)).first() for table in looked_at):
        raise StoreError(f"{database.shown} holds a ledger already; nothing was changed")
    return True


def _load(source: Connection, database: Database, report: Report, progress: Progress) -> None:
    """Copy all tables into a database, in one transaction that commits when the log in it was verified."""
    try:
        with database.writing() as target:
            database.make_schema(target)
            if not _check_empty(database, target):
                tables.create(target)
                state.metadata.create_all(target, checkfirst=False)
            elif not database.is_sqlite:
                target.exec_driver_sql("SELECT FROM log_head FOR UPDATE")
                _check_empty(database, target)  # nobody can record any more
            target.execute(delete(tables.log_head))
            target.execute(delete(tables.schema_version))
            copy(source, target, (*LOG, tables.schema_version, *SERVICE, *STATE), progress)
            done = verify_in(target, needs_checkpoint=False, progress=progress)
            check(done, f"what arrived in {database.shown}")
            if done.root != report.root:
                raise Unsound(f"what arrived in {database.shown} has another root; nothing was restored")
            if not database.is_sqlite:
                target.exec_driver_sql("ANALYZE")
    except DBAPIError as problem:
        raise StoreError(f"{database.shown} cannot take it: {problem.orig}; nothing was restored") from problem
