"""All kinds of event in one place: their tags, what they name, their stored form and their JSON Schema.

The stored form is deterministic JSON: fields in the order of their declaration, defaults left out, no spaces. The same
event always gives the same bytes, on every machine.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec

from events.about import About, Content, Correction
from events.base import Event
from events.dates import Date
from events.dates import parse as parse_date
from events.durations import Duration
from events.durations import parse as parse_duration
from events.ids import types_named
from events.upcasts import UPCASTS, Upcasts

CONTENT: tuple[type[Event], ...] = get_args(Content)
ABOUT: tuple[type[Event], ...] = get_args(About)
KINDS: dict[str, type[Event]] = {str(cls.__struct_config__.tag): cls for cls in (*CONTENT, *ABOUT)}
"""Every kind by its tag, in the order of the vocabulary."""


def kind_of(event: Event) -> str:
    """The tag of an event: `departure`."""
    return str(type(event).__struct_config__.tag)


# -- stored form ------------------------------------------------------------------------------------------------------


def enc_hook(value: Any) -> Any:
    """Dates and durations are stored as their canonical text."""
    if isinstance(value, Date | Duration):
        return value.text
    raise NotImplementedError(f"{type(value).__name__} has no stored form")


def dec_hook(wanted: type, value: Any) -> Any:
    """Read a date or a duration; what is no text is refused with the place where it stands."""
    if wanted is Date or wanted is Duration:
        if not isinstance(value, str):
            raise ValueError(f"expected {'an EDTF date' if wanted is Date else 'a duration'} as text")
        return parse_date(value) if wanted is Date else parse_duration(value)
    raise NotImplementedError(f"{wanted.__name__} cannot be read")


def schema_hook(wanted: type) -> dict[str, Any]:
    """How dates and durations look in a JSON Schema."""
    if wanted is Date:
        return {"type": "string", "title": "EDTF date", "examples": ["2025-02", "2023-37", "2017~", "1985/.."]}
    if wanted is Duration:
        return {"type": "string", "title": "ISO 8601 duration", "examples": ["P6Y7M"]}
    raise NotImplementedError(f"{wanted.__name__} has no schema")


_encoder = msgspec.json.Encoder(enc_hook=enc_hook, decimal_format="number")
_decoders = {tag: msgspec.json.Decoder(cls, dec_hook=dec_hook) for tag, cls in KINDS.items()}


def encode(event: Event) -> bytes:
    """The stored form of an event. A form above 1 says so in a first field `form`."""
    raw = _encoder.encode(event)
    if isinstance(event, Correction) and event.event.form > 1:
        raw = raw.replace(b'"event":{', b'"event":{"form":%d,' % event.event.form, 1)
    return raw if type(event).form == 1 else b'{"form":%d,%s' % (type(event).form, raw[1:])


def decode(kind: str, raw: bytes, upcasts: Upcasts = UPCASTS) -> Event:
    """Read stored bytes of any form that was ever written.

    Raises KeyError for a kind that this version does not know and msgspec.ValidationError or msgspec.DecodeError for
    bytes that are not an event of the kind.
    """
    if upcasts and (kind == "correction" or upcasts.concern(kind)):
        state = upcasts.upcast(kind, msgspec.json.decode(raw), KINDS[kind].form)
        if kind == "correction":
            inner = state["event"]
            state["event"] = upcasts.upcast(inner["kind"], inner, KINDS[inner["kind"]].form)
        return msgspec.convert(state, KINDS[kind], dec_hook=dec_hook)
    return _decoders[kind].decode(raw)


def build(state: dict[str, Any]) -> Event:
    """An event from plain values, `kind` among them. Raises msgspec.ValidationError, which names the place."""
    kind = state.get("kind")
    if kind not in KINDS:
        raise msgspec.ValidationError(f"unknown kind {kind!r}")
    return msgspec.convert(state, KINDS[kind], dec_hook=dec_hook)


def plain(event: Event) -> dict[str, Any]:
    """The event as plain values, `kind` first."""
    state: dict[str, Any] = msgspec.json.decode(_encoder.encode(event))
    return state


# -- what an event names ----------------------------------------------------------------------------------------------

Mention = tuple[str, str, tuple[str, ...]]
"""Where in the event (`moves[0].parent`), the id, and the types of entity that may stand there."""

_Finder = Callable[[Any, str, list[Mention]], None]
"""Adds what a value names to a list; the text says where in the event the value stands."""


def mentions(event: Event) -> list[Mention]:
    """Everything that an event names, in the order of its fields; sources too, whose type is `source`.

    The event inside a correction is not searched: it has mentions of its own.
    """
    found: list[Mention] = []
    _finder_of_struct(type(event))(event, "", found)
    return found


_finders: dict[type, _Finder] = {}


def _finder_of_struct(cls: type) -> _Finder:
    if cls in _finders:
        return _finders[cls]
    hints = get_type_hints(cls, include_extras=True)
    finders: list[tuple[str, str, _Finder]] = []
    for field in msgspec.structs.fields(cls):
        finder = None if cls is Correction and field.name == "event" else _finder_of(hints[field.name])
        if finder:
            finders.append((field.name, field.encode_name, finder))

    def find(value: Any, at: str, found: list[Mention]) -> None:
        for name, shown, finder in finders:
            part = getattr(value, name)
            if part is not None and part != ():
                finder(part, f"{at}.{shown}" if at else shown, found)

    _finders[cls] = find
    return find


def _finder_of(hint: Any) -> _Finder | None:
    if get_origin(hint) is Annotated:
        named = types_named(hint)
        return _leaf(named) if named else _finder_of(get_args(hint)[0])
    if get_origin(hint) in (Union, types.UnionType):
        finders = [f for f in map(_finder_of, get_args(hint)) if f]
        return finders[0] if finders else None
    if get_origin(hint) is tuple:
        inner = _finder_of(get_args(hint)[0])
        return _each(inner) if inner else None
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return _finder_of_struct(hint)
    return None


def _leaf(named: tuple[str, ...]) -> _Finder:
    def find(value: Any, at: str, found: list[Mention]) -> None:
        found.append((at, value, named))

    return find


def _each(inner: _Finder) -> _Finder:
    def find(values: Iterable[Any], at: str, found: list[Mention]) -> None:
        for index, value in enumerate(values):
            inner(value, f"{at}[{index}]", found)

    return find


# -- JSON Schema ------------------------------------------------------------------------------------------------------


def schema(kind: str | None = None) -> dict[str, Any]:
    """The JSON Schema (2020-12) of one kind, or of all of them as one tagged union."""
    wanted = KINDS[kind] if kind else Union[tuple(KINDS.values())]  # noqa: UP007 - of as many as there are
    (top,), components = msgspec.json.schema_components(
        [wanted], schema_hook=schema_hook, ref_template="#/$defs/{name}"
    )
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **top, "$defs": with_numbers(components)}


def with_numbers(part: Any) -> Any:
    """The schema with amounts as the numbers that they are stored as; msgspec takes a decimal for a text."""
    if isinstance(part, list):
        return [with_numbers(p) for p in part]
    if not isinstance(part, dict):
        return part
    found = {key: with_numbers(value) for key, value in part.items()}
    return found | {"type": ["number", "string"]} if found.get("format") == "decimal" else found
