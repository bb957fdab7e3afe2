"""The forms of an answer, one a suffix: how the items that were found become bytes."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from typing import NamedTuple

import msgspec

from timeline.exports.formats import FORMATS, Options, exporter
from timeline.printing.envelope import envelope_of
from timeline.printing.output import csv_text
from timeline.serving.parameters import Question
from timeline.serving.resources import Found, Resource
from timeline.serving.settings import Settings
from timeline.view import View

FEED = 1000
"""How many events a feed holds unless more are asked for."""


class Body(NamedTuple):
    """The bytes of an answer; `of_bytes` where they, and not the position, say whether it is the same as before."""

    raw: bytes
    of_bytes: bool = False


class Context(NamedTuple):
    """What a form is made from."""

    resource: Resource
    found: Found
    view: View
    asked: Question
    settings: Settings
    name: str
    """What the resource was asked for."""
    version: str
    """The version of the program."""
    query: bytes = b""
    """What was asked besides, as it was written."""


class Form(NamedTuple):
    """One of them."""

    media_type: str
    make: Callable[[Context], Body]
    is_file: bool = False
    """Whether a browser had better store it than show it."""


def _json(context: Context) -> Body:
    envelope = envelope_of(context.found.view or context.view, context.found.as_of)
    more = {} if context.found.next is None else {"next": context.found.next}
    return Body(msgspec.json.encode({**envelope._asdict(), **more, "items": context.found.items}) + b"\n")


def _jsonl(context: Context) -> Body:
    return Body(msgspec.json.Encoder().encode_lines(context.found.items))


def _csv(context: Context) -> Body:
    return Body(csv_text(context.found.items).encode())


def _exported(format_: str) -> Callable[[Context], Body]:
    """A form that is a format of `timeline export`, of the entries that the resource speaks of."""

    def make(context: Context) -> Body:
        out = BytesIO()
        wanted = context.found.selection
        if format_ in ("ical", "atom"):
            wanted = wanted._replace(limit=context.asked.limit or FEED)
        options = Options(
            imprecise=context.asked.imprecise,
            title=" · ".join(filter(None, (context.settings.title, context.found.title))),
            address=context.settings.address,
            as_of=context.found.day,
        )
        exporter(format_)(context.view, wanted, out.write, options)
        return Body(out.getvalue(), of_bytes=True)

    return make


def _html(context: Context) -> Body:
    from timeline.serving.site import page

    return Body(page(context), of_bytes=True)


FORMS: dict[str, Form] = {
    "html": Form("text/html; charset=utf-8", _html),
    "json": Form("application/json", _json),
    "jsonl": Form("application/jsonl; charset=utf-8", _jsonl, is_file=True),
    "csv": Form("text/csv; charset=utf-8; header=present", _csv, is_file=True),
    "ics": Form(FORMATS["ical"].media_type, _exported("ical"), is_file=True),
    "atom": Form(FORMATS["atom"].media_type, _exported("atom")),
    "svg": Form(FORMATS["svg"].media_type, _exported("svg")),
    "popolo.json": Form(FORMATS["popolo"].media_type, _exported("popolo"), is_file=True),
}


def split(name: str, forms: tuple[str, ...]) -> tuple[str, str]:
    """The last part of a path as what it names and its form; `html` where it has none of the given suffixes."""
    for form in sorted((*forms, "html"), key=len, reverse=True):
        if name.endswith(f".{form}") and len(name) > len(form) + 1:
            return name[: -len(form) - 1], form
    return name, "html"


def tag(position: int, form: str, body: Body) -> str:
    """What tells two states of an answer apart: its bytes, and before them the position and the form it was made from.

    A feed or a picture goes by its bytes alone: it is the same until something in it changes.
    """
    digest = sha256(body.raw).hexdigest()
    return digest[:32] if body.of_bytes else f"{position}-{form}-{digest[:16]}"
