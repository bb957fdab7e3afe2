"""Webhooks: what is sent, in which order, how often it is tried, and that no two services send it at once."""

from __future__ import annotations

import asyncio
import json
import logging
import time

import psycopg
import pytest
import standardwebhooks

from events.about import Erasure
from events.register import Merge
from tests.cli.conftest import Run
from tests.cli.test_roles import plain
from tests.serving.conftest import serving
from tests.serving.receiver import Now, added, deliver, failed, receiving, shown
from tests.serving.test_processes import lines, started
from tests.timeline.builders import layoff, org, person
from timeline import webhooks
from timeline.ledger import Ledger, following, new
from timeline.serving import leases
from timeline.serving.leases import DELAYS, LEASE
from timeline.serving.logs import Lines, Words
from timeline.serving.metrics import Metrics
from timeline.serving.webhooks import Deliverer
from timeline.store import tables
from timeline.store.log import system_clock

# -- what is sent -----------------------------------------------------------------------------------------------------


def test_a_batch_is_a_message_that_anybody_can_check(database_url):
    with Ledger.create(database_url) as ledger, receiving() as receiver:
        ledger.record([new(org("acme"))], by="ada")
        ledger.record([new(layoff("acme")), new(layoff("acme", date="2026"))])
        hook = added(ledger, receiver.url)
        metrics = deliver(ledger, system_clock)

    first, second = receiver.got
    body = standardwebhooks.Webhook(hook.secret).verify(second.body, second.headers)
    assert first.is_signed_with(hook.secret)
    assert second.is_signed_with(hook.secret)
    assert not second._replace(body=second.body.replace(b"2026", b"2027")).is_signed_with(hook.secret)
    assert first.path == "/hook?key=hidden"
    assert first.headers["content-type"] == "application/json"
    assert body["type"] == "timeline.recorded"
    assert body["timestamp"] == body["data"]["events"][0]["recorded_at"]
    assert {k: v for k, v in body["data"].items() if k != "events"} == {
        "batch": 3,
        "position": 3,
        "part": 1,
        "parts": 1,
    }
    assert [e["kind"] for e in body["data"]["events"]] == ["layoff", "layoff"]
    assert first.data["events"][0]["recorded_by"] == "ada"
    assert (first.id, second.id) == (f"msg_{hook.id}_1_1", f"msg_{hook.id}_3_1")
    assert b"timeline_webhook_delivered_total 2.0" in metrics.text()


def test_a_webhook_begins_with_what_is_recorded_from_now_on(tmp_path):
    clock = Now()
    with Ledger.create(str(tmp_path / "a.db")) as ledger, receiving() as receiver:
        ledger.record([new(org("acme"))])
        added(ledger, receiver.url, after=None)
        deliver(ledger, clock)
        assert receiver.got == []
        ledger.record([new(layoff("acme"))])
        deliver(ledger, clock)

    assert receiver.positions == [[2]]


def test_a_batch_that_the_beginning_would_cut_is_told_whole(tmp_path):
    with Ledger.create(str(tmp_path / "a.db")) as ledger, receiving() as receiver:
        ledger.record([new(org("acme"))])
        ledger.record([new(layoff("acme")), new(layoff("acme")), new(layoff("acme"))])
        added(ledger, receiver.url, after=3)
        deliver(ledger, Now())

    assert receiver.positions == [[2, 3, 4]]


def test_everything_comes_once_and_in_order(database_url):
    with Ledger.create(database_url) as ledger, receiving() as receiver:
        ledger.record([new(org("acme"))])
        added(ledger, receiver.url)
        for number in range(20):
            ledger.record([new(layoff("acme", note=str(number)))])
        deliver(ledger, Now())

    assert receiver.positions == [[n] for n in range(1, 22)]
    assert len({g.id for g in receiver.got}) == 21


