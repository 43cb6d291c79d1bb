"""Which zones of a region are used, and which of them offer a pool's machines: from the catalog, for every cloud.

Pure. On AWS zones go by id (use1-az1), which means the same zone in every account, while a name (us-east-1a) does not;
Google's names do. So a preview need not ask for either.
"""

from collections.abc import Iterable, Sequence

from infra.capacity import machines_in, order_of
from infra.catalog import Catalog
from infra.settings import PoolSettings, Settings
from infra.settings.zones import EKS_REFUSES, lies_in
from slipway.errors import SettingsError

_REFUSED = {"aws": EKS_REFUSES}
"""By cloud, zones without room for a cluster."""

_SOLD_LIKE = {"reserved": "on_demand", "capacity_block": "on_demand"}
"""Capacity that is bought ahead is offered where its machine is; the catalog has no rows of its own for it."""


def zones_of(settings: Settings, region: str, catalog: Catalog) -> tuple[str, ...]:
    """Zone ids for a region's subnets: those that offer most of the pools, then by id.

    A reservation moves none of them: AWS' subnets are for good, and have their range by their zone's position.

    Raises SettingsError when fewer are known than `network.zones` asks for.
    """
    if named := settings.network.zone_ids.get(region):
        known = set(named)
    else:
        offers = catalog.offers(settings.target, region)
        known = {zone for offer in offers for zone in offer.zones} - _REFUSED.get(settings.target, frozenset())
    wanted = settings.network.zones
    if len(known) < wanted:
        raise SettingsError(
            f"slipway:network.zones: {wanted} are wanted and {len(known)} known in {region}",
            hint=f"name them in slipway:network.zone_ids.{region}, or lower slipway:network.zones",
        )
    pools = [pool for pool in settings.gpu_pools if has(pool, region)]
    offered = [offered_in(settings.target, pool, region, catalog) for pool in pools]
    offering = {zone: sum(zone in there for there in offered) for zone in known}
    return tuple(sorted(sorted(known, key=lambda zone: (-offering[zone], zone))[:wanted]))


def zones_for(cloud: str, pool: PoolSettings, region: str, zones: Sequence[str], catalog: Catalog) -> tuple[str, ...]:
    """The zones, of those that the region uses, where every machine type of the pool is offered.

    An autoscaler would try in vain elsewhere, and EKS refuses a group whose type a zone does not have.
    """
    offered = offered_in(cloud, pool, region, catalog)
    return tuple(zone for zone in zones if zone in offered)


def check_offers(settings: Settings, regions: Iterable[str], catalog: Catalog) -> None:
    """Every machine type of a pool is offered in every region that has the pool, in zones that they share and use.

    Raises SettingsError with the pool, the type and where it is offered instead.
    """
    for region in regions:
        zones = zones_of(settings, region, catalog)
        for position, pool in enumerate(settings.gpu_pools):
            if not has(pool, region):
                continue
            key = f"slipway:gpu_pools[{position}]"
            for choice in order_of(pool, [region]):
                for machine in choice.machines:
                    _check_offer(settings.target, key, region, machine, choice.capacity, catalog)
                    _check_accelerator(settings.target, key, region, pool, machine, catalog)
            _check_reservation(settings.target, key, pool, region, zones, catalog)
            if not zones_for(settings.target, pool, region, zones, catalog):
                raise SettingsError(
                    f"{key}.machines: no zone of {region} that is used ({', '.join(zones)}) offers all of them",
                    hint="leave out the scarcest, raise slipway:network.zones, or name zones in network.zone_ids",
                )


def _check_reservation(
    cloud: str, key: str, pool: PoolSettings, region: str, zones: Sequence[str], catalog: Catalog
) -> None:
    held = pool.reservation
    if not held or not lies_in(held.zone, region):
        return
    offered = offered_in(cloud, pool, region, catalog)
    if held.zone not in offered:
        raise SettingsError(
            f"{key}.reservation.zone: {held.zone} does not offer {', '.join(machines_in(pool, region))}",
            hint=f"name the zone that the reservation is in; of {region} these offer it: {', '.join(sorted(offered))}",
        )
    if held.zone not in zones:
        raise SettingsError(
            f"{key}.reservation.zone: {held.zone} is none of the zones of {region} that are used ({', '.join(zones)})",
            hint=f"name it in slipway:network.zone_ids.{region}; on AWS before the first `up`, because the zones of a "
            "region that is up are for good",
        )


def has(pool: PoolSettings, region: str) -> bool:
    """Whether a pool has any capacity in a region."""
    return bool(order_of(pool, [region]))


def offered_in(cloud: str, pool: PoolSettings, region: str, catalog: Catalog) -> frozenset[str]:
    """Zones that offer all machine types of a pool, in whatever capacity."""
    each = [
        {zone for offer in catalog.offers(cloud, region, machine) if offer.offered for zone in offer.zones}
        for machine in machines_in(pool, region)
    ]
    return frozenset(each[0].intersection(*each[1:]))


def accelerators_of(cloud: str, pool: PoolSettings, region: str, catalog: Catalog) -> int:
    """Whole accelerators of the pool's smallest machine, which is what the autoscaler may count on; at least 1."""
    return min(accelerators_on(cloud, pool, region, catalog).values())


def accelerators_on(cloud: str, pool: PoolSettings, region: str, catalog: Catalog) -> dict[str, int]:
    """The same by machine type, in the pool's order."""
    return {
        machine: max(1, int(min(offer.accelerators for offer in catalog.offers(cloud, region, machine))))
        for machine in machines_in(pool, region)
    }


def _check_offer(cloud: str, key: str, region: str, machine: str, capacity: str, catalog: Catalog) -> None:
    sold = _SOLD_LIKE.get(capacity, capacity)
    if any(offer.offered for offer in catalog.offers(cloud, region, machine, capacity=sold)):
        return
    elsewhere = sorted({o.region for o in catalog.offers(cloud, machine=machine, capacity=sold) if o.offered})
    raise SettingsError(
        f"{key}.machines: {machine} is not offered {capacity.replace('_', ' ')} in {region}",
        hint=f"it is in {', '.join(elsewhere)}: name those in {key}.regions, or leave the type out"
        if elsewhere
        else "the catalog knows it nowhere; check its name",
    )


def _check_accelerator(cloud: str, key: str, region: str, pool: PoolSettings, machine: str, catalog: Catalog) -> None:
    """Nodes carry the pool's accelerator as a label, by which pods find them."""
    found = {offer.accelerator for offer in catalog.offers(cloud, region, machine)}
    if pool.accelerator not in found:
        there = ", ".join(sorted(name for name in found if name)) or "no accelerator"
        raise SettingsError(
            f"{key}.accelerator: {machine} has {there}, not {pool.accelerator}",
            hint="name what the machines have; a pool has one accelerator",
        )
