"""CSV (RFC 4180): one row an entry, to look at in a spreadsheet and to import again.

The columns are those of every happening, then the fields of the kinds that are selected, then aids for the reader,
which an import passes over. `timeline.columns` tells how a value is written, `timeline.cells` how a cell is kept from
being taken for a formula. Lines end in CR LF and the text is UTF-8 without a byte order mark.
"""

from __future__ import annotations

import csv
from collections.abc import Container, Iterable
from io import StringIO
from uuid import UUID

import msgspec

from events.kinds import kind_of
from timeline import columns
from timeline.cells import written_cell
from timeline.exports.formats import Options, Write, Written
from timeline.exports.parts import corroborations, day, told
from timeline.exports.selection import Exported, Selection, count, happenings, kinds
from timeline.printing import words
from timeline.view import View

BEFORE = ("id", "entry", "kind", "date", "date_text", "announced", "certainty", "sources", "derived_from", "note")
"""What every row has."""

AIDS = ("headline", "earliest", "latest", "rank", "disputes", "also_in")
"""What helps a reader; it follows from the rest of the ledger, and importing it would mean nothing."""


def export(view: View, wanted: Selection, write: Write, options: Options) -> Written:
    """Write the header and a row for each entry, by date."""
    names = [*BEFORE, *columns.own_columns(kinds(view, wanted)), *AIDS]
    write(_lines([names]))
    number, size, cut = 0, count(view, wanted), 0
    for part in happenings(view, wanted):
        standing = view.facts(entry for exported in part for entry in exported.event.derived_from)
        rows = [row(view, exported, standing) for exported in part]
        write(_lines([r.get(name, "") for name in names] for r in rows))
        number += len(part)
        cut += sum(entry not in standing for exported in part for entry in exported.event.derived_from)
        options.progress("exporting", number, size)
    dropped = (f"{words.counted(cut, 'reference')} to what was withdrawn, in derived_from",) if cut else ()
    return Written(number, "event", dropped)


def row(view: View, exported: Exported, standing: Container[UUID]) -> dict[str, str]:
    """The cells of an entry by the name of their column, before they are kept from being formulas.

    Of the entries that it follows from, those that stand are named: what was withdrawn has no row to come back with.
    """
    fact, event = exported.fact, told(exported)
    if event.derived_from:
        left = tuple(entry for entry in event.derived_from if entry in standing)
        event = msgspec.structs.replace(event, derived_from=left)
    kind = kind_of(event)
    return columns.texts(kind, event) | {
        "entry": str(fact.entry),
        "kind": kind,
        "headline": event.headline(view.headline_name),
        "earliest": day(event.date.earliest_reading),
        "latest": day(event.date.latest_reading),
        "rank": "" if fact.rank == "normal" else fact.rank,
        "disputes": "; ".join(d.headline(view.directory.name) for d in fact.disputes),
        "also_in": columns.text(corroborations(fact, event)),
    }


def _lines(rows: Iterable[Iterable[str]]) -> bytes:
    out = StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    table.writerows([written_cell(cell) for cell in r] for r in rows)
    return out.getvalue().encode()
