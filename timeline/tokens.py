"""Tokens: what a program shows to be let in. The ledger keeps a hash of each, so nobody can read them from it.

A token is `tl_`, its id, `_`, a secret of 256 random bits and a checksum, by which a mistyped one is told at once. Its
name is that under which it records.
"""

from __future__ import annotations

import hmac
import re
import secrets
from binascii import crc32
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.engine import Row

from timeline.errors import AmbiguousName, Conflict, UnknownName, UsageError
from timeline.moments import instant
from timeline.naming import near
from timeline.places import is_kept, require
from timeline.store.log import Clock, system_clock
from timeline.store.tables import tokens as table

SCOPES = {
    "read": "ask everything",
    "record": "record, correct, retract, dispute, rank, corroborate, merge, undo",
    "import": "record what files hold",
}
"""What a token can be made for. To erase is not among them: that takes the command line."""
FEED = "feed"
"""The scope of the token in the address of a private feed; it is for that one address."""
LONGEST_NAME = 100
DAY = 24 * 3600 * 1_000_000

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SECRET, _CHECK = 43, 6
_FORM = re.compile(rf"tl_([0-9a-f]{{8}})_([0-9A-Za-z]{{{_SECRET}}})([0-9A-Za-z]{{{_CHECK}}})")


class Mistyped(Exception):
    """A text that cannot be a token: a letter of it is wrong, or missing."""


class Given(NamedTuple):
    """A token as somebody showed it, read but not compared with anything."""

    id: str
    secret: bytes


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token as the ledger knows it: everything but the secret."""

    id: str
    name: str
    """Under which it records."""
    scopes: tuple[str, ...]
    feed: str = ""
    """Of a private feed: the address that it is for."""
    created_at: str
    expires_at: str | None = None
    revoked_at: str | None = None
    state: str
    """`valid`, `expired` or `revoked`."""

    @property
    def is_valid(self) -> bool:
        """Whether it still lets in."""
        return self.state == "valid"


# -- the text ---------------------------------------------------------------------------------------------------------


def written(token_id: str, secret: bytes) -> str:
    """A token as it is shown, once."""
    body = f"tl_{token_id}_{_in_digits(int.from_bytes(secret), _SECRET)}"
    return body + _checksum(body)


def read(text: str) -> Given:
    """A token that was given. Raises Mistyped, without having asked the ledger."""
    found = _FORM.fullmatch(text)
    if found is None or _checksum(text[:-_CHECK]) != found[3]:
        raise Mistyped
    number = 0
    for digit in found[2]:
        number = number * 62 + _DIGITS.index(digit)
    if number >= 1 << 256:
        raise Mistyped
    return Given(found[1], number.to_bytes(32))


def _checksum(body: str) -> str:
    return _in_digits(crc32(body.encode()), _CHECK)


def _in_digits(number: int, width: int) -> str:
    found = ""
    while number:
        number, digit = divmod(number, 62)
        found = _DIGITS[digit] + found
    return found.rjust(width, "0")


# -- in the ledger ----------------------------------------------------------------------------------------------------


def create(
    connection: Connection,
    name: str,
    scopes: Sequence[str],
    *,
    feed: str = "",
    expires_at: int | None = None,
    clock: Clock = system_clock,
) -> tuple[str, Token]:
    """Make a token; gives its text, which nobody can ever find out again.

    Raises UsageError for a name that nobody could read later, Conflict for one that a valid token has.
    """
    require(connection, table)
    if not name.strip() or not name.isprintable() or len(name) > LONGEST_NAME or name != name.strip():
        raise UsageError(f"a name is 1 to {LONGEST_NAME} characters that can be shown, not {name!r}")
    if any(t.is_valid and t.name == name for t in every(connection, clock=clock)):
        raise Conflict(f"there is a token {name!r} already: revoke it, or take another name")
    secret, token_id, now = secrets.token_bytes(32), secrets.token_hex(4), clock()
    row = {
        "id": token_id,
        "name": name,
        "scopes": " ".join(scopes),
        "feed": feed,
        "hash": sha256(secret).digest(),
        "created_at": now,
        "expires_at": expires_at,
    }
    connection.execute(insert(table).values(row))
    made = connection.execute(select(table).where(table.c.id == token_id)).one()
    return written(token_id, secret), _token(made, now)


def every(connection: Connection, *, clock: Clock = system_clock) -> list[Token]:
    """All tokens that were ever made, the oldest first; none where the ledger has no place for them."""
    if not is_kept(connection, table):
        return []
    now = clock()
    return [_token(row, now) for row in connection.execute(select(table).order_by(table.c.created_at, table.c.id))]


def revoke(connection: Connection, given: str, *, clock: Clock = system_clock) -> list[Token]:
    """End the token of this name or id; gives it if it was valid.

    Raises UnknownName if there never was one, AmbiguousName where it is the name of one and the id of another.
    """
    require(connection, table)
    known = every(connection, clock=clock)
    meant = [t for t in known if given in (t.id, t.name)]
    if not meant:
        raise UnknownName(given, near(given, [name for t in known for name in (t.name, t.id)]), "token")
    ended = [t for t in meant if t.is_valid]
    if len(ended) > 1:
        raise AmbiguousName(given, [f"{t.id} {t.name!r}" for t in ended])
    these = table.c.id.in_([t.id for t in ended])
    connection.execute(update(table).where(these).values(revoked_at=clock()))
    return ended


def valid(connection: Connection, given: Given, *, clock: Clock = system_clock) -> Token | None:
    """The token that was shown; None if there is none such, or it is expired or revoked: nobody is told which."""
    if not is_kept(connection, table):
        return None
    row = connection.execute(select(table).where(table.c.id == given.id)).one_or_none()
    expected = bytes(row.hash) if row is not None else bytes(32)
    is_same = hmac.compare_digest(sha256(given.secret).digest(), expected)
    found = None if row is None else _token(row, clock())
    return found if is_same and found is not None and found.is_valid else None


def good(connection: Connection, ids: Iterable[str], *, clock: Clock = system_clock) -> set[str]:
    """Those of some tokens, by their ids, that still let in."""
    if not is_kept(connection, table):
        return set()
    never_ends = table.c.expires_at.is_(None)
    is_valid = table.c.revoked_at.is_(None) & (never_ends | (table.c.expires_at > clock()))
    return set(connection.scalars(select(table.c.id).where(table.c.id.in_(list(ids)), is_valid)))


def scopes_of(given: Iterable[str]) -> tuple[str, ...]:
    """The scopes that are meant, in their order. Raises UnknownName."""
    wanted = set(given)
    for scope in sorted(wanted - SCOPES.keys()):
        raise UnknownName(scope, near(scope, SCOPES) or list(SCOPES), "scope")
    return tuple(scope for scope in SCOPES if scope in wanted)


def _token(row: Row[tuple[object, ...]], now: int) -> Token:
    expires: int | None = row.expires_at
    revoked: int | None = row.revoked_at
    state = "revoked" if revoked is not None else "expired" if expires is not None and expires <= now else "valid"
    return Token(
        id=row.id,
        name=row.name,
        scopes=tuple(row.scopes.split()),
        feed=row.feed,
        created_at=instant(row.created_at),
        expires_at=None if expires is None else instant(expires),
        revoked_at=None if revoked is None else instant(revoked),
        state=state,
    )
