"""What is sent: taken in as far as it may be long, from our own pages or from programs, and read as JSON."""

from __future__ import annotations

import json
import re
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import anyio
import msgspec
from starlette.requests import ClientDisconnect, Request

from timeline.serving.problems import Refused, Unrecordable
from timeline.serving.settings import Settings

PATIENCE = 60.0
"""How many seconds nothing may come of a body before the line is given up."""
LONGEST_NUMBER = 100
"""How many characters a number may have."""
_HALF = re.compile(r"\\u[dD][89a-fA-F]")


def check_site(request: Request, settings: Settings) -> None:
    """Refuse what a page of another site had a browser send."""
    origin = request.headers.get("origin")
    if origin is None:
        return
    ours = {request.headers.get("host", "").lower(), urlsplit(settings.public_url).netloc.lower()} - {""}
    if _place(origin) not in ours:
        raise Refused(403, "origin", "only programs and pages of this service may record")


def _place(origin: str) -> str:
    """The host and port of an origin; empty where it has none."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def media_type(request: Request) -> str:
    """What the body is said to be, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def check_json(request: Request) -> None:
    """Refuse what is not said to be JSON: a form of another page cannot say so."""
    if media_type(request) != "application/json":
        raise Refused(415, "media-type", "write Content-Type: application/json")


async def taken(request: Request, most: int) -> bytes:
    """The whole body. Raises Refused for one that is longer than it may be."""
    parts = [part async for part in _parts(request, most)]
    return b"".join(parts)


async def stored(request: Request, most: int) -> tuple[BinaryIO, bytes]:
    """The body in a file, which is gone when it is closed, and its SHA-256."""
    file: BinaryIO = tempfile.TemporaryFile()  # noqa: SIM115  # closed by whoever asked for it
    digest = sha256()
    try:
        async for part in _parts(request, most):
            digest.update(part)
            file.write(part)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file, digest.digest()


async def _parts(request: Request, most: int) -> AsyncIterator[bytes]:
    """The body as it comes; whatever it says about its length, no more is taken than it may have."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Refused(415, "media-type", "what is sent must not be compressed")
    said = request.headers.get("content-length", "")
    if said.isdigit() and len(said) < 20 and int(said) > most:
        raise _too_long(most)
    stream, size = request.stream(), 0
    while True:
        try:
            with anyio.fail_after(PATIENCE):
                part = await anext(stream, None)
        except TimeoutError:
            raise Refused(408, "usage", f"nothing came for {PATIENCE:g} s", (("connection", "close"),)) from None
        except ClientDisconnect:
            raise Refused(400, "usage", "the line broke off", (("connection", "close"),)) from None
        if part is None:
            return
        size += len(part)
        if size > most:
            raise _too_long(most)
        yield part


def _too_long(most: int) -> Refused:
    return Refused(413, "too-long", f"at most {most:,} bytes may be sent at once", (("connection", "close"),))


# -- JSON -------------------------------------------------------------------------------------------------------------


class _Unreadable(ValueError):
    """JSON that means nothing, or two things."""


def read_json(raw: bytes) -> Any:
    """What a body says; numbers as exactly as they stand there. Raises Unrecordable for what is no JSON.

    Doubled keys, numbers that are none, halves of characters and deep nesting are refused: programs do not agree on
    what they mean.
    """
    try:
        text = raw.decode()
        value = _decoder.decode(text)
        if _HALF.search(text):
            msgspec.json.encode(value)
    except UnicodeDecodeError as problem:
        raise Unrecordable.one("", f"this is not UTF-8, at byte {problem.start}") from None
    except UnicodeEncodeError:
        raise Unrecordable.one("", "there is half of a character in this, a lone surrogate") from None
    except json.JSONDecodeError as problem:
        where = f"line {problem.lineno}, column {problem.colno}"
        raise Unrecordable.one("", f"this is not JSON: {problem.msg[:1].lower()}{problem.msg[1:]}, {where}") from None
    except _Unreadable as problem:
        raise Unrecordable.one("", str(problem)) from None
    except RecursionError:
        raise Unrecordable.one("", "this is nested too deep") from None
    return value


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        doubled = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise _Unreadable(f"the key {doubled[:60]!r} stands twice in an object")
    return made


def _whole(text: str) -> int:
    _check_length(text)
    return int(text)


def _number(text: str) -> Decimal:
    _check_length(text)
    try:
        return Decimal(text)
    except InvalidOperation:
        raise _Unreadable(f"{text[:60]} is no number that can be kept") from None


def _check_length(text: str) -> None:
    if len(text) > LONGEST_NUMBER:
        raise _Unreadable(f"a number has more than {LONGEST_NUMBER} characters")


def _no_number(text: str) -> None:
    raise _Unreadable(f"JSON has no {text}")


_decoder = json.JSONDecoder(
    object_pairs_hook=_mapping, parse_int=_whole, parse_float=_number, parse_constant=_no_number
)
