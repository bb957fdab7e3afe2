"""The rows of a page as JSON, from which state.js works out the state of any day.

Keys are short, for there may be many rows; a key that is missing means nothing, no or zero. state.js names them all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import singledispatch
from typing import Any

import msgspec

from events.dates import FOREVER, NEVER, parse
from projections.deals import DealState
from projections.memberships import Membership
from projections.organizations import Existence
from projections.parents import Parent
from projections.posts import Holding
from projections.products import ProductState
from projections.rows import SpanRow
from timeline import answers
from timeline.pages.colours import GREY
from timeline.pages.content import Gathered
from timeline.pages.lanes import Lanes
from timeline.pages.panel import deal_pieces, event_pieces, product_pieces
from timeline.pages.svg import Sheet
from timeline.printing import words

BEYOND = 1e99

_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_SAFE = str.maketrans(_UNSAFE)


def embedded(
    gathered: Gathered, lanes: Lanes, sheets: Sequence[Sheet], service: Mapping[str, Any] | None = None
) -> str:
    """What the scripts of the page read, as JSON for a script element.

    `service` says where a service has its other pages; without one, nothing says what leads where.
    """
    rows = [_row(row, gathered) for row in gathered.spans]
    events = [_event(event, gathered) for event in gathered.events]
    deals = {d.deal: d for d in gathered.view.deals()}
    for row, span in zip(rows, gathered.spans, strict=True):
        if isinstance(span, DealState):
            row["t"] = deal_pieces(_at(deals[span.deal], span))
    data = {
        "day": lanes.day,
        "first": lanes.axis.first,
        "last": lanes.axis.last,
        "names": dict(_names(gathered)),
        "bore": [_span(n) | {"o": n.organization, "name": n.name} for n in gathered.names],
        "colours": {o: c for o, c in sorted(lanes.colours.items()) if c != GREY},
        "rows": rows,
        "events": events,
        "bars": list(_bars(lanes)),
        "sheets": [sheet.rows for sheet in sheets],
    }
    if service is not None:
        data["service"] = service
    else:
        for thing in (*rows, *events):
            if "t" in thing:
                thing["t"] = [piece[:2] for piece in thing["t"]]
    return for_script(msgspec.json.encode(data, order="deterministic").decode())


def for_script(text: str) -> str:
    """The same JSON, written so that it cannot end the script element that it stands in."""
    return text.translate(_SAFE)


def _at(deal: answers.DealAnswer, row: DealState) -> answers.DealAnswer:
    return msgspec.structs.replace(deal, stage=row.stage)


def _names(gathered: Gathered) -> Iterator[tuple[str, str]]:
    name = gathered.view.directory.name
    for row in gathered.spans:
        for field in ("person", "organization", "parent"):
            if (given := getattr(row, field, None)) is not None:
                yield given, name(given)


def _bars(lanes: Lanes) -> Iterator[list[Any]]:
    """Bars and markers in the order in which they are drawn: lane, label, and the numbers of their rows."""
    for lane in (lane for section in lanes.sections for lane in section.lanes):
        for bar in (*lane.thin, *(b for line in lane.lines for b in line)):
            yield [lane.name, bar.label, *bar.rows]
        for marker in lane.markers:
            yield [lane.name, marker.label, marker.number]


def _span(row: SpanRow) -> dict[str, Any]:
    """The four bounds and what certainty asks besides."""
    found: dict[str, Any] = {"b": _bounds(row.start_min, row.start_max, row.end_min, row.end_max)}
    if row.end == "":
        found["u"] = 1
    return found


def _bounds(*days: int) -> list[int | float]:
    """Where nothing bounds a side, a number beyond all days, as JSON has no infinity."""
    return [-BEYOND if day == NEVER else BEYOND if day == FOREVER else day for day in days]


def _row(row: SpanRow, gathered: Gathered) -> dict[str, Any]:
    start, end = answers.When.start(row), answers.When.end(row)
    seen = None if row.confirmed == NEVER else words.iso_day(row.confirmed)
    found = _span(row) | {"w": words.span(start, end, seen), "n": gathered.cited(row.sources)}
    if row.disputed:
        found["x"] = 1
    if row.claim == "rumoured":
        found["m"] = 1
    return found | _about(row, gathered)


@singledispatch
def _about(row: SpanRow, gathered: Gathered) -> dict[str, Any]:
    """What a row says besides its days."""
    raise TypeError(f"{type(row).__name__} is not shown on a page")


@_about.register
def _(row: Membership, gathered: Gathered) -> dict[str, Any]:
    return {"k": "member", "p": row.person, "o": row.organization, "r": row.role, "s": row.start}


@_about.register
def _(row: Holding, gathered: Gathered) -> dict[str, Any]:
    return {"k": "post", "p": row.person, "o": row.organization, "r": row.role, "s": row.start, "h": row.post}


@_about.register
def _(row: Existence, gathered: Gathered) -> dict[str, Any]:
    return {"k": "organization", "o": row.organization}


@_about.register
def _(row: Parent, gathered: Gathered) -> dict[str, Any]:
    return {"k": "parent", "o": row.organization, "a": row.parent}


@_about.register
def _(row: ProductState, gathered: Gathered) -> dict[str, Any]:
    product = gathered.view.ref(row.product)
    return {"k": "product", "t": product_pieces(product, row.status, row.planned, row.claim), "i": product.name}


@_about.register
def _(row: DealState, gathered: Gathered) -> dict[str, Any]:
    return {"k": "deal", "i": str(row.deal)}


def _event(event: answers.Event, gathered: Gathered) -> dict[str, Any]:
    date = parse(event.date.edtf)
    found: dict[str, Any] = {
        "b": _bounds(date.earliest_reading, date.latest_reading),
        "t": event_pieces(event),
        "n": gathered.cited(event.sources),
    }
    if event.disputed:
        found["x"] = 1
    if event.entry in gathered.told_as_deals:
        found["d"] = 1
    return found
