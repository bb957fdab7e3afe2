"""`import`: what files hold, into the ledger."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import click
import msgspec

from events.base import Names
from events.kinds import plain
from events.register import Entity
from timeline.commands.context import Asked, asks
from timeline.errors import BadData
from timeline.files.yamlfile import Document, read
from timeline.importing import Action, Report, import_documents

MARKS = {"new": "+", "corrected": "~", "unchanged": " ", "retracted": "!"}


@click.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option("--dry-run", is_flag=True, help="Check everything and show what would be recorded; record nothing.")
@click.option("--keep-going", is_flag=True, help="Record what is good and report the rest.")
@click.option("--prune", is_flag=True, help="Retract events of an earlier import of the files that are gone from them.")
@click.option("--by", help="Who records; your account's name if nothing is said.  [TIMELINE_USER]")
@asks
def import_(asked: Asked, files: tuple[str, ...], dry_run: bool, keep_going: bool, prune: bool, by: str | None) -> int:
    """Record what YAML files hold and the ledger does not; `-` is standard input.

    An event whose id is there already is passed over if it says the same, and corrected if it says something else. All
    files are recorded together, or, if anything is wrong, nothing is.

    \b
        timeline import examples/meta-ai.yaml --dry-run
    """
    with asked.ledger() as ledger:
        documents = [_read(name) for name in files]
        report = import_documents(ledger, documents, by=by or "", dry_run=dry_run, keep_going=keep_going, prune=prune)
        with ledger.ask() as view:
            known = {i.event.id: i.event.name for d in documents for i in d.items if isinstance(i.event, Entity)}
            _show(asked, report, lambda given: known.get(given) or view.headline_name(given), dry_run=dry_run)
    return 4 if report.mistakes else 0


def _read(name: str) -> Document:
    if name == "-":
        return read(sys.stdin.buffer.read(), "<stdin>")
    try:
        return read(Path(name).read_bytes(), name)
    except OSError as problem:
        raise BadData(f"{name} cannot be read: {problem.strerror or problem}. Nothing was recorded.") from None


def _show(asked: Asked, report: Report, names: Names, *, dry_run: bool) -> None:
    if dry_run:
        asked.output.text("".join(f"{line}\n" for line in _planned(report, names)))
    counts = {action: report.count(action) for action in get_args(Action)}
    said = ", ".join(f"{n} {action}" for action, n in counts.items() if n or action == "new")
    if report.pruned:
        said += f", {len(report.pruned)} pruned"
    if report.shown_mistakes:
        asked.output.note(report.shown_mistakes)
        said += f"; {len(report.mistakes)} left out"
    if dry_run:
        asked.output.note(f"Would record: {said}. Nothing was recorded.")
    elif report.batch is None:
        asked.output.note(f"Nothing to record: {said}.")
    else:
        first, last = report.batch.first, report.batch.last
        where = f"position {last}" if first == last else f"positions {first} to {last}"
        asked.output.note(f"Recorded {said} ({where}).")


def _planned(report: Report, names: Names) -> Iterator[str]:
    """The plan, like a diff: what is new, what changes from what to what, what is retracted."""
    for step in report.steps:
        if step.action != "unchanged":
            yield f"{MARKS[step.action]} {step.item.name}: {step.item.event.headline(names)}"
        if step.before is not None:
            old, new = plain(step.before), plain(step.item.event)
            for field in dict.fromkeys((*old, *new)):
                if old.get(field) != new.get(field):
                    yield f"    {field}: {_value(old.get(field))} → {_value(new.get(field))}"
    for gone in report.pruned:
        yield f"- {getattr(gone.event, 'id', '')}: {gone.event.headline(names)}"


def _value(value: object) -> str:
    return "nothing" if value is None else value if isinstance(value, str) else msgspec.json.encode(value).decode()


COMMANDS = {"import": import_}
