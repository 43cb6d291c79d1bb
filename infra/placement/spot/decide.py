"""The policy: where the job should be now. One pure function, for the simulator and for jobs that really run.

Known before: "Can't Be Late" (Wu et al., NSDI 2024) proved that any policy that never misses a deadline needs a safety
net of on-demand, and proposed uniform progress: keep ahead of a straight line from the start to the deadline. SkyNomad
(2025) adds zones and their lifetimes. Different here: what is expected of spot is learned while the job runs
(outlook.py) and the whole rest of the job is planned on it (plan.py), so the job spends its slack on waiting only where
waiting will pay, keeps enough of it to come back from on-demand to spot, and does so only when the stay should pay for
the restart. Two promises are kept by looking at the worst case and not by the plan (guards.py).
"""

from statistics import fmean

from infra.placement.spot.guards import holds
from infra.placement.spot.history import ANYWHERE
from infra.placement.spot.job import Job
from infra.placement.spot.outlook import DOWN, UP, loss_rate_now, outlook
from infra.placement.spot.plan import Terms, plan
from infra.placement.spot.state import Action, Kind, State


def decide(state: State) -> Action:
    """Be on spot, on on-demand, or wait, until the next look. Pure; some microseconds where the plan is known.

    The job ends before its deadline if on-demand can always be had, costs at most (1 + overrun) times on-demand alone,
    and is told why in the action's reason.
    """
    wished = _wish(state)
    if holds(state, wished):
        return wished
    return Action(kind=Kind.ON_DEMAND, reason=f"{wished.kind} could cost the deadline or the budget")


def best_zone(state: State) -> str:
    """Of the zones that would give instances, the one expected to keep them longest per dollar; empty for none.

    The zone that the job is in already is kept: what runs has nothing to restart.
    """
    running = state.running
    if running is not None and running.zone in state.visible:
        return running.zone
    return min(
        sorted(state.visible),
        key=lambda zone: loss_rate_now(state.history.of(zone)) * state.job.zone(zone).usd_per_hour,
        default="",
    )


def _wish(state: State) -> Action:
    """What the plan says, were there no promises to keep."""
    zone = best_zone(state)
    if zone and state.running is not None and state.running.zone == zone:
        return Action(kind=Kind.SPOT, zone=zone, reason="spot runs")
    job, expected = state.job, outlook(state.history, zone)
    rest = plan(_terms(job, zone), expected)
    held = state.running is not None and state.running.kind is Kind.ON_DEMAND
    warm_in_s = state.running.warm_in_s if state.running is not None and held else 0.0
    cell = rest.cell(job.deadline_s - state.now_s - warm_in_s, state.left_s)

    if not zone:
        phase = DOWN.phase(state.history.of(ANYWHERE).age_s, expected.comeback_per_s)
        if (rest.stay if held else rest.start_when_down)[phase, *cell]:
            return Action(kind=Kind.ON_DEMAND, reason="no spot, and the slack is worth more than the wait")
        return Action(kind=Kind.WAIT, reason="no spot, and there is time to wait for it")
    phase = UP.phase(state.history.of(zone).age_s, expected.loss_per_s)
    if (rest.leave if held else rest.start_when_up)[phase, *cell]:
        return Action(kind=Kind.SPOT, zone=zone, reason="spot is there and should stay long enough")
    if held or rest.pass_when_up[phase, *cell]:
        return Action(kind=Kind.ON_DEMAND, reason="spot would not stay long enough to pay for a restart")
    return Action(kind=Kind.WAIT, reason="spot would not stay long enough, and there is time to wait for better")


def _terms(job: Job, zone: str) -> Terms:
    price = job.zone(zone).usd_per_hour if zone else fmean(each.usd_per_hour for each in job.zones)
    return Terms(
        work_s=job.work_s,
        deadline_s=job.deadline_s,
        restart_s=job.restart_s,
        price=round(price / job.on_demand_usd_per_hour, 3),
    )
