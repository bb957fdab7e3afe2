"""`audit seal`: a signed checkpoint, in the database and outside of it."""

from __future__ import annotations

from pathlib import Path

import click

from timeline.audit import keys
from timeline.audit.sealing import Sealed, Sealer
from timeline.commands.context import Asked, acts
from timeline.printing.output import Envelope
from timeline.printing.progress import bar
from timeline.printing.sheets import Column, Line, Sheet

folder_option = click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path),
    envvar="TIMELINE_CHECKPOINTS",
    help="The folder outside of the database that keeps the checkpoints.  [TIMELINE_CHECKPOINTS]",
)


@click.command("seal")
@click.option(
    "--key", "key_file", type=click.Path(path_type=Path), required=True, help="The file of the private key that signs."
)
@folder_option
@acts
def seal(asked: Asked, key_file: Path, folder: Path | None) -> None:
    """Sign how long the log is and what it comes to; write that outside of the database, and keep a copy in it.

    Prints the three lines that are signed, to be printed on paper as well. Refuses, with exit status 7, if the log does
    not go on from the last checkpoint. Sealing twice what has not changed adds nothing.

    \b
        timeline audit seal --key seal.key --to checkpoints/
    """
    signer = keys.private(key_file)
    with asked.ledger() as ledger, bar(quiet=asked.output.quiet) as progress:
        sealed = Sealer(ledger.database, (signer,), folder).seal(progress)
    show(asked, sealed)


def show(asked: Asked, sealed: Sealed) -> None:
    """The three lines, and where they stand."""
    checkpoint = sealed.checkpoint
    lines = checkpoint.text.splitlines()
    if asked.output.format in ("table", "tsv"):
        asked.output.text(checkpoint.text)
    else:
        item = {"origin": checkpoint.origin, "size": checkpoint.size, "root": lines[2], "note": sealed.note}
        item |= {"file": None if sealed.path is None else str(sealed.path), "new": sealed.is_new}
        asked.output.answer([item], [_sheet(lines)], Envelope(None, None, checkpoint.size, root=lines[2]))
    where = "in the database only; --to names a folder outside" if sealed.path is None else f"in {sealed.path}"
    asked.output.note(f"{'Sealed' if sealed.is_new else 'Sealed already'}: {where}")


def _sheet(lines: list[str]) -> Sheet:
    return Sheet("checkpoint", "", (Column(""),), [Line((line,)) for line in lines], marked=False)


COMMANDS = {"seal": seal}
