"""Apache Parquet: one row an entry, for analysis. The columns and their types are the same in every file.

Needs pyarrow, which comes with `pip install 'timeline-service[parquet]'`.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

import msgspec

from events.base import Citation
from events.dates import FOREVER, day_number
from events.kinds import kind_of, mentions
from projections.rows import unique
from timeline import columns
from timeline.exports.formats import Options, Write, Written
from timeline.exports.parts import corroborations, day, told
from timeline.exports.selection import Exported, Selection, count, happenings
from timeline.extras import need_pyarrow
from timeline.printing import words
from timeline.view import View

ROW_GROUP = 10_000
"""How many rows stand together: enough to compress well, few enough to hold."""

EPOCH = day_number(1970, 1, 1)
INT32 = range(-(2**31), 2**31)


def export(view: View, wanted: Selection, write: Write, options: Options) -> Written:
    """Write row groups by date."""
    need_pyarrow()
    import pyarrow as pa
    import pyarrow.parquet as pq

    number, size, rounded = 0, count(view, wanted), 0
    waiting: list[dict[str, Any]] = []
    shape = schema()
    with pq.ParquetWriter(_Sink(write), shape, compression="zstd") as file:

        def flush() -> None:
            file.write_table(pa.Table.from_pylist(waiting, schema=shape))
            waiting.clear()

        for part in happenings(view, wanted):
            for exported in part:
                cells = row(view, exported)
                rounded += sum(isinstance(v, Decimal) and Decimal(repr(float(v))) != v for v in cells.values())
                waiting.append({n: float(v) if isinstance(v, Decimal) else v for n, v in cells.items()})
            number += len(part)
            if len(waiting) >= ROW_GROUP:
                flush()
            options.progress("exporting", number, size)
        flush()
    dropped = (f"the exact digits of {words.counted(rounded, 'number')}, rounded to a double",) if rounded else ()
    return Written(number, "event", dropped)


@cache
def schema() -> Any:
    """The columns with their types: what every entry has, then the fields of all kinds."""
    import pyarrow as pa

    text, texts = pa.string(), pa.list_(pa.string())
    citations = pa.list_(pa.struct([(name, text) for name in Citation.__struct_fields__]))
    before = {
        "entry": text, "version": pa.int32(), "id": text, "kind": text, "headline": text, "date": text,
        "date_text": text, "earliest": text, "latest": text, "earliest_day": pa.int32(), "latest_day": pa.int32(),
        "announced": text, "certainty": text, "rank": text, "disputed": pa.bool_(), "disputes": texts,
        "sources": citations, "also_in": citations, "derived_from": texts, "note": text,
        "first_recorded": pa.timestamp("us", "UTC"), "last_recorded": pa.timestamp("us", "UTC"),
        "people": texts, "organizations": texts, "products": texts,
    }  # fmt: skip
    own = {
        name: _type(column)
        for kind in columns.HAPPENINGS
        for name, column in columns.columns_of(kind).items()
        if name not in columns.COMMON
    }
    return pa.schema([*before.items(), *own.items()])


def _type(column: columns.Column) -> Any:
    """The type of a field. Numbers are doubles: money and shares of every size fit, to 15 digits."""
    import pyarrow as pa

    if column.parts:
        return pa.list_(pa.struct([(part.name, pa.string()) for part in column.parts]))
    return {
        "text": pa.string(),
        "whole": pa.int64(),
        "number": pa.float64(),
        "flag": pa.bool_(),
        "list": pa.list_(pa.string()),
        "mapping": pa.map_(pa.string(), pa.string()),
    }[column.sort]


def row(view: View, exported: Exported) -> dict[str, Any]:
    """The cells of an entry by column; a field that its kind does not have is null."""
    fact, event = exported.fact, told(exported)
    kind = kind_of(event)
    named: dict[str, list[str]] = {"person": [], "organization": [], "product": []}
    for _, given, types in mentions(event):
        entity = None if types == ("source",) else view.directory.get(given)
        if entity is not None and entity.type in named:
            named[entity.type].append(entity.entity)
    own = {name: _value(getattr(event, column.attribute)) for name, column in columns.columns_of(kind).items()}
    return own | {
        "entry": str(fact.entry),
        "version": fact.version,
        "kind": kind,
        "headline": event.headline(view.headline_name),
        "earliest": day(event.date.earliest_reading) or None,
        "latest": day(event.date.latest_reading) or None,
        "earliest_day": _epoch_day(event.date.earliest_reading),
        "latest_day": _epoch_day(event.date.latest_reading),
        "rank": fact.rank,
        "disputed": fact.disputed,
        "disputes": [d.headline(view.directory.name) for d in fact.disputes],
        "also_in": _value(corroborations(fact, event)),
        "first_recorded": exported.first_recorded,
        "last_recorded": exported.last_recorded,
        "people": list(unique(named["person"])),
        "organizations": list(unique(named["organization"])),
        "products": list(unique(named["product"])),
    }


def _value(given: Any) -> Any:
    """A value of an event as its column holds it; an empty text is none."""
    if isinstance(given, bool | int | Decimal) or given is None:
        return given
    if isinstance(given, UUID):
        return str(given)
    if isinstance(given, msgspec.Struct):
        return msgspec.structs.asdict(given)
    if isinstance(given, Mapping):
        return list(given.items())
    if isinstance(given, Sequence) and not isinstance(given, str):
        return [_value(v) for v in given]
    return columns.text(given) or None


def _epoch_day(number: int) -> int | None:
    """Days since 1970-01-01; None where nothing bounds it, or where it is too far off for 32 bits."""
    since = number - EPOCH
    return since if abs(number) < FOREVER and since in INT32 else None


class _Sink(io.RawIOBase):
    """What pyarrow takes for a file to write."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._at = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def write(self, given: Any, /) -> int:
        taken = bytes(given)
        self._write(taken)
        self._at += len(taken)
        return len(taken)
