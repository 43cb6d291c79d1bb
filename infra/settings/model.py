"""The one strict model of a stack's configuration, `stacks/Pulumi.<stack>.yaml`.

A stack file holds only what differs; every default here is safe. What would make bad infrastructure is refused with
the key path and the reason, before the engine starts. Reading the file or the engine's copy of it is the only effect.
"""

import json
import os
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Self, cast

import yaml
from pydantic import Field, ValidationError, model_validator

from infra.settings.cloud import (
    BudgetSettings,
    CloudSections,
    ClusterSettings,
    DomainSettings,
    Environment,
    IdentitySettings,
    Images,
    NetworkSettings,
    ObservabilitySettings,
    Ownership,
    RegistrySettings,
    ServerlessSettings,
    StorageSettings,
    ThrottleSettings,
    VertexSettings,
)
from infra.settings.explain import EVERY_KEY, NAMESPACE, SECRETS, explain
from infra.settings.gpu_pools import Gone, PoolSettings
from infra.settings.kubernetes import KubernetesSettings
from infra.settings.multi import CloudName, CloudPart
from infra.settings.placement import PriceSettings, ServingGoal, TrainingWork
from infra.settings.rules import problems
from infra.settings.services import (
    EdgeSettings,
    PredictorSettings,
    QueueSettings,
    TrackingSettings,
    WorkerSettings,
)
from infra.settings.strict import Region, Secret, Strict
from slipway.errors import SettingsError
from training.config import TrainSettings

_WITHOUT_REGIONS = ("multi", "kubernetes")
_NOT_OF: dict[CloudName, frozenset[str]] = {"aws": frozenset(), "gcp": frozenset({"origin_token"})}
"""What a stack of two clouds says to one of them alone; the other would refuse it in a stack of its own."""


