"""Recording over HTTP: by the rules of the command line, once, whole or not at all."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events import kinds
from tests.cli.conftest import Run
from tests.projections.histories import happening
from tests.serving.conftest import serving
from tests.serving.tokens import bearing, made, writing
from tests.timeline.builders import layoff, org, source
from tests.timeline.builders import rows as rows_of
from tests.timeline.telling import begin
from timeline import tokens
from timeline.entries import entry_named
from timeline.errors import StoreError
from timeline.exports.formats import Options, exporter
from timeline.exports.selection import Selection
from timeline.imports.jsonlfile import open_document
from timeline.imports.places import BadFile
from timeline.imports.recording import import_documents
from timeline.ledger import Ledger, new
from timeline.serving import bodies, importing, repeated, sent
from timeline.serving import writing as module
from timeline.serving.openapi import document
from timeline.serving.openapi_writing import EXAMPLES, WHEN
from timeline.serving.problems import Unrecordable
from timeline.store import log

CUT = {"kind": "layoff", "id": "cut", "organization": "acme", "date": "2025-10"}
CUT_ENTRY = str(entry_named("event", "cut"))


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    """A ledger with a company in it, on SQLite and on PostgreSQL."""
    with Ledger.create(database_url) as made_here:
        made_here.record([new(org("acme")), new(org("beta")), new(source("post"))], by="test")
        yield made_here


@pytest.fixture
def client(ledger: Ledger, database_url: str) -> Iterator[httpx.Client]:
    """A client that may do everything."""
    with writing(database_url) as made_here:
        yield made_here


def head(ledger: Ledger) -> int:
    with ledger.database.reading() as connection:
        return log.head_position(connection)


def told(ledger: Ledger, after: int = 3) -> list[tuple[str, bytes | None, str]]:
    """What the log holds after a position: kind, content, who recorded."""
    with ledger.database.reading() as connection:
        found = [log.batch_of(connection, n) for n in range(after + 1, log.head_position(connection) + 1)]
        return [(e.kind, e.state, e.recorded_by) for batch in found for e in batch]


# -- events -----------------------------------------------------------------------------------------------------------


def test_an_event_is_recorded_under_the_name_of_the_token(ledger, client):
    answer = client.post("/api/events", json=CUT)

    assert answer.status_code == 201
    got = answer.json()
    assert (got["position"], got["batch"], got["version"], got["recorded_by"]) == (4, 4, 1, "ada")
    assert got["items"] == [{"entry": CUT_ENTRY, "version": 1, "kind": "layoff", "position": 4}]
    assert (answer.headers["location"], answer.headers["etag"]) == (f"/events/{CUT_ENTRY}.json", '"1"')
    found = client.get(answer.headers["location"], follow_redirects=True).json()
    assert (found["position"], found["root"]) == (4, got["root"])
    assert found["items"][0]["versions"][0]["recorded_by"] == "ada"
    assert told(ledger)[0][1:] == (kinds.encode(layoff("acme", "2025-10", id="cut")), "ada")


def test_a_list_is_one_batch(ledger, client):
    """An event may name what another one of the list registers."""
    answer = client.post(
        "/api/events", json=[{"kind": "entity", "id": "gamma", "type": "organization", "name": "Gamma"}, CUT]
    )

    got = answer.json()
    assert (answer.status_code, got["batch"], got["entry"], got["version"]) == (201, 5, None, None)
    assert [i["position"] for i in got["items"]] == [4, 5]
    assert client.get(answer.headers["location"]).json()["items"][-1]["position"] == 5


def test_every_mistake_is_told_with_its_place_and_nothing_is_recorded(ledger, client):
    events = [
        CUT,
        {"kind": "layoff", "organisation": "acme", "date": "2025-xx"},
        {"kind": "layof"},
        "layoff",
        {"kind": "layoff", "organization": "acme", "date": "2025", "sources": [{"source": "post", "locator": 3}]},
        {"kind": "retraction"},
        {"organization": "acme"},
        {"kind": "entity", "id": "A b", "type": "organization", "name": "x"},
    ]

    refused = client.post("/api/events", json=events)

    assert (refused.status_code, refused.json()["type"]) == (422, "/api#data")
    assert [(e.get("pointer"), e["detail"]) for e in refused.json()["errors"]] == [
        ("/1/organisation", "a layoff has no field 'organisation'"),
        ("/1/date", "'2025-xx' is not an EDTF date: its letters are capitals: X Y E S T Z"),
        ("/1", "a layoff needs organization"),
        ("/2/kind", "no event of the kind 'layof' can be sent here"),
        ("/3", "an event is an object: its kind, and the fields of that"),
        ("/4/sources/0/locator", "this stands where a text is expected"),
        ("/5/kind", "no event of the kind 'retraction' can be sent here"),
        ("/6", "it does not say its kind"),
        ("/7/id", "'A b' is no id"),
    ]
    assert refused.json()["errors"][1]["help"] == "write 2025-XX"
    assert "/api/events/ENTRY/retraction" in refused.json()["errors"][6]["help"]
    assert head(ledger) == 3


def test_unknown_ids_are_told_with_what_may_be_meant(ledger, client):
    event = {"kind": "layoff", "organization": "acmee", "date": "2025", "sources": [{"source": "pots"}]}

    one, several = client.post("/api/events", json=event), client.post("/api/events", json=[CUT, event])

    assert (one.status_code, several.status_code) == (422, 422)
    assert one.json()["errors"] == [
        {"pointer": "/organization", "detail": "no entity is registered as 'acmee'", "help": "did you mean 'acme'?"},
        {"pointer": "/sources/0/source", "detail": "no source is registered as 'pots'", "help": "did you mean 'post'?"},
    ]
    assert several.json()["errors"][0]["pointer"] == "/1/organization"
    assert head(ledger) == 3


def test_what_is_recorded_already_is_a_conflict(ledger, client):
    client.post("/api/events", json=CUT)

    refused = client.post("/api/events", json=CUT)

    assert (refused.status_code, refused.json()["type"]) == (409, "/api#conflict")
    assert "cut is recorded already" in refused.json()["detail"]


@pytest.mark.parametrize("kind", ["correction", "retraction", "dispute", "ranking", "corroboration", "erasure"])
def test_what_begins_no_entry_is_sent_elsewhere(kind):
    with pytest.raises(Unrecordable):
        sent.new_event({"kind": kind, "reason": "x"})


def test_a_kind_with_the_old_name_of_its_key_cannot_be_sent():
    """Who signs the log is nothing that a program says over HTTP."""
    assert "key-rotation" not in sent.NEW
    with pytest.raises(Unrecordable):
        sent.event_about("correction", {"event": {"kind": "key-rotation"}, "reason": "x"})


# -- changes ----------------------------------------------------------------------------------------------------------

CHANGING: dict[str, dict[str, Any]] = {
    "correction": {"event": {**CUT, "date": "2025-11"}, "reason": "the paper corrected it"},
    "retraction": {"reason": "another company"},
    "dispute": {"by": "acme", "stance": "denied", "reason": "said so", "sources": [{"source": "post"}]},
    "ranking": {"rank": "preferred", "reason": "the filing"},
    "corroboration": {"citation": {"source": "post", "locator": "§2"}, "reason": "the same"},
}


@pytest.mark.parametrize(("kind", "body"), CHANGING.items())
@pytest.mark.parametrize("called", ["cut", CUT_ENTRY, CUT_ENTRY[:8]])
def test_an_entry_is_changed_by_its_id_or_its_uuid(tmp_path, kind, body, called):
    path = tmp_path / "a.db"
    with Ledger.create(str(path)) as ledger:
        ledger.record([new(org("acme")), new(source("post")), new(layoff("acme", "2025-10", id="cut"))])
        with writing(path) as client:
            answer = client.post(f"/api/events/{called}/{kind}", json=body)

        assert answer.status_code == 201, answer.text
        assert (answer.json()["entry"], answer.json()["version"]) == (CUT_ENTRY, 2)
        assert answer.headers["etag"] == '"2"'
        assert told(ledger)[0] == (kind, kinds.encode(sent.event_about(kind, body)), "ada")


def test_a_change_is_as_on_the_command_line(tmp_path, run: Run):
    """The same refusals in the same words; what differs is only how an option is called."""
    path = tmp_path / "a.db"
    because = ("--because", "so")
    with Ledger.create(str(path)) as ledger:
        ledger.record([new(org("acme")), new(layoff("acme", "2025-10", id="cut"))])
    so = {"reason": "so"}
    with writing(path) as client:
        for words, address, body in (
            (("retract", "cut", "--version", "7", *because), "events/cut/retraction", {"version": 7, **so}),
            (("retract", "none", *because), "events/none/retraction", so),
            (("rank", "none", "normal", *because), "events/none/ranking", {"rank": "normal", **so}),
            (("merge", "acme", "acme", *because), "merges", {"duplicate": "acme", "into": "acme", **so}),
        ):
            ran, answer = run(*words, db=path), client.post(f"/api/{address}", json=body)
            assert answer.status_code in (404, 422)
            assert answer.json()["detail"] == ran.err.removeprefix("Error: ").strip()
        assert client.post("/api/events/cut/retraction", json=so).status_code == 201
        ran, answer = run("retract", "cut", *because, db=path), client.post("/api/events/cut/retraction", json=so)
        assert answer.json()["detail"] == ran.err.removeprefix("Error: ").strip()


@pytest.mark.parametrize("reason", [None, "", "  ", 3])
def test_nothing_is_changed_without_a_reason(client, ledger, reason):
    client.post("/api/events", json=CUT)
    body = {} if reason is None else {"reason": reason}

    assert client.post("/api/events/cut/retraction", json=body).status_code == 422
    assert client.post("/api/history/4/undo", json=body).status_code == 422
    assert client.post("/api/merges", json={"duplicate": "acme", "into": "beta", **body}).status_code == 422
    assert head(ledger) == 4


def test_a_correction_that_changes_nothing_is_refused(client, ledger):
    client.post("/api/events", json=CUT)

    refused = client.post("/api/events/cut/correction", json={"event": CUT, "reason": "x"})

    assert refused.status_code == 422
    assert "nothing would change" in refused.json()["detail"]


def test_two_ids_are_joined_told_apart_and_joined_again(client, ledger):
    body = {"duplicate": "acme", "into": "beta", "reason": "one company"}
    first = client.post("/api/merges", json=body)
    apart = client.post(f"/api/history/{first.json()['batch']}/undo", json={"reason": "they are two"})
    again = client.post("/api/merges", json=body)

    assert [a.status_code for a in (first, apart, again)] == [201, 201, 201]
    assert [kind for kind, *_ in told(ledger)] == ["merge", "retraction", "retraction", "correction"]
    unknown = client.post("/api/merges", json={**body, "into": "bteta"})
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/into")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (f"/api/history/{'9' * 5000}/undo", {"reason": "so"}, 404),
        ("/api/history/%C2%B2/undo", {"reason": "so"}, 404),
        ("/api/events/%00/correction", {"reason": "so"}, 404),
        ("/api/merges", {"duplicate": "a\u0000", "into": "acme", "reason": "so"}, 422),
    ],
)
def test_names_that_no_database_takes_are_refused(client, ledger, path, body, status):
    before = head(ledger)

    assert client.post(path, json=body).status_code == status
    assert head(ledger) == before


def test_of_very_many_mistakes_the_first_are_told(client, ledger):
    answer = client.post("/api/events", json=[{"kind": "layof"}] * 5000)

    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 100


def test_a_batch_is_undone(client, ledger):
    batch = client.post("/api/events", json=[CUT, {**CUT, "id": "more"}]).json()["batch"]

    undone = client.post(f"/api/history/{batch}/undo", json={"reason": "a mistake"})

    assert undone.status_code == 201
    assert [(i["kind"], i["version"]) for i in undone.json()["items"]] == [("retraction", 2)] * 2
    assert client.get("/events.json").json()["items"] == []
    assert client.post(f"/api/history/{batch}/undo", json={"reason": "again"}).status_code == 422
    for wrong in (4, 99, 2**53, 10**30):
        assert client.post(f"/api/history/{wrong}/undo", json={"reason": "x"}).status_code == 404


@pytest.mark.parametrize(
    "path", ["/api/events/cut/erasure", "/api/events/cut/corection", "/api/nothing", "/api/history/x/undo"]
)
def test_what_cannot_be_done_is_not_found(client, path):
    assert client.post(path, json={"reason": "x"}).status_code == 404


# -- versions ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tag", "status"),
    [
        ('"1"', 201),
        ("*", 201),
        ('"7", "1"', 201),
        ('"2"', 412),
        ('W/"1"', 412),
        ("1", 412),
        ('"4-json-0.1.0"', 412),
        ("", 412),
    ],
)
def test_a_change_may_be_for_one_version(tmp_path, tag, status):
    path = tmp_path / "a.db"
    with Ledger.create(str(path)) as ledger:
        ledger.record([new(org("acme")), new(layoff("acme", "2025-10", id="cut"))])
    with writing(path) as client:
        answer = client.post("/api/events/cut/retraction", json={"reason": "x"}, headers={"if-match": tag})

        assert answer.status_code == status
        if status == 412:
            assert answer.json()["type"] == "/api#precondition"
        assert client.post("/api/events", json=CUT, headers={"if-match": '"1"'}).status_code == 412


def test_of_two_who_decide_on_one_version_one_is_told(client, ledger):
    """Both have read version 1; whoever is later has to read again. None is lost, and none is recorded twice."""
    client.post("/api/events", json=CUT)
    ready = threading.Barrier(8)

    def correct(month: int) -> int:
        ready.wait()
        body = {"event": {**CUT, "date": f"2025-{month:02}"}, "reason": "x"}
        return int(client.post("/api/events/cut/correction", json=body, headers={"if-match": '"1"'}).status_code)

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(correct, range(1, 9)))

    assert sorted(statuses) == [201] + [412] * 7
    assert head(ledger) == 5


def test_what_another_process_recorded_counts(client, ledger, run: Run, database_url):
    client.post("/api/events", json=CUT)
    run("correct", "cut", "--date", "2025-09", "--because", "x", db=database_url)

    stale = client.post("/api/events/cut/retraction", json={"reason": "x"}, headers={"if-match": '"1"'})
    read = client.get("/events/cut.json").json()["items"][0]
    fresh = client.post(
        "/api/events/cut/retraction",
        json={"reason": "x"},
        headers={"if-match": f'"{read["versions"][-1]["version"]}"'},
    )

    assert (stale.status_code, fresh.status_code) == (412, 201)


# -- keys -------------------------------------------------------------------------------------------------------------


def test_the_same_key_records_once_and_answers_the_same(client, ledger):
    event = {"kind": "layoff", "organization": "acme", "date": "2025"}  # has no id: each one is a new entry
    first, again = (client.post("/api/events", json=event, headers={"idempotency-key": "k1"}) for _ in range(2))
    other = client.post("/api/events", json=event, headers={"idempotency-key": "k2"})

    assert (again.status_code, again.content) == (201, first.content)
    assert (again.headers["location"], again.headers["etag"]) == (first.headers["location"], first.headers["etag"])
    assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")
    assert "idempotent-replayed" not in other.headers
    assert head(ledger) == 5


def test_a_key_is_for_one_request_of_one_token(client, ledger, database_url):
    key = {"idempotency-key": "k"}
    client.post("/api/events", json=CUT, headers=key)

    other = client.post("/api/events", json={**CUT, "id": "other"}, headers=key)
    elsewhere = client.post("/api/events/cut/retraction", json=CUT, headers=key)
    eve = bearing(made(database_url, "eve"))
    of_another = client.post("/api/events", json={**CUT, "id": "other"}, headers=key | eve)

    assert (other.status_code, other.json()["type"]) == (422, "/api#key")
    assert elsewhere.status_code == 422
    assert of_another.status_code == 201


@pytest.mark.parametrize(
    "body", [CUT, {"kind": "layoff", "organization": "acme", "date": "2025"}], ids=["named", "not"]
)
def test_a_key_that_is_sent_by_many_at_once_records_once(client, ledger, body):
    ready = threading.Barrier(8)

    def send(_):
        ready.wait()
        return client.post("/api/events", json=body, headers={"idempotency-key": "k"})

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))

    assert {(a.status_code, a.content) for a in answers} == {(201, answers[0].content)}
    assert sum("idempotent-replayed" not in a.headers for a in answers) == 1
    assert head(ledger) == 4


def test_a_change_that_was_made_is_not_a_conflict_when_it_is_sent_again(client, ledger):
    client.post("/api/events", json=CUT)
    sent_ = {"if-match": '"1"', "idempotency-key": "k"}

    statuses = [client.post("/api/events/cut/retraction", json={"reason": "x"}, headers=sent_) for _ in range(3)]

    assert [s.status_code for s in statuses] == [201, 201, 201]
    assert head(ledger) == 5


def test_a_refusal_is_not_remembered(client, ledger):
    key = {"idempotency-key": "k"}
    event = {**CUT, "organization": "gamma"}
    assert client.post("/api/events", json=event, headers=key).status_code == 422
    ledger.record([new(org("gamma"))])

    assert client.post("/api/events", json=event, headers=key).status_code == 201


def test_a_key_is_forgotten_after_a_day(client, ledger, monkeypatch):
    event = {"kind": "layoff", "organization": "acme", "date": "2025"}
    first = client.post("/api/events", json=event, headers={"idempotency-key": "k"})
    monkeypatch.setattr(repeated, "system_clock", lambda: log.system_clock() + repeated.KEPT)

    again = client.post("/api/events", json=event, headers={"idempotency-key": "k"})

    assert again.json()["entry"] != first.json()["entry"]
    assert rows_of(ledger)["idempotency"] == 1


def test_nothing_of_what_was_said_is_kept_with_a_key(client, ledger):
    """So that an erasure needs not look there."""
    client.post("/api/events", json={**CUT, "note": "private"}, headers={"idempotency-key": "k"})

    with ledger.database.reading() as connection:
        (kept,) = connection.exec_driver_sql("SELECT answer, location FROM idempotency").all()
    assert b"cut" not in bytes(kept[0])
    assert b"private" not in bytes(kept[0])
    assert "cut" not in kept[1]


@pytest.mark.parametrize("key", ["", "a b", "x" * 201, "\xe9"])
def test_a_key_that_cannot_be_kept_is_refused(client, ledger, key):
    answer = client.post("/api/events", json=CUT, headers=[("idempotency-key", key.encode("latin-1"))])

    assert answer.status_code == 400
    assert head(ledger) == 3


# -- files ------------------------------------------------------------------------------------------------------------

FILE = """
entities:
  gamma: {type: organization, name: Gamma}
