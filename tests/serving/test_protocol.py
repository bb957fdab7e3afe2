"""What comes over the line: heads without an end, clients that send or take nothing, and names that are none."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.serving.conftest import serving
from tests.timeline.builders import layoff, org
from timeline.ledger import Ledger, new
from timeline.serving import protocol

HEAD = b"GET /-/health HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture
def service(own_ledger) -> Iterator[httpx.Client]:
    with serving(own_ledger) as client:
        yield client


def connected(client: httpx.Client) -> socket.socket:
    assert client.base_url.port is not None
    return socket.create_connection(("127.0.0.1", client.base_url.port), timeout=20)


def rest(line: socket.socket) -> bytes:
    """Everything until the service ends the connection."""
    found = b""
    try:
        while part := line.recv(65536):
            found += part
    except ConnectionResetError:  # what was sent and not read any more
        pass
    return found


def answer(client: httpx.Client, *parts: bytes) -> tuple[int, dict[str, str], bytes]:
    """What comes for bytes as they stand here; the connection has to be ended by the service."""
    with connected(client) as line:
        for part in parts:
            line.sendall(part)
        head, _, body = rest(line).partition(b"\r\n\r\n")
    first, *fields = head.decode("latin-1").split("\r\n")
    return int(first.split()[1]), dict(f.lower().split(": ", 1) for f in fields), body


@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"a" * protocol.LONGEST_HEAD + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        HEAD + b"X: " + b"a" * protocol.LONGEST_HEAD + b"\r\n\r\n",
        HEAD + b"a" * protocol.LONGEST_HEAD + b": x\r\n\r\n",
        HEAD + b"X: y\r\n" * (protocol.MOST_FIELDS + 1) + b"\r\n",
        HEAD + b"X: " + b"a" * 30 * protocol.LONGEST_HEAD,  # and no end of it
    ],
    ids=["address", "value", "name", "fields", "endless"],
)
def test_a_head_is_no_longer_than_it_may_be(service, head):
    status, fields, body = answer(service, head)

    assert (status, fields["connection"]) == (431, "close")
    assert json.loads(body)["type"] == "/api#too-long"


def test_a_head_of_a_usual_length_is_read(service):
    for fields in (b"X: " + b"a" * 16_000 + b"\r\n", b"X: y\r\n" * 100):
        assert answer(service, HEAD + fields + b"Connection: close\r\n\r\n")[0] == 200


@pytest.mark.parametrize("endless", [b"0\r\nX: " + b"a" * 65536, b"1;" + b"a" * 65536], ids=["trailer", "chunk"])
def test_what_follows_a_head_has_an_end_too(service, endless):
    """Trailers and extensions of chunks, which nobody reads, and which are no part of a body."""
    with connected(service) as line:
        line.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            push(line, endless * 1000)


def push(line: socket.socket, data: bytes) -> None:
    """Send until it is sent, or nobody takes it."""
    line.sendall(data)
    while line.recv(65536):
        pass


def test_fields_after_a_body_belong_to_nothing(service):
    """Nobody checked them as those of the head were, so nobody reads them."""
    body = b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-Request-Id: after\r\n\r\n"

    first, _, second = (f"{HEAD.decode()}{more}".encode() for more in (body.decode(), "", "Connection: close\r\n\r\n"))
    with connected(service) as line:
        line.sendall(first + second)
        found = rest(line)

    assert found.count(b"HTTP/1.1 200 OK") == 2
    assert b"after" not in found


def test_nobody_is_waited_for_who_sends_no_head(own_ledger, monkeypatch):
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    with serving(own_ledger) as client:
        assert answer(client, HEAD)[0] == 408
        for nothing in (b"", b"\r\n"):
            with connected(client) as line:
                line.sendall(nothing)
                assert rest(line) == b""
        with connected(client) as line:  # after an answer, too
            line.sendall(HEAD + b"\r\n")
            assert line.recv(65536).startswith(b"HTTP/1.1 200")
            line.sendall(b"GET /")
            assert b"408" in rest(line)


def test_a_head_in_parts_is_a_head(service):
    status, _, _ = answer(service, HEAD[:10], HEAD[10:30], HEAD[30:], b"Connection: close\r\n", b"\r\n")

    assert status == 200


def test_nobody_is_waited_for_who_takes_no_answer(tmp_path, monkeypatch):
    """Of many answers, the first fill all that lies between; the rest is not kept for ever."""
    monkeypatch.setattr(protocol, "TAKING_SECONDS", 0.3)
    path = tmp_path / "timeline.db"
    with Ledger.create(str(path)) as ledger, serving(path) as client:
        ledger.record([new(org("acme"))])
        ledger.record([new(layoff("acme", note="x" * 2000)) for _ in range(1000)])
        whole = len(client.get("/events.json?limit=1000", headers={"accept-encoding": "identity"}).content)
        with connected(client) as line:
            line.sendall(b"GET /events.json?limit=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20)
            wait_for_open(client, 2)
            wait_for_open(client, 1)
            assert len(rest(line)) < 20 * whole


def wait_for_open(client: httpx.Client, number: int) -> None:
    """Wait until so many requests are being answered, the one that asks for it included."""
    for _ in range(400):
        if f"timeline_requests_open {number}.0" in client.get("/-/metrics").text:
            return
        time.sleep(0.05)
    raise AssertionError(f"there were never {number} open requests")


def test_a_long_answer_on_a_slow_line_is_given_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(protocol, "TAKING_SECONDS", 0.3)
    path = tmp_path / "timeline.db"
    with Ledger.create(str(path)) as ledger, serving(path) as client:
        ledger.record([new(org("acme"))])
        ledger.record([new(layoff("acme", note="x" * 2000)) for _ in range(1000)])
        whole = client.get("/events.json?limit=1000", headers={"accept-encoding": "identity"})
        with connected(client) as line:
            line.sendall(b"GET /events.json?limit=1000 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            found, pause = b"", threading.Event()
            while part := line.recv(65536):
                found += part
                pause.wait(0.02)

    assert len(found.partition(b"\r\n\r\n")[2]) == len(whole.content) > 2_000_000


@pytest.mark.parametrize("host", ["localhost:80:evil", "[::1", "[::1]x", "localhost/x", "user@localhost", "::1", ""])
def test_a_host_that_is_none_is_not_ours(service, host):
    status, _, body = answer(service, f"GET /deals.json HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())

    assert (status, json.loads(body)["type"]) == (421, "/api#host")


def test_two_hosts_are_one_too_many(service):
    for hosts in (("localhost", "evil.example"), ("evil.example", "localhost"), ("localhost", "localhost")):
        fields = "".join(f"Host: {host}\r\n" for host in hosts)
        status, _, _ = answer(service, f"GET /deals.json HTTP/1.1\r\n{fields}Connection: close\r\n\r\n".encode())
        assert status == 421


def test_a_browser_that_asks_for_another_host_is_told_in_a_page(own_ledger):
    """Without a word of whose service it is."""
    with serving(own_ledger, title="Newsroom") as client:
        told = client.get("/", headers={"host": "evil.example", "accept": "text/html"})
        data = client.get("/", headers={"host": "evil.example", "accept": "application/json"})

    assert (told.status_code, told.headers["content-type"]) == (421, "text/html; charset=utf-8")
    assert "does not answer to this name" in told.text
    assert "Newsroom" not in told.text
    assert (data.status_code, data.json()["type"]) == (421, "/api#host")
