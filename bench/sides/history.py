"""The history that all sides are asked about: people who were at organizations, some of it corrected later.

It is made a membership at a time from one seed and lies in a file of records, which every side reads in its own way, so
it need not fit into memory. People have two memberships each, at different organizations; organizations lie three
levels deep and their sizes follow Zipf. Days are day numbers; every range includes both of its ends.
"""

from __future__ import annotations

import json
import random
from bisect import bisect
from collections.abc import Iterator
from datetime import date
from itertools import accumulate
from math import log
from pathlib import Path
from struct import Struct
from typing import Any, NamedTuple

from bench.sides.side import Question

FOREVER = 2**31 - 1
"""A day that never comes, and a state of knowledge that never ends."""
ENDED, UNKNOWN, ONGOING = range(3)
"""How a membership ends: on some day, on one that nobody told, or it is stated to go on."""

FIRST, LAST = date(2000, 1, 1).toordinal(), date(2024, 12, 31).toordinal()
SHORTEST, MORE = 400, 900
"""Days of a stay: at least so many, and on average so many more. Two dates as inexact as years then never overlap."""
PEOPLE_THERE = 200
THERE = 0.17
"""The part of all memberships that may hold on the days asked about."""
RECORD = Struct("<10i")
AT_ONCE = 100_000


class Row(NamedTuple):
    """What was known of a membership from one state of knowledge, 0 or 1, until before another one."""

    membership: int
    person: int
    organization: int
    start_min: int
    start_max: int
    end_min: int
    end_max: int
    ending: int
    known_from: int
    known_to: int


class Organizations(NamedTuple):
    """A tree of three levels, and how much of everything each organization has."""

    parents: list[int | None]
    weights: list[float]
    leaf: int
    """The one of about 200 people, with no units."""
    unit: int
    """The one above it: with its units, some 1,000 people."""


