"""The people of organizations and of their units, and what one person was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from operator import attrgetter

from projections import certainty
from projections.memberships import Membership
from projections.posts import Holding
from projections.rows import unique
from timeline import answers, garbage
from timeline.questions.rows import ORDER, Days
from timeline.questions.tree import Tree
from timeline.ways import ALWAYS, Bounds, by_any_way, strongest, within

_BY_NAME = attrgetter("person.name", "start.edtf")


class People(Tree):
    """Questions about people."""

    @garbage.seldom_looked_for()
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
        people.sort(key=lambda m: (order[m.organization.id], m.organization.name, ORDER[m.certainty]))
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
        where = self._org_ref(row.organization, days[1])
        if len(ways) == 1 and (not held or held == [row]):  # nearly all, and what follows gives the same in more time
            options, held_now = [within(row, ways[0], days[0])], held
            mark = certainty.in_span(options[0], *days)
        else:
            rows = [row, *(h for h in held if h is not row and certainty.in_span(h, *days))]
            by_row = [[within(r, way, days[0]) for way in ways] for r in rows]
            options = [option for of_row in by_row for option in of_row]
            mark = certainty.surest(by_any_way(certainty.in_span(o, *days) for o in of_row) for of_row in by_row)
            held_now = [h for h in held if certainty.in_span(h, *days)]
        if mark is None:
            return None
        if not span:
            return self._line(row, mark, where, held_now)
        sometime = strongest(certainty.sometime(o, *days) for o in options)
        throughout = strongest(certainty.throughout(o, *days) for o in options)
        return self._line(row, mark, where, held_now, sometime, throughout)

    def _line(
        self,
        row: Membership | Holding,
        mark: certainty.Presence | None,
        where: answers.Ref,
        held: Sequence[Holding],
        sometime: certainty.Degree | None = None,
        throughout: certainty.Degree | None = None,
    ) -> answers.Member:
        """A membership or a post, with the posts that were held meanwhile."""
        sources, entries, disputed = row.sources, row.entries, row.disputed
        if held and held != [row]:
            joined = [row, *(h for h in held if h is not row)]
            sources = unique(s for r in joined for s in r.sources)
            entries = tuple(dict.fromkeys(e for r in joined for e in r.entries))
            disputed = any(r.disputed for r in joined)
        return answers.Member(
            person=self.ref(row.person),
            organization=where,
            role=row.role,
            post=", ".join(unique(h.post for h in held)) if held else "",
            sometime=sometime,
            throughout=throughout,
            certainty=mark,
            start=answers.When.start(row),
            end=answers.When.end(row),
            confirmed_until=answers.confirmed_until(row.confirmed),
            disputed=disputed,
            claim=row.claim,
            sources=sources,
            entries=entries,
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
            found.append(self._line(row, mark, self.ref(row.organization), [row] if isinstance(row, Holding) else []))
        return found


def _preorder(unit: answers.Unit) -> Iterator[str]:
    yield unit.organization.id
    for below in unit.units:
        yield from _preorder(below)
