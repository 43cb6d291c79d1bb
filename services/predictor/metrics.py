"""What a replica counts, for Prometheus: the autoscaler, the monitor and the page read these names.

Children are resolved once per route and status, so that a request costs a few increments. Per-process figures (memory,
file descriptors) come with the client's own collector where the platform has them.
"""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"
_LATENCY_S = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0)
_BATCH_ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """One replica's counters. release and region label `slipway_release_info`, which is always 1."""

    def __init__(self, *, name: str, version: str, release: str, region: str) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "slipway_requests_total", "Requests answered", ["route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "slipway_request_seconds",
            "From a request's first line to its answer",
            ["route"],
            buckets=_LATENCY_S,
            registry=self._registry,
        )
        self._children: dict[tuple[str, int], tuple[Callable[[], None], Callable[[float], None]]] = {}
        self.in_flight = 0
        in_flight = Gauge("slipway_in_flight", "Requests begun and not answered", registry=self._registry)
        in_flight.set_function(lambda: self.in_flight)
        self._batch_rows = Histogram(
            "slipway_batch_rows", "Rows in each run of the model", buckets=_BATCH_ROWS, registry=self._registry
        )
        self.batch = self._batch_rows.observe
        info = Gauge(
            "slipway_release_info",
            "The release served",
            ["name", "version", "release", "region"],
            registry=self._registry,
        )
        info.labels(name, version, release, region).set(1)

    def watch(self, *, depth: Callable[[], int], ready: Callable[[], bool]) -> None:
        """Read the queue's depth and readiness when scraped."""
        queue = Gauge("slipway_queue_depth", "Rows admitted and not yet answered", registry=self._registry)
        queue.set_function(depth)
        Gauge("slipway_ready", "1 while the replica wants traffic", registry=self._registry).set_function(ready)

    def answered(self, route: str, status: int, seconds: float) -> None:
        key = (route, status)
        if key not in self._children:
            self._children[key] = (
                self._requests.labels(route, str(status)).inc,
                self._seconds.labels(route).observe,
            )
        count, observe = self._children[key]
        count()
        observe(seconds)

    def page(self) -> bytes:
        """The exposition, in Prometheus' text format."""
        return generate_latest(self._registry)
