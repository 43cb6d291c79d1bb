"""What a job costs and how long it takes on spot with on-demand behind it, in closed form.

For a given share of the time in which spot is there, hours follow by arithmetic; over the spread of shares that a
window may have (supply.py) they become a mean and a band. Two ways of acting bound what any sound policy does: knowing
the future, and using spot until the last moment at which on-demand can still keep the deadline. The mean lies half way
between; the band reaches from the first's cheap end to the second's dear one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

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
    steady = on_demand(job)
    steady_usd = steady.usd(rates)
    share = supply.expected_share(job.deadline_h)
    expected_yield = yield_of(job, supply, share, supply.life_h)
    if rates.spot / expected_yield >= rates.on_demand:
        return _certain(steady, steady_usd)

    spread = supply.spread(job.deadline_h)
    yields = [yield_of(job, supply, share, supply.life_h) for share, _ in spread]
    wise = [(seeing(job, share), mass) for share, mass in spread]
    late = [(waiting(job, share, per_h), mass) for (share, mass), per_h in zip(spread, yields, strict=True)]
    worst = [(waiting(job, share, yield_of(job, supply, share, supply.life_least_h)), mass) for share, mass in spread]

    def mean(of: Callable[[Use], float]) -> float:
        return sum(mass * (of(one) + of(other)) / 2 for (one, mass), (other, _) in zip(wise, late, strict=True))

    spot_h = mean(lambda use: use.spot_h)
    return Estimate(
        usd=Band(
            low=_quantile([(use.usd(rates), mass) for use, mass in wise], _TAIL),
            expected=mean(lambda use: use.usd(rates)),
            high=_quantile([(use.usd(rates), mass) for use, mass in worst], 1 - _TAIL) * (1 + _OVERRUN),
        ),
        hours=Band(
            low=_quantile([(use.elapsed_h, mass) for use, mass in wise], _TAIL),
            expected=mean(lambda use: use.elapsed_h),
            high=_quantile([(use.elapsed_h, mass) for use, mass in worst], 1 - _TAIL),
        ),
        spot_h=spot_h,
        on_demand_h=mean(lambda use: use.on_demand_h),
        interruptions=spot_h * supply.interruptions_per_hour(share, job.deadline_h, supply.life_h),
        overhead_h=spot_h * (1 - expected_yield),
        on_time_alone=sum(
            mass
            for (share, mass), per_h in zip(spread, yields, strict=True)
            if share * per_h * job.deadline_h >= job.work_h + job.restart_h
        ),
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


def _certain(use: Use, usd: float) -> Estimate:
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
