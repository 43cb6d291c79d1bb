"""What a job would have cost under each policy, started at random times of some zones' traces.

All policies get the same starts. A job needs as many instances together as any of its zones ever gave, at least one,
unless it is said how many: a zone that gives fewer at a tick gives none.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from infra.placement.errors import PlacementError
from infra.placement.spot.baselines import always_on_demand, greedy, uniform_progress
from infra.placement.spot.decide import decide
from infra.placement.spot.job import Job
from infra.placement.spot.oracle import least_usd
from infra.placement.spot.replay import Outcome, Policy, replay, window
from infra.placement.spot.trace import Trace

SLIPWAY = "slipway"
GREEDY = "greedy"
POLICIES: Mapping[str, Policy] = {
    "on-demand": always_on_demand,
    GREEDY: greedy,
    "uniform": uniform_progress,
    SLIPWAY: decide,
}
"""The policy last, after its baselines."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One start. least_usd: what someone who knew the trace would have paid. outcomes: by policy."""

    least_usd: float
    outcomes: Mapping[str, Outcome]


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """One policy over some runs: means, but for `worst` and `missed`.

    gap: cost over the optimum's, less 1. of_on_demand, worst: the mean cost and the dearest run as multiples of what
    on-demand alone costs. missed: runs that ended after the deadline. lost_h: work that was done twice.
    """

    usd: float
    gap: float
    of_on_demand: float
    worst: float
    missed: int
    lost_h: float
    restarts: float
    moves: float


def gives(traces: Mapping[str, Trace], instances: int | None = None) -> Mapping[str, NDArray[np.bool_]]:
    """Whether each zone gives `instances` together at each tick; None: as many as any of them ever gave."""
    wanted = instances or max(1, *(trace.most for trace in traces.values()))
    return {zone: trace.gives(wanted) for zone, trace in traces.items()}


def ticks_of(deadline_s: float, gap_s: float) -> int:
    """How much of a trace one run may need."""
    return int(deadline_s / gap_s) + 1


def simulate(
    job: Job, traces: Mapping[str, Trace], *, starts: int, seed: int | str, instances: int | None = None
) -> Iterator[Run]:
    """`starts` runs of `job`, whose zones are called as the traces are, as they are done.

    Raises PlacementError, before the first, for traces on different clocks or shorter than the deadline.
    """
    gap_s = _clock(traces)
    given = gives(traces, instances)
    ticks = ticks_of(job.deadline_s, gap_s)
    shortest = min(given, key=lambda zone: len(given[zone]))
    last = len(given[shortest]) - ticks
    if last < 0:
        raise PlacementError(
            f"{shortest} is a trace of {len(given[shortest]) * gap_s / 3600:.1f} h, too short for a deadline after "
            f"{job.deadline_s / 3600:.1f} h",
            hint="take less work, or a longer trace",
        )
    dice = random.Random(seed)  # noqa: S311 - starts, no secrets
    return (_run(job, given, gap_s, dice.randrange(last + 1), ticks) for _ in range(starts))


def scores(runs: Sequence[Run], job: Job) -> Mapping[str, Score]:
    """Of every policy, in the order of POLICIES."""
    return {name: _score([(run.outcomes[name], run.least_usd) for run in runs], job) for name in POLICIES}


def _clock(traces: Mapping[str, Trace]) -> float:
    """The one time between two ticks."""
    clocks = {trace.gap_s for trace in traces.values()}
    if len(clocks) > 1:
        each = ", ".join(f"{zone} {trace.gap_s:g}" for zone, trace in traces.items())
        raise PlacementError(f"traces with different gap_seconds cannot be replayed together: {each}")
    return clocks.pop()


def _run(job: Job, given: Mapping[str, NDArray[np.bool_]], gap_s: float, start: int, ticks: int) -> Run:
    seen = window(given, gap_s, start, ticks)
    return Run(
        least_usd=least_usd(job, seen),
        outcomes={name: replay(job, seen, policy) for name, policy in POLICIES.items()},
    )


def _score(outcomes: Sequence[tuple[Outcome, float]], job: Job) -> Score:
    bills = [outcome.usd / job.on_demand_usd for outcome, _ in outcomes]
    return Score(
        usd=fmean(outcome.usd for outcome, _ in outcomes),
        gap=fmean(outcome.usd / least_usd - 1 for outcome, least_usd in outcomes),
        of_on_demand=fmean(bills),
        worst=max(bills),
        missed=sum(not outcome.in_time for outcome, _ in outcomes),
        lost_h=fmean(outcome.lost_s for outcome, _ in outcomes) / 3600,
        restarts=fmean(outcome.restarts for outcome, _ in outcomes),
        moves=fmean(outcome.moves for outcome, _ in outcomes),
    )
