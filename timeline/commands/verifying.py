"""`audit verify`: whether the log is what was recorded."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import click

from timeline.audit import keys
from timeline.audit.checkpoints import Keys
from timeline.audit.findings import Finding
from timeline.audit.verifying import Report, verify
from timeline.backup.files import to_be_read
from timeline.commands.context import Asked, acts
from timeline.errors import MISMATCH, UsageError
from timeline.printing.output import Envelope
from timeline.printing.progress import bar
from timeline.printing.sheets import Cell, Column, Line, Sheet
from timeline.versions import stored_versions

PATH = click.Path(path_type=Path)


@click.command("verify")
@click.option(
    "--checkpoint",
    "outside",
    type=PATH,
    multiple=True,
    help="A checkpoint kept outside, or the folder of them; may be repeated.  [TIMELINE_CHECKPOINTS]",
)
@click.option(
    "--key",
    "given",
    multiple=True,
    metavar="KEY|FILE",
    help="A public key to trust, the log's or a witness's, as text or in a file; may be repeated.",
)
@click.option("--journal", type=PATH, help="The journal that writers kept.  [TIMELINE_JOURNAL]")
@click.option("--no-checkpoint", is_flag=True, help="Look only at what the database itself can tell.")
@acts
def verify_log(
    asked: Asked, outside: tuple[Path, ...], given: tuple[str, ...], journal: Path | None, no_checkpoint: bool
) -> int:
    """Check the log from its beginning to its end, and every checkpoint of it; changes nothing.

    Whoever can write to the database can make it look consistent. What is wrong then shows by a checkpoint kept
    elsewhere, and before the first of those by a journal. Exits with 7 if anything is found, or if no checkpoint
    outside was compared and --no-checkpoint was not given.

    \b
        timeline audit verify --checkpoint checkpoints/ --key seal.pub
    """
    trusted = Keys.of(key for text in given for key in keys.public(text))
    paths = _outside(outside, no_checkpoint=no_checkpoint)
    if paths and not trusted.log:
        raise UsageError("a checkpoint proves nothing without the key that signed it: name it with --key")
    noted = journal or (Path(name) if (name := os.environ.get("TIMELINE_JOURNAL")) else None)
    database = to_be_read(asked.address)
    try:
        with database.reading(of_ledger=False) as connection:
            stored_versions(database, connection)
        with bar(quiet=asked.output.quiet) as progress:
            report = verify(
                database,
                keys=trusted,
                outside=paths,
                journal=noted,
                needs_checkpoint=not no_checkpoint,
                progress=progress,
            )
    finally:
        database.close()
    _show(asked, report)
    return MISMATCH if report.total else 0


def _outside(named: tuple[Path, ...], *, no_checkpoint: bool) -> list[Path]:
    if named and no_checkpoint:
        raise UsageError("--checkpoint and --no-checkpoint contradict each other")
    usual = os.environ.get("TIMELINE_CHECKPOINTS")
    return list(named) or ([Path(usual)] if usual and not no_checkpoint else [])


def _show(asked: Asked, report: Report) -> None:
    columns = (Column("position", fixed=True, right=True), Column("what"), Column("expected"), Column("found"))
    heads = Line(tuple(Cell(c.name, "bold") for c in columns))
    lines = [_line(finding) for finding in report.findings]
    if asked.output.format == "table" and lines:
        lines = [heads, *lines]
    root = base64.b64encode(report.root).decode()
    sheets = [Sheet("finding", "", columns, lines, marked=False, empty=_nothing(report), wrap=True)]
    head = f"{report.verdict[0].upper()}{report.verdict[1:]}"
    asked.output.answer(report.findings, sheets, Envelope(None, None, report.size, root=root), head=head)
    if asked.output.format != "table":
        asked.output.note(head)
    for said in _besides(report):
        asked.output.note(said)


def _line(finding: Finding) -> Line:
    position = "" if finding.position is None else f"{finding.position}"
    return Line((position, finding.what, finding.expected, Cell(finding.found, "red")))


def _nothing(report: Report) -> str:
    return "every event, payload, batch, trigger and node of the tree is as it must be"


def _besides(report: Report) -> list[str]:
    """What else whoever reads the verdict has to know."""
    said = []
    if report.unsigned:
        said.append("The signatures in the database were not verified: no key was given (--key).")
    if report.journaled_after is not None:
        since = f" from position {report.journaled_after + 1} on" if report.journaled_after else ""
        said.append(f"Compared with the journal{since}.")
    said += [f"Seen by the witness {name} up to position {size}." for name, size in report.witnessed.items()]
    if report.total > len(report.findings):
        said.append(f"Shown are the first findings of each sort; there are {report.total:,}.")
    return said


COMMANDS = {"verify": verify_log}
