"""The tree of organizations: who was a part of whom, under which name, with which heads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from projections import certainty
from projections.names import Name
from projections.organizations import Existence
from projections.parents import Parent
from projections.posts import HEAD, Holding
from timeline import answers
from timeline.questions.rows import ORDER, Days, Rows, span_fields
from timeline.state.tables import table_of
from timeline.ways import ALWAYS, Bounds, joined


class Tree(Rows):
    """Questions about organizations and their units."""

    _called_on: int | None = None
    _called: dict[str, answers.Ref]
    """The organizations that were looked up for a day, by the names of that day."""

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
        for stay in sorted(existing, key=lambda r: ORDER[certainty.on_day(r, day)]):
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
        if day != self._called_on or organization not in self._called:
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
                holder = answers.Holder(person=self.ref(row.person), post=row.post, **span_fields(row, mark))
                found.setdefault(row.organization, []).append(holder)
        return found


def _beneath(organizations: Iterable[str], below: Mapping[str, Sequence[Parent]]) -> set[str]:
    """These organizations and everything under them."""
    found = set(organizations)
    waiting = list(found)
    while waiting:
        units = {p.organization for p in below.get(waiting.pop(), ())} - found
        found |= units
        waiting += units
    return found


def _surest_first(holder: answers.Holder) -> tuple[int, str]:
    return (ORDER[holder.certainty], holder.person.name)