def test_a_long_batch_comes_in_parts(database_url):
    with Ledger.create(database_url) as ledger, receiving() as receiver:
        ledger.record([new(org("acme"))])
        ledger.record([new(layoff("acme", note=str(n))) for n in range(1100)])
        added(ledger, receiver.url, after=1)
        deliver(ledger, Now())

    assert [(g.data["part"], g.data["parts"], g.data["position"]) for g in receiver.got] == [
        (1, 3, 501),
        (2, 3, 1001),
        (3, 3, 1101),
    ]
    assert [p for positions in receiver.positions for p in positions] == list(range(2, 1102))
    assert {g.data["batch"] for g in receiver.got} == {1101}


def test_the_last_part_of_a_batch_is_sent_though_nothing_in_it_is_asked_for(tmp_path):
    """Only so a receiver knows that it has all of the batch."""
    with Ledger.create(str(tmp_path / "a.db")) as ledger, receiving() as receiver:
        people = [new(person(f"p{n}")) for n in range(1200)]
        ledger.record([new(org("acme")), new(layoff("acme")), *people])
        ledger.record([new(person("ada"))])
        ledger.record([new(layoff("acme"))])
        added(ledger, receiver.url, kinds=("layoff",))
        deliver(ledger, Now())

    assert [(g.data["part"], g.positions) for g in receiver.got] == [(1, [2]), (3, []), (1, [1204])]


def test_only_what_is_asked_for_is_told(database_url):
    clock = Now()
    with Ledger.create(database_url) as ledger, receiving() as receiver:
        ledger.record([new(org("acme")), new(org("bell")), new(person("ada"))])
        ledger.record([new(layoff("acme")), new(layoff("bell"))])
        ledger.record([new(person("eve"))])
        added(ledger, receiver.url, kinds=("layoff",))
        added(ledger, receiver.url, orgs=("bell",))
        added(ledger, receiver.url, kinds=("layoff",), orgs=("bell",))
        deliver(ledger, clock)
        told = [shown(ledger, clock, n).position for n in range(3)]

    by_hook: dict[str, list[list[int]]] = {}
    for got in receiver.got:
        by_hook.setdefault(got.id.split("_")[1], []).append(got.positions)
    assert sorted(by_hook.values()) == [[[2], [5]], [[4, 5]], [[5]]]
    assert told == [6, 6, 6]


def test_an_organization_is_meant_under_all_ids_that_it_ever_had(database_url):
    with Ledger.create(database_url) as ledger, receiving() as receiver:
        ledger.record([new(org("acme")), new(org("acme-inc")), new(org("bell"))])
        hook = added(ledger, receiver.url, orgs=("acme-inc",), after=3)
        ledger.record([new(layoff("bell")), new(layoff("acme-inc")), new(layoff("acme"))])
        ledger.record([new(Merge(duplicate="acme-inc", into="acme"))])
        ledger.record([new(layoff("acme", date="2026"))])
        deliver(ledger, Now())

    assert receiver.positions == [[5, 6], [7], [8]]
    assert all(g.id.startswith(f"msg_{hook.id}_") for g in receiver.got)


def test_nothing_is_lost_where_much_is_not_asked_for(tmp_path, monkeypatch):
    """A batch may be longer than what is looked through at once."""
    monkeypatch.setattr("timeline.serving.messages.LOOKS", 1)
    with Ledger.create(str(tmp_path / "a.db")) as ledger, receiving() as receiver:
        ledger.record([new(org("acme")), new(org("bell"))])
        ledger.record(
            [new(layoff("bell")), *(new(layoff("acme", note=str(n))) for n in range(1700)), new(layoff("bell"))]
        )
        added(ledger, receiver.url, orgs=("bell",), after=2)
        for _ in range(5):
            deliver(ledger, Now())

    assert [p for positions in receiver.positions for p in positions] == [3, 1704]


# -- what was erased --------------------------------------------------------------------------------------------------


