"""What the sources said by a date: the third clock.

Only facts that a source had published by then count. Where a source's own date is uncertain, so is what was known: the
facts that were surely out are folded once, and those that may have been out once more, and what the two disagree about
is possible at most. A fact without any source was never published.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, create_engine, pool

from events.base import Happening
from events.dates import FOREVER, NEVER
from events.kinds import decode
from projections.all import PROJECTIONS, fold_facts
from projections.facts import Fact, Version, in_force
from projections.memberships import Membership
from projections.organizations import Existence
from projections.posts import Holding
from projections.products import ProductState
from projections.rows import ANY_DAY, Row, SpanRow, edtf_between
from projections.sources import Published
from timeline.state import tables as state
from timeline.state.tables import TABLES, Numbers
from timeline.store import log
from timeline.view import View

_DETAILS: Mapping[type[SpanRow], tuple[str, ...]] = {
    Membership: ("role",),
    Holding: ("role",),
    Existence: ("founders", "place", "successors"),
    ProductState: ("organization",),
}
"""What a row says besides: two rows that differ in nothing else are about the same."""


@contextmanager
def reported_by(connection: Connection, known: int | None, day: int) -> Iterator[View]:
    """What a ledger as known at a position says from what was published by the end of a day.

    It folds the whole ledger afresh, so it takes as long as the ledger is large.
    """
    facts = list(_facts(connection, known))
    issued = {row.source: (row.earliest, row.latest) for row in View(connection, known).rows(Published)}
    surely = [
        f for f in (as_published(f, {s for s, (_, latest) in issued.items() if latest <= day}) for f in facts) if f
    ]
    maybe = [
        f for f in (as_published(f, {s for s, (earliest, _) in issued.items() if earliest <= day}) for f in facts) if f
    ]
    rows = _agreed(fold_facts(surely), fold_facts(maybe))
    rows["sources"] = [r for r in rows["sources"] if isinstance(r, Published) and r.earliest <= day]
    engine = create_engine("sqlite://", poolclass=pool.StaticPool)
    try:
        with engine.begin() as copy:
            _fill(copy, rows)
            unsure = {f.entry for f in maybe} - {f.entry for f in surely}
            out = {f.entry: f for f in maybe}
            yield View(connection, known, rows=copy, unsure=frozenset(unsure), facts=out, reported_day=day)
    finally:
        engine.dispose()


def _facts(connection: Connection, known: int | None) -> Iterator[Fact]:
    streams: dict[UUID, list[Version]] = {}
    for e in log.read(connection, upto=known):
        event = None if e.state is None else decode(e.kind, e.state)
        streams.setdefault(e.entry_id, []).append(Version(e.position, e.version, event))
    for entry, stream in streams.items():
        if (fact := in_force(entry, stream)) is not None:
            yield fact


def as_published(fact: Fact, published: set[str]) -> Fact | None:
    """The fact as far as the published sources tell it. The register is no news and always counts."""
    if not isinstance(fact.event, Happening):
        return fact
    sources = tuple(c for c in fact.sources if c.source in published)
    if not sources:
        return None
    disputes = tuple(d for d in fact.disputes if not d.sources or any(c.source in published for c in d.sources))
    return fact._replace(sources=sources, disputes=disputes)


def _agreed(surely: dict[str, list[Row]], maybe: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """One set of rows from two: what both say stands, what they differ about is possible at most."""
    return {
        name: list(_spans(surely[name], rows)) if issubclass(TABLES[name].row, SpanRow) else rows
        for name, rows in maybe.items()
    }


def _spans(surely: Sequence[Any], maybe: Sequence[Any]) -> Iterator[SpanRow]:
    one, other = _by_subject(surely), _by_subject(maybe)
    for subject in dict.fromkeys((*one, *other)):
        pair = one.get(subject, []), other.get(subject, [])
        if len(pair[0]) == len(pair[1]):
            yield from (_both(a, b) for a, b in zip(*pair, strict=True))
        else:
            alone = [
                a for a in pair[0] if not any(a.start_min <= b.end_max and b.start_min <= a.end_max for b in pair[1])
            ]
            yield from map(_never_certain, (*pair[1], *alone))


def _by_subject(rows: Iterable[SpanRow]) -> dict[tuple[Any, ...], list[SpanRow]]:
    """Rows by what they are about, each group by start."""
    found: dict[tuple[Any, ...], list[SpanRow]] = {}
    for row in sorted(rows, key=lambda r: (r.start_min, r.start_max, r.end_min, r.end_max)):
        details = (*SpanRow.__struct_fields__, *_DETAILS.get(type(row), ()))
        subject = tuple(getattr(row, f) for f in row.__struct_fields__ if f not in details)
        found.setdefault(subject, []).append(row)
    return found


def _both(sure: SpanRow, maybe: SpanRow) -> SpanRow:
    """What two readings of one span leave open between them."""
    start = min(sure.start_min, maybe.start_min), max(sure.start_max, maybe.start_max)
    end = min(sure.end_min, maybe.end_min), max(sure.end_max, maybe.end_max)
    return msgspec.structs.replace(
        maybe,
        start_min=start[0],
        start_max=start[1],
        end_min=end[0],
        end_max=end[1],
        start=maybe.start if sure.start == maybe.start else edtf_between(*start),
        end=maybe.end if sure.end in (maybe.end, "") else edtf_between(*end) or ANY_DAY,
        confirmed=min(sure.confirmed, maybe.confirmed),
        disputed=sure.disputed or maybe.disputed,
    )


def _never_certain(row: SpanRow) -> SpanRow:
    return msgspec.structs.replace(row, start_max=FOREVER, end_min=NEVER)


def _fill(copy: Connection, rows: dict[str, list[Row]]) -> None:
    state.metadata.create_all(copy)
    names = Numbers(copy)
    for projection in PROJECTIONS:
        table = TABLES[projection.name]
        table.insert([(*table.values(row), 0, FOREVER) for row in rows[projection.name]], names, 0)
