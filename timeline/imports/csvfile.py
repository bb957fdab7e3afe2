"""CSV: a row an event, with the columns that `timeline export csv` writes, or a few of them written by hand.

A row needs its `kind` and the fields that the kind needs. `entry` names the entry as an export does; without it, the
entry follows from the `id`, and without an id from all that the row says. What stands in a cell is told by
`timeline.columns` and `timeline.cells`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import BinaryIO, NamedTuple
from uuid import UUID, uuid5

import msgspec

from events import kinds
from events.base import Event
from events.errors import UnreadableText
from timeline.cells import read_cell
from timeline.columns import columns_of, plain_of
from timeline.entries import ENTRIES, entry_of, is_entry_id
from timeline.exports.csvfile import AIDS
from timeline.imports.advice import explain, parts_of, short, steps_of, unknown_name
from timeline.imports.csvlines import TOO_LONG, Row, Table
from timeline.imports.document import Item
from timeline.imports.places import BadFile, Mistake, Place
from timeline.naming import near
from timeline.view import View

KINDS = tuple(kind for kind, cls in kinds.KINDS.items() if cls in kinds.CONTENT)
"""The kinds that a row may be of: what happened, and what is registered."""

FIELDS = frozenset(name for kind in KINDS for name in columns_of(kind))
MOST_COLUMNS = 1000


class _Wrong(Exception):
    """A row is no event: why, in which column (by its name, or its number from 0), and what to do."""

    def __init__(self, message: str, column: str | int = "", advice: str = "") -> None:
        super().__init__(message)
        self.column = column
        self.advice = advice


class _Read(NamedTuple):
    event: Event
    entry: UUID


class CsvFile:
    """A table of events."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self.file = name
        self.slugs: dict[UUID, str] = {}
        self.broken: set[str] = set()
        self._table = Table(file, name)
        self._columns = {read_cell(cell).strip(): n for n, cell in enumerate(self._table.header.cells)}
        if wrong := list(self._wrong_header()):
            shown = "\n".join(m.shown(self.line(m.place.line)) for m in wrong)
            raise BadFile(wrong, f"{shown}\nNothing was recorded.")

    def _wrong_header(self) -> Iterator[Mistake]:
        header = self._table.header
        known = ("kind", "entry", *sorted(FIELDS))
        if header.problem or len(header.cells) > MOST_COLUMNS:
            said = header.problem or f"there are {len(header.cells):,} columns"
            yield Mistake(self._table.place(header, 0), f"this is no table: {said}", "begin with the names of columns")
            return
        seen = set[str]()
        for n, cell in enumerate(header.cells):
            name = read_cell(cell).strip()
            if name in seen:
                yield Mistake(self._table.place(header, n), f"the column {short(name)!r} stands twice", "rename one")
            elif name not in known and name not in AIDS:
                yield unknown_name(self._table.place(header, n), name, known, "column")
            seen.add(name)
        if "kind" not in self._columns:
            yield Mistake(Place(self.file, header.line, 1), "no column is called 'kind'", "it says what happened")

    # -- reading -----------------------------------------------------------------------------------------------------

    def read(self) -> Iterator[Item | Mistake]:
        """The events of the file, row by row."""
        for number, row in self._table.rows():
            if not row.cells and not row.problem:
                continue
            try:
                event, entry = self._event(row)
            except _Wrong as problem:
                self._break(row)
                yield Mistake(self._place(row, problem.column), str(problem), problem.advice)
            else:
                name = str(getattr(event, "id", "")) or str(entry)
                yield Item(event, entry, False, name, number, Place(self.file, row.line, 1))

    def _break(self, row: Row) -> None:
        at = self._columns.get("id")
        if at is not None and at < len(row.cells) and row.cells[at]:
            self.broken.add(read_cell(row.cells[at]))

    def _event(self, row: Row) -> _Read:
        if row.problem == TOO_LONG:
            raise _Wrong(
                row.problem, self._table.longest(row), "no field is as long; perhaps a quote in it was not closed"
            )
        if row.problem:
            raise _Wrong(f"this row cannot be read: {row.problem}", "", "a cell with quotes has all of them doubled")
        wanted = len(self._columns)
        if len(row.cells) != wanted:
            column = wanted if len(row.cells) > wanted else ""
            said = f"the row has {len(row.cells)} cells and the header {wanted}"
            raise _Wrong(said, column, "put a cell with the delimiter in it into quotes")
        cells = {name: read_cell(cell) for name, cell in zip(self._columns, row.cells, strict=True) if cell}
        _check_text(row.text, cells)
        kind = self._kind(cells)
        known = columns_of(kind)
        for name in cells:
            if name not in known and name not in ("kind", "entry") and name not in AIDS:
                raise _Wrong(f"{kind} has no {name}", name, "leave the cell empty")
        event = _built(kind, cells)
        return _Read(event, _entry(event, kind, cells.get("entry", "")))

    def _kind(self, cells: Mapping[str, str]) -> str:
        kind = cells.get("kind", "")
        if kind in KINDS:
            return kind
        if kind in kinds.KINDS:
            advice = "a table holds what happened; write it in a YAML file"
            raise _Wrong(f"{kind} is about another entry", "kind", advice)
        if not kind:
            raise _Wrong("the row does not say what happened", "kind", f"write a kind: {', '.join(KINDS[3:6])} …")
        close = near(kind, KINDS)
        advice = f"did you mean {' or '.join(close)}?" if close else "see `timeline schema` for the kinds"
        raise _Wrong(f"there is no kind {short(kind)!r}", "kind", advice)

    # -- places ------------------------------------------------------------------------------------------------------

    def place(self, ref: int, at: str) -> Place:
        """The cell in which a part of an event stands."""
        return self._place(self._table.row(ref), (steps_of(at) or ["id"])[0])

    def _place(self, row: Row, column: str | int) -> Place:
        number = self._columns.get(column) if isinstance(column, str) else column
        return Place(self.file, row.line, 1) if number is None else self._table.place(row, number)

    def line(self, number: int) -> str | None:
        """A line of the file, counted from 1."""
        return self._table.line(number)

    def done(self) -> tuple[int, int]:
        """How much of the file was read, in bytes."""
        return self._table.done()

    def notes(self, view: View) -> Iterator[str]:
        """Nothing more is to be told."""
        yield from ()


