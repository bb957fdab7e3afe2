"""`timeline serve` as a process of its own: two of them on one database, a rebuild beside them, and the end of one."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.timeline.builders import layoff, org
from timeline.ledger import Ledger, new
from timeline.state.rebuild import rebuild

ROOT = Path(__file__).parent.parent.parent


class Process:
    """A service: its process, its log so far, and a client of it."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path, client: httpx.Client) -> None:
        self.process, self.log, self.client = process, log, client

    def ended(self) -> int:
        """Ask it to end; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


@contextmanager
def started(ledger: str, log: Path, *options: str) -> Iterator[Process]:
    """`timeline serve` at a free port, until the block ends."""
    command = [sys.executable, str(ROOT / "cli.py"), "--db", ledger, "serve", "--port", "0", "--log", "json", *options]
    with log.open("w") as out:
        process = subprocess.Popen(command, stderr=out, stdout=subprocess.DEVNULL, cwd=ROOT)
    try:
        while not (at := re.search(r"at (http://127\.0\.0\.1:\d+)/", log.read_text("utf-8"))):
            assert process.poll() is None, log.read_text("utf-8")
            time.sleep(0.05)
        with httpx.Client(base_url=at[1], timeout=30) as client:
            yield Process(process, log, client)
    finally:
        process.kill()
        process.wait(30)


def lines(log: Path) -> list[dict[str, object]]:
    """The log of a service without its first line, which is for people."""
    return [json.loads(line) for line in log.read_text("utf-8").splitlines() if line.startswith("{")]


def test_two_services_on_one_database_answer_alike(postgres_url, tmp_path):
    """What is recorded beside them both know at once, and name by the same ETag."""
    with (
        Ledger.create(postgres_url) as ledger,
        started(postgres_url, tmp_path / "a.log") as first,
        started(postgres_url, tmp_path / "b.log") as second,
    ):
        ledger.record([new(org("acme"))])
        for number in range(10):
            ledger.record([new(layoff("acme", note=str(number)))])
            one, other = (s.client.get("/events.json") for s in (first, second))
            assert len(one.json()["items"]) == number + 1
            assert (one.content, one.headers["etag"]) == (other.content, other.headers["etag"])


def test_readers_are_answered_while_the_projections_are_rebuilt(database_url, tmp_path):
    answers: list[tuple[int, int]] = []
    with Ledger.create(database_url) as ledger, started(database_url, tmp_path / "log") as service:
        ledger.record([new(org("acme"))])
        ledger.record([new(layoff("acme", note=str(n))) for n in range(300)])
        ended = threading.Event()

        def read() -> None:
            with httpx.Client(base_url=service.client.base_url, timeout=30) as client:
                number = 0
                while not ended.is_set():
                    number += 1  # another question each time, or it would be answered from memory
                    answer = client.get(f"/events.json?limit=1000&from=19{number % 90 + 10}")
                    answers.append((answer.status_code, len(answer.json().get("items", []))))

        reader = threading.Thread(target=read)
        reader.start()
        for _ in range(3):
            rebuild(ledger.database)
        ended.set()
        reader.join()

    assert len(answers) > 3
    assert set(answers) == {(200, 300)}


def test_it_ends_when_it_is_told_to(tmp_path):
    path = tmp_path / "timeline.db"
    Ledger.create(str(path)).close()
    with started(str(path), tmp_path / "log") as service:
        service.client.get("/events.json", headers={"x-request-id": "one", "authorization": "Bearer secret"})
        service.client.get("/nothing?a=%0ab")
        assert service.ended() == 0

    told = lines(service.log)
    assert [(t["method"], t["path"], t["status"]) for t in told] == [
        ("GET", "/events.json", 401),
        ("GET", "/nothing", 404),
    ]
    assert told[0]["request"] == "one"
    assert "secret" not in service.log.read_text("utf-8")


@pytest.mark.parametrize(
    ("options", "status", "says"),
    [
        (("--port", "70000"), 2, "65535"),
        (("--public-url", "ftp://x"), 2, "--public-url"),
        (("--known-at", "@1"), 2, "--known-at"),
        (("--host", "192.0.2.1", "--public"), 6, "cannot be listened at"),
    ],
)
def test_what_cannot_be_served_is_told(tmp_path, options, status, says):
    path = tmp_path / "timeline.db"
    Ledger.create(str(path)).close()
    ran = subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), "--db", str(path), "serve", *options],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "COLUMNS": "200"},
    )

    assert (ran.returncode, says in ran.stderr) == (status, True), ran.stderr


def test_there_must_be_a_ledger(tmp_path):
    command = [sys.executable, str(ROOT / "cli.py"), "--db", str(tmp_path / "none.db"), "serve", "--port", "0"]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60)

    assert (ran.returncode, "there is no ledger" in ran.stderr) == (6, True)


def test_links_name_the_port_that_it_took(tmp_path):
    path = tmp_path / "timeline.db"
    Ledger.create(str(path)).close()
    with started(str(path), tmp_path / "log") as service:
        port = service.client.base_url.port
        page = service.client.get("/").text

    assert port
    assert f"webcal://127.0.0.1:{port}/" in page
    assert "127.0.0.1:0" not in page
