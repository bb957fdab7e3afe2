"""The calendar of the example is read alike by programs that have nothing in common, and kept by a calendar server."""

from __future__ import annotations

import http.client
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import icalendar
import pytest

from tests.exports.ical_feeds import feed
from tests.exports.ical_readers import READERS, Read, by_icalendar
from tests.exports.test_ical_story import STORY, tell
from timeline.ledger import Ledger


@pytest.fixture(scope="module")
def example(example_ledger) -> bytes:
    with Ledger.open(str(example_ledger)) as ledger:
        return feed(ledger, address="https://example.org/timeline")


@pytest.fixture(scope="module")
def struck_out(tmp_path_factory) -> bytes:
    """A calendar with everything that may be said of an event: delayed, disputed, retracted."""
    told = tell(str(tmp_path_factory.mktemp("story") / "timeline.db"))
    told.ledger.close()
    return told.feeds[next(n for n, step in enumerate(STORY) if step.name == "retracted for good")]


@pytest.mark.parametrize("reader", READERS)
def test_readers_that_share_no_code_find_the_same_in_the_example(example, reader):
    """UID, texts, days, status and sequence; and none of them complains."""
    found = READERS[reader](example)

    assert len(found) > 200
    assert found == by_icalendar(example)


@pytest.mark.parametrize("reader", READERS)
def test_they_find_the_same_in_what_was_delayed_disputed_and_withdrawn(struck_out, reader):
    found = READERS[reader](struck_out)

    assert {read.status for read in found} == {"CONFIRMED", "TENTATIVE", "CANCELLED"}
    assert max(read.sequence for read in found) == 10
    assert found == by_icalendar(struck_out)


# -- a server ---------------------------------------------------------------------------------------------------------

CALENDAR = "/ada/timeline/"


class Server:
    """Radicale on a port of its own, with one calendar."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, method: str, path: str, body: str | bytes = "", **headers: str) -> tuple[int, bytes]:
        """One request: the status and the body of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            given = body.encode() if isinstance(body, str) else body
            named = {k.replace("_", "-"): v for k, v in headers.items()}
            connection.request(method, path, given, {"Authorization": "Basic YWRhOg=="} | named)  # ada, no password
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def wait(self) -> None:
        """Until it answers."""
        for _ in range(300):
            try:
                self.ask("OPTIONS", "/")
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("the server does not answer")


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("radicale")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {"--hosts": f"127.0.0.1:{port}", "--auth-type": "none", "--storage-filesystem-folder": str(folder)}
    command = [sys.executable, "-m", "radicale", "--config", "", *(part for both in options.items() for part in both)]
    with (folder / "log").open("w") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said)
        try:
            found = Server(port)
            found.wait()
            assert found.ask("MKCALENDAR", CALENDAR)[0] == 201
            yield found
        finally:
            process.terminate()
            process.wait(timeout=30)


def single(raw: bytes) -> dict[str, bytes]:
    """Each event as a calendar of its own, as programs send it to a server; its lines are left as they are."""
    head = raw[: raw.index(b"BEGIN:VEVENT")]
    blocks = re.findall(rb"BEGIN:VEVENT\r\n.*?END:VEVENT\r\n", raw, re.DOTALL)
    keep = [line for line in re.split(rb"(?<=\r\n)(?! )", head) if line.startswith((b"BEGIN", b"VERSION", b"PRODID"))]
    found = {}
    for block in blocks:
        uid = str(icalendar.Event.from_ical(block)["UID"])
        found[uid] = b"".join(keep) + block + b"END:VCALENDAR\r\n"
    return found


@pytest.mark.parametrize("which", ["example", "struck_out"])
def test_a_calendar_server_takes_every_event_and_gives_it_back(server, request, which):
    """By PUT, and by GET and REPORT, with the same UID, texts, days, status and sequence."""
    raw = request.getfixturevalue(which)
    sent = {read.uid: read for read in by_icalendar(raw)}

    got = {}
    for uid, alone in single(raw).items():
        path = f"{CALENDAR}{uid}.ics"
        status, said = server.ask("PUT", path, alone, Content_Type="text/calendar; charset=utf-8")
        assert status == 201, (uid, said)
        status, kept = server.ask("GET", path)
        assert status == 200
        (got[uid],) = by_icalendar(kept)

    assert got == sent
    assert sent.items() <= reported(server).items()


def reported(server: Server) -> dict[str, Read]:
    """All events of the server's calendar, asked for as programs do that keep a copy of it."""
    query = """<?xml version="1.0"?><c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">
        <d:prop><d:getetag/><c:calendar-data/></d:prop>
        <c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT"/></c:comp-filter></c:filter>
        </c:calendar-query>"""
    status, answer = server.ask("REPORT", CALENDAR, query, Depth="1", Content_Type="application/xml")
    assert status == 207
    found = ElementTree.fromstring(answer).iter("{urn:ietf:params:xml:ns:caldav}calendar-data")
    return {read.uid: read for data in found for read in by_icalendar((data.text or "").encode())}
