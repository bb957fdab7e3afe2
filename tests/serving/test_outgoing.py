"""Where a message may go: no address that somebody gives leads into the network of the service."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import example, given
from hypothesis import strategies as st

from tests.cli.conftest import Run
from tests.serving.receiver import Now, added, deliver, failed, receiving, resolving, shown
from tests.timeline.builders import org
from timeline.errors import UsageError
from timeline.ledger import Ledger, new
from timeline.serving import outgoing
from timeline.serving.outgoing import checked, refusal
from timeline.webhooks import Outcome

PRIVATE = (
    *("10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1"),
    *("127.0.0.1", "127.255.255.254", "169.254.169.254", "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1"),
    *("192.0.0.8", "192.88.99.1", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fdff::1", "fec0::1", "2001:db8::1"),
    *("3fff::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"),
    *("64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b::a9fe:a9fe"),
)
NEVER = (
    *("0.0.0.0", "0.1.2.3", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("::", "ff02::1", "::7f00:1", "2002:7f00:1::", "2002:a00:1::", "2001::1", "::ffff:0.0.0.0", "::ffff:224.0.0.1"),
    *("100::1", "5f00::1", "64:ff9b:1::1", "64:ff9b::"),
)
PUBLIC = (
    "8.8.8.8",
    "1.1.1.1",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
)


def sent(url: str, **more: Any) -> Outcome:
    return asyncio.run(outgoing.send(url, {}, b"{}", **more))


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Whoever connects to anything is written down and sent away."""
    tried: list[Any] = []

    async def post(address: Any, *_: Any) -> Outcome:
        tried.append(address)
        return Outcome(204)

    monkeypatch.setattr(outgoing, "_post", post)
    return tried


@pytest.mark.parametrize("address", [*PRIVATE, *NEVER])
def test_a_name_that_leads_inside_is_refused_when_something_is_sent(nowhere, address):
    outcome = sent("https://hooks.example/", resolve=resolving("8.8.8.8", address))

    assert (outcome.status, outcome.error.startswith("refused: "), nowhere) == (None, True, [])


@pytest.mark.parametrize("address", [*PRIVATE, *NEVER])
def test_an_address_inside_is_refused_in_place_of_a_name(nowhere, address):
    url = f"https://[{address}]/" if ":" in address else f"https://{address}/"

    with pytest.raises(UsageError, match="nothing can be sent"):
        checked(url)
    assert sent(url).error.startswith("refused: ")
    assert nowhere == []


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_pass_where_that_is_allowed(nowhere, address):
    assert sent("https://hooks.example/", resolve=resolving(address), allow_private=True) == Outcome(204)
    assert len(nowhere) == 1


@pytest.mark.parametrize("address", NEVER)
def test_what_is_no_receiver_at_all_never_passes(nowhere, address):
    assert sent("https://hooks.example/", resolve=resolving(address), allow_private=True).error
    assert nowhere == []


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_pass(nowhere, address):
    assert sent("https://hooks.example/", resolve=resolving(address)) == Outcome(204)


@given(st.ip_addresses())
@example(ipaddress.ip_address("::1"))
def test_what_passes_is_a_public_address_for_python_too(address):
    if not refusal(address):
        inner = getattr(address, "ipv4_mapped", None) or address
        assert inner.is_global
        assert not inner.is_multicast
    if not refusal(address, allow_private=True):
        assert not address.is_multicast
        assert not address.is_unspecified


@pytest.mark.parametrize(
    "url",
    [
        *("https://2130706433/", "https://0x7f000001/", "https://0x7f.1/", "https://127.1/", "https://0177.0.0.1/"),
        *("https://017700000001/", "https://127.0.0.1./", "https://0/", "https://1.2.3.4.5/", "https://0x/"),
        *("https://[::1%25lo]/", "https://[fe80::1%eth0]/", "https://[v1.x]/", "https://[::1/", "https://::1/"),
        *("https://ada:secret@example.org/", "https://ada@example.org/", "https://@example.org/"),
        *("https://example.org\\@127.0.0.1/", "https://example.org#@127.0.0.1/", "https://example.org/#x"),
        *("https://example.org/\r\nx: y", "https://example.org/\t", "https://exa mple.org/", " https://example.org/"),
        *(
            "https://example.org/\x00",
            "https://example.org/\x7f",
            "https://exämple.org/",
            "https://\uff11\uff12\uff17.0.0.1/",
        ),
        *("https://example.org/ü", "https://ex\u202eample.org/", "https:///x", "https://", "https:", "", "x", "//x/"),
        *(
            "https:example.org",
            "https:/example.org",
            "HTTPS://example.org/",
            "ftp://example.org/",
            "file:///etc/passwd",
        ),
        *("gopher://example.org/", "javascript:alert(1)", "unix:///run/x", "http+unix://x/", "data:,x"),
        *("https://example.org:0/", "https://example.org:/", "https://example.org:65536/", "https://example.org:-1/"),
        *("https://example.org:8x/", "https://a..b/", "https://-a.example/", "https://.example.org/", "https://%31/"),
        *(f"https://{'a' * 64}.org/", f"https://{'a.' * 130}org/", f"https://example.org/{'x' * 2000}"),
        *("http://example.org/", "http://10.0.0.1/", "http://[::ffff:127.0.0.1]/"),
    ],
)
def test_a_hostile_address_is_neither_kept_nor_sent_to(nowhere, url):
    with pytest.raises(UsageError):
        checked(url)
    is_plain = url.startswith("http://")
    assert sent(url, resolve=resolving("8.8.8.8"), allow_private=not is_plain).error.startswith("refused: ")
    assert nowhere == []


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1"])
def test_the_machine_would_take_other_ways_to_write_an_address(host):
    """Which is why they are refused as they are written, and what they resolve to is looked at besides."""
    assert asyncio.run(outgoing.resolved(host, 443)) == ["127.0.0.1"]


