"""Machines in a cluster: which types of a region are candidates, and what they charge.

Replicas follow the load: over a month those above the minimum run for mean_to_peak of the time. Spot is priced as a
mix, because on-demand stands behind it: SPOT_SHARE of the hours at the spot price, the rest on demand, and one machine
more than the load needs for the time in which one that was taken back is replaced.
"""

import math

from infra.catalog import Capacity, Catalog, CatalogError, Offer, Region
from infra.placement.serving.availability import CLUSTER
from infra.placement.serving.candidate import Candidate
from infra.placement.serving.charge import MONTH_H, Charge, at_offer, part_of
from infra.placement.serving.edge import balancer, cluster
from infra.placement.serving.functions import CLOUD_RUN_L4, cloud_run_gpu
from infra.placement.serving.plan import Rejected
from infra.placement.serving.power import machine_kwh
from infra.placement.serving.traffic import egress_tiers
from infra.placement.serving.unfit import Unfit, measured_ms
from infra.settings.placement import ServingGoal

SPOT_SHARE = 0.7
"""Of the time, in which a region has spot: 71.3 % in the worst of three over 45 days (traces of February 2023)."""

_BUSY = 0.6  # of a replica's time, for its power
_ENDS = {
    Capacity.CAPACITY_BLOCK: "a capacity block ends after days, and users do not",
    Capacity.FLEX_START: "flex-start ends after seven days at most, and users do not",
}


def machines(goal: ServingGoal, catalog: Catalog, region: Region) -> tuple[list[Candidate], list[Rejected]]:
    """Every machine type of a region, as a candidate or with the reason why it is none."""
    candidates: list[Candidate] = []
    rejected: list[Rejected] = []
    offers = catalog.offers(provider=region.provider, region=region.region)
    for machine in dict.fromkeys(offer.machine for offer in offers):
        modes = {offer.capacity: offer for offer in offers if offer.machine == machine}
        try:
            candidates.append(_candidate(goal, catalog, region, modes))
        except Unfit as unfit:
            rejected.append(
                Rejected(provider=region.provider, region=region.region, machine=machine, reason=unfit.args[0])
            )
        except CatalogError as gap:
            rejected.append(
                Rejected(provider=region.provider, region=region.region, machine=machine, reason=gap.message)
            )
    return candidates, rejected


def _candidate(goal: ServingGoal, catalog: Catalog, region: Region, modes: dict[Capacity, Offer]) -> Candidate:
    offer = next(iter(modes.values()))
    service_ms = measured_ms(goal, offer.accelerator or "cpu")
    if Capacity.INVITATION in modes:
        raise Unfit("by invitation of the provider only, so no plan may count on it")
    side_by_side = _replicas_on(goal, offer)
    if offer.machine == CLOUD_RUN_L4:
        return cloud_run_gpu(goal, catalog, region, offer, service_ms)
    hours, capacity = _hours(goal, modes)
    spot = capacity[0] == Capacity.SPOT.value
    accelerator = catalog.accelerators.get(offer.accelerator or "")
    spare = tuple(part_of(charge, 1.0, what="spare for spot taken back", per="region") for charge in hours if spot)
    return Candidate(
        region=region,
        mode="node_pool",
        machine=offer.machine,
        capacity=capacity,
        service_ms=service_ms,
        servers=side_by_side * goal.model.concurrency,
        counted=True,
        spare_replicas=1 if spot else 0,
        idle_s=0.0,
        charges=(*cluster(catalog, region), *following(goal, hours), *spare, *balancer(goal, catalog, region)),
        warm=(),
        egress=egress_tiers(catalog.tiers(region.provider, "egress", "internet", region.region), goal),
        kwh_per_replica=machine_kwh(offer, accelerator, busy=_BUSY, share_of_month=goal.mean_to_peak),
        kwh_per_rps=0.0,
        g_per_kwh=catalog.carbon_g_per_kwh(region.provider, region.region),
        availability=CLUSTER[region.provider],
    )


def _replicas_on(goal: ServingGoal, offer: Offer) -> int:
    """How many of the model one machine holds."""
    model = goal.model
    if offer.vcpus is None or offer.memory_gib is None:
        raise Unfit("the catalog does not say what host it comes with")
    if offer.accelerator and offer.accelerators < 1:
        raise Unfit(f"holds a slice of one {offer.accelerator}, and service_ms was measured on a whole one")
    fit = min(offer.vcpus / model.vcpus, offer.memory_gib / model.memory_gib)
    if offer.accelerator:
        fit = min(fit, offer.accelerators)
    if fit < 1:
        raise Unfit(
            f"{offer.vcpus:g} vCPU and {offer.memory_gib:g} GiB are less than the {model.vcpus:g} vCPU and "
            f"{model.memory_gib:g} GiB of one replica"
        )
    return math.floor(fit)


def _hours(goal: ServingGoal, modes: dict[Capacity, Offer]) -> tuple[tuple[Charge, ...], tuple[str, ...]]:
    """What a machine costs for one month without pause, by the order of capacity that the goal allows."""
    wanted = [Capacity(name) for name in goal.capacity]
    usable = [mode for mode in wanted if mode in modes and modes[mode].offered and modes[mode].usd_per_hour]
    usable = [mode for mode in usable if mode not in _ENDS]
    if not usable:
        raise Unfit(_why_unusable(wanted, modes))
    first = modes[usable[0]]
    behind = next((modes[mode] for mode in usable if mode == Capacity.ON_DEMAND), None)
    price = first.usd_per_hour or 0.0
    if first.capacity != Capacity.SPOT:
        return (at_offer("instances", "replica", MONTH_H, first, price),), (first.capacity.value,)
    if behind is None or behind.usd_per_hour is None:
        raise Unfit("spot without an on-demand price behind it")
    if price >= behind.usd_per_hour:  # then spot only adds interruptions
        return (at_offer("instances", "replica", MONTH_H, behind, behind.usd_per_hour),), (behind.capacity.value,)
    return (
        at_offer("instances, spot", "replica", MONTH_H * SPOT_SHARE, first, price),
        at_offer(
            "instances, on demand in place of spot", "replica", MONTH_H * (1 - SPOT_SHARE), behind, behind.usd_per_hour
        ),
    ), tuple(mode.value for mode in usable if mode in (Capacity.SPOT, Capacity.ON_DEMAND))


def _why_unusable(wanted: list[Capacity], modes: dict[Capacity, Offer]) -> str:
    for mode in wanted:
        if mode in _ENDS:
            return _ENDS[mode]
        if mode in modes and not modes[mode].offered:
            return f"has a price as {mode.value}, but no offer of it was seen in this region"
        if mode in modes:
            return f"is offered as {mode.value}, but its price is not known"
    return f"is not to be had as {' or '.join(wanted)} here"


def following(goal: ServingGoal, hours: tuple[Charge, ...]) -> tuple[Charge, ...]:
    """Replicas above the minimum run while the load needs them; those of the minimum for the rest of the time too."""
    part = goal.mean_to_peak
    minimum = (
        tuple(part_of(charge, 1 - part, what="idle minimum", per="minimum") for charge in hours) if part < 1 else ()
    )
    return (*(part_of(charge, part) for charge in hours), *minimum)
