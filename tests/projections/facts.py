"""Short ways to write facts down, for the tests of single rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from events.about import Correction, Dispute, Ranking, Retraction
from events.base import Citation, Event
from events.dates import FOREVER, NEVER, day_of, parse
from events.durations import parse as parse_duration
from events.kinds import KINDS
from projections import certainty
from projections.all import fold_all
from projections.facts import Version, in_force
from projections.rows import Row, SpanRow

DATES = {"date", "announced", "planned", "previous", "issued"}


def happened(kind: str, date: str, **fields: Any) -> Any:
    """An event of a kind; dates and durations as texts."""
    values: dict[str, Any] = {"date": date} | fields
    values = {n: parse(v) if n in DATES and v else v for n, v in values.items()}
    if "length_of_service" in values:
        values["length_of_service"] = parse_duration(values["length_of_service"])
    return KINDS[kind](**values)


def said(*told: Event | Sequence[Event]) -> dict[str, list[Any]]:
    """The rows of every projection from entries in the order of recording: an event, or a stream of events."""
    log = []
    position = 0
    for number, entry in enumerate(told, 1):
        for version, event in enumerate([entry] if isinstance(entry, Event) else entry, 1):
            position += 1
            log.append((UUID(int=number), Version(position, version, event)))
    rows = fold_all(log)
    return {name: sorted(found, key=_order) for name, found in rows.items()}


def memberships(*told: Event | Sequence[Event]) -> list[Any]:
    """The memberships from entries, which `said` takes."""
    return said(*told)["memberships"]


def membership(*told: Event | Sequence[Event]) -> Any:
    """The only membership from entries."""
    (row,) = memberships(*told)
    return row


def stays(*told: Event | Sequence[Event]) -> list[tuple[str, str]]:
    """Start and end of the memberships from entries, as they are shown."""
    return [span(row) for row in memberships(*told)]


def _order(row: Row) -> tuple[Any, ...]:
    return (row.start_min, row.start_max, row.end_max) if isinstance(row, SpanRow) else (repr(row),)


def fact_of(*stream: Event) -> Any:
    """The fact that a stream of events adds up to, or None."""
    return in_force(UUID(int=1), [Version(n, n, event) for n, event in enumerate(stream, 1)])


def on(row: SpanRow, day: str) -> str | None:
    """Whether it was so on a day."""
    return certainty.on_day(row, day_of(day))


def span(row: SpanRow) -> tuple[str, str]:
    """Start and end as they are shown."""
    return row.start, row.end


def days(start_min: str, start_max: str, end_min: str, end_max: str) -> tuple[int, ...]:
    """Four bounds, as a row has them; "" for none."""
    first, last = (lambda text: day_of(text) if text else NEVER), (lambda text: day_of(text) if text else FOREVER)
    return first(start_min), last(start_max), first(end_min), last(end_max)


def bounds(row: SpanRow) -> tuple[int, ...]:
    """The four bounds of a row."""
    return row.start_min, row.start_max, row.end_min, row.end_max


def denied(event: Event, by: str = "acme") -> list[Event]:
    """The entry and somebody's denial."""
    return [event, Dispute(by=by, stance="denied")]


def ranked(event: Event, rank: Any) -> list[Event]:
    """The entry and its rank."""
    return [event, Ranking(rank=rank)]


def corrected(event: Event, into: Any) -> list[Event]:
    """The entry and its correction."""
    return [event, Correction(event=into)]


def retracted(event: Event, *versions: int) -> list[Event]:
    """The entry and retractions of its versions, one after the other."""
    return [event, *(Retraction(version=v) for v in versions)]


def cited(*sources: str) -> tuple[Citation, ...]:
    """Citations of sources."""
    return tuple(Citation(source=s) for s in sources)


def arrival(date: str, person: str = "ada", organization: str = "acme", **fields: Any) -> Any:
    return happened("arrival", date, person=person, organization=organization, **fields)


def departure(date: str, person: str = "ada", organization: str = "acme", **fields: Any) -> Any:
    return happened("departure", date, person=person, organization=organization, **fields)


def tenure(date: str, person: str = "ada", organization: str = "acme", **fields: Any) -> Any:
    return happened("tenure", date, person=person, organization=organization, **fields)


def seen(date: str, person: str = "ada", organization: str = "acme", **fields: Any) -> Any:
    return happened("sighting", date, person=person, organization=organization, **fields)


def absent(date: str, **fields: Any) -> Any:
    return seen(date, present=False, **fields)


def appointed(date: str, person: str = "ada", organization: str = "acme", **fields: Any) -> Any:
    return happened("appointment", date, person=person, organization=organization, **{"post": "head"} | fields)
