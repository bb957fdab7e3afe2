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

from timeline.errors import StoreError, UsageError
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
        self._is_ending = False
        self._end = 0
        self._moved = asyncio.Condition()
        self._watching: asyncio.Task[None] | None = None
        self._listening = 0

    def route(self) -> Route:
        """Where to listen."""
        return Route("/api/stream", self.get, methods=["GET"])

    def end(self) -> None:
        """Let everybody go; they come back to the next service."""
        self._is_ending = True
        self._farewell = asyncio.ensure_future(self._wake())

    async def get(self, request: Request) -> Response:
        """Begin after `Last-Event-ID`, after the position asked for, or with what is recorded from now on."""
        asked = read(request.scope["query_string"], PARAMETERS)
        if sum(map(len, (asked.org, asked.person, asked.product))) > 1:
            raise UsageError("a stream is of one org, person or product")
        if self._listening >= MOST:
            raise Refused(503, "busy", f"{MOST} others listen already", (("retry-after", "30"),))
        seen = _last_seen(request.headers.get("last-event-id"))
        after = asked.after if seen is None else seen
        about = await run_in_threadpool(self._about, asked)
        if after is None:
            after = await self.answers.head.position()
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        return StreamingResponse(self._lines(asked, about, after), media_type="text/event-stream", headers=headers)

    async def _wake(self) -> None:
        async with self._moved:
            self._moved.notify_all()

    async def _watch(self) -> None:
        """Look where the log ends, for everybody who listens."""
        while self._listening and not self._is_ending:
            with suppress(StoreError):  # the database is away for a moment; listeners wait for it
                end = await self.answers.head.position()
                if end != self._end:
                    self._end = end
                    await self._wake()
            await asyncio.sleep(LOOK_SECONDS)

    async def _wait(self, after: int) -> bool:
        """Wait until something stands after a position; whether it does, or it is time for a sign of life."""
        async with self._moved:
            with suppress(TimeoutError):
                await asyncio.wait_for(
                    self._moved.wait_for(lambda: self._end > after or self._is_ending), ALIVE_SECONDS
                )
        return self._end > after

    async def _lines(self, asked: Question, about: str | None, after: int) -> AsyncIterator[bytes]:
        self._listening += 1
        self.metrics.listening.inc()
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._watch())
        try:
            yield b"retry: %d\n\n" % RETRY_MILLISECONDS
            while not self._is_ending:
                if not await self._wait(after):
                    yield b": alive\n\n"
                    continue
                after, found = await run_in_threadpool(self._after, after, about)
                lines = b"".join(_message(r) for r in found if _is_wanted(r, asked))
                # The id alone moves the client on, past what it did not ask for.
                yield lines or b"id: %d\n: nothing for you\n\n" % after
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


def _is_wanted(recorded: Recorded, asked: Question) -> bool:
    """Whether a client asked for it; that something was erased, everybody has to learn."""
    return not asked.kind or recorded.kind in (*asked.kind, "erasure")


def _message(recorded: Recorded) -> bytes:
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (
        recorded.position,
        recorded.kind.encode(),
        msgspec.json.encode(recorded),
    )
