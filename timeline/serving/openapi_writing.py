"""What can be recorded, described: the bodies are the events themselves, as `timeline schema` has them."""

from __future__ import annotations

from typing import Any, Union

import msgspec

from events import kinds
from timeline.serving.importing import IMPORTING, MEDIA_TYPES, Imported
from timeline.serving.parameters import PARAMETERS
from timeline.serving.problems import MEDIA_TYPE
from timeline.serving.sent import NEW
from timeline.serving.writing import CHANGES, Merging, Receipt, Undoing

ANSWERS = (Receipt, Imported, Merging, Undoing)
"""Structs besides the events."""
_TEXT = {"schema": {"type": "string"}}
_LAYOFF = {"kind": "layoff", "organization": "meta", "date": "2025-10", "sources": [{"source": "bi-2025-05-26"}]}
EXAMPLES: dict[str, dict[str, Any]] = {
    "correction": {"event": {**_LAYOFF, "date": "2025-11"}, "reason": "the paper printed a correction"},
    "retraction": {"reason": "it was about another company"},
    "dispute": {"by": "meta", "stance": "denied", "reason": "a spokesperson said so"},
    "ranking": {"rank": "preferred", "reason": "it has the filing"},
    "corroboration": {"citation": {"source": "bi-2025-05-26", "locator": "§2"}, "reason": "says the same"},
}
WHEN = {
    400: "A parameter or a header cannot be read.",
    401: "It takes a token, or this one lets nobody in.",
    403: "The token is for something else, or a page of another site sent it.",
    404: "Nothing is called so.",
    408: "Nothing more of the body came.",
    409: "It is recorded already, or somebody else was quicker.",
    412: "The entry is not at the version of If-Match any more.",
    413: "It is longer than it may be.",
    415: "It is not sent in a form that is read here.",
    422: "It cannot be recorded: `errors` has every mistake with its place.",
    429: "Too often: see Retry-After.",
    503: "The ledger cannot be used now: see Retry-After.",
}


def event_schemas() -> dict[str, Any]:
    """The schema of every kind that can be sent, and of all that begin an entry together, by name."""
    types: list[Any] = [Union[tuple(kinds.KINDS[k] for k in NEW)], *(kinds.KINDS[k] for k in CHANGES)]  # noqa: UP007
    template = "#/components/schemas/event.{name}"
    found, components = msgspec.json.schema_components(types, schema_hook=kinds.schema_hook, ref_template=template)
    named = {f"event.{name}": schema for name, schema in components.items() if name != "KeyRotation"}
    for kind in CHANGES:
        _change(named[f"event.{kinds.KINDS[kind].__name__}"])
    made: dict[str, Any] = kinds.with_numbers({**named, "event": found[0]})
    return made


def _change(schema: dict[str, Any]) -> None:
    """What is sent to an entry need not say its kind, as the address does; and nothing changes without a reason."""
    properties = schema["properties"]
    properties["reason"] = {**properties["reason"], "minLength": 1}
    properties["reason"].pop("default")
    schema["required"] = [name for name in schema["required"] if name != "kind"] + ["reason"]
    if "event" in properties:
        properties["event"] = {"$ref": "#/components/schemas/event", "description": "the whole replacement event"}


def writing_paths(schemas: dict[type, dict[str, Any]]) -> dict[str, Any]:
    """The operations that record."""
    event = {"$ref": "#/components/schemas/event"}
    one_or_more = {"oneOf": [event, {"type": "array", "minItems": 1, "items": event}]}
    name = {"type": "string", "minLength": 1, "maxLength": 200}
    entry = {**_path("entry", "the id of an entry or its UUID"), "schema": name}
    batch = {**_path("batch", "the position that it ended at"), "schema": {"type": "integer", "minimum": 1}}
    receipt = schemas[Receipt]
    paths = {
        "/api/events": _post(
            "record", "Record one event, or several together: all of them or none.", one_or_more, _LAYOFF, receipt
        )
    }
    for kind in CHANGES:
        cls = kinds.KINDS[kind]
        body = {"$ref": f"#/components/schemas/event.{cls.__name__}"}
        about = (cls.__doc__ or "").splitlines()[0]
        found = _post(kind, about, body, EXAMPLES[kind], receipt, entry, _IF_MATCH)
        paths[f"/api/events/{{entry}}/{kind}"] = found
    merging = {"duplicate": "goyal", "into": "naman-goyal", "reason": "one person, spelled twice"}
    paths["/api/merges"] = _post("merge", "Join two ids that name the same.", schemas[Merging], merging, receipt)
    paths["/api/history/{batch}/undo"] = _post(
        "undo", "Withdraw all that was recorded together.", schemas[Undoing], {"reason": "a mistake"}, receipt, batch
    )
    asked = [_query(name) for name in IMPORTING]
    imported = _post("import", "Record what a file holds and the ledger does not.", {}, None, schemas[Imported], *asked)
    said = imported["post"]
    said["requestBody"]["content"] = {sort: {"schema": {"type": "string"}} for sort in MEDIA_TYPES}
    answer = {"application/json": {"schema": schemas[Imported]}}
    said["responses"]["200"] = {"description": "Nothing was recorded: a dry run, or all stands.", "content": answer}
    said["security"] = [{"token": ["import"]}]
    paths["/api/import"] = imported
    return paths


def _path(name: str, about: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "description": about}


def _query(name: str) -> dict[str, Any]:
    given = PARAMETERS[name]
    return {"name": name, "in": "query", "required": False, "description": given.about, "schema": given.schema}


_IF_MATCH = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": 'The version of the entry that it was decided on, as "2"; refused with 412 if it is another by now.',
    **_TEXT,
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key and the same request record once, and get the same answer for a day.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
}


def _post(name: str, about: str, body: Any, example: Any, answer: Any, *parameters: Any) -> dict[str, Any]:
    content = {"schema": body} if example is None else {"schema": body, "example": example}
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    headers = {
        "Location": {"description": "Where it can be read.", **_TEXT},
        "ETag": {"description": "Of one event: the version of its entry.", **_TEXT},
        "Idempotent-Replayed": {"description": "`true` for an answer that was given before.", **_TEXT},
    }
    operation = {
        "operationId": name,
        "summary": about,
        "tags": ["recording"],
        "security": [{"token": ["record"]}],
        "parameters": [*parameters, _KEY],
        "requestBody": {"required": True, "content": {"application/json": content}},
        "responses": {
            "201": {
                "description": "It is recorded.",
                "headers": headers,
                "content": {"application/json": {"schema": answer}},
            },
            **{str(code): {"description": text, "content": problem} for code, text in WHEN.items()},
        },
    }
    return {"post": operation}
