"""Webhooks: who is told over HTTP what is recorded, how far each was told, and what was given up.

The secret of each stands readable in the ledger, since a signature is made with the key itself. It is shown once, when
the webhook is made.
"""

from __future__ import annotations

import secrets
from base64 import b64encode
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update
from sqlalchemy.engine import Row

from timeline.errors import UnknownName, UsageError
from timeline.moments import instant
from timeline.naming import near
from timeline.places import is_kept, require
from timeline.store import log
from timeline.store.log import Clock, system_clock
from timeline.store.tables import webhook_failures, webhooks

SECRET_PREFIX = "whsec_"
LONGEST_ERROR = 200


class Filters(msgspec.Struct, frozen=True):
    """Which events a webhook is about; all where nothing is named."""

    kinds: tuple[str, ...] = ()
    orgs: tuple[str, ...] = ()


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook as it is listed: everything but the secret."""

    id: str
    url: str
    """Without its query, which may hold a password."""
    kinds: tuple[str, ...]
    orgs: tuple[str, ...]
    allow_private: bool
    position: int
    """Everything up to it was delivered, given up, or is not asked for."""
    behind: int
    """How many events were recorded since."""
    attempts: int
    """How often the next message was tried in vain."""
    next_try: str | None
    last_error: str
    state: str
    """`active`, `waiting` for the next attempt, or `paused`."""
    failed: int
    """How many messages were given up."""
    created_at: str


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was given up: a dead letter. What it said is read from the log again."""

    webhook: str
    position: int
    message: str
    attempts: int
    status: int | None
    error: str
    died_at: str


@dataclass(frozen=True, slots=True)
class Target:
    """What it takes to deliver."""

    id: str
    url: str
    secret: str = field(repr=False)
    filters: Filters
    allow_private: bool
    position: int
    attempts: int


class Outcome(NamedTuple):
    """What came of an attempt to send something."""

    status: int | None
    """What the receiver answered; None where it never did."""
    error: str = ""
    """In words; empty when all is well."""

    @property
    def is_gone(self) -> bool:
        """Whether the receiver says that it wants nothing more, ever."""
        return self.status == 410


# -- keeping ----------------------------------------------------------------------------------------------------------


def add(
    connection: Connection,
    url: str,
    filters: Filters,
    *,
    after: int | None = None,
    allow_private: bool = False,
    clock: Clock = system_clock,
) -> tuple[str, Target]:
    """Add a webhook that was checked; gives its secret, which is not shown again.

    It begins with what is recorded from now on, or after a position; a batch in which that lies is told whole.
    """
    require(connection, webhooks)
    secret, webhook_id = SECRET_PREFIX + b64encode(secrets.token_bytes(32)).decode(), secrets.token_hex(4)
    row = {
        "id": webhook_id,
        "url": url,
        "secret": secret,
        "filters": msgspec.json.encode(filters).decode(),
        "allow_private": allow_private,
        "position": _beginning(connection, after),
        "attempts": 0,
        "next_try": 0,
        "last_error": "",
        "leased_by": "",
        "leased_until": 0,
        "created_at": clock(),
    }
    connection.execute(insert(webhooks).values(row))
    return secret, find(connection, webhook_id)


def _beginning(connection: Connection, after: int | None) -> int:
    end = log.head_position(connection)
    if after is None:
        return end
    if after > end:
        raise UsageError(f"--after {after} lies beyond the log; its last position is {end}")
    batch = log.batch_at(connection, after)
    return after if batch is None or batch == after else log.first_of_batch(connection, batch) - 1


def every(connection: Connection, *, clock: Clock = system_clock) -> list[Webhook]:
    """All webhooks, the oldest first; none where the ledger has no place for them."""
    if not is_kept(connection, webhooks):
        return []
    now, end = clock(), log.head_position(connection)
    count = select(webhook_failures.c.webhook, func.count()).group_by(webhook_failures.c.webhook)
    failed = {row[0]: row[1] for row in connection.execute(count)}
    rows = connection.execute(select(webhooks).order_by(webhooks.c.created_at, webhooks.c.id))
    return [_shown(row, now, end, failed.get(row.id, 0)) for row in rows]


