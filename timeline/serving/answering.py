"""Answering questions over HTTP: from memory where the log ends as it did then, otherwise from a view of the ledger."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

import anyio
import anyio.to_thread
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from timeline.days import today
from timeline.errors import StoreError, UnknownName
from timeline.knowing import known_position
from timeline.ledger import Ledger
from timeline.release import release_in_a_word
from timeline.reported import reported_by
from timeline.serving.forms import FORMS, Context, split, tag
from timeline.serving.head import Head, end_of
from timeline.serving.parameters import Question, read
from timeline.serving.remembered import Memory, Rendered, rendered
from timeline.serving.resources import CLOCKS, TABLES, Elsewhere, Resource
from timeline.serving.settings import Settings
from timeline.store import log
from timeline.view import View

PINNED = "max-age=604800, immutable"
"""Of an answer as known at a moment that has passed: only an erasure changes it, which reaches copies in a week."""
CHECKED = "no-cache"
"""Of any other answer: a copy may be kept, and is asked for by its ETag each time."""


USUAL, SLOW = 24, 2
"""How many answers are worked out at once: usual ones, and those that fold the whole ledger."""
LONGEST_NAME = 300


class Wanted(NamedTuple):
    """What a request wants: a resource, what of it, and in which form."""

    resource: Resource
    name: str
    form: str
    query: bytes


class Answers:
    """Answers to the questions that one service is asked."""

    def __init__(self, ledger: Ledger, settings: Settings) -> None:
        self.ledger, self.settings = ledger, settings
        self.head = Head(ledger.database)
        self.memory = Memory(settings.cache_bytes)
        self.version = release_in_a_word()
        self._begun: dict[Hashable, asyncio.Future[Rendered]] = {}
        self._usual, self._slow = anyio.CapacityLimiter(USUAL), anyio.CapacityLimiter(SLOW)

    async def find(self, path: str, query: bytes) -> Rendered | None:
        """The answer to a request, if it was given before and still holds."""
        return self.memory.find((today(), path, query), await self.head.end())

    async def answer(self, path: str, wanted: Wanted) -> Rendered:
        """Work an answer out, and keep it. Raises TimelineError, and Elsewhere for a name that is no id.

        Whoever asks the same meanwhile gets the same; not who comes after something was recorded that it may not know.
        """
        key = today(), path, wanted.query, await self.head.end()
        if (begun := self._begun.get(key)) is None:
            begun = self._begun[key] = asyncio.ensure_future(self._work(path, wanted))
            begun.add_done_callback(lambda _: self._begun.pop(key))
        return await asyncio.shield(begun)

    async def _work(self, path: str, wanted: Wanted) -> Rendered:
        # What folds the whole ledger takes few threads, so that the rest is answered meanwhile.
        places = self._slow if b"reported_by=" in wanted.query else self._usual
        return await anyio.to_thread.run_sync(self._answer, path, wanted, limiter=places)

    def _answer(self, path: str, wanted: Wanted) -> Rendered:
        day, asked = today(), _asked(wanted)
        with self.ledger.database.reading() as connection:
            end = end_of(connection)
            with view_of(connection, asked) as view:
                found = wanted.resource.find(view, asked, wanted.name)
                context = Context(
                    wanted.resource, found, view, asked, self.settings, wanted.name, self.version, wanted.query
                )
                form = FORMS[wanted.form]
                body = form.make(context)
                is_pinned = _is_pinned(connection, view, asked, wanted)
                headers = list(_headers(connection, view, wanted, is_pinned=is_pinned, is_file=form.is_file))
        if found.next is not None and wanted.form in TABLES:
            headers.append((b"link", _following(self.settings.base + path, wanted.query, found.next)))
        etag = tag(view.position, wanted.form, body)
        answer = rendered(form.media_type, body.raw, etag, wanted.resource.path, tuple(headers))
        if today() == day:  # or it may be of yesterday
            self.memory.keep((day, path, wanted.query), end, answer)
        return answer

    def close(self) -> None:
        """Let the connections go."""
        self.head.close()


def _asked(wanted: Wanted) -> Question:
    """The question. A page takes every clock, to hand it on; it goes only by those that its resource knows."""
    known = wanted.resource.takes(wanted.form)
    if wanted.form != "html":
        return read(wanted.query, known)._replace(form=wanted.form)
    asked = read(wanted.query, {*known, *CLOCKS, "as_of"})
    return asked._replace(
        as_of=asked.as_of if "as_of" in known else None,
        known_at=asked.known_at if "known_at" in known else None,
        reported_by=asked.reported_by if "reported_by" in known else None,
    )


@contextmanager
def view_of(connection: Connection, asked: Question) -> Iterator[View]:
    """The ledger as the clocks of a question have it."""
    known = known_position(connection, asked.known_at, "known_at")
    if asked.reported_by is None:
        yield View(connection, known)
    else:
        with reported_by(connection, known, asked.reported_by) as view:
            yield view


def _is_pinned(connection: Connection, view: View, asked: Question, wanted: Wanted) -> bool:
    """Whether nothing that is recorded later, and no later day, changes the answer."""
    if asked.known_at is None or wanted.form == "html":  # a page says how much was recorded since
        return False
    depends = "as_of" in wanted.resource.parameters and asked.as_of is None and asked.during is None
    if depends or asked.says_today or "today" in wanted.name.split(".."):
        return False
    return asked.known_at.startswith("@") or view.position < log.head_position(connection)


def _headers(
    connection: Connection, view: View, wanted: Wanted, *, is_pinned: bool, is_file: bool
) -> Iterator[tuple[bytes, bytes]]:
    yield b"cache-control", (PINNED if is_pinned else CHECKED).encode()
    if (recorded := log.recorded_at(connection, view.position)) is not None:
        yield b"last-modified", formatdate(recorded // 1_000_000, usegmt=True).encode()
    if is_file:
        name = wanted.name if re.fullmatch(r"[A-Za-z0-9._-]{1,100}", wanted.name) else wanted.resource.name
        yield b"content-disposition", f'inline; filename="{name}.{wanted.form}"'.encode()


def _following(path: str, query: bytes, after: int) -> bytes:
    others = [p for p in query.split(b"&") if p and not p.startswith(b"after=")]
    return b'<%b?%b>; rel="next"' % (quote(path).encode(), b"&".join([*others, b"after=%d" % after]))


# -- over HTTP --------------------------------------------------------------------------------------------------------


class Reading:
    """The endpoint of one resource."""

    def __init__(self, answers: Answers, resource: Resource) -> None:
        self.answers, self.resource = answers, resource
        self.is_named = resource.path.endswith("{name}")

    async def get(self, request: Request) -> ASGIApp:
        """Answer a request."""
        wanted = self.wanted(request)
        try:
            found = await self.answers.answer(request.scope["path"], wanted)
        except Elsewhere as elsewhere:
            if "is_feed" in request.scope:  # the address of a private feed stays; what it is of got another id
                path = self.resource.path.replace("{name}", elsewhere.name) + f".{wanted.form}"
                return Given(await self.answers.answer(path, wanted._replace(name=elsewhere.name)))
            return moved(self.answers.settings, self.resource, elsewhere.name, wanted)
        return Given(found)

    def wanted(self, request: Request) -> Wanted:
        """What is asked for. Raises UnknownName for a form that the resource does not have."""
        name = request.path_params.get("name", "")
        if self.is_named:
            name, form = split(name, self.resource.forms)
            if not name.isprintable() or len(name) > LONGEST_NAME:
                raise UnknownName(name[:40])
        else:
            form = request.path_params.get("form", "html")
            if form not in (*self.resource.forms, "html"):
                raise UnknownName(form, self.resource.forms, "form of this")
        return Wanted(self.resource, name, form, request.scope["query_string"])


def moved(settings: Settings, resource: Resource, name: str, wanted: Wanted) -> Response:
    """The address of the same under its id; it never leads to another site."""
    path = settings.base + resource.path.replace("{name}", quote(name, safe=""))
    suffix = "" if wanted.form == "html" else f".{wanted.form}"
    query = f"?{quote(wanted.query, safe='=&%+')}" if wanted.query else ""
    return Response(status_code=308, headers={"location": f"{path}{suffix}{query}", "cache-control": CHECKED})


class Quick:
    """Gives an answer again without going through the routes, if it was given before and still holds."""

    def __init__(self, app: ASGIApp, answers: Answers) -> None:
        self.app, self.answers = app, answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from memory, or hand the request on."""
        if scope["type"] == "http" and scope["method"] in ("GET", "HEAD") and not scope["path"].startswith("/-/"):
            try:
                found = await self.answers.find(scope["path"], scope["query_string"])
            except StoreError:  # who answers it finds the same, and can tell it
                found = None
            if found is not None:
                scope["route_path"] = found.route
                await Given(found)(scope, receive, send)
                return
        await self.app(scope, receive, send)


