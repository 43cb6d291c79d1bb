"""Regions, machines and replicas to serve from: the least cost at which every user's p95 meets the goal.

    choose(goal, catalog) -> ServingPlan          the optimum, proven, with its bill and each user's latency
    explain(plan, goal, catalog) -> Loser, ...    why each other region lost, by solving again with it in
    sensitivity(plan, goal, catalog) -> Flip, ... which price or traffic would make another choice cheapest

It asks no cloud and starts nothing. How many replicas run from minute to minute is the autoscaler's; a plan says how
many the busiest hour needs.
"""

from infra.placement.serving.choose import choose
from infra.placement.serving.explain import explain
from infra.placement.serving.plan import (
    Alternative,
    CostLine,
    Flip,
    Latency,
    Loser,
    PlannedRegion,
    Rejected,
    Served,
    ServingPlan,
)
from infra.placement.serving.sensitivity import sensitivity

__all__ = [
    "Alternative",
    "CostLine",
    "Flip",
    "Latency",
    "Loser",
    "PlannedRegion",
    "Rejected",
    "Served",
    "ServingPlan",
    "choose",
    "explain",
    "sensitivity",
]
