"""Delivering: each webhook is told what is recorded, in order, by one service at a time, again and again if need be.

What was accepted is noted after it was accepted. So a service that dies in between leaves a message that the next one
sends again, under the same id: at least once, never out of order.
"""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import NamedTuple, Protocol, TypeVar
from urllib.parse import urlsplit

from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from events.errors import TimelineError
from timeline.ledger import Ledger
from timeline.places import is_kept
from timeline.serving import leases, outgoing
from timeline.serving.messages import Message, next_message, signed
from timeline.serving.metrics import Metrics
from timeline.store.log import Clock, system_clock
from timeline.store.tables import webhooks as table
from timeline.webhooks import Outcome, Target

logger = logging.getLogger("timeline.serving.webhooks")

LOOK_SECONDS = 0.5
"""How often is looked whether there is anything to deliver."""
REST_SECONDS = 30.0
"""For how long nothing is looked at after the ledger could not be asked or written."""
GRACE_SECONDS = 4.0
"""How long a message that is being sent may still take after the last request was answered, when the service ends."""
QUESTIONS = 4
"""How many webhooks ask the ledger at once. It takes moments; the rest of the connections are for those who read."""

T = TypeVar("T")


class Send(Protocol):
    """Sends a message; see `outgoing.send`."""

    def __call__(self, url: str, headers: dict[str, str], body: bytes, *, allow_private: bool) -> Awaitable[Outcome]:
        """Tell what came of it."""


class Deliverer:
    """All webhooks of a ledger, as far as this service delivers them."""

    def __init__(
        self,
        ledger: Ledger,
        metrics: Metrics,
        *,
        clock: Clock = system_clock,
        send: Send = outgoing.send,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.ledger, self.metrics = ledger, metrics
        self.clock, self.send, self.chance = clock, send, chance
        self._ending = asyncio.Event()
        self._asking = asyncio.Semaphore(QUESTIONS)
        self._at_work: dict[str, asyncio.Task[None]] = {}
        self._is_kept, self._is_well, self._said = False, True, ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Deliver until the block ends; what is being sent then is finished, or left to the next service."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            self.end()
            await task
            await self.finish()

    def end(self) -> None:
        """Begin nothing more."""
        self._ending.set()

    async def _run(self) -> None:
        while not self._ending.is_set():
            is_well = await self.look()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), LOOK_SECONDS if is_well else REST_SECONDS)

    async def look(self) -> bool:
        """Go to work on every webhook that has something to be told. False if the ledger cannot be asked or written."""
        try:
            due = await self._ask(self._due)
        except Exception as problem:
            self._unwell(problem)
            return False
        self.metrics.webhook_lag.set(due.lag)
        for webhook in due.ids:
            if webhook not in self._at_work and not self._ending.is_set():
                self._at_work[webhook] = asyncio.create_task(self._work(webhook))
        is_well, self._is_well = self._is_well, True
        return is_well

    async def finish(self, seconds: float = GRACE_SECONDS) -> None:
        """Wait for what is at work; what takes longer is left, and the next service sends it."""
        if tasks := list(self._at_work.values()):
            _, late = await asyncio.wait(tasks, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _work(self, webhook: str) -> None:
        """Send one message after the other, until there is none, one fails, or the service ends."""
        holder = secrets.token_hex(8)
        try:
            target = await self._ask(self._writing, lambda c: leases.claim(c, webhook, holder, self.clock()))
            self._said = ""
            while target is not None:
                target = await self._one(target, holder)
        except asyncio.CancelledError:
            await self._ask(self._writing, lambda c: leases.release(c, webhook, holder))
            raise
        except Exception as problem:  # the lease runs out by itself, and then it is tried again
            self._unwell(problem)
        finally:
            del self._at_work[webhook]

    async def _one(self, target: Target, holder: str) -> Target | None:
        """Send the next message; gives the webhook as it then is if another one can follow at once."""
        found = await self._ask(self._next, target)
        message, position = found.message, found.position
        if message is None:
            await self._ask(self._writing, lambda c: leases.pass_over(c, target, holder, position=position))
            return None
        outcome = await self._sent(target, message)
        go_on = not found.is_last and not self._ending.is_set()

        def settle(connection: Connection) -> leases.Settled:
            return leases.settle(
                connection,
                target,
                holder,
                outcome,
                message=message.id,
                position=position,
                go_on=go_on,
                now=self.clock(),
                jitter=self.chance(),
            )

        settled = await self._ask(self._writing, settle)
        if settled.is_dead:
            self.metrics.dead.inc()
            logger.warning("webhook %s: %s was given up", target.id, message.id)
        if outcome.is_gone:
            logger.warning("webhook %s is paused: its receiver wants nothing more", target.id)
        return replace(target, position=position, attempts=0) if settled.may_go_on else None

    async def _sent(self, target: Target, message: Message) -> Outcome:
        began = asyncio.get_running_loop().time()
        headers = signed(message, target.secret, self.clock())
        outcome = await self.send(target.url, headers, message.body, allow_private=target.allow_private)
        took = asyncio.get_running_loop().time() - began
        (self.metrics.failed if outcome.error else self.metrics.delivered).inc()
        fields = {
            "webhook": target.id,
            "to": origin(target.url),
            "webhook_id": message.id,
            "bytes": len(message.body),
            "status": outcome.status,
            "ms": round(took * 1000, 2),
        }
        said = f"failed: {outcome.error}" if outcome.error else "accepted"
        logger.log(
            logging.WARNING if outcome.error else logging.INFO,
            "webhook %s: %s to %s %s",
            target.id,
            message.id,
            fields["to"],
            said,
            extra={"fields": fields},
        )
        return outcome

    # -- the ledger --------------------------------------------------------------------------------------------------

    async def _ask(self, function: Callable[..., T], *arguments: object) -> T:
        async with self._asking:
            return await run_in_threadpool(function, *arguments)

    def _due(self) -> leases.Due:
        with self.ledger.database.reading(of_ledger=False) as connection:
            self._is_kept = self._is_kept or is_kept(connection, table)
            if not self._is_kept:
                return leases.Due((), 0)
            return leases.due(connection, self.clock())

    def _next(self, target: Target) -> _Next:
        with self.ledger.ask() as view:
            message, position = next_message(view, target.id, target.filters, target.position)
            return _Next(message, position, is_last=position >= view.position)

    def _writing(self, act: Callable[[Connection], T]) -> T:
        with self.ledger.database.writing() as connection:
            return act(connection)

    def _unwell(self, problem: Exception) -> None:
        """Say what is wrong: a bug with all that is known of it, trouble with the ledger once and not at every look."""
        if not isinstance(problem, TimelineError):
            logger.error("a webhook could not be delivered", exc_info=problem)
            return
        self._is_well = False
        if str(problem) != self._said:
            logger.warning("webhooks are not delivered now: %s", problem)
        self._said = str(problem)


class _Next(NamedTuple):
    """What a webhook is to be told next, and up to where that is all."""

    message: Message | None
    position: int
    is_last: bool


def origin(url: str) -> str:
    """An address as the log shows it: without path and query, in which services like to put passwords."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