events:
  gamma-cut:
    layoff: {organization: gamma}
    date: 2025-10
"""
YAML = {"content-type": "application/yaml; charset=utf-8"}


def test_a_file_is_imported_as_by_the_command(client, ledger, database_url, run: Run, tmp_path):
    tried = client.post("/api/import?dry_run=true", content=FILE, headers=YAML)
    assert (tried.status_code, tried.json()["counts"], head(ledger)) == (200, {"new": 2}, 3)

    answer = client.post("/api/import", content=FILE, headers=YAML)

    got = answer.json()
    assert (answer.status_code, got["counts"], got["first"], got["position"]) == (201, {"new": 2}, 4, 5)
    assert (got["recorded_by"], answer.headers["location"]) == ("ada", "/history.json?after=3")
    again = client.post("/api/import", content=FILE, headers=YAML)
    assert (again.status_code, again.json()["counts"], again.json()["position"]) == (
        200,
        {"new": 0, "unchanged": 2},
        None,
    )
    (tmp_path / "same.yaml").write_text(FILE)
    assert "Nothing to record" in run("import", str(tmp_path / "same.yaml"), db=database_url).err


def test_what_is_gone_from_a_file_is_retracted_if_asked(client, ledger):
    client.post("/api/import", content=FILE, headers=YAML)
    less = FILE.partition("events:")[0]

    pruned = client.post("/api/import?prune=true", content=less, headers=YAML)

    assert (pruned.status_code, pruned.json()["pruned"]) == (201, 1)
    assert client.get("/events.json").json()["items"] == []


def test_a_file_with_mistakes_is_refused_with_their_lines(client, ledger):
    wrong = FILE.replace("2025-10", "early 2025") + "  other:\n    layof: {organization: gamma}\n    date: 2025\n"

    refused = client.post("/api/import", content=wrong, headers=YAML)
    kept = client.post("/api/import?keep_going=true", content=wrong, headers=YAML)

    assert refused.status_code == 422
    assert [(e["line"], e["column"]) for e in refused.json()["errors"]] == [(7, 11), (9, 5)]
    assert refused.json()["errors"][0]["help"].startswith("write ")
    assert "Nothing was recorded" in refused.json()["detail"]
    assert (kept.status_code, kept.json()["counts"], kept.json()["mistakes"]) == (201, {"new": 1}, 2)
    assert head(ledger) == 4


CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:x
BEGIN:VEVENT
UID:a@b
DTSTAMP:20250101T000000Z
DTSTART;VALUE=DATE:20250101
SUMMARY:Summit
END:VEVENT
END:VCALENDAR
"""
FILES: dict[str, tuple[str, str]] = {
    "yaml": ("application/yaml", FILE),
    "csv": ("text/csv", "kind,id,organization,date\nlayoff,csv-cut,acme,2025\n"),
    "jsonl": (
        "application/x-ndjson",
        json.dumps({"specversion": "1.0", "id": "1", "source": "t", "type": "timeline.layoff",
                    "data": {"organization": "acme", "date": "2025"}}),
    ),
    "popolo": ("application/json", json.dumps({"persons": [{"id": "eve", "name": "Eve"}]})),
    "ics": (
        "text/calendar",
        CALENDAR.replace("\n", "\r\n"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("format_", FILES)
def test_every_format_comes_by_its_media_type_or_its_name(tmp_path, format_):
    path = tmp_path / "a.db"
    with Ledger.create(str(path)) as ledger:
        ledger.record([new(org("acme"))])
    sort, text = FILES[format_]
    with writing(path) as client:
        tried = client.post(f"/api/import?dry_run=1&read_as={format_}", content=text)
        answer = client.post("/api/import", content=text, headers={"content-type": sort})

    assert (tried.status_code, answer.status_code) == (200, 201), answer.text
    assert tried.json()["counts"]["new"] == answer.json()["counts"]["new"] >= 1


def test_what_is_no_such_import(client, ledger):
    for query, sort, status in (
        ("", "text/plain", 415),
        ("", "application/x-www-form-urlencoded", 415),
        ("?read_as=yml", "application/yaml", 404),
        ("?dry_run=maybe", "application/yaml", 400),
        ("?dryrun=true", "application/yaml", 400),
        ("?prune=true&keep_going=true", "application/yaml", 400),
        ("?missing_end=ongoing", "application/yaml", 400),
        ("?missing_end=never", "application/json", 400),
    ):
        answer = client.post(f"/api/import{query}", content=FILE, headers={"content-type": sort})
        assert answer.status_code == status, answer.text
    assert head(ledger) == 3


def test_an_import_with_a_key_records_once(client, ledger):
    """Even where the file says something new each time, as one without ids does."""
    text = "kind,organization,date\nlayoff,acme,2025\n"
    sent_ = {"content-type": "text/csv", "idempotency-key": "k"}
    first, again = (client.post("/api/import", content=text, headers=sent_) for _ in range(2))
    other = client.post("/api/import?prune=true", content=text, headers=sent_)

    assert (first.status_code, again.status_code, first.content) == (201, 201, again.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert other.status_code == 422


# -- who may, and from where ------------------------------------------------------------------------------------------

EVERY_PATH = (
    "/api/events",
    *(f"/api/events/cut/{kind}" for kind in module.CHANGES),
    "/api/merges",
    "/api/history/3/undo",
    "/api/import",
)


@pytest.mark.parametrize("path", EVERY_PATH)
def test_recording_takes_a_token_of_its_scope_even_on_this_machine(own_ledger, path):
    """A page of another site can send a request here, and has no token."""
    scope = "import" if path == "/api/import" else "record"
    others = [s for s in ("read", "record", "import") if s != scope]
    with serving(own_ledger, writes=True) as client:
        none = client.post(path, json={})
        wrong = client.post(path, json={}, headers=bearing(made(own_ledger, "wrong", *others)))
        right = client.post(path, json={}, headers=bearing(made(own_ledger, "right", scope)))

    assert (none.status_code, none.headers["www-authenticate"]) == (401, 'Bearer realm="timeline"')
    assert wrong.status_code == 403
    assert f'scope="{scope}"' in wrong.headers["www-authenticate"]
    assert right.status_code in (404, 422)


@pytest.mark.parametrize("path", EVERY_PATH)
def test_a_service_that_does_not_record_says_so(own_ledger, path):
    with writing(own_ledger, writes=False) as client:
        refused = client.post(path, json={"reason": "x"})

    assert (refused.status_code, refused.json()["type"]) == (403, "/api#off")
    assert "serve --write" in refused.json()["detail"]


@pytest.mark.parametrize("path", EVERY_PATH)
def test_to_record_something_is_no_question(own_ledger, path):
    with writing(own_ledger) as client:
        assert {client.request(m, path).status_code for m in ("GET", "PUT", "DELETE", "PATCH")} == {405}


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://127.0.0.1", "http://["]
)
def test_pages_of_other_sites_record_nothing(own_ledger, origin):
    with writing(own_ledger) as client:
        refused = client.post("/api/events", json=CUT, headers={"origin": origin})

    assert (refused.status_code, refused.json()["type"]) == (403, "/api#origin")


def test_pages_of_the_service_itself_may(tmp_path):
    path = tmp_path / "a.db"
    with Ledger.create(str(path)) as ledger:
        ledger.record([new(org("acme"))])
    with writing(path, public_url="https://timeline.example.org/x") as client:
        for origin in (str(client.base_url).rstrip("/"), "https://timeline.example.org"):
            answer = client.post("/api/events", json={**CUT, "id": ""}, headers={"origin": origin})
            assert answer.status_code == 201
            assert answer.headers["location"].startswith("/x/events/")


def test_a_form_cannot_be_posted(client, ledger):
    for sort in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        headers = {"content-type": sort} if sort else {}
        assert client.post("/api/events", content=json.dumps(CUT), headers=headers).status_code == 415
    coded = {"content-type": "application/json", "content-encoding": "gzip"}
    assert client.post("/api/events", content=b"x", headers=coded).status_code == 415
    assert head(ledger) == 3


# -- hostile ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "this is not JSON"),
        (b"{", "this is not JSON"),
        (b"\xff", "this is not UTF-8"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "nested too deep"),
        (b'{"kind": "layoff", "kind": "layoff"}', "the key 'kind' stands twice"),
        (b'[{"a": {"b": 1, "b": 2}}]', "the key 'b' stands twice"),
        (b'{"kind": NaN}', "JSON has no NaN"),
        (b'{"kind": -Infinity}', "JSON has no -Infinity"),
        (b'{"kind": "\\ud800"}', "half of a character"),
        (b'{"kind": ' + b"9" * 10_000 + b"}", "a number has more than"),
        (b'{"kind": 1e999999999999999999999}', "no number that can be kept"),
        (b'{"kind": 1} x', "this is not JSON"),
        (b"\xef\xbb\xbf{}", "this is not JSON"),
        (b'{"kind": ["layoff"]}', "the kind is a text"),
        (b'{"kind": null}', "does not say its kind"),
        (b"[]", "nothing in this list"),
        (b"null", "an event is an object"),
    ],
)
def test_what_means_nothing_is_refused(raw, said):
    with pytest.raises(Unrecordable, match=said):
        sent.new_events(bodies.read_json(raw))


def test_a_key_that_is_too_long_is_told_with_the_place_of_its_mapping():
    event = {"kind": "announcement", "product": "x", "date": "2025", "attributes": {"0" * 10_001: ""}}

    with pytest.raises(Unrecordable) as refused:
        sent.new_event(event)

    assert [(w.pointer, w.detail) for w in refused.value.wrong] == [
        ("/attributes", "at most 10,000 characters may stand here")
    ]


def test_numbers_are_taken_as_exactly_as_they_stand():
    found = bodies.read_json(b'{"a": 0.1000000000000000000000000001, "b": 12345678901234567890}')

    assert str(found["a"]) == "0.1000000000000000000000000001"
    assert found["b"] == 12345678901234567890


def test_no_more_is_taken_than_may_be_sent(tmp_path):
    path = tmp_path / "a.db"
    with Ledger.create(str(path)) as ledger, writing(path, max_body=1000, max_import=2000) as client:
        ledger.record([new(org("acme"))])
        json_ = {"content-type": "application/json"}
        exact = json.dumps({**CUT, "note": "x"})
        exact = exact.replace('"x"', f'"{"x" * (1001 - len(exact))}"')
        assert len(exact) == 1000
        said = client.post("/api/events", content=exact + " ", headers=json_)
        unsaid = client.post("/api/events", content=iter([b" " * 400] * 3), headers=json_)
        file = client.post("/api/import", content=iter([b"#" * 999 + b"\n"] * 3), headers=YAML)
        good = client.post("/api/events", content=exact, headers=json_)

        assert [a.status_code for a in (said, unsaid, file, good)] == [413, 413, 413, 201]
        assert said.json()["type"] == "/api#too-long"
        assert head(ledger) == 2


def raw_request(client: httpx.Client, head_: str, body: bytes = b"") -> bytes:
    """What comes back on a line of its own for a request that no client would send."""
    url = urlsplit(str(client.base_url))
    with socket.create_connection((url.hostname, url.port), timeout=10) as line:
        token = client.headers["authorization"]
        line.sendall(f"POST {head_}\r\nhost: 127.0.0.1\r\nauthorization: {token}\r\n".encode() + body)
        line.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: line.recv(65536), b""))


