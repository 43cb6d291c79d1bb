"""The table: for each region the best way to run it, whether it was chosen or not."""

from collections.abc import Collection

from infra.placement.serving.candidates import Found
from infra.placement.serving.options import Stated
from infra.placement.serving.plan import Alternative
from infra.placement.serving.problem import Option
from infra.placement.serving.reduce import standing_usd
from infra.settings.placement import ServingGoal


def alternatives(goal: ServingGoal, found: Found, stated: Stated, chosen: Collection[str]) -> tuple[Alternative, ...]:
    """Those chosen first, then by how many users they serve, then by price for each request."""
    best: dict[str, tuple[tuple[float, float], Option]] = {}
    loads = [user.requests_per_s for user in stated.problem.users]
    for option in stated.problem.options:
        load = sum(loads[index] for index in option.serves)
        if load < option.min_rps:
            continue
        usd = standing_usd(option, load) + option.usd_per_rps * load + stated.problem.volume_usd(option.region, load)
        rank = (-load, usd / load)
        if option.region not in best or rank < best[option.region][0]:
            best[option.region] = (rank, option)
    rows = [
        _row(goal, stated, option, usd=-load * per_rps, chosen=region in chosen)
        for region, ((load, per_rps), option) in best.items()
    ]
    return tuple(sorted(rows, key=lambda row: (not row.chosen, -row.serves, row.usd_per_month / row.serves, row.key)))


def _row(goal: ServingGoal, stated: Stated, option: Option, *, usd: float, chosen: bool) -> Alternative:
    candidate = stated.setups[option.name].candidate
    return Alternative(
        provider=candidate.region.provider,
        region=candidate.region.region,
        latitude=candidate.region.latitude,
        longitude=candidate.region.longitude,
        mode=candidate.mode,
        machine=candidate.machine,
        capacity=candidate.capacity,
        p95_ms=max(option.serves.values()),
        serves=min(1.0, sum(goal.users[index].share for index in option.serves)),
        usd_per_month=usd,
        carbon_g_per_kwh=candidate.g_per_kwh,
        availability=candidate.availability,
        chosen=chosen,
    )
