"""What is wanted of a place to run: users and a latency goal to serve, or work and a deadline to train.

Where it runs is not said here: infra/placement computes it from these and the catalog.
"""

from collections import Counter
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from infra.catalog.age import MAX_AGE_DAYS
from infra.settings.strict import Region, Strict

Provider = Literal["aws", "gcp"]
Mode = Literal["serverless", "node_pool"]
Capacity = Literal["reserved", "capacity_block", "flex_start", "spot", "on_demand"]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$", examples=["IN", "DE"])]

_SHARE_TOLERANCE = 1e-6
_LARGEST_KIB = 1024**2  # of one request or response: a gibibyte
_LARGEST_GIB = 1024**3  # of a checkpoint or a data set: an exbibyte
_LONGEST_S = 20_000 * 3600  # as the longest deadline
_PER_MACHINE_MOST = 8  # in the largest machines with GPUs that clouds rent out


class PriceSettings(Strict):
    """max_age_days: a plan refuses prices older than this; `slipway prices refresh` renews them."""

    max_age_days: int = Field(default=MAX_AGE_DAYS, ge=1, le=3650)


class UserGroup(Strict):
    """Users of one place. place: a city or area of the latency table. share: of all requests, from a millionth to 1.

    countries: where their requests may be answered, as ISO codes; empty means anywhere (data residency).
    """

    place: str = Field(min_length=2, examples=["city:Mumbai", "geo:US-East"])
    share: float = Field(ge=1e-6, le=1)
    countries: tuple[Country, ...] = ()


class ModelNeeds(Strict):
    """What one replica of the model needs.

    service_ms: mean time that one request keeps a replica busy, by what it was measured on (`cpu` or an accelerator's
    name, as L4; `cpu-arm` for AWS's own processors); a machine with anything else is not a candidate, because its speed
    would be a guess. service_variation: standard deviation of that time over its mean, 0 when all requests are alike;
    the p95 follows from it. concurrency: requests that a replica computes side by side. vcpus and memory_gib: of a
    replica. cold_start_s: from nothing to the first answer. request_kib and response_kib: sizes on the wire.
    """

    service_ms: dict[str, Annotated[float, Field(gt=0, le=600_000)]] = Field(min_length=1)
    service_variation: float = Field(default=0.5, ge=0, le=5)
    concurrency: int = Field(default=1, ge=1, le=1000)
    vcpus: float = Field(default=1, ge=0.25, le=192)
    memory_gib: float = Field(default=2, gt=0, le=4096)
    cold_start_s: float = Field(default=10, ge=0, le=3600)
    request_kib: float = Field(default=2, ge=0, le=_LARGEST_KIB)
    response_kib: float = Field(default=2, ge=0, le=_LARGEST_KIB)


class ServingGoal(Strict):
    """Whom to serve, how fast and how safely; the regions follow from it.

    requests_per_s: in the busiest hour, all users together. mean_to_peak: the month's mean over that peak.
    p95_ms: what a user waits, network included. round_trips: between user and region for one answer: 1 on a connection
    that is kept, 3 on a new one with TLS 1.3. rtt_p95_to_p50: the slow tail of the network over the catalog's medians;
    no source says it, so measure your users'. min_regions: at least so many serve. survive_region_loss: the goal
    still holds for every user when any one region is gone. providers and regions: candidates; no regions means all of
    the catalog. modes: how a region may serve. capacity: of node pools, in order; spot needs on_demand behind it.
    carbon_usd_per_tonne: added to the cost.
    """

    users: tuple[UserGroup, ...] = Field(min_length=1, max_length=1000)
    requests_per_s: float = Field(ge=0.001, le=1e7)
    mean_to_peak: float = Field(default=0.5, gt=0, le=1)
    p95_ms: float = Field(gt=0, le=600_000)
    round_trips: int = Field(default=1, ge=1, le=10)
    rtt_p95_to_p50: float = Field(default=1.3, ge=1, le=10)
    model: ModelNeeds
    min_regions: int = Field(default=1, ge=1, le=8)
    survive_region_loss: bool = False
    providers: tuple[Provider, ...] = Field(default=("aws", "gcp"), min_length=1)
    regions: tuple[Region, ...] = ()
    modes: tuple[Mode, ...] = Field(default=("serverless", "node_pool"), min_length=1)
    capacity: tuple[Capacity, ...] = Field(default=("on_demand",), min_length=1)
    carbon_usd_per_tonne: float = Field(default=0, ge=0, le=10_000)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        total = sum(group.share for group in self.users)
        if abs(total - 1) > _SHARE_TOLERANCE:
            raise ValueError(f"users: the shares add up to {total:g}; they are parts of all requests and must make 1")
        twice = [place for place, count in Counter(group.place for group in self.users).items() if count > 1]
        if twice:
            raise ValueError(f"users: {twice[0]} stands twice; add its shares up")
        if self.survive_region_loss and self.min_regions < 2:
            raise ValueError("min_regions: 1 cannot survive the loss of a region; set it to 2 or more")
        if "spot" in self.capacity and self.capacity[-1] != "on_demand":
            raise ValueError("capacity: spot without on_demand behind it would leave users without replicas")
        return self