def test_a_length_that_lies_records_nothing(tmp_path):
    path = tmp_path / "a.db"
    body = json.dumps(CUT).encode()
    sort = b"content-type: application/json\r\n"
    with Ledger.create(str(path)) as ledger, writing(path) as client:
        ledger.record([new(org("acme"))])
        for length in (b"%d" % (len(body) + 5), b"999999999999999999999", b"-1", b"x"):
            raw_request(client, "/api/events HTTP/1.1", sort + b"content-length: " + length + b"\r\n\r\n" + body)
        chunked = sort + b"transfer-encoding: chunked\r\n\r\n"
        raw_request(client, "/api/events HTTP/1.1", chunked + b"%x\r\n" % len(body) + body + b"\r\n")
        raw_request(client, "/api/events HTTP/1.1", chunked + b"zz\r\n")

        assert client.get("/-/ready").status_code == 200
        assert head(ledger) == 1


def test_a_line_that_stands_still_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(bodies, "PATIENCE", 0.2)
    path = tmp_path / "a.db"
    Ledger.create(str(path)).close()
    with writing(path) as client:
        url = urlsplit(str(client.base_url))
        with socket.create_connection((url.hostname, url.port), timeout=10) as line:
            token = client.headers["authorization"]
            line.sendall(
                f"POST /api/events HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: {token}\r\n"
                "content-type: application/json\r\ncontent-length: 100\r\n\r\n{".encode()
            )
            assert line.recv(65536).startswith(b"HTTP/1.1 408")


