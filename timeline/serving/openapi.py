"""The API described: OpenAPI 3.1, made from the same tables and structs that the answers are made from."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from timeline.release import release
from timeline.serving import feeds
from timeline.serving.access import FREE
from timeline.serving.forms import FORMS
from timeline.serving.health import Ready
from timeline.serving.openapi_writing import ANSWERS, event_schemas, writing_paths
from timeline.serving.parameters import PARAMETERS
from timeline.serving.problems import MEDIA_TYPE, Problem
from timeline.serving.resources import RESOURCES, Resource
from timeline.serving.settings import Settings
from timeline.state.status import Status

JSON = "application/json"


def api_routes(settings: Settings) -> Iterator[BaseRoute]:
    """The document as a program reads it, and as a page."""
    raw = msgspec.json.encode(document(writes=settings.writes, is_free=settings.reads_freely), order="deterministic")

    async def openapi(request: Request) -> Response:
        return Response(raw, media_type="application/vnd.oai.openapi+json;version=3.1")

    async def words(request: Request) -> Response:
        from timeline.serving.site.making import page_of_api

        page = page_of_api(document(writes=settings.writes, is_free=settings.reads_freely), settings)
        return Response(page, media_type="text/html; charset=utf-8", headers={"cache-control": "no-cache"})

    yield Route("/openapi.json", openapi)
    yield Route("/api", words)


@cache
def document(*, writes: bool, is_free: bool = True) -> dict[str, Any]:
    """Everything that can be asked, and what comes back."""
    schemas, components = _schemas()
    paths: dict[str, Any] = {}
    for resource in RESOURCES.values():
        for form in resource.forms:
            paths[f"{resource.path}.{form}"] = {"get": _operation(resource, form, schemas)}
            if form in feeds.FORMS:
                paths[f"/feeds/{{token}}{resource.path}.{form}"] = {"get": _feed(resource, form, schemas)}
    for path, about, schema in (
        ("/-/health", "Whether the process lives.", {"type": "object"}),
        ("/-/ready", "Whether it can answer.", schemas[Ready]),
        ("/-/projections", "Every projection with its version and its rows.", _items(schemas[Status])),
    ):
        paths[path] = {"get": _plain(path, about, schema)}
    for path in FREE:
        paths[path]["get"]["security"] = []
    if writes:
        paths |= writing_paths(schemas)
        components |= event_schemas()
    token = {"type": "http", "scheme": "bearer", "description": "A token of `timeline token create`."}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "timeline",
            "version": release(),
            "summary": "The history of organizations from what the press reports, as of any date.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [*([{}] if is_free else []), {"token": ["read"]}],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": {"token": token}},
    }


def _schemas() -> tuple[dict[type, dict[str, Any]], dict[str, Any]]:
    """What refers to each struct, and all of them by name."""
    types = list(dict.fromkeys([*(r.item for r in RESOURCES.values()), Problem, Ready, Status, *ANSWERS]))
    found, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    return dict(zip(types, found, strict=True)), components


def _operation(resource: Resource, form: str, schemas: dict[type, dict[str, Any]]) -> dict[str, Any]:
    parameters = [{"name": n, **_parameter(n)} for n in resource.takes(form)]
    if resource.names:
        named = {"type": "string", "minLength": 1, "maxLength": 200}
        parameters.insert(
            0, {"name": "name", "in": "path", "required": True, "description": resource.names, "schema": named}
        )
    content: dict[str, Any] = {FORMS[form].media_type.partition(";")[0]: {"schema": {"type": "string"}}}
    if form == "json":
        content = {JSON: {"schema": _envelope(schemas[resource.item])}}
    elif form == "popolo.json":
        content = {JSON: {"schema": {"type": "object"}}}
    return {
        "operationId": f"{resource.name}_{form.replace('.', '_')}",
        "summary": resource.about,
        "tags": [resource.path.split("/")[1]],
        "parameters": parameters,
        "responses": {
            "200": {"description": resource.about, "content": content, "headers": _HEADERS},
            "304": {"description": "It is as it was: If-None-Match named its ETag."},
            "308": {"description": "The name was no id: the same under its id.", "headers": {"Location": _TEXT}},
            **_problems(400, 401, 403, 404, 409, 429, 503),
        },
    }


def _feed(resource: Resource, form: str, schemas: dict[type, dict[str, Any]]) -> dict[str, Any]:
    told = _operation(resource, form, schemas)
    about = "the token of `timeline token create NAME --feed ADDRESS`; it is for that one address"
    token = {"name": "token", "in": "path", "required": True, "description": about, **_TEXT}
    return {
        **told,
        "operationId": f"feed_{told['operationId']}",
        "summary": f"{resource.about.removesuffix('.')}, for one subscriber.",
        "parameters": [token, *told["parameters"]],
        "security": [],
    }


_TEXT = {"schema": {"type": "string"}}
_HEADERS = {
    "ETag": {"description": "Names this state of the answer.", **_TEXT},
    "Link": {"description": "Where the list goes on, with rel=next.", **_TEXT},
}


def _parameter(name: str) -> dict[str, Any]:
    given = PARAMETERS[name]
    schema = {"type": "array", "items": given.schema, "maxItems": 20} if given.many else given.schema
    told = {"in": "query", "required": False, "description": given.about, "schema": schema}
    return told if name == "q" else {**told, "allowEmptyValue": True}  # a field of a form that nobody filled in


def _envelope(item: dict[str, Any]) -> dict[str, Any]:
    maybe = {"type": ["string", "null"]}
    return {
        "type": "object",
        "required": ["as_of", "known_at", "position", "reported_by", "root", "items"],
        "properties": {
            "as_of": maybe,
            "known_at": maybe,
            "position": {"type": "integer"},
            "reported_by": maybe,
            "root": maybe,
            "next": {"type": "integer"},
            "items": {"type": "array", "items": item},
        },
    }


def _items(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": ["items"], "properties": {"items": {"type": "array", "items": item}}}


def _plain(path: str, about: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": path.strip("/-"),
        "summary": about,
        "tags": ["service"],
        "responses": {
            "200": {"description": about, "content": {JSON: {"schema": schema}}},
            **_problems(401, 403, 429, 503),
        },
    }


_WHEN = {
    400: "The question cannot be asked like this.",
    401: "It takes a token, or this one lets nobody in.",
    403: "The token is for something else.",
    404: "Nothing is called so.",
    409: "A name fits several, or an entry moved on.",
    429: "Too often: see Retry-After.",
    503: "The ledger cannot be used now.",
}


def _problems(*codes: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {str(c): {"description": _WHEN[c], "content": {MEDIA_TYPE: {"schema": schema}}} for c in codes}
