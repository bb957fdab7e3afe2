"""Recording over HTTP: the same events, by the same rules and with the same messages as on the command line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

import anyio
import anyio.to_thread
import msgspec
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from events.about import Correction, Retraction
from events.kinds import kind_of
from timeline.changing import corrected, merged, retracted, said_about, target_of, undone
from timeline.checks import Invalid
from timeline.errors import AmbiguousName, Conflict, UnknownName, UsageError
from timeline.ledger import Ledger, new
from timeline.moments import instant
from timeline.naming import near
from timeline.serving import bodies
from timeline.serving.importing import Importing
from timeline.serving.problems import Refused, Unrecordable
from timeline.serving.recording import Recording, Told, no_version, response
from timeline.serving.repeated import Kept, Once, once
from timeline.serving.sent import event_about, new_events, refused
from timeline.serving.settings import Settings
from timeline.store import log, nodes
from timeline.store.mapper import EntryEvent
from timeline.tokens import Token
from timeline.view import View

CHANGES = ("correction", "retraction", "dispute", "ranking", "corroboration")
"""What can be sent to an entry."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One event that was recorded."""

    entry: UUID
    version: int
    kind: str
    position: int


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What was recorded, together and at once."""

    position: int
    """Where the log ends with it: ask `known_at=@` and this, and it is known."""
    batch: int
    """By which it can be undone; the same number."""
    known_at: str
    """When it was recorded."""
    recorded_by: str
    root: str | None
    """The root of the tree over the log up to it."""
    entry: UUID | None = None
    """Of one event: its entry."""
    version: int | None = None
    """Of one event: the version of the entry that it is."""
    items: tuple[Item, ...] = ()


class Merging(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Two ids that turn out to name the same."""

    duplicate: str
    """Everything that is said of it counts for the other from now on."""
    into: str
    reason: str


