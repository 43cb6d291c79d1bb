"""Replays traces through a policy: what a job would have cost and when it would have ended.

A zone that gives instances at a tick is taken to give them until the next. A policy is asked at the start, whenever a
zone starts or stops giving instances, and at least every `look_s`. On-demand is taken to be had where the job last was.
Not modelled: a zone that refuses although others of its instances run, prices that move, and a start that takes longer
than `restart_s`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from infra.placement.errors import PlacementError
from infra.placement.spot.history import History
from infra.placement.spot.job import Job
from infra.placement.spot.live import begun
from infra.placement.spot.state import Action, Kind, Running, State

Policy = Callable[[State], Action]

_DONE_S = 1e-6
_HOPELESS = 3  # deadlines after which a policy that never ends is stopped


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """What the zones give from a job's start on. gives: [zone, tick], in the order of `zones`. After it: nothing."""

    gap_s: float
    zones: tuple[str, ...]
    gives: NDArray[np.bool_]

    def until(self, end_s: float) -> Iterator[tuple[float, float, frozenset[str]]]:
        """Stretches (start, end, zones that give) in which nothing changes, up to `end_s`."""
        ticks = self.gives.shape[1]
        changes = np.flatnonzero((self.gives[:, 1:] != self.gives[:, :-1]).any(axis=0)) + 1
        edges = [0, *changes.tolist(), ticks]
        for start, end in pairwise(edges):
            if start * self.gap_s >= end_s:
                return
            given = frozenset(zone for zone, gives in zip(self.zones, self.gives[:, start], strict=True) if gives)
            yield start * self.gap_s, min(end * self.gap_s, end_s), given
        if ticks * self.gap_s < end_s:
            yield ticks * self.gap_s, end_s, frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """lost_s: work that was done twice. restarts: starts after the first; moves: of them, in another zone than before.

    timeline: each action with its time.
    """

    usd: float
    finished_s: float
    in_time: bool
    lost_s: float
    restarts: int
    moves: int
    spot_s: float
    on_demand_s: float
    timeline: tuple[tuple[float, Action], ...]


def window(gives: Mapping[str, NDArray[np.bool_]], gap_s: float, start: int, ticks: int) -> Window:
    """`ticks` of the zones' traces from tick `start`. Raises PlacementError when a trace is shorter."""
    short = [zone for zone, given in gives.items() if len(given) < start + ticks]
    if short:
        raise PlacementError(f"{', '.join(short)}: the trace ends before tick {start + ticks}")
    return Window(
        gap_s=gap_s,
        zones=tuple(gives),
        gives=np.array([given[start : start + ticks] for given in gives.values()]),
    )


def replay(job: Job, seen: Window, policy: Policy, *, history: History | None = None) -> Outcome:
    """One run of `job` under `policy`. Raises PlacementError when the policy takes what no zone gives or never ends."""
    run = _Run(job, history or History())
    for start_s, end_s, given in seen.until(_HOPELESS * job.deadline_s):
        run.see(start_s, given)
        while not run.over and run.state.now_s < end_s:
            run.ask(policy)
            run.pass_time(min(job.look_s, end_s - run.state.now_s))
        if run.over:
            return run.outcome()
    raise PlacementError("the policy never finished the job")


class _Run:
    """The state of one replay, and what it has added up to."""

    def __init__(self, job: Job, history: History) -> None:
        self.state = replace(begun(job), history=history)
        self._zones = tuple(zone.name for zone in job.zones)
        self._lost_s = 0.0
        self._starts = 0
        self._place = ""
        self._moves = 0
        self._held_s = {Kind.SPOT: 0.0, Kind.ON_DEMAND: 0.0}
        self._timeline: list[tuple[float, Action]] = []

    @property
    def over(self) -> bool:
        return self.state.left_s <= _DONE_S

    def see(self, now_s: float, given: frozenset[str]) -> None:
        """Zones started or stopped giving; instances in a zone that stopped are gone."""
        state = self.state
        history = state.history.after(0.0, self._zones, given)
        self.state = replace(state, now_s=now_s, visible=given, history=history)
        running = state.running
        if running is None or running.kind is not Kind.SPOT or running.zone in given:
            return
        kept_s = state.durable_s if state.job.checkpoint_every_s else state.done_s
        self._lost_s += state.done_s - kept_s
        self.state = replace(self.state, running=None, done_s=kept_s, durable_s=kept_s)

    def ask(self, policy: Policy) -> None:
        state = self.state
        action = policy(state)
        if action.continues(state.running) or (action.kind is Kind.WAIT and state.running is None):
            return
        self._timeline.append((state.now_s, action))
        if action.kind is Kind.WAIT:
            self.state = replace(state, running=None, durable_s=state.done_s)
            return
        if action.kind is Kind.SPOT and action.zone not in state.visible:
            raise PlacementError(f"the policy took spot in {action.zone!r}, which gives none")
        self._starts += 1
        self.state = replace(
            state,
            running=Running(kind=action.kind, zone=action.zone, warm_in_s=state.job.restart_s),
            durable_s=state.done_s,
            spent_usd=state.spent_usd + self._moved_usd(action),
        )

    def _moved_usd(self, action: Action) -> float:
        """What it costs to have the newest checkpoint where `action` runs, which is the job's place from now on."""
        if action.kind is not Kind.SPOT or action.zone == self._place:
            return 0.0
        first, self._place = not self._place, action.zone
        if first:
            return 0.0
        self._moves += 1
        return self.state.job.zone(action.zone).move_usd

    def pass_time(self, passed_s: float) -> None:
        state, running, job = self.state, self.state.running, self.state.job
        if running is not None:
            passed_s = min(passed_s, running.warm_in_s + state.left_s)
            worked_s = max(0.0, passed_s - running.warm_in_s)
            done_s = state.done_s + worked_s
            every_s = job.checkpoint_every_s
            durable_s = state.durable_s + (done_s - state.durable_s) // every_s * every_s if every_s else done_s
            price = job.on_demand_usd_per_hour
            if running.kind is Kind.SPOT:
                price = job.zone(running.zone).usd_per_hour
            self._held_s[running.kind] += passed_s
            state = replace(
                state,
                done_s=done_s,
                durable_s=durable_s,
                spent_usd=state.spent_usd + passed_s / 3600 * price,
                running=replace(running, warm_in_s=max(0.0, running.warm_in_s - passed_s)),
            )
        history = state.history.after(passed_s, self._zones, state.visible)
        self.state = replace(state, now_s=state.now_s + passed_s, history=history)

    def outcome(self) -> Outcome:
        return Outcome(
            usd=self.state.spent_usd,
            finished_s=self.state.now_s,
            in_time=self.state.now_s <= self.state.job.deadline_s + _DONE_S,
            lost_s=self._lost_s,
            restarts=self._starts - 1,
            moves=self._moves,
            spot_s=self._held_s[Kind.SPOT],
            on_demand_s=self._held_s[Kind.ON_DEMAND],
            timeline=tuple(self._timeline),
        )
