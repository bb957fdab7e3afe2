"""What every answer says to a browser, and which requests are not listened to at all."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from timeline.serving.problems import BUG, MEDIA_TYPE, problem, written
from timeline.serving.settings import LOOPBACK, Settings

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
OF_FEEDS = tuple((name, b"no-referrer" if name == b"referrer-policy" else value) for name, value in ALWAYS)
"""The same where the address holds a secret, which no other page may be told."""


class Guarded:
    """Refuses requests for other hosts, as a page elsewhere sends them whose name was made to lead here."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        public = urlsplit(settings.public_url).hostname
        names = {*LOOPBACK, "[::1]", settings.host, *settings.hosts, *([public] if public else [])}
        self.names = {_host(f"[{n}]" if n.count(":") > 1 and "[" not in n else n) for n in names}
        self.any_name = "*" in names
        self._good: set[bytes] = set()

    def _is_ours(self, scope: Scope) -> bool:
        """Whether the request asks for one of the names of the service; each spelling is worked out once."""
        given = next((value for name, value in scope["headers"] if name == b"host"), b"")
        if given in self._good:
            return True
        if _host(given.decode("latin-1")) not in self.names:
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
            await refuse(guarded, "host", 421, "ask for it by a name of --public-url or --allow-host")
            return
        try:
            await self.app(scope, receive, guarded)
        except Exception:
            logger.exception("request %s failed", scope.get("request_id", ""))
            if began:  # the client sees that the answer breaks off
                raise
            await refuse(guarded, "bug", 500, BUG, scope.get("request_id", ""))


def _host(given: str) -> str:
    """A Host header without its port, in one spelling."""
    if given.startswith("["):
        return given.partition("]")[0].lower() + "]"
    return given.partition(":")[0].lower().rstrip(".")


async def refuse(send: Send, kind: str, status: int, detail: str, request: str = "") -> None:
    """Send a problem, from where there is no application yet that could."""
    body = written(problem(status, kind, detail), request)
    headers = MutableHeaders(
        {"content-type": MEDIA_TYPE, "content-length": str(len(body)), "cache-control": "no-store"}
    )
    await send({"type": "http.response.start", "status": status, "headers": headers.raw})
    await send({"type": "http.response.body", "body": body})
