"""Everything behind one entry: its stream, its sources, what it was derived from and what it implies."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Text, cast, func, select

from events.about import Correction, Retraction
from events.base import Event, Happening
from events.kinds import kind_of, mentions, plain
from projections.all import PROJECTIONS
from projections.facts import Version, withdrawn_versions
from projections.happenings import Listed
from projections.rows import SpanRow
from timeline import answers
from timeline.entries import entry_named
from timeline.errors import AmbiguousName, UnknownName
from timeline.moments import instant
from timeline.naming import near
from timeline.printing import words
from timeline.recorded import changes, reason_of
from timeline.state.projector import versions
from timeline.state.tables import TABLES, table_of
from timeline.store import log
from timeline.store.tables import events
from timeline.view import View


def find_entry(view: View, given: str) -> UUID:
    """The entry that is meant by its own id, a UUID or the beginning of one, or the id of a source or an entity."""
    wanted = [entry_named(sort, given) for sort in ("event", "entity", "source", "merge")]
    text = given.lower().replace("-", "")
    if re.fullmatch(r"[0-9a-f]{32}", text):
        wanted.insert(0, UUID(text))
    for entry in wanted:
        if log.streams(view.connection, [entry], upto=view.known):
            return entry
    if re.fullmatch(r"[0-9a-f]{4,31}", text):
        column = func.replace(cast(events.c.entry_id, Text), "-", "")
        found = view.connection.scalars(
            select(events.c.entry_id).where(column.like(f"{text}%"), events.c.version == 1).limit(9)
        ).all()
        if len(found) == 1:
            return UUID(str(found[0]))
        if found:
            raise AmbiguousName(given, [str(f) for f in found])
    raise UnknownName(given, near(given, _slugs(view)), "entry")


def _slugs(view: View) -> list[str]:
    """The ids of entries that have one, for a did-you-mean."""
    return [e.id for e in view.events(limit=5000) if e.id] + list(view.directory.entities)


def why_of(view: View, entry: UUID) -> answers.Why:
    """What stands behind an entry. The entry exists in the log as known here."""
    stored = log.streams(view.connection, [entry], upto=view.known)[entry]
    stream = versions(stored)
    fact = view.facts([entry]).get(entry)
    gone = withdrawn_versions(stream)
    event = fact.event if fact else _last_said(stream, gone)
    shown = [
        answers.VersionAnswer(
            version=row.version,
            kind=row.kind,
            position=row.position,
            batch=row.batch,
            recorded_at=instant(row.recorded_at),
            recorded_by=row.recorded_by,
            headline=version.event.headline(view.headline_name) if version.event else "erased",
            changes=changes(entry, stream, row.version),
            reason=reason_of(version.event),
            # With the entry, all that was said of it is withdrawn, but not that it was.
            counts=row.version not in gone and (1 not in gone or isinstance(version.event, Retraction)),
            event=plain(version.event) if version.event else None,
        )
        for row, version in zip(stored, stream, strict=True)
    ]
    happening = event if isinstance(event, Happening) else None
    citations = fact.sources if fact else happening.sources if happening else ()
    return answers.Why(
        entry=entry,
        id=getattr(event, "id", "") or "",
        kind=kind_of(event) if event else stored[0].kind,
        headline=event.headline(view.headline_name) if event else "erased",
        in_force=fact is not None,
        date=answers.When.of(happening.date) if happening else None,
        date_text=happening.date_text if happening else "",
        certainty=happening.certainty if happening else "",
        rank=fact.rank if fact else "normal",
        note=str(getattr(event, "note", "")),
        citations=tuple(
            answers.Citation(source=c.source, locator=c.locator, reported_by=c.reported_by, lang=c.lang)
            for c in citations
        ),
        disputes=tuple(d.headline(view.directory.name) for d in fact.disputes) if fact else (),
        derived_from=tuple(view.shown_events(_listed(view, happening.derived_from if happening else ()))),
        derived=tuple(view.shown_events(_derived(view, entry))),
        says=_says(view, event) if event else {},
        implies=tuple(_implied(view, entry, event)),
        versions=tuple(shown),
    )


def _last_said(stream: Sequence[Version], gone: Container[int]) -> Event | None:
    """What an entry that was retracted said in the end; None if it was erased."""
    said = (v.event.event for v in reversed(stream) if isinstance(v.event, Correction) and v.version not in gone)
    return next(said, stream[0].event)


def _says(view: View, event: Event) -> dict[str, str]:
    """The fields of an event that are its kind's own, ids replaced by names."""
    common = {f.encode_name for f in msgspec.structs.fields(Happening)} | {"kind", "id"}
    names = {at: view.headline_name(given) for at, given, _ in mentions(event)}
    for field in msgspec.structs.fields(event):
        if isinstance(entry := getattr(event, field.name), UUID):
            names[field.encode_name] = view.headline_name(str(entry))
    return {
        name: _in_words(names, name, value)
        for name, value in plain(event).items()
        if name not in common and value != ""
    }


def _in_words(names: Mapping[str, str], at: str, value: Any) -> str:
    """A value at its place in the event; `names` has what to say for the ids, by their places."""
    match value:
        case bool():
            return "yes" if value else "no"
        case str():
            return names.get(at, value)
        case list():
            return ", ".join(_in_words(names, f"{at}[{n}]", part) for n, part in enumerate(value))
        case dict():
            return " ".join(_in_words(names, f"{at}.{key}", part) for key, part in value.items())
        case int() | float():
            return f"{value:,}"
    return "none" if value is None else str(value)


def _listed(view: View, entries: tuple[UUID, ...]) -> list[Listed]:
    return view.rows(Listed, table_of(Listed).table.c.entry.in_(entries)) if entries else []


def _derived(view: View, entry: UUID) -> list[Listed]:
    """The entries that say they were derived from this one; its UUID stands among their words."""
    return view.rows(Listed, table_of(Listed).table.c.words.contains(str(entry)))


def _implied(view: View, entry: UUID, event: Event | None) -> Iterator[str]:
    """The rows that this entry is a reason for, in words."""
    if event is None:
        return
    for projection in PROJECTIONS:
        if not issubclass(projection.row, SpanRow) or not isinstance(event, projection.kinds):
            continue
        table = TABLES[projection.name]
        for row in view.rows(projection.row, table.table.c.entries.contains(str(entry))):
            assert isinstance(row, SpanRow)
            yield _row_words(view, row)


def _row_words(view: View, row: SpanRow) -> str:
    """What a row says: its entities by name, its other texts, and from when to when."""
    said = []
    for field in table_of(type(row)).fields:
        value = getattr(row, field.name)
        if field.sort == "entity" and value:
            said.append(view.directory.name(value))
        elif field.sort == "text" and value and field.name not in ("start", "end", "claim", "planned"):
            said.append(value)
    return f"{', '.join(said)}: {words.span(answers.When.start(row), answers.When.end(row))}"
