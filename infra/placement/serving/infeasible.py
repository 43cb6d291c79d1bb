"""Why no plan reaches a goal, and what comes nearest: the goal is solved again with one constraint relaxed at a time.

Nothing is inferred: a constraint is said to bind when the goal without it was solved, and a figure is named when the
goal with that figure was solved. Where no constraint alone is in the way, two are relaxed together.
"""

from collections.abc import Callable, Sequence

from infra.catalog import Catalog
from infra.placement.errors import Infeasible
from infra.placement.serving.candidates import Found, candidates
from infra.placement.serving.relax import Reached, anywhere, choosing, everything, narrowing, pairs, solves, without
from infra.placement.serving.unfit import NO_FIGURE, UNMEASURED
from infra.settings.placement import ServingGoal

_LONGEST_MS = 600_000.0  # what the settings allow
_REASONS = 3  # that are told


def infeasible(goal: ServingGoal, catalog: Catalog, found: Found) -> Infeasible:
    """The error for a goal that was found to have no plan."""
    if not found.candidates:
        return _no_candidates(goal, catalog, found)
    relaxations: tuple[Callable[[ServingGoal, Found], Reached | None], ...] = (
        _slower,
        _elsewhere,
        _fewer_regions,
        _without_loss,
    )
    reached = [found_it for relax in relaxations if (found_it := relax(goal, found))]
    reached += _lifted(goal, catalog, reached)
    if not reached:
        reached = list(pairs(goal, catalog))
        words = "no plan reaches the goal: no single setting is in the way, but two together are"
    else:
        words = f"no plan reaches the goal: {_which(goal, catalog, _binds(reached))}"
    if reached:
        return Infeasible(words, binds=_binds(reached), nearest=_nearest(reached))
    return _all_at_once(goal, catalog)


def _lifted(goal: ServingGoal, catalog: Catalog, reached: Sequence[Reached]) -> list[Reached]:
    """Without each rule that leaves out candidates; and how many regions there must be, where that binds as a whole."""
    told = _binds(reached)
    rules = narrowing(goal)
    if not {"min_regions", "survive_region_loss"} & set(told):
        rules += [rule for rule in choosing(goal) if rule.settings == ("min_regions", "survive_region_loss")]
    return [found_it for rule in rules if (found_it := without(goal, catalog, rule))]


def _binds(reached: Sequence[Reached]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(setting for one in reached for setting in one.settings))


def _nearest(reached: Sequence[Reached]) -> tuple[str, ...]:
    return tuple(one.nearest for one in reached)


def smallest_p95_ms(goal: ServingGoal, found: Found) -> float | None:
    """The least goal, in whole milliseconds, that has a plan; None when none has. Each step is solved."""
    low, high = goal.p95_ms, goal.p95_ms
    while not solves(_at(goal, high), found):
        if high >= _LONGEST_MS:
            return None
        low, high = high, min(high * 4, _LONGEST_MS)
    while high - low > 1:
        middle = round((low + high) / 2)
        if middle in (low, high):
            break
        low, high = (low, middle) if solves(_at(goal, middle), found) else (middle, high)
    return float(high)


def _at(goal: ServingGoal, p95_ms: float) -> ServingGoal:
    return goal.model_copy(update={"p95_ms": float(p95_ms)})


def _slower(goal: ServingGoal, found: Found) -> Reached | None:
    least = smallest_p95_ms(goal, found)
    return None if least is None else Reached(settings=("p95_ms",), nearest=f"a p95_ms of {least:g} can be reached")


def _elsewhere(goal: ServingGoal, found: Found) -> Reached | None:
    """Each residency rule without which the goal would have a plan, or all of them."""
    ruled = [index for index, group in enumerate(goal.users) if group.countries]
    alone = [index for index in ruled if solves(anywhere(goal, {index}), found)]
    said = "without the rules on where requests may be answered (countries)"
    if alone:
        rules = [
            f"{goal.users[index].place} may be answered in {_or(goal.users[index].countries)} only" for index in alone
        ]
        said = f"without the rule that {' or that '.join(rules)}"
    elif not ruled or not solves(anywhere(goal, set(ruled)), found):
        return None
    return Reached(settings=("users.countries",), nearest=said)


def _fewer_regions(goal: ServingGoal, found: Found) -> Reached | None:
    floor = 2 if goal.survive_region_loss else 1
    for count in range(goal.min_regions - 1, floor - 1, -1):
        if solves(goal.model_copy(update={"min_regions": count}), found):
            return Reached(settings=("min_regions",), nearest=f"min_regions of {count} can be reached")
    return None


def _without_loss(goal: ServingGoal, found: Found) -> Reached | None:
    if goal.survive_region_loss and solves(goal.model_copy(update={"survive_region_loss": False}), found):
        return Reached(settings=("survive_region_loss",), nearest="without survive_region_loss")
    return None


