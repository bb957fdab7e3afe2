"""Whose turn it is: which webhook has something to be told, which of several services tells it, and what came of it.

A service takes the lease of a webhook before it sends, and gives it back afterwards; the lease of one that died runs
out. Until then no other sends anything to the same receiver, so nothing comes twice at a time or out of order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, or_, select, update

from timeline.store import log
from timeline.store.tables import webhook_failures, webhooks
from timeline.webhooks import LONGEST_ERROR, Outcome, Target, given_up, target_of

SECOND = 1_000_000
DELAYS = (5, 30, 2 * 60, 10 * 60, 3600, 6 * 3600, 24 * 3600)
"""After how many seconds a message is tried again: 5 s after the first attempt, 24 h after the seventh."""
JITTER = 0.2
"""By up to this part a delay is longer, so that receivers that were lost together are not all asked at once."""
LEASE = 60 * SECOND
"""How long one service keeps the others from a webhook; longer than any one message takes to send or to fail."""


class Due(NamedTuple):
    """What there is to do at a moment."""

    ids: Sequence[str]
    """The webhooks that have something to be told, and whose turn it is."""
    lag: int
    """By how many events the last of all webhooks is behind; those that are paused do not count."""


def due(connection: Connection, now: int) -> Due:
    """The webhooks for which there is something to do."""
    end = log.head_position(connection)
    columns = (webhooks.c.id, webhooks.c.position, webhooks.c.next_try, webhooks.c.leased_until)
    rows = connection.execute(select(*columns).where(webhooks.c.paused_at.is_(None))).all()
    ids = [r.id for r in rows if r.position < end and r.next_try <= now and r.leased_until <= now]
    return Due(ids, max((end - r.position for r in rows), default=0))


def claim(connection: Connection, webhook_id: str, holder: str, now: int) -> Target | None:
    """Take the lease of a webhook; None if somebody else has it, or there is no reason any more."""
    changed = connection.execute(
        update(webhooks)
        .where(webhooks.c.id == webhook_id, webhooks.c.paused_at.is_(None), webhooks.c.next_try <= now)
        .where(or_(webhooks.c.leased_until <= now, webhooks.c.leased_by == holder))
        .values(leased_by=holder, leased_until=now + LEASE)
    )
    if changed.rowcount != 1:
        return None
    return target_of(connection.execute(select(webhooks).where(webhooks.c.id == webhook_id)).one())


class Settled(NamedTuple):
    """What an attempt led to."""

    is_ours: bool
    """Whether the lease still was; if not, nothing was noted."""
    is_dead: bool = False
    """Whether the message was given up now."""
    may_go_on: bool = False
    """Whether the next message can follow at once."""


def settle(
    connection: Connection,
    target: Target,
    holder: str,
    outcome: Outcome,
    *,
    message: str,
    position: int,
    go_on: bool,
    now: int,
    jitter: float,
) -> Settled:
    """Note what came of sending the message that ends at a position; with `go_on` the lease is kept for the next one.

    `jitter` is a number from 0 to 1.
    """
    values: dict[str, object] = {"attempts": 0, "next_try": 0, "last_error": outcome.error[:LONGEST_ERROR]}
    attempts, is_dead = target.attempts + 1, False
    if outcome.is_gone:
        values["paused_at"] = now
    elif outcome.error and attempts <= len(DELAYS):
        wait = DELAYS[attempts - 1] * (1 + JITTER * jitter)
        values |= {"attempts": attempts, "next_try": now + round(wait * SECOND)}
    else:
        values["position"], is_dead = position, bool(outcome.error)
    go_on = go_on and "position" in values
    values["leased_until"] = now + LEASE if go_on else 0
    own = (webhooks.c.id == target.id) & (webhooks.c.leased_by == holder)
    if connection.execute(update(webhooks).where(own).values(values)).rowcount != 1:
        return Settled(is_ours=False)
    if is_dead:
        row = {"webhook": target.id, "position": position, "message": message}
        row |= given_up(attempts, outcome, lambda: now)
        same = (webhook_failures.c.webhook == target.id) & (webhook_failures.c.position == position)
        connection.execute(delete(webhook_failures).where(same))
        connection.execute(insert(webhook_failures).values(row))
    return Settled(is_ours=True, is_dead=is_dead, may_go_on=go_on)


def pass_over(connection: Connection, target: Target, holder: str, *, position: int) -> None:
    """Give the lease back; up to a position nothing was asked for."""
    own = (webhooks.c.id == target.id) & (webhooks.c.leased_by == holder)
    connection.execute(update(webhooks).where(own).values(position=position, leased_until=0))


def release(connection: Connection, webhook_id: str, holder: str) -> None:
    """Give the lease back, with nothing done."""
    own = (webhooks.c.id == webhook_id) & (webhooks.c.leased_by == holder)
    connection.execute(update(webhooks).where(own).values(leased_until=0))
