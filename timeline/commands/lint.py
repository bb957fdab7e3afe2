"""`lint`: contradictions among what was recorded."""

from __future__ import annotations

import click

from timeline.commands.context import Asked, asks
from timeline.linting import Clash, clashes
from timeline.printing import words
from timeline.printing.sheets import Cell, Column, Line, Sheet


@click.command("lint")
@click.option("--status", is_flag=True, help="Exit with 1 if there is a contradiction.")
@asks
def lint(asked: Asked, status: bool) -> int:
    """List contradictions: which entries and sources clash, and what would settle it.

    Sources do contradict each other; nothing is refused for it.
    """
    with asked.view() as view:
        found = clashes(view)
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
            head=_head(found),
            sources=asked.sources(view),
            next_="timeline why ENTRY",
        )
    return 1 if status and not all(c.agrees for c in found) else 0


def _head(found: list[Clash]) -> str:
    agreeing = sum(c.agrees for c in found)
    checked = f" · {words.counted(agreeing, 'claim')} checked and found to agree" if agreeing else ""
    return words.counted(len(found) - agreeing, "contradiction") + checked


COMMANDS = {"lint": lint}
