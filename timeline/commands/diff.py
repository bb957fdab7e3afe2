"""`diff`: what the world changed between two days, or what we learned between two moments."""

from __future__ import annotations

from collections.abc import Sequence

import click

from events.dates import Date
from timeline.commands.context import DATE, Asked, asks, one_day
from timeline.comparing import Difference, differences
from timeline.errors import UsageError
from timeline.printing import words
from timeline.printing.sheets import Cell, Column, Line, Sheet
from timeline.view import View

SIGNS = {"in": "+", "out": "-", "moved": ">", "changed": "~", "more certain": "▲", "less certain": "▽"}
TITLES = {
    "people": "PEOPLE",
    "posts": "HEADS",
    "organizations": "ORGANIZATIONS",
    "products": "MODELS AND PRODUCTS",
    "deals": "DEALS",
}


@click.command("diff")
@click.argument("words_", nargs=-1, metavar="[FROM TO] [ORG]")
@click.option("--known", nargs=2, metavar="A B", help="Compare what was known at A and at B, about one day.")
@click.option("--as-of", "as_of", type=DATE, help="With --known: the day.")
@asks
def diff(asked: Asked, words_: tuple[str, ...], known: tuple[str, str] | None, as_of: Date | None) -> None:
    """Compare two days, or (--known) two states of knowledge about one day.

    \b
        timeline diff 2024-06-01 2025-12-15 meta
        timeline diff --known 2025-06-01 @300 --as-of 2025-06-15
    """
    if known:
        if as_of is None or len(words_) > 1:
            raise UsageError("with --known, say the day with --as-of, and at most one ORG")
        if asked.known_at:
            raise UsageError("--known says already what was known when: leave out --known-at")
        day = one_day(as_of)
        with asked.view(known[0]) as before, asked.view(known[1]) as after:
            head = f"as of {words.day(day)} · known at {known[0]} → {known[1]}"
            _compare(asked, (before, after), (day, day), words_, head)
    else:
        if not 2 <= len(words_) <= 3 or as_of is not None:
            raise UsageError("diff compares two days: timeline diff FROM TO [ORG]")
        first, last = (one_day(DATE.convert(text, None, None), "diff") for text in words_[:2])
        with asked.view() as view:
            _compare(asked, (view, view), (first, last), words_[2:], f"{words.day(first)} → {words.day(last)}")


def _compare(asked: Asked, views: tuple[View, View], days: tuple[int, int], org: Sequence[str], head: str) -> None:
    """Print what differs between a day in one view and a day in another."""
    before, after = views
    organization = after.directory.find(org[0], "organization") if org else None
    found = differences(before.state(days[0], organization), after.state(days[1], organization))
    name = f"{after.directory.name(organization)} · " if organization else ""
    asked.output.answer(
        found,
        sheets_of(found, ascii_=asked.output.ascii),
        asked.envelope(after, "/".join(dict.fromkeys(map(words.iso_day, days)))),
        head=f"{name}{head} · {words.counted(len(found), 'difference')}",
        sources=asked.sources(before) | asked.sources(after),
        legend=[f"{SIGNS[sort]} {sort}" for sort in SIGNS if any(d.sort == sort for d in found)],
        next_="timeline why ENTRY · timeline history NAME",
    )


def sheets_of(found: list[Difference], *, ascii_: bool = False) -> list[Sheet]:
    """A sheet a section; the sign says what became of each line."""
    columns = (Column("what", ratio=2), Column("before", ratio=3), Column("after", ratio=3))
    sheets = []
    for section, title in TITLES.items():
        lines = [
            Line(
                (
                    f"{d.sort if ascii_ else SIGNS[d.sort]} {d.subject.name}",
                    _side(d.before, d.certainty_before, ascii_=ascii_),
                    _side(d.after, d.certainty_after, ascii_=ascii_),
                ),
                sources=d.sources,
            )
            for d in found
            if d.section == section
        ]
        if lines:
            sheets.append(Sheet(section, title, columns, lines, marked=False))
    return sheets or [Sheet("difference", "", columns, [], empty="no difference")]


def _side(text: str, certainty: str | None, *, ascii_: bool) -> Cell:
    mark = (certainty or "") if ascii_ else words.MARKS[certainty]
    return Cell(f"{mark} {text}" if text else "", words.STYLES.get(certainty, ""))


COMMANDS = {"diff": diff}
