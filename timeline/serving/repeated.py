"""Requests that are sent again because nobody knows what became of them: a key tells that they are the same one.

What was recorded is remembered in the transaction that records it, so a key records once, however often and from
wherever it is sent. A refusal is not remembered: nothing came of it, and the same may be good later.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select
from starlette.requests import Request

from timeline.serving.problems import Refused
from timeline.store.log import system_clock
from timeline.store.tables import idempotency as table
from timeline.tokens import DAY, Token

KEPT = DAY
"""How long an answer is given again, in microseconds."""
_KEY = re.compile(r"[!-~]{1,200}")


class Kept(NamedTuple):
    """The answer to a request that recorded something."""

    location: str
    body: bytes


class AlreadyDone(Exception):  # no error: it says what the answer was
    """The request was done before."""

    def __init__(self, kept: Kept) -> None:
        self.kept = kept


class Once(NamedTuple):
    """A request that is to be done once."""

    token: str
    key: str
    request: bytes
    """SHA-256 of what was asked for."""

    def find(self, connection: Connection) -> Kept | None:
        """The answer, if the request was done. Raises Refused if the key was given to another one."""
        row = connection.execute(
            select(table).where(
                table.c.token == self.token, table.c.key == self.key, table.c.created_at > system_clock() - KEPT
            )
        ).one_or_none()
        if row is None:
            return None
        if bytes(row.request) != self.request:
            raise Refused(422, "key", "a key is for one request: take a new one for this")
        return Kept(row.location, bytes(row.answer))

    def keep(self, connection: Connection, kept: Kept) -> None:
        """Remember the answer, in the transaction that records. Raises AlreadyDone if another one was quicker."""
        if (found := self.find(connection)) is not None:
            raise AlreadyDone(found)
        now = system_clock()
        is_old = (table.c.token == self.token) & (table.c.key == self.key)
        connection.execute(delete(table).where(is_old | (table.c.created_at <= now - KEPT)))
        row = {**self._asdict(), "location": kept.location, "answer": kept.body, "created_at": now}
        connection.execute(insert(table).values(row))


def once(request: Request, token: Token, digest: bytes) -> Once | None:
    """The request by its `Idempotency-Key`; None if it has none. Raises Refused for one that cannot be kept."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    key = key.strip().strip('"')
    if not _KEY.fullmatch(key):
        raise Refused(400, "usage", "an Idempotency-Key is 1 to 200 printable characters of ASCII, without blanks")
    asked = (request.method, request.scope["path"], request.scope["query_string"].decode("latin-1"))
    heads = (request.headers.get(name, "") for name in ("content-type", "if-match"))
    said = "\n".join((token.id, *asked, *heads, digest.hex()))
    return Once(token.id, key, sha256(said.encode()).digest())
