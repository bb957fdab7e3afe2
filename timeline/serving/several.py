"""Several ledgers under one service, each at the path of its name: `/newsroom/people`.

Each is a service of its own - its connections, its memory, its tokens, its limits - so that nothing of one can come
into an answer of another. What stands at a name that no ledger has is answered as for somebody without a token, so that
nobody learns the names of others' ledgers.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, request_response
from starlette.types import ASGIApp, Receive, Scope, Send

from events.errors import TimelineError
from timeline.errors import StoreError
from timeline.release import release
from timeline.serving.access import Access
from timeline.serving.app import application, layers, problem_of_http
from timeline.serving.health import as_json
from timeline.serving.limits import Limits
from timeline.serving.metrics import MEDIA_TYPE, Metrics
from timeline.serving.problems import Problem, problem, told_as
from timeline.serving.settings import Settings
from timeline.serving.site.assets import static_routes
from timeline.serving.site.making import page_of_ledgers
from timeline.serving.site.problems import wants_page
from timeline.serving.telling import problem_response
from timeline.shelf import Shelf
from timeline.tokens import Given, Token

logger = logging.getLogger("timeline.serving")

LOOK_SECONDS = 2.0
"""How long it is believed that a ledger stands where it stood, or that it cannot be opened."""
OWN = "-"
"""What stands in the place of a name where the service itself is meant; no ledger can be called so."""
LEAST_CACHE = 4 << 20


class _One:
    """One ledger, and the service that answers of it."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.app: Starlette | None = None
        self.problem: StoreError | None = None
        """Why it cannot be opened."""
        self.looked = -LOOK_SECONDS
        self._ending = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def run(self, app: Starlette) -> None:
        """Begin to serve. Its tasks begin and end in one task of their own, as they must."""
        begun = asyncio.Event()
        self._ending = asyncio.Event()

        async def keep() -> None:
            async with app.router.lifespan_context(app):
                begun.set()
                await self._ending.wait()

        self._task = asyncio.create_task(keep())
        waiting = asyncio.create_task(begun.wait())
        await asyncio.wait({self._task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if not begun.is_set():
            waiting.cancel()
            await self._task  # raises what went wrong
        self.app = app

    async def end(self) -> None:
        """Serve no more."""
        if self.app is not None and self._task is not None:
            self.app.state.end()
            self.app = None
            self._ending.set()
            await self._task


class Several:
    """The service of all ledgers of a shelf, as an ASGI application."""

    def __init__(self, settings: Settings, shelf: Shelf) -> None:
        self.settings, self.shelf = settings, shelf
        self.state = State()
        self.state.end = self._begin_to_end
        self._ledgers: dict[str, _One] = {}
        self._is_ending = False
        self._metrics = Metrics()
        self._own = self._service()
        self._limits = Limits(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request to the ledger that its path names, or answer for the service."""
        if scope["type"] != "http":
            await self._own(scope, receive, send)
            return
        name, slash, rest = scope["path"].removeprefix("/").partition("/")
        if name in ("", OWN):
            await self._own(scope, receive, send)
            return
        within = {**scope, "path": f"/{rest}", "raw_path": quote(f"/{rest}").encode(), "within": f"/{name}"}
        answer: ASGIApp
        try:
            app = await self._serving(name)
        except StoreError as error:
            answer = self._around(self._unreadable(name, error), self.settings)
        else:
            if app is not None and slash:
                answer, scope = app, within
            elif not self.settings.reads_freely:
                answer, scope = self._refusing(name), within
            elif app is not None:
                query = scope["query_string"].decode("latin-1")
                there = {"location": f"{self.settings.base}/{name}/{query and f'?{query}'}"}
                answer = self._around(Response(status_code=308, headers=there), self.settings)
            else:
                answer = self._own
        await answer(scope, receive, send)

    # -- ledgers -------------------------------------------------------------------------------------------------------

    async def _serving(self, name: str) -> Starlette | None:
        """What serves a ledger; None where there is none of the name. Raises StoreError for one that cannot be read."""
        one = self._ledgers.get(name)
        if one is None or time.monotonic() - one.looked >= LOOK_SECONDS:
            address = await run_in_threadpool(self.shelf.address, name)
            if address is None:
                if one is not None:
                    await self._let_go(name)
                return None
            one = self._ledgers.setdefault(name, _One())
            async with one.lock:
                await self._open(name, address, one)
        if one.app is None and one.problem is not None:
            raise one.problem
        return one.app

    async def _open(self, name: str, address: str, one: _One) -> None:
        if one.app is None and not self._is_ending and time.monotonic() - one.looked >= LOOK_SECONDS:
            names = await run_in_threadpool(self.shelf.names)
            share = max(LEAST_CACHE, self.settings.cache_bytes // max(1, len(names)))
            settings = self._settings_of(name)._replace(ledger=address, cache_bytes=share)
            try:
                await one.run(await run_in_threadpool(application, settings))
                one.problem = None
            except StoreError as problem:
                one.problem = problem
        one.looked = time.monotonic()

    def _settings_of(self, name: str) -> Settings:
        title = f"{self.settings.title} · {name}" if self.settings.title else name
        return self.settings._replace(prefix=f"/{name}", title=title)

    async def _let_go(self, name: str) -> None:
        one = self._ledgers.pop(name, None)
        if one is not None:
            async with one.lock:
                await one.end()

    def _begin_to_end(self) -> None:
        self._is_ending = True
        for one in self._ledgers.values():
            if one.app is not None:
                one.app.state.end()

    # -- the service itself --------------------------------------------------------------------------------------------

    def _service(self) -> ASGIApp:
        @asynccontextmanager
        async def lifespan(app: Starlette) -> AsyncIterator[None]:
            for name in await run_in_threadpool(self.shelf.names):  # so that their webhooks are sent unasked
                try:
                    await self._serving(name)
                except StoreError as problem:
                    logger.warning("%s cannot be served: %s", name, problem)
            try:
                yield
            finally:
                self._is_ending = True
                for name in list(self._ledgers):
                    await self._let_go(name)
                self.shelf.close()

        app = Starlette(
            routes=[
                Route("/", self._listed),
                Route("/-/health", self._health),
                Route("/-/ready", self._ready),
                Route("/-/metrics", self._numbers),
                *(Route(f"/-{route.path}", route.endpoint) for route in static_routes() if isinstance(route, Route)),
            ],
            middleware=layers(self.settings, self._metrics),
            exception_handlers={TimelineError: self._told, HTTPException: self._told},
            lifespan=lifespan,
        )
        app.router.redirect_slashes = False
        app.router.default = request_response(self._missing)
        return app

    def _refusing(self, name: str) -> ASGIApp:
        """What answers at a name that no ledger has as one would that was shown no token of its own."""
        access = _Nobody(_nothing, self._settings_of(name))
        access.limits = self._limits
        return self._around(access, self._settings_of(name))

    def _around(self, app: ASGIApp, settings: Settings) -> ASGIApp:
        for layer in reversed(layers(settings, self._metrics)):
            app = layer.cls(app, *layer.args, **layer.kwargs)
        return app

    def _unreadable(self, name: str, error: StoreError) -> ASGIApp:
        """What answers for a ledger that cannot be opened."""

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            logger.warning("request %s: %s cannot be served: %s", scope.get("request_id", ""), ascii(name), error)
            await self._lacking(Request(scope), error)(scope, receive, send)

        return answer

    async def _told(self, request: Request, error: Exception) -> Response:
        """What the service itself refuses, or cannot do."""
        if isinstance(error, HTTPException):
            return self._problem(request, problem_of_http(request, error), dict(error.headers or {}))
        logger.warning("request %s: %s", request.scope.get("request_id", ""), error)
        return self._lacking(request, error)

    def _lacking(self, request: Request, error: Exception) -> Response:
        """Something cannot be read; why, only where anybody may read."""
        found, headers = told_as(error)
        if not self.settings.reads_freely:
            found = problem(503, "store", "nothing can be answered here now")
        return self._problem(request, found, headers)

    def _problem(self, request: Request, found: Problem, headers: dict[str, str]) -> Response:
        if not wants_page(request):
            return problem_response(request, found, headers, self.settings)
        found = msgspec.structs.replace(found, request=request.scope.get("request_id", ""))
        return _page(page_of_ledgers({}, self.settings, told=found), found.status, headers)

    async def _missing(self, request: Request) -> Response:
        if wants_page(request) and self.settings.reads_freely:
            missing = request.scope["path"].split("/")[1]
            return _page(page_of_ledgers(await self._addresses(), self.settings, missing), 404)
        raise HTTPException(404)

    async def _listed(self, request: Request) -> Response:
        """The ledgers, where anybody may read them all."""
        if not self.settings.reads_freely:
            raise HTTPException(404)
        addresses = await self._addresses()
        if wants_page(request):
            return _page(page_of_ledgers(addresses, self.settings))
        items = [{"name": name, "address": where} for name, where in addresses.items()]
        return _said(msgspec.json.encode({"items": items}) + b"\n", 200, "application/json")

    async def _addresses(self) -> dict[str, str]:
        names = await run_in_threadpool(self.shelf.names)
        return {name: f"{self.settings.base}/{name}/" for name in names}

    async def _health(self, request: Request) -> Response:
        """The process lives and answers."""
        return as_json({"alive": True, "version": release()})

    async def _numbers(self, request: Request) -> Response:
        """What was asked of the service itself, for Prometheus; each ledger has its own."""
        return Response(self._metrics.text(), headers={"content-type": MEDIA_TYPE, "cache-control": "no-store"})

    async def _ready(self, request: Request) -> Response:
        """How many ledgers there are, and how many of them cannot be read now; not which."""
        if self._is_ending:
            return as_json({"ready": False, "version": release(), "problem": "the service is ending"}, 503)
        try:
            names = await run_in_threadpool(self.shelf.names)
        except StoreError as error:
            logger.warning("not ready: %s", error)
            return as_json({"ready": False, "version": release(), "problem": error.told}, 503)
        good = 0
        for name in names:
            try:
                app = await self._serving(name)
            except StoreError:
                continue
            good += app is not None and (await run_in_threadpool(app.state.readiness)).ready
        is_ready = good == len(names)
        told = {"ready": is_ready, "ledgers": len(names), "unreadable": len(names) - good, "version": release()}
        return as_json(told, 200 if is_ready else 503)


class _Nobody(Access):
    """Lets nobody in who would need a token."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        super().__init__(app, settings, None)  # type: ignore[arg-type]  # it has no ledger to ask

    def _valid(self, given: Given) -> Token | None:
        return None


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    raise HTTPException(404)  # nobody is let in so far


def _page(body: bytes, code: int = 200, headers: dict[str, str] | None = None) -> Response:
    return _said(body, code, "text/html; charset=utf-8", headers)


def _said(body: bytes, code: int, media_type: str, headers: dict[str, str] | None = None) -> Response:
    told = {**(headers or {}), "cache-control": "no-store", "vary": "Accept"}
    return Response(body, code, told, media_type=media_type)
