"""What the policy is measured against, in its own signature."""

from infra.placement.spot.guards import in_time
from infra.placement.spot.state import Action, Kind, State

_ON_DEMAND = Action(kind=Kind.ON_DEMAND)
_WAIT = Action(kind=Kind.WAIT)


def always_on_demand(state: State) -> Action:
    """Never spot: what the job costs without any of this."""
    return _ON_DEMAND


def greedy(state: State) -> Action:
    """Spot when there is some, else wait; on-demand to the end once the deadline allows nothing else."""
    if state.running is not None and state.running.kind is Kind.ON_DEMAND:
        return _ON_DEMAND
    wished = _spot(state) or _WAIT
    return wished if in_time(state, wished) else _ON_DEMAND


def uniform_progress(state: State) -> Action:
    """Spot when there is some; without, on-demand while behind a straight line from the start to the deadline.

    As in "Can't Be Late" (NSDI 2024): once on on-demand, on until two restarts ahead of the line, so that it does not
    change for nothing.
    """
    job = state.job
    held = state.running is not None and state.running.kind is Kind.ON_DEMAND
    ahead_s = 2 * job.restart_s if held else 0.0
    behind = state.done_s < job.work_s * (state.now_s + ahead_s) / job.deadline_s
    wished = _spot(state) or (_ON_DEMAND if behind else _WAIT)
    return wished if in_time(state, wished) else _ON_DEMAND


def _spot(state: State) -> Action | None:
    """Where the job is already, else the first zone by name."""
    running = state.running
    if running is not None and running.zone in state.visible:
        return Action(kind=Kind.SPOT, zone=running.zone)
    return Action(kind=Kind.SPOT, zone=min(state.visible)) if state.visible else None
