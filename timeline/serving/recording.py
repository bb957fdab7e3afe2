"""What every request goes through that records: who may, in turn, once by its key, and how it is answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import anyio
import anyio.to_thread
import msgspec
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from events.errors import TimelineError
from timeline import tokens
from timeline.ledger import Ledger
from timeline.serving import bodies
from timeline.serving.access import permitted, unknown
from timeline.serving.problems import Refused
from timeline.serving.repeated import AlreadyDone, Kept, Once
from timeline.serving.settings import Settings
from timeline.tokens import Token

AT_ONCE = 8
"""How many may wait for the ledger to record; those who read do not wait behind them."""

Told = Callable[[Connection, Kept], None]
"""Hears what was recorded, in the transaction that records it."""


class Answer(NamedTuple):
    """What came of a request."""

    kept: Kept
    status: int = 201
    is_replayed: bool = False


class Recording:
    """The ledger, for those who record over HTTP."""

    def __init__(self, ledger: Ledger, settings: Settings) -> None:
        self.ledger, self.settings = ledger, settings
        self._turns = anyio.CapacityLimiter(AT_ONCE)

    def allowed(self, request: Request, scope: str) -> Token:
        """The token of a request, if it may record. Raises Refused."""
        if not self.settings.writes:
            raise Refused(403, "off", "it was not started with `timeline serve --write`")
        bodies.check_site(request, self.settings)
        return permitted(request, scope)

    async def do(self, token: Token, key: Once | None, work: Callable[[Told], Kept]) -> Answer:
        """Do the work of a request in a thread, or give the answer that it got before.

        Once it has begun it is finished, whether or not anybody still waits for the answer.
        """
        return await anyio.to_thread.run_sync(self._once, token, key, work, limiter=self._turns)

    def _once(self, token: Token, key: Once | None, work: Callable[[Told], Kept]) -> Answer:
        def told(connection: Connection, kept: Kept) -> None:
            if not tokens.good(connection, [token.id]):  # it may have ended while the body came, or others recorded
                raise unknown()
            if key is not None:
                key.keep(connection, kept)

        if (before := self._before(key)) is not None:
            return Answer(before, is_replayed=True)
        try:
            return Answer(work(told))
        except AlreadyDone as done:
            return Answer(done.kept, is_replayed=True)
        except TimelineError:  # such as a conflict with what the same request recorded just now
            if (before := self._before(key)) is not None:
                return Answer(before, is_replayed=True)
            raise

    def _before(self, key: Once | None) -> Kept | None:
        if key is None:
            return None
        with self.ledger.database.reading(of_ledger=False) as connection:
            return key.find(connection)


def no_version(request: Request) -> None:
    """Refuse a request that is decided on the version of an entry, but changes none."""
    if "if-match" in request.headers:
        raise Refused(412, "precondition", "If-Match is for changes of one entry")


def response(answer: Answer) -> Response:
    """What came of a request, as it is sent."""
    headers = {"cache-control": "no-store"}
    if answer.status == 201:
        headers["location"] = answer.kept.location
        if version := msgspec.json.decode(answer.kept.body).get("version"):
            headers["etag"] = f'"{version}"'
    if answer.is_replayed:
        headers["idempotent-replayed"] = "true"
    return Response(answer.kept.body, answer.status, headers, media_type="application/json")
