"""What every answer says to a browser, and which requests are not listened to at all."""

from __future__ import annotations

import logging
import re
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from timeline.serving.problems import BUG, Problem, problem
from timeline.serving.settings import LOOPBACK, Settings
from timeline.serving.telling import problem_response

logger = logging.getLogger("timeline.serving")

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
PICTURE = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""Of a picture that is opened by itself: its style stands within it, and nothing in it can act."""
ALWAYS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)


MOST_SPELLINGS = 100
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s\[\]:/?#@]+)(:\d{0,5})?")
_NOT_OURS = problem(421, "host", "ask for it by a name of --public-url or --allow-host")
OF_FEEDS = tuple((name, b"no-referrer" if name == b"referrer-policy" else value) for name, value in ALWAYS)
"""The same where the address holds a secret, which no other page may be told."""


class Guarded:
    """Refuses requests for other hosts, as a page elsewhere sends them whose name was made to lead here."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings._replace(title="")
        public = urlsplit(settings.public_url).hostname
        names = {*LOOPBACK, "[::1]", settings.host, *settings.hosts, *([public] if public else [])}
        self.names = {_host(f"[{n}]" if n.count(":") > 1 and "[" not in n else n) for n in names}
        self.any_name = "*" in names
        self._good: set[bytes] = set()

    def _is_ours(self, scope: Scope) -> bool:
        """Whether the request asks for one of the names of the service; each spelling is worked out once."""
        all_given = [value for name, value in scope["headers"] if name == b"host"]
        given = all_given[0] if len(all_given) == 1 else b""
        if given in self._good:
            return True
        if not _HOST.fullmatch(text := given.decode("latin-1")) or _host(text) not in self.names:
            return False
        if len(self._good) < MOST_SPELLINGS:
            self._good.add(given)
        return True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, and add to the head of the answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        began = False

        async def guarded(message: Message) -> None:
            nonlocal began
            began = True
            if message["type"] == "http.response.start":
                ours = OF_FEEDS if "is_feed" in scope else ALWAYS
                if dict(message["headers"]).get(b"content-type", b"").startswith(b"image/svg"):
                    ours = ((b"content-security-policy", PICTURE.encode()), *ours[1:])
                message["headers"] = [*message["headers"], *ours]
            await send(message)

        if not self.any_name and not self._is_ours(scope):
            await self._refuse(scope, receive, guarded, _NOT_OURS)
            return
        try:
            await self.app(scope, receive, guarded)
        except Exception:
            logger.exception("request %s failed", scope.get("request_id", ""))
            if began:  # the client sees that the answer breaks off
                raise
            await self._refuse(scope, receive, guarded, problem(500, "bug", BUG))

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, found: Problem) -> None:
        """Send a problem, from where there is no application yet that could; it does not say whose service it is."""
        answer = problem_response(Request(scope), found, {}, self.settings)
        await answer(scope, receive, send)


def _host(given: str) -> str:
    """A Host header without its port, in one spelling."""
    if given.startswith("["):
        return given.partition("]")[0].lower() + "]"
    return given.partition(":")[0].lower().rstrip(".")
