"""Questions to one state of the ledger.

A view is what was known at one position of the log; it asks the rows of the projections, never the clock. Days are day
numbers, and a day counts as its end: who left on that day was still there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from uuid import UUID

import msgspec
from sqlalchemy import func, select

from events.base import Happening
from events.dates import FOREVER, NEVER, parse
from events.kinds import mentions
from projections import certainty
from projections.deals import DealState
from projections.facts import Fact
from projections.happenings import Listed
from projections.mentions import Mention
from projections.names import Name
from projections.organizations import Existence
from projections.parents import Parent
from projections.products import ProductState
from projections.rows import unique
from projections.sources import Published
from timeline import answers
from timeline.entries import is_entry_id
from timeline.questions.people import People
from timeline.questions.rows import ORDER, Days, span_fields
from timeline.state.tables import chunks, table_of

DAYS_OF_NEWS = 365
"""How many days before the date its latest events reach back."""

EVER: Days = (NEVER, FOREVER)


class View(People):
    """One state of the ledger: everything known at a position of the log."""

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
                **span_fields(row, mark),
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
                    **span_fields(row, mark),
                )
            )
        return found

    # -- organizations -----------------------------------------------------------------------------------------------

    def organization(self, organization: str, day: int) -> answers.OrganizationAnswer:
        """What is known of one organization on a day."""
        here = self.numbers.of(organization)
        existing = self.rows(Existence, table_of(Existence).table.c.organization == here)
        span = min(existing, key=lambda r: ORDER[certainty.on_day(r, day)], default=None)
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

    # -- sources -----------------------------------------------------------------------------------------------------

    def sources(self, source: str | None = None) -> list[answers.SourceAnswer]:
        """The registered sources by date of issue, or one of them."""
        count = self.entries_by_source()
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
                facts=count[r.source],
            )
            for r in rows
            if source in (None, r.source)
        ]

    def entries_by_source(self) -> Counter[str]:
        """How many entries rest on each source, without reading them."""
        table = table_of(Listed)
        column = table.table.c.sources
        query = select(column, func.count()).where(table.known(self.rows_known)).group_by(column)
        found: Counter[str] = Counter()
        for sources, many in self.row_connection.execute(query):
            found.update(dict.fromkeys(msgspec.json.decode(sources), many))
        return found

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


def _date_order(row: Listed) -> tuple[int, int, str, int]:
    """By what a date says, as dates are ordered, not by how far its doubts reach."""
    date = parse(row.date)
    return date.earliest, date.latest, date.text, row.entry.int
