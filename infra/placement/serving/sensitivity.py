"""Which change of a price, of the traffic or of the goal makes another choice cheapest, and where it breaks even.

Each quantity is multiplied by a factor, everything else stays, and the placement is solved again: first at the bounds,
then by bisection between the factor at which the choice is still the same and one at which it is not. Prices change in
the region named, on every line of it that the name says.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from infra.catalog import Catalog
from infra.placement.serving.candidate import Candidate
from infra.placement.serving.candidates import Found, candidates
from infra.placement.serving.options import state
from infra.placement.serving.plan import Flip, ServingPlan
from infra.placement.serving.solve import solve
from infra.settings.placement import ServingGoal

_FACTORS = (1.25, 2.0, 4.0, 16.0)
_STEPS = 7  # of bisection: a break-even within 1 % or so
_Choice = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What is multiplied. apply: goal and candidates with the factor."""

    what: str
    unit: str
    now: float
    apply: Callable[[float], tuple[ServingGoal, Found]]


def sensitivity(plan: ServingPlan, goal: ServingGoal, catalog: Catalog, runner_up: str = "") -> tuple[Flip, ...]:
    """For traffic, egress, the goal, and the prices of the chosen machines and of a runner-up's (provider/region)."""
    return tuple(
        flip(change, _choice(goal, candidates(goal, catalog))) for change in changes(plan, goal, catalog, runner_up)
    )


def changes(plan: ServingPlan, goal: ServingGoal, catalog: Catalog, runner_up: str = "") -> tuple[Change, ...]:
    found = candidates(goal, catalog)

    def traffic(factor: float) -> tuple[ServingGoal, Found]:
        changed = goal.model_copy(update={"requests_per_s": goal.requests_per_s * factor})
        return changed, candidates(changed, catalog)

    def slower(factor: float) -> tuple[ServingGoal, Found]:
        return goal.model_copy(update={"p95_ms": goal.p95_ms * factor}), found

    def dearer(key: str, words: Sequence[str]) -> Callable[[float], tuple[ServingGoal, Found]]:
        return lambda factor: (goal, repriced(found, key, words, factor))

    listed = [
        Change(what="requests_per_s", unit="requests/s", now=goal.requests_per_s, apply=traffic),
        Change(what="p95_ms", unit="ms", now=goal.p95_ms, apply=slower),
    ]
    for region in plan.regions:
        spent = sum(line.usd_per_month for line in plan.lines if line.region == region.key and _computes(line.what))
        what = f"the price of {region.machine} in {region.key}"
        listed.append(Change(what=what, unit="USD a month", now=spent, apply=dearer(region.key, _COMPUTE)))
    egress = plan.regions[0].key
    spent = sum(line.usd_per_month for line in plan.lines if line.region == egress and line.what.startswith("egress"))
    if spent:
        what = f"the price of egress from {egress}"
        listed.append(Change(what=what, unit="USD a month", now=spent, apply=dearer(egress, ("egress",))))
    other = next((row for row in plan.alternatives if row.key == runner_up), None)
    if other is not None:
        what = f"the price of running {other.machine} in {other.key}"
        listed.append(Change(what=what, unit="USD a month", now=other.usd_per_month, apply=dearer(other.key, _COMPUTE)))
    return tuple(listed)


_COMPUTE = ("instances", "idle minimum", "compute", "spare")


def _computes(what: str) -> bool:
    return what.startswith(_COMPUTE)


def flip(change: Change, now: _Choice) -> Flip:
    """The factor nearest to 1, up or down, at which another choice is cheapest."""
    nearest: tuple[float, _Choice] | None = None
    for factors in (_FACTORS, tuple(1 / factor for factor in _FACTORS)):
        found = _first(change, now, factors)
        if found and (nearest is None or abs(math.log(found[0])) < abs(math.log(nearest[0]))):
            nearest = found
    if nearest is None:
        most = _FACTORS[-1]
        return Flip(
            what=change.what,
            unit=change.unit,
            now=change.now,
            at=None,
            factor=None,
            becomes=f"the same from {1 / most:.2g} to {most:g} times",
        )
    factor, choice = nearest
    return Flip(
        what=change.what,
        unit=change.unit,
        now=change.now,
        at=change.now * factor,
        factor=factor,
        becomes=" and ".join(f"{region} ({machine})" for region, machine in choice) or "no plan reaches the goal",
    )


def _first(change: Change, now: _Choice, factors: Sequence[float]) -> tuple[float, _Choice] | None:
    same = 1.0
    for factor in factors:
        choice = _choice(*change.apply(factor))
        if choice != now:
            return _between(change, now, same, factor, choice)
        same = factor
    return None


def _between(change: Change, now: _Choice, same: float, other: float, choice: _Choice) -> tuple[float, _Choice]:
    for _ in range(_STEPS):
        middle = math.sqrt(same * other)
        found = _choice(*change.apply(middle))
        if found == now:
            same = middle
        else:
            other, choice = middle, found
    return other, choice


def _choice(goal: ServingGoal, found: Found) -> _Choice:
    """Regions and machines that run, or nothing where no plan reaches the goal."""
    stated = state(goal, found)
    solution = solve(stated.problem)
    if solution is None:
        return ()
    return tuple((run.option.region, stated.setups[run.option.name].candidate.machine) for run in solution.runs)


def repriced(found: Found, key: str, words: Sequence[str], factor: float) -> Found:
    """The candidates with one region's charges of some names, as they begin, times a factor."""
    return replace(
        found,
        candidates=tuple(
            _dearer(candidate, tuple(words), factor) if candidate.key == key else candidate
            for candidate in found.candidates
        ),
    )


def _dearer(candidate: Candidate, words: tuple[str, ...], factor: float) -> Candidate:
    charges = tuple(
        replace(charge, unit_usd=charge.unit_usd * factor) if charge.what.startswith(words) else charge
        for charge in candidate.charges
    )
    if "egress" not in words:
        return replace(candidate, charges=charges)
    egress = tuple(
        replace(
            tier,
            usd_at_zero=tier.usd_at_zero * factor,
            charge=replace(tier.charge, unit_usd=tier.charge.unit_usd * factor),
        )
        for tier in candidate.egress
    )
    return replace(candidate, charges=charges, egress=egress)
