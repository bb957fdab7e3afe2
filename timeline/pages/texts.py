"""How much room a text takes."""

from __future__ import annotations

import unicodedata

LETTER = 6.1
"""The usual width of a letter at the size of the labels, in pixels."""

FEWEST = 3
"""A label of fewer letters than that tells nothing and is left out."""


def width(text: str) -> float:
    """About how many pixels a label is wide."""
    return sum(map(_width, text))


def fitted(text: str, room: float) -> str:
    """The text, cut with an ellipsis where it is wider than some pixels; nothing where nothing useful fits."""
    if len(text) * LETTER * 2 > room and width(text) > room:
        room -= LETTER
        kept = 0
        for letter in text:
            room -= _width(letter)
            if room < 0:
                break
            kept += 1
        return f"{text[:kept].rstrip(' ·,')}…" if kept >= FEWEST else ""
    return text


def _width(letter: str) -> float:
    if letter.isascii():
        return 3.2 if letter in " .,:;'|!ijlIt()[]" else 9 if letter in "mMwW" else LETTER
    if unicodedata.combining(letter) or unicodedata.category(letter) == "Cf":
        return 0
    return 2 * LETTER if unicodedata.east_asian_width(letter) in "WF" else LETTER
