"""How likely a region answers: the providers' published service levels, as remembered in November 2026.

A service level is a promise with a refund, not a measurement; what a plan prints from it is an expectation. Regions are
taken to fail apart from each other.
"""

import math
from collections.abc import Sequence

CLUSTER = {"aws": 0.9999 * 0.9995 * 0.9999, "gcp": 0.9999 * 0.9995 * 0.9999}
"""Instances in several zones, the control plane, the balancer."""

FUNCTION = {"aws": 0.9995 * 0.9999, "gcp": 0.9995 * 0.9999}
"""Lambda or Cloud Run, and the balancer."""


def expected(regions: Sequence[tuple[float, float]], *, survives_one: bool) -> float:
    """Share of requests that are answered. regions: (availability, share of the requests).

    Where the loss of one is survived, requests fail only while two or more are gone at once.
    """
    if not survives_one:
        return sum(availability * share for availability, share in regions)
    all_up = math.prod(availability for availability, _ in regions)
    one_down = sum(
        (1 - regions[lost][0]) * math.prod(up for other, (up, _) in enumerate(regions) if other != lost)
        for lost in range(len(regions))
    )
    return min(1.0, all_up + one_down)
