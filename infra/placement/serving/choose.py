"""The door: a goal and a catalog in, a plan out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from infra.catalog import Catalog
from infra.placement.serving import availability
from infra.placement.serving.alternatives import alternatives
from infra.placement.serving.assign import assigned
from infra.placement.serving.assumptions import assumed
from infra.placement.serving.bill import bill, carbon_kg
from infra.placement.serving.candidates import Found, candidates
from infra.placement.serving.infeasible import infeasible
from infra.placement.serving.options import Setup, Stated, full_rps, queue_ms, state
from infra.placement.serving.plan import CostLine, PlannedRegion, Served, ServingPlan
from infra.placement.serving.problem import Run, Solution
from infra.placement.serving.program import GAP
from infra.placement.serving.solve import solve
from infra.settings.placement import ServingGoal


def choose(goal: ServingGoal, catalog: Catalog) -> ServingPlan:
    """The cheapest way to serve all users within the goal, proven. Deterministic; asks nothing but the catalog.

    Raises CatalogError for a place or region that the catalog does not know, and Infeasible, with what stands in the
    way and the nearest goals that can be reached, when there is no such way.
    """
    found = candidates(goal, catalog)
    stated = state(goal, found)
    solution = solve(stated.problem)
    if solution is None:
        raise infeasible(goal, catalog, found)
    return planned(goal, catalog, found, stated, solution)


def planned(goal: ServingGoal, catalog: Catalog, found: Found, stated: Stated, solution: Solution) -> ServingPlan:
    """A solution in the words of clouds and places."""
    chosen = sorted(
        ((run, stated.setups[run.option.name]) for run in solution.runs),
        key=lambda pair: (-pair[0].load_rps, pair[0].option.name),
    )
    lines = bill(chosen)
    regions = tuple(_region(goal, run, setup, lines) for run, setup in chosen)
    busy = {run.option.name: _as_loaded(goal, run, setup) for run, setup in chosen}
    users = _users(goal, catalog, found, stated, solution, busy)
    kilograms = [region.carbon_kg_per_month for region in regions]
    known = [kg for kg in kilograms if kg is not None]
    return ServingPlan(
        regions=regions,
        users=users,
        usd_per_month=sum(line.usd_per_month for line in lines),
        p95_ms=max(user.latency.total_ms for user in users),
        goal_ms=goal.p95_ms,
        availability=availability.expected(
            [(setup.candidate.availability, region.share) for (_, setup), region in zip(chosen, regions, strict=True)],
            survives_one=goal.survive_region_loss,
        ),
        carbon_kg_per_month=sum(known) if len(known) == len(kilograms) else None,
        lines=lines,
        alternatives=alternatives(goal, found, stated, solution, busy, regions),
        rejected=found.rejected,
        assumed=assumed(goal, regions, lines),
        digest=catalog.digest,
        oldest_price=min(line.date for line in lines),
        solver="proven optimal" if solution.gap <= GAP else f"proven within {solution.gap:.1%} of the least cost",
    )


def _region(goal: ServingGoal, run: Run, setup: Setup, lines: Sequence[CostLine]) -> PlannedRegion:
    candidate = setup.candidate
    region = candidate.region
    replicas = run.replicas + candidate.spare_replicas if candidate.counted else 0
    return PlannedRegion(
        provider=region.provider,
        region=region.region,
        country=region.country,
        latitude=region.latitude,
        longitude=region.longitude,
        mode=candidate.mode,
        machine=candidate.machine,
        capacity=candidate.capacity,
        replicas=replicas,
        min_replicas=setup.min_replicas + candidate.spare_replicas if candidate.counted else int(setup.warm),
        load_rps=run.load_rps,
        share=run.load_rps / goal.requests_per_s,
        utilisation=run.load_rps / (run.replicas * full_rps(candidate)) if candidate.counted else 0.0,
        cold_share=setup.cold_share,
        usd_per_month=sum(line.usd_per_month for line in lines if line.region == region.key),
        carbon_kg_per_month=carbon_kg(goal, run, setup),
    )


def _users(
    goal: ServingGoal,
    catalog: Catalog,
    found: Found,
    stated: Stated,
    solution: Solution,
    busy: Mapping[str, Setup],
) -> tuple[Served, ...]:
    lost = _after_losses(stated, solution) if goal.survive_region_loss else None
    users: list[Served] = []
    for index, (group, parts) in enumerate(zip(goal.users, solution.assignment, strict=True)):
        place = catalog.place(group.place)
        served = [(busy[name].candidate.key, part) for name, part in parts]
        waits = [busy[name].latency(goal, found.rtt_ms[index, busy[name].candidate.key]) for name, _ in parts]
        users.append(
            Served(
                place=group.place,
                country=place.country,
                latitude=place.latitude,
                longitude=place.longitude,
                share=group.share,
                regions=tuple(served),
                latency=max(waits, key=lambda wait: wait.total_ms),
                lost_region_ms=None if lost is None else lost[index],
            )
        )
    return tuple(users)


def _as_loaded(goal: ServingGoal, run: Run, setup: Setup) -> Setup:
    """With the queue at the load that it gets, which is never above what it was chosen for."""
    if not setup.candidate.counted:
        return setup
    utilisation = run.load_rps / (run.replicas * full_rps(setup.candidate))
    wait = queue_ms(goal, setup.candidate, replicas=run.replicas, utilisation=utilisation)
    return replace(setup, queue_ms=min(wait, setup.queue_ms))


def after_loss(stated: Stated, solution: Solution, region: str) -> Solution | None:
    """The same replicas without one region's: where everybody goes then. None when they do not all fit."""
    left = {run.option: run.replicas for run in solution.runs if run.option.region != region}
    kept = {replace(option, min_rps=0.0): count for option, count in left.items()}
    return assigned(stated.problem, kept, {}) if kept else None


def _after_losses(stated: Stated, solution: Solution) -> list[float]:
    """For each user the longest p95 while any one region is lost."""
    serves = {run.option.name: run.option.serves for run in solution.runs}
    worst = [0.0] * len(stated.problem.users)
    for run in solution.runs:
        after = after_loss(stated, solution, run.option.region)
        if after is None:
            raise AssertionError(f"the plan does not survive the loss of {run.option.region}")
        for index, parts in enumerate(after.assignment):
            worst[index] = max(worst[index], *(serves[name][index] for name, _ in parts))
    return worst
