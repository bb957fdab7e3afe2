"""Where in a file something is wrong, and how that is shown."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from timeline.errors import BadData

SHOWN = 96
"""How many characters of a line a message shows."""


class Place(NamedTuple):
    """A place in a file, counted from 1; `width` characters are meant."""

    file: str
    line: int
    column: int
    width: int = 1


class Mistake(NamedTuple):
    """Something wrong at a place, and what to do about it."""

    place: Place
    message: str
    help: str = ""

    def shown(self, line: str | None) -> str:
        """The message with the line that it is in and a caret, as compilers show it; alone if there is no such line."""
        file, number, column, width = self.place
        head = f"{printable(file)}:{number}:{column}: error: {printable(self.message)}"
        advice = f"  {printable(self.help)}" if self.help else ""
        if line is None:
            return f"{head}\n      {advice}" if advice else head
        start = max(0, column - 1 - SHOWN // 2) if len(line) > SHOWN else 0
        before, rest = printable(line[start : column - 1]), printable(line[column - 1 : start + SHOWN])
        meant = rest[: max(1, min(width, SHOWN // 2))] or " "
        part = ("…" if start else "") + before + rest + ("…" if start + SHOWN < len(line) else "")
        indent = " " * (_columns(before) + (1 if start else 0))
        return f"{head}\n{number:5} | {part}\n      | {indent}{'^' * max(1, _columns(meant))}{advice}"


def printable(text: str) -> str:
    """The text without anything that could steer a terminal or hide in it; one character stays one character."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or _joins(text, n) else "�" for n, c in enumerate(text))


_JOINERS = "\u200c\u200d"
"""They tell Persian and Indic letters whether to join, and make one emoji of several."""


def _joins(text: str, place: int) -> bool:
    """Whether there is a joiner that does its work; between Latin letters one would only hide."""
    around = text[place - 1 : place] + text[place + 1 : place + 2]
    return text[place] in _JOINERS and len(around) == 2 and min(around) > "\u02ff"


def _columns(text: str) -> int:
    """How many columns of a terminal the text takes: two for a Chinese character, none for an accent of its own."""
    return sum(
        0 if unicodedata.combining(c) or c in _JOINERS else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


class BadFile(BadData):
    """A file cannot be read, or some of it cannot be recorded. Its text is all mistakes as they are shown."""

    def __init__(self, mistakes: Sequence[Mistake], shown: str) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__(shown)

    @classmethod
    def at(cls, place: Place, message: str, advice: str = "", lines: Sequence[str] = ()) -> BadFile:
        """One mistake that ends the reading of a file."""
        mistake = Mistake(place, message, advice)
        shown = lines[place.line - 1] if 1 <= place.line <= len(lines) else None
        return cls([mistake], f"{mistake.shown(shown)}\nNothing was recorded.")
