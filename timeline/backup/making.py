"""A backup: the log and the tables of the service, as of one moment, in one file that was verified."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Table

from timeline.audit.verifying import Report, verify
from timeline.backup.copying import LOG, SERVICE, copy
from timeline.backup.files import Draft, Kept, Unsound, check_free, draft_of, meant, place
from timeline.disk import files_of
from timeline.errors import UsageError
from timeline.progress import Progress, untold
from timeline.store import log, tables
from timeline.store.database import Database
from timeline.store.nodes import root_text


class Copied(NamedTuple):
    """What a backup holds, or a ledger that was made of one."""

    events: int
    root: str
    """The root of the tree over the log, in base64."""
    recorded_at: int | None
    """When the last event was recorded, in microseconds since 1970."""
    size: int | None
    """Bytes of the file; None on PostgreSQL, which keeps a ledger in no file of its own."""


def backup(database: Database, path: Path, *, force: bool = False, progress: Progress = untold) -> Copied:
    """Copy a ledger, as it stands now, into a new file, while others record in it.

    The projections stay behind: they are made of the log again. Raises StoreError if the file exists, unless `force`
    replaces it, and Unsound, with no file written, where the log does not verify.
    """
    path = meant(path)
    if database.path is not None and path.resolve() in files_of(database.path.resolve()):
        raise UsageError(f"{path} is the ledger itself, or a part of it: name another file")
    check_free(path, force=force)
    if database.path is not None and path.exists() and path.samefile(database.path):
        raise UsageError(f"{path} is the ledger itself: name another file")
    with draft_of(path) as folder:
        made = folder / "backup.db"
        with database.reading() as source:
            position = log.head_position(source)
            fill(made, str(path), source, LOG + SERVICE, progress)
            root, recorded_at = root_text(source, position), log.recorded_at(source, position)
        report = verified(Kept(made), f"the log of {database.shown}", progress)
        if (report.size, base64_of(report)) != (position, root):
            raise Unsound(f"the copy of {database.shown} has another root than its log; no backup was made")
        size = made.stat().st_size
        place(made, path, force=force)
    return Copied(position, base64_of(report), recorded_at, size)


def fill(made: Path, shown: str, source: Connection, chosen: Sequence[Table], progress: Progress) -> None:
    """Make a file with the tables of a ledger, which messages call `shown`, and copy some of them into it."""
    with closing(Draft(made, shown)) as draft, draft.writing() as target:
        tables.create_tables(target)
        copy(source, target, chosen, progress)
        tables.create_triggers(target)  # last: they look at every row that is added


def verified(copied: Database, what: str, progress: Progress) -> Report:
    """The report on a copy in which nothing was found. Raises Unsound."""
    with closing(copied):
        report = verify(copied, needs_checkpoint=False, progress=progress)
    check(report, what)
    return report


def check(report: Report, what: str) -> None:
    """Raises Unsound if anything was found."""
    if report.total:
        first = report.findings[0]
        where = "" if first.position is None else f" at position {first.position}"
        more = f", and {report.total - 1} more" if report.total > 1 else ""
        raise Unsound(
            f"{what} is not what was recorded: {first.what}{where}: expected {first.expected}, "
            f"found {first.found}{more}; nothing was kept. `timeline audit verify` finds all that was changed"
        )


def base64_of(report: Report) -> str:
    """The root as a checkpoint has it."""
    return base64.b64encode(report.root).decode()
