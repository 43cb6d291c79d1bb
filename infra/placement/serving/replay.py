"""A day of traffic played through a plan, minute by minute: what users wait, how many replicas stand, what it costs.

Honest within its model: the queue of every minute is that of the replicas that stand then (queueing.py); replicas
follow the load by feeding forward its trend, and a new one serves start_s after it was asked for; with
survive_region_loss each region stands ready for what the loss of any other would bring it. When a region is lost, its
requests go elsewhere after failover_s, and until then are late. p95 is taken over windows of five minutes. Not in it:
traffic that jumps (a trend cannot foresee it), and the network growing slower under load. A window's p95 is taken to be
that of its worst minute.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from infra.placement.serving import coldstart, queueing
from infra.placement.serving.candidate import Candidate
from infra.placement.serving.options import QUANTILE, WINDOW_S, Setup, full_rps
from infra.placement.serving.problem import Option
from infra.settings.placement import ServingGoal

DAY_MIN = 24 * 60
_WINDOW_MIN = round(WINDOW_S / 60)
_HELD_MIN = 10  # before a replica that is not needed any more goes

Routes = Sequence[Mapping[str, float]]
"""For each user group, which part of its requests goes to which option, by name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fleet:
    """What was chosen: how it runs, who goes where, and where everybody goes when a region is lost, by its key."""

    options: Mapping[str, Option]
    setups: Mapping[str, Setup]
    replicas: Mapping[str, int]
    routes: Routes
    after_loss: Mapping[str, Routes]


@dataclass(frozen=True, kw_only=True, slots=True)
class Day:
    """A day for each user group: requests per second by minute. lost: a region's key, gone from and until a minute."""

    load_rps: Sequence[Sequence[float]]
    lost: str
    lost_from: int
    lost_until: int
    start_s: float = 180.0
    failover_s: float = 3.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Replay:
    """missed: windows of a user group in which its p95 was above the goal, of windows. worst_ms: the longest p95.

    replica_hours: by option. requests: by option.
    """

    missed: int
    windows: int
    worst_ms: float
    replica_hours: Mapping[str, float]
    requests: Mapping[str, float]


def diurnal(*, peak_rps: float, mean_to_peak: float, utc_offset_h: float, busiest_h: float = 20.0) -> list[float]:
    """A day in UTC minutes: a cosine around the mean, its top at the busiest local hour, never below a twentieth."""
    floor = 0.05
    day: list[float] = []
    for minute in range(DAY_MIN):
        angle = 2 * math.pi * (minute / 60 + utc_offset_h - busiest_h) / 24
        day.append(peak_rps * max(floor, mean_to_peak + (1 - mean_to_peak) * math.cos(angle)))
    return day


def replay(
    goal: ServingGoal, fleet: Fleet, day: Day, rtt_ms: Mapping[tuple[int, str], float], *, follow: bool
) -> Replay:
    """follow: replicas go with the load; else the plan's number stands around the clock."""
    standing = _followed(fleet, day) if follow else {name: [count] * DAY_MIN for name, count in fleet.replicas.items()}
    waits = [_waits(goal, fleet, day, rtt_ms, standing, minute) for minute in range(DAY_MIN)]
    worst, missed, windows = 0.0, 0, 0
    for start in range(0, DAY_MIN, _WINDOW_MIN):
        for index in range(len(day.load_rps)):
            p95 = max(minute[index] for minute in waits[start : start + _WINDOW_MIN])
            worst = max(worst, p95)
            missed += p95 > goal.p95_ms
            windows += 1
    requests = dict.fromkeys(fleet.options, 0.0)
    for minute in range(DAY_MIN):
        for name, load in _loads(fleet, day, _routes(fleet, day, minute), minute).items():
            requests[name] += load * 60
    return Replay(
        missed=missed,
        windows=windows,
        worst_ms=worst,
        replica_hours={
            name: sum(0 if _gone(fleet, day, name, minute) else counts[minute] for minute in range(DAY_MIN)) / 60
            for name, counts in standing.items()
        },
        requests=requests,
    )


def _routes(fleet: Fleet, day: Day, minute: int) -> Routes:
    lost = day.lost_from <= minute < day.lost_until
    return fleet.after_loss.get(day.lost, fleet.routes) if lost else fleet.routes


def _gone(fleet: Fleet, day: Day, name: str, minute: int) -> bool:
    return fleet.options[name].region == day.lost and day.lost_from <= minute < day.lost_until


