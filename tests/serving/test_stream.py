"""The stream of what is recorded: in order, once, and from where a client was when it lost the line."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import pytest

from events.about import Erasure, Retraction
from tests.serving.conftest import serving
from tests.serving.tokens import bearing, made
from tests.timeline.builders import layoff, org, person
from timeline import tokens
from timeline.ledger import Ledger, following, new
from timeline.serving import stream
from timeline.store.log import system_clock

OPEN_ADDRESS = {"host": "0.0.0.0", "hosts": ("127.0.0.1",)}  # what others reach


def messages(response: httpx.Response) -> Iterator[dict[str, Any]]:
    """The events of a stream as they come: id, event, data."""
    found: dict[str, Any] = {}
    for line in response.iter_lines():
        if not line:
            if "data" in found:
                yield found
            found = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(": ")
            found[name] = json.loads(value) if name == "data" else value


def taken(client: httpx.Client, number: int, headers: dict[str, str] | None = None, **query: Any) -> list[Any]:
    """So many events from the stream, then the line is cut."""
    with client.stream("GET", "/api/stream", headers=headers, params=query) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        found = messages(response)
        return [next(found) for _ in range(number)]


def test_what_is_recorded_is_told_as_it_is_recorded(database_url):
    with Ledger.create(database_url) as ledger, serving(database_url) as client:
        ledger.record([new(org("acme"))])

        def record() -> None:
            for number in range(3):
                ledger.record([new(layoff("acme", note=str(number)))])

        with client.stream("GET", "/api/stream") as response:
            lines = response.iter_lines()
            assert next(lines).startswith("retry")
            later = threading.Timer(0.2, record)
            later.start()
            found = messages_of(lines, 3)
            later.join()

    assert [m["id"] for m in found] == ["2", "3", "4"]
    assert {m["event"] for m in found} == {"layoff"}
    assert [m["data"]["position"] for m in found] == [2, 3, 4]


def messages_of(lines: Iterator[str], number: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [{}]
    for line in lines:
        if not line:
            if "data" in found[-1]:
                if len(found) == number:
                    return found
                found.append({})
        elif not line.startswith(":"):
            name, _, value = line.partition(": ")
            found[-1][name] = json.loads(value) if name == "data" else value
    return found


def test_who_lost_the_line_goes_on_where_they_were(tmp_path):
    path = tmp_path / "timeline.db"
    with Ledger.create(str(path)) as ledger, serving(path) as client:
        ledger.record([new(org("acme"))])
        ledger.record([new(layoff("acme", note=str(n))) for n in range(1200)])
        first = taken(client, 700, after=0)
        rest = taken(client, 501, headers={"last-event-id": first[-1]["id"]})

    assert [int(m["id"]) for m in first + rest] == list(range(1, 1202))


def test_only_what_was_asked_for_is_told(tmp_path):
    path = tmp_path / "timeline.db"
    with Ledger.create(str(path)) as ledger, serving(path) as client:
        ledger.record([new(org("acme")), new(org("bell")), new(person("ada"))])
        ledger.record([new(layoff("acme")), new(layoff("bell"))])
        by_org = taken(client, 2, after=0, org="bell")
        by_kind = taken(client, 2, after=0, kind="layoff")
        refused = client.get("/api/stream", params={"org": "nobody"})

    assert [m["data"]["kind"] for m in by_org] == ["entity", "layoff"]
    assert [m["id"] for m in by_kind] == ["4", "5"]
    assert refused.status_code == 404


def test_who_saw_nothing_yet_gets_everything(tmp_path):
    path = tmp_path / "timeline.db"
    with Ledger.create(str(path)) as ledger, serving(path) as client:
        ledger.record([new(org("acme"))])
        assert taken(client, 1, headers={"last-event-id": "0"})[0]["id"] == "1"


@pytest.mark.parametrize("given", ["-1", "x", "9" * 40, "1\u00b2"])
def test_a_last_event_that_is_none_of_ours_is_passed_over(tmp_path, given):
    path = tmp_path / "timeline.db"
    with Ledger.create(str(path)) as ledger, serving(path) as client:
        ledger.record([new(org("acme"))])
        assert taken(client, 1, headers={"last-event-id": given.encode("latin-1")}, after=0)[0]["id"] == "1"


def test_the_service_ends_although_somebody_listens(tmp_path):
    path = tmp_path / "timeline.db"
    with Ledger.create(str(path)) as ledger:
        ledger.record([new(org("acme"))])
        with serving(path) as client:
            url, listening, ended = client.base_url, threading.Event(), threading.Event()

            def listen() -> None:
                with httpx.stream("GET", f"{url}/api/stream", timeout=30) as response:
                    for line in response.iter_lines():
                        if line.startswith("retry"):
                            listening.set()
                ended.set()

            thread = threading.Thread(target=listen)
            thread.start()
            assert listening.wait(10)
        thread.join(20)

    assert ended.is_set()


# -- who may listen ---------------------------------------------------------------------------------------------------


@contextmanager
def listening(client: httpx.Client, headers: dict[str, str] | None = None, **query: Any) -> Iterator[Iterator[str]]:
    """The lines of a stream that has begun."""
    with client.stream("GET", "/api/stream", headers=headers, params=query) as response:
        assert response.status_code == 200, response.read()
        lines = response.iter_lines()
        assert next(lines).startswith("retry")
        yield lines


def test_a_token_that_ends_takes_its_stream_along(database_url):
    """Revoked by hand, or over by itself; others go on, and nothing that is recorded after it is told."""
    with Ledger.create(database_url) as ledger:
        ledger.record([new(org("acme"))])
        with ledger.database.writing() as connection:
            expiring, _ = tokens.create(connection, "eve", ["read"], expires_at=system_clock() + 2_000_000)
        revoked, good = made(database_url, "ada", "read"), made(database_url, "bob", "read")
        with (
            serving(database_url, **OPEN_ADDRESS) as client,
            listening(client, bearing(revoked)) as of_revoked,
            listening(client, bearing(expiring)) as of_expiring,
            listening(client, bearing(good)) as of_good,
        ):
            with ledger.database.writing() as connection:
                tokens.revoke(connection, "ada")
            assert not [line for line in of_revoked if line and not line.startswith(":")]
            assert not [line for line in of_expiring if line and not line.startswith(":")]
            ledger.record([new(layoff("acme"))])
            assert [m["id"] for m in messages_of(of_good, 1)] == ["2"]


def test_so_many_listen_with_one_token_and_from_one_address(tmp_path, monkeypatch):
    monkeypatch.setattr(stream, "MOST_EACH", 2)
    path = tmp_path / "timeline.db"
    Ledger.create(str(path)).close()
    token = bearing(made(path, "ada", "read"))
    ways = [token, {"x-forwarded-for": "203.0.113.1"}, {"x-forwarded-for": "2001:db8::1"}]
    with serving(path, writes=True, rate=0.0) as client:
        for headers in ways:
            with listening(client, headers), listening(client, headers):
                refused = client.get("/api/stream", headers=headers)
                assert (refused.status_code, refused.json()["type"]) == (429, "/api#busy")
                assert int(refused.headers["retry-after"]) > 0
            wait_for_places(client, headers)
        with ExitStack() as several:  # on this machine only all of them count
            for _ in range(5):
                several.enter_context(listening(client))


def wait_for_places(client: httpx.Client, headers: dict[str, str]) -> None:
    """Who hung up gives the place back as soon as the service learns of it."""
    for _ in range(400):
        with client.stream("GET", "/api/stream", headers=headers) as response:
            if response.status_code == 200:
                return
        time.sleep(0.05)
    raise AssertionError("no place was given back")


def test_only_so_many_listen_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(stream, "MOST", 30)
    path = tmp_path / "timeline.db"
    with Ledger.create(str(path)) as ledger, serving(path) as client, ExitStack() as several:
        ledger.record([new(org("acme"))])
        all_ = [several.enter_context(listening(client)) for _ in range(30)]
        refused = client.get("/api/stream")
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "30")
        ledger.record([new(layoff("acme"))])
        assert [messages_of(lines, 1)[0]["id"] for lines in all_] == ["2"] * 30


def test_the_head_of_the_stream_takes_no_place(tmp_path):
    path = tmp_path / "timeline.db"
    Ledger.create(str(path)).close()
    with serving(path) as client:
        head = client.head("/api/stream")
        numbers = client.get("/-/metrics").text

    assert (head.status_code, head.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert "content-length" not in head.headers
    assert "timeline_stream_listeners 0.0" in numbers


@pytest.mark.parametrize("about", [{"org": "bell"}, {"org": "bell", "kind": "layoff"}, {}])
def test_everybody_learns_what_was_erased(database_url, about):
    """What it was about nobody knows any more, so those who asked for one organization are told too."""
    with Ledger.create(database_url) as ledger, serving(database_url) as client:
        said = new(layoff("bell", note="nobody may know"))
        ledger.record([new(org("acme")), new(org("bell"))])
        ledger.record([said])
        with listening(client, **about) as lines:
            ledger.record([following(said.originator_id, 1, Erasure(ground="GDPR Art. 17"))])
            ledger.record([new(layoff("bell"))])
            told = messages_of(lines, 2)

    assert [(m["event"], m["id"]) for m in told] == [("erasure", "4"), ("layoff", "5")]


def test_those_who_asked_for_one_learn_what_was_retracted(tmp_path):
    path = tmp_path / "timeline.db"
    with Ledger.create(str(path)) as ledger, serving(path) as client:
        ledger.record([new(org("acme")), new(org("bell"))])
        of_acme, of_bell = new(layoff("acme")), new(layoff("bell"))
        ledger.record([of_acme, of_bell])
        for said in (of_acme, of_bell):
            ledger.record([following(said.originator_id, 1, Retraction(reason="about another one"))])
        told = taken(client, 3, after=0, org="bell")

    assert [(m["event"], m["id"]) for m in told] == [("entity", "2"), ("layoff", "4"), ("retraction", "6")]
