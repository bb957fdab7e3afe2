"""Errors as `application/problem+json` (RFC 9457), in the same words as on the command line."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from events.errors import TimelineError, UnreadableText
from timeline.errors import AmbiguousName, BadData, Conflict, StoreError, UnknownName, UsageError

MEDIA_TYPE = "application/problem+json"


class Wrong(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One mistake in what was sent."""

    pointer: str = ""
    """Where in JSON: a JSON pointer; empty for the whole."""
    line: int = 0
    """Where in a file, counted from 1."""
    column: int = 0
    detail: str
    help: str = ""
    """What to send instead."""


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What went wrong, for a program and for a person."""

    type: str
    """The sort of problem: an address in the documentation of the API."""
    title: str
    status: int
    detail: str = ""
    near: tuple[str, ...] = ()
    """What may have been meant, of a name that nobody registered; what it fits, of one that fits several."""
    errors: tuple[Wrong, ...] = ()
    """Of data with several mistakes, each with its place."""
    request: str = ""
    """The id of the request, as in the log of the service."""


class Refused(TimelineError):
    """A request that is not answered, for a reason that only HTTP has."""

    def __init__(self, status: int, kind: str, detail: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        self.status, self.kind, self.headers = status, kind, headers
        super().__init__(detail)


class Unrecordable(BadData):
    """What was sent is not as it must be; with every mistake that was found, and its place."""

    def __init__(self, wrong: Sequence[Wrong], summary: str = "") -> None:
        self.wrong = tuple(wrong)
        said = "; ".join(f"{w.pointer}: {w.detail}" if w.pointer else w.detail for w in self.wrong[:10])
        more = f"; and {len(self.wrong) - 10} more" if len(self.wrong) > 10 else ""
        ends = "" if f"{said}{more}".endswith((".", "?")) else "."
        super().__init__(summary or f"{said}{more}{ends} Nothing was recorded.")

    @classmethod
    def one(cls, pointer: str, detail: str, advice: str = "") -> Unrecordable:
        """One mistake."""
        return cls([Wrong(pointer=pointer, detail=detail, help=advice)])


TITLES = {
    "usage": "The question cannot be asked like this",
    "date": "A date that cannot be read",
    "unknown-name": "Nothing is called so",
    "ambiguous-name": "The name fits several",
    "data": "What was sent cannot be recorded",
    "conflict": "The entry moved on, or exists already",
    "store": "The ledger cannot be used",
    "no-page": "There is no such page",
    "method": "That cannot be done here",
    "bug": "Something went wrong in timeline",
    "busy": "Too many requests",
    "token": "A token is needed",
    "scope": "The token does not allow this",
    "precondition": "The entry moved on since it was read",
    "too-long": "Too much was sent",
    "media-type": "It is sent in a form that is not read here",
    "origin": "It comes from a page of another site",
    "off": "This service records nothing",
    "host": "The service does not answer to this name",
    "key": "The Idempotency-Key was used for something else",
    "away": "The service is ending",
}
RETRY_SECONDS = "5"
BUG = "The service has written down what; please report it with the id of the request."
_STATUS: tuple[tuple[type[TimelineError], int, str], ...] = (
    (UsageError, 400, "usage"),
    (UnreadableText, 400, "date"),
    (UnknownName, 404, "unknown-name"),
    (AmbiguousName, 409, "ambiguous-name"),
    (BadData, 422, "data"),
    (Conflict, 409, "conflict"),
)


def problem_of(error: Exception) -> Problem:
    """An error as it is told to whoever asked; of a bug, nothing of its inside."""
    if isinstance(error, Refused):
        return problem(error.status, error.kind, str(error))
    if isinstance(error, StoreError):
        return problem(503, "store", error.told)
    for sort, status, kind in _STATUS:
        if isinstance(error, sort):
            close: tuple[str, ...] = getattr(error, "near", ()) or getattr(error, "fits", ())
            wrong = error.wrong if isinstance(error, Unrecordable) else ()
            return msgspec.structs.replace(problem(status, kind, str(error)), near=close, errors=wrong)
    if isinstance(error, TimelineError):
        return problem(422, "data", str(error))
    return problem(500, "bug", BUG)


def told_as(error: Exception) -> tuple[Problem, dict[str, str]]:
    """An error as a problem, and the headers that it is sent with."""
    found = problem_of(error)
    headers = dict(error.headers) if isinstance(error, Refused) else {}
    if found.status == 503:
        headers.setdefault("retry-after", RETRY_SECONDS)
    return found, headers | {"cache-control": "no-store"}


def written(found: Problem, request: str) -> bytes:
    """A problem as bytes, with the id of the request that it came of."""
    return msgspec.json.encode(msgspec.structs.replace(found, request=request)) + b"\n"


def problem(status: int, kind: str, detail: str) -> Problem:
    """A problem of one of the sorts in TITLES."""
    return Problem(type=f"/api#{kind}", title=TITLES[kind], status=status, detail=detail)
