"""`/-/health`, `/-/ready`, `/-/metrics` and `/-/projections`: for those who keep the service running."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from events.errors import TimelineError
from projections.all import PROJECTIONS
from timeline.ledger import stored_versions
from timeline.release import release
from timeline.serving.metrics import MEDIA_TYPE, Metrics
from timeline.serving.settings import Settings
from timeline.state.status import status
from timeline.store import log
from timeline.store.database import Database

_LAG = """
    SELECT pg_is_in_recovery(),
           CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()
                     AND EXISTS (SELECT FROM pg_stat_wal_receiver) THEN 0
                ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp()) END"""


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the service can answer."""

    ready: bool
    position: int | None = None
    """Where the log ends."""
    replica: bool = False
    """Whether the database is one that follows another."""
    lag_seconds: float | None = None
    """Of a replica: how far it is behind, as far as it knows."""
    writes: bool = False
    """Whether events can be recorded over HTTP."""
    version: str = ""
    problem: str = ""
    """Why it is not ready."""


class Health:
    """How a service is."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database, self.settings = database, settings
        self.metrics = Metrics()
        self.is_ending = False

    def routes(self) -> Iterator[BaseRoute]:
        """What can be asked of it."""
        yield Route("/-/health", self.health)
        yield Route("/-/ready", self.ready)
        yield Route("/-/metrics", self.numbers)
        yield Route("/-/projections", self.projections)

    async def health(self, request: Request) -> Response:
        """The process lives and answers; the ledger is not asked, or a database at rest would end the service."""
        return _json({"alive": True, "version": release()})

    async def ready(self, request: Request) -> Response:
        """The ledger can be read, and is of this version: requests may be sent here."""
        found = await run_in_threadpool(self.readiness)
        return _json(found, 200 if found.ready else 503)

    def readiness(self) -> Ready:
        """Whether it can answer, and how far it is behind if it follows another."""
        if self.is_ending:
            return Ready(ready=False, version=release(), problem="the service is ending")
        try:
            with self.database.reading() as connection:
                stored = stored_versions(self.database, connection)
                if older := [p.name for p in PROJECTIONS if stored[p.name] < p.version]:
                    why = f"to be migrated: {', '.join(older)}; run `timeline migrate`"
                    return Ready(ready=False, version=release(), problem=why)
                position = log.head_position(connection)
                is_replica, lag = self._lag(connection)
        except TimelineError as problem:
            return Ready(ready=False, version=release(), problem=str(problem))
        self.metrics.position.set(position)
        self.metrics.lag.set(float("nan") if is_replica and lag is None else lag or 0)
        return Ready(
            ready=True,
            position=position,
            replica=is_replica,
            lag_seconds=lag,
            writes=self.settings.writes and not is_replica,
            version=release(),
        )

    def _lag(self, connection: Connection) -> tuple[bool, float | None]:
        if self.database.is_sqlite:
            return False, None
        is_replica, lag = connection.exec_driver_sql(_LAG).one()
        return bool(is_replica), float(lag) if is_replica and lag is not None else None

    async def numbers(self, request: Request) -> Response:
        """The metrics, for Prometheus."""
        await run_in_threadpool(self.readiness)
        return Response(self.metrics.text(), headers={"content-type": MEDIA_TYPE, "cache-control": "no-store"})

    async def projections(self, request: Request) -> Response:
        """Every projection with its version and its rows."""
        return _json({"items": await run_in_threadpool(status, self.database)})


def _json(value: Any, code: int = 200) -> Response:
    headers = {"cache-control": "no-store"}
    return Response(msgspec.json.encode(value) + b"\n", code, headers, media_type="application/json")