@given(st.text(max_size=60).map("https://".__add__) | st.text(max_size=60))
def test_any_text_is_an_address_or_is_not(text):
    try:
        assert checked(text) == text
    except UsageError:
        return
    assert text.isascii()
    assert httpx.URL(text).host.strip("[]") == text.split("/")[2].partition("?")[0].rpartition("]")[0].strip("[") or (
        httpx.URL(text).host == text.split("/")[2].partition("?")[0].partition(":")[0].lower()
    )


@pytest.mark.parametrize(
    "url", ["https://example.org", "https://Hooks.Example.org:8443/a/b%20c?d=e&f", "https://xn--mnchen-3ya.de/"]
)
def test_an_ordinary_address_is_kept_as_it_was_given(url):
    assert checked(url) == url


def test_plain_http_leads_to_this_machine_only(nowhere):
    for url in ("http://127.0.0.1:8080/", "http://localhost/", "http://[::1]:1/"):
        assert checked(url, insecure=True) == url
    for url in ("http://example.org/", "http://10.0.0.1/", "http://[::ffff:127.0.0.1]/", "http://localhost.example/"):
        with pytest.raises(UsageError):
            checked(url, insecure=True, allow_private=True)
    assert sent("http://localhost/", resolve=resolving("127.0.0.1")) == Outcome(204)
    assert sent("http://localhost/", resolve=resolving("8.8.8.8")).error == "refused: http only leads to this machine"
    assert len(nowhere) == 1


def test_a_webhook_whose_name_comes_to_lead_inside_is_refused_like_any_failure(tmp_path):
    """It was added while the name led elsewhere; nothing about it is looked up before something is sent."""
    clock = Now()

    async def send(*given: Any, **more: Any) -> Outcome:
        return await outgoing.send(*given, **more, resolve=resolving("127.0.0.1"))

    with Ledger.create(str(tmp_path / "a.db")) as ledger:
        ledger.record([new(org("acme"))])
        added(ledger, "https://hooks.example/")
        deliver(ledger, clock, send=send)
        found = shown(ledger, clock)
        assert (found.state, found.last_error) == ("waiting", "refused: 127.0.0.1 is loopback")
        assert failed(ledger) == []


def test_it_is_the_address_that_was_looked_at_which_is_connected_to():
    """The name is never resolved again, so it does not help to answer differently the second time."""
    with receiving() as receiver:
        port = receiver.url.split(":")[2].split("/")[0]
        outcome = sent(f"http://hooks.example:{port}/hook?a=%2F", resolve=resolving("127.0.0.1"))

    assert outcome == Outcome(204)
    assert receiver.got[0].headers["host"] == f"hooks.example:{port}"
    assert receiver.got[0].path == "/hook?a=%2F"


def test_a_name_without_an_address_is_told():
    async def resolve(host: str, port: int) -> list[str]:
        raise socket.gaierror

    assert sent("https://hooks.example/", resolve=resolve).error == "refused: the host has no address"
    assert sent("https://hooks.example/", resolve=resolving()).error == "refused: the host has no address"


def test_the_machine_itself_resolves_names():
    assert "127.0.0.1" in asyncio.run(outgoing.resolved("localhost", 80))


# -- answers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [300, 301, 302, 307, 308, 304])
def test_a_redirect_is_not_followed(status):
    with receiving() as receiver, receiving() as elsewhere:
        receiver.statuses, receiver.headers = [status], {"location": elsewhere.url}
        assert sent(receiver.url) == Outcome(status, f"it answered {status}")

    assert elsewhere.got == []


@pytest.mark.parametrize("location", ["http:h", ":https://]", ":https://http::", "a" * 65_530, "//", "é"])
def test_where_an_answer_leads_is_not_even_read(location):
    """Some addresses make a client fail in ways of its own; then the message would be sent for ever."""
    with receiving() as receiver:
        receiver.statuses, receiver.headers = [302], {"location": location}
        assert sent(receiver.url) == Outcome(302, "it answered 302")


