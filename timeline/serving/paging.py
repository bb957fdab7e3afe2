"""Lists in parts, each of which goes on after a position of the log.

A position never moves, so nothing is left out or told twice, whatever is recorded in between.
"""

from __future__ import annotations

from sqlalchemy import select

from projections.happenings import Listed
from timeline import answers
from timeline.exports.selection import Selection, among
from timeline.recorded import Recorded, history
from timeline.state.tables import table_of
from timeline.store.tables import events
from timeline.view import View

PART = 500
"""How many events of the log are looked at together."""


def events_after(view: View, wanted: Selection, after: int, limit: int) -> tuple[list[answers.Event], int | None]:
    """Entries in force whose first event stands after a position, in the order of the log, and where to go on."""
    found: list[answers.Event] = []
    place = (events.c.position, events.c.entry_id)
    while True:
        first = events.c.version == 1, events.c.position > after, events.c.position <= view.position
        page = view.connection.execute(select(*place).where(*first).order_by(events.c.position).limit(PART)).all()
        if not page:
            return found, None
        chosen = among(view, wanted, [entry for _, entry in page])
        rows = {r.entry: r for r in view.rows(Listed, table_of(Listed).table.c.entry.in_(chosen))} if chosen else {}
        standing = [(position, rows[entry]) for position, entry in page if entry in rows]
        taken = standing[: limit - len(found)]
        found += view.shown_events([row for _, row in taken])
        if len(found) == limit:
            return found, taken[-1][0]
        after = page[-1].position


def history_after(view: View, after: int, limit: int, about: str | None) -> tuple[list[Recorded], int | None]:
    """Events of the log after a position, in its order, and where to go on."""
    found = history(view, about=about, limit=limit + 1, after=after)
    return found[:limit], found[limit - 1].position if len(found) > limit else None