def test_what_was_erased_is_not_sent_any_more(database_url):
    clock = Now()
    with Ledger.create(database_url) as ledger, receiving() as receiver:
        ledger.record([new(org("acme"))])
        said = new(layoff("acme", note="nobody may know", id="secret-layoff"))
        ledger.record([said])
        added(ledger, receiver.url, after=1)
        receiver.statuses = [500]
        deliver(ledger, clock)
        assert b"secret-layoff" in receiver.got[0].body
        ledger.record([following(said.originator_id, 1, Erasure(ground="GDPR Art. 17"))])
        clock.wait(5)
        deliver(ledger, clock)

    again, erasure = receiver.got[1:]
    assert again.id == receiver.got[0].id
    assert b"secret-layoff" not in again.body + erasure.body
    assert b"nobody" not in again.body + erasure.body
    assert again.data["events"][0]["headline"] == "erased"
    assert erasure.data["events"][0]["kind"] == "erasure"


def test_a_message_that_was_given_up_holds_nothing_that_was_said(database_url, run: Run):
    """So an erasure need not look there, and a retry sends what the log says now."""
    clock = Now()
    with Ledger.create(database_url) as ledger, receiving() as receiver:
        ledger.record([new(org("acme"))])
        said = new(layoff("acme", id="secret-layoff"))
        ledger.record([said])
        hook = added(ledger, receiver.url, after=1)
        receiver.statuses = [500] * 8
        for delay in (0, *DELAYS):
            clock.wait(delay)
            deliver(ledger, clock)
        (dead,) = failed(ledger)
        with ledger.database.reading() as connection:
            kept = repr(connection.execute(tables.webhook_failures.select()).all())
        ledger.record([following(said.originator_id, 1, Erasure(ground="GDPR Art. 17"))])
        assert run("webhook", "retry", hook.id, str(dead.position), db=database_url).status == 0

    assert "secret" not in kept
    assert receiver.got[-1].id == receiver.got[0].id
    assert b"secret-layoff" not in receiver.got[-1].body


def test_an_erasure_is_told_to_everybody(tmp_path):
    """Who was told of an entry before has to learn that it is gone, whatever they asked for."""
    with Ledger.create(str(tmp_path / "a.db")) as ledger, receiving() as receiver:
        ledger.record([new(org("acme")), new(org("bell"))])
        said = new(layoff("bell"))
        ledger.record([said])
        added(ledger, receiver.url, kinds=("layoff",), orgs=("bell",), after=2)
        deliver(ledger, Now())
        ledger.record([following(said.originator_id, 1, Erasure(ground="GDPR Art. 17"))])
        deliver(ledger, Now())

    assert [(g.data["events"][0]["kind"], g.positions) for g in receiver.got] == [("layoff", [3]), ("erasure", [4])]


# -- again and again --------------------------------------------------------------------------------------------------


def test_a_message_is_tried_eight_times_then_given_up_and_the_next_one_follows(database_url, run: Run):
    clock = Now()
    with Ledger.create(database_url) as ledger, receiving() as receiver:
        ledger.record([new(org("acme"))])
        ledger.record([new(layoff("acme"))])
        hook = added(ledger, receiver.url)
        receiver.statuses = [500, 503, 301, 404, 429, 400, 199 + 300, 500]
        for number, delay in enumerate(DELAYS, 1):
            deliver(ledger, clock)
            clock.wait(delay - 0.001)
            deliver(ledger, clock)
            assert len(receiver.got) == number
            assert (shown(ledger, clock).attempts, shown(ledger, clock).state) == (number, "waiting")
            clock.wait(0.001)
        metrics = deliver(ledger, clock)
        dead = failed(ledger)
        state = shown(ledger, clock)

        assert receiver.positions == [[1]] * 8 + [[2]]
        assert len({g.id for g in receiver.got[:8]}) == 1
        assert [(d.webhook, d.position, d.attempts, d.status, d.error) for d in dead] == [
            (hook.id, 1, 8, 500, "it answered 500")
        ]
        assert (state.position, state.attempts, state.failed, state.state) == (2, 0, 1, "active")
        assert b"timeline_webhook_dead_total 1.0" in metrics.text()

        receiver.statuses = [500]
        assert run("webhook", "retry", hook.id, db=database_url).status == 1
        assert failed(ledger)[0].attempts == 9
        ran = run("webhook", "retry", hook.id, db=database_url)
        assert (ran.status, "1 message delivered" in ran.err) == (0, True)
        assert failed(ledger) == []
        assert receiver.got[-1].positions == [1]


