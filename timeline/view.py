"""Questions to one state of the ledger.

A view is what was known at one position of the log; it asks the rows of the projections, never the clock. Days are day
numbers, and a day counts as its end: who left on that day was still there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from operator import attrgetter
from typing import Any, TypeVar, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, func, select

from events.base import Happening
from events.dates import FOREVER, NEVER, Date, parse
from events.kinds import mentions
from projections import certainty
from projections.deals import DealState
from projections.facts import Fact, in_force
from projections.happenings import Listed
from projections.memberships import Membership
from projections.mentions import Mention
from projections.names import Name
from projections.organizations import Existence
from projections.parents import Parent
from projections.posts import HEAD, Holding
from projections.products import ProductState
from projections.rows import Row, SpanRow, unique
from projections.sources import Published
from timeline import answers
from timeline.entries import is_entry_id
from timeline.naming import Directory
from timeline.state.projector import versions
from timeline.state.tables import Numbers, RowTable, chunks, table_of
from timeline.store import log, nodes
from timeline.ways import ALWAYS, Bounds, by_any_way, joined, strongest, within

A = TypeVar("A", bound=Row)
S = TypeVar("S", bound=SpanRow)
Days = tuple[int, int]
"""The first and the last day asked about, both inclusive; equal for a question about one day."""

DAYS_OF_NEWS = 365
"""How many days before the date its latest events reach back."""

_ORDER = {mark: place for place, mark in enumerate(certainty.SUREST_FIRST)}
_BY_NAME = attrgetter("person.name", "start.edtf")
_BOUNDS = attrgetter("start_min", "start_max", "end_min", "end_max", "entries")

EVER: Days = (NEVER, FOREVER)


class View:
    """One state of the ledger: everything known at a position of the log."""

    def __init__(
        self,
        connection: Connection,
        known: int | None = None,
        *,
        rows: Connection | None = None,
        facts: Mapping[UUID, Fact] | None = None,
        unsure: frozenset[UUID] = frozenset(),
        reported_day: int | None = None,
    ) -> None:
        """A view of the ledger's own rows; or of `rows` folded from some of its `facts`, `unsure` ones among them.

        Those are what sources say that were out by the end of `reported_day`.
        """
        self.connection = connection
        self.known = known
        self.row_connection = rows or connection
        """Where the rows of the projections are read from."""
        self.rows_known = None if rows else known
        """The position to read those rows as known at."""
        self._facts = facts
        self._unsure = unsure
        self.reported_day = reported_day
        self.numbers = Numbers(self.row_connection)
        self._called_on: int | None = None
        self._called: dict[str, answers.Ref] = {}

    @property
    def is_partial(self) -> bool:
        """Whether it holds only what some sources say, folded for this one question."""
        return self._facts is not None

    @cached_property
    def position(self) -> int:
        """The position that the answers are made from."""
        return log.head_position(self.connection) if self.known is None else self.known

    @cached_property
    def root(self) -> str | None:
        """The root of the tree over the log up to the position, in base64; None where events are missing."""
        return nodes.root_text(self.connection, self.position)

    @cached_property
    def directory(self) -> Directory:
        """The names of everything."""
        return Directory(self.row_connection, self.rows_known, self.numbers)

    def ref(self, entity: str) -> answers.Ref:
        """An id with its name."""
        return answers.Ref(entity, self.directory.name(entity))

    # -- rows --------------------------------------------------------------------------------------------------------

    def rows(self, row: type[A], *conditions: ColumnElement[bool]) -> list[A]:
        """The rows of a projection, as known here; spans in the order of their bounds, however they are stored."""
        found = self.shown(table_of(row).read(self.numbers, *conditions, known=self.rows_known))
        if issubclass(row, SpanRow):
            found.sort(key=_BOUNDS)
        return cast("list[A]", found)

    def shown(self, found: list[A]) -> list[A]:
        """Those of the rows found that the view shows: here all of them. Everything that is read passes through."""
        return found

    def _during(self, table: RowTable, days: Days) -> ColumnElement[bool]:
        return and_(table.table.c.end_max >= days[0], table.table.c.start_min <= days[1])

    def _spans(self, row: type[S], days: Days | None, column: str = "", ids: Iterable[str] = ()) -> list[S]:
        """Rows that may hold on some of the days, of some entities if a column is given; their names are looked up."""
        table = table_of(row)
        wanted = list(self.numbers.numbered(ids).values())
        found = table.found(self.row_connection, known=self.rows_known, days=days, column=column, values=wanted)
        self.directory.learn(table.named_in(found))
        self.directory.meet(table.numbers_in(found))
        return sorted(self.shown(table.made(found, self.numbers)), key=_BOUNDS)

    # -- the tree ----------------------------------------------------------------------------------------------------

    def units(self, organization: str, days: Days) -> dict[str, list[Bounds]]:
        """The organization and everything that may be a part of it on some of the days, with when it is one."""
        found: dict[str, list[Bounds]] = {organization: [ALWAYS]}
        frontier = {organization: [ALWAYS]}
        for _ in range(100):  # deeper than any tree; a circle of merely possible steps ends here
            if not frontier:
                break
            below: dict[str, list[Bounds]] = {}
            for row in self._spans(Parent, days, "parent", frontier):
                for bounds in frontier[str(row.parent)]:
                    step = bounds.within(row)
                    if step.start_min <= step.end_max and step not in found.get(row.organization, ()):
                        below.setdefault(row.organization, []).append(step)
                        found.setdefault(row.organization, []).append(step)
            frontier = below
        return {unit: joined(ways) for unit, ways in found.items()}

    def tree(self, day: int, organization: str | None = None) -> list[answers.Unit]:
        """The tree of organizations on a day: one root if an organization is given, otherwise all that have something
        to say - units, a founding, a head.
        """
        days = (day, day)
        if organization is None:
            parents = self._spans(Parent, days)
            existing = self._spans(Existence, days)
            heads = self._heads(None, days)
        else:
            units = list(self.units(organization, days))
            parents = self._spans(Parent, days, "organization", units)
            parents = [p for p in parents if p.organization != organization]
            existing = self._spans(Existence, days, "organization", units)
            heads = self._heads(units, days)
        self._look_up_names_on(day, {p.organization for p in parents} | {e.organization for e in existing})
        existence: dict[str, Existence] = {}
        for stay in sorted(existing, key=lambda r: _ORDER[certainty.on_day(r, day)]):
            existence.setdefault(stay.organization, stay)  # dissolved and founded again: the surer of the two
        above = [p for p in parents if p.parent is not None and certainty.on_day(p, day)]
        below: dict[str, list[Parent]] = {}
        for row in above:
            below.setdefault(str(row.parent), []).append(row)
        if organization is not None:
            roots = [organization]
        else:
            roots = self._roots({*existence, *below, *heads, *(p.organization for p in above)}, below)

        def unit(given: str, row: Parent | None, way: tuple[str, ...]) -> answers.Unit:
            span = row or existence.get(given)
            lower = sorted(below.get(given, ()), key=lambda p: (p.start_min, self.directory.name(p.organization)))
            return answers.Unit(
                organization=self._org_ref(given, day),
                certainty=certainty.on_day(span, day) if span else None,
                parent=self.ref(way[-1]) if way else None,
                start=answers.When.start(span) if span else None,
                end=answers.When.end(span) if span else None,
                disputed=bool(span and span.disputed),
                sources=span.sources if span else (),
                entries=span.entries if span else (),
                heads=tuple(sorted(heads.get(given, ()), key=_surest_first)),
                units=tuple(unit(p.organization, p, (*way, given)) for p in lower if p.organization not in way),
            )

        return [unit(root, None, ()) for root in roots]

    def _roots(self, known: set[str], below: Mapping[str, Sequence[Parent]]) -> list[str]:
        """Those that are under nobody, the ones with most units first.

        Where days leave open which of two was above the other, each is under the other, and one of them has to begin.
        """

        def order(organization: str) -> tuple[int, str]:
            return -len(below.get(organization, ())), self.directory.name(organization)

        roots = sorted(known - {p.organization for rows in below.values() for p in rows}, key=order)
        left = known - _beneath(roots, below)
        while left:
            roots.append(min(left, key=lambda o: (-len(_beneath([o], below)), *order(o))))
            left -= _beneath(roots[-1:], below)
        return roots

    def _org_ref(self, organization: str, day: int) -> answers.Ref:
        """An organization by the name that it certainly bore on the day, if it was ever renamed."""
        if organization not in self._called or day != self._called_on:
            self._look_up_names_on(day, [organization])
        return self._called[organization]

    def _look_up_names_on(self, day: int, organizations: Iterable[str]) -> None:
        """Look up together the organizations that `_org_ref` will be asked for; those of another day are let go."""
        if day != self._called_on:
            self._called_on, self._called = day, {}
        wanted = {o for o in organizations if o not in self._called}
        rows: list[Name] = self._spans(Name, (day, day), "organization", wanted) if wanted else []
        names = {r.organization: r.name for r in rows if certainty.on_day(r, day) == "certain"}
        self._called |= {o: answers.Ref(o, names.get(o) or self.directory.name(o)) for o in wanted}

    def _heads(self, organizations: Iterable[str] | None, days: Days) -> dict[str, list[answers.Holder]]:
        if organizations is None:
            table = table_of(Holding)
            rows = self.rows(Holding, table.table.c.post == HEAD, self._during(table, days))
            self.directory.prefetch_names(r.person for r in rows)
        else:
            rows = [r for r in self._spans(Holding, days, "organization", organizations) if r.post == HEAD]
        found: dict[str, list[answers.Holder]] = {}
        for row in rows:
            if mark := certainty.in_span(row, *days):
                holder = answers.Holder(person=self.ref(row.person), post=row.post, **_shown(row, mark))
                found.setdefault(row.organization, []).append(holder)
        return found

    # -- people ------------------------------------------------------------------------------------------------------

    def members(
        self,
        organization: str | None,
        days: Days | int,
        *,
        span: bool = False,
        tree: Sequence[answers.Unit] | None = None,
    ) -> list[answers.Member]:
        """The people of an organization, its units included, on one day or (with `span`) during some days.

        None asks for the people of all organizations. Sorted by organization in the order of the tree, then by
        certainty and name. Who has the `tree` of the last day at hand spares the time to make it again.
        """
        days = (days, days) if isinstance(days, int) else days
        if organization is None:
            units: dict[str, list[Bounds]] | None = None
            memberships = self._spans(Membership, days)
            holdings = self._spans(Holding, days)
        else:
            units = self.units(organization, days)
            memberships = self._spans(Membership, days, "organization", units)
            holdings = self._spans(Holding, days, "organization", units)
        self._look_up_names_on(days[1], {m.organization for m in memberships} | {h.organization for h in holdings})
        posts: dict[tuple[str, str], list[Holding]] = {}
        for row in holdings:
            posts.setdefault((row.person, row.organization), []).append(row)
        found = []
        for member in memberships:
            held = posts.pop((member.person, member.organization), [])
            found.append(self._member(member, held, units, days, span=span))
        for held in posts.values():
            found += [self._member(row, [row], units, days, span=span) for row in held]
        people = [m for m in found if m is not None]
        if units is not None:
            order = {unit: n for n, unit in enumerate(units)}
        else:
            order = self._order(people, self.tree(days[1]) if tree is None else tree)
        people.sort(key=_BY_NAME)
        people.sort(key=lambda m: (order[m.organization.id], m.organization.name, _ORDER[m.certainty]))
        return people

    def _order(self, people: Sequence[answers.Member], tree: Iterable[answers.Unit]) -> dict[str, int]:
        """Organizations in the order of their trees, the tree with most people first."""
        trees = [list(_preorder(root)) for root in tree]
        inside = {o for tree in trees for o in tree}
        trees += [[o] for o in sorted({m.organization.id for m in people} - inside, key=self.directory.name)]
        count: dict[str, int] = {}
        for member in people:
            count[member.organization.id] = count.get(member.organization.id, 0) + 1
        trees.sort(key=lambda tree: -sum(count.get(o, 0) for o in tree))
        return {o: n for n, o in enumerate(dict.fromkeys(o for tree in trees for o in tree))}

    def _member(
        self,
        row: Membership | Holding,
        held: Sequence[Holding],
        units: Mapping[str, list[Bounds]] | None,
        days: Days,
        *,
        span: bool,
    ) -> answers.Member | None:
        """One line: the membership, or the post where no membership is known, within the unit's time in the tree."""
        ways = units[row.organization] if units is not None else [ALWAYS]
        if len(ways) == 1 and (not held or held == [row]):
            return self._alone(row, ways[0], days, span=span)
        rows = [row, *(h for h in held if h is not row and certainty.in_span(h, *days))]
        by_row = [[within(r, way, days[0]) for way in ways] for r in rows]
        options = [option for of_row in by_row for option in of_row]
        marks = [by_any_way(certainty.in_span(o, *days) for o in of_row) for of_row in by_row]
        mark = certainty.surest(marks)
        if mark is None:
            return None
        held_now = [h for h in held if certainty.in_span(h, *days)]
        return answers.Member(
            person=self.ref(row.person),
            organization=self._org_ref(row.organization, days[1]),
            role=row.role,
            post=", ".join(unique(h.post for h in held_now)),
            sometime=strongest(certainty.sometime(o, *days) for o in options) if span else None,
            throughout=strongest(certainty.throughout(o, *days) for o in options) if span else None,
            **_shown(row, mark)
            | {
                "sources": unique(s for r in (row, *held_now) for s in r.sources),
                "entries": tuple(dict.fromkeys(e for r in (row, *held_now) for e in r.entries)),
                "disputed": any(r.disputed for r in (row, *held_now)),
            },
        )

    def _alone(self, row: Membership | Holding, way: Bounds, days: Days, *, span: bool) -> answers.Member | None:
        """The line of a row that nothing else has to be joined to: what `_member` gives, in less time."""
        inside = within(row, way, days[0])
        mark = certainty.in_span(inside, *days)
        if mark is None:
            return None
        return answers.Member(
            person=self.ref(row.person),
            organization=self._org_ref(row.organization, days[1]),
            role=row.role,
            post=row.post if isinstance(row, Holding) else "",
            sometime=certainty.sometime(inside, *days) if span else None,
            throughout=certainty.throughout(inside, *days) if span else None,
            certainty=mark,
            start=answers.When.start(row),
            end=answers.When.end(row),
            confirmed_until=answers.confirmed_until(row.confirmed),
            disputed=row.disputed,
            claim=row.claim,
            sources=row.sources,
            entries=row.entries if len(row.entries) == 1 else tuple(dict.fromkeys(row.entries)),
        )

    def career(self, person: str, day: int | None = None) -> list[answers.Member]:
        """Everywhere a person was, and every post held, by start; on one day if a day is given."""
        rows: list[Membership | Holding] = [
            *self._spans(Membership, None, "person", [person]),
            *self._spans(Holding, None, "person", [person]),
        ]
        found = []
        for row in sorted(rows, key=lambda r: (r.start_min, r.start_max, r.organization, isinstance(r, Holding))):
            mark = certainty.on_day(row, day) if day is not None else None
            if day is not None and mark is None:
                continue
            post = row.post if isinstance(row, Holding) else ""
            found.append(
                answers.Member(
                    person=self.ref(person),
                    organization=self.ref(row.organization),
                    role=row.role,
                    post=post,
                    **_shown(row, mark),
                )
            )
        return found

    # -- products and deals ------------------------------------------------------------------------------------------

    def products(self, day: int | None, *, product: str | None = None) -> list[answers.Product]:
        """The status of every product, or of one, on a day; all that it ever had, in order, if the day is None."""
        table = table_of(ProductState)
        conditions = []
        if day is not None:
            conditions.append(self._during(table, (day, day)))
        if product is not None:
            conditions.append(table.table.c.product == self.numbers.of(product))
        found = []
        rows = self.rows(ProductState, *conditions)
        self.directory.prefetch([*(r.product for r in rows), *(r.organization for r in rows if r.organization)])
        for row in rows:
            mark = certainty.on_day(row, day) if day is not None else None
            if day is not None and mark is None:
                continue
            entity = self.directory.get(row.product)
            shown = answers.Product(
                product=self.ref(row.product),
                organization=self.ref(row.organization) if row.organization else None,
                classification=entity.classification if entity else "",
                status=row.status,
                planned=answers.When.of(parse(row.planned)) if row.planned else None,
                **_shown(row, mark),
            )
            found.append((row, shown))
        found.sort(key=lambda pair: (pair[1].product.name, pair[0].start_min, pair[0].start_max))
        return [shown for _, shown in found]

    def products_of(self, organizations: Iterable[str]) -> list[str]:
        """Everything that the organizations ever made or planned, by id."""
        table = table_of(ProductState)
        numbers = list(self.numbers.numbered(organizations).values())
        found = [
            r.product for part in chunks(numbers) for r in self.rows(ProductState, table.table.c.organization.in_(part))
        ]
        return sorted(set(found))

    def deals(self, day: int | None = None) -> list[answers.DealAnswer]:
        """Every deal at its stage on a day, newest first; at its last stage if the day is None."""
        table = table_of(DealState)
        conditions = [] if day is None else [self._during(table, (day, day))]
        rows = sorted(self.rows(DealState, *conditions), key=lambda r: (r.start_max, r.start_min, str(r.deal)))
        self.directory.prefetch_names(party for r in rows for party in r.parties)
        last: dict[UUID, DealState] = {}
        for row in rows:
            if day is None:
                last[row.deal] = row
        found = []
        for row in reversed(rows if day is not None else list(last.values())):
            mark = certainty.on_day(row, day) if day is not None else None
            if day is not None and mark is None:
                continue
            amount = float(row.amount) if row.amount else None
            found.append(
                answers.DealAnswer(
                    deal=row.deal,
                    type=row.type,
                    parties=tuple(
                        answers.PartyRef(p, self.directory.name(p), role)
                        for p, role in zip(row.parties, row.roles, strict=True)
                    ),
                    amount=int(amount) if amount is not None and amount.is_integer() else amount,
                    currency=row.currency,
                    amount_qualifier=row.amount_qualifier,
                    object=row.object,
                    stage=row.stage,
                    **_shown(row, mark),
                )
            )
        return found

    # -- organizations -----------------------------------------------------------------------------------------------

    def organization(self, organization: str, day: int) -> answers.OrganizationAnswer:
        """What is known of one organization on a day."""
        here = self.numbers.of(organization)
        existing = self.rows(Existence, table_of(Existence).table.c.organization == here)
        span = min(existing, key=lambda r: _ORDER[certainty.on_day(r, day)], default=None)
        names = sorted(self.rows(Name, table_of(Name).table.c.organization == here), key=lambda r: r.start_min)
        parents = sorted(self.rows(Parent, table_of(Parent).table.c.organization == here), key=lambda r: r.start_min)
        entity = self.directory.get(organization)
        (tree,) = self.tree(day, organization)
        return answers.OrganizationAnswer(
            organization=self._org_ref(organization, day),
            classification=entity.classification if entity else "",
            other_names=entity.other_names if entity else (),
            certainty=certainty.on_day(span, day) if span else None,
            start=answers.When.start(span) if span else None,
            end=answers.When.end(span) if span else None,
            founders=tuple(self.ref(p) for p in span.founders) if span else (),
            place=self.directory.name(span.place) if span and span.place else "",
            disputed=bool(span and span.disputed),
            successors=tuple(self.ref(o) for o in span.successors) if span else (),
            names=tuple(answers.Name(name=n.name, start=answers.When.start(n), end=answers.When.end(n)) for n in names),
            parents=tuple(
                answers.Unit(
                    organization=self.ref(p.parent) if p.parent else answers.Ref("", "independent"),
                    certainty=certainty.on_day(p, day),
                    parent=None,
                    start=answers.When.start(p),
                    end=answers.When.end(p),
                    disputed=p.disputed,
                    sources=p.sources,
                    entries=p.entries,
                    heads=(),
                    units=(),
                )
                for p in parents
            ),
            tree=tree,
            sources=unique(s for r in (*existing, *parents, *names) for s in r.sources),
            entries=tuple(dict.fromkeys(e for r in (*existing, *parents, *names) for e in r.entries)),
        )

    # -- events ------------------------------------------------------------------------------------------------------

    def events(
        self,
        *,
        about: Iterable[str] | None = None,
        days: Days = EVER,
        surely: Days | None = None,
        kinds: Iterable[str] = (),
        notable: bool = False,
        words: Sequence[str] = (),
        source: str | None = None,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> list[answers.Event]:
        """Entries that may have happened in some days, by date; certain where they surely did, or within `surely`.

        `about` keeps those that name one of the entities, `notable` those that a state lists, `words` those that
        contain every word (compared without case and accents).
        """
        table = table_of(Listed)
        columns = table.table.c
        conditions = [columns.latest >= days[0], columns.earliest <= days[1]]
        if kinds := list(kinds):
            conditions.append(columns.kind.in_(kinds))
        if notable:
            conditions.append(columns.notable)
        conditions += [columns.words.contains(word, autoescape=True) for word in words]
        if about is not None:
            mention = table_of(Mention)
            wanted = self.numbers.numbered(about).values()
            named = select(mention.table.c.entry).where(
                mention.table.c.entity.in_(wanted), mention.known(self.rows_known)
            )
            conditions.append(columns.entry.in_(named))
        rows = self.rows(Listed, *conditions)
        if source is not None:
            rows = [r for r in rows if source in r.sources]
        rows.sort(key=_date_order, reverse=newest_first)
        return self.shown_events(rows[:limit], surely or days)

    def count_events(self) -> int:
        """How many entries count, without reading them."""
        table = table_of(Listed)
        return self.row_connection.scalar(select(func.count()).where(table.known(self.rows_known))) or 0

    def news(self, day: int, about: Iterable[str] | None) -> list[answers.Event]:
        """What a state lists as its latest events, newest first; certain where it had surely happened by the day.

        An event of which nobody knows how long ago it was is no news.
        """
        days = (day - DAYS_OF_NEWS, day)
        found = self.events(about=about, days=days, surely=(NEVER, day), notable=True, newest_first=True)
        return [e for e in found if e.date.earliest not in (None, "unknown")]

    def shown_events(self, rows: Sequence[Listed], days: Days = EVER) -> list[answers.Event]:
        """Entries with their headlines, in the order given; unmarked where nothing was asked about their days."""
        facts = self.facts(r.entry for r in rows)
        self.directory.prefetch_names(
            i for f in facts.values() for _, i, types in mentions(f.event) if types != ("source",)
        )
        found = []
        for row in rows:
            fact = facts[row.entry]
            event = fact.event
            assert isinstance(event, Happening)
            certain = days[0] <= row.earliest and row.latest <= days[1] and row.entry not in self._unsure
            found.append(
                answers.Event(
                    entry=row.entry,
                    id=event.id,
                    kind=row.kind,
                    version=row.version,
                    date=answers.When.of(event.date),
                    date_text=event.date_text,
                    headline=event.headline(self.headline_name),
                    mark=_mark(certain) if days != EVER or row.entry in self._unsure else None,
                    claim=row.certainty,
                    rank=row.rank,
                    disputed=row.disputed,
                    disputes=self._disputes(fact),
                    note=event.note,
                    sources=row.sources,
                    entries=(row.entry,),
                )
            )
        return found

    def _disputes(self, fact: Fact) -> tuple[str, ...]:
        return tuple(d.headline(self.directory.name) for d in fact.disputes)

    def headline_name(self, given: str) -> str:
        """A name for a headline; where an entry stands for a deal, the deal's own headline."""
        if is_entry_id(given) and self.directory.get(given) is None:
            fact = self.facts([UUID(given)]).get(UUID(given))
            if fact is not None:
                return fact.event.headline(self.directory.name)
        return self.directory.name(given)

    def facts(self, entries: Iterable[UUID]) -> dict[UUID, Fact]:
        """The facts in force of some entries; those that are retracted or erased are left out."""
        if self._facts is not None:
            return {e: self._facts[e] for e in dict.fromkeys(entries) if e in self._facts}
        streams = log.streams(self.connection, list(dict.fromkeys(entries)), upto=self.known)
        found = ((e, in_force(e, versions(stream))) for e, stream in streams.items())
        return {e: fact for e, fact in found if fact is not None}

    # -- sources -----------------------------------------------------------------------------------------------------

    def sources(self, source: str | None = None) -> list[answers.SourceAnswer]:
        """The registered sources by date of issue, or one of them."""
        count: dict[str, int] = {}
        for row in self.rows(Listed):
            for given in row.sources:
                count[given] = count.get(given, 0) + 1
        rows = sorted(self.rows(Published), key=lambda r: (r.earliest, r.latest, r.source))
        return [
            answers.SourceAnswer(
                source=r.source,
                type=r.type,
                title=r.title,
                author=r.author,
                publisher=r.publisher,
                issued=answers.When.of(parse(r.issued)) if r.issued else None,
                language=r.language,
                url=r.url,
                note=r.note,
                facts=count.get(r.source, 0),
            )
            for r in rows
            if source in (None, r.source)
        ]

    # -- everything --------------------------------------------------------------------------------------------------

    def state(self, day: int, organization: str | None = None) -> answers.State:
        """What is so on a day: the tree, the people, the products, the deals, and the latest events.

        With an organization: of it and its units alone.
        """
        days = (day, day)
        scope = None if organization is None else set(self.units(organization, days))
        products = [p for p in self.products(day) if scope is None or (p.organization and p.organization.id in scope)]
        deals = [d for d in self.deals(day) if scope is None or any(party.id in scope for party in d.parties)]
        about = None if scope is None else [*scope, *(p.product.id for p in products)]
        tree = self.tree(day, organization)
        return answers.State(
            organizations=tuple(tree),
            people=tuple(self.members(organization, days, tree=tree)),
            products=tuple(products),
            deals=tuple(deals),
            events=tuple(self.news(day, about)),
        )


def _mark(certain: bool) -> certainty.Presence:
    return "certain" if certain else "possible"


def _date_order(row: Listed) -> tuple[Date, str]:
    """By what a date says, not by how far its doubts reach."""
    return (parse(row.date), str(row.entry))


def _preorder(unit: answers.Unit) -> Iterator[str]:
    yield unit.organization.id
    for below in unit.units:
        yield from _preorder(below)


def _beneath(organizations: Iterable[str], below: Mapping[str, Sequence[Parent]]) -> set[str]:
    """These organizations and everything under them."""
    found = set(organizations)
    waiting = list(found)
    while waiting:
        units = {p.organization for p in below.get(waiting.pop(), ())} - found
        found |= units
        waiting += units
    return found


def _shown(row: SpanRow, mark: certainty.Presence | None) -> dict[str, Any]:
    return {
        "certainty": mark,
        "start": answers.When.start(row),
        "end": answers.When.end(row),
        "confirmed_until": answers.confirmed_until(row.confirmed),
        "disputed": row.disputed,
        "claim": row.claim,
        "sources": row.sources,
        "entries": row.entries,
    }


def _surest_first(holder: answers.Holder) -> tuple[int, str]:
    return (_ORDER[holder.certainty], holder.person.name)
