"""What a worker counts, for Prometheus; the totals of all workers together are kept by the queue itself."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from slipway.release import Release

_ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096)
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """One worker's counters.

    Outcomes: done, duplicate (another worker was first), failed (to be retried), dead, lost (another worker has it).
    """

    def __init__(self, release: Release) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._tasks = Counter("slipway_tasks_total", "Attempts at tasks", ["outcome"], registry=self._registry)
        rows = Histogram("slipway_batch_rows", "Rows in each run of the model", buckets=_ROWS, registry=self._registry)
        seconds = Histogram(
            "slipway_task_batch_seconds",
            "From a batch's claim to its last answer",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.rows, self.batch_seconds = rows.observe, seconds.observe
        info = Gauge(
            "slipway_release_info", "The release in use", ["name", "version", "release"], registry=self._registry
        )
        info.labels(release.name, release.version, release.short).set(1)

    def watch(self, *, held: Callable[[], int], ready: Callable[[], bool]) -> None:
        """Read what the worker has in hand, and whether it can work, when scraped."""
        Gauge("slipway_tasks_held", "Tasks in hand", registry=self._registry).set_function(held)
        Gauge("slipway_ready", "1 while the queue answers", registry=self._registry).set_function(ready)

    def task(self, outcome: str) -> None:
        self._tasks.labels(outcome).inc()

    def page(self) -> bytes:
        """The exposition, in Prometheus' text format."""
        return generate_latest(self._registry)
