"""How often one may ask: steadily, in bursts, each by themselves, and without the service growing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from tests.serving.conftest import serving
from tests.serving.tokens import bearing, made
from timeline import tokens
from timeline.serving.limits import Buckets, Limits, who
from timeline.serving.settings import Settings


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@given(
    st.floats(0.1, 100),
    st.floats(0.1, 10),
    st.lists(st.tuples(st.floats(0, 5), st.sampled_from("abc")), max_size=60),
)
def test_nobody_gets_more_than_the_rate_and_what_came_at_once(rate, seconds, asked):
    """Over the whole time, for each of them: one bucket, and what has run in since."""
    clock = Clock()
    buckets = Buckets(rate, seconds, clock=clock)
    given_ = dict.fromkeys("abc", 0)
    for later, key in asked:
        clock.now += later
        given_[key] += not buckets.wait(key)

    assert max(given_.values()) <= buckets.size + clock.now * rate + 1e-6


@given(st.floats(0.5, 100), st.floats(0.1, 10))
def test_whoever_waits_as_told_is_let_in(rate, seconds):
    clock = Clock()
    buckets = Buckets(rate, seconds, clock=clock)
    while not (wait := buckets.wait("a")):
        pass
    clock.now += wait

    assert buckets.wait("a") == 0


def test_everybody_has_a_bucket_of_their_own():
    buckets = Buckets(1, 2, clock=Clock())

    assert [bool(buckets.wait(key)) for key in "aaabbb"] == [False, False, True, False, False, True]


def test_those_who_ask_no_more_are_forgotten():
    clock = Clock()
    buckets = Buckets(1, 1, most=10, clock=clock)
    for n in range(1000):
        buckets.wait(str(n))

    assert len(buckets) == 10
    assert buckets.wait("999") > 0


def test_to_look_takes_nothing():
    buckets = Buckets(1, 1, clock=Clock())

    assert [buckets.wait("a", takes=False) for _ in range(5)] == [0] * 5
    assert (len(buckets), buckets.wait("a"), buckets.wait("a", takes=False)) == (0, 0, 1)


def test_no_rate_is_no_limit():
    buckets = Buckets(0, 1)

    assert not any(buckets.wait("a") for _ in range(1000))
    assert len(buckets) == 0


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("203.0.113.1", "203.0.113.2", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:203.0.113.1", "203.0.113.1", True),
        ("", "", True),
        ("a name", "another", False),
    ],
)
def test_whose_address_it_is(one, other, is_same):
    assert (who(one) == who(other)) is is_same


def test_readers_on_this_machine_wait_for_nobody_and_those_who_record_do():
    limits = Limits(Settings(ledger="", rate=1, write_rate=1))

    assert not any(limits.wait(None, "127.0.0.1", writes=False) for _ in range(100))
    assert any(limits.wait(None, "127.0.0.1", writes=True) for _ in range(10))
    assert any(limits.wait(None, "203.0.113.1", writes=False) for _ in range(10))


def test_reading_and_recording_are_counted_apart():
    limits = Limits(Settings(ledger="", rate=1, write_rate=1))
    while not limits.wait("t", "203.0.113.1", writes=False):
        pass

    assert limits.wait("t", "203.0.113.1", writes=True) == 0
    assert limits.wait("u", "203.0.113.1", writes=False) == 0


# -- over HTTP --------------------------------------------------------------------------------------------------------

BEHIND_A_PROXY = {"x-forwarded-for": "203.0.113.1"}


def test_whoever_asks_too_often_is_told_when_to_come_again(own_ledger):
    with serving(own_ledger, rate=1.0) as client:
        here = [client.get("/deals.json").status_code for _ in range(20)]
        answers = [client.get("/deals.json", headers=BEHIND_A_PROXY) for _ in range(20)]
        other = client.get("/deals.json", headers={"x-forwarded-for": "203.0.113.2"})
        health = client.get("/-/health", headers=BEHIND_A_PROXY)

    assert set(here) == {200}
    assert [a.status_code for a in answers[:4]] == [200] * 4
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert answers[-1].json()["type"] == "/api#busy"
    assert (other.status_code, health.status_code) == (200, 200)


def test_each_token_records_at_its_own_rate(own_ledger):
    with serving(own_ledger, writes=True, write_rate=1.0) as client:
        ada, eve = (bearing(made(own_ledger, name, "record")) for name in ("ada", "eve"))
        statuses = [client.post("/api/events", json={}, headers=ada).status_code for _ in range(20)]

        assert (statuses[0], statuses[-1]) == (422, 429)
        assert client.post("/api/events", json={}, headers=eve).status_code == 422
        assert client.get("/deals.json", headers=ada).status_code == 200


def test_whoever_tries_tokens_spends_what_their_address_may_ask(own_ledger):
    with serving(own_ledger, rate=1.0) as client:
        tried = [client.get("/deals.json", headers={**BEHIND_A_PROXY, **bearing("tl_x")}) for _ in range(20)]

    assert (tried[0].status_code, tried[-1].status_code) == (401, 429)


def test_whoever_tried_too_many_tokens_is_not_even_looked_up(own_ledger, monkeypatch):
    """The ledger is asked no more; but who was let in before from there, still is."""
    asked: list[str] = []
    valid = tokens.valid

    def counted(connection: Connection, given: tokens.Given) -> tokens.Token | None:
        asked.append(given.id)
        return valid(connection, given)

    monkeypatch.setattr(tokens, "valid", counted)
    ada, bob = (bearing(made(own_ledger, name, "read")) for name in ("ada", "bob"))
    with serving(own_ledger, rate=0.5) as client:
        first = client.get("/deals.json", headers={**BEHIND_A_PROXY, **ada})
        unknown = [f"{n:08x}" for n in range(20)]
        tried = [
            client.get("/deals.json", headers={**BEHIND_A_PROXY, **bearing(tokens.written(i, bytes(32)))})
            for i in unknown
        ]
        again = client.get("/deals.json", headers={**BEHIND_A_PROXY, **ada})
        other = client.get("/deals.json", headers={**BEHIND_A_PROXY, **bob})
        elsewhere = client.get("/deals.json", headers=bob)

    assert (first.status_code, again.status_code, other.status_code, elsewhere.status_code) == (200, 200, 429, 200)
    assert [t.status_code for t in tried] == [401] * 2 + [429] * 18
    assert [i for i in asked if i in unknown] == unknown[:2]
