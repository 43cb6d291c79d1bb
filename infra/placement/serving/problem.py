"""The serving placement as a pure optimisation problem: numbers and names, no clouds, no clocks.

    choose     which options run (at most one of a region), how many replicas each, how much load each carries
    least      fixed_usd of what runs, replica_usd of each replica, usd_per_rps and volume of load, shared_usd of each
               provider
    so that    every user's load is answered by options that serve that user, in any parts
               no option carries more than its replicas can, or less than min_rps
               at least min_regions regions run, every one with an option that serves somebody
               with survive_region_loss: when any one region is gone, an assignment of all users to the rest exists
               within the replicas that stand there already; options without a bound on replicas take any load

What becomes an option (a mode, a machine, a utilisation), and which users it serves within
the latency goal, is decided in options.py; how the optimum is found, in solve.py.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

TIE_USD = 1e-3
"""A month: choices that differ by less cost the same."""


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """Users who are alike. requests_per_s: in the busiest hour, above zero."""

    name: str
    requests_per_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """One way to run one region.

    name: unique. region: as `aws/us-east-1`. provider: whose shared cost it takes part in. serves: p95 in milliseconds
    by the index of each user whose goal holds here; the figure only breaks ties between assignments of equal cost.
    fixed_usd: a month, once chosen. usd_per_rps: a month, for each request per second of load in the busiest hour.
    replica_usd: a month, each. replica_rps: load that one replica carries within the goal; infinite where the provider
    starts them by itself, and then there are none to count. min_replicas: needed for replica_rps to be true.
    min_rps: least load for the goal to hold (a function that nobody calls grows cold).
    """

    name: str
    region: str
    provider: str
    serves: Mapping[int, float] = field(hash=False)
    fixed_usd: float = 0.0
    usd_per_rps: float = 0.0
    replica_usd: float = 0.0
    replica_rps: float = math.inf
    min_replicas: int = 0
    min_rps: float = 0.0

    @property
    def bounded(self) -> bool:
        """Whether replicas are counted, and bound what it carries."""
        return math.isfinite(self.replica_rps)


@dataclass(frozen=True, kw_only=True, slots=True)
class Volume:
    """A straight line that the price of a region's load never lies above, as a price that falls with volume makes.

    usd_at_zero: a month, where the line would begin. usd_per_rps: for each request per second in the busiest hour.
    """

    usd_at_zero: float
    usd_per_rps: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """shared_usd: a month, by provider, once for all its regions (a global balancer).

    volume: what a region's load costs whichever option carries it, by region: the least of some lines.
    required: regions that must run. most_regions: no more run; None for no bound. Both serve questions of the kind
    "what if".
    """

    users: tuple[User, ...]
    options: tuple[Option, ...]
    min_regions: int = 1
    survive_region_loss: bool = False
    shared_usd: Mapping[str, float] = field(default_factory=dict[str, float])
    volume: Mapping[str, tuple[Volume, ...]] = field(default_factory=dict[str, tuple[Volume, ...]])
    required: frozenset[str] = frozenset()
    most_regions: int | None = None

    @property
    def load_rps(self) -> float:
        return sum(user.requests_per_s for user in self.users)

    def volume_usd(self, region: str, load_rps: float) -> float:
        """A month of a region's load, at the cheapest line."""
        lines = self.volume.get(region, ())
        return min((line.usd_at_zero + line.usd_per_rps * load_rps for line in lines), default=0.0)

    @property
    def nearness_usd(self) -> float:
        """What a millisecond for one request per second weighs, so that the nearer of two equal choices is taken.

        All of it together is below TIE_USD, so no choice is taken that costs more than that above the least.
        """
        longest = max((ms for option in self.options for ms in option.serves.values()), default=0.0)
        return TIE_USD / (longest * self.load_rps) if longest > 0 else 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """An option that was chosen. replicas: 0 where they are not counted. load_rps: carried while all regions stand."""

    option: Option
    replicas: int
    load_rps: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Solution:
    """The optimum.

    runs: by region. assignment: for each user, (option's name, part of the user's load), parts adding up to 1.
    gap: proven distance to the least cost as a part of it, beyond TIE_USD. rounds: of the solver, each with cuts that
    the last one broke.
    """

    runs: tuple[Run, ...]
    assignment: tuple[tuple[tuple[str, float], ...], ...]
    usd_per_month: float
    gap: float
    rounds: int
    seconds: float
