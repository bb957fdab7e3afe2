"""What the service counts, as Prometheus reads it."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The numbers of one service."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "timeline_requests", "Requests that were answered.", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "timeline_request_seconds", "How long answers took.", ("route",), buckets=SECONDS, registry=self.registry
        )
        self.open = Gauge("timeline_requests_open", "Requests that are being answered.", registry=self.registry)
        self.listening = Gauge("timeline_stream_listeners", "Who listens to the stream.", registry=self.registry)
        self.position = Gauge("timeline_log_position", "The position of the last event.", registry=self.registry)
        self.lag = Gauge(
            "timeline_replica_lag_seconds",
            "By how much a replica is behind at most; NaN where nobody knows.",
            registry=self.registry,
        )
        self.follows = Gauge(
            "timeline_replica_follows",
            "0 of a replica that hears nothing from the server that it follows, otherwise 1.",
            registry=self.registry,
        )
        self.delivered = Counter(
            "timeline_webhook_delivered", "Messages that receivers accepted.", registry=self.registry
        )
        self.failed = Counter("timeline_webhook_failed", "Attempts to send that failed.", registry=self.registry)
        self.dead = Counter("timeline_webhook_dead", "Messages that were given up.", registry=self.registry)
        self.webhook_lag = Gauge(
            "timeline_webhook_lag", "By how many events the last webhook is behind the log.", registry=self.registry
        )
        self._counts: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request; unknown methods and paths are not told apart, or anybody could make up any number."""
        key = method if method in _METHODS else "other", route or "none", status
        if key not in self._counts:
            self._counts[key] = (
                self.requests.labels(key[0], key[1], str(status)),
                self.seconds.labels(key[1]),
            )
        counter, histogram = self._counts[key]
        counter.inc()
        histogram.observe(seconds)

    def text(self) -> bytes:
        """All of them, as they stand."""
        return generate_latest(self.registry)


_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")