def find(connection: Connection, webhook_id: str) -> Target:
    """A webhook with what it takes to deliver. Raises UnknownName."""
    require(connection, webhooks)
    row = connection.execute(select(webhooks).where(webhooks.c.id == webhook_id)).one_or_none()
    if row is None:
        raise UnknownName(webhook_id, near(webhook_id, connection.scalars(select(webhooks.c.id))), "webhook")
    return target_of(row)


def remove(connection: Connection, webhook_id: str) -> None:
    """Forget a webhook and what it could not deliver. Raises UnknownName."""
    find(connection, webhook_id)
    connection.execute(delete(webhook_failures).where(webhook_failures.c.webhook == webhook_id))
    connection.execute(delete(webhooks).where(webhooks.c.id == webhook_id))


def failures(connection: Connection, webhook_id: str | None = None) -> list[Failure]:
    """What was given up, of one webhook or of all, in the order of the log."""
    if not is_kept(connection, webhooks):
        return []
    query = select(webhook_failures).order_by(webhook_failures.c.webhook, webhook_failures.c.position)
    if webhook_id is not None:
        query = query.where(webhook_failures.c.webhook == webhook_id)
    return [
        Failure(**(dict(row) | {"died_at": instant(row["died_at"])})) for row in connection.execute(query).mappings()
    ]


def resume(connection: Connection, webhook_id: str) -> None:
    """Let the next message be tried at once, also where the webhook is paused."""
    values = {"attempts": 0, "next_try": 0, "last_error": "", "paused_at": None}
    connection.execute(update(webhooks).where(webhooks.c.id == webhook_id).values(values))


def revived(connection: Connection, failure: Failure) -> None:
    """Note that a message that was given up has been delivered after all."""
    connection.execute(delete(webhook_failures).where(_of(failure)))


def died_again(connection: Connection, failure: Failure, outcome: Outcome, *, clock: Clock = system_clock) -> None:
    """Note that a message that was given up was tried in vain once more."""
    values = given_up(failure.attempts + 1, outcome, clock)
    connection.execute(update(webhook_failures).where(_of(failure)).values(values))


def _of(failure: Failure) -> ColumnElement[bool]:
    return (webhook_failures.c.webhook == failure.webhook) & (webhook_failures.c.position == failure.position)


def given_up(attempts: int, outcome: Outcome, clock: Clock) -> dict[str, object]:
    """What is noted of a message when it is given up."""
    return {
        "attempts": attempts,
        "status": outcome.status,
        "error": outcome.error[:LONGEST_ERROR],
        "died_at": clock(),
    }


def shown_url(url: str) -> str:
    """An address as it may be shown: without its query."""
    return urlsplit(url)._replace(query="").geturl() + ("?…" if urlsplit(url).query else "")


def target_of(row: Row[tuple[object, ...]]) -> Target:
    """A row of the table as what it takes to deliver."""
    filters = msgspec.json.decode(row.filters, type=Filters)
    return Target(row.id, row.url, row.secret, filters, row.allow_private, row.position, row.attempts)


def _shown(row: Row[tuple[object, ...]], now: int, end: int, failed: int) -> Webhook:
    filters = msgspec.json.decode(row.filters, type=Filters)
    next_try: int = row.next_try
    return Webhook(
        id=row.id,
        url=shown_url(row.url),
        kinds=filters.kinds,
        orgs=filters.orgs,
        allow_private=row.allow_private,
        position=row.position,
        behind=end - row.position,
        attempts=row.attempts,
        next_try=instant(next_try) if next_try > now else None,
        last_error=row.last_error,
        state="paused" if row.paused_at is not None else "waiting" if next_try > now else "active",
        failed=failed,
        created_at=instant(row.created_at),
    )
