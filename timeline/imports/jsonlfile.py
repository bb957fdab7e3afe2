"""JSON Lines of CloudEvents: the log of another ledger, or what another program says in the same envelopes.

A line needs a `type` (`timeline.departure`) and `data`, the fields of that kind. `subject` names the entry and
`entryversion` its version, as `timeline export jsonl` writes them; without a subject, the entry follows from the id of
the event, or from the envelope's own `source` and `id`. When and by whom something was recorded elsewhere is not
believed: the ledger has a clock of its own.

Of an entry that was erased where the file comes from nothing is left to bring. What this ledger still holds of it stays
and is told: content is only ever erased by somebody who decides so here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO
from uuid import UUID, uuid5

import msgspec

from events import kinds
from events.about import Erasure
from events.base import Event
from events.errors import UnreadableText
from timeline.checks import ABOUT
from timeline.entries import ENTRIES, entry_from, entry_of, is_entry_id
from timeline.erasing import is_erased
from timeline.exports.jsonl import PREFIX
from timeline.imports.advice import explain, parts_of, steps_of
from timeline.imports.document import Item
from timeline.imports.places import Mistake, Place
from timeline.naming import near
from timeline.printing.words import counted
from timeline.store import log
from timeline.view import View

MOST_SHOWN = 20
"""How many entries a note names; the rest are counted."""

LONGEST_LINE = 4 << 20
"""No event is longer, in bytes; a line that is longer is refused, not read."""


class _Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What is read of a CloudEvent; it may say more."""

    specversion: str
    id: str
    source: str
    type: str
    subject: str = ""
    entryversion: int | None = None
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_decoder = msgspec.json.Decoder(_Envelope)


class Unreadable(Exception):
    """A line is no event: why, where in the line, and what to do."""

    def __init__(self, message: str, at: str = "", advice: str = "") -> None:
        super().__init__(message)
        self.at = at
        self.advice = advice


