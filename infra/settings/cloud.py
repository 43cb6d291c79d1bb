"""What a cloud stack may decide: network, cluster, stores, serverless, the edge's name, who owns and may deploy it.

The same sections serve every cloud. Node pools are in gpu_pools.py; what combinations are refused is in rules.py.
"""

from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from infra.settings.strict import Machine, Region, Strict

Environment = Literal["dev", "staging", "prod"]
Image = Annotated[str, Field(pattern=r"^[^@\s]+@sha256:[0-9a-f]{64}$")]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]


def _a_range(cidr: str) -> str:
    IPv4Network(cidr)  # says itself what is wrong
    return cidr


Cidr = Annotated[str, Field(pattern=r"^\d+(\.\d+){3}/\d+$", examples=["10.20.0.0/16"]), AfterValidator(_a_range)]

ZoneId = Annotated[str, Field(pattern=r"^[a-z0-9]+-(az|[a-z]+\d-)?[a-z0-9]+$", examples=["use1-az1"])]
AccountId = Annotated[
    str, Field(pattern=r"^(\d{12}|[a-z][a-z0-9-]{4,28}[a-z0-9])$", examples=["123456789012", "example-models"])
]
ReleaseChannel = Literal["rapid", "regular", "stable", "extended"]

_RANGE_PREFIX_MAX = 20
"""A /20 leaves each of 3 zones a /22 for nodes, 1,019 addresses, each of 4 a /23: pods take one each on EKS."""

_SYSTEM_GROWS = 3
"""How many times its usual number of nodes the system's pool may have."""

SOFT_DELETE_DAYS_MIN = 7
"""From Cloud Storage's documentation on soft delete."""

LOG_DAYS = (7, 14, 30, 60, 90, 180, 365, 731, 1827)
"""Retentions that CloudWatch Logs accepts, from its API description; Cloud Logging takes any of them."""


def _kept_everywhere(days: int) -> int:
    if days not in LOG_DAYS:
        raise ValueError(f"{days} days is no retention that every cloud takes; one of {', '.join(map(str, LOG_DAYS))}")
    return days


LogDays = Annotated[int, AfterValidator(_kept_everywhere)]


class Ownership(Strict):
    """Who owns a stack; every resource that can carry labels carries these. cost_center: where its cost is booked."""

    owner: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{1,62}$", examples=["ml-platform"])
    cost_center: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{1,62}$", examples=["research"])


class NetworkSettings(Strict):
    """A private range per region. ranges: by region; without one, regions get 10.<20 + position>.0.0/16.

    zones: availability zones used. zone_ids: which, by region, on AWS for good once the region is up; without it they
    are chosen from the catalog, those that offer the pools' machines first. nat: one gateway for a region (cheap) or
    one per zone (survives a zone's loss); the private endpoints of AWS' services follow it. Google's NAT is in every
    zone as it is. flow_log_days: how long flow logs are kept.
    """

    ranges: dict[str, Cidr] = Field(default_factory=dict)
    zones: int = Field(default=3, ge=2, le=4)
    zone_ids: dict[str, tuple[ZoneId, ...]] = Field(default_factory=dict)
    nat: Literal["one", "per_zone"] = "one"
    flow_log_days: LogDays = 30

    @field_validator("ranges")
    @classmethod
    def _private(cls, ranges: dict[str, str]) -> dict[str, str]:
        for region, cidr in ranges.items():
            network = IPv4Network(cidr)
            if not network.is_private or network.prefixlen > _RANGE_PREFIX_MAX:
                raise ValueError(f"{region}: {cidr} must be a private range of at least /{_RANGE_PREFIX_MAX}")
        return ranges

    def within(self, regions: Collection[str]) -> Self:
        """The same without what it says of other regions."""
        own = {name: getattr(self, name) for name in ("ranges", "zone_ids")}
        return self.model_copy(
            update={name: {at: said[at] for at in said if at in regions} for name, said in own.items()}
        )

    def range_of(self, region: str, position: int) -> IPv4Network:
        """The range of the region that stands at `position` in the order of preference."""
        return IPv4Network(self.ranges.get(region, f"10.{20 + position}.0.0/16"))


