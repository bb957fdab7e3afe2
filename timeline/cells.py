"""Cells of a CSV file that no spreadsheet takes for a formula, and their text again.

A spreadsheet calculates what begins with `=`, and in some settings with other signs, wherever the file came from
(OWASP, "CSV Injection"). So a cell that begins with one of `STARTS` gets an apostrophe in front; the apostrophe is one
of them, which is what makes the rule reversible: `read_cell(written_cell(text)) == text` for every text.
"""

from __future__ import annotations

APOSTROPHE = "'"

STARTS = frozenset(("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20", APOSTROPHE))
"""The characters that no cell begins with; the four of U+FFxx are `= + - @` in full width."""


def written_cell(text: str) -> str:
    """The text as a cell: with an apostrophe in front if it begins with one of `STARTS`, otherwise as it is."""
    return APOSTROPHE + text if text[:1] in STARTS else text


def read_cell(cell: str) -> str:
    """The text of a cell: without its apostrophe if one of `STARTS` follows it, otherwise as it is.

    A cell that somebody wrote by hand, or whose apostrophe a spreadsheet took away, is so read as it stands.
    """
    return cell[1:] if cell[:1] == APOSTROPHE and cell[1:2] in STARTS else cell
