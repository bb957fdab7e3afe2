"""Addresses of pages that forms lead to: a form can say what is asked, but not put it into a path."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from timeline.errors import UsageError
from timeline.pages.paths import path
from timeline.serving.answering import CHECKED, Answers, Reading
from timeline.serving.resources import RESOURCES
from timeline.serving.site.assets import static_routes
from timeline.serving.site.links import pairs_of, query_of


def site_routes(answers: Answers) -> Iterator[BaseRoute]:
    """The first page, the files that pages need, and where forms lead."""
    base = answers.settings.base
    state = Reading(answers, RESOURCES["state"])

    async def first(request: Request) -> ASGIApp:
        """The state of today, or of the day that a form asks for."""
        if (day := request.query_params.get("as_of")) is not None:
            where = path("as-of", day) if day else "/"
            return seen(base + where, request, "as_of")
        request.path_params["name"] = "today"
        return await state.get(request)

    async def between(request: Request) -> Response:
        """What changed between two days, or two moments of knowledge."""
        first, last = (request.query_params.get(side, "") for side in ("from", "to"))
        if not first or not last:
            raise UsageError("say from when to when: from=2023-06&to=2024-06")
        which = request.url.path.rpartition("/")[2]
        return seen(base + path(which, f"{first}..{last}"), request, "from", "to")

    yield Route("/", first, name="state")
    yield Route("/diff", between, name="diff")
    yield Route("/learned", between, name="learned")
    yield from static_routes()


def seen(where: str, request: Request, *without: str) -> Response:
    """Lead to an address of this service, with what else was asked."""
    pairs = [(name, value) for name, value in pairs_of(request.scope["query_string"]) if name not in without and value]
    return Response(status_code=303, headers={"location": where + query_of(pairs), "cache-control": CHECKED})
