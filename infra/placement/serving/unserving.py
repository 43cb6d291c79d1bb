"""Regions that have candidates, but none that serves anybody in time: which part of the wait is too long."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from infra.placement.serving.candidate import Candidate
from infra.placement.serving.candidates import Found
from infra.placement.serving.options import Setup, served_by, setups_of
from infra.placement.serving.plan import Loser
from infra.settings.placement import ServingGoal


def unserving(goal: ServingGoal, found: Found, told: Collection[str]) -> list[Loser]:
    """One for each region that is not told of yet, with the part of its least wait that breaks the goal."""
    regions: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in found.candidates:
        if candidate.key not in told:
            regions[candidate.key].append(candidate)
    return [
        Loser(
            provider=candidates[0].region.provider,
            region=candidates[0].region.region,
            more_usd=None,
            reason=_reason(goal, found, candidates),
        )
        for candidates in regions.values()
    ]


def _reason(goal: ServingGoal, found: Found, candidates: Sequence[Candidate]) -> str:
    region = candidates[0].region
    allowed = [
        index
        for index, group in enumerate(goal.users)
        if (index, region.key) in found.rtt_ms and (not group.countries or region.country in group.countries)
    ]
    if not allowed:
        return "no users' requests may be answered in its country"
    nearest = min(allowed, key=lambda index: found.rtt_ms[index, region.key])
    place, rtt_ms = goal.users[nearest].place, found.rtt_ms[nearest, region.key]
    setups = [setup for candidate in candidates for setup in setups_of(goal, candidate)]
    if not setups:
        cold_s = goal.model.cold_start_s
        return f"when a region is lost, more requests start cold than may be late: cold_start_s is {cold_s:g}"
    least_rps = list(_warm_from(goal, found, setups))
    if least_rps:
        return f"its functions would grow cold: they need {min(least_rps):.2g} requests/s to stay warm"
    wait, setup = min(((setup.latency(goal, rtt_ms), setup) for setup in setups), key=lambda pair: pair[0].total_ms)
    fails = f"serves nobody within {goal.p95_ms:g} ms"
    if wait.network_ms > goal.p95_ms:
        return f"{fails}: the network to {place}, its nearest users, takes {wait.network_ms:.0f} ms"
    queue = f", the queue {wait.queue_ms:.0f} ms" if wait.queue_ms >= 1 else ""
    return (
        f"{fails}: computing on {setup.candidate.machine} takes {wait.service_ms:.0f} ms{queue}, "
        f"the network to {place}, its nearest users, {wait.network_ms:.0f} ms"
    )


def _warm_from(goal: ServingGoal, found: Found, setups: Sequence[Setup]) -> Iterator[float]:
    """Least load of those setups that would serve somebody in time; they are none only for want of it."""
    return (setup.min_rps for setup in setups if served_by(goal, setup, found.rtt_ms))