class Lines:
    """A file of lines, of any length."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self.file = name
        self.slugs: dict[UUID, str] = {}
        self.broken: set[str] = set()
        self._handle = file
        self._size = file.seek(0, 2)
        self._erased: dict[UUID, None] = {}
        self._marks: list[int] = []
        """Where every thousandth line begins."""

    def read(self) -> Iterator[Item | Mistake]:
        """The events of the file, line by line."""
        self._handle.seek(0)
        number = 0
        while True:
            if number % 1000 == 0:
                self._marks.append(self._handle.tell())
            line = self._handle.readline(LONGEST_LINE)
            if not line:
                return
            number += 1
            if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                yield Mistake(Place(self.file, number, 1), f"the line is longer than {LONGEST_LINE >> 20} MB", "")
                while line and not line.endswith(b"\n"):
                    line = self._handle.readline(LONGEST_LINE)
            elif text := line.strip().removeprefix(b"\xef\xbb\xbf"):
                found = self._found(number, text)
                if found is not None:
                    yield found

    def _found(self, number: int, line: bytes) -> Item | Mistake | None:
        """The event of a line; None for what was erased where it comes from."""
        try:
            event, entry, version = self._event(line)
        except Unreadable as problem:
            return Mistake(self._at(number, problem.at), str(problem), problem.advice)
        if event is None or isinstance(event, Erasure):
            self._erased[entry] = None
            self.broken.add(str(entry))
        if event is None or entry in self._erased:
            return None
        about = isinstance(event, ABOUT)
        name = str(getattr(event, "id", "") or entry)
        return Item(event, entry, about, name, number, Place(self.file, number, 1, 1), version=version)

    def _event(self, line: bytes) -> tuple[Event | None, UUID, int | None]:
        try:
            envelope = _decoder.decode(line)
        except RecursionError:
            raise Unreadable("this is nested too deep", "data", "no event is") from None
        except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
            message, path = parts_of(problem)
            advice = "a line is one CloudEvent in JSON, as `timeline export jsonl` writes it"
            raise Unreadable(f"this is no CloudEvent: {message}", path, advice) from None
        if envelope.specversion != "1.0":
            raise Unreadable(f"CloudEvents {envelope.specversion!r} cannot be read", "specversion", "write 1.0")
        kind = envelope.type.removeprefix(PREFIX)
        if kind not in kinds.KINDS:
            close = near(kind, kinds.KINDS)
            advice = f"did you mean {PREFIX}{close[0]}?" if close else "see `timeline schema` for the kinds"
            raise Unreadable(f"there is no kind {envelope.type!r}", "type", advice)
        if envelope.entryversion is not None and not 1 <= envelope.entryversion < 2**31:
            raise Unreadable("entryversion is a number from 1 on", "entryversion")
        event = None if isinstance(envelope.data, msgspec.UnsetType) else _read(kind, bytes(envelope.data))
        return event, _entry(envelope, event), envelope.entryversion

    def place(self, ref: int, at: str) -> Place:
        """Where a part of an event stands in its line."""
        return self._at(ref, at)

    def _at(self, number: int, at: str) -> Place:
        line = self.line(number) or ""
        column = 0
        for step in steps_of(at):
            found = re.compile(rf'"{re.escape(step)}"\s*:\s*').search(line, column)
            column = found.end() if found else column
        return Place(self.file, number, column + 1, 1)

    def line(self, number: int) -> str | None:
        """A line of the file, counted from 1."""
        mark = (number - 1) // 1000
        if mark >= len(self._marks):
            return None
        here = self._handle.tell()
        self._handle.seek(self._marks[mark])
        for _ in range(number - 1 - 1000 * mark):
            while (part := self._handle.readline(LONGEST_LINE)) and not part.endswith(b"\n"):
                pass
        found = self._handle.readline(LONGEST_LINE)
        self._handle.seek(here)
        return found.decode("utf-8", "replace").rstrip("\r\n")

    def done(self) -> tuple[int, int]:
        """How much of the file was read, in bytes."""
        return (self._handle.tell(), self._size)

    def notes(self, view: View) -> Iterator[str]:
        """What was erased where the file comes from, and what of it still stands here."""
        if not self._erased:
            return
        yield f"{self.file}: {counted(len(self._erased), 'entry', 'entries')} erased where it comes from, passed over."
        streams = log.streams(view.connection, list(self._erased))
        left = [str(entry) for entry, stream in streams.items() if not is_erased(stream)]
        if left:
            shown = ", ".join(left[:MOST_SHOWN]) + (" …" if len(left) > MOST_SHOWN else "")
            yield f"{len(left)} of them still in this ledger: {shown}. See `timeline erase`."


def open_document(file: BinaryIO, name: str) -> Lines:
    """A file of CloudEvents, a line each."""
    return Lines(file, name)


def _read(kind: str, raw: bytes) -> Event:
    """The event in an envelope; `kind` may be left out of it, as the type says so."""
    try:
        try:
            return kinds.decode(kind, raw)
        except msgspec.ValidationError:
            data = msgspec.json.decode(raw)
            if not isinstance(data, dict) or "kind" in data:
                raise
            return kinds.build({"kind": kind, **data})
    except msgspec.ValidationError as problem:
        raise _invalid(kind, problem, raw) from None
    except (msgspec.MsgspecError, ValueError, RecursionError, KeyError, TypeError, AttributeError) as problem:
        raise Unreadable(f"data is no {kind}: {problem}", "data", f"see `timeline schema {kind}`") from None


def _invalid(kind: str, problem: msgspec.ValidationError, raw: bytes) -> Unreadable:
    message, path = parts_of(problem)
    if isinstance(cause := problem.__cause__, UnreadableText):
        advice = f"write {cause.hint}" if cause.hint else ""
        return Unreadable(f"{cause.text!r} is not {cause.notation}: {cause.reason}", f"data.{path}", advice)
    said, advice = explain(kind, path, message, _given(raw, path))
    return Unreadable(f"{kind}: {said}", f"data.{path}" if path else "data", advice)


def _given(raw: bytes, path: str) -> str:
    """The value at the end of a path; empty if it is no text."""
    found = msgspec.json.decode(raw)
    for step in steps_of(path):
        if isinstance(found, list) and step.isdigit() and int(step) < len(found):
            found = found[int(step)]
        else:
            found = found.get(step) if isinstance(found, dict) else None
    return found if isinstance(found, str) else ""


def _entry(envelope: _Envelope, event: Event | None) -> UUID:
    """The entry that a line belongs to."""
    if is_entry_id(envelope.subject):
        return entry_from(envelope.subject.replace("-", ""))
    if envelope.subject:
        try:
            return UUID(envelope.subject)
        except ValueError:
            raise Unreadable(f"{envelope.subject!r} is no UUID of an entry", "subject") from None
    if event is None or isinstance(event, ABOUT):
        raise Unreadable("subject is missing: the UUID of the entry that this is about", "", "add it")
    named = entry_of(event)
    return named or uuid5(ENTRIES, f"cloudevent:{envelope.source}:{envelope.id}")