def test_the_signature_is_of_the_moment_at_which_is_sent(tmp_path):
    clock = Now(1_800_000_000)
    with Ledger.create(str(tmp_path / "a.db")) as ledger, receiving() as receiver:
        ledger.record([new(org("acme"))])
        hook = added(ledger, receiver.url)
        receiver.statuses = [500]
        deliver(ledger, clock)
        clock.wait(5)
        deliver(ledger, clock)

    assert [g.headers["webhook-timestamp"] for g in receiver.got] == ["1800000000", "1800000005"]
    assert all(g.is_signed_with(hook.secret) for g in receiver.got)
    assert receiver.got[0].id == receiver.got[1].id


def test_a_delay_is_up_to_a_fifth_longer(tmp_path):
    clock = Now()
    with Ledger.create(str(tmp_path / "a.db")) as ledger:
        ledger.record([new(org("acme"))])
        target = added(ledger, "https://example.org/")
        with ledger.database.writing() as connection:
            leases.claim(connection, target.id, "a", clock())
            bad = webhooks.Outcome(500, "it answered 500")
            leases.settle(connection, target, "a", bad, message="m", position=1, go_on=True, now=clock(), jitter=1.0)
            assert connection.scalar(tables.webhooks.select().with_only_columns(tables.webhooks.c.next_try)) == (
                clock() + 6_000_000
            )


def test_a_receiver_that_wants_nothing_more_is_left_alone(database_url, run: Run):
    clock = Now()
    with Ledger.create(database_url) as ledger, receiving() as receiver:
        ledger.record([new(org("acme"))])
        hook = added(ledger, receiver.url)
        receiver.statuses = [410]
        deliver(ledger, clock)
        clock.wait(100 * 24 * 3600)
        deliver(ledger, clock)
        assert (len(receiver.got), shown(ledger, clock).state) == (1, "paused")

        assert run("webhook", "retry", hook.id, db=database_url).status == 0
        deliver(ledger, clock)

    assert receiver.positions == [[1], [1]]


def test_a_receiver_that_is_not_there_is_tried_again(tmp_path):
    clock = Now()
    with receiving() as gone:
        url = gone.url
    with Ledger.create(str(tmp_path / "a.db")) as ledger:
        ledger.record([new(org("acme"))])
        added(ledger, url)
        deliver(ledger, clock)
        found = shown(ledger, clock)

    assert (found.last_error, found.state, found.url.endswith("/hook?…")) == ("no connection", "waiting", True)


def test_a_slow_receiver_holds_nobody_up(tmp_path):
    clock = Now()
    with Ledger.create(str(tmp_path / "a.db")) as ledger, receiving() as slow, receiving() as quick:
        ledger.record([new(org("acme"))])
        added(ledger, slow.url)
        added(ledger, quick.url)
        slow.answers.clear()

        async def act() -> None:
            deliverer = Deliverer(ledger, Metrics(), clock=clock)
            for _ in range(3):
                await deliverer.look()
                assert await asyncio.to_thread(quick.came.wait, 10)
                quick.came.clear()
                while shown(ledger, clock, 1).behind or quick.positions[-1] != [shown(ledger, clock, 1).position]:
                    await asyncio.sleep(0.01)
                await asyncio.sleep(0.05)  # until the work is put away
                ledger.record([new(layoff("acme"))])
            slow.answers.set()
            await deliverer.finish()

        asyncio.run(act())

    assert len(slow.got) >= 1
    assert quick.positions == [[1], [2], [3]]


# -- several services -------------------------------------------------------------------------------------------------


