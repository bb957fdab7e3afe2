"""The service as an ASGI application: its routes, and what every request goes through."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, nullcontext

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
from timeline.serving.metrics import Metrics
from timeline.serving.openapi import api_routes
from timeline.serving.problems import Problem, problem
from timeline.serving.resources import RESOURCES
from timeline.serving.security import Guarded
from timeline.serving.settings import Settings
from timeline.serving.site.routes import site_routes
from timeline.serving.stream import Stream
from timeline.serving.telling import error_response, problem_response
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

    app = Starlette(
        routes=[
            *site_routes(answers),
            *_reading(answers),
            stream.route(),
            *health.routes(),
            *Writing(opened, settings).routes(),
            *api_routes(settings),
        ],
        middleware=[
            *layers(settings, health.metrics),
            Middleware(Access, settings=settings, database=opened.database),
            Middleware(Quick, answers=answers),
        ],
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
    app.state.readiness = health.readiness
    return app


def layers(settings: Settings, metrics: Metrics) -> list[Middleware]:
    """What every request goes through before anybody is let in."""
    found = [Middleware(Logged, metrics=metrics), Middleware(Guarded, settings=settings)]
    if settings.cors:
        found.append(
            Middleware(
                CORSMiddleware,
                allow_origins=settings.cors,
                allow_methods=["GET", "HEAD"],
                allow_headers=["Authorization", "If-None-Match", "Last-Event-ID"],
                expose_headers=["ETag", "Link", "Retry-After", "X-Request-Id"],
                max_age=86400,
            )
        )
    return found


def _reading(answers: Answers) -> Iterator[BaseRoute]:
    for resource in RESOURCES.values():
        reading = Reading(answers, resource)
        if not reading.is_named:
            yield Route(f"{resource.path}.{{form}}", reading.get, name=resource.name)
        yield Route(resource.path, reading.get, name=resource.name)


# -- errors -----------------------------------------------------------------------------------------------------------


async def told(request: Request, error: Exception) -> Response:
    """Any error as a problem; of a bug the log has the rest."""
    return error_response(request, error, request.app.state.settings)


async def told_of_http(request: Request, error: Exception) -> Response:
    """What the router itself refuses."""
    assert isinstance(error, HTTPException)
    found = problem_of_http(request, error)
    return problem_response(request, found, dict(error.headers or {}), request.app.state.settings)


def problem_of_http(request: Request, error: HTTPException) -> Problem:
    """A refusal of the router as a problem."""
    kind = {404: "no-page", 405: "method"}.get(error.status_code, "usage")
    detail = {404: f"nothing stands at {request.scope['path']}", 405: "see /api for what can be asked how"}
    return problem(error.status_code, kind, detail.get(error.status_code, str(error.detail)))
