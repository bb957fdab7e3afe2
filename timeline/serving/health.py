"""`/-/health`, `/-/ready`, `/-/metrics` and `/-/projections`: for those who keep the service running."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from projections.all import PROJECTIONS
from timeline.errors import StoreError
from timeline.release import release
from timeline.serving.metrics import MEDIA_TYPE, Metrics
from timeline.serving.settings import Settings
from timeline.state.status import status
from timeline.store import log
from timeline.store.database import Database
from timeline.versions import stored_versions

logger = logging.getLogger("timeline.serving")

# Without the right to read statistics only the pid of the receiver is shown, so what else it says may be NULL.
_REPLICA = """
    SELECT pg_is_in_recovery(),
           EXISTS (SELECT FROM pg_stat_wal_receiver WHERE coalesce(status, 'streaming') = 'streaming'),
           coalesce(pg_last_wal_replay_lsn() >= greatest(
               pg_last_wal_receive_lsn(), (SELECT latest_end_lsn FROM pg_stat_wal_receiver)), false),
           extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())"""
_DEAF = "it hears nothing from the server that it follows: nobody knows how far it is behind"


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the service can answer."""

    ready: bool
    position: int | None = None
    """Where the log ends."""
    replica: bool = False
    """Whether the database is one that follows another."""
    follows: bool | None = None
    """Of a replica: whether it hears from the server that it follows."""
    lag_seconds: float | None = None
    """Of a replica: by how much it is behind at most; 0 when it shows all that it was sent, None when nobody knows."""
    writes: bool = False
    """Whether events can be recorded over HTTP."""
    version: str = ""
    problem: str = ""
    """Why it is not ready, or what is wrong with a replica that is."""


class _Replica(NamedTuple):
    """How a database follows another."""

    follows: bool
    lag: float | None


class Health:
    """How a service is."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database, self.settings = database, settings
        self.metrics = Metrics()
        self.is_ending = False
        self._was_level = -float("inf")
        """When a replica was last seen to show all that it was sent, by the clock of `time.monotonic`."""

    def routes(self) -> Iterator[BaseRoute]:
        """What can be asked of it."""
        yield Route("/-/health", self.health)
        yield Route("/-/ready", self.ready)
        yield Route("/-/metrics", self.numbers)
        yield Route("/-/projections", self.projections)

    async def health(self, request: Request) -> Response:
        """The process lives and answers; the ledger is not asked, or a database at rest would end the service."""
        return as_json({"alive": True, "version": release()})

    async def ready(self, request: Request) -> Response:
        """The ledger can be read, and is of this version: requests may be sent here."""
        found = await run_in_threadpool(self.readiness)
        return as_json(found, 200 if found.ready else 503)

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
                replica = self._replica(connection)
        except StoreError as problem:
            logger.warning("not ready: %s", problem)
            return Ready(ready=False, version=release(), problem=problem.told)
        self.metrics.position.set(position)
        lag = replica.lag if replica else 0
        self.metrics.lag.set(float("nan") if lag is None else lag)
        self.metrics.follows.set(replica is None or replica.follows)
        return Ready(
            ready=True,
            position=position,
            replica=replica is not None,
            follows=replica.follows if replica else None,
            lag_seconds=replica.lag if replica else None,
            writes=self.settings.writes and replica is None,
            version=release(),
            problem=_DEAF if replica and not replica.follows else "",
        )

    def _replica(self, connection: Connection) -> _Replica | None:
        """How the database follows another; None where it follows none.

        Behind by how much it is not told, only since when it may be: since it was last seen to be level, or since the
        last commit that it shows. A log at rest makes no lag, and one that was lost is not level for having ended.
        """
        if self.database.is_sqlite:
            return None
        is_replica, follows, is_level, since_commit = connection.exec_driver_sql(_REPLICA).one()
        if not is_replica:
            return None
        if not follows:
            return _Replica(follows=False, lag=None)
        now = time.monotonic()
        if is_level:
            self._was_level = now
            return _Replica(follows=True, lag=0.0)
        lag = min(now - self._was_level, float("inf") if since_commit is None else max(0.0, float(since_commit)))
        return _Replica(follows=True, lag=None if lag == float("inf") else lag)

    async def numbers(self, request: Request) -> Response:
        """The metrics, for Prometheus."""
        await run_in_threadpool(self.readiness)
        return Response(self.metrics.text(), headers={"content-type": MEDIA_TYPE, "cache-control": "no-store"})

    async def projections(self, request: Request) -> Response:
        """Every projection with its version and its rows."""
        return as_json({"items": await run_in_threadpool(status, self.database)})


def as_json(value: Any, code: int = 200) -> Response:
    """A response that is true now, and is kept by nobody."""
    headers = {"cache-control": "no-store"}
    return Response(msgspec.json.encode(value) + b"\n", code, headers, media_type="application/json")
