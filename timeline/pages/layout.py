"""Where everything stands: heights in pixels, places along the axis as shares of its width."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from events.dates import FOREVER, NEVER
from projections.rows import SpanRow
from timeline.pages.axis import Axis
from timeline.pages.lanes import Lane, Lanes, Marker, Section
from timeline.pages.texts import width

LINE = 20
"""The height of a line of bars."""
BAR = 15
HEADING = 36
LONGEST = 340
"""No label of a marker is wider than that, in pixels."""
TAIL = 30
"""The length of the line before a marker where nothing says how early it may have happened, in pixels."""
BESIDE = 9
"""How far a label stands from its marker."""


class Placed(NamedTuple):
    """A heading or a lane at its height."""

    top: int
    height: int
    section: Section | None = None
    lane: Lane | None = None
    points: tuple[Point, ...] = ()


class Point(NamedTuple):
    """A marker in a line of its lane: the stretch of its days, and on which side its label stands."""

    marker: Marker
    line: int
    begin: float
    end: float
    is_left: bool
    room: float
    """How wide its label may be, in pixels."""


class Piece(NamedTuple):
    """A part of a bar that is drawn in one manner."""

    manner: str
    """in, solid, out, maybe, open (nothing bounds it) or unconfirmed."""
    begin: float
    end: float


def placed(lanes: Lanes, wide: float) -> Iterator[Placed]:
    """Headings and lanes from top to bottom, for a plot of so many pixels."""
    top = 0
    for section in lanes.sections:
        yield Placed(top, HEADING, section=section)
        top += HEADING
        for lane in section.lanes:
            points = tuple(_points(lane, lanes.axis, wide))
            lines = max(len(lane.lines), 1 + max((p.line for p in points), default=0))
            yield Placed(top, lines * LINE, lane=lane, points=points)
            top += lines * LINE


def pieces(row: SpanRow, axis: Axis) -> Iterator[Piece]:
    """The parts of a bar, from left to right; those that the axis does not show are left out."""
    for manner, begin, end in _manners(row):
        first, last = axis.at(begin), axis.at(end)
        if last > first:
            yield Piece(manner, first, last)


def _manners(row: SpanRow) -> Iterator[tuple[str, int, int]]:
    """Manner, first day, and the day after the last."""
    begun, ends = min(row.start_max, row.end_max), row.end_min + 1
    since = begun
    if row.end != "" and ends <= begun:
        # It is certain of no day: it may have ended before others say that it began.
        since = max(row.start_min, row.end_min) if row.end_min > NEVER else row.end_max + 1
    yield ("open" if row.start_min == NEVER else "in"), row.start_min, since
    yield "solid" if row.start_max < ends else "maybe", since, max(ends, begun)
    after = max(ends, begun, since)
    if row.end == "":
        yield "unconfirmed", after, FOREVER
    elif row.end_min < FOREVER:
        yield ("open" if row.end_max == FOREVER else "out"), after, row.end_max + 1


def _points(lane: Lane, axis: Axis, wide: float) -> Iterator[Point]:
    """The markers with their labels, in as many lines as keep them apart."""
    full: list[list[tuple[float, float]]] = []
    for marker in lane.markers:
        if marker.latest < axis.first or marker.earliest > axis.last:
            continue
        end = axis.at(marker.latest)
        begin = min(axis.at(marker.earliest), end) if marker.earliest > NEVER else max(0.0, end - TAIL / wide)
        said = min(width(marker.label), LONGEST) + BESIDE + 6
        is_left = end * wide + said > wide and begin * wide - said > 0
        room = min(LONGEST, (begin if is_left else 1 - end) * wide - BESIDE)
        taken = (begin * wide - said - 8, end * wide + 8) if is_left else (begin * wide - 8, end * wide + said + 8)
        line = next((n for n, line in enumerate(full) if all(taken[1] < a or b < taken[0] for a, b in line)), len(full))
        full[line:] = [[*(full[line] if line < len(full) else ()), taken], *full[line + 1 :]]
        yield Point(marker, line, begin, end, is_left, room)