class History:
    """The history in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        told = json.loads((folder / "history.json").read_text("utf-8"))
        self.memberships: int = told["memberships"]
        self.people: int = told["people"]
        self.rows: int = told["rows"]
        self.parents: list[int | None] = told["parents"]
        self.leaf: int = told["leaf"]
        self.unit: int = told["unit"]
        self.file = folder / "history.bin"

    def parts(self) -> Iterator[list[Row]]:
        """All rows in parts: first what was recorded first, then the corrections."""
        with self.file.open("rb") as file:
            while data := file.read(RECORD.size * AT_ONCE):
                yield [Row._make(values) for values in RECORD.iter_unpack(data)]

    def questions(self) -> dict[str, list[Question]]:
        """What is asked, by the name of the question; several of each where one takes no time."""
        days = [date(year, month, 15).toordinal() for year, month in zip(range(2009, 2017), range(2, 10), strict=True)]
        people = [self.people * n // 9 for n in range(1, 9)]
        middle = days[4]
        return {
            "organization": [Question("members", organization=self.leaf, day=day) for day in days],
            "units": [Question("members", organization=self.unit, day=day, units=True) for day in days],
            "known": [Question("members", organization=self.leaf, day=day, known=0) for day in days],
            "person": [Question("person", person=person) for person in people],
            "state": [Question("state", day=middle)],
            "diff": [Question("diff", day=middle, other_day=middle + 366)],
        }


def organizations(memberships: int, dice: random.Random) -> Organizations:
    """6,000 organizations for a million memberships or more, fewer for fewer."""
    many = max(60, min(6_000, memberships * 6 // 1000))
    roots, middles = max(2, many // 60), many // 6
    parents: list[int | None] = [None] * roots
    parents += [n % roots for n in range(middles)]
    parents += [roots + n % middles for n in range(many - roots - middles)]
    unit = roots
    below = [n for n, parent in enumerate(parents) if parent == unit]
    of_first = memberships / sum(1 / rank for rank in range(1, many + 1))
    rank = max(1, min(many // 2, round(of_first * THERE / PEOPLE_THERE)))
    chosen = [below[0], unit, *below[1:]]
    ranks = [r for r in range(1, many + 1) if not rank <= r < rank + len(chosen)]
    dice.shuffle(ranks)
    weights = [0.0] * many
    for n, organization in enumerate(chosen):
        weights[organization] = 1 / (rank + n)
    for organization, weight in enumerate(weights):
        if not weight:
            weights[organization] = 1 / ranks.pop()
    return Organizations(parents, weights, below[0], unit)


def make(folder: Path, memberships: int, seed: int = 1) -> History:
    """Write the history of so many memberships into a folder."""
    dice = random.Random(seed)
    told = organizations(memberships, dice)
    rows = 0
    later = folder / "corrections.bin"
    with (folder / "history.bin").open("wb") as first, later.open("w+b") as second:
        for row, corrected in _rows(memberships, told, dice):
            first.write(RECORD.pack(*row))
            rows += 1
            if corrected is not None:
                second.write(RECORD.pack(*corrected))
                rows += 1
        second.seek(0)
        while data := second.read(RECORD.size * AT_ONCE):
            first.write(data)
    later.unlink()
    meta: dict[str, Any] = {"memberships": memberships, "people": (memberships + 1) // 2, "rows": rows}
    meta |= {"parents": told.parents, "leaf": told.leaf, "unit": told.unit}
    (folder / "history.json").write_text(json.dumps(meta), "utf-8")
    return History(folder)


def _rows(memberships: int, told: Organizations, dice: random.Random) -> Iterator[tuple[Row, Row | None]]:
    """Each membership as it was first recorded, and as one in ten was corrected to."""
    upto = list(accumulate(told.weights))
    many = len(upto)
    number = dice.random
    organization = 0
    for membership in range(memberships):
        before = organization
        organization = min(many - 1, bisect(upto, number() * upto[-1]))
        if membership % 2 and organization == before:
            organization = (organization + 1) % many
        start = FIRST + int(number() * (LAST - FIRST - SHORTEST))
        stay = SHORTEST - int(MORE * log(1 - number()))
        precision, ending = number(), number()
        bounds = _bounds(start, start + stay, precision, ending)
        is_corrected = number() < 0.1
        row = Row(membership, membership // 2, organization, *bounds, 0, 1 if is_corrected else FOREVER)
        if is_corrected:
            moved = _bounds(start - int(number() * 300), start + stay, number(), ending)
            yield row, Row(membership, membership // 2, organization, *moved, 1, FOREVER)
        else:
            yield row, None


def _bounds(start: int, end: int, precision: float, ending: float) -> tuple[int, int, int, int, int]:
    """The earliest and latest day of the start and of the end, and how it ends.

    Half of the dates are days, a third are months, the others years. One end in twenty is unknown.
    """
    start_min, start_max = _range(start, precision)
    if ending < 0.05:
        return start_min, start_max, start_min, FOREVER, UNKNOWN
    if end > LAST:
        return start_min, start_max, FOREVER, FOREVER, ONGOING
    return start_min, start_max, *_range(end, precision * 7 % 1), ENDED


def _range(day: int, precision: float) -> tuple[int, int]:
    if precision < 0.5:
        return day, day
    told = date.fromordinal(day)
    if precision < 0.83:
        following = date(told.year + told.month // 12, told.month % 12 + 1, 1)
        return told.replace(day=1).toordinal(), following.toordinal() - 1
    return date(told.year, 1, 1).toordinal(), date(told.year, 12, 31).toordinal()


def text_of(earliest: int, latest: int) -> str:
    """The date of which these are the bounds: 2012-03-15, 2012-03 or 2012."""
    return date.fromordinal(earliest).isoformat()[: 10 if earliest == latest else 7 if latest - earliest < 31 else 4]


def interval_of(row: Row) -> str:
    """The dates of a membership as EDTF."""
    end = ("", "", "..")[row.ending] or (text_of(row.end_min, row.end_max) if row.ending == ENDED else "")
    return f"{text_of(row.start_min, row.start_max)}/{end}"
