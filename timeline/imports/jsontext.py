"""A JSON file as parts that know where they stand, read one by one.

The file is an object of lists, as exports of databases are. It stays in memory as text, and each part of a list is read
when it is needed; where a value stands is looked up only for mistakes. Numbers are read as the text that stands there.
Doubled keys, deep nesting and halves of characters are refused.
"""

from __future__ import annotations

import json
import re
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import msgspec

from timeline.imports.places import BadFile, Place
from timeline.imports.yamltree import LONGEST_FILE, no_utf8

_white = re.compile(r"[ \t\n\r]*").match
_half = re.compile(r"\\u[dD][89a-fA-F]").search


class Part(NamedTuple):
    """A part of the file: one of a list, or a whole value that is no list."""

    section: str
    """The name of the list in the object."""
    at: int
    """Where it begins, in characters from the start; by it `JsonText.read` finds it again."""
    value: Any


class _Doubled(Exception):
    """A key stands twice in an object."""


class _NoNumber(Exception):
    """NaN and Infinity, which Python would read and JSON does not have."""


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _Doubled(Counter(key for key, _ in pairs).most_common(1)[0][0])
    return made


def _no_number(text: str) -> None:
    raise _NoNumber(text)


_decoder = json.JSONDecoder(object_pairs_hook=_mapping, parse_int=str, parse_float=str, parse_constant=_no_number)


class JsonText:
    """The text of a JSON file. Raises BadFile where it is none."""

    def __init__(self, raw: bytes, file: str) -> None:
        self.file = file
        if len(raw) > LONGEST_FILE:
            raise BadFile.at(Place(file, 1, 1), f"the file is larger than {LONGEST_FILE >> 20} MiB", "split it")
        try:
            self.text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as problem:
            raise no_utf8(raw, problem.start, file) from None
        self._may_hold_halves = _half(self.text) is not None

    def parts(self) -> Iterator[Part]:
        """Every part of every list of the object, in order, and the values that are no lists."""
        seen = set()
        at = self._skip(0)
        if not self.text.startswith("{", at):
            raise self._bad(at, "this is not a JSON object", "a file begins with {")
        at = self._skip(at + 1)
        while not self.text.startswith("}", at):
            key = at
            name, at = self._value(at)
            if self.text[key] != '"':
                raise self._bad(key, "this is not JSON: a key is a text in double quotes")
            if name in seen:
                raise self._bad(key, f"the key {name!r} stands twice", "join the two")
            seen.add(name)
            at = self._skip(at)
            if not self.text.startswith(":", at):
                raise self._bad(at, "this is not JSON: a key is followed by a colon")
            at = yield from self._parts_of(name, self._skip(at + 1))
            at = self._next("}", at)
        if (at := self._skip(at + 1)) != len(self.text):
            raise self._bad(at, "this is not JSON: something stands behind its end")

    def _parts_of(self, name: str, at: int) -> Generator[Part, None, int]:
        if not self.text.startswith("[", at):
            value, end = self._value(at)
            yield Part(name, at, value)
            return end
        at = self._skip(at + 1)
        while not self.text.startswith("]", at):
            value, end = self._value(at)
            yield Part(name, at, value)
            at = self._next("]", end)
        return at + 1

    def read(self, at: int) -> Any:
        """The value that begins at a place."""
        return self._value(at)[0]

    def place(self, at: int, steps: Sequence[str] = ()) -> Place:
        """Where a value stands, or the deepest value on the way to it that there is."""
        for step in steps:
            found = self._inner(at, step)
            if found is None:
                break
            at = found
        else:
            if steps:
                return self._place(at, self._value(at)[1])
        return self._place(at)

    def read_at(self, at: int, steps: Sequence[str]) -> Any:
        """The value at the end of a path from the value at a place; None if there is none."""
        for step in steps:
            found = self._inner(at, step)
            if found is None:
                return None
            at = found
        return self.read(at)

    def has(self, at: int, step: str) -> bool:
        """Whether the value at a place has such a field, or so many items."""
        return self._inner(at, step) is not None

    def _inner(self, at: int, step: str) -> int | None:
        """Where a field or an item of the value at a place begins."""
        is_list, closing = self.text[at] == "[", "]" if self.text[at] == "[" else "}"
        if self.text[at] not in "[{":
            return None
        at, number = self._skip(at + 1), 0
        while not self.text.startswith(closing, at):
            name: Any = str(number)
            if not is_list:
                name, at = self._value(at)
                at = self._skip(self._skip(at) + 1)
            if name == step:
                return at
            at, number = self._next(closing, self._value(at)[1]), number + 1
        return None

    # -- reading -----------------------------------------------------------------------------------------------------

    def _skip(self, at: int) -> int:
        found = _white(self.text, at)
        return found.end() if found else at

    def _next(self, closing: str, at: int) -> int:
        """Where the next part begins, or the bracket stands that closes them."""
        at = self._skip(at)
        if self.text.startswith(",", at):
            after = self._skip(at + 1)
            if self.text.startswith(closing, after):
                raise self._bad(at, "this is not JSON: nothing follows this comma", "leave it out")
            return after
        if not self.text.startswith(closing, at):
            what = "the file ends before its time" if at >= len(self.text) else f"expected ',' or '{closing}'"
            raise self._bad(at, f"this is not JSON: {what}")
        return at

    def _value(self, at: int) -> tuple[Any, int]:
        try:
            value, end = _decoder.raw_decode(self.text, at)
            if self._may_hold_halves:
                msgspec.json.encode(value)
        except json.JSONDecodeError as problem:
            raise self._bad(problem.pos, f"this is not JSON: {problem.msg[:1].lower()}{problem.msg[1:]}") from None
        except RecursionError:
            raise self._bad(at, "this is nested too deep", "nothing that can be imported is") from None
        except UnicodeEncodeError:
            raise self._bad(at, "there is half of a character in this, a lone surrogate", "mend the escape") from None
        except _Doubled as problem:
            raise self._bad(at, f"a key stands twice in this: {problem}", "leave one of them out") from None
        except _NoNumber as problem:
            raise self._bad(at, f"JSON has no {problem}", "leave the value out") from None
        return value, end

    # -- places ------------------------------------------------------------------------------------------------------

    @cached_property
    def _ends(self) -> array[int]:
        """Where each line ends."""
        return array("Q", (found.start() for found in re.finditer("\n", self.text)))

    def _place(self, at: int, end: int | None = None) -> Place:
        number = bisect_left(self._ends, at)
        begin = self._ends[number - 1] + 1 if number else 0
        on_one_line = end is not None and bisect_left(self._ends, end) == number
        return Place(self.file, number + 1, at - begin + 1, max(1, end - at) if on_one_line and end else 1)

    def line(self, number: int) -> str | None:
        """A line of the file, counted from 1."""
        if not 1 <= number <= len(self._ends) + 1:
            return None
        begin = self._ends[number - 2] + 1 if number > 1 else 0
        end = self._ends[number - 1] if number <= len(self._ends) else len(self.text)
        return self.text[begin:end].rstrip("\r")

    def _bad(self, at: int, message: str, advice: str = "") -> BadFile:
        place = self._place(at)
        shown = "\n" * (place.line - 1) + (self.line(place.line) or "")
        return BadFile.at(place, message, advice, shown.split("\n"))
