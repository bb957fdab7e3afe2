"""JSON Lines go out and come back: nothing is lost, nothing is recorded twice, every mistake has its place."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.about import Correction, Erasure
from tests.projections.histories import Scribe, histories
from tests.timeline.builders import completion, deal, layoff, org, source
from tests.timeline.telling import tell
from timeline.entries import entry_named
from timeline.exports.formats import Options
from timeline.exports.jsonl import export
from timeline.exports.selection import Selection
from timeline.imports.jsonlfile import LONGEST_LINE, open_document
from timeline.imports.places import BadFile
from timeline.imports.recording import Report, import_documents
from timeline.ledger import Ledger, following, new
from timeline.store import log

numbers = count()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.create(str(tmp_path / "fresh.db")) as made:
        yield made


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger with a source, two organizations, and a layoff that was corrected."""
    with Ledger.create(str(tmp_path / "told.db")) as made:
        cut = new(layoff(id="cut", count=600))
        made.record([new(org("meta")), new(org("fair")), new(source("bi"))], by="ada")
        made.record([cut], by="bob")
        made.record([following(cut.originator_id, 1, corrected(layoff(id="cut", count=700)))], by="ada")
        yield made


def corrected(event):
    return Correction(event=event, reason="a better source")


def exported(ledger: Ledger, wanted: Selection | None = None) -> bytes:
    out = BytesIO()
    with ledger.ask() as view:
        export(view, wanted or Selection(), out.write, Options())
    return out.getvalue()


def taken(ledger: Ledger, raw: bytes, **options) -> Report:
    return import_documents(ledger, [open_document(BytesIO(raw), "log.jsonl")], by="test", **options)


def content(ledger: Ledger) -> list[tuple[Any, ...]]:
    """The log without who and when."""
    with ledger.database.reading() as connection:
        return [(e.position, e.entry_id, e.version, e.kind, e.state) for e in log.read(connection)]


def left(ledger: Ledger) -> list[tuple[Any, ...]]:
    """The same without positions, without what was erased, and without what speaks of it and all that follows."""
    log = content(ledger)
    erased = {entry for _, entry, _, kind, _ in log if kind == "erasure"}
    cut = set(erased)
    found = []
    for _, entry, version, kind, state in log:
        if entry not in cut and any(str(e).encode() in state for e in erased):
            cut.add(entry)
        if entry not in cut:
            found.append((entry, version, kind, state))
    return found


def lines(raw: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in raw.splitlines()]


def raw_of(parts: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(part).encode() + b"\n" for part in parts)


def envelope(kind: str, **data) -> dict[str, Any]:
    """As another program might send it."""
    return {"specversion": "1.0", "id": "1", "source": "x", "type": f"timeline.{kind}", "data": data}


META = envelope("entity", id="meta", type="organization", name="Meta")


def refused(ledger: Ledger, raw: bytes) -> str:
    before = content(ledger)
    with pytest.raises(BadFile) as problem:
        taken(ledger, raw)
    assert content(ledger) == before
    return str(problem.value)


# -- round trips ------------------------------------------------------------------------------------------------------


@settings(max_examples=50, suppress_health_check=list(HealthCheck))
@given(history=histories(most=40))
def test_what_is_exported_comes_back_as_it_was(world, tmp_path, history):
    """Corrections, retractions of retractions, merges, ranks: the same entries, versions and bytes, in order."""
    with Ledger.open(str(world())) as first, Ledger.create(str(tmp_path / f"{next(numbers)}.db")) as second:
        tell(first, history, Scribe())
        taken(second, exported(first))

        assert [row[1:] for row in content(second)] == left(first)
        assert taken(second, exported(first)).batch is None


def test_the_same_holds_from_sqlite_to_postgresql_and_back(told, fresh, postgres_server):
    with postgres_server.borrowed() as url, Ledger.create(url) as between:
        taken(between, exported(told))
        taken(fresh, exported(between))

        assert content(fresh) == content(between) == content(told)


