"""`import`: what files hold, into the ledger."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, get_args

import click
import msgspec

from events.base import Names
from events.kinds import plain
from events.register import Entity
from timeline.commands.context import Asked, records
from timeline.entries import entry_named
from timeline.errors import BadData, UnknownName, UsageError
from timeline.imports.document import Document
from timeline.imports.formats import FORMATS, format_of, format_told, opener
from timeline.imports.places import BadFile
from timeline.imports.plan import Action
from timeline.imports.recording import Report, import_documents
from timeline.naming import near
from timeline.printing import progress
from timeline.view import View

STDIN = "<stdin>"
"""What messages call standard input."""

MARKS = {"new": "+", "corrected": "~", "unchanged": " ", "kept": "=", "retracted": "!", "erased": "x"}


@click.command("import", epilog="Formats: " + "; ".join(f"{name} - {f.about}" for name, f in FORMATS.items()) + ".")
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option("--read-as", metavar="FORMAT", help="The format of the files; their names tell it if nothing is said.")
@click.option("--dry-run", is_flag=True, help="Check everything and show what would be recorded; record nothing.")
@click.option("--keep-going", is_flag=True, help="Record what is good and report the rest.")
@click.option("--prune", is_flag=True, help="Retract what these files recorded before and hold no more.")
@click.option(
    "--missing-end",
    type=click.Choice(("unknown", "ongoing")),
    help="Of Popolo: what it means that a membership has no end; unknown if nothing is said.",
)
@click.option("--by", help="Who records; your account's name if nothing is said.  [TIMELINE_USER]")
@records
def import_(
    asked: Asked,
    files: tuple[str, ...],
    read_as: str | None,
    dry_run: bool,
    keep_going: bool,
    prune: bool,
    missing_end: str | None,
    by: str | None,
) -> int:
    """Record what files hold and the ledger does not; `-` is standard input.

    An event whose id is there already is passed over if it says the same, and corrected if it says something else. All
    files are recorded together, or, if anything is wrong, nothing is.

    \b
        timeline import examples/meta-ai.yaml --dry-run
    """
    if prune and keep_going:
        raise UsageError(
            "--prune would retract what --keep-going leaves out: give one of them, mend the file, then give the other"
        )
    if read_as is not None and read_as not in FORMATS:
        raise UnknownName(read_as, near(read_as, FORMATS) or list(FORMATS), "format")
    options = {"missing_end": missing_end} if missing_end else {}
    guessed = [name for name in files if read_as is None and format_told(name) is None]
    with asked.ledger() as ledger, ExitStack() as opened, _with_hint(guessed):
        documents, unread = [], []
        for name in files:
            try:
                documents.append(_opened(opened, name, opener(read_as or format_of(name), options)))
            except BadData as problem:
                if not keep_going or len(files) == 1:
                    raise
                unread.append(str(problem).removesuffix("Nothing was recorded.").rstrip())
        if not documents:
            raise BadData("\n".join([*unread, "Nothing was recorded."]))
        with progress.bar(quiet=asked.output.quiet) as tell:
            report = import_documents(
                ledger, documents, by=by or "", dry_run=dry_run, keep_going=keep_going, prune=prune, tell=tell
            )
        with report.plan, ledger.ask() as view:
            _show(asked, report, view, unread, dry_run=dry_run)
            if not asked.output.quiet:
                for note in (n for d in documents for n in d.notes(view)):
                    asked.output.note(note)
    return 4 if report.mistakes or unread else 0


@contextmanager
def _with_hint(guessed: Sequence[str]) -> Iterator[None]:
    """Add to what is wrong that the format of some files was only guessed."""
    try:
        yield
    except BadFile as problem:
        if not any(mistake.place.file in (name, STDIN) for mistake in problem.mistakes for name in guessed):
            raise
        hint = f"({guessed[0]} was read as yaml, as its name tells no format; --read-as FORMAT says which it is)"
        raise BadFile(problem.mistakes, f"{problem}\n{hint}") from None


def _opened(opened: ExitStack, name: str, open_document: Callable[[BinaryIO, str], Document]) -> Document:
    try:
        if name == "-":
            file: BinaryIO = opened.enter_context(tempfile.TemporaryFile())  # noqa: SIM115  # closed by the stack
            shutil.copyfileobj(sys.stdin.buffer, file)
            file.seek(0)
            return open_document(file, STDIN)
        return open_document(opened.enter_context(Path(name).open("rb")), name)
    except OSError as problem:
        raise BadData(f"{name} cannot be read: {problem.strerror or problem}. Nothing was recorded.") from None


def _show(asked: Asked, report: Report, view: View, unread: Sequence[str], *, dry_run: bool) -> None:
    if dry_run:
        asked.output.lines(_planned(report, _names(report, view)))
    counts = {action: report.count(action) for action in get_args(Action)}
    said = ", ".join(f"{n} {action}" for action, n in counts.items() if n or action == "new")
    if report.left_out:
        said += f", {report.left_out} about what was erased left out"
    if report.pruned:
        said += f", {len(report.pruned)} gone from the file and retracted"
    for message in unread:
        asked.output.note(message)
    if unread:
        said += f"; {len(unread)} file{'s' if len(unread) > 1 else ''} left out"
    if report.shown_mistakes:
        asked.output.note(report.shown_mistakes)
        said += f"; {len(report.mistakes)} left out"
    if report.count("kept") and not dry_run:
        said += " (the ledger was corrected since; --dry-run shows where the file differs)"
    if dry_run:
        asked.output.note(f"Would record: {said}. Nothing was recorded.")
    elif report.batch is None:
        asked.output.note(f"Nothing to record: {said}.")
    else:
        first, last = report.batch.first, report.batch.last
        where = f"position {last}" if first == last else f"positions {first} to {last}"
        asked.output.note(f"Recorded {said} ({where}).")


def _names(report: Report, view: View) -> Names:
    """The names that the files give to entities, before those that the ledger has."""

    @lru_cache(maxsize=50_000)
    def name(given: str) -> str:
        event = report.plan.named(entry_named("entity", given))
        return event.name if isinstance(event, Entity) else view.headline_name(given)

    return name


def _planned(report: Report, names: Names) -> Iterator[str]:
    """The plan, like a diff: what is new, what changes from what to what, what is retracted."""
    for step in report.plan.steps():
        if step.action != "unchanged":
            yield f"{MARKS[step.action]} {step.name}: {step.event.headline(names)}"
        if step.before is not None:
            old, new = plain(step.before), plain(step.event)
            for field in dict.fromkeys((*old, *new)):
                if old.get(field) != new.get(field):
                    yield f"    {field}: {_value(old.get(field))} → {_value(new.get(field))}"
    for gone in report.pruned:
        yield f"- {getattr(gone.event, 'id', '')}: {gone.event.headline(names)}"


def _value(value: object) -> str:
    return "nothing" if value is None else value if isinstance(value, str) else msgspec.json.encode(value).decode()


COMMANDS = {"import": import_}
