"""JSON: one document with the events, and with the entities and the sources that they name.

The events come first, so that they can be written as they are read; of what they name only the ids are remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import UUID

import msgspec

from events.base import Citation
from events.kinds import enc_hook, mentions
from timeline import answers
from timeline.exports.formats import Options, Write, Written
from timeline.exports.parts import Sources, corroborations, told
from timeline.exports.selection import Exported, Selection, count, happenings
from timeline.moments import instant
from timeline.state.tables import chunks
from timeline.store import log
from timeline.view import View

_encoder = msgspec.json.Encoder(enc_hook=enc_hook, decimal_format="number")


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of an entry besides the fields of its event; docs/formats.md tells what each is."""

    entry: UUID
    version: int
    headline: str
    when: answers.When
    recorded_at: str
    last_recorded_at: str
    rank: str
    disputed: bool
    disputes: tuple[str, ...]
    also_in: tuple[Citation, ...]


def export(view: View, wanted: Selection, write: Write, options: Options) -> Written:
    """Write one object: what it was made from, `events` by date, then `entities` and `sources` by id."""
    entities, sources = set[str](), set[str]()
    recorded = log.recorded_at(view.connection, view.position)
    head = {"as_of": None, "known_at": None if recorded is None else instant(recorded), "position": view.position}
    write(_encoder.encode({**head, "root": view.root})[:-1] + b',\n"events":[')
    number, size = 0, count(view, wanted)
    for part in happenings(view, wanted):
        write(b"".join((b",\n" if number + n else b"\n") + _event(view, exported) for n, exported in enumerate(part)))
        for exported in part:
            _remember(exported, entities, sources)
        number += len(part)
        options.progress("exporting", number, size)
    write(b'\n],\n"entities":{')
    _write_by_id(write, entities, lambda ids: _entities(view, ids))
    write(b'\n},\n"sources":{')
    _write_by_id(write, sources, lambda ids: _sources(view, ids))
    write(b"\n}}\n")
    return Written(number, "event")


def _event(view: View, exported: Exported) -> bytes:
    """An entry as one object: what is said of it, then the fields of its event, `kind` first."""
    fact, event = exported.fact, told(exported)
    about = About(
        entry=fact.entry,
        version=fact.version,
        headline=event.headline(view.headline_name),
        when=answers.When.of(event.date),
        recorded_at=instant(exported.first_recorded),
        last_recorded_at=instant(exported.last_recorded),
        rank=fact.rank,
        disputed=fact.disputed,
        disputes=tuple(d.headline(view.directory.name) for d in fact.disputes),
        also_in=corroborations(fact, event),
    )
    return _encoder.encode(about)[:-1] + b"," + _encoder.encode(event)[1:]


def _remember(exported: Exported, entities: set[str], sources: set[str]) -> None:
    event = told(exported)
    for part in (event, *exported.fact.disputes):
        for _, given, types in mentions(part):
            (sources if types == ("source",) else entities).add(given)
    sources.update(c.source for c in corroborations(exported.fact, event))


def _write_by_id(
    write: Write, ids: Iterable[str], find: Callable[[list[str]], Iterator[tuple[str, dict[str, Any]]]]
) -> None:
    """Write the members of an object, in the order of their ids."""
    separator = b"\n"
    for part in chunks(sorted(ids)):
        for given, found in find(list(part)):
            write(separator + _encoder.encode(given) + b":" + _encoder.encode(found))
            separator = b",\n"


def _entities(view: View, ids: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is registered under each id; under one that was given up, what it was merged into."""
    view.directory.forget()
    view.directory.prefetch(ids)
    for given in ids:
        if (found := view.directory.get(given)) is not None:
            yield (
                given,
                {
                    "id": found.entity,
                    "type": found.type,
                    "name": found.name,
                    "other_names": found.other_names,
                    "classification": found.classification,
                    "identifiers": found.identifiers,
                    "links": found.links,
                },
            )


def _sources(view: View, ids: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    register = Sources(view)
    register.fetch(ids)
    for given in ids:
        if (found := register.get(given)) is not None:
            yield (
                given,
                {
                    "type": found.type,
                    "title": found.title,
                    "author": found.author,
                    "publisher": found.publisher,
                    "issued": found.issued or None,
                    "language": found.language,
                    "url": found.url,
                    "content_hash": found.content_hash,
                    "note": found.note,
                },
            )
