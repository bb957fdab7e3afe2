"""What is checked before events are recorded, beyond the form of each one.

Every id must be registered and of the right type; an event about another entry must find that entry, at the version
that it names; the tree of organizations must stay a tree on every date. All problems are collected, so that a file with
ten mistakes is mended once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import get_args
from uuid import UUID

import msgspec
from sqlalchemy import Connection, func, select

from events import kinds
from events.about import About, Correction, Erasure, Retraction
from events.base import Event, Happening
from events.dates import FOREVER
from events.deals import DealCancellation, DealCompletion
from events.register import Entity, Merge, Source
from projections import merges
from projections.entities import PROJECTION as ENTITIES
from projections.facts import Fact
from projections.parents import PROJECTION as PARENTS
from projections.parents import Parent
from projections.sources import PROJECTION as SOURCES
from timeline.entries import entry_named, entry_of
from timeline.erasing import naming, registration
from timeline.errors import BadData
from timeline.naming import near
from timeline.state.projector import versions
from timeline.state.tables import TABLES, Numbers, chunks, merges_known, numbers
from timeline.store import log
from timeline.store.bulk import among
from timeline.store.mapper import EntryEvent
from timeline.store.tables import events

ABOUT: tuple[type[Event], ...] = get_args(About)

_ABOUT_OTHERS: tuple[type[Event], ...] = (*ABOUT, DealCompletion, DealCancellation)
_ABOUT_THE_TREE: tuple[type[Event], ...] = (*ABOUT, Merge, *PARENTS.kinds)

CHANGE_THE_TREE = frozenset(tag for tag, cls in kinds.KINDS.items() if issubclass(cls, (*PARENTS.kinds, Merge)))
"""The kinds of which an event can change the tree of organizations."""

MOST_COMPARED = 20
"""Of so many problems of a part it is said which id may be meant; in a large ledger each takes a while to compare."""

MOST_NAMED = 20
"""How many entries a message names; the rest are counted."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something wrong with one of the events to be recorded."""

    index: int
    """Which one, counted from 0."""
    at: str
    """Where in it: `sources[0].source`; empty for the whole event."""
    message: str
    help: str = ""
    unknown: str = ""
    """The id that nobody registered, if that is the problem."""


