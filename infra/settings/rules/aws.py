"""What only AWS refuses. Pure."""

from collections.abc import Iterator
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


def aws(settings: "Settings") -> Iterator[str]:
    """Every refusal that is AWS' own."""
    yield from _account(settings)
    yield from _lambda(settings)
    yield from _network(settings)
    for position, pool in enumerate(settings.gpu_pools):
        without = [machine for machine in pool.machines if not machine.startswith(EFA_FAMILIES)]
        if pool.efa and without:
            yield f"gpu_pools[{position}].efa: {', '.join(without)} has none; leave it out or take p5.48xlarge"
        if "flex_start" in pool.capacity:
            yield f"gpu_pools[{position}].capacity: flex_start is Google's; on AWS the like is capacity_block"
        if pool.image == "cos":
            yield f"gpu_pools[{position}].image: cos is Google's; leave it out, or take al2023 or bottlerocket"


def _lambda(settings: "Settings") -> Iterator[str]:
    wanted, way_out = settings.serverless, "serve from a node pool in gpu_pools"
    if wanted.accelerator:
        yield f"serverless.accelerator: Lambda has no {wanted.accelerator}; {way_out}"
    if wanted.image_gib > LAMBDA_IMAGE_GIB:
        yield f"serverless.image_gib: {wanted.image_gib:g} is over Lambda's {LAMBDA_IMAGE_GIB}; {way_out}"
    if wanted.memory_mib > LAMBDA_MEMORY_MIB:
        yield f"serverless.memory_mib: {wanted.memory_mib} is over Lambda's {LAMBDA_MEMORY_MIB}; {way_out}"


def _account(settings: "Settings") -> Iterator[str]:
    if settings.identity and not settings.identity.account.isdecimal():
        yield f"identity.account: {settings.identity.account} is a project of Google; AWS accounts have 12 digits"


def _network(settings: "Settings") -> Iterator[str]:
    if settings.environment == "prod" and settings.network.nat == "one":
        yield "network.nat: one gateway takes production down with its zone; per_zone"
    for at, region in enumerate(settings.regions):
        network = settings.network.range_of(region, at)
        if network.prefixlen < VPC_PREFIX_MIN:
            yield f"network.ranges: {region} ({network}) is larger than a VPC may be; /{VPC_PREFIX_MIN} at most"
