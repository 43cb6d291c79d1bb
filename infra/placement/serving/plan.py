"""What `choose` answers: the plan, and every figure that a table, a page or a program needs of it.

Plain frozen values; nothing here computes. Money is USD a month unless a name says otherwise, latency is milliseconds.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

Mode = Literal["serverless", "node_pool"]


@dataclass(frozen=True, kw_only=True, slots=True)
class CostLine:
    """One line of the bill: quantity x unit_usd = usd_per_month, and where unit_usd was read.

    region: as `aws/us-east-1`; a provider's name for what it charges once. estimated: the source is not a price list.
    """

    region: str
    what: str
    quantity: float
    unit: str
    unit_usd: float
    usd_per_month: float
    source: str
    date: date
    estimated: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Latency:
    """What a user waits, at the quantile that the goal is about; the parts add up to total_ms.

    network_ms: of the round trips. queue_ms: for a free replica. service_ms: being computed.
    """

    network_ms: float
    queue_ms: float
    service_ms: float

    @property
    def total_ms(self) -> float:
        return self.network_ms + self.queue_ms + self.service_ms


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedRegion:
    """One region of the plan.

    machine: of a node pool, or the service (`lambda-arm`, `cloud-run-cpu`, `cloud-run-l4`). capacity: ways to have
    the machine, in order; empty for serverless. replicas: machines in the busiest hour, with what a lost region needs;
    0 where the provider counts them. min_replicas: never fewer. load_rps: in the busiest hour. share: of all requests.
    utilisation: of the replicas in the busiest hour. cold_share: of requests that wait for a start.
    carbon_kg_per_month: None where no source says how clean the power or how hungry the machine is.
    """

    provider: str
    region: str
    country: str
    latitude: float
    longitude: float
    mode: Mode
    machine: str
    capacity: tuple[str, ...]
    replicas: int
    min_replicas: int
    load_rps: float
    share: float
    utilisation: float
    cold_share: float
    usd_per_month: float
    carbon_kg_per_month: float | None

    @property
    def key(self) -> str:
        return f"{self.provider}/{self.region}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Served:
    """One user group. regions: (provider/region, part of the group's requests), most first.

    latency: in the region that is farthest among them. lost_region_ms: p95 when the worst region for them is lost;
    None where the plan need not survive that.
    """

    place: str
    country: str
    latitude: float
    longitude: float
    share: float
    regions: tuple[tuple[str, float], ...]
    latency: Latency
    lost_region_ms: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Alternative:
    """One row of the table: a chosen region as it runs in the plan, or the best way to run another one by itself.

    chosen: in the plan. serves: share of all requests; for a region that was not chosen, all that it can answer within
    the goal. p95_ms: of the farthest user among them. usd_per_month: for these requests, without what a provider
    charges once; of a region that was not chosen as if nothing else ran. carbon_g_per_kwh: of the grid. availability:
    of this region alone.
    """

    provider: str
    region: str
    latitude: float
    longitude: float
    mode: Mode
    machine: str
    capacity: tuple[str, ...]
    p95_ms: float
    serves: float
    usd_per_month: float
    carbon_g_per_kwh: float | None
    availability: float
    chosen: bool

    @property
    def key(self) -> str:
        return f"{self.provider}/{self.region}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejected:
    """No candidate, and why, in words. machine: empty when the whole region is none."""

    provider: str
    region: str
    machine: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Loser:
    """A region that was not chosen, and why.

    more_usd: what the whole plan would cost more with it in; None when no plan with it reaches the goal, or when the
    effort ended before it was its turn (the reason says which).
    """

    provider: str
    region: str
    more_usd: float | None
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Flip:
    """A change that makes another choice cheapest.

    what: as `requests_per_s`. now and at: its value, and the break-even. unit: of both. factor: at / now.
    becomes: the regions then, in words. None for at, factor: nothing flips between the bounds that were tried.
    """

    what: str
    unit: str
    now: float
    at: float | None
    factor: float | None
    becomes: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ServingPlan:
    """Where to serve from. regions: in order of preference, most requests first.

    usd_per_month: with the price of carbon, where one is set. p95_ms: of the user who waits longest. availability:
    expected share of requests that find a region, from the providers' published service levels. carbon_kg_per_month:
    None when one region's is not known. lines: the bill. alternatives: the table. rejected: no candidates. assumed:
    what no source said, in words. digest: of the catalog. oldest_price: date of the oldest price used.
    solver: status, proven gap and time, in words.
    """

    regions: tuple[PlannedRegion, ...]
    users: tuple[Served, ...]
    usd_per_month: float
    p95_ms: float
    goal_ms: float
    availability: float
    carbon_kg_per_month: float | None
    lines: tuple[CostLine, ...]
    alternatives: tuple[Alternative, ...]
    rejected: tuple[Rejected, ...]
    assumed: tuple[str, ...]
    digest: str
    oldest_price: date
    solver: str
