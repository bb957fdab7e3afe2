"""What was recorded when, by whom and why: the log read by recorded time, like the history of a program."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec
from sqlalchemy import select

from events.about import Correction, Corroboration, Dispute, Erasure, Ranking, Retraction
from events.base import Event
from events.kinds import plain
from events.register import Merge
from projections.facts import Version, in_force
from projections.mentions import Mention
from projections.merges import Merged
from timeline.entries import entry_named
from timeline.moments import instant
from timeline.state.projector import versions
from timeline.state.tables import Numbers, chunks, table_of
from timeline.store import log
from timeline.store.tables import events
from timeline.view import View


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """One event of the log."""

    position: int
    batch: int
    recorded_at: str
    recorded_by: str
    entry: UUID
    id: str
    version: int
    kind: str
    headline: str
    changes: tuple[str, ...]
    """Of a correction: the fields that it changed, with what they said before and say since."""
    reason: str


def history(
    view: View,
    *,
    entry: UUID | None = None,
    about: str | None = None,
    limit: int | None = None,
    after: int | None = None,
) -> list[Recorded]:
    """The events of the log, the last recorded first: all, those of an entry, or those that concern an entity.

    With `after`, those after that position, the first recorded first.
    """
    wanted = None if entry is None and about is None else [entry] if entry else _entries_about(view, str(about))
    found = _found(view, wanted, limit, after)
    streams = log.streams(view.connection, [e.entry_id for e in found], upto=view.known)
    shown = []
    for row in found:
        stream = versions(streams[row.entry_id])
        event = next((v.event for v in stream if v.version == row.version), None)
        first = stream[0].event
        shown.append(
            Recorded(
                position=row.position,
                batch=row.batch,
                recorded_at=instant(row.recorded_at),
                recorded_by=row.recorded_by,
                entry=row.entry_id,
                id=str(getattr(first, "id", "") or ""),
                version=row.version,
                kind=row.kind,
                headline=_headline(view, event, first),
                changes=changes(row.entry_id, stream, row.version),
                reason=reason_of(event),
            )
        )
    return shown


def _headline(view: View, event: Event | None, first: Event | None) -> str:
    """What the event says; of one about another entry, what that entry says too."""
    if event is None:
        return "erased"
    if event is first or first is None or isinstance(event, Correction):
        return event.headline(view.headline_name)
    return f"{event.headline(view.headline_name)} — {first.headline(view.headline_name)}"


def changes(entry: UUID, stream: Sequence[Version], version: int) -> tuple[str, ...]:
    """What a version that corrects its entry changed, field by field: `date 2025-02 → 2025-03`."""
    event = next((v.event for v in stream if v.version == version), None)
    standing = in_force(entry, [v for v in stream if v.version < version])
    before = standing.event if standing else stream[0].event
    if not isinstance(event, Correction) or before is None:
        return ()
    was, now = plain(before), plain(event.event)
    fields = dict.fromkeys((*was, *now))
    return tuple(_change(f, was.get(f, ""), now.get(f, "")) for f in fields if was.get(f, "") != now.get(f, ""))


def _change(field: str, was: object, now: object) -> str:
    """Long and nested values are only named: `timeline why --json` has them whole."""
    sides = [str(v) if isinstance(v, str | int | float) and len(str(v)) <= 60 else None for v in (was, now)]
    name = field.replace("_", " ")
    return name if None in sides else f"{name} {sides[0] or 'none'} → {sides[1] or 'none'}"


def reason_of(event: Event | None) -> str:
    """Why an event was recorded, where it says so."""
    if isinstance(event, Correction | Retraction | Dispute | Ranking | Corroboration | Erasure):
        return event.reason
    return event.note if isinstance(event, Merge) else ""


def _entries_about(view: View, entity: str) -> list[UUID]:
    """Entries that name the entity, or register or merge it, in any version that was ever known."""
    ids = {entity, *(d for d, i in view.directory.merged.items() if i == entity)}
    mention, merged = table_of(Mention).table, table_of(Merged).table
    names = Numbers(view.connection)
    numbers = names.numbered(ids).values()
    found = list(view.connection.scalars(select(mention.c.entry).where(mention.c.entity.in_(numbers)).distinct()))
    duplicates = view.connection.scalars(select(merged.c.duplicate).where(merged.c.into.in_(numbers)).distinct())
    ids |= {str(names.id(d)) for d in duplicates}
    return [*found, *(entry_named(sort, i) for sort in ("entity", "merge") for i in ids)]


def _found(view: View, entries: Sequence[UUID | None] | None, limit: int | None, after: int | None) -> list[log.Entry]:
    place = events.c.position
    query = select(events).where(place <= view.position).order_by(place.desc() if after is None else place)
    if after is not None:
        query = query.where(place > after)
    if entries is None:
        rows = list(view.connection.execute(query.limit(limit)))
    else:
        rows = [
            r
            for part in chunks(entries)
            for r in view.connection.execute(query.where(events.c.entry_id.in_(part)).limit(limit))
        ]
        rows = sorted(rows, key=lambda r: -r.position if after is None else r.position)[:limit]
    return [
        log.Entry(r.position, r.batch, r.entry_id, r.version, r.kind, r.recorded_at, r.recorded_by, None) for r in rows
    ]