def _which(goal: ServingGoal, catalog: Catalog, binds: tuple[str, ...]) -> str:
    few = f"fewer than {goal.min_regions} regions" if goal.min_regions > 1 else "no region"
    said = {
        "p95_ms": f"not every user can be answered within {goal.p95_ms:g} ms",
        "users.countries": _nowhere(goal, catalog) or f"where requests may be answered leaves {few} near enough",
        "min_regions": f"there are no {goal.min_regions} regions that serve a user in time",
        "survive_region_loss": "when a region is lost, some users have no other one in time",
        "regions": f"{_or(goal.regions)} cannot answer every user within {goal.p95_ms:g} ms",
        "providers": f"what {' or '.join(goal.providers)} has does not reach every user in time",
        "modes": f"what serves as {_or(goal.modes)} does not reach every user in time",
        "capacity": f"what is to be had as {_or(goal.capacity)} does not reach every user in time",
    }
    if {"min_regions", "survive_region_loss"} <= set(binds):
        told = "there are too few regions for min_regions and survive_region_loss together"
        said |= {"min_regions": told, "survive_region_loss": told}
    told = dict.fromkeys(said[setting] for setting in binds if setting != "p95_ms" or len(binds) == 1)
    return "; ".join(told)


def _nowhere(goal: ServingGoal, catalog: Catalog) -> str:
    """Of users who may be answered only where no region is at all."""
    located = {region.country for region in catalog.regions.values()}
    missing = [group for group in goal.users if group.countries and not located & set(group.countries)]
    return "; ".join(
        f"no region lies in {_or(group.countries)}, where {group.place} must be answered" for group in missing
    )


def _all_at_once(goal: ServingGoal, catalog: Catalog) -> Infeasible:
    """No one or two constraints are in the way alone: how far it is with all rules lifted, and who is out of reach."""
    rules = (*narrowing(goal), *choosing(goal))
    binds = ("p95_ms", *(setting for rule in rules for setting in rule.settings))
    free = everything(goal)
    found = candidates(free, catalog)
    least = smallest_p95_ms(free, found)
    nearest: tuple[str, ...] = ()
    if least is not None:
        lifted = f"without {' and '.join(rule.without for rule in rules)}, " if rules else ""
        nearest = (f"{lifted}a p95_ms of {least:g} can be reached",)
    figures = {index for index, _ in found.rtt_ms}
    unknown = [group.place for index, group in enumerate(goal.users) if index not in figures]
    why = f"{', '.join(binds)} cannot hold together" if rules else "no p95_ms is long enough"
    if unknown:
        why = f"{NO_FIGURE} between {_or(unknown)} and any region that can run the model"
    words = "; ".join(filter(None, (f"no plan reaches the goal: {why}", _nowhere(goal, catalog))))
    return Infeasible(words, binds=binds, nearest=nearest)


def _no_candidates(goal: ServingGoal, catalog: Catalog, found: Found) -> Infeasible:
    known = {"cpu", "cpu-arm", *catalog.accelerators}
    measured = sorted(goal.model.service_ms)
    if not known & set(measured):
        return Infeasible(
            f"model.service_ms says how fast the model is on {', '.join(measured)}, which no machine has",
            binds=("model.service_ms",),
            nearest=(f"measure it on one of {', '.join(sorted(known))}",),
        )
    reached = [found_it for rule in narrowing(goal) if (found_it := without(goal, catalog, rule))]
    reached = reached or list(pairs(goal, catalog))
    nearest = [*_nearest(reached)] if reached else _measured_elsewhere(goal, catalog, known - set(measured))
    where = _or(goal.regions) if goal.regions else f"no region of {' or '.join(goal.providers)}"
    can = "cannot run the model" if goal.regions else "can run the model"
    return Infeasible(
        f"{where} {can}: {_why(goal, found)}",
        binds=_binds(reached) or ("model",),
        nearest=tuple(nearest),
    )


def _why(goal: ServingGoal, found: Found) -> str:
    """The reasons that most machines share. Hardware that nothing was measured on is no reason beside another one."""
    about = {reason: count for reason, count in found.reasons.items() if not reason.startswith(NO_FIGURE)}
    if not about:
        return "; ".join(list(found.reasons)[:_REASONS])
    measured = {reason: count for reason, count in about.items() if not reason.startswith(UNMEASURED)}
    if not measured:
        return f"nothing there is {_or(sorted(goal.model.service_ms))}, on which alone model.service_ms was measured"
    ranked = sorted(measured.items(), key=lambda item: (-item[1], item[0]))
    return "; ".join(f"{reason} ({count} machine{'s' if count > 1 else ''})" for reason, count in ranked[:_REASONS])


def _measured_elsewhere(goal: ServingGoal, catalog: Catalog, kinds: set[str]) -> list[str]:
    """Hardware on which the same figures would have a candidate; how fast the model is on it nobody can say for it."""
    fastest = min(goal.model.service_ms.values())

    def able(kind: str) -> bool:
        model = goal.model.model_copy(update={"service_ms": {kind: fastest}})
        return bool(candidates(goal.model_copy(update={"model": model}), catalog).candidates)

    there = [kind for kind in sorted(kinds) if able(kind)]
    return [f"measure it on one of {', '.join(there)}, which are to be had"] if there else []


def _or(names: Sequence[str]) -> str:
    return " or ".join(names)
