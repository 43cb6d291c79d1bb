"""What a plan takes for granted that no source says, in words for whoever reads it."""

from collections.abc import Sequence

from infra.placement.serving.node_pools import SPOT_SHARE
from infra.placement.serving.options import WINDOW_S
from infra.placement.serving.plan import CostLine, PlannedRegion
from infra.settings.placement import ServingGoal


def assumed(goal: ServingGoal, regions: Sequence[PlannedRegion], lines: Sequence[CostLine]) -> tuple[str, ...]:
    said = [
        f"the network's p95 is {goal.rtt_p95_to_p50:g} times its median (rtt_p95_to_p50)",
        f"a request takes {goal.round_trips} round trip{'s' if goal.round_trips > 1 else ''} (round_trips)",
        f"service times vary by {goal.model.service_variation:g} of their mean (model.service_variation)",
        "all user groups have their busiest hour at once",
        f"over a month the load is {goal.mean_to_peak:g} of the busiest hour's (mean_to_peak)",
        "availability follows from the providers' published service levels",
    ]
    if any("spot" in region.capacity for region in regions):
        said.append(f"spot is to be had {SPOT_SHARE:.0%} of the time, on-demand stands in for the rest")
    if any(region.cold_share for region in regions):
        said.append("an unused function is kept for 5 minutes on Lambda and 15 on Cloud Run")
        if goal.survive_region_loss:
            said.append(f"p95 is taken over {WINDOW_S / 60:g} minutes, also those in which a region is lost")
    estimates = sum(line.estimated for line in lines)
    if estimates:
        said.append(f"{estimates} of {len(lines)} lines of the bill rest on prices that are estimates")
    return tuple(said)
