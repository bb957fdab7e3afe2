"""`audit prove`, `prove-consistency`, `replay` and `bundle`: what an auditor carries away."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import click

from timeline.audit import bundling, checkpoints, proofs
from timeline.audit.replaying import Differing, Report, replay
from timeline.audit.reporting import page, verdict
from timeline.commands.context import Asked, acts, asks, workers_option
from timeline.commands.target import target
from timeline.errors import MISMATCH, UsageError
from timeline.knowing import known_position
from timeline.printing import words
from timeline.printing.envelope import known_at
from timeline.printing.output import Envelope
from timeline.printing.progress import bar
from timeline.printing.sheets import Cell, Column, Line, Sheet
from timeline.reasons import find_entry

if TYPE_CHECKING:
    from timeline.view import View

PATH = click.Path(path_type=Path)
checkpoint_option = click.option(
    "--checkpoint", "given", type=PATH, help="The checkpoint to prove it by; the newest in the ledger unless given."
)


# -- proofs -----------------------------------------------------------------------------------------------------------


@click.command("prove")
@click.argument("entry")
@click.option("--version", type=click.IntRange(1), help="Only this version of the entry; all unless given.")
@checkpoint_option
@click.option("-o", "--output", "file", metavar="FILE", default="-", help="Write here; standard output if not given.")
@acts
def prove(asked: Asked, entry: str, version: int | None, given: Path | None, file: str) -> None:
    """Prove that ENTRY stands in the sealed log, as whoever has the key of the log can check without the ledger.

    The proof is a C2SP tlog-proof. It carries the leaf of the event, which is also printed: beside the file that -o
    names, or else to standard error. An entry of several versions has as many proofs; -o FILE then numbers them.

    \b
        timeline audit prove goyal-leaves-meta -o goyal.tlog-proof
    """
    sealed = _sealed(given)
    with asked.view() as view:
        found = proofs.prove(view.connection, find_entry(view, entry), version, sealed)
    if asked.output.format in ("json", "jsonl", "csv") and file == "-":
        items = [
            {"entry": p.entry, "version": p.version, "position": p.position, "leaf": p.leaf, "proof": p.proof.text}
            for p in found
        ]
        asked.output.answer(items, [], _of_checkpoint(found[0].proof.note))
        return
    for proven in found:
        with target(
            file if file == "-" or len(found) == 1 else _numbered(file, proven.version), asked.ledger_file
        ) as out:
            out.write(proven.proof.text.encode())
        (asked.output.note if file == "-" else asked.output.text)(proven.leaf)


def _sealed(given: Path | None) -> proofs.Sealed | None:
    return None if given is None else proofs.Sealed.read(checkpoints.read_file(given))


def _numbered(file: str, version: int) -> str:
    """`goyal.tlog-proof` as `goyal-2.tlog-proof`."""
    path = Path(file)
    return str(path.with_name(f"{path.stem}-{version}{path.suffix}"))


def _of_checkpoint(note: str) -> Envelope:
    said = proofs.Sealed.read(note.encode()).checkpoint
    return Envelope(None, None, said.size, root=proofs.base64_of(said.root))


@click.command("prove-consistency")
@click.argument("old", metavar="M", type=click.IntRange(0))
@click.argument("new", metavar="N", type=click.IntRange(0))
@checkpoint_option
@acts
def prove_consistency(asked: Asked, old: int, new: int, given: Path | None) -> None:
    """Prove that the log of N events begins with what it was at M events: nothing before was changed.

    Prints what a witness is asked with (C2SP tlog-witness): `old M`, the hashes, and the checkpoint of N events if
    there is one.

    \b
        timeline audit prove-consistency 310 420
    """
    sealed = _sealed(given)
    if sealed is not None and sealed.checkpoint.size != new:
        raise UsageError(f"the checkpoint is of {sealed.checkpoint.size} events, not of {new}")
    with asked.view() as view:
        found = proofs.prove_consistency(view.connection, old, new, sealed)
    roots = proofs.base64_of(found.old_root), proofs.base64_of(found.new_root)
    item = {
        "old": old,
        "old_root": roots[0],
        "new": new,
        "new_root": roots[1],
        "hashes": list(map(proofs.base64_of, found.hashes)),
        "checkpoint": found.sealed.note if found.sealed else None,
    }
    if asked.output.format in ("json", "jsonl", "csv"):
        asked.output.answer([item], [], Envelope(None, None, new, root=roots[1]))
        return
    asked.output.text(found.text)
    if found.sealed is None:
        asked.output.note(f"No checkpoint is of {new} events. The roots: {roots[0]} of {old}, {roots[1]} of {new}.")


# -- replay -----------------------------------------------------------------------------------------------------------


@click.command("replay")
@click.option("--html", "file", metavar="FILE", help="Write the report here too, as a page to print and to file.")
@workers_option
@asks
def replay_log(asked: Asked, file: str | None, workers: int | None) -> int:
    """Fold the log afresh and compare with every row of every projection that is stored, past ones included.

    With --known-at, everything that was known by then. Nothing is written. Exits with 7 if a row is not what the log
    says, or if the log is not what its newest checkpoint says.

    \b
        timeline audit replay --html replay.html
        timeline audit replay --known-at 2025-12-31 --json > replay.json
    """
    if asked.reported_by:
        raise UsageError("replay is of all that was recorded, whoever published it: leave out --reported-by")
    with asked.ledger() as ledger:
        with ledger.database.reading() as connection:
            known = known_position(connection, asked.known_at)
        with bar(quiet=asked.output.quiet) as progress:
            position, report = replay(ledger.database, known=known, workers=workers, progress=progress)
        with ledger.ask(position) as view:
            envelope = Envelope(None, known_at(view), position, root=view.root)
    if file:
        with target(file, asked.ledger_file) as out:
            out.write(page(report, envelope).encode())
    _show(asked, report, envelope)
    return 0 if report.is_equal else MISMATCH


def _show(asked: Asked, report: Report, envelope: Envelope) -> None:
    columns = (Column("projection", fixed=True), Column("key"), Column("expected", ratio=2), Column("found", ratio=2))
    heads = [Line(tuple(Cell(c.name, "bold") for c in columns))] if asked.output.format == "table" else []
    lines = [_line(d) for d in report.differences]
    rows = sum(c.rows for c in report.projections)
    sheet = Sheet(
        "difference",
        "",
        columns,
        [*heads, *lines] if lines else [],
        marked=False,
        empty=f"{words.counted(rows, 'row')} of {words.counted(len(report.projections), 'projection')} compared",
        wrap=True,
    )
    head = f"Up to position {envelope.position}: {verdict(report)}"
    asked.output.answer([report], [sheet], envelope, head=head)
    if asked.output.format != "table":
        asked.output.note(head)
    if report.checkpoint is None:
        asked.output.note("The log was never sealed: that it was not changed itself, nothing here shows.")
    elif not report.checkpoint.agrees:
        asked.output.note(f"The log has another root at {report.checkpoint.size} than the checkpoint says.")


def _line(difference: Differing) -> Line:
    expected, found = difference.expected or {}, difference.found or {}
    return Line(
        (
            difference.projection,
            difference.key,
            _row(expected, found),
            Cell(_row(found, expected), "red"),
        )
    )


def _row(row: dict[str, object], other: dict[str, object]) -> str:
    """What a row says that the other does not; all that it says where there is no other."""
    if not row:
        return "no row"
    told = {name: value for name, value in row.items() if not other or value != other.get(name)}
    return ", ".join(f"{name} {value}" for name, value in told.items() if other or value not in (None, "", "[]", False))


# -- bundle -----------------------------------------------------------------------------------------------------------


@click.command("bundle")
@click.option("-o", "--output", "file", metavar="FILE", required=True, help="The zip to write.")
@click.option("--entry", "proven", multiple=True, metavar="ENTRY", help="Put in proofs of this entry; may be repeated.")
@click.option(
    "--withhold",
    "withheld",
    multiple=True,
    metavar="ENTRY",
    help="Tell of this entry only that it stands in the log, not what it says; may be repeated.",
)
@click.option(
    "--checkpoint",
    "outside",
    type=PATH,
    multiple=True,
    help="A checkpoint kept outside, or the folder of them; may be repeated.  [TIMELINE_CHECKPOINTS]",
)
@acts
def bundle(
    asked: Asked, file: str, proven: tuple[str, ...], withheld: tuple[str, ...], outside: tuple[Path, ...]
) -> None:
    """Write the sealed log, its checkpoints and proofs into one zip, to be checked offline, with tools not ours.

    What is withheld or was erased stays proven all the same. Other entries may still name what an entry says that is
    withheld: look before you publish. The same log and checkpoints give the same bytes.

    \b
        timeline audit bundle -o ledger.zip --checkpoint checkpoints/
        timeline audit bundle -o ledger.zip --entry goyal-leaves-meta --withhold lacroix-leaves-meta
    """
    if file == "-":
        raise UsageError("a bundle is a file: name one with -o")
    usual = os.environ.get("TIMELINE_CHECKPOINTS")
    paths = outside or ((Path(usual),) if usual else ())
    with asked.view() as view, target(file, asked.ledger_file) as out, bar(quiet=asked.output.quiet) as progress:
        wanted = bundling.Wanted(_entries(view, proven), _entries(view, withheld), paths)
        made = bundling.bundle(view.connection, out, wanted, progress)
    besides = [f"{n} {what}" for n, what in ((made.withheld, "withheld"), (made.erased, "erased")) if n]
    asked.output.note(
        f"Wrote {words.counted(made.size, 'event')}{''.join(f', {b}' for b in besides)}, "
        f"{words.counted(made.checkpoints, 'checkpoint')} and {words.counted(made.proofs, 'proof')} to {file}."
    )
    if made.left_out:
        asked.output.note(
            f"{words.counted(made.left_out, 'event')} recorded since the newest checkpoint "
            f"{'is' if made.left_out == 1 else 'are'} not in it: `timeline audit seal` seals them."
        )


def _entries(view: View, given: tuple[str, ...]) -> list[UUID]:
    return list(dict.fromkeys(find_entry(view, name) for name in given))


COMMANDS = {"prove": prove, "prove-consistency": prove_consistency, "replay": replay_log, "bundle": bundle}
