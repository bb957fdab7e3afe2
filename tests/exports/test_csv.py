"""CSV: what a spreadsheet and an import read is what was recorded, and nothing is a formula."""

import csv
import json
from io import StringIO
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events import kinds
from events.base import Happening
from tests.exports.exported import HOSTILE, export, hostile, ledger_of, register, texts
from tests.projections.histories import Scribe, histories
from tests.timeline.builders import layoff, move, org
from timeline.cells import STARTS, read_cell, written_cell
from timeline.columns import COMMON, HAPPENINGS, columns_of, own_columns, plain_of
from timeline.columns import texts as texts_of
from timeline.exports.csvfile import AIDS, BEFORE
from timeline.exports.selection import Selection


def read(text: bytes) -> list[dict[str, str]]:
    """The rows as an import reads them."""
    rows = csv.DictReader(StringIO(text.decode(), newline=""), strict=True)
    return [{name: read_cell(cell) for name, cell in row.items()} for row in rows]


# -- cells ------------------------------------------------------------------------------------------------------------


@given(st.text())
def test_every_text_comes_back_from_its_cell(text):
    assert read_cell(written_cell(text)) == text


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_comes_back_from_its_cell(text):
    assert read_cell(written_cell(text)) == text


@given(st.text() | st.tuples(st.sampled_from(sorted(STARTS)), st.text()).map("".join))
def test_a_cell_begins_with_nothing_that_a_spreadsheet_calculates(text):
    assert written_cell(text)[:1] not in STARTS - {"'"}


def test_a_cell_that_somebody_typed_is_read_as_it_stands():
    """O'Brien begins with no apostrophe, 'tis with one that belongs to it, and -0044 lost the one that it had."""
    assert [read_cell(c) for c in ("O'Brien", "'tis", "-0044", "'", "")] == ["O'Brien", "'tis", "-0044", "'", ""]


# -- columns ----------------------------------------------------------------------------------------------------------


def test_no_field_is_called_like_another_column():
    own = set(own_columns(HAPPENINGS))

    assert not own & {*BEFORE, *AIDS}
    assert set(COMMON) <= set(BEFORE)


def test_a_field_has_one_form_whatever_the_kind():
    """A column stands for the field of several kinds, so a reader may know its form by its name alone."""
    forms: dict[str, set[str]] = {}
    for kind in HAPPENINGS:
        for name, column in columns_of(kind).items():
            forms.setdefault(name, set()).add(f"{column.sort} {column.item if column.sort == 'list' else ''}")

    assert {name: found for name, found in forms.items() if len(found) > 1} == {}


@given(histories())
@settings(max_examples=30)
def test_every_happening_comes_back_from_its_texts(history):
    scribe = Scribe()
    for steps in history:
        scribe.keep(scribe.write(steps))
    for event in (v.event for _, v in scribe.log):
        if isinstance(event, Happening):
            kind = kinds.kind_of(event)
            assert kinds.build(plain_of(kind, texts_of(kind, event))) == event


@given(texts(one_line=True), texts())
def test_a_hostile_event_comes_back_from_its_texts(line, text):
    for event in hostile(line, text):
        kind = kinds.kind_of(event)
        assert kinds.build(plain_of(kind, texts_of(kind, event))) == event


@pytest.mark.parametrize(
    ("kind", "cells", "complaint"),
    [
        ("announcement", {"attributes": "open"}, "attributes: 'open' is not key=value"),
        ("sighting", {"present": "perhaps"}, "present: 'perhaps' is neither true nor false"),
        ("layoff", {"count": "many"}, "count: 'many' is no whole number"),
        ("deal", {"parties": '[{"entity":'}, "parties: Input data was truncated"),
    ],
)
def test_a_text_of_another_form_is_refused_with_its_column(kind, cells, complaint):
    with pytest.raises(ValueError, match=complaint):
        plain_of(kind, cells)


def test_a_unit_that_became_independent_has_an_empty_parent():
    state = plain_of("move", {"organization": "whatsapp", "parent": "", "date": "2020"})

    assert kinds.build(state) == move("whatsapp", None, "2020")


