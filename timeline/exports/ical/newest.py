"""Which entries a calendar with a limit holds: the newest by the last day that it shows of them.

The ledger has them in the order of the last day that is possible, which of a date without an end is none. So they are
read in that order until nothing that follows can be newer than what was found; only their days are kept meanwhile.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, select

from events.dates import parse
from projections.happenings import Listed
from timeline.exports.ical.content import Revision
from timeline.exports.ical.dates import shown_days
from timeline.exports.selection import PART, Selection, listed
from timeline.state.tables import table_of
from timeline.store.tables import events
from timeline.view import View


class Place(NamedTuple):
    """Where an event stands among others; the newer one is the greater one."""

    last: int
    first: int
    """The days that are shown."""
    id: bytes


def place_of(found: Revision) -> Place:
    """The place of an event as it is shown."""
    return Place(found.content.last, found.content.first, found.content.id.bytes)


def newest_entries(view: View, wanted: Selection, limit: int, imprecise: str) -> tuple[list[Place], int]:
    """The places of the newest entries, at most so many; and how many were passed over that have no day to show."""
    heap: list[Place] = []
    undated = 0
    for entry, date, latest in _by_latest(view, wanted) if limit else ():
        if len(heap) == limit and latest < heap[0].last:  # no day that is shown is later than the last possible one
            break
        days = shown_days(parse(date), imprecise)
        if days is None:
            undated += 1
        elif len(heap) < limit:
            heapq.heappush(heap, Place(days.last, days.first, entry.bytes))
        else:
            heapq.heappushpop(heap, Place(days.last, days.first, entry.bytes))
    return heap, undated


def _by_latest(view: View, wanted: Selection) -> Iterator[tuple[UUID, str, int]]:
    """All selected entries with their date and its last possible day, the latest first."""
    table = table_of(Listed)
    columns = table.table.c
    query = select(columns.entry, columns.date, columns.latest).where(table.known(view.rows_known))
    for ids in listed(view, wanted._replace(limit=None), newest_first=True):
        found = {row.entry: row for row in view.row_connection.execute(query.where(columns.entry.in_(ids)))}
        yield from ((entry, found[entry].date, found[entry].latest) for entry in ids)


def changed_since(connection: Connection, position: int, upto: int) -> Iterator[Sequence[UUID]]:
    """The entries that something more was said about after a position, in parts."""
    after = events.c.position.between(position + 1, upto)
    query = select(events.c.entry_id).distinct().where(after, events.c.version > 1).order_by(events.c.entry_id)
    with connection.execution_options(yield_per=PART).execute(query) as found:
        yield from found.scalars().partitions(PART)
