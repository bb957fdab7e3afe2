"""The primary is killed while everybody writes, and its standby takes its place: what was acknowledged is there."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.scale.conftest import Followed, following
from tests.scale.writers import FOUND, Told, told, units, write_on
from tests.services import PostgresServer, replicated, wait_for
from tests.serving.conftest import serving
from tests.serving.test_processes import started
from tests.serving.tokens import bearing, made
from tests.timeline.builders import folded, kept, layoff
from tests.timeline.test_concurrency import running
from timeline.audit.verifying import verify
from timeline.ledger import Ledger, new
from timeline.store import log, nodes

pytestmark = pytest.mark.xdist_group("replica")

WRITERS = ("ada", "bob", "carol")
ENOUGH = 4
"""How much each writer has recorded before the primary is killed, and again before everybody stops."""


@pytest.fixture
def followed(postgres_server: PostgresServer) -> Iterator[Followed]:
    """A ledger on servers of the test's own, as one of them will be gone."""
    with replicated(postgres_server) as servers, following(*servers) as found:
        yield found


def either(followed: Followed) -> str:
    """The address of whichever of the two takes writes."""
    hosts = f"host={followed.primary.socket},{followed.standby.socket}"
    return re.sub("host=.*", f"{hosts}&port=5432,5432&target_session_attrs=read-write", followed.here)


def post_on(client: httpx.Client, stop: Path, acknowledged: list[Told], statuses: list[int]) -> None:
    """Record one layoff after the other over HTTP, each until it is there: the key tells that it is the same again."""
    for unit in units("http", stop):
        sent = {"kind": "layoff", "organization": "meta", "date": "2025", "id": unit}
        while True:
            answer = client.post("/api/events", json=sent, headers={"idempotency-key": f"the-{unit}"})
            statuses.append(answer.status_code)
            if answer.status_code != 503:
                break
            time.sleep(0.05)
        if answer.status_code != 201:
            return
        receipt = answer.json()
        acknowledged.append(Told(unit, receipt["position"], receipt["root"]))


def test_what_was_acknowledged_outlives_the_primary(followed: Followed, tmp_path: Path):
    """Three processes and one client of a service record until the primary is killed, and go on at the standby."""
    followed.primary.configure(synchronous_standby_names="standby")
    url, token = either(followed), made(followed.here)
    notes = {name: tmp_path / name for name in WRITERS}
    stop, statuses, over_http = tmp_path / "stop", [], []  # type: ignore[var-annotated]  # lists of the thread's

    def have_written(before: int) -> bool:
        return min(len(over_http), *(len(told(n)) for n in notes.values())) >= before + ENOUGH

    with (
        started(url, tmp_path / "log", "--write", "--write-rate", "0") as service,
        running(*((write_on, url, name, notes[name], stop) for name in WRITERS)) as processes,
    ):
        service.client.headers.update(bearing(token))
        client = threading.Thread(target=post_on, args=(service.client, stop, over_http, statuses))

        def all_at_work() -> bool:
            return client.is_alive() and all(p.is_alive() for p in processes)

        client.start()
        try:
            wait_for(lambda: have_written(0) or not all_at_work(), "the writers")
            followed.primary.kill()
            asked = service.client.get("/events.json")
            refused = service.client.post("/api/events", json={"kind": "layoff", "organization": "meta"})
            followed.standby.promote()
            before = max(len(over_http), *(len(told(n)) for n in notes.values()))
            wait_for(lambda: have_written(before) or not all_at_work(), "the writers at the standby")
        finally:
            stop.touch()
            client.join()
        for process in processes:
            process.join()
        position = service.client.get("/-/ready").json()["position"]

    assert [a.status_code for a in (asked, refused)] == [503, 503]
    assert {a.json()["detail"] for a in (asked, refused)} <= {
        "the ledger cannot be reached",
        "the ledger cannot be asked",
    }
    assert set(statuses) == {201, 503}
    with Ledger.open(followed.there) as ledger:
        assert position == sound(ledger)
        everything = [*over_http, *(t for n in notes.values() for t in told(n))]
        assert lost(ledger, everything) == []
        assert twice(ledger) == []


def sound(ledger: Ledger) -> int:
    """Check that a ledger is whole: no gap, the tree proves, projections are as from scratch. Its position."""
    with ledger.database.reading() as connection:
        entries = list(log.read(connection))
    assert [e.position for e in entries] == list(range(1, len(entries) + 1))
    assert verify(ledger.database, needs_checkpoint=False).findings == []
    assert kept(ledger) == folded(ledger)
    return len(entries)


def lost(ledger: Ledger, acknowledged: list[Told]) -> list[Told]:
    """What was acknowledged and is not there: at its position, after the same log, for the root says both."""
    with ledger.ask() as view:
        there = {event.id for event in view.events(limit=100_000)} | set(view.directory.entities)
        return [
            a
            for a in acknowledged
            if a.unit not in there or (a.root != FOUND and nodes.root_text(view.connection, a.position) != a.root)
        ]


def twice(ledger: Ledger) -> list[str]:
    """What is there more than once, though every writer sent it until it was acknowledged."""
    with ledger.ask() as view:
        return [name for name, number in Counter(e.id for e in view.events(limit=100_000)).items() if number > 1]


def test_without_waiting_for_the_standby_the_last_events_are_lost_and_the_rest_is_whole(followed: Followed):
    """What the standby had not received is gone, though acknowledged; others take its positions.

    A service that has answered from what is gone answers from what is there: an answer is kept under the position and
    the recorded time of the last event.
    """
    ledger = followed.ledger
    first = ledger.record([new(layoff(id=f"first-{n}")) for n in range(3)])
    followed.catch_up()
    with serving(either(followed)) as client:
        with ledger.ask() as view:
            root = nodes.root_text(view.connection, first.last)
        followed.standby.halt("fast")
        gone = ledger.record([new(layoff(id=f"gone-{n}")) for n in range(5)])
        before = client.get("/events.json")

        followed.primary.kill()
        followed.standby.start()
        followed.standby.promote()
        with Ledger.open(followed.there) as promoted:
            assert sound(promoted) == first.last
            again = promoted.record([new(layoff(id=f"other-{n}")) for n in range(5)])
            after = client.get("/events.json", headers={"if-none-match": before.headers["etag"]})
            with promoted.ask() as view:
                assert nodes.root_text(view.connection, first.last) == root
            assert sound(promoted) == again.last == gone.last

    ids = [sorted(item["id"] for item in answer.json()["items"]) for answer in (before, after)]
    firsts = [f"first-{n}" for n in range(3)]
    assert ids == [[*firsts, *(f"gone-{n}" for n in range(5))], [*firsts, *(f"other-{n}" for n in range(5))]]
