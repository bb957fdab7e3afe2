"""Server-sent events: what is recorded, as it is recorded, from any position of the log on.

A client that lost its connection says with `Last-Event-ID` what it saw last, as a browser does by itself; it then gets
everything since, in order, each event once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import msgspec
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from timeline import tokens
from timeline.errors import StoreError, UsageError
from timeline.recorded import Recorded, history
from timeline.serving.answering import Answers
from timeline.serving.limits import is_here, who
from timeline.serving.metrics import Metrics
from timeline.serving.parameters import Question, read
from timeline.serving.problems import Refused
from timeline.store.tables import events
from timeline.tokens import Token

PARAMETERS = ("after", "kind", "org", "person", "product")
LOOK_SECONDS = 0.1
"""How often the end of the log is looked at while anybody listens."""
ALIVE_SECONDS = 15.0
"""After so long without an event a comment is sent, so that nobody on the way takes the line for dead."""
RETRY_MILLISECONDS = 3000
"""How soon a client that lost the line comes back."""
PART = 500
MOST, MOST_EACH = 500, 20
"""How many may listen at once: altogether, and with one token or from one address. On this machine only all count."""


class _Listener:
    """Somebody who listens."""

    def __init__(self, token: Token | None, address: str) -> None:
        self.token = None if token is None else token.id
        self.whose = token.id if token else "" if is_here(address) else who(address)
        """Whose places it takes up; empty for nobody's."""
        self.is_over = False
        """Whether the token is good no more."""


class _Answer(StreamingResponse):
    """A stream that gives its place back however it ends, also where it never began."""

    def __init__(self, lines: AsyncIterator[bytes], headers: dict[str, str], end: Callable[[], None]) -> None:
        super().__init__(lines, media_type="text/event-stream", headers=headers)
        self._end = end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._end()


class Stream:
    """Everybody who listens to one service."""

    def __init__(self, answers: Answers, metrics: Metrics) -> None:
        self.answers, self.metrics = answers, metrics
        self._is_ending = False
        self._end = 0
        self._moved = asyncio.Condition()
        self._watching: asyncio.Task[None] | None = None
        self._listeners: set[_Listener] = set()

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
        seen = _last_seen(request.headers.get("last-event-id"))
        after = asked.after if seen is None else seen
        about = await run_in_threadpool(self._about, asked)
        if after is None:
            after = await self.answers.head.position()
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        if request.method == "HEAD":
            head = Response(headers=headers, media_type="text/event-stream")
            del head.headers["content-length"]
            return head
        listener = self._enter(request)
        return _Answer(self._lines(listener, asked, about, after), headers, lambda: self._leave(listener))

    def _enter(self, request: Request) -> _Listener:
        """Take a place. Raises Refused where there is none."""
        address = str((request.scope.get("client") or ("",))[0])
        listener = _Listener(request.scope.get("token"), address)
        if len(self._listeners) >= MOST:
            raise Refused(503, "busy", f"{MOST} others listen already", (("retry-after", "30"),))
        if listener.whose and sum(other.whose == listener.whose for other in self._listeners) >= MOST_EACH:
            raise Refused(429, "busy", f"you listen {MOST_EACH} times already", (("retry-after", "30"),))
        self._listeners.add(listener)
        self.metrics.listening.inc()
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._watch())
        return listener

    def _leave(self, listener: _Listener) -> None:
        self._listeners.discard(listener)
        self.metrics.listening.dec()

    async def _wake(self) -> None:
        async with self._moved:
            self._moved.notify_all()

    async def _watch(self) -> None:
        """Look where the log ends, and whose token ended, for everybody who listens."""
        while self._listeners and not self._is_ending:
            with suppress(StoreError):  # the database is away for a moment; listeners wait for it
                end = await self.answers.head.position()
                if await self._let_go() or end != self._end:
                    self._end = end
                    await self._wake()
            await asyncio.sleep(LOOK_SECONDS)

    async def _let_go(self) -> bool:
        """Note whose token is good no more; whether it is anybody's."""
        shown = {listener.token for listener in self._listeners if listener.token is not None}
        if not shown:
            return False
        good = await run_in_threadpool(self._good, shown)
        over = [listener for listener in self._listeners if listener.token in shown - good]
        for listener in over:
            listener.is_over = True
        return bool(over)

    def _good(self, shown: set[str]) -> set[str]:
        with self.answers.ledger.database.reading(of_ledger=False) as connection:
            return tokens.good(connection, shown)

    async def _wait(self, listener: _Listener, after: int) -> None:
        """Wait until something stands after a position, the listener has to go, or it is time for a sign of life."""
        async with self._moved:
            with suppress(TimeoutError):
                await asyncio.wait_for(
                    self._moved.wait_for(lambda: self._end > after or self._is_ending or listener.is_over),
                    ALIVE_SECONDS,
                )

    async def _lines(self, listener: _Listener, asked: Question, about: str | None, after: int) -> AsyncIterator[bytes]:
        yield b"retry: %d\n\n" % RETRY_MILLISECONDS
        while True:
            await self._wait(listener, after)
            if self._is_ending or listener.is_over:
                return
            if self._end <= after:
                yield b": alive\n\n"
                continue
            after, found = await run_in_threadpool(self._after, after, about)
            lines = b"".join(_message(r) for r in found if _is_wanted(r, asked))
            # The id alone moves the client on, past what it did not ask for.
            yield lines or b"id: %d\n: nothing for you\n\n" % after

    def _about(self, asked: Question) -> str | None:
        for sort, given in (("organization", asked.org), ("person", asked.person), ("product", asked.product)):
            if given:
                with self.answers.ledger.ask() as view:
                    return view.directory.find(given[0], sort)
        return None

    def _after(self, after: int, about: str | None) -> tuple[int, list[Recorded]]:
        """What was recorded after a position, and up to which position that is all.

        Everybody has to learn that something was erased, and what it was about nobody knows any more.
        """
        with self.answers.ledger.ask() as view:
            found = history(view, about=about, after=after, limit=PART)
            upto = found[-1].position if len(found) == PART else view.position
            if about is None:
                return upto, found
            told = {r.position: r for r in found}
            erased = select(events.c.position).where(events.c.kind == "erasure", events.c.position > after)
            for position in view.connection.scalars(erased.where(events.c.position <= upto)):
                if position not in told:
                    told[position] = history(view, after=position - 1, limit=1)[0]
            return upto, [told[position] for position in sorted(told)]


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
