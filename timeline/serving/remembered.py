"""Answers that were given before. One is given again as long as the log ends where it ended then."""

from __future__ import annotations

import gzip
from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import NamedTuple

SHORTEST = 1000
"""Below this a body is not packed."""


class Rendered(NamedTuple):
    """An answer as bytes."""

    media_type: str
    body: bytes
    etag: str
    """Without quotes."""
    route: str
    """The path of its resource, for the count of requests."""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    """Besides those that follow from the rest."""
    packed: bytes | None = None
    """The same body in gzip; None where that is not worth it."""
    head: tuple[tuple[bytes, bytes], ...] = ()
    packed_head: tuple[tuple[bytes, bytes], ...] = ()
    """What names this state of each of the two."""


def rendered(
    media_type: str,
    body: bytes,
    etag: str,
    route: str = "",
    headers: tuple[tuple[bytes, bytes], ...] = (),
) -> Rendered:
    """An answer with its packed form; the same bytes for the same body."""
    packed = gzip.compress(body, 5, mtime=0) if len(body) >= SHORTEST else None
    head, packed_head = _head(etag), _head(f"{etag}.gz")
    return Rendered(media_type, body, etag, route, headers, packed, head, packed_head)


def _head(etag: str) -> tuple[tuple[bytes, bytes], ...]:
    return (b"etag", f'"{etag}"'.encode()), (b"vary", b"Accept-Encoding")


class Memory:
    """The answers given last, up to so many bytes. Safe to share between threads."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._size = 0
        self._end: Hashable = None
        self._kept: OrderedDict[Hashable, tuple[Hashable, Rendered]] = OrderedDict()
        self._lock = Lock()

    def find(self, key: Hashable, end: Hashable) -> Rendered | None:
        """The answer to a question, if it was given at the same end of the log."""
        kept = self._kept.get(key)
        return kept[1] if kept is not None and kept[0] == end else None

    def keep(self, key: Hashable, end: Hashable, answer: Rendered) -> None:
        """Keep an answer; those of another end of the log go, as they may hold what was erased since.

        Where room is missing, those go that were given longest ago.
        """
        size = _size(answer)
        if size > self._most // 4:
            return
        with self._lock:
            if end != self._end:
                self._kept.clear()
                self._size, self._end = 0, end
            if (old := self._kept.pop(key, None)) is not None:
                self._size -= _size(old[1])
            self._kept[key] = end, answer
            self._size += size
            while self._size > self._most:
                _, (_, gone) = self._kept.popitem(last=False)
                self._size -= _size(gone)


def _size(answer: Rendered) -> int:
    return 500 + len(answer.body) + len(answer.packed or b"")
