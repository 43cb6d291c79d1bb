"""Combinations of settings that no single section can see, each refused with the key and a way out.

Pure: the settings in, the problems out. Whether a machine type is offered in a region is in the catalog and is asked
when the program places its pools.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.settings.model import Settings

LAMBDA_IMAGE_GIB = 10
"""AWS Lambda quota on a container image, uncompressed."""

LAMBDA_MEMORY_MIB = 10_240
"""AWS Lambda quota on a function's memory."""

VPC_PREFIX_MIN = 16
"""Amazon VPC quota on an IPv4 range."""

EFA_FAMILIES = (
    "p4d.",
    "p4de.",
    "p5.48",
    "p5e.",
    "p5en.",
    "p6-",
    "trn1.32",
    "trn1n.",
    "trn2.48",
    "g6e.48",
    "g6e.24",
    "g6.48",
)
"""Types with an Elastic Fabric Adapter, from the EC2 user guide's list for accelerated computing, November 2026."""

_CLOUD_SECTIONS = ("environment", "ownership", "identity", "budget", "images")


def problems(settings: "Settings") -> Iterator[str]:
    """Every refusal of this stack, as `key: what is wrong; what to do`."""
    if settings.target == "local":
        yield from _local(settings)
        return
    yield from _complete(settings)
    yield from _aws(settings)
    yield from _networks(settings)
    yield from _production(settings)
    yield from _pools(settings)


def _pools(settings: "Settings") -> Iterator[str]:
    names = [pool.name for pool in settings.gpu_pools]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"gpu_pools: {name} stands twice; nodes are found by their pool's name"
    if not settings.regions:  # placement chooses them; what names a region is checked when it has
        return
    for position, pool in enumerate(settings.gpu_pools):
        if strange := sorted(set(pool.regions) - set(settings.regions)):
            yield f"gpu_pools[{position}].regions: {strange[0]} is none of the stack's; add it to regions or remove it"
    for position, gone in enumerate(settings.gone):
        if gone.region not in settings.regions:
            yield f"gone[{position}].region: {gone.region} is none of the stack's regions; remove it"


def _local(settings: "Settings") -> Iterator[str]:
    for section in (*_CLOUD_SECTIONS, "gpu_pools", "gone", "domain", "origin_token"):
        if getattr(settings, section):
            yield f"{section}: means nothing on the local target; remove it"


def _complete(settings: "Settings") -> Iterator[str]:
    for section in _CLOUD_SECTIONS:
        if not getattr(settings, section):
            yield f"{section}: is required on {settings.target}"


def _aws(settings: "Settings") -> Iterator[str]:
    if settings.target != "aws":
        return
    yield from _lambda(settings)
    for position, pool in enumerate(settings.gpu_pools):
        without = [machine for machine in pool.machines if not machine.startswith(EFA_FAMILIES)]
        if pool.efa and without:
            yield f"gpu_pools[{position}].efa: {', '.join(without)} has none; leave it out or take p5.48xlarge"
        if "flex_start" in pool.capacity:
            yield f"gpu_pools[{position}].capacity: flex_start is Google's; on AWS the like is capacity_block"


def _lambda(settings: "Settings") -> Iterator[str]:
    wanted, way_out = settings.serverless, "serve from a node pool in gpu_pools"
    if wanted.accelerator:
        yield f"serverless.accelerator: Lambda has no {wanted.accelerator}; {way_out}"
    if wanted.image_gib > LAMBDA_IMAGE_GIB:
        yield f"serverless.image_gib: {wanted.image_gib:g} is over Lambda's {LAMBDA_IMAGE_GIB}; {way_out}"
    if wanted.memory_mib > LAMBDA_MEMORY_MIB:
        yield f"serverless.memory_mib: {wanted.memory_mib} is over Lambda's {LAMBDA_MEMORY_MIB}; {way_out}"


def _networks(settings: "Settings") -> Iterator[str]:
    ranges = {region: settings.network.range_of(region, at) for at, region in enumerate(settings.regions)}
    for region, network in ranges.items():
        if settings.target == "aws" and network.prefixlen < VPC_PREFIX_MIN:
            yield f"network.ranges: {region} ({network}) is larger than a VPC may be; /{VPC_PREFIX_MIN} at most"
    for one, other in combinations(ranges, 2):
        if ranges[one].overlaps(ranges[other]):
            yield (
                f"network.ranges: {one} ({ranges[one]}) and {other} ({ranges[other]}) overlap and could never be "
                "joined; give each its own"
            )


def _production(settings: "Settings") -> Iterator[str]:
    if settings.environment == "prod":
        if not settings.deletion_protection:
            yield "deletion_protection: production data could be deleted with the stack; leave it on"
        if settings.network.nat == "one":
            yield "network.nat: one gateway takes production down with its zone; per_zone"