Worlds = tuple[httpx.Client, Ledger, Ledger]


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    """For what may be recorded or not."""
    with two_worlds(tmp_path_factory.mktemp("worlds")) as made_here:
        yield made_here


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    """For what is recorded in both."""
    with two_worlds(tmp_path_factory.mktemp("twins")) as made_here:
        yield made_here


@contextmanager
def two_worlds(folder: Path) -> Iterator[Worlds]:
    """A service of the world of generated histories, its ledger, and another ledger of the same world."""
    for name in ("posted.db", "imported.db"):
        begin(str(folder / name))
    with (
        Ledger.open(str(folder / "posted.db")) as posted,
        Ledger.open(str(folder / "imported.db")) as imported,
        writing(folder / "posted.db", write_rate=0.0) as client,
    ):
        yield client, posted, imported


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
PLAIN = happening.map(kinds.plain)


@st.composite
def nearly_events(draw: st.DrawFn) -> Any:
    """Events of which one field says something else."""
    event = draw(PLAIN)
    name = draw(st.sampled_from(sorted(event)) | st.text(max_size=8))
    return {**event, name: draw(VALUES)}


@settings(max_examples=80)
@given(st.one_of(VALUES, nearly_events(), st.lists(nearly_events(), max_size=3)), st.sampled_from(EVERY_PATH))
def test_nothing_that_is_sent_is_a_bug(worlds, value, path):
    client, posted, _ = worlds
    before = head(posted)
    path = "/api/events" if isinstance(value, list) else path

    answer = client.post(path, content=json.dumps(value), headers={"content-type": "application/json"})

    assert answer.status_code in (200, 201, 404, 409, 422), answer.text
    if answer.status_code != 201:
        assert head(posted) == before