def _loads(fleet: Fleet, day: Day, routes: Routes, minute: int) -> dict[str, float]:
    loads = dict.fromkeys(fleet.options, 0.0)
    for group, parts in zip(day.load_rps, routes, strict=True):
        for name, part in parts.items():
            loads[name] += group[minute] * part
    return loads


def _followed(fleet: Fleet, day: Day) -> dict[str, list[int]]:
    """Replicas by minute: asked for start_s ahead along the trend, kept for a while before they go."""
    ahead = math.ceil(day.start_s / 60)
    scenarios = [fleet.routes, *fleet.after_loss.values()]
    needed = {name: [0.0] * DAY_MIN for name in fleet.replicas}
    for minute in range(DAY_MIN):
        for routes in scenarios:
            for name, load in _loads(fleet, day, routes, minute).items():
                if name in needed:
                    needed[name][minute] = max(needed[name][minute], load)
    return {name: _counts(fleet.options[name], loads, ahead) for name, loads in needed.items()}


def _counts(option: Option, loads: Sequence[float], ahead: int) -> list[int]:
    """The day repeats: the minutes before the first are the last ones."""
    wanted: list[int] = []
    for minute in range(DAY_MIN):
        seen, before = loads[minute - ahead], loads[minute - 2 * ahead]
        expected = max(seen, seen + (seen - before))  # a rising trend goes on, a falling one is not trusted
        wanted.append(max(option.min_replicas, math.ceil(expected / option.replica_rps - 1e-9)))
    return [max(wanted[minute - back] for back in range(_HELD_MIN)) for minute in range(DAY_MIN)]


def _waits(
    goal: ServingGoal,
    fleet: Fleet,
    day: Day,
    rtt_ms: Mapping[tuple[int, str], float],
    standing: Mapping[str, Sequence[int]],
    minute: int,
) -> list[float]:
    """p95 by user group in one minute; infinite where more start cold, or meet a lost region, than may be late."""
    routes = _routes(fleet, day, minute)
    loads = _loads(fleet, day, routes, minute)
    failing = day.lost_from <= minute < day.lost_from + _WINDOW_MIN
    waits: list[float] = []
    for index, parts in enumerate(routes):
        moved = failing and parts != fleet.routes[index]
        late = day.failover_s / WINDOW_S if moved else 0.0
        cold = sum(part * _cold(goal, fleet.setups[name], loads[name], failing) for name, part in parts.items())
        quantile = coldstart.quantile_of_warm(quantile=QUANTILE, cold=cold + late)
        waits.append(
            math.inf
            if quantile is None
            else max(
                _wait(
                    goal,
                    fleet.setups[name].candidate,
                    rtt_ms[index, fleet.options[name].region],
                    replicas=standing[name][minute] if name in standing else 0,
                    load_rps=loads[name],
                    quantile=quantile,
                )
                for name in parts
            )
        )
    return waits


def _cold(goal: ServingGoal, setup: Setup, load_rps: float, failing: bool) -> float:
    """Part of an option's requests that start cold; while a region fails, everybody may for cold_start_s."""
    candidate = setup.candidate
    if candidate.counted:
        return 0.0
    cold = coldstart.cold_share(per_s=load_rps, idle_s=candidate.idle_s)
    if setup.warm:
        warm = coldstart.warm_cold_share(service_s=candidate.service_ms / 1000, idle_s=candidate.idle_s)
        cold = min(cold, warm)
    return min(1.0, cold + (goal.model.cold_start_s / WINDOW_S if failing else 0.0))


def _wait(
    goal: ServingGoal, candidate: Candidate, rtt_ms: float, *, replicas: int, load_rps: float, quantile: float
) -> float:
    queue = 0.0
    if candidate.counted:
        if replicas == 0:
            return math.inf
        queue = queueing.wait_ms(
            servers=candidate.servers * replicas,
            utilisation=load_rps / (replicas * full_rps(candidate)),
            service_ms=candidate.service_ms,
            variation=goal.model.service_variation,
            quantile=quantile,
        )
    network = queueing.network_ms(median_ms=rtt_ms, p95_to_p50=goal.rtt_p95_to_p50, quantile=quantile)
    served = queueing.served_ms(
        service_ms=candidate.service_ms, variation=goal.model.service_variation, quantile=quantile
    )
    return goal.round_trips * network + queue + served
