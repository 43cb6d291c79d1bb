"""What of a goal may be given up, one thing or two at a time, and what is then chosen: each is placed again and solved.

Some rules narrow who may be asked at all (regions, providers, modes, capacity); without them the candidates are looked
for anew. The others only narrow the choice among the candidates that there are.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from infra.catalog import Catalog
from infra.placement.serving.candidates import Found, candidates
from infra.placement.serving.options import state
from infra.placement.serving.solve import solve
from infra.settings.placement import ServingGoal

_ALL_PROVIDERS = ("aws", "gcp")
_ALL_MODES = ("serverless", "node_pool")
_ALL_CAPACITY = ("spot", "on_demand")  # that may serve users


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """settings: that make it, by name. without: in words, after `without`. lifted: the goal without it."""

    settings: tuple[str, ...]
    without: str
    lifted: Callable[[ServingGoal], ServingGoal]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reached:
    """settings: without which there is a plan. nearest: that plan, in words."""

    settings: tuple[str, ...]
    nearest: str


def narrowing(goal: ServingGoal) -> list[Rule]:
    """The rules of this goal that leave out candidates."""
    rules: list[Rule] = []
    if goal.regions:
        rules.append(_rule("regions", f"the bound to regions {', '.join(goal.regions)}", regions=()))
    if len(goal.providers) < len(_ALL_PROVIDERS):
        rules.append(_rule("providers", f"the bound to {', '.join(goal.providers)}", providers=_ALL_PROVIDERS))
    if not {*_ALL_MODES} <= {*goal.modes}:
        rules.append(_rule("modes", f"the bound to modes {', '.join(goal.modes)}", modes=_ALL_MODES))
    if not {*_ALL_CAPACITY} <= {*goal.capacity}:
        rules.append(_rule("capacity", f"the bound to capacity {', '.join(goal.capacity)}", capacity=_ALL_CAPACITY))
    return rules


def choosing(goal: ServingGoal) -> list[Rule]:
    """The rules of this goal about where requests are answered, and by how many regions; p95 is none of them."""
    rules: list[Rule] = []
    if any(group.countries for group in goal.users):
        rules.append(
            Rule(
                settings=("users.countries",),
                without="the rules on where requests may be answered (countries)",
                lifted=lambda goal: anywhere(goal, set(range(len(goal.users)))),
            )
        )
    if goal.min_regions > 1:
        settings = ("min_regions", "survive_region_loss") if goal.survive_region_loss else ("min_regions",)
        lifted = _rule("", f"{' and '.join(settings)}", min_regions=1, survive_region_loss=False)
        rules.append(Rule(settings=settings, without=lifted.without, lifted=lifted.lifted))
    return rules


def _rule(setting: str, without: str, **wider: Any) -> Rule:
    return Rule(settings=(setting,), without=without, lifted=lambda goal: goal.model_copy(update=wider))


def anywhere(goal: ServingGoal, which: set[int]) -> ServingGoal:
    """Without the rules on countries of some user groups, by their index."""
    users = tuple(
        group.model_copy(update={"countries": ()}) if index in which else group
        for index, group in enumerate(goal.users)
    )
    return goal.model_copy(update={"users": users})


def without(goal: ServingGoal, catalog: Catalog, *rules: Rule) -> Reached | None:
    """The goal with these rules lifted together, placed anew."""
    for rule in rules:
        goal = rule.lifted(goal)
    stated = state(goal, candidates(goal, catalog))
    if (solution := solve(stated.problem)) is None:
        return None
    where = " and ".join(
        f"{run.option.region} ({stated.setups[run.option.name].candidate.machine})" for run in solution.runs
    )
    said = " and ".join(rule.without for rule in rules)
    return Reached(
        settings=tuple(setting for rule in rules for setting in rule.settings),
        nearest=f"without {said}: {where}, {solution.usd_per_month:,.0f} USD a month",
    )


def pairs(goal: ServingGoal, catalog: Catalog) -> Iterator[Reached]:
    """Two rules at a time, where no single one is in the way."""
    for two in itertools.combinations([*narrowing(goal), *choosing(goal)], 2):
        if (reached := without(goal, catalog, *two)) is not None:
            yield reached


def everything(goal: ServingGoal) -> ServingGoal:
    """With all rules lifted but the p95 goal."""
    for rule in (*narrowing(goal), *choosing(goal)):
        goal = rule.lifted(goal)
    return goal


def solves(goal: ServingGoal, found: Found) -> bool:
    return solve(state(goal, found).problem) is not None
