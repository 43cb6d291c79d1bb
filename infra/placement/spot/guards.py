"""The two promises that hold whatever the zones do: the deadline, and never much dearer than on-demand.

Both are kept by looking one step ahead at the worst that can happen, not by a forecast: a step is taken only when
on-demand could still finish the job in time, and within the budget, after it. On-demand capacity is taken as given.
"""

from infra.placement.spot.state import Action, Kind, State


def holds(state: State, action: Action) -> bool:
    """Whether both promises can still be kept after `action` until the next look, at worst.

    On-demand itself always may be taken: it is the way out that every other step left open.
    """
    return action.kind is Kind.ON_DEMAND or (in_time(state, action) and in_budget(state, action))


def in_time(state: State, action: Action) -> bool:
    """Whether on-demand could still meet the deadline after `action` went as badly as it can until the next look."""
    job = state.job
    if action.kind is Kind.WAIT:
        lost_s, left_s = job.look_s, state.left_s
    else:
        lost_s, left_s = min(_warm_in_s(state, action), job.look_s), _left_at_worst_s(state, action)
    return state.now_s + lost_s + job.restart_s + left_s <= job.deadline_s


def in_budget(state: State, action: Action) -> bool:
    """The same for the cost, against (1 + overrun) times the cost of on-demand alone."""
    job = state.job
    spent_usd, left_s = state.spent_usd, state.left_s
    if action.kind is Kind.SPOT:
        zone = job.zone(action.zone)
        idle_s = min(_warm_in_s(state, action), job.look_s)
        spent_usd += idle_s / 3600 * zone.usd_per_hour
        spent_usd += 0.0 if action.continues(state.running) else zone.move_usd
        left_s = _left_at_worst_s(state, action)
        if zone.usd_per_hour > job.on_demand_usd_per_hour:
            spent_usd += (job.look_s - idle_s) / 3600 * (zone.usd_per_hour - job.on_demand_usd_per_hour)
    finish_usd = (job.restart_s + left_s) / 3600 * job.on_demand_usd_per_hour
    return spent_usd + finish_usd <= (1 + job.overrun) * job.on_demand_usd


def _warm_in_s(state: State, action: Action) -> float:
    if state.running is not None and action.continues(state.running):
        return state.running.warm_in_s
    return state.job.restart_s


def _left_at_worst_s(state: State, action: Action) -> float:
    """Work that is left when the instances of `action` go just before a checkpoint.

    With a checkpoint on notice that is what is left now. Otherwise what runs may lose what it did since its last
    checkpoint (who leaves by choice writes one first), and what is done until the next one.
    """
    job = state.job
    if not job.checkpoint_every_s:
        return state.left_s
    safe_s = state.durable_s if action.continues(state.running) else state.done_s
    return job.work_s - safe_s + min(job.look_s, job.checkpoint_every_s)
