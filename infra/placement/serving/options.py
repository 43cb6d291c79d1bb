"""From candidates to a problem: at which utilisation, with how many replicas at least, and whom that serves in time.

A user is served where network, queue and service together, each at the same quantile, stay within the goal. Adding
quantiles up is above the quantile of the sum, unless everything is slow at once: the plan errs on the safe side.

Replicas that are counted: the busier they are, the fewer, and the longer the queue. Options are a grid of utilisation
and of a least number of servers, because many share a queue better than few (queueing.py); the queue is that of the
least number, so more of them only wait less. The grid is the same for every goal and every machine, so that a tighter
goal or a further candidate can only take options away or add some.

Functions: the share of cold starts decides at which quantile a warm request must be in time (coldstart.py). Without a
warm instance that share needs a least load. With survive_region_loss the cold starts of everybody who arrives from the
lost region come on top: for cold_start_s of WINDOW_S all of the load may be cold.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from infra.placement.serving import coldstart, queueing
from infra.placement.serving.candidate import Candidate
from infra.placement.serving.candidates import Found
from infra.placement.serving.charge import Per, total_usd
from infra.placement.serving.plan import Latency
from infra.placement.serving.problem import Option, Problem, User, Volume
from infra.settings.placement import ServingGoal

QUANTILE = 0.95
WINDOW_S = 300.0
"""The time over which a p95 is taken: what the edge's dashboards and alarms use."""

_GRID = {1: (0.85, 0.7, 0.5, 0.2), 4: (0.85, 0.7, 0.5), 16: (0.85, 0.7)}
"""Utilisation by the least number of servers: many need not be idle to be quick."""

_COLD_SHARES = (0.02, 0.005)
_ROUNDING = 1e-9  # of a price


