"""What a webhook is told: one message for each batch, read from the log anew whenever it is sent.

A batch became known together, so it is told together. A long one is cut into parts of 500 positions; where the cuts lie
depends on nothing else, so a message that is sent again has the same id whatever was erased meanwhile.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import b64decode, b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import or_, select

from projections.mentions import Mention
from projections.merges import Merged, follow
from timeline.entries import entry_named
from timeline.moments import instant
from timeline.recorded import history
from timeline.release import release_in_a_word
from timeline.state.tables import chunks, table_of
from timeline.store import log
from timeline.store.tables import events
from timeline.view import View
from timeline.webhooks import SECRET_PREFIX, Filters

PART = 500
LOOKS = 40
"""How many times 500 events are looked through at once for one that is asked for."""


class Message(NamedTuple):
    """A message to be sent."""

    id: str
    position: int
    """The last position that it tells of."""
    body: bytes


class _Place(NamedTuple):
    """A part of a batch in the log."""

    batch: int
    first_of_batch: int
    first: int
    last: int

    @property
    def number(self) -> int:
        """Which part it is, from 1."""
        return (self.first - self.first_of_batch) // PART + 1

    @property
    def parts(self) -> int:
        """How many the batch has."""
        return (self.batch - self.first_of_batch) // PART + 1


def next_message(view: View, webhook_id: str, filters: Filters, after: int) -> tuple[Message | None, int]:
    """The first message after a position, and its last position; without one, up to where nothing is asked for."""
    if after >= view.position:
        return None, after
    begun = _place(view, after + 1)
    found, reached = _next_wanted(view, filters, after, view.position)
    if begun.first_of_batch <= after and reached >= begun.batch and (found is None or found > begun.batch):
        # If the parts before told something, the last one is sent though it be empty, to say that it is all.
        told, _ = _next_wanted(view, filters, begun.first_of_batch - 1, after, looks=after)
        if told is not None:
            last = _place(view, begun.batch)
            return _message(view, webhook_id, filters, last), last.last
    if found is None:
        return None, reached
    place = _place(view, found)
    return _message(view, webhook_id, filters, place), place.last


def message_at(view: View, webhook_id: str, filters: Filters, position: int) -> Message:
    """The message that ends at a position, made anew."""
    return _message(view, webhook_id, filters, _place(view, position))


def ping(webhook_id: str, moment: int) -> Message:
    """A message that tells nothing, to see whether messages arrive."""
    body = _body("timeline.ping", moment, {"webhook": webhook_id})
    return Message(f"msg_{webhook_id}_ping_{secrets.token_hex(8)}", 0, body)


def signed(message: Message, secret: str, moment: int) -> dict[str, str]:
    """The headers of a message that is sent at a moment (microseconds since 1970), as Standard Webhooks has them."""
    seconds = str(moment // 1_000_000)
    key = b64decode(secret.removeprefix(SECRET_PREFIX))
    digest = hmac.digest(key, b".".join((message.id.encode(), seconds.encode(), message.body)), sha256)
    return {
        "webhook-id": message.id,
        "webhook-timestamp": seconds,
        "webhook-signature": f"v1,{b64encode(digest).decode()}",
        "content-type": "application/json",
        "user-agent": f"timeline/{release_in_a_word()}",
    }


def _place(view: View, position: int) -> _Place:
    batch = log.batch_at(view.connection, position)
    assert batch is not None, f"the log has no position {position}"
    begin = log.first_of_batch(view.connection, batch)
    first = begin + (position - begin) // PART * PART
    return _Place(batch, begin, first, min(first + PART - 1, batch))


def _message(view: View, webhook_id: str, filters: Filters, place: _Place) -> Message:
    recorded = history(view, after=place.first - 1, limit=place.last - place.first + 1)
    wanted = set(_wanted(view, filters, [(r.position, r.kind, r.entry) for r in recorded]))
    data = {
        "batch": place.batch,
        "position": place.last,
        "part": place.number,
        "parts": place.parts,
        "events": [r for r in recorded if r.position in wanted],
    }
    moment = log.recorded_at(view.connection, place.batch) or 0
    name = f"msg_{webhook_id}_{place.batch}_{place.number}"
    return Message(name, place.last, _body("timeline.recorded", moment, data))


def _body(kind: str, moment: int, data: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"type": kind, "timestamp": instant(moment), "data": data})


# -- filters ----------------------------------------------------------------------------------------------------------

_Line = tuple[int, str, UUID]
"""Position, kind and entry of an event."""


def _next_wanted(view: View, filters: Filters, after: int, upto: int, *, looks: int = LOOKS) -> tuple[int | None, int]:
    """The first position after one that is asked for, and how far was looked."""
    for _ in range(looks):
        query = select(events.c.position, events.c.kind, events.c.entry_id).where(
            events.c.position > after, events.c.position <= upto
        )
        if filters.kinds:
            query = query.where(or_(events.c.kind.in_(filters.kinds), events.c.kind == "erasure"))
        rows = view.connection.execute(query.order_by(events.c.position).limit(PART)).all()
        if found := _wanted(view, filters, [row._tuple() for row in rows]):
            return found[0], found[0]
        if len(rows) < PART:
            return None, upto
        after = rows[-1].position
    return None, after


def _wanted(view: View, filters: Filters, lines: Sequence[_Line]) -> list[int]:
    """The positions of those that are asked for. An erasure always is: only so a receiver learns what to forget."""
    if filters.kinds:
        lines = [line for line in lines if line[1] in (*filters.kinds, "erasure")]
    if filters.orgs:
        about = _about(view, filters.orgs, [entry for _, _, entry in lines])
        lines = [line for line in lines if line[2] in about or line[1] == "erasure"]
    return [position for position, _, _ in lines]


def _about(view: View, orgs: Sequence[str], entries: Sequence[UUID]) -> set[UUID]:
    """Those of some entries that name one of the organizations in any version, or register or merge it."""
    merged = view.directory.merged
    chosen = {follow(given, merged) for given in orgs}
    ids = chosen | {duplicate for duplicate in merged if follow(duplicate, merged) in chosen}
    merge = table_of(Merged).table
    numbers = view.numbers.numbered(sorted(ids)).values()
    duplicates = view.connection.scalars(select(merge.c.duplicate).where(merge.c.into.in_(numbers)).distinct())
    ids |= {str(view.numbers.id(d)) for d in duplicates}
    named = {entry_named(sort, i) for sort in ("entity", "merge") for i in ids}
    mention = table_of(Mention).table
    found = {entry for entry in entries if entry in named}
    for part in chunks(list(dict.fromkeys(entries))):
        query = select(mention.c.entry).where(mention.c.entry.in_(part), mention.c.entity.in_(numbers))
        found.update(view.connection.scalars(query.distinct()))
    return found
