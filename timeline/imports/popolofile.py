"""Popolo (https://www.popoloproject.com/specs/): people, organizations and memberships of parliaments, in JSON.

The file is read twice: first for its ids, names and terms, then part by part for its events. Persons, organizations,
posts and areas come before the memberships that name them, whatever their order in the file.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import BinaryIO
from uuid import UUID

import msgspec

from events.base import Event
from events.errors import UnreadableText
from events.kinds import build
from projections.entities import folded
from projections.merges import follow
from timeline.entries import entry_named, entry_of
from timeline.imports.advice import answer_of_ours, explain, parts_of, steps_of, unknown_name
from timeline.imports.document import Item
from timeline.imports.foreign import Ids
from timeline.imports.jsontext import JsonText
from timeline.imports.places import BadFile, Mistake, Place
from timeline.imports.popolodates import Ends, Wrong
from timeline.imports.popolofields import text_of
from timeline.imports.popolorows import SORTS, Known, Rows, State, left_behind
from timeline.view import View

SECTIONS = ("persons", "organizations", "posts", "areas", "events", "memberships")
NOT_TAKEN = ("motions", "votes", "vote_events", "speeches", "meta", "counts", "results")
"""Lists of Popolo, and of programs that write it, which say nothing that a ledger of people and posts holds."""

TERMS = ("legislative period", "legislative-period", "event", "term")
"""The events whose dates are those of memberships; others, as elections, are passed over."""

_FIELDS = {
    "person": ("person_id",),
    "organization": ("organization_id", "post_id", "id"),
    "parent": ("parent_id",),
    "post": ("post_id",),
    "date": ("start_date", "end_date", "founding_date", "dissolution_date", "legislative_period_id"),
    "name": ("name", "label", "other_names"),
    "type": ("id",),
}
"""The fields of the file that a field of an event is made of, the likeliest first."""


class PopoloFile:
    """A Popolo file, read part by part."""

    def __init__(self, text: JsonText, ends: Ends) -> None:
        self.file = text.file
        self.slugs: dict[UUID, str] = {}
        self.broken: set[str] = set()
        self._text = text
        self._at: dict[str, array[int]] = defaultdict(lambda: array("Q"))
        """Where the parts of each list begin."""
        self._known = Known()
        self._left: Counter[tuple[str, str]] = Counter()
        self._events: Counter[str] = Counter()
        self._unknown: list[Mistake] = []
        self._done = 0
        self._survey()
        self._rows = Rows(self._known, ends)
        self._rows.memberships = Ids(("membership", given) for given in self._membership_ids)

    def _survey(self) -> None:
        """Read everything once, for what others refer to."""
        self._membership_ids: list[str] = []
        for section, at, value in self._text.parts():
            if section not in SECTIONS and section not in self._at:
                self._note_section(section, at)
            self._at[section].append(at)
            self._known.take(section, value)
            if section == "memberships" and (given := text_of(value, "id")):
                self._membership_ids.append(given)
            elif section == "events":
                self._events[text_of(value, "classification") or "event"] += 1
        if (told := answer_of_ours(self._at)) is not None:
            raise BadFile.at(self._text.place(0), *told)
        if not any(section in self._at for section in SECTIONS):
            advice = f"a Popolo file holds lists named {', '.join(SECTIONS)}"
            place = self._text.place(0)
            raise BadFile.at(place, "there is nothing of Popolo in this file", advice, [self.line(1) or ""])

    def _note_section(self, section: str, at: int) -> None:
        if section not in NOT_TAKEN:
            wrong = unknown_name(self._text.place(at), section, SECTIONS, "list of Popolo")
            if "did you mean" in wrong.help:
                self._unknown.append(wrong)

    # -- reading -----------------------------------------------------------------------------------------------------

    def read(self) -> Iterator[Item | Mistake]:
        """The events of the file; who and what they are about comes first."""
        yield from self._unknown
        for section in (*SORTS, "memberships"):
            for at in self._at.get(section, ()):
                self._done += 1
                yield from self._part(section, at)

    def _part(self, section: str, at: int) -> Iterator[Item | Mistake]:
        item = self._text.read(at)
        if not isinstance(item, dict):
            yield self._mistake(at, Wrong(f"one of the {section} is no object", (), "write {…}"))
            return
        if text_of(item, "redirect"):
            return
        left_behind(section, item, self._left)
        is_membership = section == "memberships"
        try:
            for found in self._rows.membership(item) if is_membership else self._rows.entity(section, item):
                made = found if isinstance(found, Wrong) else self._made(found, at)
                if isinstance(made, Item):
                    yield made
                    continue
                yield self._mistake(at, made)
                if not isinstance(found, Wrong) and found["kind"] == "entity":
                    self.broken.add(found["id"])
                    return
        except Wrong as problem:
            yield self._mistake(at, problem)
            if not is_membership:
                self.broken.add(self._rows.ids.of(SORTS[section], text_of(item, "id")))

    def _made(self, state: State, at: int) -> Item | Wrong:
        """The event of plain values, or what is wrong with them."""
        try:
            return self._item(build(state), at)
        except msgspec.ValidationError as problem:
            return self._invalid(at, state["kind"], problem)

    def _item(self, event: Event, at: int) -> Item:
        name = str(getattr(event, "id", ""))
        entry = entry_of(event) or entry_named("event", name)
        return Item(event, entry, False, name, at, self._text.place(at))

    # -- mistakes ----------------------------------------------------------------------------------------------------

    def _invalid(self, at: int, kind: str, problem: msgspec.ValidationError) -> Wrong:
        """What msgspec found wrong with the event that a part became."""
        message, path = parts_of(problem)
        steps = self._steps(at, path)
        given = self._text.read_at(at, steps)
        if isinstance(cause := problem.__cause__, UnreadableText):
            return Wrong(f"{cause.text!r} is not {cause.notation}: {cause.reason}", steps, cause.hint)
        said, advice = explain(kind, path, message, given if isinstance(given, str) else "")
        return Wrong(said, steps, advice)

    def _mistake(self, at: int, wrong: Wrong) -> Mistake:
        return Mistake(self._text.place(at, wrong.at), str(wrong), wrong.advice)

    def place(self, ref: int, at: str) -> Place:
        """Where the fields stand that a part of an event was made of."""
        return self._text.place(ref, self._steps(ref, at))

    def _steps(self, at: int, path: str) -> tuple[str, ...]:
        first, *rest = steps_of(path) or ["id"]
        if first == "sources":
            return ("sources", *rest[:1], "url")
        fields = _FIELDS.get(first, (first,))
        return (next((f for f in fields if self._text.has(at, f)), fields[0]), *rest)

    def line(self, number: int) -> str | None:
        """A line of the file, counted from 1."""
        return self._text.line(number)

    def done(self) -> tuple[int, int]:
        """How many parts of the file were read."""
        return self._done, sum(map(len, self._at.values())) or 1

    # -- what a reader of the report should know ---------------------------------------------------------------------

    def notes(self, view: View) -> Iterator[str]:
        """What stayed behind, and which people have one name."""
        counted = self._left.most_common()
        stayed = [f"{field} of {n} {section[:-1] if n == 1 else section}" for (section, field), n in counted]
        lists = {s: len(parts) for s, parts in self._at.items() if s not in SECTIONS}
        lists |= {f"events ({sort})": n for sort, n in self._events.items() if sort not in TERMS}
        lists |= {"redirects": len(self._known.redirects)} if self._known.redirects else {}
        stayed += [f"{n} {what}" for what, n in lists.items()]
        if stayed:
            yield f"{self.file}: not taken over: {_some(stayed, 12)}."
        if alike := list(self._alike(view)):
            names = "1 name stands" if len(alike) == 1 else f"{len(alike)} names stand"
            yield (
                f"{self.file}: {names} for several people, who were not merged: {_some(alike, 5)}. "
                "(`timeline merge` joins two ids of one person)"
            )

    def _alike(self, view: View) -> Iterator[str]:
        """The names that several people have, in the file or in the ledger."""
        merged = view.directory.merged
        people: dict[str, set[str]] = defaultdict(set)
        written = {folded(name): name for name in self._known.people}
        for name, given in self._known.people.items():
            people[folded(name)].update(follow(self._rows.ids.of("person", i), merged) for i in given)
        if people:
            for row in view.directory.entities.values():
                if row.type == "person" and (name := folded(row.name)) in people:
                    people[name].add(row.entity)
        for name, ids in people.items():
            if name and len(ids) > 1:
                yield f"{written[name]} ({_some(sorted(ids), 4)})"


def _some(texts: Sequence[str], most: int) -> str:
    more = [f"{len(texts) - most} more"] if len(texts) > most else []
    return ", ".join([*texts[:most], *more])


def open_document(file: BinaryIO, name: str, missing_end: Ends = "unknown") -> PopoloFile:
    """Read a Popolo file; `missing_end` says what it means that a membership has no end."""
    return PopoloFile(JsonText(file.read(), name), missing_end)
