"""Parquet: typed columns that a reader gets back."""

import io
import sys
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from events.base import Citation
from events.dates import parse
from events.deals import Deal, Party
from events.products import Announcement
from events.register import Source
from events.said import Figure
from tests.exports.exported import export, ledger_of, product
from tests.timeline.builders import layoff, org, reorg
from timeline.errors import UsageError
from timeline.exports import parquet
from timeline.ledger import Ledger


def rows_of(ledger: Ledger) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(io.BytesIO(export(ledger, "parquet")[0])).to_pylist()
    return found


def test_the_example_is_a_table(run, example_ledger, tmp_path):
    target = tmp_path / "events.parquet"
    ran = run("export", "parquet", "-o", str(target), db=example_ledger)
    table = pq.read_table(target)

    assert (ran.status, ran.err) == (0, f"Wrote 214 events to {target}.\n")
    assert table.num_rows == 214
    assert table.schema.equals(parquet.schema())
    row = next(r for r in table.to_pylist() if r["id"] == "meta-founded")
    assert (row["kind"], row["organization"], row["founders"]) == ("founding", "meta", ["mark-zuckerberg"])
    assert (row["earliest"], row["latest"], row["latest_day"]) == (None, "2014-12-31", 16435)
    assert row["people"] == ["mark-zuckerberg"]
    assert row["sources"][0] == {"source": "bi-2025-05-26", "locator": "§24", "reported_by": "", "lang": ""}


def test_columns_have_types():
    types = dict(zip(parquet.schema().names, parquet.schema().types, strict=True))

    assert types["earliest_day"] == pa.int32()
    assert types["count"] == pa.int64()
    assert types["amount"] == pa.float64()
    assert types["present"] == pa.bool_()
    assert types["founders"] == pa.list_(pa.string())
    assert types["last_recorded"] == pa.timestamp("us", "UTC")


def test_every_sort_of_field_comes_back():
    deal = Deal(
        type="acquisition", parties=(Party(entity="meta", role="acquirer"),), amount=Decimal("14.3"), currency="USD",
        date=parse("2025-06-12"), sources=(Citation(source="post", locator="§1"),),
    )  # fmt: skip
    events = [
        Source(id="post"),
        org("meta"),
        org("fair"),
        product("llama"),
        deal,
        Announcement(product="llama", attributes={"licence": "open"}, date=parse("2025-07")),
        layoff(date="2025-08", count=600),
        reorg("2025-09", fair=None),
    ]
    with ledger_of(events) as ledger:
        first, second, third, fourth = rows_of(ledger)

    assert (first["amount"], first["parties"]) == (14.3, [{"entity": "meta", "role": "acquirer"}])
    assert (second["attributes"], second["products"]) == ([("licence", "open")], ["llama"])
    assert third["count"] == 600
    assert fourth["moves"] == [{"organization": "fair", "parent": None}]
    assert first["first_recorded"] > datetime(1970, 1, 1, tzinfo=UTC)
    assert first["attributes"] is None


@pytest.mark.parametrize(
    ("date", "earliest", "latest"),
    [("1970-01-01", 0, 0), ("1969-12-31", -1, -1), ("2000/", 10957, None), ("Y-10000000", None, None)],
)
def test_days_are_counted_from_1970_as_far_as_32_bits_reach(date, earliest, latest):
    with ledger_of([org("meta"), layoff(date=date)]) as ledger:
        (row,) = rows_of(ledger)

    assert (row["earliest_day"], row["latest_day"]) == (earliest, latest)


def test_digits_that_a_double_has_no_room_for_are_counted():
    figures = [
        Figure(subject="meta", metric="share", value=Decimal(value), date=parse("2025"))
        for value in ("0.1", "14300000000", "0.1234567890123456789")
    ]
    with ledger_of([org("meta"), *figures]) as ledger:
        _, said = export(ledger, "parquet")

    assert said.dropped == ("the exact digits of 1 number, rounded to a double",)


def test_rows_stand_in_groups(monkeypatch):
    """However many there are, only one group of them is held."""
    monkeypatch.setattr(parquet, "ROW_GROUP", 500)
    with ledger_of([org("meta"), *(layoff(date="2025") for _ in range(1100))]) as ledger:
        written, said = export(ledger, "parquet")

    file = pq.ParquetFile(io.BytesIO(written))
    assert [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)] == [500, 500, 100]
    assert said.number == 1100


def test_a_table_may_be_empty():
    with ledger_of([]) as ledger:
        assert rows_of(ledger) == []


def test_without_pyarrow_the_command_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with ledger_of([]) as ledger, pytest.raises(UsageError, match=r"pip install 'timeline-service\[parquet\]'"):
        export(ledger, "parquet")
