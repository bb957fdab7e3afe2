"""The JSON Schema of the YAML form, made from the same declarations as everything else."""

from __future__ import annotations

from typing import Any

from events import kinds
from events.base import Happening
from events.ids import ID_PATTERN
from timeline.imports.yamlfile import COMMON, IN_A_FILE

_CITATION = {
    "anyOf": [
        {"type": "string", "description": "source §line", "examples": ["bi-2025-05-26 §54"]},
        {"$ref": "#/$defs/Citation"},
    ]
}


def file_schema() -> dict[str, Any]:
    """The schema (2020-12) of a whole file."""
    whole = kinds.schema()
    definitions: dict[str, Any] = whole["$defs"]
    shapes = {kind: definitions[cls.__name__] for kind, cls in kinds.KINDS.items()}
    common = {name: shapes["figure"]["properties"][name] for name in COMMON}
    common["sources"] = {"type": "array", "items": _CITATION}
    common["derived_from"] = {"type": "array", "items": {"type": "string"}, "description": "names of other events"}
    event = {
        "type": "object",
        "properties": {
            **common,
            "about": {"type": "string", "description": "the name of the event that this one is about"},
            **{kind: _own(kind, shapes[kind]) for kind in IN_A_FILE},
        },
        "additionalProperties": False,
    }
    keep = {name: part for name, part in definitions.items() if name not in {c.__name__ for c in kinds.KINDS.values()}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A timeline file",
        "type": "object",
        "properties": {
            "sources": _by_id(_without(shapes["source"], ("kind", "id"))),
            "entities": _by_id(_without(shapes["entity"], ("kind", "id"))),
            "events": _by_id(event),
        },
        "additionalProperties": False,
        "$defs": keep,
    }


def _by_id(shape: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "propertyNames": {"pattern": ID_PATTERN}, "additionalProperties": shape}


def _own(kind: str, shape: dict[str, Any]) -> dict[str, Any]:
    """A kind's own fields; the common ones stand beside it."""
    hidden = ("kind", "id", *COMMON) if issubclass(kinds.KINDS[kind], Happening) else ("kind",)
    own = _without(shape, hidden)
    for name in ("deal",):
        if name in own["properties"] and own["properties"][name].get("format") == "uuid":
            own["properties"][name] = {"type": "string", "description": "the name of the deal's event"}
    if "sources" in own["properties"]:
        own["properties"]["sources"] = {"type": "array", "items": _CITATION}
    if "citation" in own["properties"]:
        own["properties"]["citation"] = _CITATION
    return own


def _without(shape: dict[str, Any], hidden: tuple[str, ...]) -> dict[str, Any]:
    return {
        "type": "object",
        "description": shape.get("description", ""),
        "properties": {name: part for name, part in shape["properties"].items() if name not in hidden},
        "required": [name for name in shape.get("required", ()) if name not in hidden],
        "additionalProperties": False,
    }
