"""The optimum against enumeration. Loads, capacities and least loads are whole numbers here, so a best assignment in
whole numbers exists (the constraint matrix of a flow is totally unimodular), and everything can be tried out.
"""

import itertools
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from infra.placement.errors import PlacementError
from infra.placement.serving import program
from infra.placement.serving import solve as search
from infra.placement.serving.problem import TIE_USD, Option, Problem, User, Volume
from infra.placement.serving.program import GAP, Program
from infra.placement.serving.solve import solve

INSTANCES = 200


def random_problem(seed: int) -> Problem:
    pick = random.Random(seed)
    users = tuple(User(name=f"u{n}", requests_per_s=pick.randint(1, 3)) for n in range(pick.randint(2, 4)))
    regions = range(pick.randint(2, 4))
    options = tuple(
        random_option(pick, region, number, len(users)) for region in regions for number in range(pick.randint(1, 2))
    )
    survive = pick.random() < 0.5
    return Problem(
        users=users,
        options=options,
        min_regions=2 if survive else pick.randint(1, 2),
        survive_region_loss=survive,
        shared_usd={"gcp": pick.uniform(0, 20)},
        volume={f"r{region}": random_volume(pick) for region in regions},
    )


def random_volume(pick: random.Random) -> tuple[Volume, ...]:
    """A price that falls twice at most, as the lines whose least it is."""
    lines = [Volume(usd_at_zero=0.0, usd_per_rps=pick.uniform(5, 20))]
    for _ in range(pick.randint(0, 2)):
        last, start = lines[-1], pick.randint(1, 6)
        slope = last.usd_per_rps * pick.uniform(0.2, 0.9)
        lines.append(Volume(usd_at_zero=last.usd_at_zero + start * (last.usd_per_rps - slope), usd_per_rps=slope))
    return tuple(lines)


def random_option(pick: random.Random, region: int, number: int, users: int) -> Option:
    counted = pick.random() < 0.6
    serves = {index: pick.uniform(10, 100) for index in range(users) if pick.random() < 0.75}
    common = Option(
        name=f"r{region}-{number}",
        region=f"r{region}",
        provider=("aws", "gcp")[region % 2],
        serves=serves,
        fixed_usd=pick.uniform(0, 60),
        usd_per_rps=pick.uniform(0, 30),
    )
    if not counted:
        return replace(common, min_rps=float(pick.choice((0, 0, 1, 2))))
    capacity, least = float(pick.randint(1, 4)), pick.randint(1, 2)
    return replace(common, replica_usd=pick.uniform(5, 50), replica_rps=capacity, min_replicas=least)


def cheapest_by_trying(problem: Problem) -> float | None:
    """Every set of options, every assignment, every number of replicas."""
    regions = sorted({option.region for option in problem.options})
    ways = [[None, *(option for option in problem.options if option.region == region)] for region in regions]
    best = math.inf
    for picked in itertools.product(*ways):
        options = [option for option in picked if option is not None and option.serves]
        if len(options) >= max(1, problem.min_regions) and len(options) == sum(option is not None for option in picked):
            best = min(best, cheapest_of(problem, options, best))
    return best if math.isfinite(best) else None


def cheapest_of(problem: Problem, options: Sequence[Option], bound: float) -> float:
    shared = sum(problem.shared_usd.get(provider, 0.0) for provider in {option.provider for option in options})
    fixed = shared + sum(option.fixed_usd for option in options)
    if fixed >= bound:
        return math.inf
    loads = [load for load in all_loads(problem, options) if all(map(enough, options, load))]
    best = math.inf
    for replicas in all_replicas(problem, options):
        usd = fixed + sum(option.replica_usd * count for option, count in zip(options, replicas, strict=True))
        if usd >= min(best, bound) or not (not problem.survive_region_loss or survives(problem, options, replicas)):
            continue
        for load in loads:
            if all(map(fits, options, replicas, load)):
                carried = zip(options, load, strict=True)
                best = min(
                    best, usd + sum(o.usd_per_rps * rps + problem.volume_usd(o.region, rps) for o, rps in carried)
                )
    return best


def enough(option: Option, load: float) -> bool:
    return load >= option.min_rps


def fits(option: Option, replicas: int, load: float) -> bool:
    return not option.bounded or load <= replicas * option.replica_rps


def all_replicas(problem: Problem, options: Sequence[Option]) -> Iterator[tuple[int, ...]]:
    def counts(option: Option) -> range:
        if not option.bounded:
            return range(1)
        least = max(1, option.min_replicas)
        return range(least, max(least, math.ceil(problem.load_rps / option.replica_rps)) + 1)

    return itertools.product(*map(counts, options))


def all_loads(problem: Problem, options: Sequence[Option]) -> set[tuple[int, ...]]:
    """What the options may carry, over all assignments in whole requests."""
    reached = {(0,) * len(options)}
    for index, user in enumerate(problem.users):
        serving = [number for number, option in enumerate(options) if index in option.serves]
        for _ in range(round(user.requests_per_s)):
            reached = {
                (*load[:number], load[number] + 1, *load[number + 1 :]) for load in reached for number in serving
            }
    return reached


def survives(problem: Problem, options: Sequence[Option], replicas: Sequence[int]) -> bool:
    for lost in range(len(options)):
        left = [option for number, option in enumerate(options) if number != lost]
        standing = [count for number, count in enumerate(replicas) if number != lost]
        if not any(all(map(fits, left, standing, load)) for load in all_loads(problem, left)):
            return False
    return True