@settings(max_examples=60)
@given(st.binary(max_size=200), st.sampled_from(list(importing.MEDIA_TYPES)))
def test_no_bytes_are_a_bug(worlds, raw, sort):
    client, posted, _ = worlds
    before = head(posted)

    answers = [
        client.post("/api/import?dry_run=true", content=raw, headers={"content-type": sort}),
        client.post("/api/events", content=raw, headers={"content-type": "application/json"}),
    ]

    assert {a.status_code for a in answers} <= {200, 422}
    assert head(posted) == before


NUMBERS = count()


@settings(max_examples=30)
@given(st.lists(happening.filter(lambda event: kinds.kind_of(event) in sent.NEW), min_size=1, max_size=4))
def test_what_is_posted_is_what_an_import_records(twins, events):
    """The same kinds and the same bytes, or nothing; and the import says at least what was wrong with the request."""
    client, posted, imported = twins
    states = [kinds.plain(event) for event in events]
    lines = [
        {"specversion": "1.0", "id": f"{next(NUMBERS)}", "source": "t", "type": f"timeline.{s['kind']}", "data": s}
        for s in states
    ]
    after = head(posted), head(imported)
    document_ = open_document(BytesIO(b"\n".join(map(msgspec.json.encode, lines))), "t")

    answer = client.post("/api/events", json=states)
    if answer.status_code == 201:
        import_documents(imported, [document_], by="ada").plan.__exit__()
    else:
        with pytest.raises(BadFile) as refused:
            import_documents(imported, [document_], by="ada")
        assert answer.status_code == 422
        problems = {e["detail"] for e in answer.json()["errors"]}
        assert problems
        assert problems <= {m.message for m in refused.value.mistakes}  # an import goes on to what the rest would do

    assert told(posted, after[0]) == told(imported, after[1])
    assert (head(posted) > after[0]) == (answer.status_code == 201)