def test_an_envelope_is_a_cloudevent(told):
    """CloudEvents 1.0: required attributes, names of lower-case letters, a time in RFC 3339."""
    first = lines(exported(told))[0]

    assert {"specversion", "id", "source", "type"} <= first.keys()
    assert first["specversion"] == "1.0"
    assert all(name.isalnum() and name.islower() for name in first)
    assert first["time"].endswith("Z")


def test_a_selection_takes_along_what_it_needs(told, fresh):
    """The layoff alone would name an organization that nobody registered; the other one stays behind."""
    taken(fresh, exported(told, Selection(kinds=("layoff",))))

    assert [kind for _, _, _, kind, _ in content(fresh)] == ["entity", "layoff", "correction"]


def test_an_erased_event_is_told_without_content_and_passed_over(told, fresh):
    """Its line keeps the place, and there is nothing to bring back."""
    parts = lines(exported(told))
    del parts[1]["data"], parts[1]["datacontenttype"]

    taken(fresh, raw_of(parts))

    assert [kind for _, _, _, kind, _ in content(fresh)] == ["entity", "source", "layoff", "correction"]


@pytest.fixture
def sold(tmp_path: Path) -> Iterator[Ledger]:
    """A ledger with a deal, and that it was completed."""
    with Ledger.create(str(tmp_path / "sold.db")) as made:
        sale = new(deal(id="sale"))
        made.record([new(org("meta")), sale, new(completion(sale.originator_id))])
        yield made


SALE = entry_named("event", "sale")


def test_what_speaks_of_an_erased_entry_stays_behind_with_it(sold, fresh):
    """The completion of a deal that nobody may know of: no mistake of the file, and it is counted."""
    sold.record([following(SALE, 1, Erasure(ground="GDPR Art. 17"))])

    report = taken(fresh, exported(sold))

    assert [kind for _, _, _, kind, _ in content(fresh)] == ["entity"]
    assert (report.count("new"), report.left_out, report.mistakes) == (1, 1, [])


def test_an_import_erases_nothing_and_says_what_it_might(sold, fresh):
    """The copy was taken before the erasure: to erase is for somebody to decide, who knows the ground."""
    taken(fresh, exported(sold))
    sold.record([following(SALE, 1, Erasure(ground="GDPR Art. 17"))])
    before = content(fresh)
    document = open_document(BytesIO(exported(sold)), "log.jsonl")

    import_documents(fresh, [document])

    assert content(fresh) == before
    with fresh.ask() as view:
        assert list(document.notes(view)) == [
            "log.jsonl: 1 entry erased where it comes from, passed over.",
            f"1 of them still in this ledger: {SALE}. See `timeline erase`.",
        ]


def test_a_file_from_before_an_erasure_does_not_bring_it_back(sold):
    raw = exported(sold)
    sold.record([following(SALE, 1, Erasure(ground="GDPR Art. 17"))])

    report = taken(sold, raw)

    assert (report.count("erased"), report.batch) == (1, None)


# -- again, and after more was told -----------------------------------------------------------------------------------


def test_a_longer_file_goes_on_where_the_ledger_stands(told, fresh):
    raw = exported(told)
    taken(fresh, b"\n".join(raw.splitlines()[:-1]))

    report = taken(fresh, raw)

    assert (report.count("unchanged"), report.count("new")) == (4, 1)
    assert content(fresh) == content(told)


def test_a_changed_first_version_is_a_correction(told, fresh):
    """Somebody edited the number of jobs in the file."""
    parts = lines(exported(told))[:4]
    taken(fresh, raw_of(parts))
    parts[3]["data"]["count"] = 650

    report = taken(fresh, raw_of(parts))

    assert report.count("corrected") == 1
    assert json.loads(content(fresh)[-1][4])["event"]["count"] == 650


def test_a_file_that_went_another_way_is_refused(told):
    """The ledger and the file both have a version 2 of the layoff, and they differ."""
    parts = lines(exported(told))
    parts[-1]["data"]["reason"] = "another reason"

    message = refused(told, raw_of(parts))

    assert message.startswith("log.jsonl:5:1: error: the ledger has another version 2 of")


# -- mistakes ---------------------------------------------------------------------------------------------------------