class ClusterSettings(Strict):
    """Kubernetes. version: minor version in standard support on EKS; the policy pack knows when each ends.

    release_channel: what GKE takes its versions from instead. binary_authorization: GKE runs only images that the
    project's policy admits. public_access_from: ranges that may reach the API server from outside; empty keeps its
    endpoint private. system_machines: small nodes without an accelerator for what the cluster itself runs, all with the
    same processor, empty for the cloud's usual; system_nodes: how many.
    """

    version: str = Field(default="1.35", pattern=r"^1\.\d\d$")
    public_access_from: tuple[Cidr, ...] = ()
    release_channel: ReleaseChannel = "regular"
    binary_authorization: bool = False
    system_machines: tuple[Machine, ...] = Field(default=(), max_length=10)
    system_nodes: int = Field(default=2, ge=1, le=20)
    log_days: LogDays = 90

    @property
    def system_nodes_max(self) -> int:
        """How many nodes the system's pool may grow to."""
        return self.system_nodes * _SYSTEM_GROWS

    @field_validator("public_access_from")
    @classmethod
    def _not_everyone(cls, ranges: tuple[str, ...]) -> tuple[str, ...]:
        if "0.0.0.0/0" in ranges:
            raise ValueError("0.0.0.0/0 would open the API server to everyone; name your office's or VPN's range")
        return ranges


class StorageSettings(Strict):
    """The object store. checkpoint_days: after which checkpoints go; releases stay. noncurrent_days: old versions.

    Google's own: dual_region: two regions of one continent that hold every object, instead of the stack's first alone;
    soft_delete_days: what was deleted can be brought back for as long, 0 for not at all.
    """

    checkpoint_days: int = Field(default=30, ge=1, le=3650)
    noncurrent_days: int = Field(default=30, ge=1, le=3650)
    dual_region: tuple[Region, Region] | None = None
    soft_delete_days: int = Field(default=7, ge=0, le=90)

    @field_validator("soft_delete_days")
    @classmethod
    def _a_week_or_nothing(cls, days: int) -> int:
        if 0 < days < SOFT_DELETE_DAYS_MIN:
            raise ValueError(
                f"{days} is below the {SOFT_DELETE_DAYS_MIN} days that Cloud Storage takes; 0 turns it off"
            )
        return days


class RegistrySettings(Strict):
    """The image registry. keep: untagged images kept for a rollback."""

    keep: int = Field(default=20, ge=1, le=1000)


class ServerlessSettings(Strict):
    """The predictor as a serverless function or service, per region.

    provisioned: instances kept warm; its autoscaling moves up to max_instances. timeout_s: of one request.
    image_gib: size of the predictor's image, for limits that differ by cloud.
    Google's own: concurrency: requests that one instance holds at once. cpus: of an instance. accelerator: as
    nvidia-l4, only where it is offered. zonal_redundancy: its capacity is kept in a second zone too, for a price.
    """

    architecture: Literal["x86_64", "arm64"] = "x86_64"
    memory_mib: int = Field(default=2048, ge=512, le=32_768)
    timeout_s: int = Field(default=30, ge=1, le=900)
    provisioned: int = Field(default=0, ge=0, le=1000)
    max_instances: int = Field(default=50, ge=1, le=1000)
    image_gib: float = Field(default=1.0, gt=0, le=100)
    concurrency: int = Field(default=80, ge=1, le=1000)
    cpus: int = Field(default=2, ge=1, le=8)
    accelerator: str = ""
    zonal_redundancy: bool = True

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.provisioned > self.max_instances:
            raise ValueError(f"provisioned {self.provisioned} is above max_instances {self.max_instances}")
        return self


