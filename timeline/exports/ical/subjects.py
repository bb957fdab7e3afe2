"""The entries that events of a calendar are made from, with all that was ever said about each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property
from typing import Annotated, Any, NamedTuple, get_args, get_origin
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from events.about import Correction, Erasure, Retraction
from events.base import Event, Happening
from events.kinds import mentions
from projections.facts import Fact, Version, in_force, withdrawn_versions
from projections.rows import unique
from timeline.entries import is_entry_id
from timeline.exports.ical.names import Cited, KnownNames, Named
from timeline.state.projector import versions
from timeline.store import log


class Subject:
    """One entry: its events as the log holds them, and what they add up to at any position."""

    def __init__(self, stream: Sequence[log.Entry]) -> None:
        self.stream = stream
        self.entry = stream[0].entry_id
        self._facts: dict[int, Fact | None] = {}

    @cached_property
    def versions(self) -> list[Version]:
        """Its events as the folds read them."""
        return versions(self.stream)

    @property
    def batches(self) -> list[int]:
        """The positions at which something became known of it."""
        return [e.batch for e in self.stream]

    @property
    def is_erased(self) -> bool:
        """Nothing of it may be shown any more, nor of what it said before."""
        return any(isinstance(v.event, Erasure) for v in self.versions)

    def then(self, at: int) -> Sequence[Version]:
        """Its versions as known at a position, which is the end of a batch."""
        return self.versions[: self._length(at)]

    def fact(self, at: int) -> Fact | None:
        """What it says as known at a position; None while it is retracted, or before it began."""
        length = self._length(at)
        if length not in self._facts:
            self._facts[length] = in_force(self.entry, self.versions[:length])
        return self._facts[length]

    def retraction(self, at: int) -> tuple[Retraction, int] | None:
        """The retraction that withdraws the entry as known at a position, and when it was recorded."""
        then = self.then(at)
        withdrawn = withdrawn_versions(then)
        for version in reversed(then):
            event = version.event
            if isinstance(event, Retraction) and event.version == 1 and version.version not in withdrawn:
                return event, self.recorded_at(version.version)
        return None

    def corrections(self, at: int) -> Iterator[tuple[Happening, Correction, int]]:
        """The corrections that stand, in order: what the entry said before, the correction, when it was recorded."""
        then = self.then(at)
        withdrawn = withdrawn_versions(then) if len(then) > 1 else ()
        before = then[0].event
        for version in then[1:]:
            if isinstance(version.event, Correction) and version.version not in withdrawn:
                if isinstance(before, Happening):
                    yield before, version.event, self.recorded_at(version.version)
                before = version.event.event

    def recorded_at(self, version: int) -> int:
        """When a version was recorded, in microseconds since 1970."""
        return self.stream[version - 1].recorded_at

    @property
    def events(self) -> Iterator[Event]:
        """What every version says, and what every correction puts in its place."""
        for version in self.versions:
            if version.event is not None:
                yield version.event
            if isinstance(version.event, Correction):
                yield version.event.event

    @property
    def referred(self) -> set[UUID]:
        """The entries that a headline of any version may name."""
        return {entry for event in self.events for entry in entries_in(event)}

    def _length(self, at: int) -> int:
        if self.stream[-1].batch <= at:
            return len(self.stream)
        return next(n for n, e in enumerate(self.stream) if e.batch > at)


class Mentioned(NamedTuple):
    """The ids that an event names, each once, in order."""

    entities: tuple[str, ...]
    sources: tuple[str, ...]


def mentioned(event: Event) -> Mentioned:
    """What an event names."""
    entities: dict[str, None] = {}
    sources: dict[str, None] = {}
    for _, given, types in mentions(event):
        (sources if types == ("source",) else entities)[given] = None
    return Mentioned(tuple(entities), tuple(sources))


def entries_in(event: Event) -> list[UUID]:
    """The entries that an event names one by one, as the end of a deal names the deal."""
    return [getattr(event, field) for field in _entry_fields(type(event))]


@cache
def _entry_fields(kind: type[Event]) -> tuple[str, ...]:
    return tuple(field.name for field in msgspec.structs.fields(kind) if _is_entry(field.type))


def _is_entry(hint: Any) -> bool:
    return hint is UUID or (get_origin(hint) is Annotated and get_args(hint)[0] is UUID)


class Asked(NamedTuple):
    """What a rendering looked up: if none of it changes, the rendering does not."""

    entities: set[str]
    sources: set[str]
    entries: set[UUID]


class Lookup:
    """Names as known at a position; it remembers what was asked for."""

    def __init__(self, library: Library, at: int) -> None:
        self._library = library
        self.at = at
        self.asked = Asked(set(), set(), set())

    def __call__(self, given: str) -> str:
        """The name to show for an id; where an entry stands for a deal, that one's own headline."""
        if (named := self.named(given)) is not None:
            return named.name
        if is_entry_id(given):
            entry = UUID(given)
            is_new = entry not in self.asked.entries  # a circle of entries ends here
            self.asked.entries.add(entry)
            subject = self._library.get(entry)
            fact = subject.fact(self.at) if subject and is_new else None
            if fact is not None:
                return fact.event.headline(self)
        return given

    def depend_on(self, fact: Fact | None) -> None:
        """Remember all that a fact mentions, as if it were asked for: merges and dates of sources may change it."""
        if fact is not None:
            self.asked.entities.update(self._library.mentioned(fact.event).entities)
            self.asked.sources.update(c.source for c in fact.sources)
            for dispute in fact.disputes:
                self.asked.sources.update(c.source for c in dispute.sources)

    def organizations(self, events: Sequence[Event]) -> list[str]:
        """The names of the organizations that events name."""
        given = unique(i for event in events for i in self._library.mentioned(event).entities)
        named = [self.named(i) for i in given]
        return [n.name for n in named if n is not None and n.type == "organization"]

    def named(self, given: str) -> Named | None:
        """The name and the type of an entity."""
        self.asked.entities.add(given)
        return self._library.names.entity(given, self.at)

    def source(self, given: str) -> Cited:
        """How to cite a source."""
        self.asked.sources.add(given)
        return self._library.names.source(given, self.at) or Cited(given, "", 0)