def test_a_store_that_is_busy_says_when_to_come_again(tmp_path, monkeypatch):
    path = tmp_path / "a.db"
    with Ledger.create(str(path)) as ledger:
        ledger.record([new(org("acme"))])

    def busy(*args: Any, **kwargs: Any) -> None:
        raise StoreError("another writer has held it for 30 s")

    with writing(path) as client:
        monkeypatch.setattr(Ledger, "record_read", busy)
        refused = client.post("/api/events", json=CUT)

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")


@pytest.mark.parametrize("path", ["/api/events", "/api/import?read_as=jsonl"])
def test_a_token_that_ends_while_something_is_sent_with_it_records_nothing(tmp_path, path):
    """The body takes its time; when it is there, the token lets nobody in any more."""
    with Ledger.create(str(tmp_path / "from.db")) as other:
        other.record([new(org("acme"))])
        out = BytesIO()
        with other.ask() as view:
            exporter("jsonl")(view, Selection(), out.write, Options())
    event = b'{"kind": "entity", "id": "acme", "type": "organization", "name": "Acme"}'
    body = out.getvalue() if "import" in path else event
    file = tmp_path / "a.db"
    with Ledger.create(str(file)) as ledger, writing(file) as client:

        def slowly() -> Iterator[bytes]:
            yield body[:10]
            with ledger.database.writing() as connection:
                tokens.revoke(connection, "ada")
            yield body[10:]

        refused = client.post(path, content=slowly(), headers={"content-type": "application/json"})

        assert (refused.status_code, refused.json()["type"]) == (401, "/api#token")
        assert head(ledger) == 0


