"""A problem as a page, for whoever reads in a browser."""

from __future__ import annotations

import re
from urllib.parse import quote

from starlette.requests import Request

from timeline.serving.forms import FORMS
from timeline.serving.problems import Problem
from timeline.serving.settings import Settings
from timeline.serving.site.links import pairs_of, query_of
from timeline.serving.site.making import page_of_problem

PROGRAMS = ("/api/", "/-/", "/static/", "/openapi")
"""Where no page stands."""


def wants_page(request: Request) -> bool:
    """Whether a request for no particular form comes from something that would rather read HTML than JSON."""
    path = request.scope["path"]  # the Host may be one that makes no address
    if path.startswith(PROGRAMS) or any(path.endswith(f".{form}") for form in FORMS):
        return False
    html = json = 0.0
    for part in request.headers.get("accept", "").split(","):
        sort, _, parameters = part.partition(";")
        found = re.search(r"q=([01](?:\.\d{0,3})?)", parameters)
        quality = float(found[1]) if found else 1.0
        if sort.strip() == "text/html":
            html = quality
        elif sort.strip() in ("application/json", "application/problem+json"):
            json = max(json, quality)
    return html > json


def problem_page(request: Request, found: Problem, settings: Settings) -> bytes:
    """The page, with links to what may have been meant: the same address with another name in its place."""
    return page_of_problem(found, settings, [(name, _with(request, name, settings.base)) for name in found.near])


def _with(request: Request, name: str, base: str) -> str:
    """The address asked for, with a name instead of the one that is not known."""
    given = request.path_params.get("name")
    inside = re.fullmatch(r".* \(([^() ]+)\)", name)
    meant = inside[1] if inside else name
    query = pairs_of(request.scope["query_string"])
    if given and (route := request.scope.get("route")) is not None and not any(n in _NAMES for n, _ in query):
        return f"{base}{route.path.replace('{name}', quote(meant, safe=''))}{query_of(query)}"
    if len(wrong := [n for n, _ in query if n in _NAMES]) == 1:
        path = quote(request.scope["path"].removeprefix(request.scope.get("root_path", "")))
        return base + path + query_of([(n, meant if n == wrong[0] else v) for n, v in query])
    return f"{base}/search{query_of([('q', meant)])}"


_NAMES = ("org", "person", "product", "kind")
