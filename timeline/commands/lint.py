"""`lint`: contradictions among what was recorded."""

from __future__ import annotations

from uuid import UUID

import click
import msgspec

from projections.all import PROJECTIONS
from projections.contradictions import FOLDED, contradictions
from projections.happenings import Listed
from timeline.commands.context import Asked, asks
from timeline.printing import words
from timeline.printing.sheets import Cell, Column, Line, Sheet


class Clash(msgspec.Struct, frozen=True, kw_only=True):
    """A contradiction, with the entries and the sources that clash."""

    code: str
    message: str
    settle: str
    entries: tuple[UUID, ...]
    ids: tuple[str, ...]
    sources: tuple[str, ...]


@click.command("lint")
@click.option("--status", is_flag=True, help="Exit with 1 if there is a contradiction.")
@asks
def lint(asked: Asked, status: bool) -> int:
    """List contradictions: which entries and sources clash, and what would settle it.

    Sources do contradict each other; nothing is refused for it.
    """
    with asked.view() as view:
        facts = view.facts(row.entry for row in view.rows(Listed))
        rows = {p.name: view.rows(p.row) for p in PROJECTIONS if p.name in FOLDED}
        found = []
        for clash in contradictions(facts.values(), rows, view.headline_name):
            sources = dict.fromkeys(c.source for e in clash.entries if e in facts for c in facts[e].sources)
            ids = tuple(str(getattr(facts[e].event, "id", "") or e) for e in clash.entries if e in facts)
            found.append(
                Clash(
                    code=clash.code,
                    message=clash.message,
                    settle=clash.settle,
                    entries=clash.entries,
                    ids=ids,
                    sources=tuple(sources),
                )
            )
        lines = []
        for item in found:
            lines.append(Line((item.message, Cell(item.code, "bright_black")), sources=item.sources))
            lines.append(Line((Cell(f"{', '.join(item.ids)}: {item.settle}", "bright_black"), ""), indent="  "))
        asked.output.answer(
            found,
            [
                Sheet(
                    "contradiction",
                    "",
                    (Column("what"), Column("code", fixed=True)),
                    lines,
                    marked=False,
                    empty="no contradiction",
                    wrap=True,
                )
            ],
            asked.envelope(view),
            head=words.counted(len(found), "contradiction"),
            sources=asked.sources(view),
            next_="timeline why ENTRY",
        )
    return 1 if found and status else 0


COMMANDS = {"lint": lint}
