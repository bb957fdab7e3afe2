"""`date`: what an EDTF expression means."""

from __future__ import annotations

import click
import msgspec

from events.dates import FOREVER, NEVER, Date, DateError, iso, parse
from timeline.answers import Edge, When
from timeline.commands.context import Asked, acts
from timeline.printing.output import Envelope
from timeline.printing.sheets import Cell, Column, Line, Sheet


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """An expression with its meaning."""

    edtf: str
    earliest: Edge
    latest: Edge
    in_answers: When
    words: str
    precision: str


def explain(date: Date) -> Explained:
    """What a date means: its bounds as the standard defines them, and widened as answers use them."""
    return Explained(
        edtf=date.text,
        earliest=_side(date.earliest, NEVER, date.start_is),
        latest=_side(date.latest, FOREVER, date.end_is),
        in_answers=When.of(date),
        words=date.words(),
        precision=date.precision,
    )


def _side(day: int, limit: int, is_: str) -> Edge:
    if day == limit:
        return None if is_ == "open" else "unknown"
    return iso(day)


@click.command("date", context_settings={"ignore_unknown_options": True})
@click.argument("expressions", nargs=-1, required=True, metavar="EXPR…")
@acts
def date(asked: Asked, expressions: tuple[str, ...]) -> int:
    """Explain EDTF expressions: the earliest and the latest day that each may mean, and how it reads.

    Exits with 4 if one of them is no EDTF date.

    \b
        timeline date 2025-02 2023-37 2017~ 1985/..
    """
    found, wrong = [], []
    for text in expressions:
        try:
            found.append(explain(parse(text)))
        except DateError as problem:
            wrong.append(str(problem))
    lines = [
        Line((e.edtf, _shown(e.earliest), _shown(e.latest), e.words, Cell(_answers(e), "bright_black"))) for e in found
    ]
    columns = (
        Column("date"),
        Column("earliest", fixed=True),
        Column("latest", fixed=True),
        Column("words", ratio=2),
        Column("in answers", ratio=2),
    )
    if found:
        asked.output.answer(found, [Sheet("date", "", columns, lines, marked=False)], Envelope(None, None, 0))
    for text in wrong:
        asked.output.note(f"Error: {text}")
    return 4 if wrong else 0


def _shown(edge: Edge) -> str:
    return "open" if edge is None else edge


def _answers(explained: Explained) -> str:
    wide = explained.in_answers
    if (wide.earliest, wide.latest) == (explained.earliest, explained.latest):
        return ""
    return f"in answers {_shown(wide.earliest)} to {_shown(wide.latest)}"


COMMANDS = {"date": date}
