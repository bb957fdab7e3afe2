"""Who is let in: everybody who may read anyway, whoever shows a token, and the subscriber of a private feed."""

from __future__ import annotations

from collections import OrderedDict

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from events.errors import TimelineError
from timeline import tokens
from timeline.errors import UsageError
from timeline.places import require as require_place
from timeline.serving import feeds
from timeline.serving.limits import Limits, is_here
from timeline.serving.problems import Refused
from timeline.serving.settings import Settings
from timeline.serving.telling import error_response
from timeline.store.database import Database
from timeline.store.tables import tokens as table
from timeline.tokens import FEED, Given, Mistyped, Token

FREE = ("/-/health", "/-/ready")
"""What whoever keeps the service running asks, who has no token; of several ledgers it would tell that there is one."""
READING = ("GET", "HEAD", "OPTIONS")
MOST_GOOD = 1000
"""Of so many tokens it is remembered that they were good, so that others at the same address do not keep them out."""
REALM = 'Bearer realm="timeline"'
_MISTYPED = "this is no token: a part of it is missing, or mistyped"
UNKNOWN = "the token lets nobody in: see `timeline token list`"


class Access:
    """Lets requests through, each with the token that it showed as `scope["token"]`."""

    def __init__(self, app: ASGIApp, settings: Settings, database: Database) -> None:
        self.app, self.settings, self.database = app, settings, database
        self.limits = Limits(settings)
        self._good: OrderedDict[str, None] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or say what it lacks."""
        if scope["type"] != "http" or (scope["path"] in FREE and not self.settings.prefix):
            await self.app(scope, receive, send)
            return
        if self._is_anybodys(scope):
            await self.app(scope, receive, send)
            return
        try:
            inside = await self._let_in(scope)
        except TimelineError as error:
            await error_response(Request(scope), error, self.settings)(scope, receive, send)
            return
        try:
            await self.app(inside, receive, _private(inside, send))
        finally:
            for name in ("route", "route_path"):  # what the log and the metrics tell of
                if name in inside:
                    scope[name] = inside[name]

    def _is_anybodys(self, scope: Scope) -> bool:
        """Whether it is a question of somebody on this machine to a service for this machine, as most are."""
        return (
            self.settings.is_loopback
            and scope["method"] in READING
            and is_here(_address(scope))
            and not scope["path"].startswith(feeds.PREFIX)
            and not any(name == b"authorization" for name, _ in scope["headers"])
        )

    async def _let_in(self, scope: Scope) -> Scope:
        """The request as the service is to see it. Raises Refused."""
        is_feed = scope["path"].startswith(feeds.PREFIX)
        if is_feed:
            scope["is_feed"] = True
        token = await self._token(scope, is_feed=is_feed)
        writes = scope["method"] not in READING
        if wait := self.limits.wait(token.id if token else None, _address(scope), writes=writes):
            raise _too_often(wait)
        if token is not None:
            scope["token"], scope["token_name"] = token, token.name
        if is_feed:
            return _subscribed(scope, token)
        if not writes and not self.settings.reads_freely:
            require(token, "read")
        return scope

    async def _token(self, scope: Scope, *, is_feed: bool) -> Token | None:
        text = feeds.divided(scope["path"])[0] if is_feed else _shown(scope)
        if text is None:
            return None
        try:
            given = tokens.read(text)
        except Mistyped:
            raise self._refused(scope, _MISTYPED) from None
        if given.id not in self._good and (wait := self.limits.wait(None, _address(scope), writes=False, takes=False)):
            raise _too_often(wait)  # without having asked the ledger
        found = await run_in_threadpool(self._valid, given)
        if found is None or (FEED in found.scopes) != is_feed:
            self._good.pop(given.id, None)
            raise self._refused(scope, UNKNOWN)
        self._good[given.id] = None
        if len(self._good) > MOST_GOOD:
            self._good.popitem(last=False)
        return found

    def _refused(self, scope: Scope, why: str) -> Refused:
        """Whoever tries tokens spends what their address may ask."""
        if wait := self.limits.wait(None, _address(scope), writes=False):
            return _too_often(wait)
        return unknown(why)

    def _valid(self, given: Given) -> Token | None:
        with self.database.reading(of_ledger=False) as connection:
            return tokens.valid(connection, given)


def unknown(why: str = UNKNOWN) -> Refused:
    """What is said to whoever shows a token that lets nobody in."""
    return Refused(401, "token", why, (("www-authenticate", f'{REALM}, error="invalid_token"'),))


def _too_often(wait: int) -> Refused:
    return Refused(429, "busy", f"try again in {wait} s", (("retry-after", str(wait)),))


def require(token: Token | None, scope: str) -> Token:
    """The token, if it is good for a scope. Raises Refused: with 401 for none, with 403 for one of other scopes."""
    if token is None:
        detail = f"show one with the scope {scope}: Authorization: Bearer tl_…; `timeline token create` makes them"
        raise Refused(401, "token", detail, (("www-authenticate", REALM),))
    if scope not in token.scopes:
        header = f'{REALM}, error="insufficient_scope", scope="{scope}"'
        has = " and ".join(token.scopes)
        raise Refused(403, "scope", f"it takes {scope}, and this one is for {has}", (("www-authenticate", header),))
    return token


def permitted(request: Request, scope: str) -> Token:
    """The token of a request, if it is good for a scope. Raises Refused."""
    return require(request.scope.get("token"), scope)


def check_open(database: Database, settings: Settings) -> None:
    """That somebody could use a service that others reach. Raises UsageError with what to do, and StoreError."""
    if settings.reads_freely and not settings.writes:
        return
    with database.reading(of_ledger=False) as connection:
        if settings.writes:
            require_place(connection, table)
        found = [t for t in tokens.every(connection) if t.is_valid]
    if not found and not settings.reads_freely:
        raise UsageError(
            f"others can reach {settings.host}, and nobody has a token: make one with `timeline token create NAME "
            "--scope read`, or let anybody read with --public"
        )


def _shown(scope: Scope) -> str | None:
    """What stands in the header; None where there is none. Raises Refused for another sort of it."""
    given = [value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"]
    if not given:
        return None
    sort, _, text = given[0].partition(" ")
    if len(given) > 1 or sort.lower() != "bearer":
        raise Refused(401, "token", "write Authorization: Bearer tl_…, once", (("www-authenticate", REALM),))
    return str(text.strip())


def _address(scope: Scope) -> str:
    return str((scope.get("client") or ("",))[0])


def _subscribed(scope: Scope, token: Token | None) -> Scope:
    """The request for what a private feed is of, in the place of the one for the feed."""
    assert token is not None
    _, path = feeds.divided(scope["path"])
    if scope["method"] not in ("GET", "HEAD"):
        raise Refused(405, "method", "a feed is only read", (("allow", "GET, HEAD"),))
    if not feeds.is_same(token.feed, path, scope["query_string"]):
        raise Refused(403, "scope", "this address is for another feed: take it as it was given")
    return {**scope, "path": path, "raw_path": path.encode()}


def _private(scope: Scope, send: Send) -> Send:
    """Answers to whoever showed a token are kept by nobody else on the way."""
    if "token" not in scope:
        return send

    async def kept(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [(n, _for_one(v) if n == b"cache-control" else v) for n, v in message["headers"]]
            if not any(n == b"cache-control" for n, _ in headers):
                headers.append((b"cache-control", b"private"))
            message["headers"] = headers
        await send(message)

    return kept


def _for_one(cache_control: bytes) -> bytes:
    return cache_control if b"no-store" in cache_control else b"private, " + cache_control.replace(b"public, ", b"")
