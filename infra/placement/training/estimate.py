"""What a job costs and how long it takes on spot with on-demand behind it, in closed form.

For a given share of the time in which spot is there, hours follow by arithmetic; over the shares that a window may have
(supply.py) they become a mean and a band. Two ways of acting bound what any sound policy does: knowing the future, and
using spot until the last moment at which on-demand can still keep the deadline. The mean lies half way between; the
band's cheap end goes by the first, because in a good window nothing is left to guess, and its dear end by the second,
because in a bad one no guess helps.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from infra.placement.training.plan import Band
from infra.placement.training.supply import SpotSupply

_TAIL = 0.05  # on each side of the band
_LEAST_YIELD = 1e-3
_OVERRUN = 0.02  # what the policy may spend above always-on-demand, by its bar: late looks, starts in vain


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """work_h: on the machines in question, time for checkpoints included. deadline_h: from now. restart_h: from the
    start of machines to the first step. repeated_h: work done twice after an interruption, on average.
    """

    work_h: float
    deadline_h: float
    restart_h: float = 0.0
    repeated_h: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Rates:
    """USD per hour of all machines together."""

    spot: float
    on_demand: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """Machine hours of one way of acting. elapsed_h: until the last step."""

    spot_h: float
    on_demand_h: float
    elapsed_h: float

    def usd(self, rates: Rates) -> float:
        return self.spot_h * rates.spot + self.on_demand_h * rates.on_demand


@dataclass(frozen=True, kw_only=True, slots=True)
class _Way:
    """One of the things that may happen. mass: its probability. progress: work in an hour of spot."""

    mass: float
    share: float
    progress: float
    interruptions_per_h: float
    wise: Use
    late: Use

    def middle(self, of: Callable[[Use], float]) -> float:
        return (of(self.wise) + of(self.late)) / 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """usd, hours: with their bands. spot_h, on_demand_h, interruptions, overhead_h: expected. on_time_alone: the
    probability that spot with nothing behind it keeps the deadline.
    """

    usd: Band
    hours: Band
    spot_h: float
    on_demand_h: float
    interruptions: float
    overhead_h: float
    on_time_alone: float


def estimate(job: Job, rates: Rates, supply: SpotSupply) -> Estimate:
    """Of spot with on-demand behind it. Where an hour of work costs no less on spot, on-demand does it all."""
    if rates.spot >= rates.on_demand:
        return _certain(on_demand(job), rates)
    ways = list(_ways(job, rates, supply))

    def mean(of: Callable[[_Way], float]) -> float:
        return sum(way.mass * of(way) for way in ways)

    def band(of: Callable[[Use], float]) -> Band:
        low = _quantile([(of(way.wise), way.mass) for way in ways], _TAIL)
        high = _quantile([(of(way.late), way.mass) for way in ways], 1 - _TAIL)
        expected = mean(lambda way: way.middle(of))
        # one job in a hundred that costs thrice lifts the mean out of where the others lie
        return Band(low=min(low, expected), expected=expected, high=max(high, expected))

    usd = band(lambda use: use.usd(rates))
    return Estimate(
        usd=replace(usd, high=usd.high * (1 + _OVERRUN)),
        hours=band(lambda use: use.elapsed_h),
        spot_h=mean(lambda way: way.middle(lambda use: use.spot_h)),
        on_demand_h=mean(lambda way: way.middle(lambda use: use.on_demand_h)),
        interruptions=mean(lambda way: way.middle(lambda use: use.spot_h) * way.interruptions_per_h),
        overhead_h=mean(lambda way: way.middle(lambda use: use.spot_h) * (1 - way.progress)),
        on_time_alone=mean(lambda way: float(way.share * way.progress * job.deadline_h >= job.work_h + job.restart_h)),
    )


def _ways(job: Job, rates: Rates, supply: SpotSupply) -> Iterator[_Way]:
    """All that may happen: shares of the time with spot, and lives of an instance."""
    for share, mass in supply.spread(job.deadline_h):
        for life_h in supply.lives_h:
            progress = yield_of(job, supply, share, life_h)
            pays = rates.spot / progress < rates.on_demand
            yield _Way(
                mass=mass / len(supply.lives_h),
                share=share,
                progress=progress,
                interruptions_per_h=supply.interruptions_per_hour(share, job.deadline_h, life_h),
                wise=seeing(job, share),
                late=waiting(job, share, progress) if pays else on_demand(job),
            )


def yield_of(job: Job, supply: SpotSupply, share: float, life_h: float) -> float:
    """Hours of work in an hour of spot: each spell begins with a restart and ends with work to repeat."""
    lost_h = supply.lost_h(job.restart_h + job.repeated_h)
    return max(_LEAST_YIELD, 1 - lost_h * supply.interruptions_per_hour(share, job.deadline_h, life_h))


def on_demand(job: Job) -> Use:
    """Started at once, and kept."""
    hours = job.work_h + job.restart_h
    return Use(spot_h=0.0, on_demand_h=hours, elapsed_h=hours)


def seeing(job: Job, share: float) -> Use:
    """Knowing the future: spot is used without an interruption, and on-demand does exactly what is missing."""
    missing_h = job.work_h + job.restart_h - share * job.deadline_h
    if missing_h <= 0:
        hours = job.work_h + job.restart_h
        return Use(spot_h=hours, on_demand_h=0.0, elapsed_h=hours / share)
    return Use(spot_h=share * job.deadline_h, on_demand_h=missing_h, elapsed_h=job.deadline_h)


def waiting(job: Job, share: float, progress: float) -> Use:
    """Spot while there is slack: on-demand from the moment at which only it can still keep the deadline."""
    slack_h = max(0.0, job.deadline_h - job.work_h - job.restart_h)
    if share * progress * job.deadline_h >= job.work_h + job.restart_h:
        spot_h = (job.work_h + job.restart_h) / progress
        return Use(spot_h=spot_h, on_demand_h=0.0, elapsed_h=spot_h / share)
    until_h = slack_h / (1 - share * progress)
    return Use(spot_h=share * until_h, on_demand_h=job.deadline_h - until_h, elapsed_h=job.deadline_h)


def _certain(use: Use, rates: Rates) -> Estimate:
    usd = use.usd(rates)
    return Estimate(
        usd=Band(low=usd, expected=usd, high=usd),
        hours=Band(low=use.elapsed_h, expected=use.elapsed_h, high=use.elapsed_h),
        spot_h=use.spot_h,
        on_demand_h=use.on_demand_h,
        interruptions=0.0,
        overhead_h=use.on_demand_h,
        on_time_alone=0.0,
    )


def _quantile(weighed: Sequence[tuple[float, float]], level: float) -> float:
    """Of a distribution given as (value, probability)."""
    reached = 0.0
    ordered = sorted(weighed)
    for value, mass in ordered:
        reached += mass
        if reached >= level:
            return value
    return ordered[-1][0]
