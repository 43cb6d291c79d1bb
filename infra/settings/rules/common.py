"""What every cloud refuses, and which sections each target has. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Network
from itertools import combinations
from typing import TYPE_CHECKING

from infra.settings.zones import lies_in

if TYPE_CHECKING:
    from infra.settings.cloud import NetworkSettings
    from infra.settings.model import Settings

CLOUD_SECTIONS = ("environment", "ownership", "identity", "budget", "images")
"""What no default can know, and every stack of one cloud says."""


def common(settings: "Settings") -> Iterator[str]:
    """Every refusal that the clouds share."""
    yield from required(settings, CLOUD_SECTIONS)
    yield from meaningless(settings, ("clouds", "kubernetes"))
    yield from pools(settings)
    yield from _networks(settings)
    if settings.environment == "prod" and not settings.deletion_protection:
        yield "deletion_protection: production data could be deleted with the stack; leave it on"


def required(settings: "Settings", sections: Iterable[str]) -> Iterator[str]:
    for section in sections:
        if not getattr(settings, section):
            yield f"{section}: is required on {settings.target}"


def meaningless(settings: "Settings", sections: Iterable[str]) -> Iterator[str]:
    for section in sections:
        if getattr(settings, section):
            yield f"{section}: means nothing on the {settings.target} target; remove it"


def pools(settings: "Settings") -> Iterator[str]:
    names = [pool.name for pool in settings.gpu_pools]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"gpu_pools: {name} stands twice; nodes are found by their pool's name"
    if not settings.regions:  # placement chooses them; what names a region is checked when it has
        return
    for position, pool in enumerate(settings.gpu_pools):
        if strange := sorted(set(pool.regions) - set(settings.regions)):
            yield f"gpu_pools[{position}].regions: {strange[0]} is none of the stack's; add it to regions or remove it"
        held, regions = pool.reservation, pool.regions or settings.regions
        if held and not any(lies_in(held.zone, region) for region in regions):
            yield (
                f"gpu_pools[{position}].reservation.zone: {held.zone} is in none of {', '.join(regions)}; "
                "name the zone that the reservation is in, by its id on AWS, or add its region"
            )
    for position, gone in enumerate(settings.gone):
        if gone.region not in settings.regions:
            yield f"gone[{position}].region: {gone.region} is none of the stack's regions; remove it"


def _networks(settings: "Settings") -> Iterator[str]:
    candidates = settings.serving.regions if settings.serving else ()
    if known := settings.regions or candidates:  # without either it may be any of the catalog
        yield from unknown_places(settings.network, known)
    yield from overlapping(
        {region: settings.network.range_of(region, at) for at, region in enumerate(settings.regions)}
    )


def unknown_places(network: "NetworkSettings", regions: Iterable[str]) -> Iterator[str]:
    """Regions and zones of a network that are none of the stack's, nor of its candidates, and would be ignored."""
    regions = tuple(regions)
    for section in ("ranges", "zone_ids"):
        for region in sorted(getattr(network, section).keys() - set(regions)):
            yield f"network.{section}: {region} is none of the stack's ({', '.join(regions)}); mend or remove it"
    for region, zones in network.zone_ids.items():
        if elsewhere := [zone for zone in zones if not lies_in(zone, region)]:
            yield f"network.zone_ids: {elsewhere[0]} is no zone of {region}; name its own, on AWS by their ids"


def overlapping(ranges: Mapping[str, IPv4Network]) -> Iterator[str]:
    """Regions, by name, whose ranges overlap."""
    for one, other in combinations(ranges, 2):
        if ranges[one].overlaps(ranges[other]):
            yield (
                f"network.ranges: {one} ({ranges[one]}) and {other} ({ranges[other]}) overlap and could never be "
                "joined; give each its own"
            )
