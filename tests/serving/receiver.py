"""A receiver of webhooks that really listens, and deliverers whose clock a test sets."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from timeline import webhooks
from timeline.ledger import Ledger
from timeline.serving.metrics import Metrics
from timeline.serving.webhooks import Deliverer
from timeline.webhooks import Filters, Target

SECOND = 1_000_000


class Got(NamedTuple):
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)["data"]
        return found

    @property
    def positions(self) -> list[int]:
        return [e["position"] for e in self.data["events"]]

    def is_signed_with(self, secret: str) -> bool:
        """By the words of the specification, with nothing of ours."""
        key = base64.b64decode(secret[len("whsec_") :])
        text = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        expected = base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
        return f"v1,{expected}" in self.headers["webhook-signature"].split(" ")


class Receiver:
    """Takes what is sent and answers as it was told: with the statuses in turn, then with 204."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.got: list[Got] = []
        self.statuses: list[int] = []
        self.headers: dict[str, str] = {}
        self.body = b""
        self.came, self.answers = threading.Event(), threading.Event()
        self.answers.set()

    @property
    def positions(self) -> list[list[int]]:
        return [g.positions for g in self.got]


@contextmanager
def receiving(context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver on a port of its own, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.got.append(Got(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            receiver.came.set()
            receiver.answers.wait(20)
            try:
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 204)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(receiver.body)))
                self.end_headers()
                self.wfile.write(receiver.body)
            except OSError:  # whoever asked is gone
                self.close_connection = True

        def log_message(self, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}/hook?key=hidden")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.answers.set()
        server.shutdown()
        thread.join(10)
        server.server_close()


class Now:
    """A clock that stands until the test moves it."""

    def __init__(self, seconds: int = 1_800_000_000) -> None:
        self.at = seconds * SECOND

    def __call__(self) -> int:
        return self.at

    def wait(self, seconds: float) -> None:
        self.at += round(seconds * SECOND)


def added(ledger: Ledger, url: str, *, kinds: tuple[str, ...] = (), orgs: tuple[str, ...] = (), **more: Any) -> Target:
    """A new webhook, which begins with everything unless told otherwise."""
    with ledger.database.writing() as connection:
        return webhooks.add(connection, url, Filters(kinds, orgs), **{"after": 0, **more})[1]


def shown(ledger: Ledger, clock: Callable[[], int], number: int = 0) -> webhooks.Webhook:
    """A webhook as it is listed."""
    with ledger.database.reading() as connection:
        return webhooks.every(connection, clock=clock)[number]


def failed(ledger: Ledger) -> list[webhooks.Failure]:
    with ledger.database.reading() as connection:
        return webhooks.failures(connection)


def deliver(ledger: Ledger, clock: Callable[[], int], *, times: int = 1, **more: Any) -> Metrics:
    """What a service does when it looks so many times; its numbers."""
    metrics = Metrics()

    async def act() -> None:
        deliverer = Deliverer(ledger, metrics, clock=clock, chance=lambda: 0.0, **more)
        for _ in range(times):
            await deliverer.look()
            await deliverer.finish()

    asyncio.run(act())
    return metrics


def resolving(*addresses: str) -> Callable[[str, int], Awaitable[list[str]]]:
    """Gives these addresses for any name."""

    async def resolve(host: str, port: int) -> list[str]:
        return list(addresses)

    return resolve
