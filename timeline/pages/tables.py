"""The lanes once more as tables: for readers of screens, and for those who want to copy them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from projections import certainty
from projections.certainty import Presence
from projections.rows import SpanRow
from timeline import answers
from timeline.pages.content import Gathered
from timeline.pages.lanes import Lane, Lanes, Marker
from timeline.printing import words


class Cells(NamedTuple):
    """A line of a table."""

    name: str
    path: str
    """The page of what is named, where there is a service."""
    what: str
    when: str
    mark: str
    """How sure it is on the day of the page; empty when it is not so then."""
    disputed: bool
    sources: tuple[int, ...]


class Table(NamedTuple):
    """The lanes of a section."""

    title: str
    lines: tuple[Cells, ...]


def tables(gathered: Gathered, lanes: Lanes) -> Iterator[Table]:
    """A table a section, a line a bar or a marker."""
    for section in lanes.sections:
        yield Table(section.title, tuple(cells for lane in section.lanes for cells in _lines(gathered, lanes, lane)))


def _lines(gathered: Gathered, lanes: Lanes, lane: Lane) -> Iterator[Cells]:
    for bar in (*lane.thin, *(b for line in lane.lines for b in line)):
        rows = [gathered.spans[n] for n in bar.rows]
        mark = certainty.on_day(bar.row, lanes.day)
        sources = gathered.cited(s for r in rows for s in r.sources)
        disputed = any(r.disputed for r in rows)
        yield Cells(lane.name, lane.path, bar.label, lasted(bar.row), mark or "", disputed, sources)
    for marker in lane.markers:
        yield _happened(gathered, lanes, lane.name, marker)


def _happened(gathered: Gathered, lanes: Lanes, kind: str, marker: Marker) -> Cells:
    mark: Presence | None = "possible" if marker.earliest <= lanes.day else None
    if marker.latest <= lanes.day:
        mark = "certain"
    if marker.number < len(gathered.spans):
        row = gathered.spans[marker.number]
        return Cells(
            kind, "", marker.label, words.date(row.start), mark or "", row.disputed, gathered.cited(row.sources)
        )
    event = gathered.events[marker.number - len(gathered.spans)]
    when = words.date(event.date.edtf)
    return Cells(kind, "", marker.label, when, mark or "", event.disputed, gathered.cited(event.sources))


def lasted(row: SpanRow) -> str:
    """From when to when, in words."""
    return words.span(answers.When.start(row), answers.When.end(row))
