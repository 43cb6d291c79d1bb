"""What must hold of any goal: the choice against cheaper prices, tighter goals, further candidates and rules."""

import math
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from infra.catalog import Catalog
from infra.placement.serving.candidates import Found, candidates
from infra.placement.serving.options import state
from infra.placement.serving.problem import TIE_USD, Solution
from infra.placement.serving.program import GAP
from infra.placement.serving.sensitivity import repriced
from infra.placement.serving.solve import solve
from infra.settings.placement import ServingGoal

PLACES = ("geo:IN", "geo:US-East", "geo:EU-Central", "geo:JP")
REGIONS = ("ap-south-1", "us-east-1", "eu-central-1", "ap-northeast-1", "us-central1", "asia-south1", "europe-west4")
FEW = settings(max_examples=25, deadline=None)


@st.composite
def goals(draw: st.DrawFn) -> ServingGoal:
    places = draw(st.lists(st.sampled_from(PLACES), min_size=1, max_size=3, unique=True))
    return ServingGoal.model_validate(
        {
            "users": [{"place": place, "share": 1 / len(places)} for place in places],
            "requests_per_s": draw(st.sampled_from([0.5, 20, 200])),
            "p95_ms": draw(st.integers(60, 400)),
            "model": {"service_ms": {"cpu": draw(st.integers(5, 40)), "T4": 15, "L4": 10}, "vcpus": 1},
            "min_regions": draw(st.integers(1, 2)),
            "regions": draw(st.lists(st.sampled_from(REGIONS), min_size=3, max_size=5, unique=True)),
            "capacity": draw(st.sampled_from([("on_demand",), ("spot", "on_demand")])),
        }
    )


def solved(goal: ServingGoal, found: Found | None = None) -> Solution | None:
    return solve(state(goal, found or candidates(goal, Catalog.load())).problem)


def cost(solution: Solution | None) -> float:
    return math.inf if solution is None else solution.usd_per_month


def at_most(less: float, more: float) -> bool:
    """Two optima, each known to within the solver's gap."""
    return math.isinf(more) or less <= more * (1 + GAP) + 2 * TIE_USD


@FEW
@given(goals(), st.floats(0.3, 0.98))
def test_a_cheaper_price_never_makes_a_region_lose(goal: ServingGoal, factor: float):
    found = candidates(goal, Catalog.load())
    before = solved(goal, found)
    for run in before.runs if before else ():
        cheaper = repriced(found, run.option.region, ("instances", "idle minimum", "compute", "spare"), factor)
        after = solved(goal, cheaper)
        assert after is not None
        without = solved(goal, without_region(cheaper, run.option.region))
        assert at_most(after.usd_per_month, cost(without))
        assert run.option.region in regions(after) or at_most(cost(without), after.usd_per_month)


def regions(solution: Solution) -> set[str]:
    return {run.option.region for run in solution.runs}


def without_region(found: Found, key: str) -> Found:
    return replace(found, candidates=tuple(one for one in found.candidates if one.key != key))


@FEW
@given(goals(), st.floats(0.3, 1.0))
def test_a_tighter_goal_never_lowers_the_cost(goal: ServingGoal, factor: float):
    found = candidates(goal, Catalog.load())
    tighter = goal.model_copy(update={"p95_ms": goal.p95_ms * factor})
    assert at_most(cost(solved(goal, found)), cost(solved(tighter, found)))


@FEW
@given(goals())
def test_surviving_the_loss_of_a_region_never_lowers_the_cost(goal: ServingGoal):
    free = goal.model_copy(update={"min_regions": 2})
    surviving = free.model_copy(update={"survive_region_loss": True})
    assert at_most(cost(solved(free)), cost(solved(surviving)))


@FEW
@given(goals(), st.data())
def test_a_further_candidate_never_raises_the_cost(goal: ServingGoal, data: st.DataObject):
    found = candidates(goal, Catalog.load())
    if not found.candidates:
        return
    out = data.draw(st.sampled_from(found.candidates))
    fewer = replace(found, candidates=tuple(one for one in found.candidates if one is not out))
    assert at_most(cost(solved(goal, found)), cost(solved(goal, fewer)))


@FEW
@given(goals(), st.sampled_from([1, 20]), st.booleans())
def test_a_further_mode_of_capacity_never_raises_the_cost(goal: ServingGoal, times: int, on_gpu: bool):
    model = goal.model.model_copy(update={"service_ms": {"T4": 60 * times, "L4": 40 * times}}) if on_gpu else goal.model
    fewer = goal.model_copy(update={"capacity": ("on_demand",), "model": model, "p95_ms": goal.p95_ms * times})
    more = fewer.model_copy(update={"capacity": ("spot", "on_demand")})
    assert at_most(cost(solved(more)), cost(solved(fewer)))


@FEW
@given(goals(), st.lists(st.sampled_from(["IN", "US", "DE", "JP", "NL"]), min_size=1, max_size=2, unique=True))
def test_a_rule_on_countries_is_never_broken(goal: ServingGoal, countries: list[str]):
    ruled = goal.users[0].model_copy(update={"countries": tuple(countries)})
    bound = goal.model_copy(update={"users": (ruled, *goal.users[1:])})
    catalog = Catalog.load()
    solution = solved(bound)
    where = {run.option.name: run.option.region for run in solution.runs} if solution else {}
    for name, _ in solution.assignment[0] if solution else ():
        assert catalog.regions[where[name]].country in countries


@FEW
@given(goals())
def test_everybody_is_served_whole_within_the_goal_and_nothing_carries_more_than_it_can(goal: ServingGoal):
    solution = solved(goal)
    if solution is None:
        return
    serves = {run.option.name: run.option.serves for run in solution.runs}
    for index, parts in enumerate(solution.assignment):
        assert math.isclose(sum(part for _, part in parts), 1, rel_tol=1e-6)
        assert all(serves[name][index] <= goal.p95_ms for name, _ in parts)
    for run in solution.runs:
        assert not run.option.bounded or run.load_rps <= run.replicas * run.option.replica_rps * (1 + 1e-6)