def test_so_many_mistakes_are_told_and_no_more(client):
    refused = client.post("/api/events", json=[{**CUT, "id": "", "organization": "nobody"}] * 300)

    assert (refused.status_code, len(refused.json()["errors"])) == (422, sent.MOST_TOLD)


# -- the description --------------------------------------------------------------------------------------------------


def test_what_is_described_is_what_is_offered(own_ledger):
    described = {path for path, methods in document(writes=True)["paths"].items() if "post" in methods}

    assert described == {p.replace("/cut/", "/{entry}/").replace("/3/", "/{batch}/") for p in EVERY_PATH}
    assert not any("post" in methods for methods in document(writes=False)["paths"].values())


def test_the_examples_of_the_description_are_such_bodies(tmp_path):
    import jsonschema

    told_ = document(writes=True)
    posts = {p: m["post"] for p, m in told_["paths"].items() if "post" in m}
    for path, post in posts.items():
        content = post["requestBody"]["content"]["application/json"]
        if "example" in content:
            jsonschema.validate(content["example"], {**content["schema"], "components": told_["components"]})
        assert {"201", "401", "403", "409", "412", "413", "415", "422", "429", "503"} <= post["responses"].keys(), path
    for kind, example in EXAMPLES.items():
        assert kinds.kind_of(sent.event_about(kind, example)) == kind