@pytest.mark.parametrize("part", range(4))
def test_the_answer_is_that_of_trying_everything(part: int):
    for seed in range(part, INSTANCES, 4):
        problem = random_problem(seed)
        expected, found = cheapest_by_trying(problem), solve(problem)
        assert (found and found.usd_per_month) == pytest.approx(expected, abs=2 * TIE_USD), f"instance {seed}"


def test_with_dearer_and_cheaper_twins_and_two_shared_costs_it_is_as_well():
    for seed in range(40):
        problem = with_twins(random_problem(seed), random.Random(seed))
        expected, found = cheapest_by_trying(problem), solve(problem)
        assert (found is None) == (expected is None), f"instance {seed}"
        if found and expected:
            assert found.usd_per_month == pytest.approx(expected, rel=GAP, abs=2 * TIE_USD), f"instance {seed}"


def with_twins(problem: Problem, pick: random.Random) -> Problem:
    """Each counted option a second time: dearer to have, cheaper for each replica, as spot with its spare is."""
    twins = tuple(
        replace(
            option,
            name=f"{option.name}-spot",
            fixed_usd=option.fixed_usd + pick.uniform(5, 80),
            replica_usd=option.replica_usd * pick.uniform(0.3, 0.9),
            min_replicas=option.min_replicas + pick.choice((0, 0, 1)),
        )
        for option in problem.options
        if option.bounded
    )
    shared = {"aws": pick.uniform(0, 40), "gcp": pick.uniform(0, 40)}
    return replace(problem, options=problem.options + twins, shared_usd=shared)


def test_both_answers_occur_among_the_instances():
    assert {solve(random_problem(seed)) is not None for seed in range(20)} == {True, False}


def region(name: str, *, usd: float, ms: float = 50.0, users: int = 1) -> Option:
    return Option(
        name=name,
        region=name,
        provider="aws",
        serves=dict.fromkeys(range(users), ms),
        replica_usd=usd,
        replica_rps=10.0,
        min_replicas=1,
    )


ONE_USER = (User(name="u", requests_per_s=10.0),)


def test_of_two_regions_at_one_price_the_nearer_is_taken():
    found = solve(Problem(users=ONE_USER, options=(region("a", usd=5, ms=90), region("b", usd=5, ms=20))))
    assert found is not None
    assert [run.option.name for run in found.runs] == ["b"]


def test_the_order_of_the_options_does_not_matter():
    problem = random_problem(3)
    backwards = replace(problem, options=problem.options[::-1])
    first, second = solve(problem), solve(backwards)
    assert first is not None
    assert second is not None
    assert (first.runs, first.assignment) == (second.runs, second.assignment)


def test_losing_a_region_needs_as_much_again_with_two_and_half_as_much_again_with_three():
    options = tuple(region(name, usd=5) for name in "abc")
    users = (User(name="u", requests_per_s=60.0),)
    found = solve(Problem(users=users, options=options, min_regions=2, survive_region_loss=True))
    assert found is not None
    assert sum(run.replicas for run in found.runs) == 9


def test_a_region_that_nobody_may_use_does_not_count_to_the_least_number():
    nobody = replace(region("b", usd=1), serves={})
    assert solve(Problem(users=ONE_USER, options=(region("a", usd=5), nobody), min_regions=2)) is None


def test_a_required_region_runs_although_it_is_dearer():
    options = (region("a", usd=5), region("b", usd=9))
    found = solve(Problem(users=ONE_USER, options=options, required=frozenset("b"), most_regions=1))
    assert found is not None
    assert [run.option.name for run in found.runs] == ["b"]


def test_a_program_whose_effort_finds_no_answer_claims_neither_one_nor_that_there_is_none(
    monkeypatch: pytest.MonkeyPatch,
):
    """Four sums that must come out exactly, over thirty choices: there is an answer, and a single node finds none."""
    monkeypatch.setitem(program._OPTIONS, "mip_max_nodes", 1)
    pick, made = random.Random(0), Program()
    columns = [made.column(cost=pick.random(), upper=1, whole=True) for _ in range(30)]
    hidden = [pick.randint(0, 1) for _ in columns]
    for _ in range(4):
        factors = [pick.randint(0, 99) for _ in columns]
        total = sum(factor * value for factor, value in zip(factors, hidden, strict=True))
        made.row(zip(columns, factors, strict=True), low=total, high=total)
    answer = made.run()
    assert answer
    assert (len(answer.values), answer.proven) == (0, False)
    assert answer.bound < math.inf


def test_a_margin_that_reaches_what_is_known_but_for_rounding_ends_the_search(monkeypatch: pytest.MonkeyPatch):
    pick = random.Random(0)
    pairs = ((pick.uniform(1, 100), pick.uniform(100, 200)) for _ in range(10_000))
    bound, usd = next((low, high) for low, high in pairs if low + (high - low) < high)
    tried = itertools.count()

    def among(*_: object) -> tuple[SimpleNamespace, float, int, None]:
        assert next(tried) < 9, "it looks for ever"
        return SimpleNamespace(usd_per_month=usd), usd, 1, None

    monkeypatch.setattr(search, "_among", among)
    master = SimpleNamespace(considers_all=False, consider=lambda *_: None)
    relaxed = SimpleNamespace(bound=bound, objective=bound)
    part: Any = SimpleNamespace(master=master, relaxed=relaxed, options=range(100))
    best, _, _ = search._least(random_problem(0), part, math.inf)
    assert best
    assert best.usd_per_month == usd


def test_an_effort_that_finds_nothing_is_not_taken_for_a_proof_that_there_is_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(search, "_among", lambda *_: (None, 5.0, 1, None))
    with pytest.raises(PlacementError, match="no plan was found, and it was not proven that there is none"):
        solve(Problem(users=ONE_USER, options=(region("a", usd=5),)))
