"""The one strict model of a stack's configuration, `stacks/Pulumi.<stack>.yaml`.

A stack file holds only what differs; every default here is safe. What would make bad infrastructure is refused with
the key path and the reason, before the engine starts. Reading the file or the engine's copy of it is the only effect.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from slipway.errors import SettingsError
from training.config import TrainSettings

NAMESPACE = "slipway"

Port = Annotated[int, Field(ge=1024, le=65535)]
Region = Annotated[str, Field(pattern=r"^[a-z]+-[a-z]+-?\d+$", examples=["us-east-1", "asia-south1"])]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Replicas(_Strict):
    """How many copies a region may run; the autoscaler moves between min and max."""

    min: int = Field(default=1, ge=1, le=100)
    max: int = Field(default=1, ge=1, le=100)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}; a region could never be in bounds")
        return self


class PredictorSettings(_Strict):
    """The model server, per region.

    max_batch: rows computed in one run. queue_limit: requests that may wait in one replica before it answers 503.
    deadline_ms: a request older than this is answered 504 without being computed.
    """

    replicas: Replicas = Replicas(min=2, max=3)
    memory_gib: float = Field(default=1.0, gt=0.25, le=64)
    max_batch: int = Field(default=64, ge=1, le=4096)
    queue_limit: int = Field(default=1024, ge=1, le=100_000)
    deadline_ms: int = Field(default=2_000, ge=10, le=60_000)


class WorkerSettings(_Strict):
    """What takes tasks off the queue. batch: tasks claimed at once. visibility_s: how long a silent worker has them."""

    replicas: Replicas = Replicas(min=1, max=2)
    memory_gib: float = Field(default=1.0, gt=0.25, le=64)
    batch: int = Field(default=64, ge=1, le=1024)
    visibility_s: float = Field(default=10.0, ge=1, le=43_200)


class QueueSettings(_Strict):
    """The task queue. port: where Valkey listens, on loopback."""

    port: Port = 6390
    memory_gib: float = Field(default=0.5, gt=0, le=64)


class EdgeSettings(_Strict):
    """What callers meet. port: on loopback.

    timeout_s: the longest a request may take, retries on other replicas included.
    retries: how many other replicas are tried when one refuses, resets or answers 503.
    """

    port: Port = 8080
    timeout_s: float = Field(default=15.0, gt=0, le=300)
    retries: int = Field(default=3, ge=0, le=10)


class TrackingSettings(_Strict):
    """MLflow. Runs are written straight to its database; the server is only for looking, and costs 550 MB."""

    server: bool = False
    port: Port = 5010


class Settings(_Strict):
    """A whole stack. `regions` are in order of preference: the first is where users go unless they say otherwise."""

    target: Literal["local"]
    regions: tuple[Region, ...] = Field(min_length=1, max_length=8)
    training: TrainSettings = TrainSettings()
    predictor: PredictorSettings = PredictorSettings()
    worker: WorkerSettings = WorkerSettings()
    queue: QueueSettings = QueueSettings()
    edge: EdgeSettings = EdgeSettings()
    tracking: TrackingSettings = TrackingSettings()

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if len(set(self.regions)) < len(self.regions):
            raise ValueError("regions: each region may stand once; its replicas are set by predictor.replicas")
        ports = {"edge.port": self.edge.port, "queue.port": self.queue.port, "tracking.port": self.tracking.port}
        if len(set(ports.values())) < len(ports):
            raise ValueError(f"{', '.join(ports)}: two of them are the same port ({ports})")
        return self

    @classmethod
    def parse(cls, config: Mapping[str, Any]) -> Self:
        """Settings from a stack's `config` mapping, keys with their namespace.

        Raises SettingsError that names every wrong key by its path.
        """
        foreign = [key for key in config if key.split(":", 1)[0] not in (NAMESPACE, "pulumi")]
        if foreign:
            raise SettingsError(
                f"{foreign[0]}: Slipway reads only {NAMESPACE}:*; its providers are explicit",
                hint=f"move what you need under {NAMESPACE}: or remove the key",
            )
        mine = {key.split(":", 1)[1]: value for key, value in config.items() if key.startswith(f"{NAMESPACE}:")}
        try:
            return cls.model_validate(mine)
        except ValidationError as error:
            raise SettingsError(
                _explain(error), hint="docs/reference/settings.md lists every key with its bounds"
            ) from None

    @classmethod
    def read(cls, file: Path) -> Self:
        """Settings of a stack file. Raises SettingsError when it is absent, no YAML or wrong."""
        try:
            document = yaml.safe_load(file.read_text())
        except FileNotFoundError:
            raise SettingsError(
                f"there is no stack file {file}", hint="a stack is a file stacks/Pulumi.<stack>.yaml"
            ) from None
        except yaml.YAMLError as error:
            raise SettingsError(f"{file} is not YAML: {error}") from None
        config = document.get("config") if isinstance(document, dict) else None
        if not isinstance(config, dict):
            raise SettingsError(f"{file} has no `config:` mapping", hint="see stacks/Pulumi.local.yaml")
        return cls.parse(config)

    @classmethod
    def load(cls) -> Self:
        """Settings of the stack that the engine runs this program for; it hands them over as JSON in PULUMI_CONFIG."""
        return cls.parse({key: _structured(value) for key, value in json.loads(os.environ["PULUMI_CONFIG"]).items()})


def _structured(value: str) -> Any:
    """The engine passes objects and lists as JSON text, and plain values as they are."""
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value


def _explain(error: ValidationError) -> str:
    return "\n".join(f"{_path(problem['loc'])}: {_reason(problem)}" for problem in error.errors())


def _path(location: tuple[int | str, ...]) -> str:
    if not location:
        return NAMESPACE
    first, *rest = location
    return f"{NAMESPACE}:{first}" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in rest)


def _reason(problem: Any) -> str:
    if problem["type"] == "extra_forbidden":
        return "unknown key"
    if problem["type"] == "missing":
        return "is required"
    given = "" if isinstance(problem["input"], dict) else f" (got {problem['input']!r})"
    return problem["msg"].removeprefix("Value error, ") + given
