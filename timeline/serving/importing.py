"""Files sent over HTTP: what they hold and the ledger does not is recorded, as `timeline import` does it."""

from __future__ import annotations

from typing import BinaryIO, NamedTuple, get_args

import msgspec
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from timeline.errors import UnknownName, UsageError
from timeline.imports.formats import FORMATS, opener
from timeline.imports.places import BadFile
from timeline.imports.plan import Action
from timeline.imports.recording import Report, import_documents
from timeline.moments import instant
from timeline.naming import near
from timeline.serving import bodies
from timeline.serving.parameters import fields
from timeline.serving.problems import Refused, Wrong
from timeline.serving.recording import Answer, Recording, Told, no_version, response
from timeline.serving.repeated import Kept, Once, once
from timeline.serving.sent import MOST_SHOWN, refused_file, wrong_of
from timeline.store import nodes
from timeline.tokens import Token

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


class Importing:
    """Takes files."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording

    async def post(self, request: Request) -> Response:
        """What a file holds and the ledger does not."""
        token = self.recording.allowed(request, "import")
        no_version(request)
        asked = _import_asked(request)
        file, digest = await bodies.stored(request, self.recording.settings.max_import)
        with file:
            key = None if asked.dry_run else once(request, token, digest)
            return response(await self._import(file, token, key, asked))

    async def _import(self, file: BinaryIO, token: Token, key: Once | None, asked: _Asked) -> Answer:
        recorded = False

        def work(told: Told) -> Kept:
            nonlocal recorded
            found: list[Kept] = []

            def also(connection: Connection, report: Report) -> None:
                found[:] = [self._imported(connection, report, token, dry_run=False)]
                told(connection, found[0])

            document = opener(asked.format, asked.options)(file, "body")
            report = import_documents(
                self.recording.ledger,
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
                with self.recording.ledger.database.reading() as connection:
                    return self._imported(connection, report, token, dry_run=asked.dry_run)

        try:
            answer = await self.recording.do(token, key, work)
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
        return Kept(self.recording.settings.base + where, msgspec.json.encode(told) + b"\n")


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
