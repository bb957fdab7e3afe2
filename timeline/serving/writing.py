"""Recording over HTTP: the same events, by the same rules and with the same messages as on the command line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, BinaryIO, NamedTuple, TypeVar, get_args
from uuid import UUID

import anyio
import anyio.to_thread
import msgspec
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from events.about import Correction, Retraction
from events.errors import TimelineError
from events.kinds import kind_of
from timeline.changing import corrected, merged, retracted, said_about, target_of, undone
from timeline.checks import Invalid
from timeline.errors import AmbiguousName, Conflict, UnknownName, UsageError
from timeline.imports.formats import FORMATS, opener
from timeline.imports.places import BadFile
from timeline.imports.plan import Action
from timeline.imports.recording import Report, import_documents
from timeline.ledger import Ledger, new
from timeline.moments import instant
from timeline.naming import near
from timeline.serving import bodies
from timeline.serving.access import permitted
from timeline.serving.parameters import fields
from timeline.serving.problems import Refused, Unrecordable, Wrong
from timeline.serving.repeated import AlreadyDone, Kept, Once, once
from timeline.serving.sent import MOST_SHOWN, event_about, new_events, refused, refused_file, wrong_of
from timeline.serving.settings import Settings
from timeline.store import log, nodes
from timeline.store.mapper import EntryEvent
from timeline.tokens import Token
from timeline.view import View

AT_ONCE = 8
"""How many may wait for the ledger to record; those who read do not wait behind them."""
CHANGES = ("correction", "retraction", "dispute", "ranking", "corroboration")
"""What can be sent to an entry."""
MEDIA_TYPES = {
    "application/yaml": "yaml",
    "application/x-yaml": "yaml",
    "text/yaml": "yaml",
    "application/jsonl": "jsonl",
    "application/x-ndjson": "jsonl",
    "text/csv": "csv",
    "application/json": "popolo",
    "text/calendar": "ics",
}
"""The format of a file by what it is said to be."""
IMPORTING = ("read_as", "missing_end", "dry_run", "keep_going", "prune")


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


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What an import recorded, or would record."""

    dry_run: bool
    position: int | None = None
    batch: int | None = None
    first: int | None = None
    """The position of the first event; None if nothing was recorded."""
    known_at: str | None = None
    recorded_by: str = ""
    root: str | None = None
    counts: dict[str, int]
    """How many events are new, corrected, unchanged, kept, retracted or erased; see docs/importing.md."""
    pruned: int = 0
    left_out: int = 0
    """How many events speak of what was erased where the file comes from."""
    mistakes: int = 0
    """How many events were left out as something is wrong with them."""
    errors: tuple[Wrong, ...] = ()
    """The first of these."""


