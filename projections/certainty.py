"""How sure an answer is: what every reading of the dates says, what some reading says, and what nobody confirmed.

The rules are those of docs/certainty.md. All days are day numbers; every range includes both of its ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from projections.rows import SpanRow

Presence = Literal["certain", "possible", "unconfirmed"]
Degree = Literal["certain", "possible", "no"]


SUREST_FIRST: tuple[Presence | None, ...] = ("certain", "possible", "unconfirmed", None)
"""The order in which answers are listed."""


def surest(marks: Iterable[Presence | None]) -> Presence | None:
    """The first of some marks in the order of `SUREST_FIRST`."""
    return min(marks, key=SUREST_FIRST.index)


def on_day(row: SpanRow, day: int) -> Presence | None:
    """Whether it was so on a day; None when no reading of the dates says so."""
    if row.start_max <= day <= row.end_min:
        return "certain"
    if not row.start_min <= day <= row.end_max:
        return None
    if row.end == "" and day >= row.start_max:
        return "unconfirmed"  # only because nobody has reported an end, and nothing was heard since
    return "possible"


def sometime(row: SpanRow, first: int, last: int) -> Degree:
    """Whether it was so on at least one day from `first` to `last`."""
    if row.start_max <= last and row.end_min >= first:
        return "certain"
    return "possible" if row.start_min <= last and row.end_max >= first else "no"


def throughout(row: SpanRow, first: int, last: int) -> Degree:
    """Whether it was so on every day from `first` to `last`."""
    if row.start_max <= first and row.end_min >= last:
        return "certain"
    return "possible" if row.start_min <= first and row.end_max >= last else "no"


def in_span(row: SpanRow, first: int, last: int) -> Presence | None:
    """The mark for a span: that of `sometime`, unconfirmed where only a missing end makes it possible."""
    degree = sometime(row, first, last)
    if degree == "no":
        return None
    if degree == "possible" and row.end == "" and row.start_max <= first and row.end_min < first:
        return "unconfirmed"
    return "certain" if degree == "certain" else "possible"
