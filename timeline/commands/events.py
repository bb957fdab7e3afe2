"""`log` and `search`: events by date, names and events by words."""

from __future__ import annotations

import click

from events.dates import FOREVER, NEVER, Date
from events.kinds import KINDS
from timeline.commands.context import DATE, Asked, asks
from timeline.errors import UnknownName
from timeline.naming import near
from timeline.printing import words
from timeline.printing.sheets import Cell, Column, Line, Sheet
from timeline.printing.state import events_sheet
from timeline.searching import search as searched


@click.command("log")
@click.argument("name", required=False)
@click.option("--from", "since", type=DATE, help="Not before this date.")
@click.option("--to", "until", type=DATE, help="Not after this date.")
@click.option("--kind", "kinds", multiple=True, metavar="KIND", help="Only this kind; may be repeated.")
@click.option("--limit", type=click.IntRange(1), help="At most so many.")
@asks
def log(
    asked: Asked,
    name: str | None,
    since: Date | None,
    until: Date | None,
    kinds: tuple[str, ...],
    limit: int | None,
) -> None:
    """List events by date; with NAME, those that name it. Possible ones may lie outside the dates asked for.

    \b
        timeline log behemoth
        timeline log --from 2025-07 --to 2025-12 --kind layoff
    """
    for kind in kinds:
        if kind not in KINDS:
            raise UnknownName(kind, near(kind, KINDS), "kind")
    days = (since.earliest if since else NEVER, until.latest if until else FOREVER)
    with asked.view() as view:
        about = [view.directory.find(name)] if name else None
        found = view.events(about=about, days=days, kinds=kinds, limit=limit)
        of = f" of {view.directory.name(about[0])}" if about else ""
        asked.output.answer(
            found,
            [events_sheet(found, ids=True)],
            asked.envelope(view),
            head=f"{words.counted(len(found), 'event')}{of}",
            sources=asked.sources(view),
            next_="timeline why ENTRY",
        )


@click.command("search")
@click.argument("text", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At most so many of each.")
@asks
def search(asked: Asked, text: tuple[str, ...], limit: int) -> int:
    """Find names, and events that contain all the words, whatever their case and accents.

    Exits with 1 if nothing is found.

    \b
        timeline search open weights
    """
    with asked.view() as view:
        found = searched(view, " ".join(text), limit)
        events = [f.event for f in found if f.event is not None]
        named = [f for f in found if f.event is None]
        lines = [Line((f.name, Cell(f.type, "bright_black"), Cell(f.id, "bright_black"))) for f in named]
        columns = (Column("name", ratio=2), Column("type"), Column("id"))
        asked.output.answer(
            found,
            [
                Sheet("name", "NAMES", columns, lines, marked=False, empty="no name"),
                events_sheet(events, title="EVENTS", ids=True),
            ],
            asked.envelope(view),
            sources=asked.sources(view),
            next_="timeline person NAME · timeline why ENTRY",
        )
        return 0 if found else 1


COMMANDS = {"log": log, "search": search}
