"""`backup`, `restore`: the ledger in one file, and a ledger made of that file."""

from __future__ import annotations

from pathlib import Path

import click

from timeline.backup.making import Copied, backup
from timeline.backup.restoring import restore
from timeline.commands.context import Asked, acts, workers_option
from timeline.errors import UsageError
from timeline.ledger import Ledger
from timeline.moments import instant
from timeline.printing.output import Envelope
from timeline.printing.progress import bar
from timeline.printing.sheets import Column, Line, Sheet
from timeline.printing.words import counted
from timeline.store.database import Database

PATH = click.Path(path_type=Path)


@click.command("backup")
@click.argument("file", type=PATH)
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@acts
def back_up(asked: Asked, file: Path, force: bool) -> None:
    """Copy the ledger, as it stands at this moment, into FILE, while others record in it.

    The copy is read again and verified before it gets its name; how many events it holds and their root are printed.
    FILE holds everything that was not erased, and the keys that webhooks are signed with: keep it as safe as the
    ledger.

    \b
        timeline backup /backups/timeline-2025-12-31.db
    """
    if str(file) == "-":
        raise UsageError("a backup is a file: name one")
    with Ledger.open(asked.address) as ledger, bar(quiet=asked.output.quiet) as progress:
        made = backup(ledger.database, file, force=force, progress=progress)
    _show(asked, made, file)
    asked.output.note(f"Verified: {counted(made.events, 'event')} in {file}.")


@click.command("restore")
@click.argument("file", type=PATH)
@click.option("--root", metavar="ROOT", help="Only if the log has this root, as `timeline backup` printed it.")
@click.option("--log-only", is_flag=True, help="Leave out tokens and webhooks: for a copy beside the original.")
@workers_option
@acts
def bring_back(asked: Asked, file: Path, root: str | None, log_only: bool, workers: int | None) -> None:
    """Make a ledger of the backup in FILE where --db says: a new file, an empty database, or an empty ledger.

    The log is verified and the projections are made anew from it. A ledger that holds anything is left alone, and the
    new one is there as a whole or not at all.

    \b
        timeline --db again.db restore /backups/timeline-2025-12-31.db
    """
    database = Database(asked.address)
    try:
        with bar(quiet=asked.output.quiet) as progress:
            made = restore(file, database, root=root, log_only=log_only, workers=workers, progress=progress)
    finally:
        database.close()
    _show(asked, made, database.shown)
    asked.output.note(f"Restored and verified: {counted(made.events, 'event')} in {database.shown}.")


def _show(asked: Asked, made: Copied, where: Path | str) -> None:
    recorded = None if made.recorded_at is None else instant(made.recorded_at)
    item = {"file": str(where), "events": made.events, "root": made.root, "bytes": made.size}
    columns = (Column("events", fixed=True, right=True), Column("root"))
    sheet = Sheet("backup", "", columns, [Line((str(made.events), made.root))], marked=False)
    asked.output.answer([item], [sheet], Envelope(None, recorded, made.events, root=made.root))


COMMANDS = {"backup": back_up, "restore": bring_back}