def test_an_answer_is_as_described(client, ledger):
    got = client.post("/api/events", json=CUT).content
    assert msgspec.json.decode(got, type=module.Receipt).entry == UUID(CUT_ENTRY)
    imported = client.post("/api/import", content=FILE, headers=YAML).content
    assert msgspec.json.decode(imported, type=importing.Imported).counts == {"new": 2}


# -- the page ---------------------------------------------------------------------------------------------------------

PAGE = (Path(__file__).parent.parent.parent / "docs" / "writing.md").read_text("utf-8")


def test_the_page_names_every_status():
    """Those of the description, and two that come before it: another method, another host."""
    shown = {int(code) for code in re.findall(r"^\| (\d{3}) \|", PAGE, re.MULTILINE)}

    assert shown == {200, 201, 405, 421, *WHEN}


def test_the_page_names_every_address():
    shown = {path.replace("ENTRY", "cut").replace("BATCH", "3") for path in re.findall(r"`POST (\S+)`", PAGE)}

    assert shown == set(EVERY_PATH)


def test_the_program_of_the_page_records(own_ledger, monkeypatch, capsys):
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    monkeypatch.setenv("TOKEN", made(own_ledger))
    with serving(own_ledger, writes=True) as client:
        exec(program.replace("http://127.0.0.1:8000", str(client.base_url).rstrip("/")), {})
        entry = capsys.readouterr().out.strip()

        assert client.get(f"/events/{entry}.json").json()["items"][0]["kind"] == "layoff"


def test_the_request_of_the_page_is_recorded(own_ledger):
    (body,) = re.findall(r"-d '(.*?)'", PAGE, re.DOTALL)
    with writing(own_ledger) as client:
        assert client.post("/api/events", json=json.loads(body)).status_code == 201
