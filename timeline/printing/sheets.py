"""A sheet: what a command shows in a terminal, before anything decides on widths and colours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from projections.certainty import Presence
from timeline.printing.words import DISPUTED, MARKS


class Cell(NamedTuple):
    """One cell; `style` is a rich style, `short` what stands in a narrow terminal."""

    text: str
    style: str = ""
    short: str = ""


class Line(NamedTuple):
    """One line of a sheet. A line with a `heading` stands alone; others are cells under the sheet's columns."""

    cells: tuple[Cell | str, ...]
    mark: Presence | None = None
    disputed: bool = False
    sources: tuple[str, ...] = ()
    heading: str = ""
    tally: int = 0
    """Of a heading: how many stand under it."""
    indent: str = ""


class Column(NamedTuple):
    """A column: `fixed` ones keep their width, the others share what is left and are cut with an ellipsis."""

    name: str
    fixed: bool = False
    right: bool = False
    ratio: int = 1


class Sheet(NamedTuple):
    """Lines under columns, with a title."""

    name: str
    """What a line begins with where several sheets go into a pipe."""
    title: str
    columns: tuple[Column, ...]
    lines: Sequence[Line]
    marked: bool = True
    """Whether lines begin with a mark."""
    empty: str = ""
    """What to say where there are no lines."""
    wrap: bool = False
    """Whether texts go on in further lines, rather than being cut."""


class Numbering:
    """Sources by number, in the order in which they are first shown."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def of(self, sources: Iterable[str]) -> str:
        """`[1,3]`, or nothing."""
        shown = [str(self.numbers.setdefault(s, len(self.numbers) + 1)) for s in sources]
        return f"[{','.join(shown)}]" if shown else ""


def mark(line: Line, *, ascii_: bool) -> str:
    """The mark of a line and its flag: `●`, `◐⚑`; in words where marks cannot be read."""
    if ascii_:
        words = [line.mark] if line.mark else []
        return " ".join([*words, *(["disputed"] if line.disputed else [])])
    return MARKS[line.mark] + (DISPUTED if line.disputed else "")
