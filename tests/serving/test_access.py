"""Who is let in: on this machine, with a token, with the address of a private feed; and what is said to all others."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from icalendar import Calendar

from events.register import Merge
from tests.cli.conftest import Run
from tests.serving.conftest import serving
from tests.serving.tokens import bearing, made
from tests.timeline.builders import layoff, org
from timeline import tokens
from timeline.errors import StoreError, UsageError
from timeline.ledger import Ledger, new
from timeline.serving.access import check_open
from timeline.serving.openapi import document
from timeline.serving.settings import Settings

OPEN_ADDRESS = {"host": "0.0.0.0", "hosts": ("127.0.0.1",)}  # what others reach


@pytest.fixture
def closed(own_ledger: Path) -> Iterator[httpx.Client]:
    """A client of a service that others reach, and that is not public."""
    with serving(own_ledger, **OPEN_ADDRESS) as client:
        yield client


def test_everybody_on_this_machine_reads(own_ledger):
    with serving(own_ledger) as client:
        assert client.get("/deals.json").status_code == 200
        assert client.get("/-/metrics").status_code == 200


def test_others_need_a_token(closed, own_ledger):
    paths = ("/deals.json", "/", "/-/metrics", "/-/projections", "/openapi.json", "/nothing", "/events.ics")
    for path in paths:
        refused = closed.get(path)

        assert (refused.status_code, refused.headers["www-authenticate"]) == (401, 'Bearer realm="timeline"')
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.headers["cache-control"] == "no-store"
        assert refused.json()["type"] == "/api#token"
        assert refused.json()["request"] == refused.headers["x-request-id"]

    good = bearing(made(own_ledger, "ada", "read"))
    assert [closed.get(path, headers=good).status_code for path in paths if path != "/nothing"] == [200] * 6


def test_whoever_keeps_it_running_needs_none(closed):
    assert [closed.get(f"/-/{path}").status_code for path in ("health", "ready")] == [200, 200]


def test_a_public_service_lets_all_read(own_ledger):
    with serving(own_ledger, **OPEN_ADDRESS, is_open=True) as client:
        assert client.get("/deals.json").status_code == 200


def test_a_token_for_something_else_does_not_read(closed, own_ledger):
    refused = closed.get("/deals.json", headers=bearing(made(own_ledger, "robot", "record")))

    assert (refused.status_code, refused.json()["type"]) == (403, "/api#scope")
    assert 'error="insufficient_scope", scope="read"' in refused.headers["www-authenticate"]


def test_nobody_is_told_what_is_wrong_with_a_token(closed, own_ledger):
    """Unknown, expired, revoked, for a feed: all alike, so that trying tells nothing."""
    with Ledger.open(str(own_ledger)) as ledger, ledger.database.writing() as connection:
        expired, _ = tokens.create(connection, "expired", ["read"], expires_at=1)
        revoked, _ = tokens.create(connection, "revoked", ["read"])
        tokens.revoke(connection, "revoked")
        feed, _ = tokens.create(connection, "feed", [tokens.FEED], feed="/events.ics")
    unknown = tokens.written("00000000", bytes(32))

    answers = [closed.get("/deals.json", headers=bearing(t)) for t in (expired, revoked, feed, unknown)]

    assert {a.status_code for a in answers} == {401}
    assert len({a.json()["detail"] for a in answers}) == 1


def test_a_browser_is_told_in_a_page_that_it_takes_a_token(closed):
    refused = closed.get("/deals", headers={"accept": "text/html"})

    assert (refused.status_code, refused.headers["content-type"]) == (401, "text/html; charset=utf-8")
    assert refused.headers["www-authenticate"] == 'Bearer realm="timeline"'
    assert closed.get("/deals.json", headers={"accept": "text/html"}).json()["status"] == 401


def test_a_mistyped_token_is_told(closed, own_ledger):
    token = made(own_ledger, "ada", "read")

    refused = closed.get("/deals.json", headers=bearing(token[:-1]))

    assert refused.status_code == 401
    assert "mistyped" in refused.json()["detail"]


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "", "Bearer a b", "tl_x", "Bearer \xe9"])
def test_a_header_that_shows_no_token(closed, header):
    answer = closed.get("/deals.json", headers=[("authorization", header.encode("latin-1"))])

    assert answer.status_code == 401


def test_two_tokens_are_one_too_many(closed, own_ledger):
    token = made(own_ledger, "ada", "read")
    both = [("authorization", f"Bearer {token}")] * 2

    assert closed.get("/deals.json", headers=both).status_code == 401


def test_a_wrong_token_is_told_where_none_is_needed(own_ledger):
    with serving(own_ledger) as client:
        assert client.get("/deals.json", headers=bearing("tl_x")).status_code == 401
        assert client.get("/deals.json", headers=bearing(made(own_ledger, "robot", "record"))).status_code == 200


def test_a_token_ends_while_the_service_runs(closed, own_ledger, run: Run):
    """Made and revoked in another process, without a word to the service."""
    token = run("token", "create", "ada", "--scope", "read", db=own_ledger).out.strip()
    assert closed.get("/deals.json", headers=bearing(token)).status_code == 200

    run("token", "revoke", "ada", db=own_ledger)

    assert closed.get("/deals.json", headers=bearing(token)).status_code == 401


def test_tokens_are_kept_on_postgresql_too(postgres_url):
    Ledger.create(postgres_url).close()
    token = made(postgres_url, "ada", "read")
    with serving(postgres_url, **OPEN_ADDRESS) as client:
        assert client.get("/deals.json", headers=bearing(token)).status_code == 200
        with Ledger.open(postgres_url) as ledger, ledger.database.writing() as connection:
            tokens.revoke(connection, "ada")
        assert client.get("/deals.json", headers=bearing(token)).status_code == 401


def test_secrets_are_compared_in_constant_time(closed, own_ledger, monkeypatch):
    seen = []
    compare = hmac.compare_digest

    def seen_comparing(one: bytes, other: bytes) -> bool:
        seen.append((one, other))
        return compare(one, other)

    monkeypatch.setattr(hmac, "compare_digest", seen_comparing)

    closed.get("/deals.json", headers=bearing(made(own_ledger, "ada", "read")))
    closed.get("/deals.json", headers=bearing(tokens.written("00000000", bytes(32))))

    assert len(seen) == 2
    assert {len(part) for pair in seen for part in pair} == {32}


def test_what_is_answered_to_one_is_kept_for_one(closed, own_ledger):
    good = bearing(made(own_ledger, "ada", "read"))
    first = closed.get("/deals.json", headers=good)
    again = closed.get("/deals.json", headers=good | {"if-none-match": first.headers["etag"]})
    pinned = closed.get("/events.json?known_at=@100", headers=good)

    assert first.headers["cache-control"] == "private, no-cache"
    assert (again.status_code, again.headers["cache-control"]) == (304, "private, no-cache")
    assert pinned.headers["cache-control"].startswith("private, max-age=")


def test_no_header_and_no_address_of_a_feed_stands_in_the_log(own_ledger, caplog):
    caplog.set_level(logging.INFO, "timeline.serving")
    token = made(own_ledger, "ada", "read")
    feed = made(own_ledger, "phone", tokens.FEED, feed="/events.ics")
    with serving(own_ledger) as client:
        client.get("/deals.json", headers=bearing(token))
        client.get(f"/feeds/{feed}/events.ics")
        client.get(f"/feeds/{feed}x/events.ics")

    fields = [record.fields for record in caplog.records if hasattr(record, "fields")]
    assert {f["token"] for f in fields} == {"ada", "phone", None}
    assert [f["path"] for f in fields][1:] == ["/feeds/…/events.ics"] * 2
    written = caplog.text + repr([vars(r) for r in caplog.records])
    assert "tl_" not in written


# -- pages of other sites ---------------------------------------------------------------------------------------------


def test_a_page_that_may_read_may_show_its_token(own_ledger):
    with serving(own_ledger, **OPEN_ADDRESS, cors=("https://example.org",)) as client:
        asked = {
            "origin": "https://example.org",
            "access-control-request-method": "GET",
            "access-control-request-headers": "authorization",
        }
        assert client.options("/deals.json", headers=asked).status_code == 200
        refused = client.get("/deals.json", headers={"origin": "https://example.org"})
        assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, "https://example.org")
        for header in ("if-none-match", "last-event-id"):
            asked["access-control-request-headers"] = header
            assert client.options("/deals.json", headers=asked).status_code == 200
        asked["access-control-request-method"] = "POST"
        assert client.options("/api/events", headers=asked).status_code == 400


def test_a_copy_for_one_page_is_not_shown_to_another(own_ledger):
    """What a page may read depends on where it is from, and says so, also to those that may not read it."""
    with serving(own_ledger, cors=("https://example.org",)) as client:
        for origin, allowed in (
            ("https://example.org", "https://example.org"),
            ("https://evil.example", None),
            ("", None),
        ):
            headers = {"origin": origin} if origin else {}
            for path in ("/deals.json", "/nothing.json"):
                answer = client.get(path, headers=headers)
                assert "Origin" in answer.headers["vary"]
                assert answer.headers.get("access-control-allow-origin") == (origin if allowed else None)
        read = client.get("/deals.json", headers={"origin": "https://example.org"})
        assert {"ETag", "Link", "Retry-After"} <= set(read.headers["access-control-expose-headers"].split(", "))


# -- private feeds ----------------------------------------------------------------------------------------------------


@pytest.fixture
def feed(own_ledger: Path, run: Run) -> str:
    """The address of one."""
    made = run("token", "create", "phone", "--feed", "/events.ics?org=meta&kind=layoff", db=own_ledger)
    return made.out.strip()


def test_a_private_feed_is_read_by_its_address(closed, feed):
    assert feed.startswith("/feeds/tl_")
    assert feed.endswith("/events.ics?org=meta&kind=layoff")
    answer = closed.get(feed)

    assert answer.status_code == 200
    assert Calendar.from_ical(answer.content).walk("VEVENT")
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers.get_list("referrer-policy") == ["no-referrer"]
    assert closed.get(feed, headers={"if-none-match": answer.headers["etag"]}).status_code == 304
    assert closed.head(feed).headers["etag"] == answer.headers["etag"]


@pytest.mark.parametrize("form", ["ics", "atom"])
def test_what_a_feed_says_of_itself_does_not_hold_its_token(own_ledger, run: Run, form):
    url = "https://timeline.example.org"
    made = run("token", "create", "phone", "--feed", f"/events.{form}", "--public-url", url, db=own_ledger).out.strip()
    with serving(own_ledger, public_url=url) as client:
        answer = client.get(made.removeprefix(url))

    assert made.startswith(f"{url}/feeds/tl_")
    assert answer.status_code == 200
    assert b"tl_" not in answer.content
    assert "tl_" not in repr(answer.headers)


def test_the_address_is_for_just_that(closed, feed):
    token = feed.split("/")[2]
    other = {
        "/events.ics": 403,
        "/events.ics?org=meta&kind=deal": 403,
        "/events.ics?org=meta&kind=layoff&limit=1": 403,
        "/events.atom?org=meta&kind=layoff": 403,
        "/events.json?org=meta&kind=layoff": 403,
        "/deals.json": 403,
        "/events.ics?kind=layoff&org=meta": 200,
    }
    assert {path: closed.get(f"/feeds/{token}{path}").status_code for path in other} == other
    assert closed.get("/events.ics?org=meta&kind=layoff", headers=bearing(token)).status_code == 401
    assert closed.post(feed).status_code == 405
    assert closed.get(f"/feeds/{feed}").status_code == 401
    assert closed.get("/feeds/").status_code == 401


def test_the_token_of_a_reader_is_no_address(closed, own_ledger):
    token = made(own_ledger, "ada", "read")

    refused = closed.get(f"/feeds/{token}/events.ics")

    assert refused.status_code == 401
    assert token not in refused.text
    assert refused.headers["referrer-policy"] == "no-referrer"


def test_a_feed_ends_when_it_is_revoked(closed, feed, own_ledger, run: Run):
    assert closed.get(feed).status_code == 200
    run("token", "revoke", "phone", db=own_ledger)

    assert closed.get(feed).status_code == 401


def test_a_feed_outlives_a_merge_of_what_it_is_of(tmp_path, run: Run):
    path = str(tmp_path / "timeline.db")
    with Ledger.create(path) as ledger:
        ledger.record([new(org("acme")), new(org("acme-inc", "Acme Inc.")), new(layoff("acme"))])
        made = run("token", "create", "phone", "--feed", "/orgs/Acme.ics", db=path).out.strip()
        assert made.endswith("/orgs/acme.ics")
        with serving(path, **OPEN_ADDRESS) as client:
            before = Calendar.from_ical(client.get(made).content).walk("VEVENT")
            ledger.record([new(Merge(duplicate="acme", into="acme-inc", note="the same"))])

            answer = client.get(made)

    assert answer.status_code == 200
    assert len(Calendar.from_ical(answer.content).walk("VEVENT")) == len(before) == 1


# -- beginning to serve -----------------------------------------------------------------------------------------------


def test_a_service_that_nobody_could_use_does_not_begin(own_ledger, run: Run):
    ran = run("serve", "--host", "0.0.0.0", "--port", "0", db=own_ledger)

    assert (ran.status, ran.out) == (2, "")
    assert "timeline token create NAME --scope read" in ran.err
    assert "--public" in ran.err


def test_who_could_use_it(own_ledger):
    others = Settings(ledger=str(own_ledger), host="0.0.0.0")
    with Ledger.open(str(own_ledger)) as ledger:
        check_open(ledger.database, others._replace(is_open=True))
        check_open(ledger.database, others._replace(host="127.0.0.1"))
        with pytest.raises(UsageError):
            check_open(ledger.database, others)
        made(own_ledger, "over", "read", expires_at=1)
        with pytest.raises(UsageError):
            check_open(ledger.database, others)
        made(own_ledger, "ada", "read")
        check_open(ledger.database, others)


def test_a_service_that_records_needs_a_place_for_tokens(own_ledger, run: Run):
    from tests.serving.test_tokens import as_before

    as_before(str(own_ledger))
    settings = Settings(ledger=str(own_ledger))
    with Ledger.open(str(own_ledger)) as ledger:
        check_open(ledger.database, settings)
        with pytest.raises(StoreError, match="timeline migrate"):
            check_open(ledger.database, settings._replace(writes=True))
    with serving(own_ledger) as client:
        assert client.get("/deals.json").status_code == 200
        token = tokens.written("00000000", bytes(32))
        assert client.get("/deals.json", headers=bearing(token)).status_code == 401


def test_a_replica_does_not_record(own_ledger, run: Run):
    ran = run("serve", "--write", "--read-only", db=own_ledger)

    assert (ran.status, "--write and --read-only" in ran.err) == (2, True)


# -- the description --------------------------------------------------------------------------------------------------


def test_the_description_says_who_is_let_in():
    free, closed = document(writes=False, is_free=True), document(writes=False, is_free=False)

    assert free["security"] == [{}, {"token": ["read"]}]
    assert closed["security"] == [{"token": ["read"]}]
    assert closed["paths"]["/-/health"]["get"]["security"] == []
    assert "/feeds/{token}/orgs/{name}.ics" in closed["paths"]
    assert closed["components"]["securitySchemes"]["token"]["scheme"] == "bearer"


def test_the_command_line_offers_what_the_service_reads():
    """The options of `serve` have the defaults of the settings."""
    from timeline.commands.serve import serve

    given: dict[str | None, Any] = {p.name: p.default for p in serve.params}
    defaults = Settings(ledger="")
    assert (given["rate"], given["write_rate"]) == (defaults.rate, defaults.write_rate)
    assert (given["max_body"] << 20, given["max_import"] << 20) == (defaults.max_body, defaults.max_import)
