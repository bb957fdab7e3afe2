"""A table in CSV (RFC 4180) row by row, and where its cells stand. Memory stays flat however long it is."""

from __future__ import annotations

import csv
import re
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from timeline.imports.places import BadFile, Place

LONGEST_CELL = 1 << 20
"""In characters; no field of an event is as long."""

TOO_LONG = f"a cell is longer than {LONGEST_CELL:,} characters"

LONGEST_ROW = 8 << 20
"""In bytes, with all its lines."""

EVERY = 100
"""Of so many rows, it is remembered where one begins."""

DELIMITERS = ",;\t"
BOM = b"\xef\xbb\xbf"


class Row(NamedTuple):
    """A row, or what is wrong with it."""

    line: int
    """The line in which it begins, counted from 1."""
    cells: list[str]
    text: str
    """As it stands in the file."""
    problem: str = ""
    """Why it cannot be read."""


class _TooLong(Exception):
    """A row goes on and on, as one does in which a quote was not closed."""


class Table:
    """A file in CSV. The first row names the columns and tells what stands between the cells."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self.file = name
        self._handle = file
        self._size = file.seek(0, 2)
        self._starts = array("Q", [0])
        """Where every hundredth row begins, in bytes."""
        self._lines = array("Q", [1])
        """In which line."""
        self._held: list[str] = []
        """The lines of the row that is being read."""
        self._at = self._begin = 0
        """Where the next row begins, and where this one does, in bytes."""
        file.seek(0)
        first = file.readline(LONGEST_ROW)
        if first[:2] in (b"\xff\xfe", b"\xfe\xff"):
            raise BadFile.at(Place(name, 1, 1), "this is UTF-16", "save the file as CSV in UTF-8")
        bare = re.sub('"[^"]*"', "", first.removeprefix(BOM).decode("utf-8", "replace"))
        self.delimiter = max(DELIMITERS, key=bare.count)
        self._cell = re.compile(rf'"[^"]*(?:""[^"]*)*"?|[^{self.delimiter}\r\n]*')
        self.header = next(self._rows(0, 1), Row(1, [], ""))
        self._starts[0], self._lines[0] = self._at, self.header.line + max(1, self.header.text.count("\n"))

    def rows(self) -> Iterator[tuple[int, Row]]:
        """The rows after the header, counted from 0. After a row that has no end, nothing is read any more."""
        for number, row in enumerate(self._rows(self._starts[0], self._lines[0])):
            yield number, row
            if (number + 1) % EVERY == 0 and (number + 1) // EVERY == len(self._starts):
                self._starts.append(self._at)
                self._lines.append(row.line + max(1, row.text.count("\n")))

    def row(self, number: int) -> Row:
        """A row again, by its number."""
        here = self._handle.tell(), self._at, self._begin, self._held
        mark = min(number // EVERY, len(self._starts) - 1)
        rows = self._rows(self._starts[mark], self._lines[mark])
        found = next(row for n, row in enumerate(rows, mark * EVERY) if n == number)
        self._handle.seek(here[0])
        _, self._at, self._begin, self._held = here
        return found

    def _rows(self, start: int, line: int) -> Iterator[Row]:
        """The rows from a place on; `_at` is where the next one begins. Empty lines are rows of no cells."""
        csv.field_size_limit(LONGEST_CELL)
        self._at = start
        lines = self._read(start)
        reader = csv.reader(lines, delimiter=self.delimiter, strict=True)
        while True:
            self._held, self._begin = [], self._at
            problem, cells = "", list[str]()
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                problem = TOO_LONG if "field limit" in str(error) else str(error)
            except _TooLong:
                problem = f"the row is longer than {LONGEST_ROW >> 20} MB"
            text = "".join(self._held)
            yield Row(line, cells, text, problem)
            if problem and ("unexpected end" in problem or problem == TOO_LONG or "longer than" in problem):
                return  # a quote was not closed; what follows cannot be told from its text
            line += max(1, text.count("\n"))

    def _read(self, at: int) -> Iterator[str]:
        """The lines from a place on; a byte that is no UTF-8 becomes a lone surrogate, which no cell may hold."""
        self._handle.seek(at)
        while raw := self._handle.readline(LONGEST_ROW):
            is_first, at = at == 0, at + len(raw)
            self._at = at
            text = (raw.removeprefix(BOM) if is_first else raw).decode("utf-8", "surrogateescape")
            self._held.append(text)
            if at - self._begin >= LONGEST_ROW:
                raise _TooLong
            yield text

    # -- places ------------------------------------------------------------------------------------------------------

    def place(self, row: Row, column: int) -> Place:
        """Where a cell stands, by its column from 0; the beginning of the row if it is not there."""
        at = end = 0
        for n in range(column + 1):
            found = self._cell.match(row.text, at)
            end = found.end() if found else at
            if n < column:
                if row.text[end : end + 1] != self.delimiter:
                    return Place(self.file, row.line, 1)
                at = end + 1
        begin = row.text.rfind("\n", 0, at) + 1
        width = len(row.text[at:end].partition("\n")[0])
        return Place(self.file, row.line + row.text.count("\n", 0, at), at - begin + 1, max(1, width))

    def longest(self, row: Row) -> int:
        """The column of the longest cell, from 0."""
        widths: list[int] = []
        at, cell = 0, self._cell
        while found := cell.match(row.text, at):
            widths.append(found.end() - at)
            if row.text[found.end() : found.end() + 1] != self.delimiter:
                break
            at = found.end() + 1
        return widths.index(max(widths)) if widths else 0

    def line(self, number: int) -> str | None:
        """A line of the file, counted from 1."""
        mark = bisect_right(self._lines, number) - 1
        at, now = (self._starts[mark], self._lines[mark]) if mark >= 0 else (0, 1)
        here = self._handle.tell()
        self._handle.seek(at)
        for _ in range(number - now):
            self._handle.readline(LONGEST_ROW)
        found = self._handle.readline(LONGEST_ROW)
        self._handle.seek(here)
        return found.removeprefix(BOM).decode("utf-8", "replace").rstrip("\r\n") if found else None

    def done(self) -> tuple[int, int]:
        """How much of the file was read, in bytes."""
        return min(self._at, self._size), self._size
