"""What an erasure concerns: the entries that go together, those in the way, and those that only look alike.

The id of a person or a source stands in every entry that names it. So a registration is erased with all of these, or
not at all: an id without its registration would still say who it was.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, delete, func, literal, select

from events import kinds
from events.about import Correction
from events.base import Event
from events.register import Entity, Source
from projections.entities import folded
from projections.happenings import Listed
from timeline.state.scrubbing import FOLLOWER
from timeline.state.tables import table_of
from timeline.store import log
from timeline.store.database import Database
from timeline.store.tables import events, payloads, tracking

FEW = 3
"""Letters of a word that are too few to tell a person by."""


class Registration(NamedTuple):
    """An id that an entry registers."""

    entry: UUID
    id: str
    is_source: bool
    names: tuple[str, ...]
    """All that it was ever called; of a person also each word of it, as many are spoken of by their family name."""


def registration(connection: Connection, entry: UUID) -> Registration | None:
    """What an entry registers; None for a happening, a merge, and what was erased."""
    found: Registration | None = None
    for event in _said(connection, [entry]):
        match event:
            case Entity():
                names = (*(found.names if found else ()), event.name, *event.other_names)
                if event.type == "person":
                    names += tuple(word for name in names for word in name.split() if len(word) > FEW)
                found = Registration(entry, event.id, False, tuple(dict.fromkeys(names)))
            case Source():
                found = Registration(entry, event.id, True, ())
    return found


def naming(connection: Connection, registered: Registration) -> dict[UUID, str]:
    """The other entries whose content names the id, in whatever version, in the order of recording; with their ids.

    Those that are erased, or are being erased in this transaction, are left out.
    """
    needle = b'"%s"' % registered.id.encode()
    query = select(events.c.entry_id, events.c.kind, payloads.c.state).join(
        payloads, payloads.c.position == events.c.position
    )
    erasures = events.alias("erasures")
    is_erased = select(erasures.c.position).where(
        erasures.c.entry_id == events.c.entry_id, erasures.c.kind == "erasure"
    )
    query = query.where(_holds(connection, needle), events.c.entry_id != registered.entry, ~is_erased.exists())
    found: dict[UUID, str] = {}
    for entry, kind, state in connection.execute(query.order_by(events.c.position)):
        event = kinds.decode(kind, state)
        if entry not in found and registered.id in _ids(event, registered.is_source):
            found[entry] = str(entry)
    streams = log.streams(connection, list(found))
    return {entry: _slug(streams[entry]) or shown for entry, shown in found.items()}


def in_words(connection: Connection, registered: Registration) -> list[UUID]:
    """Other entries among whose words one of the names stands: perhaps the same person, perhaps only the same word."""
    table = table_of(Listed).table
    found: dict[UUID, None] = {}
    for name in dict.fromkeys(folded(n) for n in registered.names):
        query = select(table.c.entry).where(table.c.words.contains(name, autoescape=True)).distinct()
        found |= dict.fromkeys(connection.scalars(query))
    return list(found)


def derived_from(connection: Connection, entries: Collection[UUID]) -> list[UUID]:
    """Other entries that say they follow from one of these; the UUID stands among their words."""
    table = table_of(Listed).table
    found: dict[UUID, None] = {}
    for entry in entries:
        query = select(table.c.entry).where(table.c.words.contains(str(entry))).distinct()
        found |= dict.fromkeys(e for e in connection.scalars(query) if e not in entries)
    return list(found)


def is_erased(stream: Sequence[log.Entry]) -> bool:
    """Whether an entry was erased."""
    return any(e.kind == "erasure" for e in stream)


def is_put_back(stream: Sequence[log.Entry]) -> bool:
    """Whether an erased entry, read as stored, has content again: somebody put it there by hand."""
    last = max((e.version for e in stream if e.kind == "erasure"), default=0)
    return any(e.state is not None for e in stream if e.version < last)


def remove_again(database: Database, entry: UUID) -> None:
    """Take out of the log what was put back of an erased entry. No answer was made from it, so no other row goes.

    Nothing is recorded, as the erasure stands. The files hold it until they are scrubbed, which is due again.
    """
    with database.writing() as connection:
        said = select(events.c.position).where(events.c.entry_id == entry, log.IS_ERASED)
        connection.execute(delete(payloads).where(payloads.c.position.in_(said)))
        connection.execute(delete(tracking).where(tracking.c.application == FOLLOWER))


def _holds(connection: Connection, needle: bytes) -> ColumnElement[bool]:
    """The condition for stored events in which some bytes stand."""
    if connection.dialect.name == "sqlite":
        return func.instr(payloads.c.state, needle) > 0
    place: Any = func.position(literal(needle).op("IN")(payloads.c.state))
    found: ColumnElement[bool] = place > 0
    return found


def _said(connection: Connection, entries: Sequence[UUID]) -> Iterator[Event]:
    """All that the entries say or ever said, corrections by what they put in the place."""
    for stream in log.streams(connection, entries, as_stored=True).values():
        for e in stream:
            if e.state is not None:
                event = kinds.decode(e.kind, e.state)
                yield event.event if isinstance(event, Correction) else event


def _ids(event: Event, of_sources: bool) -> set[str]:
    parts = (event, event.event) if isinstance(event, Correction) else (event,)
    return {given for part in parts for _, given, types in kinds.mentions(part) if (types == ("source",)) == of_sources}


def _slug(stream: Sequence[log.Entry]) -> str:
    first = kinds.decode(stream[0].kind, stream[0].state or b"")
    return str(getattr(first, "id", "") or "")
