"""Writing an answer in the form that was asked for.

Data goes to stdout and everything else to stderr. On a terminal an answer is a table, in a pipe tab-separated text,
unless a format is asked for.
"""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from typing import Any, Literal, NamedTuple

import msgspec

from timeline.cells import written_cell
from timeline.imports.places import printable
from timeline.printing.sheets import Cell, Column, Line, Numbering, Sheet, mark
from timeline.printing.words import LEGEND, MARKS, STYLES

Format = Literal["table", "tsv", "json", "jsonl", "csv"]
NARROW = 100
"""Below this width a table uses the short form of its cells."""
FORMATS = ("table", "json", "jsonl", "csv")


class Envelope(NamedTuple):
    """What an answer was made from."""

    as_of: str | None
    """The day or the span asked about, as EDTF."""
    known_at: str | None
    """The recorded time of the last event that counts, in UTC."""
    position: int
    """The position of that event in the log."""
    reported_by: str | None = None
    """The day by whose end sources had to be out, as an ISO day; None where all count."""
    root: str | None = None
    """The root of the tree over the log up to that position, in base64; None where it is not shown."""


class Output:
    """Where answers go, and in which form."""

    def __init__(self, format_: Format | None, *, ascii_: bool = False, quiet: bool = False) -> None:
        self.on_terminal = sys.stdout.isatty()
        self.format: Format = format_ or ("table" if self.on_terminal else "tsv")
        self.ascii = ascii_ or not _shows_marks()
        self.quiet = quiet
        self.width = _width()
        self.clocks = ""
        """What a heading says of the clocks that were set: as known when, as reported by when."""

    # -- answers -----------------------------------------------------------------------------------------------------

    def answer(
        self,
        items: Sequence[Any],
        sheets: Sequence[Sheet],
        envelope: Envelope,
        *,
        head: str = "",
        sources: dict[str, str] | None = None,
        legend: Sequence[str] = (),
        next_: str = "",
    ) -> None:
        """Print items (for programs) or sheets (for people).

        `sources` gives the line to show for a source, `legend` what the signs of the sheets mean besides the marks.
        """
        match self.format:
            case "json":
                self._write(pretty({**envelope._asdict(), "items": items}))
            case "jsonl":
                self._write("".join(_compact(item) + "\n" for item in items))
            case "csv":
                self._write(csv_text(items))
            case "tsv":
                self._write("".join(self._separated(sheets)))
            case _:
                self._write(self._table(sheets, head, sources or {}, legend))
        if next_:
            self.hint(f"Next: {next_}")

    def text(self, text: str) -> None:
        """Print text as it is."""
        self._write(text if text.endswith("\n") else text + "\n")

    def lines(self, lines: Iterable[str]) -> None:
        """Print lines as they come; however many there are, they are not held all at once off a terminal."""
        if self.on_terminal:
            self._write("".join(f"{line}\n" for line in lines))
        else:
            sys.stdout.writelines(f"{line}\n" for line in lines)
            sys.stdout.flush()

    def note(self, text: str) -> None:
        """Say something that is no data."""
        print(printable_lines(text), file=sys.stderr)

    def hint(self, text: str) -> None:
        """What to try next; only for a person."""
        if not self.quiet and self.format == "table":
            sys.stdout.flush()
            print(printable_lines(text), file=sys.stderr)

    def _write(self, text: str) -> None:
        pager = os.environ.get("PAGER")
        if self.on_terminal and pager and self.format == "table" and text.count("\n") >= _height():
            import click

            click.echo_via_pager(text)
        else:
            sys.stdout.write(text)
            sys.stdout.flush()

    # -- tab-separated -----------------------------------------------------------------------------------------------

    def _separated(self, sheets: Sequence[Sheet]) -> Iterator[str]:
        several = len(sheets) > 1
        for sheet in sheets:
            heading = ""
            for line in sheet.lines:
                if line.heading:
                    heading = line.heading
                    continue
                cells = [sheet.name] if several else []
                cells += [mark(line, ascii_=self.ascii)] if sheet.marked else []
                cells += [heading] if any(x.heading for x in sheet.lines) else []
                cells += [c.text if isinstance(c, Cell) else c for c in line.cells]
                cells.append(" ".join(line.sources))
                yield "\t".join(printable(" ".join(c.split())) for c in cells) + "\n"

    # -- tables ------------------------------------------------------------------------------------------------------

    def _table(self, sheets: Sequence[Sheet], head: str, sources: dict[str, str], signs: Sequence[str]) -> str:
        from rich.console import Console
        from rich.text import Text

        out = StringIO()
        colour = self.on_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        console = Console(
            file=out,
            width=self.width,
            force_terminal=colour,
            no_color=not colour,
            color_system="standard" if colour else None,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
        )
        numbering = Numbering()
        if head:
            console.print(Text(printable(f"{head}{self.clocks}"), style="bold"))
        for number, sheet in enumerate(sheets):
            if head or number:
                console.print()
            self._sheet(console, sheet, numbering)
        marks = {line.mark for sheet in sheets if sheet.marked for line in sheet.lines if not line.heading}
        flagged = any(line.disputed for sheet in sheets for line in sheet.lines)
        self._foot(console, marks, numbering, sources, signs, flagged=flagged)
        return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())

    def _sheet(self, console: Any, sheet: Sheet, numbering: Numbering) -> None:
        from rich.cells import cell_len
        from rich.text import Text

        if sheet.title:
            console.print(Text(printable(sheet.title), style="bold"))
        if not sheet.lines:
            console.print(Text(f"  {sheet.empty or 'nothing'}", style="bright_black"))
            return
        marked = sheet.marked and any(line.mark or line.disputed for line in sheet.lines)
        room = max((len(mark(line, ascii_=self.ascii)) for line in sheet.lines if not line.heading), default=0)
        shown = [(line, *self._cells(line, numbering, room if marked else 0)) for line in sheet.lines]
        natural = [
            max((cell_len(c[n].text) for _, _, c in shown if c), default=0) for n in range(len(sheet.columns) + 1)
        ]
        prefix = max(cell_len(p) for _, p, _ in shown)
        widths = shares(self.width - 2 - prefix, natural, sheet.columns)
        for line, before, cells in shown:
            if line.heading:
                heading = f"  {printable(line.heading)}" + (f"  ({line.tally})" if line.tally else "")
                console.print(Text(heading, style="bold"), no_wrap=True, overflow="ellipsis")
                continue
            style = "red" if line.disputed else STYLES[line.mark]
            text = Text("  ").append(line.indent).append(before[len(line.indent) :], style=style)
            own = [widths[0] + prefix - cell_len(before), *widths[1:]]
            for n, cell in enumerate(cells[1:-1]):  # a long text uses what a right-aligned neighbour leaves free
                need, free = cell_len(cell.text) - own[n + 1], own[n + 2] - cell_len(cells[n + 2].text)
                if need > 0 and free > 0 and (n + 2 == len(sheet.columns) or sheet.columns[n + 2].right):
                    own[n + 1] += min(need, free)
                    own[n + 2] -= min(need, free)
            for number, part in enumerate(_wrapped(cells, own, sheet) if sheet.wrap else [cells]):
                lead = text if number == 0 else Text(" " * (2 + cell_len(before)))
                self._print_cells(console, lead, part, own, sheet)

    def _print_cells(self, console: Any, text: Any, cells: list[Cell], widths: list[int], sheet: Sheet) -> None:
        from rich.cells import cell_len, set_cell_size

        for n, (cell, width) in enumerate(zip(cells, widths, strict=True)):
            fitted = cut(cell.text, width)
            right = n == len(sheet.columns) or sheet.columns[n].right
            padding = " " * (width - cell_len(fitted))
            text.append(f"{padding}{fitted}" if right else set_cell_size(fitted, width), style=cell.style)
            text.append(" " if width else "")
        text.rstrip()
        text.truncate(self.width, overflow="ellipsis")
        console.print(text, no_wrap=True, soft_wrap=True)

    def _text(self, text: str) -> str:
        """A text as it is shown: without anything hostile, and with words for marks where those cannot be read."""
        if self.ascii:
            for name, sign in MARKS.items():
                text = text.replace(sign, str(name)) if name else text
        return printable(text)

    def _cells(self, line: Line, numbering: Numbering, room: int) -> tuple[str, list[Cell]]:
        """What a line begins with, and its cells; those of a heading are none."""
        if line.heading:
            return "", []
        before = f"{mark(line, ascii_=self.ascii):{room}} " if room else ""
        narrow = self.width < NARROW
        cells = [c if isinstance(c, Cell) else Cell(c) for c in line.cells]
        cells = [Cell(self._text(c.short if narrow and c.short else c.text), c.style) for c in cells]
        return line.indent + before, [*cells, Cell(numbering.of(line.sources), "bright_black")]

    def _foot(
        self,
        console: Any,
        marks: set[Any],
        numbering: Numbering,
        sources: dict[str, str],
        signs: Sequence[str],
        *,
        flagged: bool,
    ) -> None:
        from rich.text import Text

        legend = [*signs, *(f"{MARKS[m]} {text}" for m, text in LEGEND.items() if m in marks)]
        if flagged:
            legend.append("⚑ disputed")
        if (legend and not self.ascii) or numbering.numbers:
            console.print()
        if legend and not self.ascii:
            console.print(Text("  ".join(legend), style="bright_black"), soft_wrap=False)
        for source, number in numbering.numbers.items():
            shown = printable(f"[{number}] {source}  {sources.get(source, '')}".rstrip())
            console.print(Text(shown, style="bright_black"), no_wrap=True, overflow="ellipsis")


