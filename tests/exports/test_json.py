"""JSON: one document that stands on its own."""

import base64
import json
from decimal import Decimal

from hypothesis import given, settings

from events import kinds
from events.about import Dispute
from events.dates import parse
from events.register import Merge, Source
from events.said import Figure
from tests.exports.exported import export, hostile, ledger_of, register, texts
from tests.timeline.builders import layoff, org
from timeline.columns import HAPPENINGS, columns_of
from timeline.exports.jsonfile import About
from timeline.exports.selection import Selection
from timeline.ledger import new
from timeline.store.mapper import EntryEvent


def test_everything_that_an_event_names_is_told(run, example_ledger):
    document = json.loads(run("export", "json", db=example_ledger).out)

    assert list(document) == ["as_of", "known_at", "position", "root", "events", "entities", "sources"]
    assert (document["as_of"], document["position"]) == (None, 310)
    assert len(base64.b64decode(document["root"])) == 32
    for told in document["events"]:
        event = kinds.build({name: v for name, v in told.items() if name not in About.__struct_fields__})
        for _, given_id, types in kinds.mentions(event):
            assert given_id in document["sources" if types == ("source",) else "entities"]
    assert document["entities"]["fair"]["name"] == "FAIR"
    assert document["sources"]["bi-2025-05-26"]["publisher"] == "Business Insider"


def test_no_field_of_a_kind_is_lost_to_what_is_said_besides():
    fields = {name for kind in HAPPENINGS for name in columns_of(kind)} | {"kind"}

    assert not fields & set(About.__struct_fields__)


def test_only_what_the_selected_events_name_is_told(run, example_ledger):
    document = json.loads(run("export", "json", "--kind", "deal", db=example_ledger).out)

    assert {e["kind"] for e in document["events"]} == {"deal"}
    assert "blue-owl-capital" in document["entities"]
    assert "guillaume-lample" not in document["entities"]


def test_an_empty_ledger_is_a_document_too():
    with ledger_of([]) as ledger:
        written, said = export(ledger, "json")

    document = json.loads(written)
    assert (document["events"], document["entities"], document["sources"]) == ([], {}, {})
    assert (document["known_at"], said.number) == (None, 0)


def test_a_number_keeps_all_its_digits():
    exact = Decimal("0.1234567890123456789")
    event = Figure(subject="meta", metric="share", value=exact, date=parse("2025"))
    with ledger_of([org("meta"), event]) as ledger:
        written, _ = export(ledger, "json")

    assert b'"value":0.1234567890123456789' in written


def test_an_id_that_was_given_up_tells_what_it_stands_for():
    with ledger_of(
        [org("meta"), org("facebook"), Merge(duplicate="facebook", into="meta"), layoff("facebook")]
    ) as ledger:
        written, _ = export(ledger, "json")

    assert json.loads(written)["entities"]["facebook"]["id"] == "meta"


def test_who_disputes_an_event_and_when_it_was_recorded_is_told():
    with ledger_of([Source(id="post"), org("meta")]) as ledger:
        recorded = new(layoff())
        ledger.record([recorded], by="ada")
        dispute = Dispute(by="meta", stance="denied", reason="no")
        ledger.record([EntryEvent(recorded.originator_id, 2, dispute)], by="bob")
        (event,) = json.loads(export(ledger, "json")[0])["events"]

    assert (event["version"], event["disputed"], event["disputes"]) == (2, True, ["Denied by Meta: no"])
    assert event["recorded_at"] < event["last_recorded_at"]


def test_what_was_not_published_by_a_day_is_left_out(run, example_ledger):
    """The Business Insider article is of May 2025; ifanr's came in December."""
    document = json.loads(run("export", "json", "--reported-by", "2025-06", db=example_ledger).out)

    cited = {c["source"] for e in document["events"] for c in (*e["sources"], *e["also_in"])}
    assert "bi-2025-05-26" in cited
    assert "ifanr-2025-12" not in cited
    assert "ifanr-2025-12" not in document["sources"]


@given(texts(one_line=True), texts())
@settings(max_examples=10)
def test_hostile_text_comes_back(line, text):
    events = hostile(line, text)
    with ledger_of([*register(line), *events]) as ledger:
        written, _ = export(ledger, "json", Selection())

    found = json.loads(written)["events"]
    assert {e["note"] for e in found if "note" in e} == ({text} if text else set())
    assert [e["attributes"] for e in found if "attributes" in e] == [{line: line, "k": line}]
