"""What the job would have cost for someone who knew the trace: a bound from below that is nearly always reached.

Dynamic programming over the trace's changes, with a price on work instead of the demand that it be done (Lagrangian
relaxation): for any price p, min(cost - p * work) + p * (work demanded) is at most the optimum, and the best p is
searched. It lies below the optimum by what splitting one stretch would save, so a gap measured against it is never too
small. With the work's price fixed, someone who knows the future changes capacity only when a zone starts or stops
giving instances: a start that pays at all pays most at once. So these times, and a restart after each, are the steps.
"""

from bisect import bisect_left

import numpy as np
from numpy.typing import NDArray

from infra.placement.spot.job import Job
from infra.placement.spot.replay import Window

_PRICES = 24
_ROUNDS = 3

Costs = NDArray[np.float64]


def least_usd(job: Job, seen: Window) -> float:
    """At most what the cheapest schedule that meets the deadline costs, in dollars. Ignores `move_usd`."""
    steps = _Steps(job, seen)
    work_h = job.work_s / 3600
    dearest = job.on_demand_usd_per_hour * (1 + job.restart_s / 3600 / work_h + work_h)
    low, high = 0.0, dearest
    best = (work_h + job.restart_s / 3600) * steps.cheapest_price  # the exact answer where that never goes away
    for _ in range(_ROUNDS):
        prices = np.linspace(low, high, _PRICES)
        bounds = steps.cheapest(prices) + prices * work_h
        top = int(bounds.argmax())
        best = max(best, float(bounds[top]))
        low, high = prices[max(0, top - 1)], prices[min(_PRICES - 1, top + 1)]
    return best


class _Steps:
    """The times at which something can change, and what can be held from one to the next."""

    def __init__(self, job: Job, seen: Window) -> None:
        stretches = list(seen.until(job.deadline_s))
        restart_s, end_s = job.restart_s, job.deadline_s
        starts = {start for start, _, _ in stretches}
        times = sorted(starts | {start + restart_s for start in starts if start + restart_s <= end_s} | {end_s})
        self._hours = np.diff(times) / 3600
        self._warm = [bisect_left(times, time + restart_s) if time in starts else len(times) for time in times]
        self._restart_h = restart_s / 3600
        self._prices = np.array([job.on_demand_usd_per_hour, *(zone.usd_per_hour for zone in job.zones)])
        openings = [start for start, _, _ in stretches]
        given = [stretches[bisect_left(openings, time + 1e-9) - 1][2] for time in times[:-1]]
        self._given = np.array([[True, *(zone.name in names for zone in job.zones)] for names in given])
        self._until = _last_given(self._given)

    @property
    def cheapest_price(self) -> float:
        """Of what is given at all before the deadline."""
        return float(self._prices[self._given.any(axis=0)].min())

    def cheapest(self, work_usd_per_hour: Costs) -> Costs:
        """The least of cost - price * work over all schedules, for each price of work."""
        steps, kinds = self._given.shape
        shape = (steps + 1, kinds, len(work_usd_per_hour))
        held = np.full(shape, np.inf)
        idle = np.zeros((steps + 1, len(work_usd_per_hour)))
        best = idle[0]
        for step in range(steps):
            best = np.minimum(idle[step], held[step].min(axis=0))
            idle[step + 1] = best
            gain = (self._prices[:, None] - work_usd_per_hour) * self._hours[step]
            on = np.where(self._given[step][:, None], held[step] + gain, np.inf)
            held[step + 1] = np.minimum(held[step + 1], on)
            warm = self._warm[step]
            if warm <= steps:
                started = best + (self._prices * self._restart_h)[:, None]
                lasts = self._until[step] >= warm
                held[warm] = np.where(lasts[:, None], np.minimum(held[warm], started), held[warm])
                if warm == step:  # a restart of no time
                    held[step + 1] = np.minimum(
                        held[step + 1], np.where(self._given[step][:, None], best + gain, np.inf)
                    )
        return np.minimum(idle[steps], held[steps].min(axis=0))


def _last_given(given: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each step and kind: the step at which it is first not given any more."""
    steps, kinds = given.shape
    until = np.empty((steps, kinds), dtype=np.int64)
    after = np.full(kinds, steps)
    for step in range(steps - 1, -1, -1):
        after = np.where(given[step], after, step)
        until[step] = after
    return until
