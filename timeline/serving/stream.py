"""Server-sent events: what is recorded, as it is recorded, from any position of the log on.

A client that lost its connection says with `Last-Event-ID` what it saw last, as a browser does by itself; it then gets
everything since, in order, each event once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from timeline.errors import UsageError
from timeline.recorded import Recorded, history
from timeline.serving.answering import Answers
from timeline.serving.metrics import Metrics
from timeline.serving.parameters import Question, read
from timeline.serving.problems import Refused

PARAMETERS = ("after", "kind", "org", "person", "product")
LOOK_SECONDS = 0.1
"""How often the end of the log is looked at while anybody listens."""
ALIVE_SECONDS = 15.0
"""After so long without an event a comment is sent, so that nobody on the way takes the line for dead."""
RETRY_MILLISECONDS = 3000
"""How soon a client that lost the line comes back."""
PART = 500
MOST = 500
"""How many may listen at once."""


class Stream:
    """Everybody who listens to one service."""

    def __init__(self, answers: Answers, metrics: Metrics) -> None:
        self.answers, self.metrics = answers, metrics
        self._ending = asyncio.Event()
        self._listening = 0

    def route(self) -> Route:
        """Where to listen."""
        return Route("/api/stream", self.get, methods=["GET"])

    def end(self) -> None:
        """Let everybody go; they come back to the next service."""
        self._ending.set()

    async def get(self, request: Request) -> Response:
        """Begin after `Last-Event-ID`, after the position asked for, or with what is recorded from now on."""
        asked = read(request.scope["query_string"], PARAMETERS)
        if sum(map(len, (asked.org, asked.person, asked.product))) > 1:
            raise UsageError("a stream is of one org, person or product")
        if self._listening >= MOST:
            raise Refused(503, "busy", f"{MOST} others listen already", (("retry-after", "30"),))
        after = _last_seen(request.headers.get("last-event-id")) or asked.after
        about = await run_in_threadpool(self._about, asked)
        if after is None:
            after = await self.answers.head.position()
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(
            self._lines(request, asked, about, after), media_type="text/event-stream", headers=headers
        )

    async def _lines(self, request: Request, asked: Question, about: str | None, after: int) -> AsyncIterator[bytes]:
        self._listening += 1
        self.metrics.listening.inc()
        silent = 0.0
        try:
            yield b"retry: %d\n\n" % RETRY_MILLISECONDS
            while not self._ending.is_set() and not await request.is_disconnected():
                if await self.answers.head.position() > after:
                    after, found = await run_in_threadpool(self._after, after, about)
                    lines = b"".join(_message(r) for r in found if not asked.kind or r.kind in asked.kind)
                    # The id alone moves the client on, past what it did not ask for.
                    yield lines or b"id: %d\n: nothing for you\n\n" % after
                    silent = 0.0
                    continue
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._ending.wait(), LOOK_SECONDS)
                silent += LOOK_SECONDS
                if silent >= ALIVE_SECONDS:
                    yield b": alive\n\n"
                    silent = 0.0
        finally:
            self._listening -= 1
            self.metrics.listening.dec()

    def _about(self, asked: Question) -> str | None:
        for sort, given in (("organization", asked.org), ("person", asked.person), ("product", asked.product)):
            if given:
                with self.answers.ledger.ask() as view:
                    return view.directory.find(given[0], sort)
        return None

    def _after(self, after: int, about: str | None) -> tuple[int, list[Recorded]]:
        """What was recorded after a position, and up to which position that is all."""
        with self.answers.ledger.ask() as view:
            found = history(view, about=about, after=after, limit=PART)
            return (found[-1].position if len(found) == PART else view.position), found


def _last_seen(given: str | None) -> int | None:
    """The position in a Last-Event-ID; None where there is none, or it is no position of ours."""
    return int(given) if given and given.isascii() and given.isdigit() and len(given) <= 16 else None


def _message(recorded: Recorded) -> bytes:
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (
        recorded.position,
        recorded.kind.encode(),
        msgspec.json.encode(recorded),
    )
