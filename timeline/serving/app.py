"""The service as an ASGI application: its routes, and what every request goes through."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, nullcontext

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from events.errors import TimelineError
from timeline.ledger import Ledger
from timeline.serving.access import Access
from timeline.serving.answering import Answers, Quick, Reading
from timeline.serving.health import Health
from timeline.serving.logs import Logged
from timeline.serving.openapi import api_routes
from timeline.serving.problems import MEDIA_TYPE, Problem, problem, told_as, written
from timeline.serving.resources import RESOURCES
from timeline.serving.security import Guarded
from timeline.serving.settings import Settings
from timeline.serving.site.problems import problem_page, wants_page
from timeline.serving.site.routes import site_routes
from timeline.serving.stream import Stream
from timeline.serving.webhooks import Deliverer
from timeline.serving.writing import Writing


def application(settings: Settings, ledger: Ledger | None = None) -> Starlette:
    """The service. It opens the ledger itself unless one is given, which it then leaves open."""
    opened = ledger or Ledger.open(settings.ledger, journal=settings.journal)
    answers = Answers(opened, settings)
    health = Health(opened.database, settings)
    stream = Stream(answers, health.metrics)
    deliverer = Deliverer(opened, health.metrics)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        try:
            async with nullcontext() if settings.read_only else deliverer.running():
                yield
        finally:
            answers.close()
            if ledger is None:
                opened.close()

    middleware = [
        Middleware(Logged, metrics=health.metrics),
        Middleware(Guarded, settings=settings),
    ]
    if settings.cors:
        middleware.append(
            Middleware(
                CORSMiddleware,
                allow_origins=settings.cors,
                allow_methods=["GET", "HEAD"],
                allow_headers=["Authorization"],
                expose_headers=["ETag", "Link", "X-Request-Id"],
                max_age=86400,
            )
        )
    middleware.append(Middleware(Access, settings=settings, database=opened.database))
    middleware.append(Middleware(Quick, answers=answers))
    app = Starlette(
        routes=[
            *site_routes(answers),
            *_reading(answers),
            stream.route(),
            *health.routes(),
            *Writing(opened, settings).routes(),
            *api_routes(settings),
        ],
        middleware=middleware,
        exception_handlers={TimelineError: told, HTTPException: told_of_http},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # such an address is no other's name

    def end() -> None:
        health.is_ending = True
        stream.end()
        deliverer.end()

    app.state.end = end
    app.state.settings = settings
    return app


def _reading(answers: Answers) -> Iterator[BaseRoute]:
    for resource in RESOURCES.values():
        reading = Reading(answers, resource)
        if not reading.is_named:
            yield Route(f"{resource.path}.{{form}}", reading.get, name=resource.name)
        yield Route(resource.path, reading.get, name=resource.name)


# -- errors -----------------------------------------------------------------------------------------------------------


async def told(request: Request, error: Exception) -> Response:
    """Any error as a problem; of a bug the log has the rest."""
    return problem_response(request, *told_as(error))


async def told_of_http(request: Request, error: Exception) -> Response:
    """What the router itself refuses."""
    assert isinstance(error, HTTPException)
    kind = {404: "no-page", 405: "method"}.get(error.status_code, "usage")
    detail = {404: f"nothing stands at {request.url.path}", 405: "see /api for what can be asked how"}
    found = problem(error.status_code, kind, detail.get(error.status_code, str(error.detail)))
    return problem_response(request, found, dict(error.headers or {}))


def problem_response(request: Request, found: Problem, headers: dict[str, str]) -> Response:
    """A problem as bytes, with the id of the request that it came of."""
    given = request.scope.get("request_id", "")
    headers = {**headers, "cache-control": "no-store", "vary": "Accept"}
    if wants_page(request):
        page = problem_page(request, msgspec.structs.replace(found, request=given), request.app.state.settings)
        return Response(page, found.status, headers, media_type="text/html; charset=utf-8")
    return Response(written(found, given), found.status, headers, media_type=MEDIA_TYPE)
