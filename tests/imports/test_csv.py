"""CSV: a table goes out and comes back; one written by hand needs a few columns; every mistake has its cell."""

from __future__ import annotations

import csv
import tracemalloc
from io import BytesIO, StringIO
from itertools import count
from uuid import UUID

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from events import kinds
from events.about import Retraction
from events.base import Event, Happening
from events.deals import Deal
from events.register import Entity, Source
from projections.facts import first_said, in_force, resolved
from projections.merges import follow
from tests.exports.exported import export, hostile, ledger_of, register, texts
from tests.imports.taking import events, plain, positions, refused, taken, tried
from tests.projections.histories import Scribe, histories
from tests.timeline.builders import layoff, org, person
from tests.timeline.telling import tell
from timeline.entries import entry_named
from timeline.imports.csvfile import open_document
from timeline.ledger import Ledger, following, new
from timeline.state.projector import versions
from timeline.store import log

numbers = count()


@pytest.fixture
def told(fresh):
    """A ledger that knows Ada, Bob and two organizations."""
    fresh.record([new(e) for e in (person("ada"), person("bob"), org("meta"), org("fair"))], by="ada")
    return fresh


def table(*rows: str) -> bytes:
    return "\r\n".join([*rows, ""]).encode()


HAND = "kind,person,organization,date"
ARRIVAL = "arrival,ada,meta,2020-05"


def in_ledger(ledger: Ledger) -> dict[str, Event]:
    """What is in force, by entry."""
    with ledger.database.reading() as connection:
        entries = list(dict.fromkeys(e.entry_id for e in log.read(connection)))
        streams = {e: versions(s) for e, s in log.streams(connection, entries).items()}
    return {str(e): f.event for e, s in streams.items() if (f := in_force(e, s)) is not None}


# -- round trips ------------------------------------------------------------------------------------------------------


def comes_back(first: Ledger, second: Ledger) -> None:
    """An export changes nothing where it came from, and says the same in a ledger that knows who is meant."""
    raw, _ = export(first, "csv")
    assert taken(first, "csv", raw).batch is None

    held = in_ledger(first)
    with first.ask() as view:
        merged = view.directory.merged
    known = [new(e) for e in held.values() if isinstance(e, Entity | Source)]
    if known:
        second.record(known, by="test")
    report = taken(second, "csv", raw, keep_going=True)
    # Of moves whose dates leave their order open, the one that was recorded first goes first; a table has no such order
    assume(not any("in a circle" in mistake.message for mistake in report.mistakes))
    found = in_ledger(second)
    assert {e: found[e] for e in found if isinstance(found[e], Happening)} == {
        e: _without_withdrawn(event, held)
        for e, event in held.items()
        if isinstance(event, Happening) and _stands_alone(event, held) and _still_says_something(event, merged)
    }


def _stands_alone(event: Event, held: dict[str, Event]) -> bool:
    """Whether the deal that an event names is in force, and so in the table, still as a deal; so of what it follows."""
    deal = getattr(event, "deal", None)
    named = [held[str(n)] for n in getattr(event, "derived_from", ()) if str(n) in held]
    return (deal is None or isinstance(held.get(str(deal)), Deal)) and all(_stands_alone(n, held) for n in named)


def _still_says_something(event: Event, merged: dict[str, str]) -> bool:
    """Whether it is no move of a unit under the very organization that it was merged into, which no table holds."""
    return resolved(first_said(UUID(int=0), 1, event), lambda given: follow(given, merged)) is not None


def _without_withdrawn(event: Happening, held: dict[str, Event]) -> Happening:
    """The event with those entries that it follows from and that are in the table."""
    return replace(event, derived_from=tuple(n for n in event.derived_from if str(n) in held))


@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(history=histories(most=30))
def test_what_is_exported_comes_back(world, tmp_path, history):
    with Ledger.open(str(world())) as first, Ledger.create(str(tmp_path / f"{next(numbers)}.db")) as second:
        tell(first, history, Scribe())
        comes_back(first, second)


@settings(max_examples=15, suppress_health_check=list(HealthCheck))
@given(line=texts(one_line=True), text=texts())
def test_hostile_texts_come_back(line, text):
    with ledger_of([*register("A"), *hostile(line, text)]) as first, ledger_of([]) as second:
        comes_back(first, second)


