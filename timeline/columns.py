"""The fields of events as columns of a table, each value as one text, and events from such texts again.

| a value | is written | example |
| --- | --- | --- |
| text, id, date, duration, number | as it is | `2023-37` |
| yes or no | `true`, `false` | `true` |
| list | its members with `; ` between them | `meta; scale-ai` |
| source | the id, and after a space the place in it | `bi-2025-05-26 §54` |
| party, move of a unit | its parts with `:` between them, missing ones left out at the end | `meta:acquirer` |
| mapping | `key=value` with `; ` between them | `licence=open; parameters=8B` |
| what would read as something else | JSON, which begins with `[` or `{` | `[{"entity":"meta","role":"a; b"}]` |

An empty text is a field that was not given, which then has its default; where a field may be null and must be given, it
is null (the new parent of a unit that became independent).
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

import msgspec

from events.base import Citation, Event, Happening, citation_of
from events.dates import Date
from events.durations import Duration
from events.kinds import KINDS, enc_hook

COMMON = tuple(sorted((f.encode_name for f in msgspec.structs.fields(Happening)), key=lambda name: name != "id"))
"""The fields that every happening has, in the order of a table: first the id."""

Sort = Literal["text", "whole", "number", "flag", "list", "mapping"]


class Column(NamedTuple):
    """A field of a kind."""

    name: str
    """As it is written in a file: `from`, not the name that Python needs."""
    attribute: str
    sort: Sort
    item: Any
    """What the members of a list are: str, UUID, a struct."""
    parts: tuple[msgspec.structs.FieldInfo, ...]
    """The fields of such a struct."""
    null_if_empty: bool
    """Whether an empty text means null, for a field that must be given."""
    default: Any
    """What the field is where it is not given; NODEFAULT for one that must be, or that is empty then."""


@cache
def columns_of(kind: str) -> dict[str, Column]:
    """The columns of a kind by name: its own fields as declared, then those that every happening has."""
    cls = KINDS[kind]
    hints = get_type_hints(cls, include_extras=True)
    declared = {f.encode_name: _column(f, hints[f.name]) for f in msgspec.structs.fields(cls)}
    own = [name for name in declared if name not in COMMON]
    return {name: declared[name] for name in (*own, *(c for c in COMMON if c in declared))}


def own_columns(kinds: Iterable[str]) -> list[str]:
    """The names of the fields that only some kinds have, for some kinds, in the order of the vocabulary."""
    wanted = set(kinds)
    found = [name for kind in KINDS if kind in wanted for name in columns_of(kind) if name not in COMMON]
    return list(dict.fromkeys(found))


HAPPENINGS: tuple[str, ...] = tuple(kind for kind, cls in KINDS.items() if issubclass(cls, Happening))
"""The kinds that are rows of a table."""


def texts(kind: str, event: Event) -> dict[str, str]:
    """Each field of an event as one text, by the name of its column; a field of its kind at its default is empty."""
    found = {}
    for name, column in columns_of(kind).items():
        given = getattr(event, column.attribute)
        found[name] = "" if given == column.default and name not in COMMON else text(given)
    return found


def plain_of(kind: str, cells: Mapping[str, str]) -> dict[str, Any]:
    """The plain values of an event from the texts of its columns, for `events.kinds.build`; columns of other kinds
    are passed over.

    Raises ValueError, which names the column, for a text that is not of the form of its field; what the value itself
    must be is checked when the event is built.
    """
    state: dict[str, Any] = {"kind": kind}
    for name, column in columns_of(kind).items():
        given = cells.get(name, "")
        if given:
            try:
                state[name] = value(column, given)
            except (ValueError, msgspec.DecodeError) as problem:
                raise ValueError(f"{name}: {problem}") from None
        elif column.null_if_empty:
            state[name] = None
    return state


# -- one value --------------------------------------------------------------------------------------------------------


def text(given: Any) -> str:
    """A value of an event as one text."""
    if given is None:
        return ""
    if isinstance(given, bool):
        return "true" if given else "false"
    if isinstance(given, Date | Duration):
        return given.text
    if isinstance(given, tuple | dict):
        members = [_member(m) for m in given] if isinstance(given, tuple) else [_pair(*p) for p in given.items()]
        if any(m is None for m in members) or (members and members[0] and members[0][0] in "[{"):
            return msgspec.json.encode(given, enc_hook=enc_hook).decode()
        return "; ".join(m for m in members if m is not None)
    return str(given)


def value(column: Column, given: str) -> Any:
    """The plain value of a text that is not empty. Raises ValueError or msgspec.DecodeError."""
    if column.sort in ("list", "mapping") and given[0] in "[{":
        return msgspec.json.decode(given)
    if column.sort == "list":
        return [_read_member(column, part.strip()) for part in given.split(";") if part.strip()]
    if column.sort == "mapping":
        pairs = [part.partition("=") for part in given.split(";") if part.strip()]
        if wrong := next((key for key, equals, _ in pairs if not equals), None):
            raise ValueError(f"{wrong.strip()!r} is not key=value")
        return {key.strip(): said.strip() for key, _, said in pairs}
    if column.sort == "whole":
        if not re.fullmatch("-?[0-9]{1,18}", given):
            raise ValueError(f"{given!r} is no whole number")
        return int(given)
    if column.sort == "flag":
        if given not in ("true", "false"):
            raise ValueError(f"{given!r} is neither true nor false")
        return given == "true"
    return given


def _member(member: Any) -> str | None:
    """A member of a list as text; None where the text would be read as something else."""
    if isinstance(member, Citation):
        if member.reported_by or member.lang:
            return None
        parts, separator = [member.source, member.locator], " "
    elif isinstance(member, msgspec.Struct):
        parts, separator = [getattr(member, f) or "" for f in member.__struct_fields__], ":"
    else:
        return None if _breaks(str(member)) else str(member)
    if any(_breaks(p) for p in parts) or separator in parts[0]:
        return None
    last = _fields(member.__class__)[len(parts) - 1]
    return parts[0] if not parts[-1] and not last.required else separator.join(parts)


def _pair(key: str, said: str) -> str | None:
    return None if not key or "=" in key or _breaks(key) or _breaks(said) else f"{key}={said}"


def _breaks(part: str) -> bool:
    """Whether a part of a text could not be told from what stands around it."""
    return ";" in part or part != part.strip()


def _read_member(column: Column, given: str) -> Any:
    if column.item is Citation:
        return citation_of(given)
    if not column.parts:
        return given
    parts = zip(column.parts, given.split(":", len(column.parts) - 1), strict=False)
    # An empty part that must be given is null: a unit that came under no parent.
    return {f.encode_name: part if part or not f.required else None for f, part in parts}


# -- the declaration --------------------------------------------------------------------------------------------------


@cache
def _fields(cls: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(cls)


def _column(field: msgspec.structs.FieldInfo, hint: Any) -> Column:
    nullable = False
    many = False
    while (origin := get_origin(hint)) in (Union, types.UnionType, Annotated, tuple):
        arguments = get_args(hint)
        nullable = nullable or (origin in (Union, types.UnionType) and type(None) in arguments)
        many = many or origin is tuple
        hint = next(a for a in arguments if a is not type(None))
    sort: Sort = "list" if many else _sort(hint)
    is_struct = isinstance(hint, type) and issubclass(hint, msgspec.Struct)
    parts = msgspec.structs.fields(hint) if is_struct else ()
    return Column(field.encode_name, field.name, sort, hint, parts, nullable and field.required, field.default)


def _sort(hint: Any) -> Sort:
    if get_origin(hint) is dict:
        return "mapping"
    sorts: dict[Any, Sort] = {bool: "flag", int: "whole", Decimal: "number"}
    return sorts.get(hint, "text")