def test_two_services_send_nothing_twice(database_url):
    clock = Now()
    with Ledger.create(database_url) as ledger, Ledger.open(database_url) as other, receiving() as receiver:
        ledger.record([new(org("acme"))])
        added(ledger, receiver.url)

        async def act() -> None:
            both = [Deliverer(each, Metrics(), clock=clock) for each in (ledger, other)]
            for number in range(10):
                ledger.record([new(layoff("acme", note=str(number)))])
                await asyncio.gather(*(d.look() for d in both))
                await asyncio.gather(*(d.finish() for d in both))
                await asyncio.gather(*(d.look() for d in both))
                await asyncio.gather(*(d.finish() for d in both))

        asyncio.run(act())

    assert receiver.positions == [[n] for n in range(1, 12)]


def test_while_one_service_sends_another_does_not(database_url):
    clock = Now()
    with Ledger.create(database_url) as ledger, Ledger.open(database_url) as other, receiving() as receiver:
        ledger.record([new(org("acme"))])
        added(ledger, receiver.url)
        receiver.answers.clear()

        async def act() -> None:
            first = Deliverer(ledger, Metrics(), clock=clock)
            await first.look()
            assert await asyncio.to_thread(receiver.came.wait, 10)
            second = Deliverer(other, Metrics(), clock=clock)
            await second.look()
            await second.finish()
            assert len(receiver.got) == 1
            receiver.answers.set()
            await first.finish()

        asyncio.run(act())

    assert receiver.positions == [[1]]


def test_what_a_killed_service_was_sending_the_next_one_sends_under_the_same_id(tmp_path, database_url):
    """The lease of the dead runs out first."""
    with Ledger.create(database_url) as ledger, receiving() as receiver:
        ledger.record([new(org("acme"))])
        added(ledger, receiver.url)
        receiver.answers.clear()
        with started(database_url, tmp_path / "log") as service:
            assert receiver.came.wait(20)
            service.process.kill()
            service.process.wait(10)
        receiver.answers.set()
        deliver(ledger, system_clock)
        assert len(receiver.got) == 1
        deliver(ledger, lambda: system_clock() + LEASE)

    assert receiver.positions == [[1], [1]]
    assert receiver.got[0].id == receiver.got[1].id


def test_a_service_that_lost_its_lease_notes_nothing(database_url):
    clock = Now()
    with Ledger.create(database_url) as ledger:
        ledger.record([new(org("acme"))])
        hook = added(ledger, "https://example.org/")
        with ledger.database.writing() as connection:
            assert leases.claim(connection, hook.id, "first", clock())
            assert leases.claim(connection, hook.id, "second", clock()) is None
            clock.wait(60)
            assert leases.claim(connection, hook.id, "second", clock())
            good = webhooks.Outcome(204)
            settled = leases.settle(
                connection, hook, "first", good, message="m", position=1, go_on=True, now=clock(), jitter=0
            )
        assert settled == leases.Settled(is_ours=False)
        assert shown(ledger, clock).position == 0


def test_a_service_that_ends_finishes_what_it_sends_and_leaves_the_rest(database_url):
    clock = Now()
    with Ledger.create(database_url) as ledger, receiving() as receiver:
        for number in range(3):
            ledger.record([new(org(f"org-{number}"))])
        added(ledger, receiver.url)
        receiver.answers.clear()

        async def act() -> None:
            deliverer = Deliverer(ledger, Metrics(), clock=clock)
            async with deliverer.running():
                assert await asyncio.to_thread(receiver.came.wait, 10)
                deliverer.end()
                receiver.answers.set()

        asyncio.run(act())
        assert receiver.positions == [[1]]
        assert shown(ledger, clock).position == 1
        deliver(ledger, clock)

    assert receiver.positions == [[1], [2], [3]]


def test_what_takes_too_long_at_the_end_is_left_to_the_next_service(database_url):
    clock = Now()
    with Ledger.create(database_url) as ledger, receiving() as receiver:
        ledger.record([new(org("acme"))])
        added(ledger, receiver.url)
        receiver.answers.clear()

        async def act() -> None:
            deliverer = Deliverer(ledger, Metrics(), clock=clock)
            await deliverer.look()
            assert await asyncio.to_thread(receiver.came.wait, 10)
            deliverer.end()
            await deliverer.finish(0.01)

        asyncio.run(act())
        receiver.answers.set()
        deliver(ledger, clock)  # its lease was given back

    assert receiver.positions == [[1], [1]]


