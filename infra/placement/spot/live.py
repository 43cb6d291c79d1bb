"""The policy's state of a job that really runs, kept by what its launcher sees. Pure.

A replay keeps the same from a trace (replay.py). Who calls this is slipway/steward; a test there holds that both come
to the same decisions at the same times.
"""

from dataclasses import dataclass, replace

from infra.placement.spot.history import History
from infra.placement.spot.job import Job
from infra.placement.spot.state import Action, Kind, Running, State


@dataclass(frozen=True, kw_only=True, slots=True)
class Sight:
    """What is seen of a job. now_s: since its start. visible: zones that would give instances, those that hold them
    included. done: share of the work that is done, None where it did not say."""

    now_s: float
    visible: frozenset[str]
    done: float | None = None


def begun(job: Job) -> State:
    """Nothing ordered, nothing seen."""
    return State(
        job=job,
        now_s=0.0,
        done_s=0.0,
        durable_s=0.0,
        spent_usd=0.0,
        running=None,
        visible=frozenset(),
        history=History(),
    )


def seen(state: State, sight: Sight) -> State:
    """What is known after a look.

    Instances are paid for from the order on, which counts too much rather than too little. Those in a zone that is no
    longer visible are gone, and with them what came after the newest checkpoint, where a notice does not suffice for
    one: what a trainer says later corrects that. Work of which it says nothing counts as not done.
    """
    job, running = state.job, state.running
    passed_s = max(0.0, sight.now_s - state.now_s)
    done_s = state.done_s if sight.done is None else sight.done * job.work_s
    every_s = job.checkpoint_every_s
    durable_s = state.durable_s + (done_s - state.durable_s) // every_s * every_s if every_s else done_s
    spent_usd = state.spent_usd
    if running is not None:
        spent_usd += passed_s / 3600 * _usd_per_hour(job, running)
        running = replace(running, warm_in_s=max(0.0, running.warm_in_s - passed_s))
    if running is not None and running.kind is Kind.SPOT and running.zone not in sight.visible:
        running, done_s = None, durable_s
    return replace(
        state,
        now_s=sight.now_s,
        done_s=done_s,
        durable_s=durable_s,
        spent_usd=spent_usd,
        running=running,
        visible=sight.visible,
        history=state.history.after(passed_s, tuple(zone.name for zone in job.zones), sight.visible),
    )


def ordered(state: State, action: Action) -> State:
    """After an action was carried out. Who leaves instances by choice writes a checkpoint first; a launcher moves a job
    within its region, where a checkpoint's way costs nothing."""
    if action.continues(state.running) or (action.kind is Kind.WAIT and state.running is None):
        return state
    left = replace(state, running=None, durable_s=state.done_s)
    if action.kind is Kind.WAIT:
        return left
    return replace(left, running=Running(kind=action.kind, zone=action.zone, warm_in_s=state.job.restart_s))


def _usd_per_hour(job: Job, running: Running) -> float:
    return job.zone(running.zone).usd_per_hour if running.kind is Kind.SPOT else job.on_demand_usd_per_hour
