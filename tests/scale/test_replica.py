"""A service on a streaming replica: it answers as its primary does, says how far it is behind, and writes nothing."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select

from tests.scale.conftest import Followed
from tests.services import wait_for
from tests.serving.conftest import serving
from tests.serving.test_stream import messages
from tests.serving.tokens import bearing, made
from tests.timeline.builders import layoff, org
from tests.timeline.test_concurrency import SPAWN, running
from tests.timeline.writers import BATCH, write
from timeline.audit.verifying import verify
from timeline.commands.start import EXAMPLE, example
from timeline.errors import StoreError
from timeline.imports.recording import import_documents
from timeline.imports.yamlfile import read
from timeline.ledger import Ledger, new
from timeline.serving.resources import RESOURCES
from timeline.state.rebuild import rebuild
from timeline.state.tables import TABLES
from timeline.store.tables import events

pytestmark = pytest.mark.xdist_group("replica")

NAMES = {
    "state": "2024-06-01",
    "organization": "meta",
    "tree": "meta",
    "members": "fair",
    "person": "naman-goyal",
    "product": "behemoth",
    "event": "meta",
    "source": "bi-2025-05-26",
    "diff": "2024..2025",
    "learned": "@1..@20",
}
"""What each resource that takes a name is asked for."""
QUERIES = {"search": "q=meta"}
FORMS = {"json", "atom"}


def ready(client):
    """What a service says of itself: how it is, and the two metrics of a replica."""
    told = client.get("/-/ready").json()
    numbers = client.get("/-/metrics").text
    of_replica = dict(re.findall(r"^timeline_replica_(\w+) (\S+)$", numbers, re.MULTILINE))
    return told, float(of_replica["lag_seconds"]), float(of_replica["follows"])


# -- reading ----------------------------------------------------------------------------------------------------------


def test_it_answers_as_its_primary_does(followed: Followed):
    """Every resource, as JSON and as a feed: the same bytes under the same ETag."""
    import_documents(followed.ledger, [read(example(), EXAMPLE)], by="demo")
    followed.catch_up()
    paths = [
        f"{resource.path.replace('{name}', NAMES.get(resource.name, ''))}.{form}?{QUERIES.get(resource.name, '')}"
        for resource in RESOURCES.values()
        for form in FORMS & set(resource.forms)
    ]
    compared = ("etag", "content-type", "last-modified", "cache-control", "link")

    def told(answer):
        if answer.status_code == 200:
            return answer.content, [answer.headers.get(name) for name in compared]
        return answer.json() | {"request": ""}

    with serving(followed.here, rate=0) as first, serving(followed.there, read_only=True, rate=0) as second:
        answers = {path: (first.get(path), second.get(path)) for path in paths}

    assert {one.status_code for one, _ in answers.values()} == {200}
    assert {path for path, (one, other) in answers.items() if told(one) != told(other)} == set()


def test_a_batch_of_which_half_has_arrived_is_not_seen(followed: Followed):
    """The standby has replayed the events of a transaction that has not ended yet."""
    seen = []

    def look(connection, batch):
        followed.primary.ask("SELECT pg_switch_wal()")  # which sends all that was written so far
        followed.catch_up()
        seen.append(state(reader))

    with Ledger.open(followed.there) as reader:
        before = state(reader)
        followed.ledger.record([new(layoff()), new(layoff())], also=look)
        followed.catch_up()
        after = state(reader)

    assert seen == [before]
    assert (before, after) == ((1, 1, 0), (3, 3, 2))


def state(ledger):
    """Of one view: the position it is of, the events in the log, the layoffs in the projection."""
    with ledger.ask() as view:
        number = view.connection.scalar(select(func.count()).select_from(events))
        table = TABLES["happenings"]
        listed = select(func.count()).select_from(table.table).where(table.known(None))
        return view.position, number, view.connection.scalar(listed)


def test_a_reader_sees_whole_batches_one_after_the_other(followed: Followed):
    """A batch of the writer is three events with two layoffs."""
    batches = 12
    seen: list[tuple[int, int, int]] = []
    with (
        Ledger.open(followed.there) as reader,
        running((write, followed.here, "ada", batches, SPAWN.Barrier(1))) as [writer],
    ):
        while (not seen or seen[-1][0] < 1 + batches * BATCH) and not writer.exitcode:
            seen.append(state(reader))

    assert seen == sorted(seen)
    assert {(p % BATCH, number - p, listed - (p - 1) // BATCH * 2) for p, number, listed in seen} == {(1, 0, 0)}


def test_what_is_acknowledged_is_on_the_replica_already_if_the_primary_waits_for_it(followed: Followed):
    """With `remote_apply` an acknowledged event can be read from the standby at once."""
    followed.primary.configure(synchronous_standby_names="standby", synchronous_commit="remote_apply")
    followed.ledger.database.engine.dispose()  # connections that began with the former settings
    try:
        with Ledger.open(followed.there) as reader:
            for _ in range(20):
                batch = followed.ledger.record([new(layoff())])
                assert state(reader)[0] == batch.last
    finally:
        followed.primary.configure(synchronous_standby_names="", synchronous_commit="on")


def test_it_proves_what_its_primary_proves(followed: Followed):
    followed.ledger.record([new(layoff()) for _ in range(300)])
    followed.catch_up()

    with Ledger.open(followed.there) as reader:
        one, other = (verify(x.database, needs_checkpoint=False) for x in (followed.ledger, reader))

    assert (one.findings, one.root) == (other.findings, other.root) == ([], one.root)


# -- following the log ------------------------------------------------------------------------------------------------


def test_its_stream_tells_what_the_primary_records(followed: Followed):
    """Nothing wakes a standby up, so it looks; what it received late it tells late, and in order."""
    with serving(followed.there, read_only=True) as client, client.stream("GET", "/api/stream?after=1") as response:
        told = messages(response)
        followed.ledger.record([new(layoff()), new(layoff())])
        first = [next(told)["id"] for _ in range(2)]
        with followed.paused():
            followed.ledger.record([new(layoff())])
            followed.ledger.record([new(layoff())])
        later = [next(told)["id"] for _ in range(2)]

    assert (first, later) == (["2", "3"], ["4", "5"])


def test_a_subscription_on_it_goes_on(followed: Followed):
    with Ledger.open(followed.there) as reader, reader.recorder.subscribe(gt=1) as subscription:
        for expected in (2, 3, 4):
            followed.ledger.record([new(layoff())])
            assert next(subscription).id == expected


# -- writing ----------------------------------------------------------------------------------------------------------


def test_it_takes_no_writes_and_says_so(followed: Followed, run):
    token = made(followed.here)
    followed.catch_up()
    sent = {"kind": "layoff", "organization": "meta", "date": "2025"}

    with serving(followed.there, read_only=True) as client:
        refused = client.post("/api/events", json=sent, headers=bearing(token))
        writes = client.get("/-/ready").json()["writes"]
    with serving(followed.there, writes=True) as client:
        client.get("/orgs.json")  # over a connection that is used again
        not_ready_to = client.get("/-/ready").json()["writes"]
        failed = client.post("/api/events", json=sent, headers=bearing(token))
    added = run("add", "layoff", "--organization", "meta", "--date", "2025", db=followed.there)

    assert (writes, not_ready_to) == (False, False)
    assert (refused.status_code, refused.json()["type"]) == (403, "/api#off")
    assert (failed.status_code, failed.json()["detail"]) == (503, "the ledger cannot be written: it is read-only here")
    assert failed.headers["retry-after"]
    assert (added.status, "cannot be written: it is read-only here" in " ".join(added.err.split())) == (6, True)


@pytest.mark.parametrize("has_read", [False, True])
def test_a_writer_is_told_whatever_its_connection_did_before(followed: Followed, has_read):
    with Ledger.open(followed.there) as reader:
        reader.database.engine.dispose()
        if has_read:
            state(reader)
        with pytest.raises(StoreError, match="it is read-only here"):
            reader.record([new(layoff())])


def test_a_question_that_stands_in_the_way_of_the_log_is_broken_off(followed: Followed):
    """A rebuild swaps tables, which the standby cannot show while somebody reads the old ones."""
    followed.standby.configure(max_standby_streaming_delay="0")
    try:
        with Ledger.open(followed.there) as reader:

            def read_for_long():
                with reader.ask() as view:
                    rebuild(followed.ledger.database)
                    view.connection.exec_driver_sql("SELECT pg_sleep(60)")

            with pytest.raises(StoreError, match="try again"):
                read_for_long()
            followed.catch_up()
            assert state(reader) == (1, 1, 0)
    finally:
        followed.standby.configure(max_standby_streaming_delay="30s")


# -- how far it is behind ---------------------------------------------------------------------------------------------


def test_a_primary_is_no_replica(followed: Followed):
    with serving(followed.here) as client:
        told, lag, follows = ready(client)

    assert (told["replica"], told["follows"], told["lag_seconds"], lag, follows) == (False, None, None, 0, 1)


def test_a_replica_that_shows_everything_has_no_lag(followed: Followed):
    """However long ago the last event was: nothing was recorded since."""
    followed.primary.ask("SELECT pg_sleep(0.3)")
    with serving(followed.there, read_only=True) as client:
        told, lag, follows = ready(client)

    assert (told["ready"], told["replica"], told["follows"], told["lag_seconds"]) == (True, True, True, 0)
    assert (lag, follows, told["problem"]) == (0, 1, "")


def test_the_lag_grows_while_it_receives_and_does_not_show(followed: Followed):
    """It is counted from when the replica was last level, not from the last event, which may be of last week."""
    with serving(followed.there, read_only=True) as client:
        followed.primary.ask("SELECT pg_sleep(1)")
        level, *_ = ready(client)
        with followed.paused():
            followed.ledger.record([new(layoff())])
            wait_for(lambda: ready(client)[0]["lag_seconds"] > 0, "the lag")
            behind, *_ = ready(client)
            further, lag, follows = ready(client)
        followed.catch_up()
        again, *_ = ready(client)

    assert (level["lag_seconds"], again["lag_seconds"]) == (0, 0)
    assert (behind["position"], again["position"]) == (1, 2)
    assert 0 < behind["lag_seconds"] < further["lag_seconds"] <= lag
    assert follows == 1


def test_a_replica_without_its_primary_says_so(followed: Followed):
    """Nothing more arrives. That it shows all it received does not mean that it is level."""
    with serving(followed.there, read_only=True) as client:
        assert ready(client)[0]["lag_seconds"] == 0
        followed.ledger.database.close()
        followed.primary.kill()
        try:
            wait_for(lambda: not ready(client)[0]["follows"], "the replica to notice")
            told, lag, follows = ready(client)
            answer = client.get("/orgs.json")
        finally:
            followed.primary.start()
        wait_for(lambda: ready(client)[0]["follows"], "the replica to follow again")
        followed.ledger.record([new(org("bell"))])
        followed.catch_up()
        again, *_ = ready(client)

    assert (told["ready"], told["replica"], told["lag_seconds"], follows) == (True, True, None, 0)
    assert lag != lag  # which Prometheus calls NaN
    assert told["problem"].startswith("it hears nothing from the server that it follows")
    assert answer.status_code == 200
    assert (again["lag_seconds"], again["position"], again["problem"]) == (0, 2, "")


def test_an_account_without_rights_on_statistics_learns_the_lag_too(followed: Followed, run):
    """PostgreSQL shows it only that there is a receiver."""
    assert run("roles", db=followed.here).status == 0
    followed.primary.ask("CREATE ROLE poor LOGIN IN ROLE timeline_reader")
    followed.catch_up()

    with serving(followed.there.replace("//postgres@", "//poor@"), read_only=True) as client:
        told, *_ = ready(client)

    assert (told["replica"], told["follows"], told["lag_seconds"]) == (True, True, 0)
