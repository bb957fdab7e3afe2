"""JSON Lines of CloudEvents 1.0: the log as it is, an envelope a line, losing nothing.

`timeline import` takes the file back: into an empty ledger it brings the same entries, versions and content, in the
same order. Recorded times are told, and never believed: the ledger that imports them has a clock of its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from uuid import UUID

import msgspec

from events.about import Correction
from events.base import Event, Happening
from events.deals import DealCancellation, DealCompletion
from events.kinds import decode, mentions
from timeline.entries import entry_named
from timeline.errors import UsageError
from timeline.exports.formats import Options, Write, Written
from timeline.exports.selection import Selection, listed
from timeline.moments import instant
from timeline.scratch import explained
from timeline.store import log
from timeline.view import View

PREFIX = "timeline."
"""What stands before a kind in the type of an envelope: timeline.departure."""

PART = 500


class Envelope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One event as a CloudEvent. Names of the timeline's own attributes keep to the letters that CloudEvents allows."""

    specversion: str
    id: str
    """The entry and the version: unique, and the same in every export."""
    source: str
    type: str
    time: str
    """When it was recorded."""
    subject: str
    """The entry."""
    entryversion: int
    position: int
    batch: int
    """The position that the batch ended at: what was recorded together has the same."""
    recordedby: str = ""
    datacontenttype: str = ""
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    """The event as it is stored; not there when it was erased."""


_encoder = msgspec.json.Encoder()


@explained()
def export(view: View, wanted: Selection, write: Write, options: Options) -> Written:
    """Write the log up to the position of the view; with conditions, the entries selected and all that they name."""
    if view.is_partial:
        raise UsageError("jsonl is the log itself, which has no --reported-by: leave it out, or export another format")
    whole = wanted == Selection()
    entries = log.read(view.connection, upto=view.known) if whole else _selected(view, wanted)
    size = view.position if whole else 0
    number = 0
    with closing(entries):  # also when the reader has seen enough, while the connection is still there
        for number, entry in enumerate(entries, 1):
            write(line(entry))
            if number % PART == 0:
                options.progress("exporting", number, size or number)
    return Written(number, "event")


def line(entry: log.Entry) -> bytes:
    """One event of the log as a line."""
    has_data = entry.state is not None
    envelope = Envelope(
        specversion="1.0",
        id=f"{entry.entry_id}/{entry.version}",
        source="urn:timeline:ledger",
        type=PREFIX + entry.kind,
        time=instant(entry.recorded_at),
        subject=str(entry.entry_id),
        entryversion=entry.version,
        position=entry.position,
        batch=entry.batch,
        recordedby=entry.recorded_by,
        datacontenttype="application/json" if has_data else "",
        data=msgspec.Raw(entry.state) if entry.state is not None else msgspec.UNSET,
    )
    return _encoder.encode(envelope) + b"\n"


def _selected(view: View, wanted: Selection) -> Generator[log.Entry]:
    """The streams of the selected entries and of what they need to be imported alone, by position."""
    with closing(_Chosen()) as chosen:
        for part in listed(view, wanted, newest_first=False):
            chosen.add(part)
        for part in chosen.entries():
            streams = [*log.streams(view.connection, part, upto=view.known).values()]
            chosen.place(e for stream in streams for e in stream)
            chosen.add({n for stream in streams for n in _all_needed(view, stream)})
        for here in chosen.positions():
            streams = [*log.streams(view.connection, [*dict.fromkeys(here.values())], upto=view.known).values()]
            found = {e.position: e for stream in streams for e in stream if e.position in here}
            yield from (found[position] for position in here)


class _Chosen:
    """The entries to write and where the log has them, in a temporary database: they may be more than memory holds."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("PRAGMA journal_mode=OFF")
        self._db.execute("PRAGMA cache_size=-8000")
        self._db.execute("CREATE TABLE entries (number INTEGER PRIMARY KEY, entry BLOB NOT NULL UNIQUE)")
        self._db.execute("CREATE TABLE places (position INTEGER PRIMARY KEY, entry BLOB NOT NULL)")

    def close(self) -> None:
        self._db.close()

    def add(self, entries: Iterable[UUID]) -> None:
        """Choose entries; those that were chosen before keep their turn."""
        rows = ((entry.bytes,) for entry in entries)
        self._db.executemany("INSERT INTO entries (entry) VALUES (?) ON CONFLICT DO NOTHING", rows)

    def entries(self) -> Iterator[list[UUID]]:
        """All that are chosen, in parts, those that are added meanwhile too."""
        query, last = "SELECT number, entry FROM entries WHERE number > ? ORDER BY number LIMIT ?", 0
        while rows := self._db.execute(query, (last, PART)).fetchall():
            yield [UUID(bytes=entry) for _, entry in rows]
            last = rows[-1][0]

    def place(self, events: Iterable[log.Entry]) -> None:
        """Remember where events stand."""
        self._db.executemany("INSERT INTO places VALUES (?, ?)", ((e.position, e.entry_id.bytes) for e in events))

    def positions(self) -> Iterator[dict[int, UUID]]:
        """The positions in order with their entries, in parts."""
        query, last = "SELECT position, entry FROM places WHERE position > ? ORDER BY position LIMIT ?", 0
        while rows := self._db.execute(query, (last, PART)).fetchall():
            yield {position: UUID(bytes=entry) for position, entry in rows}
            last = rows[-1][0]


def _all_needed(view: View, stream: Iterable[log.Entry]) -> Iterator[UUID]:
    """What is needed of all that was ever said of an entry and not erased."""
    for e in stream:
        if e.state is not None:
            yield from _needed(view, decode(e.kind, e.state))


def _needed(view: View, event: Event) -> Iterator[UUID]:
    """The entries without which an event cannot be recorded, and the merges that say what its ids mean now."""
    for part in (event, event.event) if isinstance(event, Correction) else (event,):
        for _, given, types in mentions(part):
            yield entry_named("source" if types == ("source",) else "entity", given)
            if given in view.directory.merged:
                yield entry_named("merge", given)
        if isinstance(part, Happening):
            yield from part.derived_from
        if isinstance(part, DealCompletion | DealCancellation):
            yield part.deal