# -- files ------------------------------------------------------------------------------------------------------------


@given(texts(one_line=True), texts())
@settings(max_examples=15)
def test_a_hostile_ledger_comes_back_and_no_cell_is_a_formula(line, text):
    events = hostile(line, text)
    with ledger_of([*register(line), *events]) as ledger:
        written, _ = export(ledger, "csv")

    raw = list(csv.reader(StringIO(written.decode(), newline=""), strict=True))
    assert {cell[:1] for row in raw for cell in row} & (STARTS - {"'"}) == set()
    found = {kinds.encode(kinds.build(plain_of(row["kind"], row))) for row in read(written)}
    assert found == {kinds.encode(e) for e in events}


def test_only_the_columns_of_the_kinds_that_are_selected_stand_in_the_header():
    with ledger_of([org("meta"), org("fair"), layoff(date="2025"), move("fair", "meta", "2015")]) as ledger:
        everything, _ = export(ledger, "csv")
        some, _ = export(ledger, "csv", Selection(kinds=("move",)))
        newest, _ = export(ledger, "csv", Selection(limit=1))
        none, written = export(ledger, "csv", Selection(kinds=("deal",)))

    def own(text: bytes) -> list[str]:
        return [c for c in text.decode().splitlines()[0].split(",") if c not in (*BEFORE, *AIDS)]

    layoffs = ["organization", "count", "count_qualifier", "affected", "spared"]
    assert own(everything) == ["organization", "parent", *layoffs[1:]]
    assert own(some) == ["organization", "parent"]
    assert own(newest) == layoffs
    assert (own(none), written.number) == ([], 0)


def test_the_example_comes_back_whole(run, example_ledger, tmp_path):
    """Every event of the first timeline, by its entry, in an order that does not change."""
    target = tmp_path / "events.csv"
    said = run("export", "csv", "-o", str(target), db=example_ledger)
    rows = read(target.read_bytes())
    document = run("export", "json", db=example_ledger)

    by_entry = {e["entry"]: e for e in json.loads(document.out)["events"]}
    assert said.status == 0
    assert len(rows) == len(by_entry) == 214
    for row in rows:
        told = by_entry[row["entry"]]
        event = kinds.plain(kinds.build(plain_of(row["kind"], row)))
        assert event == {name: value for name, value in told.items() if name in event}
        assert row["headline"] == told["headline"]
        assert str(UUID(row["entry"])) == row["entry"]


def test_lines_end_as_the_rfc_says(run, example_ledger, tmp_path):
    target = tmp_path / "events.csv"
    run("export", "csv", "--kind", "layoff", "-o", str(target), db=example_ledger)

    lines = target.read_bytes().split(b"\r\n")
    assert lines[-1] == b""
    assert lines[0].startswith(b"id,entry,kind,date,")


def test_disputes_ranks_and_later_sources_are_there_to_read(run, own_ledger, tmp_path):
    entry, why = "zuckerberg-on-open-source-gap", ("--because", "so it is")
    run("dispute", entry, "--by", "meta", "--stance", "denied", *why, db=own_ledger)
    run("rank", entry, "deprecated", *why, db=own_ledger)
    run("corroborate", entry, "--source", "bi-2025-05-26 §1", *why, db=own_ledger)
    target = tmp_path / "events.csv"
    run("export", "csv", "-o", str(target), db=own_ledger)

    (row,) = (r for r in read(target.read_bytes()) if r["id"] == entry)
    assert (row["disputes"], row["rank"], row["also_in"]) == (
        "Denied by Meta: so it is",
        "deprecated",
        "bi-2025-05-26 §1",
    )
    assert "bi-2025-05-26" not in row["sources"]


def test_answers_as_csv_follow_the_same_rule(run, tmp_path):
    path = f"{tmp_path}/a.db"
    with ledger_of(register("\uff1d1+1"), path):
        printed = run("search", "1+1", "--format", "csv", db=path).out

    assert "'\uff1d1+1" in printed
    assert ",\uff1d1+1" not in printed
