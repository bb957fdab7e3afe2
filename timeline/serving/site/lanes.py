"""The lanes of a page: of everything, with the state of the day beside them, or of one thing alone."""

from __future__ import annotations

from typing import Any

from events.dates import civil, iso
from timeline.exports.selection import Selection
from timeline.pages.content import Gathered
from timeline.pages.embedded import embedded
from timeline.pages.lanes import Lanes, lanes
from timeline.pages.page import WIDE
from timeline.pages.panel import panel
from timeline.pages.svg import drawn, entries
from timeline.pages.tables import tables
from timeline.pages.wording import described
from timeline.serving.forms import Context
from timeline.serving.site.links import Links, query_of
from timeline.view import View


def state(context: Context, links: Links) -> dict[str, Any]:
    """Lanes that can be moved through, the state of the day, and the sources of both."""
    found, view = context.found, context.view
    assert found.day is not None
    gathered = Gathered(view, found.selection)
    shown = lanes(gathered, found.day)
    known = found.more if gathered.view is view else None
    parts = _drawn(shown, links)
    return parts | {
        "day": found.day,
        "field": iso(found.day) if 1 <= civil(found.day)[0] <= 9999 else "",
        "panel": panel(gathered, found.day, shown.colours, known),
        "tables": list(tables(gathered, shown)),
        "sources": gathered.sources,
        "data": embedded(gathered, shown, parts["drawn"].sheets, _service(context, links)),
    }


def _service(context: Context, links: Links) -> dict[str, str]:
    """What page.js needs to make links as the server does."""
    clocks = {name: value for name, value in links.kept.items() if name != "as_of"}
    only = [(name, value) for name, value in links.given if name in ("org", "person", "product", "kind", "certainty")]
    return {
        "base": links.base,
        "keep": query_of(clocks)[1:],
        "pin": query_of({**clocks, "known_at": f"@{context.view.position}"})[1:],
        "only": query_of(only)[1:],
    }


def lanes_of(view: View, wanted: Selection, day: int, links: Links) -> dict[str, Any]:
    """The lanes of what is selected, as a picture on a page."""
    return _drawn(lanes(Gathered(view, wanted), day), links)


def _drawn(shown: Lanes, links: Links) -> dict[str, Any]:
    return {
        "lanes": shown,
        "drawn": drawn(shown, WIDE, links),
        "described": f"{described(shown)} ",
        "legend": list(entries()),
    }