def headed(output: Output, columns: Sequence[Column], lines: Sequence[Line]) -> list[Line]:
    """Lines below the names of their columns, where a person reads them."""
    names = [Line(tuple(Cell(c.name, "bold") for c in columns))] if lines and output.format == "table" else []
    return [*names, *lines]


def shares(room: int, natural: Sequence[int], columns: Sequence[Column]) -> list[int]:
    """The width of every column, of which the last holds the source numbers, so that a line fits into the room.

    Fixed columns and the first one get what they need, the first at most two fifths; the others share the rest.
    """
    spaces = sum(1 for n in natural if n)
    widths = list(natural)
    flexible = [n for n, c in enumerate(columns) if not c.fixed]
    left = room - spaces - sum(w for n, w in enumerate(natural) if n not in flexible)
    if sum(natural[n] for n in flexible) <= left:
        widths[flexible[-1]] += left - sum(natural[n] for n in flexible)
        return widths
    first, *others = flexible
    if others:
        widths[first] = min(natural[first], max(8, room * 2 // 5))
        left -= widths[first]
        weight = sum(columns[n].ratio for n in others)
        for n in others:
            widths[n] = max(0, min(natural[n], left * columns[n].ratio // weight))
    else:
        widths[first] = max(8, left)
    return widths


def _wrapped(cells: list[Cell], widths: list[int], sheet: Sheet) -> list[list[Cell]]:
    """The lines that cells take when their texts go on below."""
    from textwrap import wrap

    columns = [
        wrap(c.text, w) or [""] if w and n < len(sheet.columns) and not sheet.columns[n].fixed else [c.text]
        for n, (c, w) in enumerate(zip(cells, widths, strict=True))
    ]
    height = max(map(len, columns))
    return [
        [Cell(column[row] if row < len(column) else "", c.style) for column, c in zip(columns, cells, strict=True)]
        for row in range(height)
    ]


def cut(text: str, width: int) -> str:
    """The text within so many cells, with an ellipsis where it was longer."""
    from rich.cells import cell_len, set_cell_size

    if cell_len(text) <= width:
        return text
    return f"{set_cell_size(text, width - 1).rstrip()}…" if width > 1 else ""


def _shows_marks() -> bool:
    """Whether the marks can be written at all: a terminal may have another encoding than UTF-8."""
    try:
        "".join(MARKS.values()).encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _width() -> int:
    given = os.environ.get("COLUMNS", "")
    if given.isdigit() and int(given) >= 20:
        return int(given)
    try:
        return max(40, os.get_terminal_size(sys.stdout.fileno()).columns)
    except (OSError, ValueError):
        return 100


def _height() -> int:
    try:
        return os.get_terminal_size(sys.stdout.fileno()).lines
    except (OSError, ValueError):
        return 1 << 30


def printable_lines(text: str) -> str:
    """Text of several lines without anything that could steer a terminal."""
    return "\n".join(printable(line) for line in text.split("\n"))


def _compact(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def pretty(value: Any) -> str:
    """JSON for reading, two spaces a level."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"


def csv_text(items: Sequence[Any]) -> str:
    """Items as a table with a column for each field; cells that no spreadsheet takes for a formula."""
    rows = [dict(_flat("", msgspec.to_builtins(item))) for item in items]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")  # RFC 4180
    if columns:
        writer.writerow([written_cell(c) for c in columns])
    writer.writerows([_cell(row.get(c)) for c in columns] for row in rows)
    return out.getvalue()


def _flat(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _flat(f"{name}.{key}" if name else key, part)
    elif isinstance(value, list | tuple):
        yield name, _joined(value)
    else:
        yield name, value


def _joined(values: Iterable[Any]) -> str:
    return "; ".join(v if isinstance(v, str) else _compact(v) for v in values)


def _cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula, numbers among them."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return written_cell(str(value))
