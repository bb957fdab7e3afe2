"""What the parts of a Popolo file say, as events. docs/importing.md tells what becomes of what."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from events.dates import parse
from timeline.imports.foreign import Ids, digest, fitting, is_url, kept_id, one_line, source_at
from timeline.imports.popolodates import Ends, Wrong, between, date_of
from timeline.imports.popolofields import (
    Item,
    classification_of,
    dicts,
    identifiers_of,
    in_full,
    label_of,
    name_of,
    names_of,
    text_of,
)

SCHEME = "popolo"
"""Of the identifiers that hold the ids of a file where they could not be kept as they are."""

SORTS = {"persons": "person", "organizations": "organization", "posts": "post", "areas": "place"}
"""What the lists of a file register."""

_NAMED = ("id", "name", "other_names", "identifiers", "links", "sources", "classification")
TAKEN: Mapping[str, frozenset[str]] = {
    "persons": frozenset((*_NAMED, "given_name", "family_name")),
    "organizations": frozenset((*_NAMED, "parent_id", "founding_date", "dissolution_date")),
    "posts": frozenset((*_NAMED, "label", "role", "organization_id", "area_id")),
    "areas": frozenset((*_NAMED, "type")),
    "memberships": frozenset(
        ("id", "person_id", "organization_id", "post_id", "on_behalf_of_id", "area_id", "legislative_period_id",
         "role", "label", "start_date", "end_date", "sources")
    ),
}  # fmt: skip
"""The fields that are read; what else a file holds of people, such as addresses and birth dates, stays behind."""

_LATER = ("end_date", "sources")
"""What a membership is often told later, or told again: it is not what tells one from another."""


class Period(NamedTuple):
    """A term of a parliament, whose dates are those of its members who have none of their own."""

    name: str
    start: str
    end: str


class Known:
    """What must be known of the whole file before its parts can be read."""

    def __init__(self) -> None:
        self.given: list[tuple[str, str]] = []
        """The sort and the id of everything that the file registers."""
        self.names: dict[tuple[str, str], str] = {}
        """What organizations, areas and posts are called."""
        self.periods: dict[str, Period] = {}
        self.seats: dict[str, str] = {}
        """The organization of each post."""
        self.redirects: dict[str, str] = {}
        """People whose id was given up for another one."""
        self.people: dict[str, list[str]] = defaultdict(list)
        """The ids of those who have a name."""

    def take(self, section: str, item: Any) -> None:
        """Note what others will refer to."""
        if not isinstance(item, dict) or not (given := text_of(item, "id")):
            return
        if section == "events":
            start, end = text_of(item, "start_date"), text_of(item, "end_date")
            self.periods[given] = Period(text_of(item, "name"), start, end)
        elif target := text_of(item, "redirect"):
            self.redirects[given] = target
        elif sort := SORTS.get(section):
            self.given.append((sort, given))
            if sort == "person":
                self.people[one_line(name_of(item))].append(given)
            else:
                self.names[sort, given] = one_line(label_of(item) if sort == "post" else name_of(item))
            if sort == "post":
                self.seats[given] = text_of(item, "organization_id")

    def person(self, given: str) -> str:
        """The id that a person has now."""
        seen = set()
        while given in self.redirects and given not in seen:
            seen.add(given)
            given = self.redirects[given]
        return given


State = dict[str, Any]
"""The plain values of an event, for `events.kinds.build`."""


class Rows:
    """Says what the parts of a file become: events as plain values, and what of a part cannot become one."""

    def __init__(self, known: Known, ends: Ends) -> None:
        self.known = known
        self.ends = ends
        self.ids = Ids(known.given)
        self.memberships = Ids(())
        self._alike: dict[str, dict[str, int]] = defaultdict(dict)
        self._registered: set[str] = set()

    # -- what is registered ------------------------------------------------------------------------------------------

    def entity(self, section: str, item: Item) -> Iterator[State | Wrong]:
        """A person, an organization, a post or an area, and then what happened to it."""
        sort, given = SORTS[section], text_of(item, "id")
        if not given:
            raise Wrong("it has no id", ("id",), "give it one; memberships refer to it")
        id_ = self.ids.of(sort, given)
        name = one_line(label_of(item) if sort == "post" else name_of(item))
        if not name:
            raise Wrong("it has no name", ("name",), "give it one")
        happened = list(self._happened(item, id_)) if sort == "organization" else []
        said, wrong = ([], []) if sort == "organization" else _called(item)
        others = [one_line(n) for n in names_of(item) if one_line(n) != name]
        cited = [] if happened else [text_of(s, "url") for s in dicts(item, "sources")]
        links = [text_of(link, "url") for link in dicts(item, "links")]
        yield {
            "kind": "entity",
            "id": id_,
            "type": sort,
            "name": name,
            "other_names": list(dict.fromkeys(filter(None, others))),
            "classification": one_line(classification_of(sort, item)),
            "identifiers": identifiers_of(item, kept_id(given, id_, SCHEME)),
            "links": list(dict.fromkeys(filter(is_url, (*links, *cited)))),
            "note": "\n".join(filter(None, ("" if sort == "organization" else self._note(item), *said))),
        }
        yield from wrong
        yield from happened

    def _happened(self, item: Item, id_: str) -> Iterator[State | Wrong]:
        """How an organization began, where it belongs, what it was called, how it ended."""
        above = text_of(item, "parent_id")
        parent = self.ids.of("organization", above) if above else None
        try:
            if began := date_of(item, "founding_date"):
                yield from self._told("founding", item, fitting(id_, "founding"), began, id_, parent=parent)
            elif parent:
                # Nothing says since when; so it is possible on every day and certain on none.
                yield from self._told("move", item, fitting(id_, "parent"), "XXXX", id_, parent=parent)
        except Wrong as problem:
            yield problem
        for n, other in enumerate(dicts(item, "other_names")):
            try:
                if since := date_of(other, "start_date", ("other_names", str(n), "start_date")):
                    name = one_line(in_full(other))
                    told = {"date": since, "id": fitting(id_, f"name-{digest(f'{name} {since}')}")}
                    named = {"organization": id_, "name": name, "previous_name": _before(item, since, name)}
                    yield {"kind": "renaming"} | told | named
            except Wrong as problem:
                yield problem
        try:
            if ended := date_of(item, "dissolution_date"):
                yield from self._told("dissolution", item, fitting(id_, "dissolution"), ended, id_)
        except Wrong as problem:
            yield problem

    def _told(self, kind: str, item: Item, id_: str, date: str, organization: str, **more: Any) -> Iterator[State]:
        """What happened to an organization, with its sources."""
        yield from self._sources(item)
        yield {"kind": kind, "date": date, "id": id_, "organization": organization, **more} | _cited(item)

    # -- memberships -------------------------------------------------------------------------------------------------

    def membership(self, item: Item) -> Iterator[State]:
        """A membership, as a tenure; of our own exports, a post as its beginning and its end."""
        person = self.known.person(text_of(item, "person_id"))
        if not person:
            raise Wrong("the membership names no person", ("person_id",), "give it a person_id")
        post = text_of(item, "post_id")
        organization = text_of(item, "organization_id") or self.known.seats.get(post, "")
        if not organization:
            raise Wrong("the membership names no organization", ("organization_id",), "give it an organization_id")
        role = one_line(text_of(item, "role") or text_of(item, "label"))
        held = self.known.names.get(("post", post), post)
        date, words = self._when(item)
        yield from self._sources(item)
        here = self.ids.of("person", person), self.ids.of("organization", organization)
        id_ = self._id(item, *here)
        said = {"person": here[0], "organization": here[1], "post": held, "note": self._note(item)} | _cited(item)
        if _is_post_alone(item):
            yield from _held(item, id_, said)
        else:
            told = {"date": date, "id": id_, "date_text": words, "role": "" if role == held else role}
            yield {"kind": "tenure"} | told | said

    def _when(self, item: Item) -> tuple[str, str]:
        """When it was, and in whose words; what the membership does not say follows from the term, if it names one."""
        start, end = date_of(item, "start_date"), date_of(item, "end_date")
        given = text_of(item, "legislative_period_id")
        period = self.known.periods.get(given)
        if given and period is None and not (start and end):
            raise Wrong(f"no event has the id {given!r}", ("legislative_period_id",), "its dates are needed here")
        words = ""
        if period and not (start and end):
            by_term = {"start_date": period.start, "end_date": period.end}
            at = ("legislative_period_id",)
            start = start or date_of(by_term, "start_date", at)
            end = end or date_of(by_term, "end_date", at)
            words = one_line(period.name)[:200]
        return between(start, end, self.ends), words

    def _id(self, item: Item, person: str, organization: str) -> str:
        """The id of the membership, or one that follows from what it says that is not likely to change."""
        if given := text_of(item, "id"):
            return self.memberships.of("membership", given)
        said = {k: v for k, v in item.items() if k not in _LATER}
        found = f"{fitting(person, organization, longest=80)}--{digest(repr(sorted(said.items())))}"
        alike = self._alike[found]
        number = alike.setdefault(repr([item.get(k) for k in _LATER]), len(alike) + 1)
        return found if number == 1 else f"{found}-{number}"

    def _note(self, item: Item) -> str:
        """Whom somebody stood for, and where: a ledger has no field for it."""
        said = []
        for what, sort, field in (("For", "organization", "on_behalf_of_id"), ("Area:", "place", "area_id")):
            if given := text_of(item, field):
                id_ = self.ids.of(sort, given)
                name = self.known.names.get((sort, given))
                said.append(f"{what} {name} ({id_})." if name else f"{what} {id_}.")
        return " ".join(said)

    # -- sources -----------------------------------------------------------------------------------------------------

    def _sources(self, item: Item) -> Iterator[State]:
        """The sources of a part that were not registered yet."""
        for source in _sources_of(item):
            if source["id"] not in self._registered:
                self._registered.add(source["id"])
                yield source


def _is_post_alone(item: Item) -> bool:
    """Whether our own export wrote it for a post. It has the stay, if one is known, as a membership of its own.

    Elsewhere a post makes a member: whoever holds one was there.
    """
    person, organization, post = (text_of(item, f) for f in ("person_id", "organization_id", "post_id"))
    own = re.compile(rf"{re.escape(person)}--{re.escape(post)}(--[0-9]+)?").fullmatch
    return post.startswith(f"{organization}--") and own(text_of(item, "id")) is not None


def _held(item: Item, id_: str, said: State) -> Iterator[State]:
    """A post that somebody came into and gave up, as far as the dates are known; if neither is, they came some day."""
    start, end = date_of(item, "start_date"), date_of(item, "end_date")
    if start or not end:
        yield {"kind": "appointment", "date": start or "XXXX", "id": id_} | said
    if end:
        yield {"kind": "step-down", "date": end, "id": fitting(id_, "step-down")} | said


def _cited(item: Item) -> State:
    cited = list(dict.fromkeys(source["id"] for source in _sources_of(item)))
    return {"sources": [{"source": given} for given in cited]} if cited else {}


def _sources_of(item: Item) -> list[dict[str, str]]:
    given = (source_at(text_of(s, "url"), text_of(s, "note")) for s in dicts(item, "sources"))
    return [source for source in given if source is not None]


def _before(item: Item, since: str, new: str) -> str:
    """The name that something bore until a date or the day before; empty if none of its names surely ends there."""
    from_then = parse(since)
    for other in dicts(item, "other_names"):
        name = one_line(in_full(other))
        try:
            end = date_of(other, "end_date")
        except Wrong:
            continue  # a name whose end nobody can read ends nowhere
        if end and name != new and from_then.earliest - 1 <= parse(end).latest <= from_then.latest:
            return name
    return ""


def _called(item: Item) -> tuple[list[str], list[Wrong]]:
    """When somebody had which name, as there is no event for it, and which of these dates are none."""
    said, wrong = list[str](), list[Wrong]()
    for n, other in enumerate(dicts(item, "other_names")):
        try:
            start, end = (date_of(other, f, ("other_names", str(n), f)) for f in ("start_date", "end_date"))
            if (start or end) and (name := one_line(in_full(other))):
                said.append(f"Called {name} ({between(start, end, 'unknown')}).")
        except Wrong as problem:
            wrong.append(problem)
    return said, wrong


def left_behind(section: str, item: Item, count: Counter[tuple[str, str]]) -> None:
    """Count the fields of a part that are not read."""
    for field, value in item.items():
        if value and field not in TAKEN[section]:
            count[section, field] += 1