class VertexSettings(Strict):
    """Managed training on Google. tensorboard: one for the stack's jobs.

    persistent: a machine type that Vertex AI keeps ready between jobs, paid for while it waits; empty for none.
    """

    tensorboard: bool = True
    persistent: Machine | Literal[""] = ""


class Images(Strict):
    """Container images by digest; a tag can be moved, a digest cannot."""

    predictor: Image
    worker: Image
    trainer: Image


class DomainSettings(Strict):
    """The name that users call. Without a domain the cloud's own name is used.

    zone: the hosted zone that holds it, and zone_id: what the cloud calls that zone, so that a preview need not ask.
    """

    name: str = Field(pattern=r"^([a-z0-9-]+\.)+[a-z]{2,}$", examples=["api.example.com"])
    zone: str = Field(pattern=r"^([a-z0-9-]+\.)+[a-z]{2,}$", examples=["example.com"])
    zone_id: str = Field(pattern=r"^[A-Za-z0-9-]{4,64}$", examples=["Z08123456ABCDEFGHIJK"])

    @model_validator(mode="after")
    def _inside(self) -> Self:
        if self.name != self.zone and not self.name.endswith(f".{self.zone}"):
            raise ValueError(f"name {self.name} does not lie in zone {self.zone}")
        return self


class ThrottleSettings(Strict):
    """What one stack's edge lets through. per_address: requests in five minutes from one address, beyond it 429."""

    requests_per_s: int = Field(default=500, ge=1, le=100_000)
    burst: int = Field(default=1000, ge=1, le=100_000)
    per_address: int = Field(default=2000, ge=100, le=2_000_000)


class IdentitySettings(Strict):
    """Who may deploy, and where to. repository: owner/name on GitHub, whose jobs in this environment take the role.

    account: the only account of AWS, or project of Google by its id, that this stack may touch; a preview with the
    credentials of another fails. project_number: of that project, which the names of Google's own identities hold.
    trusts_github: that account has GitHub as an identity provider already, from another stack, as it may only once.
    """

    repository: str = Field(pattern=r"^[\w.-]+/[\w.-]+$", examples=["example/slipway-models"])
    account: AccountId
    project_number: str = Field(default="", pattern=r"^\d{0,20}$", examples=["123456789012"])
    trusts_github: bool = False


class BudgetSettings(Strict):
    """usd_per_month: alerts go out at 80 % spent, at 100 % spent and when the forecast passes it.

    billing_account: on Google, that which pays for the project and holds its budget. anomaly_monitor: on AWS, the ARN
    of the monitor of services that the account has already, as it may only once; empty makes it.
    """

    usd_per_month: float = Field(gt=0, le=1e8)
    alert: Email
    billing_account: str = Field(
        default="", pattern=r"^$|^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", examples=["01AB23-45CD67-89EF01"]
    )
    anomaly_monitor: str = Field(
        default="",
        pattern=r"^$|^arn:aws:ce::\d{12}:anomalymonitor/[0-9a-f-]+$",
        examples=["arn:aws:ce::123456789012:anomalymonitor/0b0c0d0e-0000-4000-8000-000000000000"],
    )


class ObservabilitySettings(Strict):
    """log_days: kept logs. p95_ms and error_share: where alarms go off.

    job_logs: whether the stack makes the log group that SageMaker writes to, of which an account has one per region;
    false where a job of somebody's has made it already, and its retention is then the account's. A stack that made it
    deletes it, others' logs included, when this goes to false, its region is left out, or the stack is destroyed.
    """

    log_days: LogDays = 90
    job_logs: bool = True
    p95_ms: float = Field(default=500, gt=0)
    error_share: float = Field(default=0.01, gt=0, le=1)


@dataclass(frozen=True, kw_only=True)
class CloudSections:
    """The sections that every cloud stack says, and a local one never."""

    environment: Environment
    ownership: Ownership
    identity: IdentitySettings
    budget: BudgetSettings
    images: Images
