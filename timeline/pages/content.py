"""What a picture or a page is made of: the rows that selected entries speak of, with all that their words need."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from typing import TypeVar
from uuid import UUID

from events.dates import FOREVER, NEVER, parse
from projections.deals import DealState
from projections.happenings import Listed
from projections.memberships import Membership
from projections.names import Name
from projections.organizations import Existence
from projections.parents import Parent
from projections.posts import Holding
from projections.products import ProductState
from projections.rows import Row, SpanRow, unique
from projections.sources import Published
from timeline.exports.selection import Selection, listed
from timeline.store import log
from timeline.view import View

A = TypeVar("A", bound=Row)

FIRST_OF_1970 = 719_163
"""The day number that recorded time counts its days from."""


class Part(View):
    """A view of some entries: it answers like the whole, from those rows alone that the entries speak of.

    Which of the organizations shown is a part of which, it tells whoever says so: they would stand there unconnected.
    """

    def __init__(self, view: View, entries: frozenset[UUID]) -> None:
        rows = view.row_connection if view.is_partial else None
        super().__init__(
            view.connection,
            view.known,
            rows=rows,
            facts=view._facts,
            unsure=view._unsure,
            reported_day=view.reported_day,
        )
        self.entries = entries
        stays: list[Membership | Holding] = [*self.rows(Membership), *self.rows(Holding)]
        standing = [r.organization for r in self.rows(Existence)]
        self.organizations = frozenset([*standing, *(s.organization for s in stays)])

    def count_events(self) -> int:
        """How many entries it holds."""
        return len(self.entries)

    def entries_by_source(self) -> Counter[str]:
        """How many of its entries rest on each source."""
        return Counter(source for row in self.rows(Listed) for source in row.sources)

    def shown(self, found: list[A]) -> list[A]:
        """Those of the rows that one of the entries had a part in."""
        return [r for r in found if self._speaks_of(r)]

    def _speaks_of(self, row: Row) -> bool:
        match row:
            case Parent():
                return row.organization in self.organizations and row.parent in self.organizations
            case SpanRow():
                return not self.entries.isdisjoint(row.entries)
            case Listed():
                return row.entry in self.entries
            case _:
                return True


class Gathered:
    """Everything on a page: rows in the order of their bounds, notable events newest first, sources by number."""

    def __init__(self, view: View, wanted: Selection) -> None:
        everything = wanted._replace(first=NEVER, last=FOREVER)
        self.whole = view
        if everything != Selection():
            chosen = (entry for part in listed(view, everything, newest_first=True) for entry in part)
            view = Part(view, frozenset(chosen))
        self.view = view
        self.wanted = wanted
        self.memberships = view.rows(Membership)
        self.holdings = view.rows(Holding)
        self.existences = view.rows(Existence)
        self.parents = view.rows(Parent)
        self.products = view.rows(ProductState)
        self.deals = view.rows(DealState)
        self.events = view.events(notable=True, newest_first=True)
        view.directory.prefetch(self._named())

    @cached_property
    def above(self) -> dict[str, str]:
        """The organization above each, the last one known; of all of the ledger."""
        known = self.parents if self.view is self.whole else self.whole.rows(Parent)
        parents = sorted(known, key=lambda p: (p.start_min, p.start_max))
        return {p.organization: p.parent for p in parents if p.parent is not None}

    @cached_property
    def by_size(self) -> list[str]:
        """The organizations of all of the ledger by how many people it has of them, then by id."""
        existences, stays = self.existences, self.stays
        if self.view is not self.whole:
            existences = self.whole.rows(Existence)
            stays = [*self.whole.rows(Membership), *self.whole.rows(Holding)]
        people: dict[str, set[str]] = {u.organization: set() for u in existences}
        for stay in stays:
            people.setdefault(stay.organization, set()).add(stay.person)
        return sorted(people, key=lambda o: (-len(people[o]), o))

    @cached_property
    def stays(self) -> list[Membership | Holding]:
        """Who was where, and in which post."""
        return [*self.memberships, *self.holdings]

    @cached_property
    def spans(self) -> tuple[SpanRow, ...]:
        """Every row that lasts from a day to a day; its place here is its number."""
        return (
            *self.memberships,
            *self.holdings,
            *self.existences,
            *self.parents,
            *self.products,
            *self.deals,
        )

    @cached_property
    def names(self) -> list[Name]:
        """The names that organizations of the page bore, where they changed."""
        here = {r.organization for r in (*self.stays, *self.existences)}
        return [n for n in self.view.rows(Name) if n.organization in here]

    @cached_property
    def told_as_deals(self) -> frozenset[UUID]:
        """The entries of deals, which a state lists apart from other events."""
        return frozenset(d.deal for d in self.deals)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each source that something here rests on, from 1, by date of issue."""
        used = {s for r in self.spans for s in r.sources} | {s for e in self.events for s in e.sources}
        return {s: n for n, s in enumerate([s for s in unique([*self.published, *sorted(used)]) if s in used], 1)}

    @cached_property
    def published(self) -> dict[str, Published]:
        """All registered sources by id, in the order of their dates of issue."""
        return {s.source: s for s in sorted(self.view.rows(Published), key=lambda s: (s.earliest, s.latest, s.source))}

    @cached_property
    def sources(self) -> list[Published]:
        """The sources of the page, by number."""
        return [self.published[s] for s in self.numbers if s in self.published]

    def cited(self, sources: Iterable[str]) -> tuple[int, ...]:
        """Sources by their numbers, in order."""
        return tuple(sorted({self.numbers[s] for s in sources if s in self.numbers}))

    @cached_property
    def day(self) -> int:
        """The day to show if none is asked for: the first on which the newest source can have come out.

        The sources are known to speak of that day, and of few later ones. Without dated sources it is the earliest day
        of the newest event. It is never later than the last thing recorded.
        """
        recorded = log.recorded_at(self.view.connection, self.view.position)
        last = FOREVER if recorded is None else FIRST_OF_1970 + recorded // 86_400_000_000
        issued = [s.earliest for s in self.published.values() if s.source in self.numbers]
        happened = [parse(e.date.edtf).earliest_reading for e in self.events]
        bounds = [d for r in self.spans for d in (r.start_min, r.start_max)]
        for days in (issued, happened, bounds):
            if known := [d for d in days if NEVER < d <= last]:
                return max(known)
        return FIRST_OF_1970 if last == FOREVER else last

    def _named(self) -> Iterable[str]:
        for stay in self.stays:
            yield from (stay.person, stay.organization)
        yield from (e.organization for e in self.existences)
        yield from (p.organization for p in self.parents)
        yield from (p.product for p in self.products)
        yield from (party for d in self.deals for party in d.parties)
