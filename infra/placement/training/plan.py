"""What `place` answers: the plan, and every figure that a table, a page or a program needs of it.

Plain frozen values; nothing here computes but sums. Money is USD for the whole job, not a month.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from infra.catalog import Capacity, Offer, Tariff


@dataclass(frozen=True, kw_only=True, slots=True)
class Band:
    """A figure and its error: nine jobs in ten lie from low to high. expected: the mean."""

    low: float
    expected: float
    high: float

    @property
    def relative_width(self) -> float:
        """How wide the band is, in parts of what is expected."""
        return (self.high - self.low) / self.expected if self.expected else 0.0

    def holds(self, figure: float) -> bool:
        return self.low <= figure <= self.high


@dataclass(frozen=True, kw_only=True, slots=True)
class CostLine:
    """One line of the expected bill. kind: a mode of capacity, or what was moved. what: with quantity and price."""

    kind: Capacity | Literal["data", "checkpoints"]
    what: str
    usd: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """One way to do the whole work: machines of one type, in one region, under one mode of capacity.

    machines: how many, all at once. usd_per_hour: of all of them. fallback: where on-demand would finish it when spot
    does not, as `aws/us-east-1 p5.48xlarge`; empty for a mode that is kept once it is had. usd, hours: to the last
    step, waiting included. lines: add up to usd.expected. spot_share: of the time until the deadline in which spot is
    expected to be had; None without spot. interruptions: expected. overhead_hours: of machine time in restarts and
    repeated work, expected. on_time: probability to keep the deadline, if on-demand can be had. on_time_alone: with no
    fallback. known: in words, what the figures rest on. estimated: its price is not a published one.
    """

    provider: str
    region: str
    zones: tuple[str, ...]
    machine: str
    machines: int
    capacity: Capacity
    usd_per_hour: float
    fallback: str
    usd: Band
    hours: Band
    lines: tuple[CostLine, ...]
    spot_share: float | None
    interruptions: float
    overhead_hours: float
    on_time: float
    on_time_alone: float
    known: str
    estimated: bool
    source: str
    date: date

    @property
    def key(self) -> str:
        return f"{self.provider}/{self.region}"

    @property
    def label(self) -> str:
        """As people call it: `8 x a3-highgpu-1g spot in gcp/us-central1`."""
        count = f"{self.machines} x " if self.machines > 1 else ""
        return f"{count}{self.machine} {self.capacity.value.replace('_', '-')} in {self.key}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Loser:
    """A way that was not taken, and why, in words. usd: expected; None where it could not be had or priced at all."""

    provider: str
    region: str
    machine: str
    capacity: Capacity
    usd: float | None
    reason: str

    @property
    def key(self) -> str:
        return f"{self.provider}/{self.region}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One place in the order of capacity: tried when those before it are not to be had.

    zone: as the catalog names it, an id on AWS; empty for a service that is regional. usd_per_hour: of all machines.
    usd_per_work_hour: with restarts and repeated work, by which the order goes. move_usd: to bring the data and the
    newest checkpoint there from the place before the move.
    """

    provider: str
    region: str
    zone: str
    machine: str
    machines: int
    capacity: Capacity
    usd_per_hour: float
    usd_per_work_hour: float
    move_usd: float

    @property
    def key(self) -> str:
        return f"{self.provider}/{self.region}"


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingPlan:
    """Where a job runs, in which order it is tried, and what it is expected to cost and to take.

    order: the chosen region first; its last step is always one that is kept once it is had. candidates: all that could
    do the work, cheapest first, the chosen one among them. losers: everything else that was looked at.
    always_on_demand_usd: the cheapest way without spot; None where there is none. checkpoint_every_s: the interval that
    loses least (Young 1974, Daly 2006); None where a checkpoint costs no time or nothing is taken back.
    catalog_digest: of the files that this was made from. prices: rows that the chosen bill rests on, those of moving
    data and checkpoints among them. oldest_price: the day of the oldest of these.
    """

    chosen: Candidate
    order: tuple[Step, ...]
    candidates: tuple[Candidate, ...]
    losers: tuple[Loser, ...]
    always_on_demand_usd: float | None
    checkpoint_every_s: float | None
    catalog_digest: str
    prices: tuple[Offer | Tariff, ...]
    oldest_price: date
