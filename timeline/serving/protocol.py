"""HTTP as it comes in: no head is longer than it may be, and nobody is waited for who sends or takes nothing.

uvicorn leaves that to a proxy before it, and one that only this machine reaches has none.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from timeline.serving.problems import MEDIA_TYPE, problem, written

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

LONGEST_HEAD = 32 << 10
"""How many bytes the head of a request may have, its address and what follows its body included."""
MOST_FIELDS = 200
HEAD_SECONDS = 20.0
"""How long a head may take to come."""
TAKING_SECONDS = 60.0
"""How long whoever asked may take nothing of the answer."""

_REASONS = {408: "Request Timeout", 431: "Request Header Fields Too Large"}


class _TooLong(Exception):
    """The head of a request is longer than it may be."""


class Bounded(HttpToolsProtocol):
    """One connection."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._size = self._fields = self._unread = 0
        self._is_in_head = self._is_too_long = False
        self._answering: RequestResponseCycle | None = None
        self._coming: asyncio.TimerHandle | None = None
        self._taking: asyncio.TimerHandle | None = None

    # -- what comes --------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Begin to wait for a head."""
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Take what came, as far as it may be long."""
        self._unread += len(data)
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._unread > LONGEST_HEAD:  # and neither a part of a body nor the end of a head was among it
            self._refuse(431)
        elif self._coming is None and self._is_idle():
            self._await_head()

    def on_message_begin(self) -> None:
        """Begin to measure a head."""
        self._size = self._fields = self._unread = 0
        self._is_in_head = True
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """A part of the address."""
        self._measure(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field of the head; what follows a body is measured too, and left out."""
        self._fields += 1
        self._measure(len(name) + len(value) + 4)
        if self._is_in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is there."""
        self._unread = 0
        self._is_in_head = False
        self._stop_waiting()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body, which the application measures."""
        self._unread = 0
        super().on_body(body)

    def _measure(self, more: int) -> None:
        self._size += more
        if self._size > LONGEST_HEAD or self._fields > MOST_FIELDS:
            self._is_too_long = True
            raise _TooLong

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read; a head that is too long by a status of its own."""
        if self._is_too_long:
            self._refuse(431)
        else:
            super().send_400_response(msg)

    def _refuse(self, status: int) -> None:
        """Answer with a problem, if nothing else is being answered, and end the connection."""
        if self._is_idle():
            detail = {
                408: f"the head of a request did not come within {HEAD_SECONDS:g} s",
                431: f"the head of a request has at most {LONGEST_HEAD:,} bytes and {MOST_FIELDS} fields",
            }
            body = written(problem(status, "too-long" if status == 431 else "usage", detail[status]), "")
            head = (
                f"HTTP/1.1 {status} {_REASONS[status]}",
                f"content-type: {MEDIA_TYPE}",
                f"content-length: {len(body)}",
                "cache-control: no-store",
                "connection: close",
            )
            self.transport.write("\r\n".join((*head, "", "")).encode() + body)
        self.transport.close()

    # -- how long it takes -------------------------------------------------------------------------------------------

    def _is_idle(self) -> bool:
        """Whether no request is being answered."""
        return self.cycle is None or self.cycle.response_complete  # type: ignore[redundant-expr]  # None at first

    def _await_head(self) -> None:
        self._coming = self.loop.call_later(HEAD_SECONDS, self._come_too_late)

    def _stop_waiting(self) -> None:
        if self._coming is not None:
            self._coming.cancel()
            self._coming = None

    def _come_too_late(self) -> None:
        self._coming = None
        if self.transport.is_closing() or not self._is_idle():
            return
        if self._is_in_head:
            self._refuse(408)
        else:
            self.transport.close()

    def pause_writing(self) -> None:
        """More is waiting to be taken than is kept for anybody."""
        super().pause_writing()
        self._await_taking()

    def _await_taking(self) -> None:
        left = self.transport.get_write_buffer_size()
        self._taking = self.loop.call_later(TAKING_SECONDS, self._take_too_late, left)

    def _take_too_late(self, before: int) -> None:
        if self.transport.get_write_buffer_size() < before:  # a long answer on a slow line
            self._await_taking()
        else:
            self.transport.abort()

    def resume_writing(self) -> None:
        """It was taken."""
        self._stop_taking()
        super().resume_writing()

    def _stop_taking(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None

    # -- the end -----------------------------------------------------------------------------------------------------

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more. Of requests that came one behind the other, uvicorn itself tells the last one only."""
        self._stop_waiting()
        self._stop_taking()
        self.pipeline.clear()
        if self._answering is not None:
            self._answering.disconnected = True
            self._answering.message_event.set()
        super().connection_lost(exc)