def test_a_webhook_that_is_removed_meanwhile_ends_quietly(tmp_path, caplog):
    clock = Now()
    with Ledger.create(str(tmp_path / "a.db")) as ledger, receiving() as receiver:
        ledger.record([new(org("acme"))])
        ledger.record([new(org("bell"))])
        hook = added(ledger, receiver.url)
        receiver.answers.clear()

        async def act() -> None:
            deliverer = Deliverer(ledger, Metrics(), clock=clock)
            await deliverer.look()
            assert await asyncio.to_thread(receiver.came.wait, 10)
            with ledger.database.writing() as connection:
                webhooks.remove(connection, hook.id)
            receiver.answers.set()
            await deliverer.finish()

        asyncio.run(act())

    assert receiver.positions == [[1]]
    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []


# -- the service ------------------------------------------------------------------------------------------------------


def waited_for(receiver, number: int) -> None:
    until = time.monotonic() + 20
    while len(receiver.got) < number and time.monotonic() < until:
        time.sleep(0.02)


def test_the_service_delivers_what_is_recorded(database_url, tmp_path):
    with Ledger.create(database_url) as ledger, receiving() as receiver:
        hook = added(ledger, receiver.url)
        with started(database_url, tmp_path / "log") as service:
            ledger.record([new(org("acme"))])
            waited_for(receiver, 1)
            metrics = service.client.get("/-/metrics").text
            assert service.ended() == 0
        (told,) = [line for line in lines(tmp_path / "log") if "webhook" in line]

    assert receiver.positions == [[1]]
    assert "timeline_webhook_lag" in metrics
    assert (told["webhook"], told["to"], told["status"]) == (hook.id, receiver.url.partition("/hook")[0], 204)
    log = (tmp_path / "log").read_text("utf-8")
    assert hook.secret not in log
    assert "hidden" not in log
    assert receiver.got[0].headers["webhook-signature"] not in log


@pytest.mark.parametrize("form", [Words(), Lines()], ids=["words", "json"])
def test_the_log_says_what_was_sent_where_and_no_secret(tmp_path, caplog, form):
    with Ledger.create(str(tmp_path / "a.db")) as ledger, receiving() as receiver:
        ledger.record([new(org("acme"))])
        hook = added(ledger, receiver.url)
        receiver.statuses = [500]
        with caplog.at_level(logging.INFO, logger="timeline.serving.webhooks"):
            deliver(ledger, Now())
            deliver(ledger, Now(1_900_000_000))

    said = [form.format(r) for r in caplog.records if r.name == "timeline.serving.webhooks"]
    host = receiver.url.partition("/hook")[0]
    assert [
        f"webhook {hook.id}: msg_{hook.id}_1_1 to {host} {what}" in line
        for line, what in zip(said, ("failed: it answered 500", "accepted"), strict=True)
    ] == [True, True]
    for secret in (hook.secret, hook.secret.removeprefix("whsec_"), "hidden", "/hook", "v1,"):
        assert secret not in "".join(said)


def test_a_service_that_only_reads_delivers_nothing(tmp_path):
    path = tmp_path / "timeline.db"
    with Ledger.create(str(path)) as ledger, receiving() as receiver:
        ledger.record([new(org("acme"))])
        added(ledger, receiver.url)
        with serving(path, read_only=True) as client:
            assert client.get("/orgs.json").status_code == 200
            time.sleep(0.2)

    assert receiver.got == []