class Invalid(BadData):
    """Some events cannot be recorded; none was."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        lines = [f"{p.at}: {p.message}{f'; {p.help}' if p.help else ''}" if p.at else p.message for p in problems]
        super().__init__("; ".join(lines))


def as_read(item: EntryEvent) -> EntryEvent:
    """An event that was made in Python, as it will be read from the log. Raises ValueError if its form is wrong."""
    kind, raw = kinds.kind_of(item.event), kinds.encode(item.event)
    try:
        return EntryEvent(item.originator_id, item.originator_version, kinds.decode(kind, raw))
    except msgspec.MsgspecError as problem:
        raise ValueError(str(problem)) from problem


def check(names: Numbers, written: log.Batch, part: Sequence[EntryEvent], start: int) -> list[Problem]:
    """The problems of a part of a batch that stands in the log and not yet in the projections: its ids, its entries.

    The part begins `start` events after the beginning of the batch; what it names may be registered anywhere in the
    batch.
    """
    is_whole = len(part) == written.last - written.first + 1
    problems = _ids(names, [e.event for e in part], None if is_whole else written)
    problems += _entries(names.connection, part)
    return sorted(replace(p, index=p.index + start) for p in problems)


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _said(event: Event) -> Event:
    return event.event if isinstance(event, Correction) else event


def _ids(names: Numbers, batch: Sequence[Event], around: log.Batch | None) -> list[Problem]:
    """What is wrong with the ids that events name; `around` is the batch that they are only a part of, if they are."""
    connection = names.connection
    registered = _registered_by(batch)
    named = [
        (index, f"event.{at}" if isinstance(event, Correction) else at, given, types)
        for index, event in enumerate(batch)
        for part in ([event] if _said(event) is event else [event, _said(event)])
        for at, given, types in kinds.mentions(part)
    ]
    entities = {given for _, _, given, types in named if types != ("source",) and given not in registered}
    sources = {given for _, _, given, types in named if types == ("source",) and f"source:{given}" not in registered}
    registered |= _entity_types(names, entities)
    registered |= {f"source:{s}": "source" for s in known_sources(connection, sources)}
    if around is not None:
        registered |= _registered_around(connection, around, entities, sources)
    problems: list[Problem] = []
    known = cache(lambda what: _known(connection, what, registered))
    unknown = cache(
        lambda given, what: (
            _gone(connection, given, what)
            or _unknown(given, what, known(what) if len(problems) < MOST_COMPARED else ())
        )
    )
    for index, at, given, types in named:
        what = "source" if types == ("source",) else "entity"
        found = registered.get(f"source:{given}" if what == "source" else given)
        if found is None:
            problems.append(Problem(index, at, *unknown(given, what), unknown=given))
        elif found not in types:
            wanted = " or ".join(types)
            problems.append(Problem(index, at, f"{given!r} is {_a(found)}, and here stands {_a(wanted)}"))
    problems += [
        Problem(index, "into", f"{event.duplicate!r} is {_a(one)} and {event.into!r} is {_a(other)}: never the same")
        for index, event in enumerate(batch)
        if isinstance(event, Merge)
        and (one := registered.get(event.duplicate)) != (other := registered.get(event.into))
        and one
        and other
    ]
    return problems


def _registered_by(batch: Iterable[Event]) -> dict[str, str]:
    """The type of what events register; sources with `source:` before the id."""
    registered: dict[str, str] = {}
    for event in batch:
        match _said(event):
            case Source(id=given):
                registered[f"source:{given}"] = "source"
            case Entity(id=given, type=sort):
                registered[given] = sort
    return registered


def _registered_around(
    connection: Connection, batch: log.Batch, entities: Iterable[str], sources: Iterable[str]
) -> dict[str, str]:
    """Those of the ids that the batch itself registers, as far as it stands in the log."""
    wanted = [entry_named("entity", i) for i in entities] + [entry_named("source", i) for i in sources]
    found = log.streams(connection, wanted)
    said = (e for stream in found.values() for e in stream if e.position >= batch.first and e.state is not None)
    return _registered_by(kinds.decode(e.kind, e.state or b"") for e in said)


def _gone(connection: Connection, given: str, what: str) -> tuple[str, str] | None:
    """What to say of an id whose registration was erased; nothing of any other."""
    if not _erased(connection, [entry_named(what, given)]):
        return None
    return f"{given!r} was erased from this ledger", "what is recorded of it again needs another id"


def _unknown(given: str, what: str, known: Sequence[str]) -> tuple[str, str]:
    close = near(given, known)
    return (
        f"no {what} is registered as {given!r}",
        f"did you mean {' or '.join(map(repr, close))}?" if close else f"register it first, under {_where(what)}",
    )


def _known(connection: Connection, what: str, registered: Iterable[str]) -> list[str]:
    """The ids that may have been meant: those of the ledger (of a very large one, some) and those of the batch."""
    if what == "source":
        fields = TABLES[SOURCES.name]
        known = [str(r) for r in connection.scalars(select(fields.key_column).where(fields.known(None)).limit(50_000))]
        return known + [r.removeprefix("source:") for r in registered if r.startswith("source:")]
    known = [str(r) for r in connection.scalars(select(numbers.c.id).limit(50_000))]
    return known + [r for r in registered if not r.startswith("source:")]


def _where(what: str) -> str:
    return "sources:" if what == "source" else "entities:"


def _entity_types(names: Numbers, ids: Iterable[str]) -> dict[str, str]:
    """The type of each id that is registered, or was and is merged now."""
    connection = names.connection
    table = TABLES[ENTITIES.name]
    found: dict[str, str] = {}
    by_number = {number: i for i, number in names.numbered(ids).items()}
    registered = f"SELECT entity, type FROM {table.table.name} WHERE known_to = {FOREVER} AND entity"
    found |= {by_number[number]: sort for number, sort in among(connection, registered, "bigint", list(by_number))}
    merged = TABLES["merges"]
    left = [n for n, i in by_number.items() if i not in found]
    for part in chunks(left):
        query = select(merged.table.c.duplicate, merged.table.c.into).where(
            merged.table.c.duplicate.in_(part), merged.known(None)
        )
        into = {by_number[row.duplicate]: str(names.id(row.into)) for row in connection.execute(query)}
        sorts = _entity_types(names, into.values())
        found |= {given: sorts[other] for given, other in into.items() if other in sorts}
    return found


def known_sources(connection: Connection, ids: Iterable[str]) -> set[str]:
    """Those of the ids that are registered sources."""
    query = f"SELECT source FROM {SOURCES.name} WHERE known_to = {FOREVER} AND source"
    return {given for (given,) in among(connection, query, "text", list(ids))}


def _entries(connection: Connection, batch: Sequence[EntryEvent]) -> list[Problem]:
    """Entries that events speak of: the stream each belongs to, a deal, what a fact was derived from."""
    begun: dict[UUID, str] = {}
    erased = _erased(connection, [e.originator_id for e in batch if e.originator_version > 1])
    wanted: set[UUID] = set()
    for item in batch:
        if item.originator_version == 1:
            begun[item.originator_id] = kinds.kind_of(item.event)
        else:
            wanted.add(item.originator_id)
        wanted.update(_named_entries(item.event))
    known = begun | _kinds_of(connection, wanted - begun.keys())
    problems = []
    for index, item in enumerate(batch):
        if item.originator_version == 1 and _stands_alone(item):
            continue
        is_about = isinstance(item.event, ABOUT)
        if is_about and item.originator_version == 1:
            message = f"{_a(kinds.kind_of(item.event))} is about another entry and cannot begin one"
            problems.append(Problem(index, "", message))
        elif not is_about and item.originator_version > 1:
            problems.append(Problem(index, "", "this entry exists; to change it, record a correction"))
        elif item.originator_version > 1 and item.originator_id not in known:
            given = str(item.originator_id)
            problems.append(Problem(index, "about", f"no entry is called {given}", unknown=given))
        elif erased.get(item.originator_id, item.originator_version) < item.originator_version:
            problems.append(Problem(index, "", f"{item.originator_id} was erased, and nothing more is said of it"))
        elif isinstance(item.event, Erasure) and known[item.originator_id] in ("source", "entity"):
            problems += _still_named(connection, index, item.originator_id)
        elif isinstance(item.event, Correction):
            problems += _same_sort(index, known[item.originator_id], item.event)
        elif isinstance(item.event, Retraction) and item.event.version >= item.originator_version:
            problems.append(Problem(index, "version", f"the entry has no version {item.event.version} yet"))
        said = _said(item.event)
        if not isinstance(said, ABOUT) and (own := entry_of(said)) not in (None, item.originator_id):
            problems.append(Problem(index, "id", f"what is called {_name(said)!r} belongs to the entry {own}"))
        if isinstance(said, DealCompletion | DealCancellation) and (kind := known.get(said.deal)) != "deal":
            message = f"{said.deal} is {_a(kind)}, and here stands a deal" if kind else f"no deal is called {said.deal}"
            problems.append(Problem(index, "deal", message, unknown="" if kind else str(said.deal)))
        elif isinstance(said, DealCompletion | DealCancellation) and said.deal == item.originator_id:
            problems.append(Problem(index, "deal", "a deal cannot be corrected into its own end"))
        if isinstance(said, Happening):
            problems += [
                Problem(index, f"derived_from[{place}]", f"no entry is called {given}", unknown=str(given))
                for place, given in enumerate(said.derived_from)
                if given not in known
            ]
            if item.originator_id in said.derived_from:
                place = said.derived_from.index(item.originator_id)
                problems.append(Problem(index, f"derived_from[{place}]", "an event does not follow from itself"))
    return problems


def _stands_alone(item: EntryEvent) -> bool:
    """Whether an event begins an entry of its own or of its own name, and speaks of no other."""
    event = item.event
    if isinstance(event, _ABOUT_OTHERS):
        return False
    if isinstance(event, Happening) and (event.derived_from or event.id):
        return False
    return isinstance(event, Happening) or entry_of(event) == item.originator_id


def _erased(connection: Connection, entry_ids: Iterable[UUID]) -> dict[UUID, int]:
    """The version at which each entry was first erased, for those that were, in this batch or before."""
    found: dict[UUID, int] = {}
    for part in chunks(list(dict.fromkeys(entry_ids))):
        query = select(events.c.entry_id, func.min(events.c.version)).where(events.c.kind == "erasure")
        query = query.where(events.c.entry_id.in_(part)).group_by(events.c.entry_id)
        found.update(row._tuple() for row in connection.execute(query))
    return found


def _still_named(connection: Connection, index: int, entry: UUID) -> list[Problem]:
    """An id that other entries name would stay readable in them."""
    registered = registration(connection, entry)
    left = naming(connection, registered) if registered else {}
    if registered is None or not left:
        return []
    shown = ", ".join(list(left.values())[:MOST_NAMED]) + (" …" if len(left) > MOST_NAMED else "")
    others = f"{len(left)} other entries name" if len(left) > 1 else "one other entry names"
    return [Problem(index, "", f"{others} {registered.id!r}: {shown}; erase them too, all together")]


def _same_sort(index: int, begun_as: str, correction: Correction) -> list[Problem]:
    """A source stays a source; one happening may be corrected into another kind."""
    now = correction.event
    register = ("source", "entity", "merge")
    if begun_as != kinds.kind_of(now) and (begun_as in register or kinds.kind_of(now) in register):
        return [Problem(index, "event", f"{_a(begun_as)} cannot be corrected into {_a(kinds.kind_of(now))}")]
    return []


def _name(event: Event) -> str:
    return event.duplicate if isinstance(event, Merge) else str(getattr(event, "id", ""))


def _named_entries(event: Event) -> Iterable[UUID]:
    said = _said(event)
    if isinstance(said, DealCompletion | DealCancellation):
        yield said.deal
    if isinstance(said, Happening):
        yield from said.derived_from


def _kinds_of(connection: Connection, entry_ids: Iterable[UUID]) -> dict[UUID, str]:
    return {
        row.entry_id: row.kind
        for part in chunks(list(entry_ids))
        for row in connection.execute(
            select(events.c.entry_id, events.c.kind).where(events.c.entry_id.in_(part), events.c.version == 1)
        )
    }


# -- the tree ---------------------------------------------------------------------------------------------------------


def check_tree(connection: Connection, part: Sequence[EntryEvent], start: int = 0) -> list[Problem]:
    """After the projections: what a part of a batch changed left no merges and no organizations in a circle.

    No organization may certainly be above itself on any day. The part begins `start` events after the batch.
    """
    problems = []
    merged = cache(lambda: merges_known(Numbers(connection)))
    before = _said_before(connection, part)
    for index, item in enumerate(part, start):
        said = _said(item.event)
        if isinstance(said, Merge) and _closes_circle(said, merged()):
            problems.append(Problem(index, "into", f"{said.into!r} is merged into {said.duplicate!r} already"))
        elif (units := _units(item, before.pop(item.originator_id, []))) and (
            circle := _circle_of_any(connection, units, merged())
        ):
            way = " → ".join([*circle, circle[0]])
            problems.append(Problem(index, "", f"the tree of organizations would go in a circle: {way}"))
    return problems


def may_change_the_tree(event: Event) -> bool:
    """Whether an event has to do with merges or with what is part of what; one about another entry may."""
    return isinstance(event, _ABOUT_THE_TREE)


def _closes_circle(merge: Merge, merged: Mapping[str, str]) -> bool:
    seen = {merge.duplicate}
    into: str | None = merge.into
    while into is not None and into not in seen:
        seen.add(into)
        into = merged.get(into)
    return into == merge.duplicate


def _said_before(connection: Connection, part: Sequence[EntryEvent]) -> dict[UUID, list[Event]]:
    """What the entries that a part speaks about ever said; those that can change no tree are left out."""
    about = [e.originator_id for e in part if isinstance(e.event, ABOUT)]
    entries = [e for e, kind in _kinds_of(connection, dict.fromkeys(about)).items() if kind in CHANGE_THE_TREE]
    found = log.streams(connection, entries, as_stored=True)  # what an erasure in this part takes away
    return {e: [v.event for v in versions(stream) if v.event is not None] for e, stream in found.items()}


def _units(item: EntryEvent, before: Sequence[Event]) -> list[str]:
    """The units whose parents an event can have changed: also those that an earlier version of its entry named."""
    units: list[str] = []
    for event in map(_said, (item.event, *before)):
        if isinstance(event, PARENTS.kinds):
            units += PARENTS.keys(Fact(item.originator_id, 0, 1, 1, event, "normal", (), ()))
        elif isinstance(event, Merge):
            units += (event.duplicate, event.into)
    return units


def _circle_of_any(connection: Connection, units: Sequence[str], merged: Mapping[str, str]) -> list[str] | None:
    ids = dict.fromkeys(merges.follow(unit, merged) for unit in units)
    return next((circle for unit in ids if (circle := _circle(connection, unit))), None)


def _circle(connection: Connection, unit: str) -> list[str] | None:
    """The way from a unit up to itself, if all of it certainly holds on some common day."""
    waiting: list[tuple[list[str], int, int]] = [([unit], -(2**63), 2**63)]
    while waiting:
        way, first, last = waiting.pop()
        for row in _parents(connection, way[-1]):
            since, until = max(first, row.start_max), min(last, row.end_min)
            if row.parent is None or since > until:
                continue
            if row.parent == unit:
                return way
            if row.parent not in way:
                waiting.append(([*way, row.parent], since, until))
    return None


def _parents(connection: Connection, unit: str) -> list[Parent]:
    table = TABLES["parents"]
    names = Numbers(connection)
    rows: list[Parent] = table.read(names, table.table.c.organization == names.of(unit))
    return rows