def _check_text(text: str, cells: Mapping[str, str]) -> None:
    """Bytes that are no UTF-8 were read as lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError as problem:
        strange = text[problem.start]
        column = next((name for name, cell in cells.items() if strange in cell), "")
        said = f"byte 0x{ord(strange) & 0xFF:02X} is not UTF-8 text"
        raise _Wrong(said, column, "save the file as UTF-8") from None


def _built(kind: str, cells: Mapping[str, str]) -> Event:
    """The event of a row. Raises _Wrong with the column in which something is wrong."""
    try:
        return kinds.build(plain_of(kind, cells))
    except msgspec.ValidationError as problem:
        message, path = parts_of(problem)
        column = (steps_of(path) or [""])[0]
        if isinstance(cause := problem.__cause__, UnreadableText):
            advice = f"write {cause.hint}" if cause.hint else ""
            raise _Wrong(f"{cause.text!r} is not {cause.notation}: {cause.reason}", column, advice) from None
        if missing := message.partition("missing required field `")[2]:
            name = missing.rstrip("`")
            raise _Wrong(f"{kind} needs {name}", column or name, f"fill the column {name}") from None
        said, advice = explain(kind, path, message, cells.get(column, ""))
        raise _Wrong(said, column, advice) from None
    except RecursionError:
        deepest = max(cells, key=lambda name: cells[name].count("[") + cells[name].count("{"))
        raise _Wrong("this is nested too deep", deepest, "no field is") from None
    except ValueError as problem:  # of a cell that is not of the form of its field; it begins with the column
        column, _, said = str(problem).partition(": ")
        if column in cells and columns_of(kind)[column].sort == "whole":
            said = f"{short(cells[column])!r} stands where a whole number is expected"
        raise _Wrong(said or column, column, "see the columns in docs/importing.md") from None


def _entry(event: Event, kind: str, given: str) -> UUID:
    """The entry that a row belongs to."""
    named = entry_of(event)
    if given and not is_entry_id(given.lower()):
        raise _Wrong(f"{short(given)!r} is no UUID of an entry", "entry", "leave the cell empty for a new one")
    return UUID(given) if given else named or uuid5(ENTRIES, f"csv:{kind}:{kinds.encode(event).decode()}")


def open_document(file: BinaryIO, name: str) -> CsvFile:
    """A table of events; what is wrong with its header ends the reading."""
    return CsvFile(file, name)