class TrainingWork(Strict):
    """One training job to place.

    accelerator and accelerators: what it was measured on, as 8 of H100; hours: of work on that, without checkpoints.
    accelerators_per_machine: how many of them sat in one machine, all of them unless said, at most 8; on smaller
    machines its speed would be a guess. deadline_h: from now. checkpoint_gib, checkpoint_every_s, checkpoint_s: size of
    a checkpoint, time between two, and how long training stands still for one. restart_s: from asking for an instance
    to the first step. data_gib and data_region: what it reads, and where that lies (provider/region).
    """

    accelerator: str = Field(examples=["H100", "A10G"])
    accelerators: int = Field(default=1, ge=1, le=1024)
    accelerators_per_machine: int | None = Field(default=None, ge=1, le=16)
    hours: float = Field(gt=0, le=10_000)
    deadline_h: float = Field(gt=0, le=20_000)
    checkpoint_gib: float = Field(default=1, ge=0, le=_LARGEST_GIB)
    checkpoint_every_s: float = Field(default=600, gt=0, le=_LONGEST_S)
    checkpoint_s: float = Field(default=5, ge=0, le=3600)
    restart_s: float = Field(default=720, ge=0, le=_LONGEST_S)
    data_gib: float = Field(default=0, ge=0, le=_LARGEST_GIB)
    data_region: str = Field(default="", pattern=r"^$|^(aws|gcp)/[a-z]+-[a-z]+-?\d+$")
    providers: tuple[Provider, ...] = Field(default=("aws", "gcp"), min_length=1)
    regions: tuple[Region, ...] = ()
    capacity: tuple[Capacity, ...] = Field(default=("spot", "on_demand"), min_length=1)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.checkpoint_s >= self.checkpoint_every_s:
            raise ValueError(
                f"checkpoint_every_s: {self.checkpoint_every_s:g} leaves no time to train between checkpoints "
                f"of {self.checkpoint_s:g} s"
            )
        if self.deadline_h < self.machine_hours + self.restart_s / 3600:
            raise ValueError(
                f"deadline_h: {self.deadline_h:g} is less than the work of {self.machine_hours:g} h, checkpoints "
                "included, and one start; ask for more accelerators or more time"
            )
        if self.accelerators % self.per_machine:
            raise ValueError(
                f"accelerators: {self.accelerators} do not fill machines of {self.per_machine}; "
                "set accelerators_per_machine to what it was measured on"
            )
        if "spot" in self.capacity and self.capacity[-1] != "on_demand":
            raise ValueError("capacity: spot without on_demand behind it would leave training stuck; add on_demand")
        if self.data_gib and not self.data_region:
            raise ValueError("data_region: is needed with data_gib, or its transfer cannot be priced")
        return self

    @property
    def per_machine(self) -> int:
        """Accelerators that must share one machine."""
        return self.accelerators_per_machine or min(self.accelerators, _PER_MACHINE_MOST)

    @property
    def machine_hours(self) -> float:
        """Hours of work with the time for checkpoints."""
        return self.hours * (1 + self.checkpoint_s / self.checkpoint_every_s)
