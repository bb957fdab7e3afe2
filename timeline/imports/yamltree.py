"""YAML as a tree of nodes that know where they stand.

Only what a ledger needs is read: mappings, lists and scalars, all scalars as the text that stands in the file. Aliases,
tags, several documents, doubled keys and deep nesting are refused, so that a small file cannot become a large one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple, NoReturn

from timeline.imports.places import BadFile, Place

LONGEST_FILE = 256 * 1024 * 1024
LONGEST_LINE = 64 * 1024
DEEPEST = 12
_STRANGE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
"""No text needs these: controls, which could steer a terminal, other line ends, halves of characters."""


class Node(NamedTuple):
    """A part of the file. `value` is a text, None, a list of nodes, or a mapping from a key to a `Keyed`."""

    value: Any
    place: Place


class Keyed(NamedTuple):
    """A value in a mapping, with the place of its key."""

    key: Place
    node: Node


def text_of(raw: bytes, file: str) -> list[str]:
    """The lines of a file. Raises BadFile for what is no UTF-8 text, is binary, or has a line longer than 64 KiB."""
    if len(raw) > LONGEST_FILE:
        raise BadFile.at(Place(file, 1, 1), f"the file is larger than {LONGEST_FILE >> 20} MiB", "split it")
    try:
        text: str = raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise no_utf8(raw, problem.start, file) from None
    lines = text.replace("\r\n", "\n").split("\n")
    for number, line in enumerate(lines, 1):
        if len(line) > LONGEST_LINE:
            message = f"this line has {len(line):,} characters, more than {LONGEST_LINE:,}"
            raise BadFile.at(Place(file, number, LONGEST_LINE + 1), message, "break it up", lines)
        if found := _STRANGE.search(line):
            message = f"{_named(found)} does not belong into a text file"
            raise BadFile.at(Place(file, number, found.start() + 1), message, "is this a binary file?", lines)
        if line.startswith("%"):
            raise BadFile.at(
                Place(file, number, 1, len(line)), "directives are not allowed", "leave this line out", lines
            )
    return lines


def no_utf8(raw: bytes, at: int, file: str) -> BadFile:
    """That a byte of a file, counted from 0, belongs to no UTF-8 text."""
    number = raw.count(b"\n", 0, at) + 1
    begin = raw.rfind(b"\n", 0, at) + 1
    before = raw[begin:at].decode("utf-8", "replace")
    whole = raw[begin : begin + LONGEST_LINE].split(b"\n", 1)[0].decode("utf-8", "replace")
    place = Place(file, number, len(before) + 1)
    message = f"byte 0x{raw[at]:02X} is not UTF-8 text"
    return BadFile.at(place, message, "save the file as UTF-8", [""] * (number - 1) + [whole])


def _named(found: re.Match[str]) -> str:
    return f"the character U+{ord(found[0]):04X}"


def tree_of(lines: list[str], file: str) -> Node:
    """The tree of a YAML text. Raises BadFile at the first thing that is not allowed."""
    try:
        return _Builder(file, _parsed(lines)).document()
    except _Refusal as refusal:
        place, message, advice = refusal.args
        raise BadFile.at(place._replace(file=file), message, advice, lines) from None


def _parsed(lines: list[str]) -> Iterator[Any]:
    """The events of the YAML parser; whatever it raises on malformed text is a refusal."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError

    last = Place("", 1, 1)
    try:
        for event in YAML(typ="safe", pure=True).parse("\n".join(lines)):
            last = Place("", event.end_mark.line + 1, event.end_mark.column + 1)
            yield event
    except MarkedYAMLError as problem:
        said = str(problem.problem or problem.context)
        # An unclosed quote or bracket is found at the end of the file, and meant where it opens.
        is_open = problem.context_mark is not None and "end of stream" in said
        mark = problem.context_mark if is_open else problem.problem_mark or problem.context_mark
        place = Place("", mark.line + 1, mark.column + 1) if mark else last
        raise _Refusal(place, f"this is not YAML: {said}", _advice(said, place)) from None
    except Exception as problem:  # the parser raises plain errors of many sorts on some malformed text
        raise _Refusal(last, f"this is not YAML: {str(problem) or type(problem).__name__}", "") from None