class Library:
    """Entries and names, read together for a part of the calendar."""

    def __init__(self, connection: Connection, known: int | None) -> None:
        self.connection = connection
        self._known = known
        self.names = KnownNames(connection, known)
        self._others: dict[UUID, Subject | None] = {}
        self._mentioned: dict[int, tuple[Event, Mentioned]] = {}

    def subjects(self, entries: Sequence[UUID]) -> dict[UUID, Subject]:
        """Entries by id, ready to be shown. Unknown ids are left out."""
        self.names.make_room()
        found = self.read(entries)
        self.prepare(found.values())
        return found

    def read(self, entries: Sequence[UUID]) -> dict[UUID, Subject]:
        """Entries by id, just as the log holds them. Unknown ids are left out."""
        streams = log.streams(self.connection, entries, upto=self._known)
        return {entry: Subject(stream) for entry, stream in streams.items()}

    def prepare(self, subjects: Iterable[Subject]) -> None:
        """Look up together what they mention and refer to; what was looked up for others is let go."""
        subjects = list(subjects)
        referred = {entry for subject in subjects for entry in subject.referred}
        self._others = dict.fromkeys(referred, None) | self.read(sorted(referred))
        self._mentioned = {}
        everything = [
            self.mentioned(event)
            for subject in (*subjects, *self._others.values())
            if subject is not None
            for event in subject.events
        ]
        self.names.prefetch((i for m in everything for i in m.entities), (i for m in everything for i in m.sources))

    def get(self, entry: UUID) -> Subject | None:
        """An entry that another one refers to."""
        if entry not in self._others:
            self._others[entry] = self.read([entry]).get(entry)
        return self._others[entry]

    def mentioned(self, event: Event) -> Mentioned:
        """What an event names; worked out once for an event of the part that is written."""
        if (found := self._mentioned.get(id(event))) is None:
            # The event is kept beside it, so that no other one can come to have its number meanwhile.
            found = self._mentioned[id(event)] = event, mentioned(event)
        return found[1]

    def turns(self, asked: Asked) -> list[int]:
        """The positions at which something that was looked up changed."""
        found: list[int] = []
        for given in asked.entities:
            found += self.names.entity_turns(given)
        for given in asked.sources:
            found += self.names.source_turns(given)
        for entry in asked.entries:
            if (subject := self.get(entry)) is not None:
                found += subject.batches
        return found

    def recorded_at(self, position: int) -> int:
        """When the batch that ends at a position was recorded."""
        return log.recorded_at(self.connection, position) or 0
