"""Popolo (https://www.popoloproject.com/specs/): people, organizations, posts, and memberships that join them.

It is made from the state that the events add up to, not from the events. A membership is a stay at an organization, and
one more for each post that was held there. Popolo has dates of a year, a month or a day, one parent for an
organization, and no word for doubt; what that loses is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from projections.certainty import on_day
from projections.entities import Registered
from projections.memberships import Membership
from projections.names import Name
from projections.organizations import Existence
from projections.parents import Parent
from projections.posts import Holding
from projections.rows import SpanRow
from timeline.exports.formats import Options, Write, Written
from timeline.exports.parts import Sources
from timeline.exports.popolodates import cut, post_id
from timeline.exports.popolorows import Scope, by
from timeline.exports.selection import Selection, kinds
from timeline.printing import words
from timeline.view import View

CARRIED = (
    "arrival", "departure", "appointment", "step-down", "tenure", "sighting",
    "founding", "dissolution", "renaming", "move", "reorg",
)  # fmt: skip
"""The kinds that memberships, posts and organizations are made of."""

Item = dict[str, Any]


def export(view: View, wanted: Selection, write: Write, options: Options) -> Written:
    """Write one object with `memberships`, `persons`, `organizations` and `posts`, each by id."""
    scope = Scope(view, wanted)
    document = _Document(view, scope, options)
    number = 0
    for name, parts in (
        ("memberships", document.memberships()),
        ("persons", document.persons()),
        ("organizations", document.organizations()),
        ("posts", document.posts()),
    ):
        write(b'{"memberships":[' if name == "memberships" else b'\n],\n"%s":[' % name.encode())
        separator = b"\n"
        for part in parts:
            for item in part:
                write(separator + msgspec.json.encode(item))
                separator = b",\n"
            if name == "memberships":
                number += len(part)
                options.progress("exporting", number, scope.size)
    write(b"\n]}\n")
    return Written(number, "membership", document.dropped())


class _Document:
    """The parts of the document, and what was lost on the way."""

    def __init__(self, view: View, scope: Scope, options: Options) -> None:
        self.view, self.scope = view, scope
        self.day = options.as_of
        self.sources = Sources(view)
        self.lost: Counter[str] = Counter()

    # -- memberships -------------------------------------------------------------------------------------------------

    def memberships(self) -> Iterator[list[Item]]:
        """Stays and posts, person by person."""
        for people in self.scope.people():
            rows: list[Membership | Holding] = [*self.scope.stays(people), *self.scope.posts(people=people)]
            rows.sort(key=_order)
            self.sources.fetch(s for r in rows for s in r.sources)
            count: Counter[str] = Counter()
            yield [self._membership(row, count) for row in rows]

    def _membership(self, row: Membership | Holding, count: Counter[str]) -> Item:
        post = post_id(row.organization, row.post) if isinstance(row, Holding) else None
        given = f"{row.person}--{post or row.organization}"
        count[given] += 1
        item: Item = {
            "id": given if count[given] == 1 else f"{given}--{count[given]}",
            "person_id": row.person,
            "organization_id": row.organization,
        }
        if isinstance(row, Holding):
            item |= {"post_id": post, "role": row.post}
        elif row.role:
            item["role"] = row.role
        item |= self._dates(row, "start_date", "end_date")
        self.lost["disputed"] += row.disputed
        self.lost["unsure"] += row.claim != "stated"
        self.lost["ongoing" if row.end == ".." else "unknown"] += row.end in ("", "..")
        return item | self._sources(row.sources)

    # -- people and organizations ------------------------------------------------------------------------------------

    def persons(self) -> Iterator[list[Item]]:
        """The people of the memberships; without conditions, everybody who is registered."""
        for ids in self.scope.people():
            self.scope.look_up(ids)
            yield [self._entity(given) for given in ids]

    def organizations(self) -> Iterator[list[Item]]:
        """The organizations of the memberships and those above them; without conditions, all."""
        written, above = set[str](), set[str]()
        for ids in self.scope.organizations():
            yield self._organizations(ids, written, above)
        while missing := sorted(above - written):
            yield self._organizations(missing, written, above)

    def _organizations(self, ids: Sequence[str], written: set[str], above: set[str]) -> list[Item]:
        self.scope.look_up(ids)
        parents = by(self.scope.of_organizations(Parent, ids), "organization")
        existing = by(self.scope.of_organizations(Existence, ids), "organization")
        names = by(self.scope.of_organizations(Name, ids), "organization")
        self.sources.fetch(s for rows in parents.values() for r in rows for s in r.sources)
        self.sources.fetch(s for rows in existing.values() for r in rows for s in r.sources)
        found = [
            self._organization(given, parents.get(given, []), existing.get(given, []), names.get(given, []))
            for given in ids
        ]
        written.update(ids)
        above.update(i["parent_id"] for i in found if "parent_id" in i)
        return found

    def _organization(
        self, given: str, parents: Sequence[Parent], existing: Sequence[Existence], names: Sequence[Name]
    ) -> Item:
        item = self._entity(given, names)
        parent = self._on_the_day(parents)
        if parent is not None and parent.parent is not None:
            item["parent_id"] = parent.parent
        self.lost["parents"] += max(0, len(parents) - 1)
        existence = self._on_the_day(existing)
        if existence is not None:
            item |= self._dates(existence, "founding_date", "dissolution_date")
        self.lost["existence"] += max(0, len(existing) - 1)
        if not item.keys() & {"parent_id", "founding_date", "dissolution_date"}:
            return item  # there is nothing here for which its sources could stand
        return item | self._sources(s for r in (*existing, *parents) for s in r.sources)

    def _on_the_day(self, rows: Sequence[Any]) -> Any:
        """The row that holds on the day that was asked about; without a day, or where none does, the last one."""
        ordered = sorted(rows, key=lambda r: (r.start_min, r.start_max, r.end_min, r.end_max))
        holding = [r for r in ordered if self.day is not None and on_day(r, self.day)]
        return (holding or ordered or [None])[-1]

    def _entity(self, given: str, names: Sequence[Name] = ()) -> Item:
        """What people and organizations have alike, by what they were called on the day."""
        found: Registered | None = self.view.directory.get(given)
        item: Item = {"id": given, "name": self.view.directory.name(given)}
        if found is None:
            return item
        others = [{"name": n} for n in found.other_names]
        if names:
            item["name"] = self._on_the_day(names).name
            dated = [{"name": n.name} | self._dates(n, "start_date", "end_date") for n in names]
            said = {item["name"], *(n["name"] for n in dated)}
            others = [*dated, *({"name": n} for n in (found.name, *found.other_names) if n not in said)]
        others = [o for o in others if o["name"] != item["name"] or len(o) > 1]
        item |= {"other_names": others} if others else {}
        if found.identifiers:
            item["identifiers"] = [{"scheme": i.scheme, "identifier": i.identifier} for i in found.identifiers]
        if found.classification and found.type == "organization":
            item["classification"] = found.classification
        return item | ({"links": [{"url": url} for url in found.links]} if found.links else {})

    def posts(self) -> Iterator[list[Item]]:
        """Every post that one of the memberships is in, by organization."""
        for ids in self.scope.organizations():
            rows = self.scope.posts(organizations=ids)
            held = sorted({(r.organization, r.post) for r in rows})
            yield [{"id": post_id(o, p), "label": p, "role": p, "organization_id": o} for o, p in held]

    # -- dates and sources -------------------------------------------------------------------------------------------

    def _dates(self, row: SpanRow, start: str, end: str) -> Item:
        """The two dates of a span as far as Popolo has them."""
        item: Item = {}
        for name, text in ((start, row.start), (end, row.end)):
            if text in ("", ".."):
                continue
            date, is_whole = cut(text)
            if date is not None:
                item[name] = date
            self.lost["cut" if date is not None else "undated"] += not is_whole
        return item

    def _sources(self, ids: Iterable[str]) -> Item:
        """Where it stands: the address of each source, or a name for it where it has none, and who published it."""
        found = []
        for given in dict.fromkeys(ids):
            registered = self.sources.get(given)
            url = registered.url if registered is not None else ""
            found.append({"url": url or f"urn:timeline:source:{given}", "note": self.sources.title(given)})
        return {"sources": found} if found else {}

    def dropped(self) -> tuple[str, ...]:
        """What Popolo could not carry, a sentence for each sort."""
        lost = self.lost
        others = {k: n for k, n in kinds(self.view, self.scope.wanted).items() if k not in CARRIED}
        listed = ", ".join(f"{n} {kind}" for kind, n in others.items())
        said = (
            (lost["cut"], "date", "cut to a day, a month or a year"),
            (lost["undated"], "date", "for which no single day, month or year stands"),
            (lost["unknown"], "end", "that nobody reported: no end_date, as for what goes on"),
            (lost["ongoing"], "end", "stated to be open: no end_date, as for what nobody reported"),
            (lost["disputed"], "mark", "that a membership is disputed"),
            (lost["unsure"], "mark", "that a membership is only reported, derived or rumoured"),
            (lost["parents"], "parent", "that an organization had at other times"),
            (lost["existence"], "time", "that an organization existed before or after"),
            (sum(others.values()), "event", f"of other kinds ({listed})"),
        )
        return tuple(f"{words.counted(number, what)} {why}" for number, what, why in said if number)


def _order(row: Membership | Holding) -> tuple[Any, ...]:
    """Stays before posts, then by when: the same for the same rows."""
    post = row.post if isinstance(row, Holding) else ""
    return (row.person, row.organization, post, row.start_min, row.start_max, row.end_min, row.end_max, row.role)
