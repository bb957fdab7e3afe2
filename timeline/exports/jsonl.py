"""JSON Lines of CloudEvents 1.0: the log as it is, an envelope a line, losing nothing.

`timeline import` takes the file back: into an empty ledger it brings the same entries, versions and content, in the
same order. Recorded times are told, and never believed: the ledger that imports them has a clock of its own.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
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
from timeline.exports.selection import Selection, happenings
from timeline.moments import instant
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
    waiting = [x.fact.entry for part in happenings(view, wanted) for x in part]
    seen = set(waiting)
    positions: list[tuple[int, UUID]] = []
    while waiting:
        part, waiting = waiting[:PART], waiting[PART:]
        for stream in log.streams(view.connection, part, upto=view.known).values():
            positions += [(e.position, e.entry_id) for e in stream]
            for needed in {n for e in stream if e.state is not None for n in _needed(view, decode(e.kind, e.state))}:
                if needed not in seen:
                    seen.add(needed)
                    waiting.append(needed)
    positions.sort()
    for start in range(0, len(positions), PART):
        here = positions[start : start + PART]
        streams = log.streams(view.connection, list({e for _, e in here}), upto=view.known)
        found = {e.position: e for stream in streams.values() for e in stream}
        yield from (found[position] for position, _ in here)


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
