"""docs/kinds.md is what the declarations of the kinds say. TIMELINE_RENEW=1 writes it anew."""

import inspect
import os
import re
import sys
import types
from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from events import kinds
from events.base import Citation, Event, Happening
from events.dates import Date
from events.durations import Duration
from events.ids import ENTITY_TYPES

PAGE = Path(__file__).parent.parent / "docs" / "kinds.md"

HEAD = """\
# What can happen

Every kind of event, with what it means and what it holds. This page is made from the declarations in `events/`, like
the options of `timeline add KIND`, the files that `timeline import` reads, and what `timeline schema KIND` prints.

In a file, an event names its kind and the kind's own fields, and beside them what every happening has:
[yaml.md](yaml.md) shows how.
"""
HAPPENING = """\
## Every happening

Whatever has a date in the world has these as well. Sources, entities and what is about another entry do not.
"""
WORDS: dict[Any, str] = {
    Date: "[date](dates.md)",
    Duration: "[length of service](dates.md#lengths-of-service)",
    UUID: "event",
    Citation: "[citation](yaml.md#short-forms)",
    Decimal: "number",
    bool: "yes or no",
    int: "whole number",
    dict: "texts by name",
    str: "text",
}


def page() -> str:
    parts = [HEAD, HAPPENING, table(Happening, "figure", own=False)]
    for module, group in groupby(kinds.KINDS.items(), lambda item: item[1].__module__):
        title, _, text = (sys.modules[module].__doc__ or "").strip().partition("\n")[0].partition(": ")
        parts.append(f"## {title}\n\n{text[:1].upper()}{text[1:]}\n")
        for kind, cls in group:
            parts.append(f"### {kind}\n\n{inspect.cleandoc(cls.__doc__ or '')}\n")
            parts.append(table(cls, kind, own=True))
    return "\n".join(parts)


def table(cls: type[Event], kind: str, *, own: bool) -> str:
    """The fields of a kind; its `own` are those that not every happening has."""
    common = {f.name for f in msgspec.structs.fields(Happening)} if issubclass(cls, Happening) else set()
    hints = get_type_hints(cls)
    described = kinds.schema(kind)["$defs"][kinds.KINDS[kind].__name__]["properties"]
    rows = ["| field | holds | needed | |", "| --- | --- | --- | --- |"]
    for field in msgspec.structs.fields(cls):
        if own and field.name in common:
            continue
        text = described[field.encode_name].get("description", "")
        means = "" if re.match("id of an? ", text) else text.replace("|", "\\|")
        needed = "yes" if field.required else ""
        rows.append(f"| `{field.encode_name}` | {holds(cls, field.name, hints[field.name])} | {needed} | {means} |")
    return "\n".join(rows) + "\n"


def holds(cls: type, name: str, hint: Any) -> str:
    """What may stand in a field."""
    if get_origin(hint) in (Union, types.UnionType):
        choices = [a for a in get_args(hint) if a is not types.NoneType]
        return "whole event" if len(choices) > 1 else holds(cls, name, choices[0])
    if get_origin(hint) is tuple:
        return f"list: {holds(cls, name, get_args(hint)[0])}"
    if get_origin(hint) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(hint) if choice)
    named = set(names(get_type_hints(cls, include_extras=True)[name]))
    if named:
        return "entity" if named >= set(ENTITY_TYPES) else " or ".join(sorted(named))
    plain = get_origin(hint) or hint
    if plain in WORDS:
        return WORDS[plain]
    return ", ".join(f"`{f.encode_name}`" for f in msgspec.structs.fields(plain))


def names(hint: Any) -> Iterator[str]:
    """The types of entity that an id names."""
    for meta in getattr(hint, "__metadata__", ()):
        yield from (meta.extra or {}).get("names", ()) if isinstance(meta, msgspec.Meta) else ()
    for part in get_args(hint):
        if not isinstance(part, str):
            yield from names(part)


def test_the_page_of_kinds_is_what_the_declarations_say():
    if os.environ.get("TIMELINE_RENEW") == "1":
        PAGE.write_text(page(), "utf-8")

    assert PAGE.read_text("utf-8") == page()
