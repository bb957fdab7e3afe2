"""Text that every calendar program reads alike, and lines of at most 75 octets that none of them breaks.

RFC 5545: 3.1 (folding), 3.3.11 (text).
"""

from __future__ import annotations

import re

OCTETS = 75
"""The longest line, its line break not counted."""

# C0 and C1 (a parser that splits lines as Python does breaks at seven of them), the separators of Unicode, and halves
# of a character, which cannot be written as UTF-8. The newline stays: it has an escape of its own.
_STRIPPED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_BLANK = re.compile(r"[\t\n]+")
_IS_CLEAN = re.compile(r"[^\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\\]*").fullmatch

BACKSLASH = "\u2216"
"""The set minus, which stands for a backslash: some programs undo an escape twice, or never, and lose text."""


def clean(text: str) -> str:
    """Text of several lines as a calendar shows it: no controls, no backslash, nothing blank around it."""
    if _IS_CLEAN(text) is None:  # hardly ever
        text = text.replace("\r\n", "\n").replace("\t", " ").replace("\\", BACKSLASH)
        text = _STRIPPED.sub("", text)
    return text.strip()


def one_line(text: str) -> str:
    """The same on one line."""
    return clean(_BLANK.sub(" ", text) if "\n" in text or "\t" in text else text)


def folded(line: str) -> bytes:
    """A content line as it stands in the file, line breaks included.

    No character and no escape is split, and a break stands beside no space where it can be helped: some programs trim
    the lines that they join.
    """
    data = line.encode()
    if len(data) <= OCTETS:
        return data + b"\r\n"
    parts, start = [], 0
    room = OCTETS
    while len(data) - start > room:
        cut = _cut(data, start, start + room)
        parts.append(data[start:cut])
        start, room = cut, OCTETS - 1  # the space that a continued line begins with counts
    parts.append(data[start:])
    return b"\r\n ".join(parts) + b"\r\n"


def _cut(data: bytes, start: int, most: int) -> int:
    """Where to break before `most`: the last place that splits nothing and touches no space, or splits nothing."""
    whole = [cut for cut in range(most, start, -1) if not _splits(data, start, cut)]
    return next((cut for cut in whole if data[cut] != 0x20 and data[cut - 1] != 0x20), whole[0])


def _splits(data: bytes, start: int, cut: int) -> bool:
    """Whether a break would stand inside a character or an escape."""
    if data[cut] & 0xC0 == 0x80:
        return True
    before = cut
    while before > start and data[before - 1] == 0x5C:
        before -= 1
    return (cut - before) % 2 == 1
