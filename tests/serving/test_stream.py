"""The stream of what is recorded: in order, once, and from where a client was when it lost the line."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.serving.conftest import serving
from tests.timeline.builders import layoff, org, person
from timeline.ledger import Ledger, new


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
