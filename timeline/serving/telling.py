"""Problems as answers: JSON for programs, and a page for whoever reads in a browser."""

from __future__ import annotations

import logging

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from timeline.errors import StoreError
from timeline.serving.problems import MEDIA_TYPE, Problem, told_as, written
from timeline.serving.settings import Settings
from timeline.serving.site.problems import problem_page, wants_page

logger = logging.getLogger("timeline.serving")


def error_response(request: Request, error: Exception, settings: Settings) -> Response:
    """Any error as it is told to whoever asked; where the ledger stands is only told to the log."""
    if isinstance(error, StoreError):
        logger.warning("request %s: %s", request.scope.get("request_id", ""), error)
    return problem_response(request, *told_as(error), settings)


def problem_response(request: Request, found: Problem, headers: dict[str, str], settings: Settings) -> Response:
    """A problem as bytes, with the id of the request that it came of."""
    given = request.scope.get("request_id", "")
    headers = {**headers, "cache-control": "no-store", "vary": "Accept"}
    if wants_page(request):
        page = problem_page(request, msgspec.structs.replace(found, request=given), settings)
        return Response(page, found.status, headers, media_type="text/html; charset=utf-8")
    return Response(written(found, given), found.status, headers, media_type=MEDIA_TYPE)
