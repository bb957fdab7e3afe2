"""A line of JSON for every request, with an id that its answer carries too. No secret is ever written."""

from __future__ import annotations

import logging
import re
import secrets
import sys
import time
from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from timeline.moments import instant
from timeline.serving.metrics import Metrics

logger = logging.getLogger("timeline.serving")

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SECRET = re.compile(r"(?<=/feeds/)[^/.]+")
"""The token in the address of a private feed."""


_TOKEN = re.compile(r"tl_[0-9A-Za-z]+_[0-9A-Za-z]+")


class Logged:
    """Gives every request an id, writes it down and counts it."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, and tell what came of it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        scope["request_id"] = given = _given(scope) or secrets.token_hex(8)
        status, size = 500, 0

        async def told(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", given.encode())]
            elif message["type"] == "http.response.body":
                size += len(message.get("body", b""))
            await send(message)

        self.metrics.open.inc()
        try:
            await self.app(scope, receive, told)
        finally:
            took = time.perf_counter() - began
            self.metrics.open.dec()
            self.metrics.count(scope["method"], _route(scope), status, took)
            if logger.isEnabledFor(logging.INFO):
                logger.info("request", extra={"fields": _fields(scope, given, status, size, took)})


def _given(scope: Scope) -> str | None:
    """The id that a proxy gave the request, if it is one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _ID.fullmatch(value.decode("latin-1")):
            return str(value.decode("ascii"))
    return None


def _route(scope: Scope) -> str:
    """The path of what was asked for, with places in the stead of names; empty where nothing stands."""
    return str(scope.get("route_path") or getattr(scope.get("route"), "path", ""))


def _hidden(text: str) -> str:
    """An address without what looks like a token, wherever somebody put it."""
    return _TOKEN.sub("tl_…", _SECRET.sub("…", text))[:500]


def _fields(scope: Scope, given: str, status: int, size: int, took: float) -> dict[str, Any]:
    return {
        "request": given,
        "method": scope["method"],
        "path": _hidden(scope.get("within", "") + scope["path"]),
        "query": _hidden(scope["query_string"].decode("latin-1")),
        "status": status,
        "bytes": size,
        "ms": round(took * 1000, 2),
        "client": (scope.get("client") or ("",))[0],
        "token": scope.get("token_name"),
    }


class Lines(logging.Formatter):
    """Log records as JSON, one a line."""

    def format(self, record: logging.LogRecord) -> str:
        """One record; control characters are escaped by JSON, so no request can write a line of its own."""
        fields: Mapping[str, Any] = getattr(record, "fields", {})
        line: dict[str, Any] = {
            "at": instant(int(record.created * 1_000_000)),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **{name: value for name, value in fields.items() if value not in (None, "")},
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


class Words(logging.Formatter):
    """The same for a person at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """One record in a line."""
        f: Mapping[str, Any] = getattr(record, "fields", {})
        text = record.getMessage()
        if "method" in f:
            query = f"?{f['query']}" if f["query"] else ""
            text = ascii(f"{f['method']} {f['path']}{query}")[1:-1] + f" {f['status']} {f['bytes']:,} B {f['ms']:g} ms"
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return text


def set_up(*, as_json: bool, quiet: bool) -> None:
    """Write the log of the service, and what uvicorn has to say, to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines() if as_json else Words())
    for name in ("timeline", "uvicorn"):
        named = logging.getLogger(name)
        named.handlers[:] = [handler]
        named.propagate = False
        named.setLevel(logging.WARNING if quiet or name == "uvicorn" else logging.INFO)
