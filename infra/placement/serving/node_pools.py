"""Machines in a cluster: which types of a region are candidates, and what they charge.

Replicas follow the load: over a month those above the minimum run for mean_to_peak of the time. Each way to have a
machine is a candidate of its own, because none is always cheapest: spot is priced as a mix, since on-demand stands
behind it: SPOT_SHARE of the hours at the spot price, the rest on demand, and one machine more than the load needs for
the time in which one that was taken back is replaced. For few machines that spare costs more than spot saves.
"""

import math
from dataclasses import dataclass

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


@dataclass(frozen=True, kw_only=True, slots=True)
class _Way:
    """To have a machine. capacity: modes in order. hours: what one month of it without pause costs."""

    capacity: tuple[Capacity, ...]
    hours: tuple[Charge, ...]


def machines(goal: ServingGoal, catalog: Catalog, region: Region) -> tuple[list[Candidate], list[Rejected]]:
    """Every machine type of a region, as candidates or with the reason why it is none."""
    candidates: list[Candidate] = []
    rejected: list[Rejected] = []
    offers = catalog.offers(provider=region.provider, region=region.region)
    for machine in dict.fromkeys(offer.machine for offer in offers):
        modes = {offer.capacity: offer for offer in offers if offer.machine == machine}
        try:
            candidates += _of_machine(goal, catalog, region, modes)
        except Unfit as unfit:
            rejected.append(
                Rejected(provider=region.provider, region=region.region, machine=machine, reason=unfit.args[0])
            )
        except CatalogError as gap:
            rejected.append(
                Rejected(provider=region.provider, region=region.region, machine=machine, reason=gap.message)
            )
    return candidates, rejected


def _of_machine(goal: ServingGoal, catalog: Catalog, region: Region, modes: dict[Capacity, Offer]) -> list[Candidate]:
    offer = next(iter(modes.values()))
    service_ms = measured_ms(goal, offer.accelerator or "cpu")
    if Capacity.INVITATION in modes:
        raise Unfit("by invitation of the provider only, so no plan may count on it")
    side_by_side = _replicas_on(goal, offer)
    if offer.machine == CLOUD_RUN_L4:
        return [cloud_run_gpu(goal, catalog, region, offer, service_ms)]
    servers = side_by_side * goal.model.concurrency
    return [_candidate(goal, catalog, region, offer, way, service_ms, servers) for way in _ways(goal, modes)]


def _candidate(
    goal: ServingGoal, catalog: Catalog, region: Region, offer: Offer, way: _Way, service_ms: float, servers: int
) -> Candidate:
    spot = way.capacity[0] == Capacity.SPOT
    accelerator = catalog.accelerators.get(offer.accelerator or "")
    spare = tuple(part_of(charge, 1.0, what="spare for spot taken back", per="region") for charge in way.hours if spot)
    return Candidate(
        region=region,
        mode="node_pool",
        machine=offer.machine,
        capacity=tuple(mode.value for mode in way.capacity),
        service_ms=service_ms,
        servers=servers,
        counted=True,
        spare_replicas=1 if spot else 0,
        idle_s=0.0,
        charges=(*cluster(catalog, region), *following(goal, way.hours), *spare, *balancer(goal, catalog, region)),
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


def _ways(goal: ServingGoal, modes: dict[Capacity, Offer]) -> list[_Way]:
    """Each way that the goal allows and that can be had and priced. Raises Unfit where there is none."""
    wanted = [Capacity(name) for name in goal.capacity]
    priced = {
        mode: (modes[mode], price)
        for mode in wanted
        if mode in modes and mode not in _ENDS and modes[mode].offered and (price := modes[mode].usd_per_hour)
    }
    ways = [
        _Way(capacity=(mode,), hours=(at_offer("instances", "replica", MONTH_H, offer, price),))
        for mode, (offer, price) in priced.items()
        if mode != Capacity.SPOT
    ]
    if Capacity.SPOT in priced:
        if Capacity.ON_DEMAND in priced:
            ways += _mixed(priced[Capacity.SPOT], priced[Capacity.ON_DEMAND])
        elif not ways:
            raise Unfit("spot without an on-demand price behind it")
    if not ways:
        raise Unfit(_why_unusable(wanted, modes))
    return ways


def _mixed(spot: tuple[Offer, float], on_demand: tuple[Offer, float]) -> list[_Way]:
    """Spot with on-demand behind it; none where spot is no cheaper, since then it only adds interruptions."""
    if spot[1] >= on_demand[1]:
        return []
    hours = (
        at_offer("instances, spot", "replica", MONTH_H * SPOT_SHARE, *spot),
        at_offer("instances, on demand in place of spot", "replica", MONTH_H * (1 - SPOT_SHARE), *on_demand),
    )
    return [_Way(capacity=(Capacity.SPOT, Capacity.ON_DEMAND), hours=hours)]


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
