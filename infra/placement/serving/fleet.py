"""A chosen plan as something that can be played through a day, and what that day costs."""

from infra.placement.serving.charge import MONTH_H, MONTH_S, total_usd
from infra.placement.serving.choose import after_loss
from infra.placement.serving.options import Stated
from infra.placement.serving.problem import Solution
from infra.placement.serving.replay import DAY_MIN, Fleet, Replay, Routes
from infra.settings.placement import ServingGoal

_DAY_OF_MONTH = DAY_MIN / 60 / MONTH_H


def fleet(stated: Stated, solution: Solution, *, survives: bool) -> Fleet:
    """survives: where everybody goes when a region is lost is known for each region of the plan."""
    names = {run.option.name for run in solution.runs}
    lost: dict[str, Routes] = {}
    for run in solution.runs if survives else ():
        after = after_loss(stated, solution, run.option.region)
        if after is not None:
            lost[run.option.region] = routes(after)
    return Fleet(
        options={run.option.name: run.option for run in solution.runs},
        setups={name: stated.setups[name] for name in names},
        replicas={run.option.name: run.replicas for run in solution.runs if run.option.bounded},
        routes=routes(solution),
        after_loss=lost,
    )


def routes(solution: Solution) -> Routes:
    return [dict(parts) for parts in solution.assignment]


def day_usd(goal: ServingGoal, played: Fleet, result: Replay) -> float:
    """What stands, by the hours that it stood; what is called, by its calls; the rest as a part of the month.

    Egress is at the first tier's price, which is never too low.
    """
    usd = 0.0
    providers: dict[str, float] = {}
    for name, setup in played.setups.items():
        candidate = setup.candidate
        charges = (*candidate.charges, *candidate.carbon, *(candidate.warm if setup.warm else ()))
        usd += total_usd(charges, "region") * _DAY_OF_MONTH
        by_call = total_usd(charges, "rps") + candidate.egress[0].charge.usd_per_month
        usd += by_call / (goal.mean_to_peak * MONTH_S) * result.requests[name]
        by_hour = total_usd(charges, "replica") / (goal.mean_to_peak * MONTH_H)
        usd += by_hour * result.replica_hours.get(name, 0.0)
        providers[candidate.region.provider] = total_usd(charges, "provider") * _DAY_OF_MONTH
    return usd + sum(providers.values())
