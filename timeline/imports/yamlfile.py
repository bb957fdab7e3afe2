"""The YAML form of a ledger: sources, entities, events, as docs/yaml.md describes it."""

from __future__ import annotations

import re
import types
from collections.abc import Iterable
from functools import cache, partial
from typing import Annotated, Any, BinaryIO, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from events import kinds
from events.base import Happening, citation_of
from events.errors import UnreadableText
from events.ids import ID_PATTERN
from timeline.entries import entry_named, entry_of
from timeline.imports.advice import (
    answer_of_ours,
    deepest,
    describe,
    explain,
    id_advice,
    parts_of,
    short,
    steps_of,
    unknown_name,
)
from timeline.imports.document import WholeDocument
from timeline.imports.places import BadFile, Mistake, Place
from timeline.imports.yamltree import Keyed, Node, text_of, tree_of

SECTIONS = ("sources", "entities", "events")
COMMON = tuple(f.encode_name for f in msgspec.structs.fields(Happening) if f.name != "id")
IN_A_FILE = {
    kind: cls
    for kind, cls in kinds.KINDS.items()
    if kind not in ("source", "entity", "correction", "erasure", "key-rotation")
}
"""The kinds that stand under `events:`. A file is corrected by changing it."""


def read(raw: bytes, file: str) -> WholeDocument:
    """Read a file. Raises BadFile where it cannot be read at all; mistakes in single events are collected."""
    lines = text_of(raw, file)
    root = tree_of(lines, file)
    document = WholeDocument(file, lines)
    if not isinstance(root.value, dict):
        message = "a ledger file begins with sources:, entities: or events:"
        raise BadFile.at(root.place, message, "see `timeline schema` and docs/yaml.md", lines)
    if (told := answer_of_ours(root.value)) is not None:
        raise BadFile.at(root.place, *told)
    for section, (key, node) in root.value.items():
        if section not in SECTIONS:
            document.mistakes.append(unknown_name(key, section, SECTIONS, "section"))
        elif node.value is not None and not isinstance(node.value, dict):
            document.mistakes.append(Mistake(node.place, f"{section} is a mapping from ids to what they stand for"))
    for section in SECTIONS:
        held = root.value.get(section)
        if held and isinstance(held.node.value, dict):
            for name, keyed in held.node.value.items():
                before = len(document.mistakes)
                _Reader(document, section, name, keyed).read()
                if len(document.mistakes) > before:
                    document.broken.add(name)
    if not document.items and not document.mistakes:
        raise BadFile.at(root.place, "there is nothing in this file", "see docs/yaml.md", lines)
    return document


def open_document(file: BinaryIO, name: str) -> WholeDocument:
    """Read a file that is open for reading."""
    return read(file.read(), name)