class Settings(Strict):
    """A whole stack.

    regions: fixed by hand, in order of preference; the first is where users go unless they say otherwise. serving: whom
    to serve and how fast, and the regions follow. One of the two is needed. work: a training job to place and price,
    on a cluster that is there to keep to a deadline.
    environment, ownership, identity, budget, images: required on a cloud. deletion_protection: stores and clusters
    that hold what cannot be made again are not deleted with the stack. gone: capacity that cannot be had now, so that
    the plan falls back. origin_token: a secret that the edge shows to the regions; the cloud makes one when absent.
    clouds: on multi, each cloud's own sections. kubernetes: the cluster that the target of that name applies to.
    """

    target: Literal["local", "aws", "gcp", "multi", "kubernetes"]
    environment: Environment | None = None
    ownership: Ownership | None = None
    deletion_protection: bool = True
    regions: tuple[Region, ...] = Field(default=(), max_length=8)
    serving: ServingGoal | None = None
    work: TrainingWork | None = None
    prices: PriceSettings = PriceSettings()
    training: TrainSettings = TrainSettings()
    predictor: PredictorSettings = PredictorSettings()
    worker: WorkerSettings = WorkerSettings()
    queue: QueueSettings = QueueSettings()
    edge: EdgeSettings = EdgeSettings()
    tracking: TrackingSettings = TrackingSettings()
    network: NetworkSettings = NetworkSettings()
    cluster: ClusterSettings = ClusterSettings()
    gpu_pools: tuple[PoolSettings, ...] = Field(default=(), max_length=16)
    gone: tuple[Gone, ...] = Field(default=(), max_length=64)
    storage: StorageSettings = StorageSettings()
    registry: RegistrySettings = RegistrySettings()
    serverless: ServerlessSettings = ServerlessSettings()
    images: Images | None = None
    domain: DomainSettings | None = None
    throttle: ThrottleSettings = ThrottleSettings()
    origin_token: Secret | None = None
    identity: IdentitySettings | None = None
    budget: BudgetSettings | None = None
    observability: ObservabilitySettings = ObservabilitySettings()
    vertex: VertexSettings = VertexSettings()
    clouds: dict[CloudName, CloudPart] = Field(default_factory=dict[CloudName, CloudPart])
    kubernetes: KubernetesSettings | None = None

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if self.target in _WITHOUT_REGIONS:
            return self
        if bool(self.regions) == (self.serving is not None):
            raise ValueError("regions: give regions, or serving from which they are chosen; one of the two")
        return self

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if len(set(self.regions)) < len(self.regions):
            raise ValueError("regions: each region may stand once; its replicas are set by predictor.replicas")
        ports = {"edge.port": self.edge.port, "queue.port": self.queue.port, "tracking.port": self.tracking.port}
        if len(set(ports.values())) < len(ports):
            raise ValueError(f"{', '.join(ports)}: two of them are the same port ({ports})")
        return self

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if found := list(problems(self)):
            raise ValueError("\n".join(found))
        for name in self.clouds:
            self.part(name)
        return self

    @property
    def cloud(self) -> CloudSections:
        """What a cloud stack always says. Raises SettingsError on the local target, which says none of it."""
        said = {name: getattr(self, name) for name in CloudSections.__dataclass_fields__}
        if None in said.values():
            raise SettingsError(f"slipway:target: {self.target} is no cloud")
        return CloudSections(**said)

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
        return cls._checked(
            {key.split(":", 1)[1]: value for key, value in config.items() if key.startswith(f"{NAMESPACE}:")}
        )

    def but(self, changes: Mapping[str, Any]) -> Self:
        """The same with some sections replaced, checked again as a whole. Raises SettingsError."""
        return self._checked(dict(self) | dict(changes))

    def part(self, cloud: CloudName) -> Self:
        """One cloud's part of a stack of two, as the stack of that cloud alone. Raises SettingsError."""
        shared = {name: getattr(self, name) for name in self.model_fields_set - {"clouds", "target"} - _NOT_OF[cloud]}
        own = self._own(cloud)
        if "network" in shared and "network" not in own:
            shared["network"] = self.network.within(self.clouds[cloud].regions)
        with self.speaking_of(cloud):
            return self._checked(shared | own | {"target": cloud})

    @contextmanager
    def speaking_of(self, cloud: CloudName) -> Generator[None]:
        """Errors about one cloud's part name the keys of this stack: what that part says stands under `clouds`."""
        own = re.compile(rf"\b{NAMESPACE}:(?=({'|'.join(self._own(cloud))})\b)")
        try:
            yield
        except SettingsError as error:
            message, hint = (own.sub(f"{NAMESPACE}:clouds.{cloud}.", text) for text in (error.message, error.hint))
            raise SettingsError(message, hint=hint) from None

    def _own(self, cloud: CloudName) -> dict[str, Any]:
        """The sections that one cloud's part says itself."""
        return {name: value for name, value in self.clouds[cloud] if value is not None and name != "weight"}

    @classmethod
    def _checked(cls, sections: Mapping[str, Any]) -> Self:
        try:
            return cls.model_validate(sections)
        except ValidationError as error:
            raise SettingsError(explain(error), hint=EVERY_KEY) from None

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
        config: object = cast(dict[str, Any], document).get("config") if isinstance(document, dict) else None
        if not isinstance(config, dict):
            raise SettingsError(f"{file} has no `config:` mapping", hint="see stacks/Pulumi.local.yaml")
        return cls.parse(cast(dict[str, Any], config))

    @classmethod
    def load(cls) -> Self:
        """Settings of the stack that the engine runs this program for; it hands them over as JSON in PULUMI_CONFIG.

        Raises SettingsError also for a secret where none is kept: it would stand in the state in clear.
        """
        sealed = json.loads(os.environ.get("PULUMI_CONFIG_SECRET_KEYS") or "[]")
        for key in sealed:
            if key.split(":", 1)[-1] not in SECRETS:
                raise SettingsError(
                    f"{key}: is no secret to Slipway and would stand in the stack's state in clear",
                    hint=f"set it without --secret; secrets are {', '.join(sorted(SECRETS))}",
                )
        config: dict[str, str] = json.loads(os.environ["PULUMI_CONFIG"])
        return cls.parse({key: value if key in sealed else _structured(value) for key, value in config.items()})


def _structured(value: str) -> Any:
    """The engine passes objects and lists as JSON text, and plain values as they are."""
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value
