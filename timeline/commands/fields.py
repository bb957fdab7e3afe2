"""The fields of a kind of event as options, made from its declaration."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import click
import msgspec

from events import kinds
from events.base import Citation, Event, Happening, citation_of
from events.dates import Date
from events.errors import UnreadableText
from events.ids import ENTITY_TYPES, types_named
from timeline.checks import Invalid
from timeline.errors import AmbiguousName, BadData, UnknownName
from timeline.imports.advice import explain, parts_of, steps_of
from timeline.ledger import entry_named
from timeline.naming import Directory

ONE_OF_MANY = {"sources": "source", "other_names": "other-name", "identifiers": "identifier", "parties": "party"}
"""Options that are given once for each member are named in the singular."""


class Field(NamedTuple):
    """A field of a kind as an option."""

    name: str
    option: str
    help: str
    required: bool
    many: bool
    """May be given several times."""
    names: tuple[str, ...]
    """The types of entity that it names, if it names any."""
    type: Any
    """What one value is: text, a date, a struct, …"""

    @property
    def variable(self) -> str:
        """The name of the parameter that holds it; no other option has one like it."""
        return f"field_{self.name.replace('-', '_').lower()}"

    @property
    def choices(self) -> tuple[str, ...]:
        """The words that are allowed, if only some are."""
        return tuple(c for c in get_args(self.type) if c) if get_origin(self.type) is Literal else ()

    @property
    def parts(self) -> tuple[str, ...]:
        """What a struct is made of: `--party meta:acquirer` fills its fields in their order."""
        is_struct = isinstance(self.type, type) and issubclass(self.type, msgspec.Struct)
        return self.type.__struct_fields__ if is_struct else ()

    @property
    def mapping(self) -> bool:
        """Whether it is given as KEY=VALUE."""
        return get_origin(self.type) is dict


def fields_of(kind: str) -> list[Field]:
    """The fields of a kind, its own before the common ones."""
    cls = kinds.KINDS[kind]
    hints = get_type_hints(cls, include_extras=True)
    described = kinds.schema(kind)["$defs"][cls.__name__]["properties"]
    common = {f.name for f in msgspec.structs.fields(Happening)} if issubclass(cls, Happening) else set()
    declared = sorted(msgspec.structs.fields(cls), key=lambda f: f.name in common)
    return [_field(f, hints[f.name], described[f.encode_name].get("description", "")) for f in declared]


def _field(field: msgspec.structs.FieldInfo, hint: Any, text: str) -> Field:
    names: tuple[str, ...] = ()
    many = False
    while (origin := get_origin(hint)) in (Union, types.UnionType, Annotated, tuple):
        arguments = get_args(hint)
        if origin is Annotated:
            names = types_named(hint) or names
        many = many or origin is tuple
        hint = next(a for a in arguments if a is not type(None))
    return Field(
        name=field.encode_name,
        option=ONE_OF_MANY.get(field.name, field.encode_name.replace("_", "-").lower()),
        help=text,
        required=field.required,
        many=many or get_origin(hint) is dict,
        names=names,
        type=hint,
    )


def option_of(field: Field, *, required: bool) -> click.Option:
    """The option of a field. A required one that is missing is reported by `values_of`, with what it is for."""
    text = f"{field.help} (may be repeated)".strip() if field.many else field.help
    if field.type is bool:
        return click.Option([f"--{field.option}/--not-{field.option}", field.variable], default=None, help=text)
    return click.Option(
        [f"--{field.option}", field.variable],
        multiple=field.many,
        metavar=_metavar(field),
        help=f"{text}  [required]" if required and field.required else text,
    )


def _metavar(field: Field) -> str:
    if field.choices:
        return "|".join(field.choices)
    if field.type is Citation:
        return "'SOURCE §LINE'"
    if field.parts:
        return ":".join(part.upper() for part in field.parts)
    if field.mapping:
        return "KEY=VALUE"
    if field.names:
        return field.names[0].upper() if len(field.names) == 1 else "NAME"
    return {Date: "EDTF", UUID: "ENTRY"}.get(field.type, "TEXT")


def values_of(directory: Directory, fields: Iterable[Field], given: dict[str, Any]) -> dict[str, Any]:
    """Plain values of the fields that were given, names replaced by ids. Raises BadData."""
    values: dict[str, Any] = {}
    for field in fields:
        value = given[field.variable]
        if value is None or value == ():
            continue
        read = _reader(directory, field)
        values[field.name] = (
            dict(map(read, value)) if field.mapping else list(map(read, value)) if field.many else read(value)
        )
    return values


def missing(fields: Iterable[Field], values: dict[str, Any]) -> Field | None:
    """The first required field without a value."""
    return next((f for f in fields if f.required and f.name not in values), None)


def _reader(directory: Directory, field: Field) -> Callable[[Any], Any]:
    """Reads one value of an option."""

    def named(text: str, sorts: tuple[str, ...] = ()) -> str:
        try:
            return directory.find(text, *sorts)
        except (UnknownName, AmbiguousName) as problem:
            raise BadData(f"--{field.option}: {problem} Nothing was recorded.") from None

    def read(value: Any) -> Any:
        if field.type is Citation:
            return citation_of(value)
        if field.parts:
            parts: dict[str, str | None] = dict(zip(field.parts, value.split(":", len(field.parts) - 1), strict=False))
            for part in _naming(field.type) & parts.keys():
                parts[part] = None if parts[part] in ("", "none") else named(str(parts[part]))
            return parts
        if field.mapping:
            key, equals, text = value.partition("=")
            if not equals:
                raise BadData(f"--{field.option} is KEY=VALUE, not {value!r}. Nothing was recorded.")
            return key.strip(), text.strip()
        if field.type is UUID:
            try:
                return str(UUID(value))
            except ValueError:
                return str(entry_named("event", value))
        sorts = tuple(n for n in field.names if n in ENTITY_TYPES)
        return named(value, () if len(sorts) == len(ENTITY_TYPES) else sorts) if sorts else value

    return read


@cache
def _naming(cls: type) -> set[str]:
    """The fields of a struct that name entities."""
    hints = get_type_hints(cls, include_extras=True)
    fields = [_field(f, hints[f.name], "") for f in msgspec.structs.fields(cls)]
    return {f.name for f in fields if set(f.names) & set(ENTITY_TYPES)}


def built(kind: str, values: dict[str, Any], fields: Iterable[Field]) -> Event:
    """The event from plain values. Raises BadData that names the option."""
    try:
        event: Event = msgspec.convert(
            {**values, "kind": kind}, kinds.KINDS[kind], strict=False, dec_hook=kinds.dec_hook
        )
    except msgspec.ValidationError as problem:
        message, path = parts_of(problem)
        steps = steps_of(path)
        field = next((f for f in fields if steps and f.name == steps[0]), None)
        if isinstance(problem.__cause__, UnreadableText):
            message = str(problem.__cause__)
        elif field is not None:
            message = ": ".join(filter(None, explain(kind, ".".join(steps), message, _at(values, steps))))
        raise BadData(f"{f'--{field.option}: ' if field else ''}{message}. Nothing was recorded.") from None
    return event


def _at(values: Any, steps: Iterable[str]) -> str:
    """The value at the end of a path."""
    for step in steps:
        values = values[int(step) if isinstance(values, list) else step]
    return str(values)


def refused(problem: Invalid, fields: Iterable[Field], given: dict[str, Any]) -> BadData:
    """What the ledger would not record, in the words of the command line: options for fields, names as they came."""
    by_name = {f.name: f for f in fields}
    said = []
    for found in problem.problems:
        first, *rest = steps_of(found.at) or [""]
        field = by_name.get(first)
        message, advice = found.message, found.help
        if field is not None and found.unknown:
            if field.type is UUID:
                value = given[field.variable]
                message = message.replace(found.unknown, repr(value[int(rest[0])] if field.many else value))
            elif advice.startswith("register"):
                advice = f"`timeline add {'source' if field.type is Citation else 'entity'}` registers it"
        said.append(f"{f'--{field.option}: ' if field else ''}{message}" + (f"; {advice}" if advice else ""))
    return BadData(f"{'; '.join(said)}. Nothing was recorded.")