def test_what_follows_from_a_withdrawn_entry_comes_back_without_it(fresh):
    """The entry has no row; where it stands in the log, nothing is corrected for that."""
    whole, half = new(layoff("acme", id="whole")), new(layoff("acme", id="half"))
    guess = layoff("acme", id="guess", derived_from=(whole.originator_id, half.originator_id))
    with ledger_of([org("acme")]) as ledger:
        ledger.record([whole, half, new(guess)], by="test")
        ledger.record([following(whole.originator_id, 1, Retraction(reason="no"))], by="test")
        raw, said = export(ledger, "csv")
        again = taken(ledger, "csv", raw)
    fresh.record([new(org("acme"))], by="test")

    taken(fresh, "csv", raw)

    assert said.dropped == ("1 reference to what was withdrawn, in derived_from",)
    assert (again.batch, again.count("unchanged")) == (None, 2)
    assert plain(fresh, "layoff")["guess"]["derived_from"] == [str(half.originator_id)]


def test_a_file_that_follows_from_less_of_what_stands_is_a_correction(fresh):
    half = new(layoff("acme", id="half"))
    guess = layoff("acme", id="guess", derived_from=(half.originator_id,))
    fresh.record([new(org("acme")), half, new(guess)], by="test")

    report = taken(fresh, "csv", table("kind,id,organization,date", "layoff,guess,acme,2025"))

    assert report.count("corrected") == 1


def test_the_example_comes_back_and_changes_nothing(run, own_ledger, tmp_path):
    target = tmp_path / "events.csv"
    run("export", "csv", "-o", str(target), db=own_ledger)

    again = run("import", str(target), db=own_ledger)

    assert (again.status, again.err.strip()) == (0, "Nothing to record: 0 new, 214 unchanged.")


def test_a_cell_that_somebody_changed_is_a_correction(told):
    told.record([new(layoff("meta", "2023", id="cut", count=600))], by="ada")
    raw, _ = export(told, "csv")

    report = taken(told, "csv", raw.replace(b",600,", b",700,"))

    assert report.count("corrected") == 1
    assert plain(told, "layoff")["cut"]["count"] == 700


def test_an_event_that_was_corrected_is_the_same_again(told):
    first = new(layoff("meta", "2023", id="cut", count=600))
    told.record([first], by="ada")
    changed = kinds.build(
        {"kind": "correction", "event": kinds.plain(layoff("meta", "2023", id="cut", count=7)), "reason": "x"}
    )
    told.record([following(first.originator_id, 1, changed)], by="ada")

    assert taken(told, "csv", export(told, "csv")[0]).batch is None


def test_a_row_that_is_gone_is_pruned(told):
    both = "kind,id,organization,date", "layoff,one,meta,2020", "layoff,two,meta,2021"
    taken(told, "csv", table(*both))

    report = taken(told, "csv", table(*both[:2]), prune=True)

    assert [kinds.plain(p.event)["id"] for p in report.pruned] == ["two"]


# -- by hand ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "raw",
    [
        table(HAND, ARRIVAL),
        table(HAND, ARRIVAL).replace(b"\r\n", b"\n"),
        table(HAND, ARRIVAL).rstrip(),
        b"\xef\xbb\xbf" + table(HAND, ARRIVAL),
        table(HAND, ARRIVAL).replace(b",", b";"),
        table(HAND, ARRIVAL).replace(b",", b"\t"),
        table('"kind","person","organization","date"', '"arrival","ada","meta","2020-05"'),
        table(" kind , person,organization,date", "", ARRIVAL, ""),
        table(f"headline,{HAND},rank", f"Ada came,{ARRIVAL},preferred"),
    ],
)
def test_a_few_columns_will_do(told, raw):
    """Any of three delimiters, with or without a byte order mark, and what an export adds for readers."""
    report = taken(told, "csv", raw)

    (found,) = plain(told, "arrival").values()
    assert found == {"kind": "arrival", "person": "ada", "organization": "meta", "date": "2020-05"}
    assert report.count("new") == 1
    assert taken(told, "csv", raw).count("unchanged") == 1


def test_rows_without_an_id_are_known_by_what_they_say(told):
    """Twice the same is once; another date is another event, not a correction."""
    other = ARRIVAL.replace("2020", "2021")

    taken(told, "csv", table(HAND, ARRIVAL, ARRIVAL, other))

    assert len(plain(told, "arrival")) == 2
    assert taken(told, "csv", table(HAND, other, ARRIVAL)).batch is None


def test_an_id_makes_a_changed_row_a_correction(told):
    taken(told, "csv", table(f"{HAND},id", f"{ARRIVAL},ada-came"))

    report = taken(told, "csv", table(f"{HAND},id", f"{ARRIVAL.replace('2020', '2021')},ada-came"))

    assert report.count("corrected") == 1


def test_rows_may_register_whom_later_rows_name(fresh):
    rows = (
        "kind,id,type,name,title,URL,identifiers,person,organization,date,sources",
        "arrival,,,,,,,ada,meta,2020,news §4",
        "entity,ada,person,Ada Smith,,,wikidata:Q7259,,,,",
        "entity,meta,organization,Meta,,,,,,,",
        "source,news,webpage,,The news,https://example.org,,,,,",
    )

    taken(fresh, "csv", table(*rows))

    assert plain(fresh, "entity")["ada"]["identifiers"] == [{"scheme": "wikidata", "identifier": "Q7259"}]
    (arrival,) = plain(fresh, "arrival").values()
    assert arrival["sources"] == [{"source": "news", "locator": "§4"}]
    assert plain(fresh, "source")["news"]["URL"] == "https://example.org"


