"""Everything that a table, a document or a page says of where to run: one frozen value, computed once.

Pure: the day is handed in. How it looks is table.py's, csv_rows.py's and page's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from infra.catalog import Catalog, check_age, check_day
from infra.placement.built import check_buildable, check_trainable
from infra.placement.placement import serving_on, work_on
from infra.placement.serving import CostLine, Flip, Loser, ServingPlan, choose, explain, sensitivity
from infra.placement.serving.candidates import candidates
from infra.placement.serving.choose import planned
from infra.placement.serving.options import state
from infra.placement.serving.solve import solve
from infra.placement.training import TrainingPlan, place
from infra.settings.placement import ServingGoal
from slipway.plan.wanted import Wanted

_GOALS = (0.4, 0.6, 0.8, 1.25, 1.6, 2.0)  # times the p95 goal: each is one more solve
_LOSERS = 6  # that are solved: as many as an answer within a second allows
_LOSERS_THOROUGH = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class ParetoPoint:
    """What another p95 goal would cost: a trade that no other one beats in both. regions: as `aws/us-east-1`."""

    usd_per_month: float
    p95_ms: float
    regions: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """serving and training: None where the settings do not ask for it; the other one is there.

    losers, flips, pareto: of serving; flips and pareto are empty unless thorough. price_age_days: since
    the oldest price that a plan rests on was read. digest: of the catalog.
    """

    serving: ServingPlan | None
    losers: tuple[Loser, ...]
    flips: tuple[Flip, ...]
    pareto: tuple[ParetoPoint, ...]
    training: TrainingPlan | None
    price_age_days: int
    digest: str


def overview(wanted: Wanted, catalog: Catalog, *, today: date, thorough: bool = False) -> Overview:
    """The plans for what is wanted, as the program of that stack would make them, and why they are so.

    thorough: with flips, with pareto and with more losers solved, which takes seconds. Raises PricesTooOld,
    CatalogError for a place or region that is not known, and PlacementError where nothing reaches the goal or the
    deadline, or where the stack could not build what does.
    """
    goal = serving_on(wanted.serving, wanted.provider) if wanted.serving else None
    serving = choose(goal, catalog) if goal else None
    if serving and wanted.provider:
        check_buildable(serving, catalog)
    ages = [_age(serving, catalog, today, wanted.max_age_days)] if serving else []
    training = _training(wanted, serving, catalog)
    if training is not None:
        ages.append(check_age(catalog, today, wanted.max_age_days, training.prices))
    losers = explain(serving, goal, catalog, _LOSERS_THOROUGH if thorough else _LOSERS) if goal and serving else ()
    return Overview(
        serving=serving,
        losers=losers,
        flips=sensitivity(serving, goal, catalog, _runner_up(losers)) if goal and serving and thorough else (),
        pareto=trades(serving, goal, catalog) if goal and serving and thorough else (),
        training=training,
        price_age_days=max(ages, default=0),
        digest=catalog.digest,
    )


def _training(wanted: Wanted, serving: ServingPlan | None, catalog: Catalog) -> TrainingPlan | None:
    if wanted.work is None:
        return None
    beside = tuple(dict.fromkeys(region.region for region in serving.regions)) if serving else wanted.regions
    training = place(work_on(wanted.work, wanted.provider, beside), catalog)
    if wanted.provider and not wanted.has_pools:
        check_trainable(training)
    return training


def trades(plan: ServingPlan, goal: ServingGoal, catalog: Catalog) -> tuple[ParetoPoint, ...]:
    """The best plans for tighter and looser p95 goals that neither the plan nor each other beats, cheapest first."""
    found = candidates(goal, catalog)
    points: set[ParetoPoint] = set()
    for factor in _GOALS:
        other = goal.model_copy(update={"p95_ms": goal.p95_ms * factor})
        stated = state(other, found)
        if (solution := solve(stated.problem)) is not None:
            points.add(_point(planned(other, catalog, found, stated, solution)))
    here = _point(plan)
    kept = [point for point in points - {here} if not any(_beats(other, point) for other in points | {here})]
    return tuple(sorted(kept, key=lambda point: point.usd_per_month))


def _point(plan: ServingPlan) -> ParetoPoint:
    return ParetoPoint(
        usd_per_month=plan.usd_per_month, p95_ms=plan.p95_ms, regions=tuple(region.key for region in plan.regions)
    )


def _beats(one: ParetoPoint, other: ParetoPoint) -> bool:
    """No worse in either, and better in one."""
    better = (one.usd_per_month, one.p95_ms) != (other.usd_per_month, other.p95_ms)
    return better and one.usd_per_month <= other.usd_per_month and one.p95_ms <= other.p95_ms


def _runner_up(losers: Iterable[Loser]) -> str:
    """The region that lost by least; its price is the one that would flip the choice soonest."""
    return next((f"{loser.provider}/{loser.region}" for loser in losers if loser.more_usd is not None), "")


def _age(plan: ServingPlan, catalog: Catalog, today: date, max_age_days: int) -> int:
    """Days since the oldest price of the bill was read. Raises PricesTooOld that names it."""
    oldest, newest = (of(plan.lines, key=lambda line: line.date) for of in (min, max))
    offered = {
        (f"{offer.provider}/{offer.region}", offer.usd_per_hour, offer.date, offer.source) for offer in catalog.offers()
    }

    def check(line: CostLine) -> int:
        machine = (line.region, line.unit_usd, line.date, line.source) in offered
        return check_day(line.what, line.region, line.date, today, max_age_days, machine=machine)

    age, _ = check(oldest), check(newest)
    return age