def test_a_service_whose_account_may_not_write_says_so_once(postgres_server, run: Run, caplog):
    with postgres_server.database() as url:
        run("init", "--roles", db=url)
        with psycopg.connect(plain(url), autocommit=True) as admin:
            for role in ("reader", "writer"):
                admin.execute(f"CREATE ROLE w_{role} LOGIN IN ROLE timeline_{role}")
        try:
            reader, writer = (url.replace("postgres@", f"w_{role}@") for role in ("reader", "writer"))
            with Ledger.open(writer) as ledger, receiving() as receiver:
                ledger.record([new(org("acme"))])
                added(ledger, receiver.url)
                with Ledger.open(reader) as other:
                    deliver(other, Now(), times=3)
                deliver(ledger, Now())
            assert run("webhook", "list", db=reader).status == 6
            assert len(run("webhook", "list", "--json", db=writer).items) == 1
            with psycopg.connect(plain(reader)) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("SELECT secret FROM webhooks")
        finally:
            with psycopg.connect(plain(url), autocommit=True) as admin:
                admin.execute("DROP ROLE w_reader")
                admin.execute("DROP ROLE w_writer")

    assert receiver.positions == [[1]]
    assert len([r for r in caplog.records if "not delivered now" in r.getMessage()]) == 1


# -- the command line -------------------------------------------------------------------------------------------------


def test_a_webhook_from_the_command_line(tmp_path, run: Run):
    path = str(tmp_path / "a.db")
    with Ledger.create(path) as ledger, receiving() as receiver:
        ledger.record([new(org("acme", name="Acme Works"))])
        ran = run("webhook", "add", receiver.url, "--insecure", "--kind", "layoff", "--org", "acme works", db=path)
        secret = ran.out.strip()
        (item,) = run("webhook", "list", "--json", db=path).items
        listed = run("webhook", "list", "--format", "table", db=path).out + json.dumps(item)
        assert run("webhook", "test", item["id"], db=path).status == 0
        (ping,) = receiver.got
        receiver.statuses = [500]
        ran = run("webhook", "test", item["id"], db=path)
        assert (ran.status, "it answered 500" in ran.err) == (1, True)

        assert secret.startswith("whsec_")
        assert ping.is_signed_with(secret)
        assert json.loads(ping.body)["type"] == "timeline.ping"
        assert (item["kinds"], item["orgs"], item["position"]) == (["layoff"], ["acme"], 1)
        assert secret not in listed
        assert "hidden" not in listed
        assert run("webhook", "failed", "--json", db=path).items == []
        assert run("webhook", "retry", item["id"], "7", db=path).status == 3
        assert run("webhook", "remove", item["id"], db=path).status == 0
        assert run("webhook", "list", "--json", db=path).items == []


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("add", "https://example.org", "--kind", "layof"), 3),
        (("add", "https://example.org", "--org", "nobody"), 3),
        (("add", "https://example.org", "--after", "2"), 2),
        (("add", "https://example.org", "--after", "0", "--from-now"), 2),
        (("add", "http://example.org"), 2),
        (("add", "http://example.org", "--insecure", "--allow-private"), 2),
        (("remove", "0123abcd"), 3),
        (("test", "0123abcd"), 3),
        (("failed", "0123abcd"), 3),
        (("retry", "0123abcd"), 3),
    ],
    ids=str,
)
def test_what_cannot_be_is_told(tmp_path, run: Run, words, status):
    path = str(tmp_path / "a.db")
    with Ledger.create(path) as ledger:
        ledger.record([new(org("acme"))])

    assert run("webhook", *words, db=path).status == status
    assert run("webhook", "list", "--json", db=path).items == []


def test_a_ledger_from_before_there_were_webhooks(database_url, run: Run):
    with Ledger.create(database_url) as ledger:
        ledger.record([new(org("acme"))])
        with ledger.database.writing() as connection:
            tables.service.drop_all(connection, [tables.webhooks, tables.webhook_failures])
        assert run("webhook", "list", "--json", db=database_url).items == []
        assert run("webhook", "failed", "--json", db=database_url).items == []
        ran = run("webhook", "add", "https://example.org", db=database_url)
        assert (ran.status, "timeline migrate" in ran.err) == (6, True)
        deliver(ledger, Now())

        assert run("migrate", db=database_url).status == 0
        assert run("webhook", "add", "https://example.org", db=database_url).status == 0
        assert "shape" not in run("audit", "verify", db=database_url).out