class Undoing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why something is undone."""

    reason: str


Items = Callable[[View], Sequence[EntryEvent]]
T = TypeVar("T")


class Writing:
    """Everything that can be recorded over HTTP."""

    def __init__(self, ledger: Ledger, settings: Settings) -> None:
        self.ledger, self.settings = ledger, settings
        self.recording = Recording(ledger, settings)

    def routes(self) -> Iterator[BaseRoute]:
        """Where to send it."""
        yield Route("/api/events", self.events, methods=["POST"])
        yield Route("/api/events/{entry}/{change}", self.change, methods=["POST"])
        yield Route("/api/merges", self.merges, methods=["POST"])
        yield Route("/api/history/{batch}/undo", self.undo, methods=["POST"])
        yield Route("/api/import", Importing(self.recording).post, methods=["POST"])

    # -- events ------------------------------------------------------------------------------------------------------

    async def events(self, request: Request) -> Response:
        """One event that begins an entry, or a list of them, recorded together."""
        token, value, key = await self._sent(request)
        no_version(request)
        items = [new(event) for event in await anyio.to_thread.run_sync(new_events, value)]
        with _in_place(is_list=isinstance(value, list)):
            return await self._record(token, key, lambda view: items)

    async def change(self, request: Request) -> Response:
        """A correction, a retraction, a dispute, a ranking or a corroboration of an entry."""
        given, kind = request.path_params["entry"], request.path_params["change"]
        if kind not in CHANGES:
            raise UnknownName(kind, near(kind, CHANGES) or CHANGES, "change of an entry")
        if not given.isprintable():
            raise UnknownName(given[:40], what="entry")
        token, value, key = await self._sent(request)
        event = event_about(kind, value)
        wanted = request.headers.get("if-match")

        def items(view: View) -> list[EntryEvent]:
            target = target_of(view, given)
            _check_version(wanted, given, target.version)
            match event:
                case Correction():
                    return [corrected(target, event.event, event.reason)]
                case Retraction():
                    return [retracted(target, event.version, event.reason)]
            return [said_about(target, event)]

        try:
            with _in_place(is_list=False):
                return await self._record(token, key, items)
        except Conflict as problem:
            if wanted is None:
                raise
            raise Refused(412, "precondition", str(problem)) from None

    async def merges(self, request: Request) -> Response:
        """Two ids that turn out to name the same."""
        token, value, key = await self._sent(request)
        no_version(request)
        asked = _as(Merging, value)

        def items(view: View) -> list[EntryEvent]:
            for field, name in (("duplicate", asked.duplicate), ("into", asked.into)):
                try:
                    if not name.isprintable():
                        raise UnknownName(name[:40])
                    view.directory.find(name)
                except (UnknownName, AmbiguousName) as problem:
                    raise Unrecordable.one(f"/{field}", str(problem)) from None
            return merged(view, asked.duplicate, asked.into, asked.reason)

        with _in_place(is_list=False):
            return await self._record(token, key, items)

    async def undo(self, request: Request) -> Response:
        """Withdraw everything that was recorded together; nothing is deleted, and an undo can be undone."""
        given = request.path_params["batch"]
        batch = int(given) if given.isascii() and given.isdigit() and len(given) <= 16 else -1
        token, value, key = await self._sent(request)
        no_version(request)
        because = _as(Undoing, value).reason

        def items(view: View) -> list[EntryEvent]:
            if batch < 0 or not log.batch_of(view.connection, batch):
                raise Refused(404, "unknown-name", f"there is no batch {given[:40]!r}; /history.json lists them")
            return undone(view, batch, because)

        return await self._record(token, key, items)

    async def _sent(self, request: Request) -> tuple[Token, Any, Once | None]:
        """Who sends what, and by which key it can be told to be the same again."""
        token = self.recording.allowed(request, "record")
        bodies.check_json(request)
        raw = await bodies.taken(request, self.settings.max_body)
        value = await anyio.to_thread.run_sync(bodies.read_json, raw)  # which may take a while
        return token, value, once(request, token, sha256(raw).digest())

    async def _record(self, token: Token, key: Once | None, items: Items) -> Response:
        def work(told: Told) -> Kept:
            found: list[Kept] = []

            def also(connection: Connection, batch: log.Batch) -> None:
                found.append(self._receipt(connection, batch, these))
                told(connection, found[0])

            try:
                with self.ledger.ask() as view:
                    these = items(view)
                self.ledger.record(these, by=token.name, also=also)
            except UsageError as problem:  # nothing that could be asked otherwise
                raise Unrecordable.one("", str(problem)) from None
            return found[0]

        return response(await self.recording.do(token, key, work))

    def _receipt(self, connection: Connection, batch: log.Batch, items: Sequence[EntryEvent]) -> Kept:
        told = tuple(
            Item(entry=e.originator_id, version=e.originator_version, kind=kind_of(e.event), position=position)
            for position, e in enumerate(items, batch.first)
        )
        alone = told[0] if len(told) == 1 else None
        receipt = Receipt(
            position=batch.last,
            batch=batch.last,
            known_at=instant(batch.recorded_at),
            recorded_by=batch.recorded_by,
            root=nodes.root_text(connection, batch.last),
            entry=alone.entry if alone else None,
            version=alone.version if alone else None,
            items=told,
        )
        where = f"/events/{alone.entry}.json" if alone else f"/history.json?after={batch.first - 1}"
        return Kept(self.settings.base + where, msgspec.json.encode(receipt) + b"\n")


# -- versions ---------------------------------------------------------------------------------------------------------

_TAG = re.compile(r'(W/)?"([^"]*)"|\*')


def _check_version(if_match: str | None, given: str, version: int) -> None:
    """Refuse what was decided on another version of the entry (RFC 9110, 13.1.1). The tag of one is its number."""
    if if_match is None or if_match.strip() == "*":
        return
    tags = [m[2] for m in _TAG.finditer(if_match) if not m[1]]
    if str(version) not in tags:
        raise Refused(412, "precondition", f'{given} is at version {version} now: read it again, and say "{version}"')


# -- what they share --------------------------------------------------------------------------------------------------


@contextmanager
def _in_place(*, is_list: bool) -> Iterator[None]:
    """Tells what the ledger would not record by its place in what was sent."""
    try:
        yield
    except Invalid as problem:
        raise refused(problem, is_list=is_list) from None


def _as(sort: type[T], value: Any) -> T:
    try:
        found = msgspec.convert(value, sort)
    except msgspec.ValidationError as problem:
        raise Unrecordable.one("", str(problem)) from None
    if not str(getattr(found, "reason", "-")).strip():
        raise Unrecordable.one("/reason", "say why, in a few words, for whoever reads it later")
    return found
