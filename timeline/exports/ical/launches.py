"""One event of the calendar for each planned release of a product: it moves when the plan does.

A launch keeps its UID from the plan through delays to the release or the end; a product has one launch, also when it is
planned anew after it was given up. The release of a preview fulfils a plan until the next one; the general release is
the end of the story.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import Connection, Text, literal, select

from events.base import Happening
from events.dates import Date
from events.products import Cancellation, Delay, Plan, Release
from projections.facts import Fact
from projections.happenings import Listed
from projections.mentions import Mention
from projections.products import ProductState
from projections.succession import in_likely_order
from timeline.exports.formats import Options
from timeline.exports.ical.content import Content, Gone, Revision, joined
from timeline.exports.ical.dates import shown_days
from timeline.exports.ical.entries import (
    CORRECTED,
    UNDATED,
    because,
    categories,
    citations,
    claims,
    day,
    in_brackets,
)
from timeline.exports.ical.revisions import Shown, revision
from timeline.exports.ical.scope import Scope
from timeline.exports.ical.subjects import Library, Lookup, Subject
from timeline.exports.ical.text import clean, one_line
from timeline.state.tables import numbers, table_of

LAUNCHES = uuid5(NAMESPACE_URL, "urn:timeline:launch")
"""The namespace of launches. Fixed for ever: the same product has the same launch in every calendar."""

KINDS = (Plan, Delay, Release, Cancellation)
"""The kinds that tell the story of a launch."""

PLANNING = frozenset(str(kind.__struct_config__.tag) for kind in (Plan, Delay))
TAGS = frozenset(str(kind.__struct_config__.tag) for kind in KINDS)

PART = 200
"""How many products are read at once."""

Stage = Literal["planned", "delayed", "preview", "released", "cancelled"]
STATUS = {
    "planned": "TENTATIVE",
    "delayed": "TENTATIVE",
    "preview": "CONFIRMED",
    "released": "CONFIRMED",
    "cancelled": "CANCELLED",
}


class Launch(NamedTuple):
    """What becomes of the planned release of a product."""

    date: Date
    stage: Stage
    last: Fact
    """The entry that says so."""
    is_open: bool = False
    """It was put off without a new date; the date is the one before."""


def launch_of(facts: Sequence[Fact]) -> Launch | None:
    """The launch that facts about one product, in likely order, add up to; None if no date was ever planned."""
    found: Launch | None = None
    planned = False
    for fact in facts:
        if found is not None and found.stage == "released":
            break
        event = fact.event
        assert isinstance(event, Plan | Delay | Release | Cancellation)
        date, stage, is_open = _step(found, event)
        planned = planned or (date is not None and not isinstance(event, Release))
        date = date or (found.date if found else None)
        if date is not None:
            found = Launch(date, stage, fact, is_open)
    return found if planned else None


def _step(found: Launch | None, event: Plan | Delay | Release | Cancellation) -> tuple[Date | None, Stage, bool]:
    """The new date (None for the same one), what the launch is now, and whether its date is open."""
    was_open = found is not None and found.is_open
    match event:
        case Plan(planned=None):
            return None, found.stage if found and found.stage != "cancelled" else "planned", was_open
        case Plan():
            return event.planned, "delayed" if found and found.stage == "delayed" else "planned", False
        case Delay(planned=None):
            return (None if found else event.previous), "delayed", True
        case Delay():
            return event.planned, "delayed", False
        case Release():
            return event.date, "released" if event.stage == "general" else "preview", False
        case Cancellation():
            return None, "cancelled", was_open


def stage_order(fact: Fact) -> int:
    """Where the dates leave the order open: plans, then delays, then what ends them."""
    return {Delay: 1, Release: 2, Cancellation: 2}.get(type(fact.event), 0)


class _Product:
    """A product with every entry that was ever about its launch."""

    def __init__(self, product: str, subjects: Sequence[Subject], scope: Scope, options: Options) -> None:
        self.product, self.subjects, self.scope, self.options = product, subjects, scope, options

    def shown(self, look: Lookup) -> Shown:
        """What the calendar shows of the launch."""
        look.asked.entities.add(self.product)
        facts = self._facts(look)
        launch = launch_of([f for f in facts if not f.deprecated])
        if launch is None:
            return self._withdrawn(look.at)
        if not self.scope.spans(launch.date) or not any(self.scope.concerns(f, look.at) for f in facts):
            return CORRECTED
        days = shown_days(launch.date, self.options.imprecise)
        if days is None:
            return UNDATED
        labels = _labels(launch)
        status = STATUS[launch.stage]
        events = [f.event for f in facts]
        return Content(
            id=uuid5(LAUNCHES, self.product),
            summary=one_line(f"{joined(labels)}{look(self.product)} launch{_brackets(launch)}"),
            status="TENTATIVE" if labels and status == "CONFIRMED" else status,
            first=days.first,
            last=days.last,
            description=clean("\n".join(self._description(launch, facts, look))),
            categories=categories(("launch", *look.organizations(events))),
            url=f"{self.options.address}/products/{self.product}" if self.options.address else "",
            edtf=launch.date.text,
        )

    def _facts(self, look: Lookup) -> list[Fact]:
        """What counts of the entries and is about this product, as known at a position, in likely order."""
        found = []
        for subject in self.subjects:
            said = subject.fact(look.at)
            look.depend_on(said)
            fact = self.scope.meant(said, look.at)
            if fact is not None and isinstance(fact.event, KINDS) and fact.event.product == self.product:
                found.append(fact)
        found.sort(key=_by_date)
        return in_likely_order(found, stage_order)

    def _withdrawn(self, at: int) -> Gone:
        """Why there is no launch: the last of the retractions, or a correction or a merge."""
        retractions = [r for s in self.subjects if (r := s.retraction(at)) is not None]
        if not retractions:
            return CORRECTED
        retraction, recorded_at = max(retractions, key=lambda r: r[1])
        return Gone("Retracted", because(f"Retracted {day(recorded_at)}", retraction.reason))

    def _description(self, launch: Launch, facts: Sequence[Fact], look: Lookup) -> Iterator[str]:
        if launch.is_open:
            yield "No new date was given: this is the one before."
        for fact in facts:
            event = fact.event
            assert isinstance(event, Happening)
            prefix = joined(claims(fact))
            yield because(f"{event.date.words()}: {prefix}{event.headline(look)}", getattr(event, "reason", ""))
        yield from citations((c for f in facts for c in f.sources), look)


def _by_date(fact: Fact) -> tuple[int, int, int]:
    assert isinstance(fact.event, Happening)
    return (fact.event.date.earliest, fact.event.date.latest, fact.position)


def _labels(launch: Launch) -> list[str]:
    stage = {"planned": ["Planned"], "delayed": ["Delayed"], "cancelled": ["Cancelled"]}.get(launch.stage, [])
    return [*stage, *claims(launch.last)]


def _brackets(launch: Launch) -> str:
    if launch.is_open:
        return f" (no new date; was {launch.date.words()})"
    words = in_brackets(launch.date)
    if launch.stage == "preview":
        return f" (preview{', ' if words else ''}{words.strip(' ()')})"
    return words


def launches(library: Library, scope: Scope, options: Options, known: int) -> Iterator[Revision]:
    """All launches that the calendar holds or held, by product."""
    for part in _products(library.connection, known):
        subjects = library.subjects(sorted({entry for entries in part.values() for entry in entries}))
        for product, entries in part.items():
            told = [subjects[e] for e in entries if not subjects[e].is_erased]
            found = _revision(library, _Product(product, told, scope, options), known)
            if found is not None:
                yield found


def _products(connection: Connection, known: int) -> Iterator[dict[str, list[UUID]]]:
    """Products by id that something was ever planned for, each with every entry that ever told of it, in parts."""
    state, mention, listed = (table_of(row).table.c for row in (ProductState, Mention, Listed))
    after = ""
    while True:
        query = select(numbers.c.number, numbers.c.id).distinct()
        query = query.join(table_of(ProductState).table, state.product == numbers.c.number)
        # A plain text is compared as the column is sorted, whatever collation the database has for it.
        query = query.where(state.known_from <= known, numbers.c.id > literal(after, Text()))
        query = query.order_by(numbers.c.id).limit(PART)
        ids = {row.number: row.id for row in connection.execute(query)}
        if not ids:
            return
        found = select(mention.entity, mention.entry, listed.kind).distinct()
        found = found.join(table_of(Listed).table, listed.entry == mention.entry)
        found = found.where(mention.entity.in_(ids), mention.known_from <= known)
        found = found.where(listed.kind.in_(TAGS), listed.known_from <= known)
        entries: dict[str, set[UUID]] = {}
        planned: set[str] = set()
        for row in connection.execute(found):
            product = ids[row.entity]
            entries.setdefault(product, set()).add(row.entry)
            if row.kind in PLANNING:
                planned.add(product)
        yield {product: sorted(entries[product]) for product in ids.values() if product in planned}
        *_, after = ids.values()  # the last one in the order of the database, whatever that is


def _revision(library: Library, product: _Product, known: int) -> Revision | None:
    def render(at: int) -> tuple[Shown, list[int]]:
        look = Lookup(library, at)
        shown = product.shown(look)
        return shown, [*library.turns(look.asked), *product.scope.turns(look.asked.entities)]

    starts = {batch for subject in product.subjects for batch in subject.batches}
    return revision(starts, known, render, library.recorded_at)
