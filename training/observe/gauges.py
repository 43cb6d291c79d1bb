"""The figures of one worker for Prometheus, as text over HTTP; each worker has its own port."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, start_http_server

from training.observe.figures import Figures

NAMES = {
    "slipway_training_step": "Steps taken since the run began",
    "slipway_training_workers": "Workers that share a step",
    "slipway_training_loss": "Mean loss of the last steps",
    "slipway_training_gradient_norm": "Norm of the last reported step's gradient, over all workers",
    "slipway_training_rows_per_second": "Rows that all workers together take",
    "slipway_training_tokens_per_second": "Tokens that all workers together take; 0 where rows have none",
    "slipway_training_mfu_ratio": "Model flops utilization, 0 to 1; absent where the task or the device is not known",
    "slipway_training_device_memory_bytes": "Most memory that the device has held",
    "slipway_training_data_wait_ratio": "Share of the time that steps waited for their rows",
    "slipway_training_checkpoint_stall_ratio": "Share of the time that training stood still for checkpoints",
}
"""What each worker offers, besides the seconds of each phase."""

PHASE_SECONDS = "slipway_training_phase_seconds_total"


class Gauges:
    """Set on one worker, read by whoever asks its port."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._gauges: dict[str, Gauge] = {}
        self._phases = Counter(PHASE_SECONDS, "Time spent, by what the worker did", ["phase"], registry=self.registry)

    def show(self, seen: Figures) -> None:
        """mfu is offered from its first figure on."""
        values = {
            "step": seen.step,
            "workers": seen.workers,
            "loss": seen.loss,
            "gradient_norm": seen.gradient_norm,
            "rows_per_second": seen.rows_per_s,
            "tokens_per_second": seen.tokens_per_s,
            "mfu_ratio": seen.mfu,
            "device_memory_bytes": seen.memory_bytes,
            "data_wait_ratio": seen.waited,
            "checkpoint_stall_ratio": seen.stalled,
        }
        for short, value in values.items():
            name = f"slipway_training_{short}"
            if value is not None:
                if name not in self._gauges:
                    self._gauges[name] = Gauge(name, NAMES[name], registry=self.registry)
                self._gauges[name].set(value)
        for phase, seconds in seen.by_phase.items():
            self._phases.labels(phase).inc(seconds)


@contextmanager
def served(gauges: Gauges, *, address: str, port: int) -> Iterator[str]:
    """Answer Prometheus for as long as the block runs; gives what went wrong, which ends no run: a taken port, say."""
    try:
        server, thread = start_http_server(port, addr=address, registry=gauges.registry)
    except OSError as error:
        yield f"no metrics at {address}:{port}: {error.strerror}"
        return
    try:
        yield ""
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