def test_lines_and_quotes_within_a_cell_are_kept(told):
    taken(told, "csv", table(f"{HAND},note", f'{ARRIVAL},"one\n""two"", \n=three"'))

    (found,) = plain(told, "arrival").values()
    assert found["note"] == 'one\n"two", \n=three'


def test_the_entry_that_an_export_names_is_kept(told):
    entry = "0b9d1d1e-6d0c-4c1e-9d0e-0d5b5a7a9a11"

    taken(told, "csv", table(f"{HAND},entry", f"{ARRIVAL},{entry}"))

    assert entry in in_ledger(told)


# -- mistakes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "message", "advice"),
    [
        ("arival,ada,meta,2020,,", "2:1: error: there is no kind 'arival'", "did you mean arrival?"),
        (",ada,meta,2020,,", "2:1: error: the row does not say what happened", "write a kind"),
        ("dispute,ada,meta,2020,,", "2:1: error: dispute is about another entry", "YAML"),
        ("arrival,adda,meta,2020,,", "2:9: error: no entity is registered as 'adda'", "did you mean 'ada'?"),
        ("arrival,meta,meta,2020,,", "2:9: error: 'meta' is an organization, and here stands a person", ""),
        ("arrival,Ada,meta,2020,,", "2:9: error: 'Ada' is no id", "write ada"),
        ("arrival,,meta,2020,,", "2:9: error: arrival needs person", "fill the column person"),
        ("arrival,ada,meta,early 2020,,", "2:18: error: 'early 2020' is not an EDTF date", "write 2020-37"),
        ("arrival,ada,meta,,,", "2:18: error: arrival needs date", "fill the column date"),
        ("layoff,,meta,2020,many,", "2:19: error: 'many' stands where a whole number is expected", ""),
        ("layoff,ada,meta,2020,,", "2:8: error: layoff has no person", "leave the cell empty"),
        ("arrival,ada,meta,2020,,x", "2:24: error: 'x' is no UUID of an entry", "leave the cell empty"),
        ("arrival,ada,meta,2020,,,more", "2:25: error: the row has 7 cells and the header 6", "quotes"),
        ("arrival,ada,meta", "2:1: error: the row has 3 cells and the header 6", "quotes"),
        ('arrival,"ada"x,meta,2020,,', "2:1: error: this row cannot be read", "doubled"),
        ('arrival,"ada,meta,2020,,', "2:1: error: this row cannot be read: unexpected end of data", "doubled"),
        ("arrival,a\0da,meta,2020,,", "2:9: error: 'a\\x00da' is no id", ""),
    ],
)
def test_a_mistake_is_told_at_its_cell(told, row, message, advice):
    shown = refused(told, "csv", table("kind,person,organization,date,count,entry", row))

    assert shown.startswith(f"file.csv:{message}")
    assert advice in "".join(shown.splitlines()[2:3])


def test_a_mistake_behind_a_cell_of_several_lines_has_its_own_line(told):
    rows = f"note,{HAND}", '"one\ntwo, three\n",arrival,ada,meta,2020', '"one\ntwo",arrival,adda,meta,2020'

    shown = refused(told, "csv", table(*rows))

    assert "file.csv:6:14: error: no entity is registered as 'adda'\n    6 | two\",arrival,adda,meta,2020" in shown


def test_good_rows_go_in_and_bad_ones_are_told(told):
    rows = (HAND, ARRIVAL, 'arrival,"ada"x,meta,2020', "arrival,bob,meta,soon", "arrival,bob,fair,2020")

    report = taken(told, "csv", table(*rows), keep_going=True)

    assert [m.place.line for m in report.mistakes] == [3, 4]
    assert len(plain(told, "arrival")) == 2


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("", "1:1: error: no column is called 'kind'"),
        ("person,date", "1:1: error: no column is called 'kind'"),
        ("kind,persn,date", "1:6: error: unknown column 'persn'"),
        ("kind,person,person", "1:13: error: the column 'person' stands twice"),
        ("kind,,date", "1:6: error: unknown column ''"),
        ('kind,"person', "1:1: error: this is no table: unexpected end of data"),
        ("kind" + ",x" * 2000, "1:1: error: this is no table: there are 2,001 columns"),
        ("kind\rarrival\r", "1:1: error: this is no table: new-line character seen in unquoted field"),
    ],
)
def test_a_bad_header_ends_the_reading(told, header, message):
    assert message in refused(told, "csv", header.encode())