class _Reader:
    """One entry of a section."""

    def __init__(self, document: WholeDocument, section: str, name: str, keyed: Keyed) -> None:
        self.document = document
        self.section = section
        self.name = name
        self.key, self.node = keyed

    def read(self) -> None:
        if not re.fullmatch(ID_PATTERN, self.name):
            self._mistake(self.key, f"{short(self.name)!r} is no id", id_advice(self.name))
        elif not isinstance(self.node.value, dict):
            self._mistake(self.node.place, f"{self.name} must be a mapping", "write its fields, 'name: value'")
        elif self.section == "events":
            self._event(self.node.value)
        else:
            kind = "source" if self.section == "sources" else "entity"
            if not self._misplaced(kind, self.node, ("id", "kind")):
                self._build(kind, {"id": self.name, **self._values(kind, self.node)}, self.node, about=None)

    def _event(self, parts: dict[str, Keyed]) -> None:
        named = [key for key in parts if key in IN_A_FILE]
        strange = [key for key in parts if key not in IN_A_FILE and key not in COMMON and key != "about"]
        if strange:
            known = (*IN_A_FILE, *COMMON, "about")
            self.document.mistakes.append(unknown_name(parts[strange[0]].key, strange[0], known, "field or kind"))
        elif not named:
            self._mistake(
                self.key, f"{self.name} does not say what happened", f"name a kind: {', '.join(list(IN_A_FILE)[1:4])} …"
            )
        elif len(named) > 1:
            self._mistake(parts[named[1]].key, f"{self.name} is a {named[0]} already", "write a second event")
        else:
            self._of_kind(named[0], parts)

    def _of_kind(self, kind: str, parts: dict[str, Keyed]) -> None:
        own = parts[kind].node
        if own.value is None:  # `retraction:` and nothing behind it: all its fields have defaults
            own = Node({}, parts[kind].key)
        happening = issubclass(kinds.KINDS[kind], Happening)
        about = parts.get("about")
        begins = happening or kind == "merge"
        if not isinstance(own.value, dict):
            self._mistake(own.place, f"{kind} is a mapping", "write its fields, 'name: value'")
        elif begins and about:
            self._mistake(about.key, f"a {kind} is about nothing but itself", "leave `about` out")
        elif not begins and about is None:
            self._mistake(parts[kind].key, f"a {kind} needs `about:`", "name the event that it is about")
        elif about and not (isinstance(about.node.value, str) and _is_entry(about.node.value)):
            self._mistake(about.node.place, "`about:` names an event by its id", "write the id that it has above")
        elif not happening and (common := next((k for k in parts if k in COMMON), None)):
            place = "" if common not in _fields(kind) else f"; write it under {kind}:"
            self._mistake(parts[common].key, f"a {kind} has no {common} of its own{place}")
        elif not self._misplaced(kind, own, ("id", "kind", *(COMMON if happening else ()))):
            values: dict[str, Any] = {"id": self.name} if happening else {}
            values |= self._values(kind, own)
            common_parts = {k: v for k, v in parts.items() if k in COMMON}
            values |= self._values(kind, Node(common_parts, self.node.place))
            self._build(kind, values, own, about)

    def _misplaced(self, kind: str, own: Node, elsewhere: Iterable[str]) -> bool:
        """Whether a field stands among those of the kind that has its place elsewhere; it would win or lose unseen."""
        field = next((f for f in elsewhere if f in own.value), None)
        if field is not None:
            where = f"write it beside {kind}:" if field in COMMON else f"its name is {self.name}; leave this out"
            self._mistake(own.value[field].key, f"{field} does not belong under {kind}", where)
        return field is not None

    def _values(self, kind: str, node: Node) -> dict[str, Any]:
        """Plain values, with the short forms written out: citations, entries by their name, yes and no."""
        values: dict[str, Any] = _plain(node)
        hints = _fields(kind)
        for field, value in values.items():
            if field == "sources" and isinstance(value, list):
                values[field] = [_citation(v) for v in value]
            elif field == "citation":
                values[field] = _citation(value)
            elif hints.get(field) is UUID and value is not None:
                values[field] = self._entries(value)
            elif hints.get(field) is bool and value in ("yes", "no"):
                values[field] = value == "yes"
        return values

    def _entries(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._entries(v) for v in value]
        return str(self._entry(value)) if isinstance(value, str) and _is_entry(value) else value

    def _entry(self, name: str) -> UUID:
        try:
            return UUID(name)
        except ValueError:
            entry = entry_named("event", name)
            self.document.slugs[entry] = name
            return entry

    def _build(self, kind: str, values: dict[str, Any], own: Node, about: Keyed | None) -> None:
        cls = kinds.KINDS[kind]
        try:
            event = msgspec.convert({"kind": kind, **values}, cls, strict=False, dec_hook=kinds.dec_hook)
        except msgspec.ValidationError as problem:
            self._invalid(kind, problem, own)
            return
        entry = self._entry(about.node.value) if about else entry_of(event) or entry_named("event", self.name)
        self.document.slugs.setdefault(entry, self.name)
        place = partial(_place, self.key, self.node, own)
        self.document.add(event, entry, self.name, self.key, place, about=about is not None)

    def _invalid(self, kind: str, problem: msgspec.ValidationError, own: Node) -> None:
        """A mistake made of what msgspec found: what it says, where in the event, and the field's own description."""
        message, path = parts_of(problem)
        steps = steps_of(path)
        holder = own if steps and isinstance(own.value, dict) and steps[0] in own.value else self.node
        found = deepest(holder, steps)
        place = found.place if found is not self.node else self.key
        given = found.value if isinstance(found.value, str) and found is not self.node else self.name
        cause = problem.__cause__
        if isinstance(cause, UnreadableText):
            advice = f"write {cause.hint}" if cause.hint else ""
            self._mistake(place, f"{cause.text!r} is not {cause.notation}: {cause.reason}", advice)
        elif unknown := re.search("unknown field `(.*)`", message):
            within = deepest(own, steps) if own.value else own
            keyed = within.value.get(unknown[1]) if isinstance(within.value, dict) else None
            names = tuple(_fields(kind)) if not path else ()
            wrong = unknown_name(keyed.key if keyed else place, unknown[1], names, f"field of {kind}")
            self.document.mistakes.append(wrong)
        elif missing := re.search("missing required field `(.*)`", message):
            self._mistake(place if path else own.place, f"{kind} needs {missing[1]}", describe(kind, missing[1]))
        elif not steps and isinstance(own.value, dict):
            fields = (own.value[word].node.place for word in re.findall(r"\w+", message) if word in own.value)
            self._mistake(next(fields, own.place), message)
        else:
            self._mistake(place, *explain(kind, path, message, given))

    def _mistake(self, place: Place, message: str, advice: str = "") -> None:
        self.document.mistakes.append(Mistake(place, message, advice))


def _place(key: Place, node: Node, own: Node, at: str) -> Place:
    """Where a part of the event stands; `own` is the part under the name of the kind."""
    steps = steps_of(at)
    if not steps:
        return own.place
    for holder in (own, node):
        if isinstance(holder.value, dict) and steps[0] in holder.value:
            return deepest(holder, steps).place
    return key


def _is_entry(name: str) -> bool:
    """Whether a text can name an event: by its id in a file, or by its UUID."""
    return len(name) <= 100 and re.fullmatch(ID_PATTERN, name) is not None


def _plain(node: Node) -> Any:
    if isinstance(node.value, dict):
        return {key: _plain(keyed.node) for key, keyed in node.value.items()}
    if isinstance(node.value, list):
        return [_plain(part) for part in node.value]
    return node.value


def _citation(value: Any) -> Any:
    return citation_of(value) if isinstance(value, str) else value


@cache
def _fields(kind: str) -> dict[str, Any]:
    """The fields of a kind as a file names them, with the bare type that decides how a text is read."""
    cls = kinds.KINDS[kind]
    hints = get_type_hints(cls, include_extras=True)
    return {f.encode_name: _bare(hints[f.name]) for f in msgspec.structs.fields(cls)}


def _bare(hint: Any) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        return _bare(next(a for a in get_args(hint) if a is not type(None)))
    if get_origin(hint) in (Annotated, tuple):
        return _bare(get_args(hint)[0])
    return hint
