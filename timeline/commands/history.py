"""`history`: the log by recorded time."""

from __future__ import annotations

import click

from timeline.commands.context import Asked, asks
from timeline.errors import UnknownName, UsageError
from timeline.printing.sheets import Cell, Column, Line, Sheet
from timeline.reasons import find_entry
from timeline.recorded import Recorded
from timeline.recorded import history as history_of


@click.command("history")
@click.argument("name", required=False, metavar="[NAME|ENTRY]")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At most so many.")
@asks
def history(asked: Asked, name: str | None, limit: int) -> None:
    """Show what was recorded, the latest first: who recorded, corrected or retracted what, and why.

    \b
        timeline history
        timeline history behemoth
        timeline history goyal-leaves-meta
    """
    if asked.reported_by:
        raise UsageError("history tells what was recorded, whoever published it: leave out --reported-by")
    with asked.view() as view:
        entry = entity = None
        if name:
            try:
                entity = view.directory.find(name)
            except UnknownName:
                entry = find_entry(view, name)
        found = history_of(view, entry=entry, about=entity, limit=limit)
        lines = [
            Line(
                (
                    Cell(f"@{r.position}", "bright_black"),
                    Cell(r.recorded_at[:16].replace("T", " "), "bright_black"),
                    r.recorded_by,
                    _said(r),
                )
            )
            for r in found
        ]
        columns = (
            Column("position"),
            Column("recorded", fixed=True),
            Column("by", fixed=True),
            Column("what", ratio=6),
        )
        asked.output.answer(
            found,
            [Sheet("recorded", "", columns, lines, marked=False, empty="nothing was recorded", wrap=True)],
            asked.envelope(view),
            head=f"{view.directory.name(entity)} ({entity})" if entity else "",
            next_="timeline why ENTRY · timeline undo BATCH",
        )


def _said(event: Recorded) -> str:
    said = "; ".join((event.headline, *event.changes))
    return f"{said} ({event.reason})" if event.reason and f": {event.reason}" not in event.headline else said


COMMANDS = {"history": history}
