"""What the public could know by a date, on generated histories: `timeline/reported.py` against plain folds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.about import Correction
from events.base import Citation, Happening
from events.dates import FOREVER, Date, day_of, parse
from events.register import Source
from projections import certainty
from projections.all import fold_facts
from projections.facts import Fact, in_force
from projections.happenings import Listed
from projections.memberships import Membership
from projections.rows import Row
from tests.projections.histories import SOURCES, History, Scribe, happening, histories
from tests.timeline.telling import tell
from timeline.entries import entry_named
from timeline.ledger import Ledger
from timeline.reported import reported_by
from timeline.state.tables import TABLES
from timeline.store.mapper import EntryEvent
from timeline.view import View

FAR = day_of("2100-01-01")

quick = settings(max_examples=25, suppress_health_check=list(HealthCheck))


def _sourced(event: Happening) -> Happening:
    return event if event.sources else msgspec.structs.replace(event, sources=(Citation(source="post"),))


SOURCED = happening.filter(lambda event: isinstance(event, Happening)).map(_sourced)
"""What happens, and some source tells of it."""

ISSUED = st.sampled_from(["2024-01-10", "2024-01-25", "2024-02", "2024", "2024-02~", "[2024-01-20..2024-02-10]", ""])
DAYS = st.integers(day_of("2023-12-01"), day_of("2024-03-31"))


def record(ledger: Ledger, history: History, issued: Iterable[str] = ()) -> list[Fact]:
    """Record a history, the sources issued on the given dates; the facts that are then in force."""
    scribe = Scribe()
    dated = [_dated(source, parse(text) if text else None) for source, text in zip(SOURCES, issued, strict=False)]
    if dated:
        ledger.record(dated, by="test")
        scribe.keep(dated)
    tell(ledger, history, scribe)
    streams: dict[Any, list[Any]] = {}
    for entry, version in scribe.log:
        streams.setdefault(entry, []).append(version)
    return [fact for entry, stream in streams.items() if (fact := in_force(entry, stream)) is not None]


def _dated(source: str, issued: Date | None) -> EntryEvent:
    return EntryEvent(
        entry_named("source", source), 2, Correction(event=Source(id=source, title=f"The {source}", issued=issued))
    )


def rows(view: View) -> dict[str, Counter[Row]]:
    """Every row of every projection, as a view has it."""
    return {name: Counter(view.rows(table.row)) for name, table in TABLES.items()}


@quick
@given(history=histories(most=30, content=SOURCED))
def test_what_all_sources_say_is_what_the_ledger_says(world, history):
    """Every fact has a source, and all are out long since: the third clock leaves nothing away."""
    with Ledger.open(str(world())) as ledger:
        record(ledger, history)
        with ledger.database.reading() as connection, reported_by(connection, None, FAR) as reported:
            assert rows(reported) == rows(View(connection))


@quick
@given(history=histories(most=30))
def test_a_fact_that_no_source_tells_of_was_never_published(world, history):
    """Facts with and without sources, and sources whose date nobody knows: only the former are left, all of them."""
    with Ledger.open(str(world())) as ledger:
        facts = record(ledger, history)
        told = [f for f in facts if not isinstance(f.event, Happening) or f.sources]
        with ledger.database.reading() as connection, reported_by(connection, None, FOREVER) as reported:
            assert rows(reported) == {name: Counter(found) for name, found in fold_facts(told).items()}


@quick
@given(history=histories(most=20, content=SOURCED), issued=st.tuples(ISSUED, ISSUED), days=st.tuples(DAYS, DAYS))
def test_what_was_published_stays_published(world, history, issued, days):
    """A later day knows all the facts of an earlier one, and none of them less surely."""
    with Ledger.open(str(world())) as ledger:
        record(ledger, history, issued)
        with ledger.database.reading() as connection:
            (early, surely_early), (late, surely_late) = (_published(connection, day) for day in sorted(days))

    assert early <= late
    assert surely_early <= surely_late


def _published(connection: Any, day: int) -> tuple[set[Any], set[Any]]:
    """The entries that may have been published by a day, and those that surely were."""
    with reported_by(connection, None, day) as view:
        maybe = {row.entry for row in view.rows(Listed)}
        unsure = {e.entry for e in view.events() if e.mark == "possible"}
    return maybe, maybe - unsure


@quick
@given(history=histories(most=20, content=SOURCED), issued=st.tuples(ISSUED, ISSUED), day=DAYS, asked=DAYS)
def test_only_what_is_so_with_and_without_the_doubtful_sources_is_certain(world, history, issued, day, asked):
    """Folded once with the sources that were surely out and once with those that may have been: nobody is certain whom
    one of the two does not know for certain, and nobody is left away whom one of them knows.
    """
    with Ledger.open(str(world())) as ledger:
        facts = record(ledger, history, issued)
        with ledger.database.reading() as connection, reported_by(connection, None, day) as view:
            found = _marks(view.rows(Membership), asked)
    dates = {s: parse(text) if text else None for s, text in zip(SOURCES, issued, strict=True)}
    surely = _marks_of(facts, {s for s, d in dates.items() if d and d.latest_reading <= day}, asked)
    maybe = _marks_of(facts, {s for s, d in dates.items() if d is None or d.earliest_reading <= day}, asked)

    assert {who for who, mark in found.items() if mark == "certain"} <= {
        who for who in found if surely.get(who) == maybe.get(who) == "certain"
    }
    assert {*surely, *maybe} <= {*found}


def _marks(found: Iterable[Membership], day: int) -> dict[tuple[str, str], str]:
    """The surest mark of everybody at every organization on a day."""
    order = ("unconfirmed", "possible", "certain")
    marks: dict[tuple[str, str], str] = {}
    for row in found:
        if mark := certainty.on_day(row, day):
            who = (row.person, row.organization)
            marks[who] = max(marks.get(who, mark), mark, key=order.index)
    return marks


def _marks_of(facts: Iterable[Fact], out: set[str], day: int) -> dict[tuple[str, str], str]:
    """The same from the facts alone, as far as these sources tell them."""
    kept = []
    for fact in facts:
        sources = tuple(c for c in fact.sources if c.source in out)
        if sources or not isinstance(fact.event, Happening):
            kept.append(fact._replace(sources=sources))
    return _marks((r for r in fold_facts(kept)["memberships"] if isinstance(r, Membership)), day)
