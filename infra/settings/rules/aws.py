"""What only AWS refuses. Pure."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from infra.settings.eks_versions import EKS_VERSIONS
from infra.settings.rules.aws_machines import EFA_CARDS, is_arm
from infra.settings.zones import EKS_REFUSES

if TYPE_CHECKING:
    from infra.settings.gpu_pools import PoolSettings
    from infra.settings.model import Settings

LAMBDA_IMAGE_GIB = 10
"""AWS Lambda quota on a container image, uncompressed."""

LAMBDA_MEMORY_MIB = 10_240
"""AWS Lambda quota on a function's memory."""

VPC_PREFIX_MIN = 16
"""Amazon VPC quota on an IPv4 range."""

EDGE_READ_S_MIN = 1
"""CloudFront's least time to wait for an origin, in whole seconds."""

LAMBDA_AT_ONCE = 1000
"""AWS Lambda's quota on an account's concurrent executions in a region, where nobody asked for more."""

LAMBDA_UNRESERVED = 100
"""Of them, what AWS Lambda reserves for no function."""

GUARDS = 10
"""Of them, what the edge's token is checked with (infra/aws/gateway.py)."""

_CAPACITY_RESERVATION = re.compile(r"cr-[0-9a-f]{17}")


def aws(settings: "Settings") -> Iterator[str]:
    """Every refusal that is AWS' own."""
    yield from _account(settings)
    yield from _lambda(settings)
    yield from _network(settings)
    yield from _cluster(settings)
    for position, pool in enumerate(settings.gpu_pools):
        yield from _pool(pool, f"gpu_pools[{position}]")


def _pool(pool: "PoolSettings", key: str) -> Iterator[str]:
    without = [machine for machine in pool.machines if machine not in EFA_CARDS]
    if pool.efa and without:
        yield (
            f"{key}.efa: {', '.join(without)} has none, or none that Slipway knows; leave it out, or take one of "
            f"{', '.join(EFA_CARDS)}"
        )
    if "flex_start" in pool.capacity:
        yield f"{key}.capacity: flex_start is Google's; on AWS the like is capacity_block"
    if pool.image == "cos":
        yield f"{key}.image: cos is Google's; leave it out, or take al2023 or bottlerocket"
    if pool.reservation and not _CAPACITY_RESERVATION.fullmatch(pool.reservation.id):
        yield (
            f"{key}.reservation.id: {pool.reservation.id} is none of AWS'; they are cr- and 17 hexadecimal digits, as "
            "`aws ec2 describe-capacity-reservations` prints them"
        )


def _cluster(settings: "Settings") -> Iterator[str]:
    version, machines = settings.cluster.version, settings.cluster.system_machines
    if version not in EKS_VERSIONS:
        yield f"cluster.version: {version} is none that EKS supports and Slipway knows; {' or '.join(EKS_VERSIONS)}"
    if len({is_arm(machine) for machine in machines}) > 1:
        yield (
            f"cluster.system_machines: {', '.join(machines)} have different processors, and one image runs on all of "
            "them; name types with the same"
        )


def _lambda(settings: "Settings") -> Iterator[str]:
    wanted, way_out = settings.serverless, "serve on the stack's clusters, by a stack of the target kubernetes"
    if wanted.accelerator:
        yield f"serverless.accelerator: Lambda has no {wanted.accelerator}; leave it out and serve on CPUs"
    if wanted.image_gib > LAMBDA_IMAGE_GIB:
        yield f"serverless.image_gib: {wanted.image_gib:g} is over Lambda's {LAMBDA_IMAGE_GIB}; {way_out}"
    if wanted.memory_mib > LAMBDA_MEMORY_MIB:
        yield f"serverless.memory_mib: {wanted.memory_mib} is over Lambda's {LAMBDA_MEMORY_MIB}; {way_out}"
    left = LAMBDA_AT_ONCE - LAMBDA_UNRESERVED - GUARDS
    if wanted.max_instances > left:
        yield (
            f"serverless.max_instances: {wanted.max_instances} is over the {left} that Lambda leaves of an account's "
            f"{LAMBDA_AT_ONCE}; lower it, or {way_out}"
        )
    if settings.edge.timeout_s < EDGE_READ_S_MIN:
        yield f"edge.timeout_s: CloudFront waits no shorter than {EDGE_READ_S_MIN} s; raise it"


def _account(settings: "Settings") -> Iterator[str]:
    if settings.identity and not settings.identity.account.isdecimal():
        yield f"identity.account: {settings.identity.account} is a project of Google; AWS accounts have 12 digits"


def _network(settings: "Settings") -> Iterator[str]:
    if settings.environment == "prod" and settings.network.nat == "one":
        yield "network.nat: one gateway takes production down with its zone; per_zone"
    for region, zones in settings.network.zone_ids.items():
        if full := sorted(EKS_REFUSES & set(zones)):
            yield f"network.zone_ids: EKS takes no subnets in {full[0]}; name another zone of {region}"
    for at, region in enumerate(settings.regions):
        network = settings.network.range_of(region, at)
        if network.prefixlen < VPC_PREFIX_MIN:
            yield f"network.ranges: {region} ({network}) is larger than a VPC may be; /{VPC_PREFIX_MIN} at most"
