"""Why each other region lost, in words that were solved: the plan again with that region in the place of another.

A loser's price is the difference between two optima, so it says what insisting on the region costs, and the lines in
which the two bills differ say why. Effort is bounded: the cheapest `most` losers are solved, the rest is told by price.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from infra.catalog import Catalog
from infra.placement.serving.bill import bill
from infra.placement.serving.candidates import candidates
from infra.placement.serving.options import Stated, state
from infra.placement.serving.plan import Alternative, CostLine, Loser, ServingPlan
from infra.placement.serving.problem import Solution
from infra.placement.serving.solve import solve
from infra.placement.serving.unserving import unserving
from infra.settings.placement import ServingGoal

MOST = 8
_SAME_USD = 0.01
_LINES = 2  # that a reason names


def explain(plan: ServingPlan, goal: ServingGoal, catalog: Catalog, most: int = MOST) -> tuple[Loser, ...]:
    """One for each region with a candidate that is not in the plan, cheapest difference first."""
    found = candidates(goal, catalog)
    stated = state(goal, found)
    chosen = {region.key for region in plan.regions}
    table = {row.key: row for row in plan.alternatives if row.key not in chosen}
    losers = [_solved(plan, goal, stated, row) for row in list(table.values())[:most]]
    losers += [_untold(row) for row in list(table.values())[most:]]
    losers += unserving(goal, found, chosen | table.keys())
    return tuple(sorted(losers, key=lambda loser: (loser.more_usd is None, loser.more_usd or 0.0)))


def with_region(stated: Stated, key: str, regions: int) -> Solution | None:
    """The optimum with one region in it, among no more regions than there were; with one more where that must be."""
    for most in (regions, regions + 1):
        problem = replace(stated.problem, required=frozenset((key,)), most_regions=most)
        if (solution := solve(problem)) is not None:
            return solution
    return None


def _solved(plan: ServingPlan, goal: ServingGoal, stated: Stated, row: Alternative) -> Loser:
    solution = with_region(stated, row.key, len(plan.regions))
    able = _able(goal, row)
    if solution is None:
        return _loser(row, None, f"{able}, but no plan with it reaches the goal")
    lines = bill([(run, stated.setups[run.option.name]) for run in solution.runs])
    more = sum(line.usd_per_month for line in lines) - plan.usd_per_month
    if more < _SAME_USD:
        return _loser(row, max(0.0, more), f"{able} and would cost the same{_in_place_of(plan, solution)}")
    beside = sorted({run.option.region for run in solution.runs} - {row.key})
    among = f" beside {' and '.join(beside)}" if beside else ""
    reason = f"{able}, but{among} costs ${more:,.0f} a month more{_of_which(plan.lines, lines, more)}"
    return _loser(row, more, reason)


def _able(goal: ServingGoal, row: Alternative) -> str:
    whole = row.serves > 1 - 1e-9
    return f"serves {'all users' if whole else f'{row.serves:.0%} of the requests'} within {goal.p95_ms:g} ms"


def _in_place_of(plan: ServingPlan, solution: Solution) -> str:
    kept = {run.option.region for run in solution.runs}
    replaced = [region.key for region in plan.regions if region.key not in kept]
    return f" in the place of {' and '.join(replaced)}" if replaced else ""


def _of_which(before: Iterable[CostLine], after: Iterable[CostLine], more: float) -> str:
    """The kinds of line that grew most; a kind that grew by more than the whole is named all the same."""
    grown: dict[str, float] = defaultdict(float)
    for line in after:
        grown[_kind(line)] += line.usd_per_month
    for line in before:
        grown[_kind(line)] -= line.usd_per_month
    most = sorted(grown.items(), key=lambda item: -item[1])[:_LINES]
    said = [f"{kind} ${usd:,.0f}" for kind, usd in most if usd >= 0.1 * more]
    return f", of which {', '.join(said)}" if said else ""


def _kind(line: CostLine) -> str:
    return line.what.split(",")[0]


def _untold(row: Alternative) -> Loser:
    return _loser(
        row, None, f"would take ${row.usd_per_month:,.0f} a month by itself; not solved, dearer ones come last"
    )


def _loser(row: Alternative, more_usd: float | None, reason: str) -> Loser:
    return Loser(provider=row.provider, region=row.region, more_usd=more_usd, reason=reason)
