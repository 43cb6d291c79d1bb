"""Why no plan reaches a goal, and what comes nearest: the goal is solved again with one constraint relaxed at a time.

Nothing is inferred: a constraint is said to bind when the goal without it was solved, and a figure is named when the
goal with that figure was solved.
"""

from collections.abc import Callable

from infra.catalog import Catalog
from infra.placement.errors import Infeasible
from infra.placement.serving.candidates import Found
from infra.placement.serving.options import state
from infra.placement.serving.solve import solve
from infra.settings.placement import ServingGoal

_LONGEST_MS = 600_000.0  # what the settings allow


def infeasible(goal: ServingGoal, catalog: Catalog, found: Found) -> Infeasible:
    """The error for a goal that was found to have no plan."""
    if not found.candidates:
        return _no_candidates(goal, catalog, found)
    relaxations: tuple[Callable[[ServingGoal, Found], tuple[str, str] | None], ...] = (
        _slower,
        _elsewhere,
        _fewer_regions,
        _without_loss,
    )
    reached = [found_it for relax in relaxations if (found_it := relax(goal, found))]
    if reached:
        binds = tuple(setting for setting, _ in reached)
        words = f"no plan reaches the goal: {_which(goal, binds)}"
        return Infeasible(words, binds=binds, nearest=tuple(nearest for _, nearest in reached))
    return _all_at_once(goal, found)


def smallest_p95_ms(goal: ServingGoal, found: Found) -> float | None:
    """The least goal, in whole milliseconds, that has a plan; None when none has. Each step is solved."""
    low, high = goal.p95_ms, goal.p95_ms
    while not _solves(_at(goal, high), found):
        if high >= _LONGEST_MS:
            return None
        low, high = high, min(high * 4, _LONGEST_MS)
    while high - low > 1:
        middle = round((low + high) / 2)
        if middle in (low, high):
            break
        low, high = (low, middle) if _solves(_at(goal, middle), found) else (middle, high)
    return float(high)


def _at(goal: ServingGoal, p95_ms: float) -> ServingGoal:
    return goal.model_copy(update={"p95_ms": float(p95_ms)})


def _solves(goal: ServingGoal, found: Found) -> bool:
    return solve(state(goal, found).problem) is not None


def _slower(goal: ServingGoal, found: Found) -> tuple[str, str] | None:
    reached = smallest_p95_ms(goal, found)
    return None if reached is None else ("p95_ms", f"a p95_ms of {reached:g} can be reached")


def _elsewhere(goal: ServingGoal, found: Found) -> tuple[str, str] | None:
    """Each residency rule without which the goal would have a plan, or all of them."""
    ruled = [index for index, group in enumerate(goal.users) if group.countries]
    alone = [index for index in ruled if _solves(_anywhere(goal, {index}), found)]
    if alone:
        rules = [
            f"{goal.users[index].place} may be answered in {_or(goal.users[index].countries)} only" for index in alone
        ]
        return "users.countries", f"without the rule that {' or that '.join(rules)}"
    if ruled and _solves(_anywhere(goal, set(ruled)), found):
        return "users.countries", "without the rules on where requests may be answered (countries)"
    return None


def _anywhere(goal: ServingGoal, which: set[int]) -> ServingGoal:
    users = tuple(
        group.model_copy(update={"countries": ()}) if index in which else group
        for index, group in enumerate(goal.users)
    )
    return goal.model_copy(update={"users": users})


def _fewer_regions(goal: ServingGoal, found: Found) -> tuple[str, str] | None:
    floor = 2 if goal.survive_region_loss else 1
    for count in range(goal.min_regions - 1, floor - 1, -1):
        if _solves(goal.model_copy(update={"min_regions": count}), found):
            return "min_regions", f"min_regions of {count} can be reached"
    return None


def _without_loss(goal: ServingGoal, found: Found) -> tuple[str, str] | None:
    if goal.survive_region_loss and _solves(goal.model_copy(update={"survive_region_loss": False}), found):
        return "survive_region_loss", "without survive_region_loss"
    return None


def _which(goal: ServingGoal, binds: tuple[str, ...]) -> str:
    said = {
        "p95_ms": f"not every user can be answered within {goal.p95_ms:g} ms",
        "users.countries": "where requests may be answered leaves no region that is near enough",
        "min_regions": f"there are no {goal.min_regions} regions that serve a user in time",
        "survive_region_loss": "when a region is lost, some users have no other one in time",
    }
    return "; ".join(said[setting] for setting in binds if setting != "p95_ms" or len(binds) == 1) or said["p95_ms"]


def _all_at_once(goal: ServingGoal, found: Found) -> Infeasible:
    """No constraint is in the way alone; say how far it is with all rules lifted, and who cannot be served."""
    binds = ["p95_ms"]
    nearest: list[str] = []
    free = _anywhere(goal, set(range(len(goal.users)))).model_copy(
        update={"min_regions": 1, "survive_region_loss": False}
    )
    reached = smallest_p95_ms(free, found)
    if reached is not None:
        nearest.append(
            f"without rules on countries and on the number of regions, a p95_ms of {reached:g} can be reached"
        )
    located = {candidate.region.country for candidate in found.candidates}
    for group in goal.users:
        if group.countries and not located & set(group.countries):
            binds.append("users.countries")
            nearest.append(f"no candidate lies in {_or(group.countries)}, where {group.place} must be answered")
    if goal.min_regions > 1:
        binds.append("min_regions")
    if goal.survive_region_loss:
        binds.append("survive_region_loss")
    return Infeasible(
        f"no plan reaches the goal: {', '.join(dict.fromkeys(binds))} cannot hold together",
        binds=tuple(dict.fromkeys(binds)),
        nearest=tuple(dict.fromkeys(nearest)),
    )


def _no_candidates(goal: ServingGoal, catalog: Catalog, found: Found) -> Infeasible:
    known = {"cpu", "cpu-arm", *catalog.accelerators}
    measured = goal.model.service_ms.keys()
    if not measured & known:
        return Infeasible(
            f"model.service_ms says how fast the model is on {', '.join(sorted(measured))}, which no machine has",
            binds=("model.service_ms",),
            nearest=(f"measure it on one of {', '.join(sorted(known))}",),
        )
    reasons = {row.reason: f"{row.provider}/{row.region}" for row in reversed(found.rejected)}
    said = [f"{region}: {reason}" for reason, region in sorted(reasons.items(), key=lambda item: len(item[0]))[:3]]
    return Infeasible(
        f"no region of {' or '.join(goal.providers)} can run the model", binds=("model", "regions"), nearest=tuple(said)
    )


def _or(countries: tuple[str, ...]) -> str:
    return " or ".join(countries)
