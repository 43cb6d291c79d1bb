"""The table: each chosen region as it runs in the plan, and for every other one the best way to run it by itself."""

from collections.abc import Mapping, Sequence

from infra.placement.serving.candidates import Found
from infra.placement.serving.options import Setup, Stated
from infra.placement.serving.plan import Alternative, PlannedRegion
from infra.placement.serving.problem import Option, Solution
from infra.placement.serving.reduce import standing_usd
from infra.settings.placement import ServingGoal


def alternatives(
    goal: ServingGoal,
    found: Found,
    stated: Stated,
    solution: Solution,
    busy: Mapping[str, Setup],
    regions: Sequence[PlannedRegion],
) -> tuple[Alternative, ...]:
    """Those chosen first, as in the plan, then by how many users they serve, then by price for each request.

    busy: what runs, by the option's name, with the queue at the load that it gets. regions: of the plan.
    """
    runs = {run.option.region: run.option for run in solution.runs}
    chosen = [
        _row(
            busy[runs[region.key].name],
            p95_ms=_longest_ms(goal, found, solution, runs[region.key], busy[runs[region.key].name]),
            serves=region.share,
            usd=region.usd_per_month,
            chosen=True,
        )
        for region in regions
    ]
    others = [row for row in _by_itself(goal, stated) if row.key not in runs]
    return (*chosen, *sorted(others, key=lambda row: (-row.serves, row.usd_per_month / row.serves, row.key)))


def _longest_ms(goal: ServingGoal, found: Found, solution: Solution, option: Option, setup: Setup) -> float:
    """p95 of the farthest users of whom it answers a part; where it only stands by, of those whom it could answer."""
    waits = [
        setup.latency(goal, found.rtt_ms[index, option.region]).total_ms
        for index, parts in enumerate(solution.assignment)
        if any(name == option.name for name, _ in parts)
    ]
    return max(waits or option.serves.values())


def _by_itself(goal: ServingGoal, stated: Stated) -> list[Alternative]:
    """For each region the option that serves most users, and of those the cheapest for each request."""
    best: dict[str, tuple[tuple[float, float], Option]] = {}
    loads = [user.requests_per_s for user in stated.problem.users]
    for option in stated.problem.options:
        load = sum(loads[index] for index in option.serves)
        if load < option.min_rps:
            continue
        usd = standing_usd(option, load) + option.usd_per_rps * load + stated.problem.volume_usd(option.region, load)
        rank = (-load, usd / load)
        if option.region not in best or rank < best[option.region][0]:
            best[option.region] = (rank, option)
    return [
        _row(
            stated.setups[option.name],
            p95_ms=max(option.serves.values()),
            serves=min(1.0, sum(goal.users[index].share for index in option.serves)),
            usd=-load * per_rps,
            chosen=False,
        )
        for (load, per_rps), option in best.values()
    ]


def _row(setup: Setup, *, p95_ms: float, serves: float, usd: float, chosen: bool) -> Alternative:
    candidate = setup.candidate
    return Alternative(
        provider=candidate.region.provider,
        region=candidate.region.region,
        latitude=candidate.region.latitude,
        longitude=candidate.region.longitude,
        mode=candidate.mode,
        machine=candidate.machine,
        capacity=candidate.capacity,
        p95_ms=p95_ms,
        serves=serves,
        usd_per_month=usd,
        carbon_g_per_kwh=candidate.g_per_kwh,
        availability=candidate.availability,
        chosen=chosen,
    )
