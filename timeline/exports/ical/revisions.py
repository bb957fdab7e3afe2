"""How often an event has changed: what it shows is worked out at every state of the ledger that can matter.

SEQUENCE and LAST-MODIFIED follow from the changes alone, so they rise when a name in the summary is corrected and stay
when somebody corroborates what is shown already; and a feed made at any later time counts the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from timeline.exports.ical.content import STEPS, TEMPLATE, Content, Gone, Revision

Shown = Content | Gone
Render = Callable[[int], tuple[Shown, Iterable[int]]]
"""Gives what an event shows as known at a position, and the positions at which that may have changed."""


def revision(starts: Iterable[int], known: int, render: Render, recorded_at: Callable[[int], int]) -> Revision | None:
    """The event as it stands, known at a position; None if the calendar never held it.

    `starts` are the positions at which the entries behind it changed. What else matters is found as it is shown.
    """
    todo = {position for position in starts if position <= known}
    first, shown = min(todo, default=known + 1), dict[int, Shown]()
    while todo:
        position = todo.pop()
        shown[position], turns = render(position)
        todo |= {turn for turn in turns if first < turn <= known and turn not in shown}
    return _counted(shown, recorded_at)


def only(content: Content, recorded_at: int) -> Revision:
    """An event that never changed."""
    return Revision(content, (TEMPLATE - 1) * STEPS, recorded_at, recorded_at, False)


def _counted(shown: dict[int, Shown], recorded_at: Callable[[int], int]) -> Revision | None:
    stands: Content | None = None  # what the calendar shows
    live: Content | None = None  # what it showed before the event was struck out
    changes, created, modified, is_gone = 0, 0, 0, False
    for position in sorted(shown):
        now = shown[position]
        if isinstance(now, Content):
            live, is_gone = now, False
        elif live is None:
            continue
        else:
            now, is_gone = now.cancelled(live), True
        if stands is None:
            created = modified = position
        elif now != stands:
            changes, modified = changes + 1, position
        stands = now
    if stands is None:
        return None
    sequence = changes + (TEMPLATE - 1) * STEPS
    return Revision(stands, sequence, recorded_at(created), recorded_at(modified), is_gone)