@pytest.mark.parametrize("problem", [httpx.InvalidURL("odd"), ValueError("odd"), OSError(), httpx.ReadError("odd")])
def test_an_address_that_nobody_can_use_is_a_failed_attempt(tmp_path, monkeypatch, problem):
    """Whatever the library that sends makes of it: it is counted, and given up in the end."""

    async def post(*args: Any) -> Outcome:
        raise problem

    monkeypatch.setattr(outgoing, "_post", post)
    clock = Now()
    with Ledger.create(str(tmp_path / "timeline.db")) as ledger:
        ledger.record([new(org("acme"))])
        added(ledger, "http://127.0.0.1:9/")
        deliver(ledger, clock)

        assert (shown(ledger, clock).attempts, failed(ledger)) == (1, [])
        for _ in range(8):
            clock.wait(100_000)
            deliver(ledger, clock)
        assert [f.attempts for f in failed(ledger)] == [8]


@pytest.mark.parametrize("status", [200, 201, 202, 204, 206])
def test_any_status_of_success_is_success(status):
    with receiving() as receiver:
        receiver.statuses = [status]
        assert sent(receiver.url) == Outcome(status)


def test_a_long_answer_is_not_read_to_its_end():
    with receiving() as receiver:
        receiver.statuses, receiver.body = [200], bytes(50_000_000)
        began = time.monotonic()
        assert sent(receiver.url) == Outcome(200)
        assert time.monotonic() - began < 5


def test_nothing_of_one_answer_comes_with_the_next_message():
    with receiving() as receiver:
        receiver.headers = {"set-cookie": "a=b"}
        sent(receiver.url)
        sent(receiver.url)

    assert "cookie" not in receiver.got[1].headers


def test_no_proxy_of_the_environment_is_used(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")
    with receiving() as receiver:
        assert sent(receiver.url) == Outcome(204)


def answering(how: Callable[[socket.socket], None]) -> tuple[str, threading.Thread]:
    """A server that answers one connection as it likes."""
    bound = socket.create_server(("127.0.0.1", 0))

    def act() -> None:
        with bound, bound.accept()[0] as connection:
            connection.recv(65536)
            how(connection)

    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    return f"http://127.0.0.1:{bound.getsockname()[1]}/", thread


def test_what_answers_by_drops_is_left_after_a_while(monkeypatch):
    monkeypatch.setattr(outgoing, "WHOLE_SECONDS", 0.3)
    ended = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nx: ")
        while not ended.wait(0.02):
            try:
                connection.sendall(b"y")
            except OSError:
                return

    url, thread = answering(drip)
    assert sent(url) == Outcome(None, "no answer in time")
    ended.set()
    thread.join(5)


@pytest.mark.parametrize("said", [b"", b"hello\r\n\r\n", b"HTTP/1.1 999999 x\r\n\r\n", b"\x00" * 100, b"HTTP/1.1 200"])
def test_what_is_no_answer_is_a_failure(said):
    url, thread = answering(lambda connection: connection.sendall(said))
    outcome = sent(url)
    thread.join(5)

    assert (outcome.status, outcome.error != "") == (None, True)


def test_an_answer_that_never_ends_counts(monkeypatch):
    monkeypatch.setattr(outgoing, "REST_SECONDS", 0.05)
    ended = threading.Event()

    def begin(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc")
        ended.wait(5)

    url, thread = answering(begin)
    assert sent(url) == Outcome(200)
    ended.set()
    thread.join(5)


def test_an_answer_that_breaks_off_after_its_status_counts():
    url, thread = answering(lambda c: c.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc"))
    assert sent(url) == Outcome(200)
    thread.join(5)


def test_the_certificate_has_to_be_that_of_the_name(tmp_path, monkeypatch):
    """The connection is made to an address, and trusted by the name all the same."""
    server, trust = certificate(tmp_path, "hooks.example")
    monkeypatch.setattr(outgoing, "_trust", lambda: trust)
    with receiving(server) as receiver:
        port = receiver.url.split(":")[2].split("/")[0]
        right, wrong = (
            sent(f"https://{name}:{port}/hook", resolve=resolving("127.0.0.1"), allow_private=True)
            for name in ("hooks.example", "other.example")
        )

    assert right == Outcome(204)
    assert wrong == Outcome(None, "its certificate is not to be trusted")
    assert [g.headers["host"] for g in receiver.got] == [f"hooks.example:{port}"]


def certificate(folder: Path, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server of that name shows, and what trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = serialization.Encoding.PEM
    (folder / "certificate").write_bytes(made.public_bytes(form))
    (folder / "key").write_bytes(
        key.private_bytes(form, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "certificate", folder / "key")
    return server, ssl.create_default_context(cafile=str(folder / "certificate"))


def test_a_hostile_address_on_the_command_line_is_told(tmp_path, run: Run):
    path = str(tmp_path / "a.db")
    Ledger.create(path).close()
    ran = run("webhook", "add", "https://ada:geheim@example.org/", db=path)

    assert (ran.status, ran.out, "a name or a password" in ran.err) == (2, "", True)
    assert "geheim" not in ran.err
    assert run("webhook", "add", "https://10.0.0.1/", "--allow-private", db=path).status == 0
    assert "--allow-private" in run("webhook", "add", "https://10.0.0.1/", db=path).err
