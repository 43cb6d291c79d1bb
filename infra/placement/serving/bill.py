"""The bill of a plan, line by line, from the same charges that were optimised; and its carbon."""

import math
from collections.abc import Iterator, Sequence

from infra.placement.serving.candidate import Candidate
from infra.placement.serving.charge import Charge
from infra.placement.serving.options import Setup
from infra.placement.serving.plan import CostLine
from infra.placement.serving.problem import Run
from infra.settings.placement import ServingGoal


def bill(runs: Sequence[tuple[Run, Setup]]) -> tuple[CostLine, ...]:
    """Region by region, then what is charged once for a provider."""
    lines = [line for run, setup in runs for line in _of_region(run, setup)]
    seen: set[str] = set()
    for _, setup in runs:
        provider = setup.candidate.region.provider
        if provider not in seen:
            seen.add(provider)
            shared = (charge for charge in setup.candidate.charges if charge.per == "provider")
            lines += [_line(provider, charge, charge.quantity) for charge in shared]
    return tuple(lines)


def _of_region(run: Run, setup: Setup) -> Iterator[CostLine]:
    candidate = setup.candidate
    times = {"region": 1, "minimum": setup.min_replicas, "replica": run.replicas, "rps": run.load_rps}
    for charge in (*candidate.charges, *(candidate.warm if setup.warm else ()), *candidate.carbon):
        quantity = charge.quantity * times.get(charge.per, 0)
        if quantity:
            yield _line(candidate.key, charge, quantity)
    yield from _egress(candidate, run.load_rps)


def _egress(candidate: Candidate, load_rps: float) -> Iterator[CostLine]:
    """A line for each tier that the volume reaches."""
    ends = [*(tier.from_quantity for tier in candidate.egress[1:]), math.inf]
    for tier, end in zip(candidate.egress, ends, strict=True):
        within = min(tier.charge.quantity * load_rps, end) - tier.from_quantity
        if within > 0:
            yield _line(candidate.key, tier.charge, within)


def _line(region: str, charge: Charge, quantity: float) -> CostLine:
    return CostLine(
        region=region,
        what=charge.what,
        quantity=quantity,
        unit=charge.unit,
        unit_usd=charge.unit_usd,
        usd_per_month=quantity * charge.unit_usd,
        source=charge.source,
        date=charge.date,
        estimated=charge.estimated,
    )


def carbon_kg(goal: ServingGoal, run: Run, setup: Setup) -> float | None:
    """A month; None where not known."""
    candidate = setup.candidate
    if candidate.g_per_kwh is None or candidate.kwh_per_replica is None or candidate.kwh_per_rps is None:
        return None
    idle = (1 - goal.mean_to_peak) / goal.mean_to_peak  # of the minimum, over what follows the load
    replicas = run.replicas + setup.min_replicas * idle
    kwh = candidate.kwh_per_replica * replicas + candidate.kwh_per_rps * run.load_rps
    return kwh * candidate.g_per_kwh / 1000