def test_an_unknown_column_is_told_with_one_that_may_be_meant(told):
    assert "did you mean organization?" in refused(told, "csv", table("kind,organisation,date", "layoff,meta,2020"))


def test_other_encodings_are_told(told):
    assert "save the file as CSV in UTF-8" in refused(told, "csv", table(HAND, ARRIVAL).decode().encode("utf-16"))
    latin = table(f"{HAND},note", f"{ARRIVAL},caf\u00e9").decode().encode("latin-1")
    assert "file.csv:2:26: error: byte 0xE9 is not UTF-8 text" in refused(told, "csv", latin)


def test_a_quote_that_is_never_closed_does_not_swallow_memory(told):
    raw = table(HAND, ARRIVAL, '"arrival') + b"x,y,z\r\n" * 400_000

    assert "file.csv:3:1: error: a cell is longer than 1,048,576 characters" in refused(told, "csv", raw)


def test_cells_of_json_are_no_harm(told):
    rows = [f"deal,2020,acquisition,{cell}" for cell in ("[" * 90_000, '"[{""entity"":"', "[1]", "{}")]

    shown = refused(told, "csv", table("kind,date,type,parties", *rows))

    assert shown.count("error:") == 4


GOOD = table(
    "id,entry,kind,date,sources,person,organization,count,present,parties,type,attributes,note",
    "a,,arrival,2020,,ada,meta,,,,,,\"two\nlines\"",
    ",0b9d1d1e-6d0c-4c1e-9d0e-0d5b5a7a9a11,layoff,2020,,,meta,600,,,,,'=1+1",
    ",,deal,2021,,,,,,meta:acquirer; fair,acquisition,,",
    ",,sighting,2021,,ada,meta,,false,,,,",
)  # fmt: skip


@settings(max_examples=200, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_damaged_table_never_ends_in_anything_but_a_message(told, data):
    raw = bytearray(GOOD)
    marks = [
        b",",
        b";",
        b'"',
        b'""',
        b"\r\n",
        b"\n",
        b"\r",
        b"\0",
        b"[",
        b"{",
        b"'",
        b"=",
        b"\xff",
        b"\xef\xbb\xbf",
        b"9" * 5000,
    ]
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 12))] = data.draw(st.sampled_from(marks) | st.binary(max_size=4))

    tried(told, "csv", bytes(raw))


@settings(max_examples=200, suppress_health_check=list(HealthCheck))
@given(
    cells=st.lists(
        st.lists(st.text(max_size=6) | st.sampled_from(["arrival", "ada", "2020", "[", "{}"]), max_size=6), max_size=4
    )
)
def test_any_cells_never_end_in_anything_but_a_message(told, cells):
    out = StringIO(newline="")
    csv.writer(out).writerows([HAND.split(","), *cells])

    tried(told, "csv", out.getvalue().encode("utf-8", "surrogatepass"))


def test_every_cell_is_found_again_where_it_stands():
    """Also far into a long file, behind cells of several lines."""
    rows = [f'layoff,"note {n}\nand, more",meta,{n}' for n in range(1000)]
    document = open_document(BytesIO(table("kind,note,organization,count", *rows)), "file.csv")
    list(document.read())

    for n in (0, 1, 99, 100, 101, 555, 999):
        place = document._table.place(document._table.row(n), 3)
        assert document.line(place.line) == f'and, more",meta,{n}'
        assert (place.line, place.column) == (3 + 2 * n, 17)


def test_memory_stays_flat():
    def peak(rows: int) -> int:
        raw = BytesIO(table(HAND, *(f"arrival,person-{n},meta,2020" for n in range(rows))))
        document = open_document(raw, "file.csv")
        tracemalloc.start()
        assert sum(1 for _ in document.read()) == rows
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    assert peak(20_000) < 1.5 * peak(5_000) + 100_000


def test_ids_of_rows_follow_from_their_entry(told):
    taken(told, "csv", table(f"{HAND},id", f"{ARRIVAL},ada-came"))

    assert str(entry_named("event", "ada-came")) in in_ledger(told)
    assert positions(told) == 5
    assert "ada-came" in events(told)


def test_a_cell_without_an_end_is_told_with_its_column(told):
    message = refused(
        told, "csv", table("kind,id,type,name", "entity,eve,person,Eve", f'entity,x,person,"{"x" * 2**20}x')
    )

    assert "file.csv:3:17: error: a cell is longer than 1,048,576 characters" in message


def test_a_cell_of_nothing_but_brackets_is_told_with_its_column(told):
    message = refused(told, "csv", table("kind,id,type,name,other_names", f"entity,eve,person,Eve,{'[' * 50_000}"))

    assert "file.csv:2:23: error: this is nested too deep" in message
