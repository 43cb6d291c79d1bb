"""What runs on the platform: replicas, the task queue, the edge, tracking."""

from typing import Self

from pydantic import Field, model_validator

from infra.settings.strict import Port, Strict


class Replicas(Strict):
    """How many copies a region may run; the autoscaler moves between min and max."""

    min: int = Field(default=1, ge=1, le=100)
    max: int = Field(default=1, ge=1, le=100)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}; a region could never be in bounds")
        return self


class PredictorSettings(Strict):
    """The model server, per region.

    max_batch: rows computed in one run. queue_limit: requests that may wait in one replica before it answers 503.
    deadline_ms: a request older than this is answered 504 without being computed.
    """

    replicas: Replicas = Replicas(min=2, max=3)
    memory_gib: float = Field(default=1.0, gt=0.25, le=64)
    max_batch: int = Field(default=64, ge=1, le=4096)
    queue_limit: int = Field(default=1024, ge=1, le=100_000)
    deadline_ms: int = Field(default=2_000, ge=10, le=60_000)


class WorkerSettings(Strict):
    """What takes tasks off the queue. batch: tasks claimed at once. visibility_s: how long a silent worker has them."""

    replicas: Replicas = Replicas(min=1, max=2)
    memory_gib: float = Field(default=1.0, gt=0.25, le=64)
    batch: int = Field(default=64, ge=1, le=1024)
    visibility_s: float = Field(default=10.0, ge=1, le=43_200)


class QueueSettings(Strict):
    """The task queue. port: where Valkey listens, on loopback."""

    port: Port = 6390
    memory_gib: float = Field(default=0.5, gt=0, le=64)


class EdgeSettings(Strict):
    """What callers meet. port: on loopback.

    timeout_s: the longest a request may take, retries on other replicas included.
    retries: how many other replicas are tried when one refuses, resets or answers 503.
    """

    port: Port = 8080
    timeout_s: float = Field(default=15.0, gt=0, le=300)
    retries: int = Field(default=3, ge=0, le=10)


class TrackingSettings(Strict):
    """MLflow. Runs are written straight to its database; the server is only for looking, and costs 550 MB."""

    server: bool = False
    port: Port = 5010