class Given:
    """An answer as an application: packed for those who take that, and none for those who have it already."""

    def __init__(self, answer: Rendered) -> None:
        self.answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        answer, known, takes = self.answer, b"", b""
        for name, value in scope["headers"]:
            if name == b"if-none-match":
                known = b"%b,%b" % (known, value)
            elif name == b"accept-encoding":
                takes = b"%b,%b" % (takes, value)
        packed = answer.packed if takes_gzip(takes) else None
        headers = [*(answer.head if packed is None else answer.packed_head), *answer.headers]
        if known and has(known, answer.etag):
            await send({"type": "http.response.start", "status": 304, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
            return
        body = answer.body if packed is None else packed
        headers += [(b"content-type", answer.media_type.encode()), (b"content-length", b"%d" % len(body))]
        if packed is not None:
            headers.append((b"content-encoding", b"gzip"))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


@lru_cache(256)
def takes_gzip(given: bytes) -> bool:
    """Whether an Accept-Encoding lets an answer be packed (RFC 9110, 12.5.3)."""
    found = {}
    for part in given.decode("latin-1").lower().split(","):
        coding, _, weight = part.partition(";")
        found[coding.strip()] = re.fullmatch(r"\s*q\s*=\s*0(\.0{0,3})?\s*", weight) is None
    return found.get("gzip", found.get("x-gzip", found.get("*", False)))


def has(given: bytes, etag: str) -> bool:
    """Whether an If-None-Match names an answer, packed or not."""
    named = {t.strip().removeprefix(b"W/").strip(b'"').removesuffix(b".gz") for t in given.split(b",")}
    return etag.encode() in named or b"*" in named
