"""What one request per second in the busiest hour means over a month: requests, bytes, processor time."""

import math
from collections.abc import Sequence

from infra.catalog import Tariff
from infra.catalog.egress import GB_PER_GIB
from infra.placement.serving.candidate import EgressTier
from infra.placement.serving.charge import MONTH_S, at_tariff
from infra.settings.placement import ServingGoal

_GB_PER_KIB = 1024 / 1e9


def requests_per_rps(goal: ServingGoal) -> float:
    """In a month, for each request per second in the busiest hour."""
    return goal.mean_to_peak * MONTH_S


def gb_out_per_rps(goal: ServingGoal) -> float:
    """That leave the region in a month, for each request per second in the busiest hour."""
    return requests_per_rps(goal) * goal.model.response_kib * _GB_PER_KIB


def gb_both_ways_per_rps(goal: ServingGoal) -> float:
    """That a balancer moves."""
    return requests_per_rps(goal) * (goal.model.response_kib + goal.model.request_kib) * _GB_PER_KIB


def egress_tiers(tiers: Sequence[Tariff], goal: ServingGoal) -> tuple[EgressTier, ...]:
    """A line for each price that the month's volume can reach.

    The bill is concave in the volume where each tier is cheaper than the one before, which the catalog holds to be so;
    the line of a tier, drawn on to zero, then never lies below it, and touches it inside the tier.
    """
    per_rps = gb_out_per_rps(goal)
    most_gb = per_rps * goal.requests_per_s
    lines: list[EgressTier] = []
    paid, previous = 0.0, None
    for tier in tiers:
        factor = GB_PER_GIB if tier.unit == "GiB" else 1.0
        start_gb = tier.from_quantity * factor
        if lines and start_gb >= most_gb:
            break
        if previous is not None:
            paid += (start_gb - previous[0]) * previous[1]
        usd_per_gb = tier.usd / factor
        previous = (start_gb, usd_per_gb)
        charge = at_tariff("egress to the internet", "rps", per_rps / factor, tier)
        lines.append(
            EgressTier(
                usd_at_zero=max(0.0, paid - usd_per_gb * start_gb), from_quantity=tier.from_quantity, charge=charge
            )
        )
    return tuple(lines)


def billed_s(service_ms: float, *, step_ms: float, side_by_side: float) -> float:
    """Of instance time for one request: rounded up to the provider's step, shared by those computed together."""
    return math.ceil(service_ms / step_ms - 1e-9) * step_ms / 1000 / max(1.0, side_by_side)
