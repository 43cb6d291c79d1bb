"""Which zones of a region are used, and which of them offer a pool's machines: from the catalog, by zone id.

Pure. Zone ids mean the same zone in every account, names (us-east-1a) do not, so a preview need not ask for either.
"""

from collections.abc import Iterable, Sequence

from infra.catalog import Catalog
from infra.settings import PoolSettings, Settings
from slipway.errors import SettingsError

EKS_REFUSES = frozenset({"use1-az3", "usw1-az2", "cac1-az3"})
"""Zones without room for an EKS control plane, from the EKS user guide on network requirements, November 2026."""

_SOLD_LIKE = {"reserved": "on_demand", "capacity_block": "on_demand"}
"""Capacity that is bought ahead is offered where its machine is; the catalog has no rows of its own for it."""


def zones_of(settings: Settings, region: str, catalog: Catalog) -> tuple[str, ...]:
    """Zone ids for a region's subnets: those that offer most of the region's pools first, then by id.

    Raises SettingsError when fewer are known than `network.zones` asks for.
    """
    if named := settings.network.zone_ids.get(region):
        known = set(named)
    else:
        known = {zone for offer in catalog.offers("aws", region) for zone in offer.zones} - EKS_REFUSES
    wanted = settings.network.zones
    if len(known) < wanted:
        raise SettingsError(
            f"slipway:network.zones: {wanted} are wanted and {len(known)} known in {region}",
            hint=f"name them in slipway:network.zone_ids.{region}, or lower slipway:network.zones",
        )
    pools = [pool for pool in settings.gpu_pools if has(pool, region)]
    offering = {zone: sum(zone in offered_in(pool, region, catalog) for pool in pools) for zone in known}
    return tuple(sorted(sorted(known, key=lambda zone: (-offering[zone], zone))[:wanted]))


def zones_for(pool: PoolSettings, region: str, zones: Sequence[str], catalog: Catalog) -> tuple[str, ...]:
    """The zones, of those that the region uses, where every machine type of the pool is offered.

    Auto Scaling would try in vain elsewhere, and EKS refuses a group whose type a zone does not have.
    """
    offered = offered_in(pool, region, catalog)
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
            for machine in pool.machines:
                for capacity in pool.capacity:
                    _check_offer(key, region, machine, capacity, catalog)
            if not zones_for(pool, region, zones, catalog):
                raise SettingsError(
                    f"{key}.machines: no zone of {region} that is used ({', '.join(zones)}) offers all of them",
                    hint="leave out the scarcest, raise slipway:network.zones, or name zones in network.zone_ids",
                )


def has(pool: PoolSettings, region: str) -> bool:
    return not pool.regions or region in pool.regions


def offered_in(pool: PoolSettings, region: str, catalog: Catalog) -> frozenset[str]:
    """Zones that offer all machine types of a pool on demand: a zone that sells a type on spot sells it so too."""
    each = [
        {zone for offer in catalog.offers("aws", region, machine, capacity="on_demand") for zone in offer.zones}
        for machine in pool.machines
    ]
    return frozenset(each[0].intersection(*each[1:]))


def accelerators_of(pool: PoolSettings, region: str, catalog: Catalog) -> int:
    """Whole accelerators of the pool's smallest machine, which is what the autoscaler may count on; at least 1."""
    counts = [o.accelerators for machine in pool.machines for o in catalog.offers("aws", region, machine)]
    return max(1, int(min(counts)))


def _check_offer(key: str, region: str, machine: str, capacity: str, catalog: Catalog) -> None:
    sold = _SOLD_LIKE.get(capacity, capacity)
    if any(offer.offered for offer in catalog.offers("aws", region, machine, capacity=sold)):
        return
    elsewhere = sorted({o.region for o in catalog.offers("aws", machine=machine, capacity=sold) if o.offered})
    raise SettingsError(
        f"{key}.machines: {machine} is not offered {capacity.replace('_', ' ')} in {region}",
        hint=f"it is in {', '.join(elsewhere)}: name those in {key}.regions, or leave the type out"
        if elsewhere
        else "the catalog knows it nowhere; check its name",
    )
