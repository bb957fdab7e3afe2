"""CSV (RFC 4180): one row an entry, to look at in a spreadsheet and to import again.

The columns are those of every happening, then the fields of the kinds that are selected, then aids for the reader,
which an import passes over. `timeline.columns` tells how a value is written, `timeline.cells` how a cell is kept from
being taken for a formula. Lines end in CR LF and the text is UTF-8 without a byte order mark.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO

from events.kinds import kind_of
from timeline import columns
from timeline.cells import written_cell
from timeline.exports.formats import Options, Write, Written
from timeline.exports.parts import corroborations, day, told
from timeline.exports.selection import Exported, Selection, count, happenings, kinds
from timeline.view import View

BEFORE = ("id", "entry", "kind", "date", "date_text", "announced", "certainty", "sources", "derived_from", "note")
"""What every row has."""

AIDS = ("headline", "earliest", "latest", "rank", "disputes", "also_in")
"""What helps a reader; it follows from the rest of the ledger, and importing it would mean nothing."""


def export(view: View, wanted: Selection, write: Write, options: Options) -> Written:
    """Write the header and a row for each entry, by date."""
    names = [*BEFORE, *columns.own_columns(kinds(view, wanted)), *AIDS]
    write(_lines([names]))
    number, size = 0, count(view, wanted)
    for part in happenings(view, wanted):
        rows = [row(view, exported) for exported in part]
        write(_lines([r.get(name, "") for name in names] for r in rows))
        number += len(part)
        options.progress("exporting", number, size)
    return Written(number, "event")


def row(view: View, exported: Exported) -> dict[str, str]:
    """The cells of an entry by the name of their column, before they are kept from being formulas."""
    fact, event = exported.fact, told(exported)
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