class Merging(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Two ids that turn out to name the same."""

    duplicate: str
    """Everything that is said of it counts for the other from now on."""
    into: str
    reason: str


class Undoing(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why something is undone."""

    reason: str


class Answer(NamedTuple):
    """What came of a request."""

    kept: Kept
    status: int = 201
    is_replayed: bool = False


Items = Callable[[View], Sequence[EntryEvent]]
T = TypeVar("T")


class Writing:
    """Everything that can be recorded over HTTP."""

    def __init__(self, ledger: Ledger, settings: Settings) -> None:
        self.ledger, self.settings = ledger, settings
        self._turns = anyio.CapacityLimiter(AT_ONCE)

    def routes(self) -> Iterator[BaseRoute]:
        """Where to send it."""
        yield Route("/api/events", self.events, methods=["POST"])
        yield Route("/api/events/{entry}/{change}", self.change, methods=["POST"])
        yield Route("/api/merges", self.merges, methods=["POST"])
        yield Route("/api/history/{batch}/undo", self.undo, methods=["POST"])
        yield Route("/api/import", self.import_, methods=["POST"])

    # -- events ------------------------------------------------------------------------------------------------------

    async def events(self, request: Request) -> Response:
        """One event that begins an entry, or a list of them, recorded together."""
        token, value, key = await self._sent(request)
        _no_version(request)
        items = [new(event) for event in await anyio.to_thread.run_sync(new_events, value)]
        with _in_place(is_list=isinstance(value, list)):
            return await self._record(token, key, lambda view: items)

    async def change(self, request: Request) -> Response:
        """A correction, a retraction, a dispute, a ranking or a corroboration of an entry."""
        given, kind = request.path_params["entry"], request.path_params["change"]
        if kind not in CHANGES:
            raise UnknownName(kind, near(kind, CHANGES) or CHANGES, "change of an entry")
        if not given.isprintable():
            raise UnknownName(ascii(given[:40])[1:-1], what="entry")
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
        _no_version(request)
        asked = _as(Merging, value)

        def items(view: View) -> list[EntryEvent]:
            for field, name in (("duplicate", asked.duplicate), ("into", asked.into)):
                try:
                    if not name.isprintable():
                        raise UnknownName(ascii(name[:40])[1:-1])
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
        _no_version(request)
        because = _as(Undoing, value).reason

        def items(view: View) -> list[EntryEvent]:
            if batch < 0 or not log.batch_of(view.connection, batch):
                raise Refused(404, "unknown-name", f"there is no batch {given[:40]!r}; /history.json lists them")
            return undone(view, batch, because)

        return await self._record(token, key, items)

    async def _sent(self, request: Request) -> tuple[Token, Any, Once | None]:
        """Who sends what, and by which key it can be told to be the same again."""
        token = self._allowed(request, "record")
        bodies.check_json(request)
        raw = await bodies.taken(request, self.settings.max_body)
        value = await anyio.to_thread.run_sync(bodies.read_json, raw)  # which may take a while
        return token, value, once(request, token, sha256(raw).digest())

    def _allowed(self, request: Request, scope: str) -> Token:
        if not self.settings.writes:
            raise Refused(403, "off", "it was not started with `timeline serve --write`")
        bodies.check_site(request, self.settings)
        return permitted(request, scope)

    async def _record(self, token: Token, key: Once | None, items: Items) -> Response:
        def work(told: Callable[[Connection, Kept], None]) -> Kept:
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

        return _response(await self._run(self._once, key, work))

    def _once(self, key: Once | None, work: Callable[[Callable[[Connection, Kept], None]], Kept]) -> Answer:
        """Do the work of a request, or give the answer that it got before."""
        if key is None:
            return Answer(work(lambda connection, kept: None))
        if (before := self._before(key)) is not None:
            return Answer(before, is_replayed=True)
        try:
            return Answer(work(key.keep))
        except AlreadyDone as done:
            return Answer(done.kept, is_replayed=True)
        except TimelineError:  # such as a conflict with what the same request recorded just now
            if (before := self._before(key)) is not None:
                return Answer(before, is_replayed=True)
            raise

    def _before(self, key: Once) -> Kept | None:
        with self.ledger.database.reading(of_ledger=False) as connection:
            return key.find(connection)

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

    # -- files -------------------------------------------------------------------------------------------------------

    async def import_(self, request: Request) -> Response:
        """What a file holds and the ledger does not."""
        token = self._allowed(request, "import")
        _no_version(request)
        asked = _import_asked(request)
        file, digest = await bodies.stored(request, self.settings.max_import)
        with file:
            key = None if asked.dry_run else once(request, token, digest)
            return _response(await self._run(self._import, file, token, key, asked))

    def _import(self, file: BinaryIO, token: Token, key: Once | None, asked: _Asked) -> Answer:
        recorded = False

        def work(told: Callable[[Connection, Kept], None]) -> Kept:
            nonlocal recorded
            found: list[Kept] = []

            def also(connection: Connection, report: Report) -> None:
                found[:] = [self._imported(connection, report, token, dry_run=False)]
                told(connection, found[0])

            document = opener(asked.format, asked.options)(file, "body")
            report = import_documents(
                self.ledger,
                [document],
                by=token.name,
                dry_run=asked.dry_run,
                keep_going=asked.keep_going,
                prune=asked.prune,
                also=also,
            )
            recorded = report.batch is not None
            with report.plan:
                if recorded:
                    return found[0]
                with self.ledger.database.reading() as connection:
                    return self._imported(connection, report, token, dry_run=asked.dry_run)

        try:
            answer = self._once(key, work)
        except BadFile as problem:
            raise refused_file(problem) from None
        return answer if recorded or answer.is_replayed else answer._replace(status=200)

    def _imported(self, connection: Connection, report: Report, token: Token, *, dry_run: bool) -> Kept:
        counts = {action: report.count(action) for action in get_args(Action)}
        batch = report.batch
        told = Imported(
            dry_run=dry_run,
            counts={action: n for action, n in counts.items() if n or action == "new"},
            pruned=len(report.pruned),
            left_out=report.left_out,
            mistakes=len(report.mistakes),
            errors=tuple(wrong_of(m) for m in report.mistakes[:MOST_SHOWN]),
        )
        where = "/history.json"
        if batch is not None:
            where += f"?after={batch.first - 1}"
            told = msgspec.structs.replace(
                told,
                position=batch.last,
                batch=batch.last,
                first=batch.first,
                known_at=instant(batch.recorded_at),
                recorded_by=token.name,
                root=nodes.root_text(connection, batch.last),
            )
        return Kept(self.settings.base + where, msgspec.json.encode(told) + b"\n")

    async def _run(self, function: Callable[..., T], *args: Any) -> T:
        """Work in a thread; once it has begun it is finished, whether or not anybody still waits for the answer."""
        return await anyio.to_thread.run_sync(function, *args, limiter=self._turns)


class _Asked(NamedTuple):
    """What is asked of an import."""

    format: str
    options: dict[str, str]
    dry_run: bool
    keep_going: bool
    prune: bool


def _import_asked(request: Request) -> _Asked:
    given = {name: values[0] for name, values in fields(request.scope["query_string"], IMPORTING).items()}
    format_ = given.get("read_as") or MEDIA_TYPES.get(bodies.media_type(request))
    if format_ is None:
        known = ", ".join(MEDIA_TYPES)
        raise Refused(415, "media-type", f"say what it is: Content-Type: one of {known}; or ?read_as=FORMAT")
    if format_ not in FORMATS:
        raise UnknownName(format_, near(format_, FORMATS) or list(FORMATS), "format")
    missing_end = given.get("missing_end")
    if missing_end not in (None, "unknown", "ongoing"):
        raise UsageError(f"missing_end is unknown or ongoing, not {missing_end!r}")
    asked = _Asked(
        format_,
        {"missing_end": missing_end} if missing_end else {},
        *(_flag(given, name) for name in ("dry_run", "keep_going", "prune")),
    )
    if asked.prune and asked.keep_going:
        raise UsageError("prune would retract what keep_going leaves out: give one of them")
    return asked


def _flag(given: dict[str, str], name: str) -> bool:
    said = given.get(name, "false")
    if said not in ("true", "false", "1", "0"):
        raise UsageError(f"{name} is true or false, not {said!r}")
    return said in ("true", "1")


# -- versions ---------------------------------------------------------------------------------------------------------

_TAG = re.compile(r'(W/)?"([^"]*)"|\*')


def _check_version(if_match: str | None, given: str, version: int) -> None:
    """Refuse what was decided on another version of the entry (RFC 9110, 13.1.1). The tag of one is its number."""
    if if_match is None or if_match.strip() == "*":
        return
    tags = [m[2] for m in _TAG.finditer(if_match) if not m[1]]
    if str(version) not in tags:
        raise Refused(412, "precondition", f'{given} is at version {version} now: read it again, and say "{version}"')


def _no_version(request: Request) -> None:
    if "if-match" in request.headers:
        raise Refused(412, "precondition", "If-Match is for changes of one entry")


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


def _response(answer: Answer) -> Response:
    headers = {"cache-control": "no-store"}
    if answer.status == 201:
        headers["location"] = answer.kept.location
        if version := msgspec.json.decode(answer.kept.body).get("version"):
            headers["etag"] = f'"{version}"'
    if answer.is_replayed:
        headers["idempotent-replayed"] = "true"
    return Response(answer.kept.body, answer.status, headers, media_type="application/json")