_ADVICE = {
    "mapping values are not allowed": "put a text that contains ': ' into quotes",
    "expected ':'": "every line of a mapping is 'key: value'",
    "'\\t'": "indent with spaces",
    "cannot start any token": "put a text that begins with this character into quotes",
    "unknown escape character": "write \\\\ for a backslash, or put the text into 'single quotes'",
    "end of stream": "the quote that opens here is never closed",
    "stream end": "a bracket is not closed",
    "expected ',' or": "put a comma between two values, and close the bracket",
    "expected <block end>": "the lines of one mapping begin in the same column",
}


def _advice(said: str, place: Place) -> str:
    if "mapping values" in said and place.column > 1024:
        return "a name has at most 100 characters"
    return next((advice for part, advice in _ADVICE.items() if part in said), "")


class _Refusal(Exception):
    """Something that is not allowed: its place, what it is, and what to do."""


class _Builder:
    def __init__(self, file: str, events: Iterator[Any]) -> None:
        self.file = file
        self.events = events

    def document(self) -> Node:
        node: Node | None = None
        for event in self.events:
            match type(event).__name__:
                case "StreamStartEvent" | "DocumentStartEvent" | "DocumentEndEvent" | "StreamEndEvent":
                    if type(event).__name__ == "DocumentStartEvent" and node is not None:
                        self._refuse(event, "a second document begins here", "one file holds one document")
                case _:
                    node = self._node(event, 1)
        return node or Node(None, Place(self.file, 1, 1))

    def _node(self, event: Any, depth: int) -> Node:
        name = type(event).__name__
        place = self._place(event)
        if name == "AliasEvent":
            self._refuse(event, f"the alias *{event.anchor} is not allowed", "write the value out")
        if getattr(event, "anchor", None):
            self._refuse(event, f"the anchor &{event.anchor} is not allowed", "write the value out where it is needed")
        if getattr(event, "ctag", None) or (getattr(event, "tag", None) and name != "ScalarEvent"):
            self._refuse(event, "tags are not allowed", "leave the ! word out")
        if depth > DEEPEST:
            self._refuse(event, f"nested more than {DEEPEST} deep", "nothing in a ledger is that deep")
        if name == "ScalarEvent":
            plain = event.style is None
            value = None if plain and event.value in ("", "~", "null", "Null", "NULL") else str(event.value)
            if value is not None and (found := _STRANGE.search(value)):
                self._refuse(event, f"{_named(found)} does not belong into a text", "leave the escape out")
            return Node(value, place)
        if name == "SequenceStartEvent":
            return Node(list(self._items(depth)), place)
        return Node(self._mapping(depth), place)

    def _items(self, depth: int) -> Iterator[Node]:
        for event in self.events:
            if type(event).__name__ == "SequenceEndEvent":
                return
            yield self._node(event, depth + 1)

    def _mapping(self, depth: int) -> dict[str, Keyed]:
        found: dict[str, Keyed] = {}
        for event in self.events:
            if type(event).__name__ == "MappingEndEvent":
                break
            key = self._node(event, depth + 1)
            if not isinstance(key.value, str):
                self._refuse(event, "a key must be a text", "write 'name: value'")
            if key.value in found:
                first = found[key.value].key.line
                self._refuse(event, f"the key {key.value!r} stands twice", f"it stands in line {first} already")
            found[key.value] = Keyed(key.place, self._node(next(self.events), depth + 1))
        return found

    def _place(self, event: Any) -> Place:
        start, end = event.start_mark, event.end_mark
        width = end.column - start.column if end.line == start.line else 1
        return Place(self.file, start.line + 1, start.column + 1, max(1, width))

    def _refuse(self, event: Any, message: str, advice: str) -> NoReturn:
        raise _Refusal(self._place(event), message, advice)