def test_every_mistake_has_its_line_and_its_column(fresh):
    """A broken line, an unknown kind, a bad date, an unknown id: all are told, and nothing is recorded."""
    parts = [
        META,
        envelope("layof"),
        envelope("layoff", organization="meta", date="early 2023"),
        envelope("layoff", organization="mata", date="2023"),
    ]

    message = refused(fresh, raw_of(parts) + b"{not json\n")

    assert "log.jsonl:2:58: error: there is no kind 'timeline.layof'" in message
    assert "did you mean timeline.layoff?" in message
    assert "log.jsonl:3:118: error: 'early 2023' is not an EDTF date" in message
    assert "log.jsonl:4:102: error: no entity is registered as 'mata'" in message
    assert "log.jsonl:5:1: error: this is no CloudEvent" in message
    assert message.endswith("4 errors, 1 good. Nothing was recorded. (--keep-going records the 1)")


def test_keep_going_records_what_is_good(fresh):
    bad = [envelope("entity", id="X", type="organization", name="X")]
    bad += [envelope("layoff", organization="mata", date="2023")]

    report = taken(fresh, raw_of([META, *bad]), keep_going=True)

    assert (report.count("new"), len(report.mistakes)) == (1, 2)


def test_what_follows_a_left_out_event_in_its_stream_is_left_out_too(told, fresh):
    """The layoff names an organization that the file does not register; its correction cannot stand alone."""
    parts = [p for p in lines(exported(told)) if p["data"].get("id") != "meta"]

    report = taken(fresh, raw_of(parts), keep_going=True)

    assert [kind for _, _, _, kind, _ in content(fresh)] == ["entity", "source"]
    assert [m.place.line for m in report.mistakes] == [3, 4]


def test_a_gap_in_the_versions_is_told(told, fresh):
    parts = [p for p in lines(exported(told)) if p["type"] != "timeline.layoff"]

    message = refused(fresh, raw_of(parts))

    assert "version 2 of" in message
    assert "comes where version 1 should" in message


def test_a_line_without_an_entry_has_one_by_its_own_id(fresh):
    """What another program sends needs no entry; sent again, it is the same."""
    cut = {**envelope("layoff", organization="meta", date="2023"), "id": "7"}

    taken(fresh, raw_of([META, cut]))
    again = taken(fresh, raw_of([META, cut]))

    assert again.count("unchanged") == 2


@pytest.mark.parametrize(
    "line",
    [b"[" * 100_000, b'{"specversion":"1.0"', b"\xff\xfe", b"null", b"1e999", b'"x"', b'{"specversion":1}', b"\x00"],
)
def test_hostile_lines_are_told_as_mistakes(fresh, line):
    assert "log.jsonl:1:" in refused(fresh, line + b"\n")


def test_deep_data_is_told_as_a_mistake(fresh):
    part = b'{"specversion":"1.0","id":"1","source":"x","type":"timeline.entity","data":' + b'{"a":' * 50_000

    assert "log.jsonl:1:" in refused(fresh, part + b"1" + b"}" * 50_001)


def test_a_line_longer_than_any_event_is_passed_over_unread(fresh):
    """Its length is what is wrong with it; the line after it is read."""
    message = refused(fresh, b"x" * (3 * LONGEST_LINE) + b"\n{}\n")

    assert "log.jsonl:1:1: error: the line is longer than 4 MB" in message
    assert "log.jsonl:2:1: error: this is no CloudEvent" in message


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(noise=st.lists(st.binary(max_size=40) | st.text(max_size=40).map(str.encode), max_size=5))
def test_noise_never_ends_in_anything_but_a_message(fresh, noise):
    with (
        pytest.raises(BadFile)
        if any(n.strip() for part in noise for n in part.split(b"\n"))
        else pytest.raises(AssertionError)
    ):
        taken(fresh, b"\n".join(noise))
        raise AssertionError


def test_a_line_of_nothing_but_brackets_is_told_at_its_data(fresh):
    raw = b'{"specversion":"1.0","id":"a","source":"x","type":"timeline.entity","data":' + b"[" * 100_000 + b"}\n"

    with pytest.raises(BadFile, match=r"log\.jsonl:1:76: error: this is nested too deep"):
        taken(fresh, raw)
