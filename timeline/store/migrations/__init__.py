"""Bringing the schema of an older ledger to the present one, by the revisions of Alembic in `versions`.

`tables` says what a new ledger is made of; each revision says in words of its own how one version became the next, so
that it stays true when `tables` goes on. Only the reading of events and the hash of a leaf are taken from the audit:
the format of the log fixes both, and the tests bring stored ledgers of every version up. A version is the number in
`schema_version`, and Alembic keeps no table of its own beside it. Loaded by `timeline migrate` and by nothing else:
Alembic takes longer to load than most answers.
"""

from __future__ import annotations

from pathlib import Path

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection

from timeline.progress import Progress, untold
from timeline.store.tables import schema_version


def upgrade(connection: Connection, version: int, progress: Progress = untold) -> int:
    """Run every revision after a version, in the transaction of the connection; gives the version reached.

    The caller holds the write lock. If one of them raises, whatever was done goes with the transaction.
    """
    due = [revision for revision in revisions() if number(revision) > version]
    with Operations.context(MigrationContext.configure(connection)):
        for done, revision in enumerate(due):
            progress("migrating", done, len(due))
            revision.module.upgrade()
            version = number(revision)
    connection.execute(schema_version.update().where(schema_version.c.part == "log").values(version=version))
    return version


def revisions() -> list[Script]:
    """All revisions, oldest first."""
    return list(ScriptDirectory(str(Path(__file__).parent)).walk_revisions())[::-1]


def number(revision: Script) -> int:
    """The version that a revision leads to."""
    return int(revision.revision)
