"""The service over HTTP: requests a second and the slowest of a hundred, beside a bare Starlette that says hello.

Each side is a process of its own, asked by this one over kept connections; what is asked is the first timeline.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

from bench._measure import count, machine, ratio, report, table

CONNECTIONS = 16
SECONDS = 4.0
COLD = 30

HELLO = """
import sys
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from timeline.serving.run import listening
import uvicorn

async def hello(request):
    return PlainTextResponse("Hello, world")

bound = listening("127.0.0.1", 0)
print(f"at http://127.0.0.1:{bound.getsockname()[1]}/", file=sys.stderr, flush=True)
app = Starlette(routes=[Route("/", hello)])
uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False)).run(sockets=[bound])
"""


class Measured(NamedTuple):
    """What came of asking one address for a while."""

    number: int
    seconds: float
    median: float
    p99: float
    size: int

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.number / self.seconds


@contextmanager
def listening_at(*command: str) -> Iterator[int]:
    """The port of a process that serves as long as the block lasts; its log goes into a file, as a service's would."""
    with tempfile.NamedTemporaryFile("r") as log:
        with open(log.name, "w") as out:
            process = subprocess.Popen([sys.executable, *command], stderr=out)
        try:
            while not (found := re.search(r"http://127\.0\.0\.1:([0-9]+)/", Path(log.name).read_text())):
                if process.poll() is not None:
                    raise RuntimeError(Path(log.name).read_text())
                time.sleep(0.05)
            yield int(found[1])
        finally:
            process.terminate()
            process.wait(30)


async def _ask(port: int, request: bytes, until: float, took: list[float]) -> int:
    """Ask over one connection until a moment; the bytes of the last body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    size = 0
    while (begun := time.perf_counter()) < until:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        status = head[9:12]
        if status not in (b"200", b"304"):
            raise RuntimeError(head.decode())
        length = re.search(rb"content-length: ([0-9]+)", head, re.IGNORECASE)
        size = int(length[1]) if length and status == b"200" else 0
        if size:
            await reader.readexactly(size)
        took.append(time.perf_counter() - begun)
    writer.close()
    return size


async def _load(port: int, request: bytes) -> Measured:
    took: list[float] = []
    begun = time.perf_counter()
    sizes = await asyncio.gather(*(_ask(port, request, begun + SECONDS, took) for _ in range(CONNECTIONS)))
    spent = time.perf_counter() - begun
    took.sort()
    return Measured(len(took), spent, took[len(took) // 2], took[len(took) * 99 // 100], sizes[0])


def asked(port: int, path: str, etag: str = "") -> Measured:
    """Ask for a path over and over."""
    condition = f"If-None-Match: {etag}\r\n" if etag else ""
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n{condition}\r\n".encode()
    return asyncio.run(_load(port, request))


def etag_of(port: int, path: str) -> str:
    """How the service names the present state of an answer."""
    return str(httpx.get(f"http://127.0.0.1:{port}{path}", headers={"accept-encoding": "gzip"}).headers["etag"])


def cold(port: int, path: str) -> Measured:
    """Ask one after the other for answers that were never given before: the path has a place for a number."""
    took: list[float] = []
    begun = time.perf_counter()
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
        for number in range(1, COLD + 1):
            started = time.perf_counter()
            size = len(client.get(path.format(number)).raise_for_status().content)
            took.append(time.perf_counter() - started)
    spent = time.perf_counter() - begun
    took.sort()
    return Measured(len(took), spent, took[len(took) // 2], took[len(took) * 99 // 100], size)


ASKED = (
    ("as-of, JSON", "/as-of/2024-06-01.json", "/as-of/2024-06-{:02}.json"),
    ("as-of, page", "/as-of/2024-06-01", "/as-of/2024-06-{:02}"),
    ("feed", "/events.ics", "/events.ics?limit={}"),
)
"""What is asked: a name, an address, and one of answers that were never given before."""


def main() -> None:
    """Measure, and print a table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "timeline.db"
        subprocess.run([sys.executable, "cli.py", "--db", str(path), "demo"], check=True, capture_output=True)
        with listening_at("-c", HELLO) as port:
            hello = asked(port, "/")
        rows = [_row("Starlette says hello", hello, hello)]
        with listening_at("cli.py", "--db", str(path), "serve", "--port", "0", "--log", "json") as port:
            for what, address, never in ASKED:
                rows.append(_row(f"{what}, the first time", cold(port, never), hello))
                rows.append(_row(what, asked(port, address), hello))
                rows.append(_row(f"{what}, with its ETag", asked(port, address, etag_of(port, address)), hello))
    title = f"{CONNECTIONS} kept connections for {SECONDS:g} s each, one for what is asked the first time"
    header = ("what", "answers/s", "median ms", "p99 ms", "bytes", "times hello")
    report("serving", table(title, header, rows), machine("starlette", "uvicorn", "httptools", "uvloop"))


def _row(what: str, found: Measured, hello: Measured) -> tuple[str, ...]:
    times = ratio(found.rate / hello.rate)
    return what, count(found.rate), f"{found.median * 1000:.3g}", f"{found.p99 * 1000:.3g}", count(found.size), times


if __name__ == "__main__":
    main()
