"""YAML: the form that people write, to go on writing by hand; `timeline import` takes it back.

What stands now is written, not how it came to stand: of an entry that was corrected, the last version; disputes, ranks
and further sources as events of their own, about the entry. docs/yaml.md describes the form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

import msgspec

from events.about import Corroboration, Dispute, Ranking
from events.base import Citation, Event, Happening
from events.deals import Deal, DealCancellation, DealCompletion
from events.kinds import enc_hook, kind_of, mentions
from events.register import Entity, Merge, Source
from projections.facts import Fact, withdrawn_versions
from timeline.entries import entry_named
from timeline.exports.formats import Options, Write, Written
from timeline.exports.parts import told
from timeline.exports.selection import Exported, Selection, count, happenings
from timeline.exports.selection import entries as read_entries
from timeline.printing.words import counted
from timeline.state.projector import versions
from timeline.store import log
from timeline.view import View

WIDTH = 100
"""A mapping that is longer stands on several lines."""

LONGEST = 16_000
"""A text that is longer is broken within its quotes: no line of a file has more than 65,536 characters."""

COMMON = tuple(f.encode_name for f in msgspec.structs.fields(Happening))
LONGEST_KEY = 500
"""YAML knows no longer names on one line (1,024 bytes, escapes counted)."""

PLAIN = re.compile(r"(?!(?:null|Null|NULL)$)[\w§€][\w§€./~%@+()'’–-]*(?: [\w§€./~%@+()'’–-]+)*")
"""Texts that mean themselves without quotes, in a list too."""

STRANGE = re.compile("[\ufeff\ufffe\uffff]")
"""What a text of the ledger may hold, and a file may not."""

Values = dict[str, Any]


def export(view: View, wanted: Selection, write: Write, options: Options) -> Written:
    """Write the sources and entities that the selected events name, then the events; everything if nothing is asked."""
    return _File(view, wanted, write, options).write()


class _File:
    """One file while it is written."""

    def __init__(self, view: View, wanted: Selection, write: Write, options: Options) -> None:
        self.view, self.wanted, self.options = view, wanted, options
        self._write = write
        self.size = count(view, wanted)
        self.renamed = self.stripped = self.unnamed = self.cut = self.orphans = 0
        self.talked: list[Fact] = []
        """Sources, entities and merges about which something was said later."""
        self.named = set[UUID]()
        """The entries that selected ones follow from, or complete; they are written too."""

    def write(self) -> Written:
        """Write it from beginning to end."""
        sources, entities = self._named()
        self._section("sources", (self._registered(f) for f in self._facts("source", sources)))
        self._section("entities", (self._registered(f) for f in self._facts("entity", entities)))
        events = (part for part in happenings(self.view, self.wanted))
        number = self._section("events", self._events(events, entities))
        return Written(number, "event", tuple(self._dropped()))

    def _section(self, name: str, items: Iterable[tuple[str, Values, bool]]) -> int:
        number = 0
        for n, (key, values, counts) in enumerate(items):
            self._write(("" if n else f"{name}:\n").encode())
            self._write(self._item(key, values).encode())
            number += counts
        if number:
            self._write(b"\n")
        return number

    def _item(self, key: str, values: Values) -> str:
        lines = "".join(f"    {line}\n" for name, value in values.items() for line in self._field(name, value))
        return f"  {key}:\n{lines}"

    def _field(self, name: str, value: Any) -> Iterator[str]:
        """A field on one line, or a long mapping or list a line for each of its parts."""
        line = f"{name}: {self._text(value)}"
        if len(line) <= WIDTH or not isinstance(value, dict | list) or not value:
            yield line
        elif isinstance(value, dict):
            yield f"{name}:"
            for key, part in ((k, v) for k, v in value.items() if len(k) <= LONGEST_KEY):
                yield from (f"  {line}" for line in self._field(self._text(key), part))
        else:
            yield f"{name}:"
            yield from (f"  - {self._text(part)}" for part in value)

    # -- what is written ---------------------------------------------------------------------------------------------

    def _named(self) -> tuple[set[str] | None, set[str] | None]:
        """The sources and entities that are named; None for all. Remembers the entries that are named."""
        sources, entities = set[str](), set[str]()
        for part in happenings(self.view, self.wanted):
            for exported in part:
                self._name(exported, sources, entities)
        for exported in self._further(set()):
            self._name(exported, sources, entities)
        if self.wanted == Selection() and not self.view.is_partial:
            return None, None
        merged = self.view.directory.merged
        while more := {merged[i] for i in entities if i in merged} - entities:
            entities |= more
        return sources, entities

    def _name(self, exported: Exported, sources: set[str], entities: set[str]) -> None:
        for event in (told(exported), *_said_about(exported.fact, exported.stream)):
            for _, given, types in mentions(event):
                (sources if types == ("source",) else entities).add(given)
        self.named.update(exported.event.derived_from)
        if isinstance(exported.event, DealCompletion | DealCancellation):
            self.named.add(exported.event.deal)

    def _further(self, seen: set[UUID]) -> Iterator[Exported]:
        """The entries that are named and were not seen, with those that they name in turn."""
        while left := sorted(self.named - seen):
            seen |= set(left)
            for at in range(0, len(left), 500):
                yield from read_entries(self.view, left[at : at + 500])

    def _facts(self, kind: str, ids: set[str] | None) -> Iterator[Fact]:
        if ids is None:
            entries = log.begun_as(self.view.connection, kind, upto=self.view.known)
        else:
            entries = (entry_named(kind, i) for i in sorted(ids))
        while part := list(islice(entries, 500)):
            found = self.view.facts(part)
            yield from (found[e] for e in part if e in found)

    def _registered(self, fact: Fact) -> tuple[str, Values, bool]:
        event = fact.event
        assert isinstance(event, Source | Entity)
        if fact.version > 1:
            self.talked.append(fact)
        values = _values(event)
        del values["id"]
        return event.id, values, True

    def _events(
        self, parts: Iterable[Sequence[Exported]], entities: set[str] | None
    ) -> Iterator[tuple[str, Values, bool]]:
        merges = {f.event.duplicate: f for f in self._facts("merge", entities) if isinstance(f.event, Merge)}
        for duplicate, found in sorted(merges.items()):  # those ranked deprecated too, which join nothing
            assert isinstance(found.event, Merge)
            self.talked += [found] if found.version > 1 else []
            yield self._free(f"merge-{duplicate}-into-{found.event.into}", found.entry), _of_kind(found.event), True
        for fact in self.talked:
            stream = log.streams(self.view.connection, [fact.entry], upto=self.view.known)[fact.entry]
            yield from self._said(str(fact.entry), _said_about(fact, stream), fact.entry)
        done, seen = 0, set[UUID]()
        for part in parts:
            for exported in part:
                yield from self._entry(exported)
                if exported.fact.entry in self.named:
                    seen.add(exported.fact.entry)
            done += len(part)
            self.options.progress("exporting", done, self.size)
        for exported in self._further(seen):
            yield from self._entry(exported)

    def _entry(self, exported: Exported) -> Iterator[tuple[str, Values, bool]]:
        """An entry, and what is said about it."""
        event = told(exported)
        if isinstance(event, DealCompletion | DealCancellation) and not self._is_deal(event.deal):
            self.orphans += 1
            return
        self.renamed += not event.id
        name = event.id or f"entry-{exported.fact.entry}"
        yield name, self._happening(event), True
        yield from self._said(name, _said_about(exported.fact, exported.stream), exported.fact.entry)

    def _said(self, about: str, said: Iterable[Event], entry: UUID) -> Iterator[tuple[str, Values, bool]]:
        for n, event in enumerate(said, 1):
            yield self._free(f"{about}-{kind_of(event)}-{n}", entry), _of_kind(event) | {"about": about}, False

    def _free(self, name: str, entry: UUID) -> str:
        """A name that no event has."""
        fits = len(name) <= 100 and not log.streams(self.view.connection, [entry_named("event", name)])
        return name if fits else f"about-{entry}-{name[-12:].lstrip('-._')}"[:100]

    def _happening(self, event: Happening) -> Values:
        values = _values(event)
        own = {k: v for k, v in values.items() if k not in COMMON}
        common = {k: _citations(v) if k == "sources" else v for k, v in values.items() if k in COMMON and k != "id"}
        if event.derived_from:
            names = [name for entry in event.derived_from if (name := self._entry_name(entry))]
            self.cut += len(names) < len(event.derived_from)
            common["derived_from"] = names
        if isinstance(event, DealCompletion | DealCancellation):
            own["deal"] = self._entry_name(event.deal)
        return {kind_of(event): own, **common}

    def _entry_name(self, entry: UUID) -> str | None:
        """The name of an entry in the file; None for one that was withdrawn."""
        fact = self.view.facts([entry]).get(entry)
        return (getattr(fact.event, "id", "") or f"entry-{entry}") if fact else None

    # -- texts -------------------------------------------------------------------------------------------------------

    def _text(self, value: Any) -> str:
        if value is None:
            return "null"
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, dict):
            self.unnamed += sum(len(key) > LONGEST_KEY for key in value)
            value = {k: v for k, v in value.items() if len(k) <= LONGEST_KEY}
            return "{" + ", ".join(f"{self._text(k)}: {self._text(v)}" for k, v in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(map(self._text, value)) + "]"
        text = str(value)
        if STRANGE.search(text):
            self.stripped += 1
            text = STRANGE.sub("", text)
        return text if PLAIN.fullmatch(text) and len(text) <= LONGEST else _quoted(text)

    def _is_deal(self, entry: UUID) -> bool:
        """Whether a deal stands there: it may have been withdrawn, or corrected into something else."""
        return any(isinstance(fact.event, Deal) for fact in self.view.facts([entry]).values())

    def _dropped(self) -> Iterator[str]:
        if self.renamed:
            yield f"{counted(self.renamed, 'event')} had no id and got one: imported again, it is another entry"
        if self.orphans:
            yield f"{counted(self.orphans, 'event')} about a deal that was withdrawn or corrected into something else"
        if self.cut:
            yield f"what {counted(self.cut, 'event')} follows from, as far as it was withdrawn"
        if self.unnamed:
            yield f"{counted(self.unnamed, 'attribute')} with a name longer than {LONGEST_KEY} characters"
        if self.stripped:
            yield f"characters that no file may hold (U+FEFF, U+FFFE, U+FFFF), in {counted(self.stripped, 'text')}"


def _said_about(fact: Fact, entries: Sequence[log.Entry]) -> list[Event]:
    """What is said about an entry and stands, as it was recorded: who disputes it, its rank, further sources."""
    if len(entries) == 1:
        return []
    stream = versions(entries)
    withdrawn = withdrawn_versions(stream)
    said = [v.event for v in stream if v.version not in withdrawn]
    ranks = [e for e in said if isinstance(e, Ranking)]
    return [
        *(e for e in said if isinstance(e, Dispute) and e in fact.disputes),
        *(e for e in ranks[-1:] if e.rank != "normal"),
        *(e for e in said if isinstance(e, Corroboration) and e.citation in fact.sources),
    ]


def _of_kind(event: Event) -> Values:
    values = _values(event)
    for field, form in (("sources", _citations), ("citation", _citation)):
        if field in values:
            values[field] = form(values[field])
    return {kind_of(event): values}


def _values(event: Event) -> Values:
    """The fields of an event as plain values, without those at their default; numbers with all their digits."""
    found: Values = _plain(msgspec.to_builtins(event, enc_hook=enc_hook, builtin_types=(Decimal,)))
    del found["kind"]
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value


def _citations(values: list[Values]) -> list[Any]:
    return [_citation(v) for v in values]


def _citation(value: Values) -> Any:
    """`source §line`, where that says it all."""
    given = msgspec.convert(value, Citation)
    short = f"{given.source} {given.locator}".strip()
    is_short = not given.reported_by and not given.lang and given.locator == given.locator.strip()
    return short if is_short else value


def _quoted(text: str) -> str:
    """A text in double quotes, broken where it is very long; a line that goes on must not begin with a blank."""
    first, *more = [_escaped(text[at : at + LONGEST]) for at in range(0, max(1, len(text)), LONGEST)]
    return '"' + "\\\n".join([first, *(re.sub("^ ", r"\\x20", part) for part in more)]) + '"'


def _escaped(text: str) -> str:
    return msgspec.json.encode(text).decode()[1:-1]
