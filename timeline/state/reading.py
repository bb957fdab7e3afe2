"""What a fold of the whole log needs of it: what merges meant, which keys there are, which entries are touched."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from timeline.progress import Progress
from timeline.state.joined import Joined, joined
from timeline.state.projector import versions
from timeline.state.staging import PAGE, Staging, pages
from timeline.state.workers import Work
from timeline.store import log, tables


def past_of(connection: Connection, upto: int, *, as_stored: bool = False) -> Joined:
    """What merges meant at every batch; as stored, with those that are being erased."""
    entries = list(log.begun_as(connection, "merge", upto=upto))
    found = [e for stream in log.streams(connection, entries, upto=upto, as_stored=as_stored).values() for e in stream]
    found.sort(key=lambda e: e.position)
    return joined((e.batch, e.entry_id, version) for e, version in zip(found, versions(found), strict=True))


def read_log(staging: Staging, working: Work, position: int, progress: Progress) -> None:
    """Put into staging which entries each key is folded from, up to a position of the log."""
    done = 0
    for indexed in working.index(staging.pages(position)):
        staging.put_index(indexed)
        done = min(done + PAGE, position)
        progress("reading", done, position)


def recorded_since(connection: Connection, after: int, upto: int) -> set[str]:
    """The entries of which something was recorded after a position (exclusive), up to another one (inclusive)."""
    position = tables.events.c.position
    query = select(tables.events.c.entry_id).where(position > after, position <= upto).distinct()
    return {entry.hex for entry in connection.scalars(query)}


def entries_naming(connection: Connection, ids: Sequence[str], upto: int) -> set[str]:
    """The entries that name one of the ids; some that only use the same word do no harm."""
    needles = [b'"%s"' % given.encode() for given in ids]
    return {
        raw[2]
        for page in pages(connection, upto)
        for raw in page
        if raw[5] is not None and any(needle in raw[5] for needle in needles)
    }
