"""Style sheets and scripts: each has a name that tells its content, so that a browser may keep it for ever."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from timeline.pages.page import asset, stylesheet

FOR_EVER = "max-age=31536000, immutable"


class Asset(NamedTuple):
    """A file under /static/."""

    name: str
    media_type: str
    body: bytes


def _own(name: str) -> str:
    return files("timeline.serving.site").joinpath("assets", name).read_text("utf-8")


MADE: dict[str, tuple[str, str, Callable[[], str]]] = {
    "style": ("css", "text/css; charset=utf-8", lambda: stylesheet() + _own("site.css")),
    "theme": ("js", "text/javascript; charset=utf-8", lambda: _own("theme.js")),
    "frame": ("js", "text/javascript; charset=utf-8", lambda: asset("frame.js") + _own("site.js")),
    "lanes": ("js", "text/javascript; charset=utf-8", lambda: "".join(map(asset, ("state.js", "lanes.js", "page.js")))),
    "icon": ("svg", "image/svg+xml", lambda: _own("icon.svg")),
}
"""What each is made from."""


@cache
def assets() -> dict[str, Asset]:
    """All of them, by the short name that templates use."""
    found = {}
    for short, (ending, media_type, make) in MADE.items():
        body = make().encode()
        found[short] = Asset(f"{short}-{sha256(body).hexdigest()[:12]}.{ending}", media_type, body)
    return found


def static_routes() -> list[BaseRoute]:
    """Where they are read."""
    by_name = {a.name: a for a in assets().values()}

    async def static(request: Request) -> Response:
        found = by_name.get(request.path_params["name"])
        if found is None:
            raise HTTPException(404)
        return Response(found.body, media_type=found.media_type, headers={"cache-control": FOR_EVER})

    return [Route("/static/{name}", static, name="static")]