@dataclass(frozen=True, kw_only=True, slots=True)
class Setup:
    """What an option stands for. utilisation: at most, in the busiest hour; 0 where replicas are not counted."""

    candidate: Candidate
    utilisation: float
    min_replicas: int
    cold_share: float
    min_rps: float
    warm: bool
    quantile: float
    queue_ms: float

    def latency(self, goal: ServingGoal, rtt_ms: float) -> Latency:
        return Latency(
            network_ms=goal.round_trips
            * queueing.network_ms(median_ms=rtt_ms, p95_to_p50=goal.rtt_p95_to_p50, quantile=self.quantile),
            queue_ms=self.queue_ms,
            service_ms=queueing.served_ms(
                service_ms=self.candidate.service_ms, variation=goal.model.service_variation, quantile=self.quantile
            ),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Stated:
    """The problem, and what its options stand for, by their names."""

    problem: Problem
    setups: Mapping[str, Setup]


def state(goal: ServingGoal, found: Found) -> Stated:
    setups: dict[str, Setup] = {}
    options: list[Option] = []
    for candidate in _worthwhile(found.candidates):
        for number, (setup, serves) in enumerate(_setups(goal, candidate, found)):
            name = f"{candidate.name}#{number}"
            setups[name] = setup
            options.append(_option(name, setup, serves))
    shared = {
        candidate.region.provider: total_usd(candidate.charges, "provider")
        for candidate in found.candidates
        if total_usd(candidate.charges, "provider")
    }
    problem = Problem(
        users=tuple(User(name=group.place, requests_per_s=group.share * goal.requests_per_s) for group in goal.users),
        options=tuple(options),
        min_regions=goal.min_regions,
        survive_region_loss=goal.survive_region_loss,
        shared_usd=shared,
        volume={candidate.key: _volume(candidate) for candidate in found.candidates},
    )
    return Stated(problem=problem, setups=setups)


def _volume(candidate: Candidate) -> tuple[Volume, ...]:
    return tuple(
        Volume(usd_at_zero=tier.usd_at_zero, usd_per_rps=tier.charge.usd_per_month) for tier in candidate.egress
    )


def _worthwhile(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Without machines that are several of a smaller one at no lower price: whatever they do, the smaller ones can."""
    by_region: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        by_region[candidate.key].append(candidate)
    return [
        candidate
        for candidate in candidates
        if not any(_multiple(other, candidate) for other in by_region[candidate.key] if other is not candidate)
    ]


def _multiple(small: Candidate, large: Candidate) -> bool:
    times, rest = divmod(large.servers, small.servers)
    if rest or not small.counted or not large.counted or small.service_ms > large.service_ms:
        return False
    few, many = (*small.charges, *small.carbon), (*large.charges, *large.carbon)
    causes: dict[Per, int] = {"region": 1, "minimum": times, "replica": times, "rps": 1}
    prices = [(total_usd(few, per) * count, total_usd(many, per)) for per, count in causes.items()]
    if any(less > more * (1 + _ROUNDING) for less, more in prices):
        return False
    same = times == 1 and all(less >= more * (1 - _ROUNDING) for less, more in prices)
    return not same or small.name < large.name


def _option(name: str, setup: Setup, serves: Mapping[int, float]) -> Option:
    candidate = setup.candidate
    charges = (*candidate.charges, *candidate.carbon, *(candidate.warm if setup.warm else ()))
    fixed = total_usd(charges, "region") + setup.min_replicas * total_usd(charges, "minimum")
    per_rps = total_usd(charges, "rps")
    if not candidate.counted:
        return Option(
            name=name,
            region=candidate.key,
            provider=candidate.region.provider,
            serves=serves,
            fixed_usd=fixed,
            usd_per_rps=per_rps,
            min_rps=setup.min_rps,
        )
    return Option(
        name=name,
        region=candidate.key,
        provider=candidate.region.provider,
        serves=serves,
        fixed_usd=fixed,
        usd_per_rps=per_rps,
        replica_usd=total_usd(charges, "replica"),
        replica_rps=setup.utilisation * full_rps(candidate),
        min_replicas=setup.min_replicas,
    )


def full_rps(candidate: Candidate) -> float:
    """What one replica computes when it is never idle."""
    return candidate.servers * 1000 / candidate.service_ms


def queue_ms(goal: ServingGoal, candidate: Candidate, *, replicas: int, utilisation: float) -> float:
    return queueing.wait_ms(
        servers=candidate.servers * replicas,
        utilisation=utilisation,
        service_ms=candidate.service_ms,
        variation=goal.model.service_variation,
        quantile=QUANTILE,
    )


def _setups(goal: ServingGoal, candidate: Candidate, found: Found) -> Iterator[tuple[Setup, dict[int, float]]]:
    """Those that serve somebody, without such as serve no more than a cheaper one does."""
    kept: list[tuple[Setup, dict[int, float]]] = []
    for setup in setups_of(goal, candidate):
        serves = served_by(goal, setup, found.rtt_ms)
        if serves and not any(_at_least(other, theirs, setup, serves) for other, theirs in kept):
            kept.append((setup, serves))
            yield setup, serves


def setups_of(goal: ServingGoal, candidate: Candidate) -> Iterator[Setup]:
    """Every way to run a candidate, whether it serves anybody or not; none where too many would start cold."""
    return _counted(goal, candidate) if candidate.counted else _called(goal, candidate)


def _at_least(other: Setup, theirs: Mapping[int, float], setup: Setup, serves: Mapping[int, float]) -> bool:
    """Whether an earlier setup of the same candidate serves as many for no more. Never compares over latency."""
    return (
        theirs.keys() >= serves.keys()
        and other.utilisation >= setup.utilisation
        and other.min_replicas <= setup.min_replicas
        and other.min_rps <= setup.min_rps
        and other.warm <= setup.warm
    )


def served_by(goal: ServingGoal, setup: Setup, rtt_ms: Mapping[tuple[int, str], float]) -> dict[int, float]:
    """p95 by the index of each user group that is within the goal, and whose requests may be answered there."""
    region = setup.candidate.region
    nothing = setup.latency(goal, 0.0).total_ms
    per_ms = setup.latency(goal, 1.0).total_ms - nothing
    serves: dict[int, float] = {}
    for index, group in enumerate(goal.users):
        median = rtt_ms.get((index, region.key))
        if median is None or (group.countries and region.country not in group.countries):
            continue
        total = nothing + per_ms * median
        if total <= goal.p95_ms:
            serves[index] = total
    return serves


def _counted(goal: ServingGoal, candidate: Candidate) -> Iterator[Setup]:
    done: set[int] = set()
    for servers, utilisations in _GRID.items():
        least = math.ceil(servers / candidate.servers)
        if least in done:
            continue
        done.add(least)
        for utilisation in utilisations:
            wait = queue_ms(goal, candidate, replicas=least, utilisation=utilisation)
            yield _setup(candidate, utilisation=utilisation, min_replicas=least, queue_ms=wait)


def _called(goal: ServingGoal, candidate: Candidate) -> Iterator[Setup]:
    burst = goal.model.cold_start_s / WINDOW_S if goal.survive_region_loss else 0.0
    kinds = [(share, False) for share in _COLD_SHARES]
    if candidate.warm:
        service_s = candidate.service_ms / 1000
        kinds.append((coldstart.warm_cold_share(service_s=service_s, idle_s=candidate.idle_s), True))
    for share, warm in kinds:
        quantile = coldstart.quantile_of_warm(quantile=QUANTILE, cold=share + burst)
        if quantile is not None:
            mean = 0.0 if warm else coldstart.rate_for(share=share, idle_s=candidate.idle_s)
            yield _setup(candidate, cold_share=share, min_rps=mean / goal.mean_to_peak, warm=warm, quantile=quantile)


def _setup(
    candidate: Candidate,
    *,
    utilisation: float = 0.0,
    min_replicas: int = 0,
    cold_share: float = 0.0,
    min_rps: float = 0.0,
    warm: bool = False,
    quantile: float = QUANTILE,
    queue_ms: float = 0.0,
) -> Setup:
    return Setup(
        candidate=candidate,
        utilisation=utilisation,
        min_replicas=min_replicas,
        cold_share=cold_share,
        min_rps=min_rps,
        warm=warm,
        quantile=quantile,
        queue_ms=queue_ms,
    )
