"""What only Google refuses. Pure."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from infra.settings.cloud import ServerlessSettings
from infra.settings.rules.common import meaningless
from infra.settings.rules.dual_regions import dual_location, partners

if TYPE_CHECKING:
    from infra.settings.model import Settings

RUN_MEMORY_MIB = {1: (512, 4096), 2: (512, 8192), 4: (2048, 16_384), 6: (4096, 24_576), 8: (4096, 32_768)}
"""By CPUs, the least and the most memory of an instance of Cloud Run, from its documentation on memory limits, November
2026."""

_CPUS_WITH_ACCELERATOR, _MIB_WITH_ACCELERATOR = 4, 16_384
"""The least beside a GPU, from its documentation on GPUs, November 2026."""

_PODS_NODE_PREFIX = 24
"""GKE gives every node this much of the pods' range, for 110 pods."""


def run_size(settings: ServerlessSettings) -> tuple[int, int]:
    """CPUs and MiB of an instance of Cloud Run: beside an accelerator the least that goes with it, at least."""
    if settings.accelerator:
        return max(settings.cpus, _CPUS_WITH_ACCELERATOR), max(settings.memory_mib, _MIB_WITH_ACCELERATOR)
    return settings.cpus, settings.memory_mib


def gcp(settings: "Settings") -> Iterator[str]:
    """Every refusal that is Google's own."""
    yield from _account(settings)
    yield from _pools(settings)
    yield from _room(settings)
    yield from _store(settings)
    yield from meaningless(settings, ("origin_token",))  # its balancer alone reaches the predictors, without one
    if settings.domain is None:
        yield "domain: is required on gcp: a certificate of Google's is for a name of yours; name what users call"
    yield from _instance(settings)
    if settings.serverless.architecture != "x86_64":
        yield "serverless.architecture: Cloud Run runs x86_64 only; leave it out"
    if settings.tracking.server:
        yield "tracking.server: Vertex AI has no MLflow server; set vertex.tensorboard, or run one on the cluster"


def _instance(settings: "Settings") -> Iterator[str]:
    cpus, memory_mib = run_size(settings.serverless)
    if cpus not in RUN_MEMORY_MIB:
        yield f"serverless.cpus: Cloud Run has no instance of {cpus}; take one of {', '.join(map(str, RUN_MEMORY_MIB))}"
        return
    least, most = RUN_MEMORY_MIB[cpus]
    if not least <= memory_mib <= most:
        yield (
            f"serverless.memory_mib: {memory_mib} does not go with {cpus} CPUs on Cloud Run, which takes {least} to "
            f"{most}; change it or serverless.cpus"
        )


def _account(settings: "Settings") -> Iterator[str]:
    if settings.identity:
        if settings.identity.account.isdecimal():
            yield f"identity.account: {settings.identity.account} is an account of AWS; name the project by its id"
        if not settings.identity.project_number:
            yield "identity.project_number: is required on gcp; `gcloud projects describe` prints it"
    if settings.budget and not settings.budget.billing_account:
        yield "budget.billing_account: is required on gcp, where a budget belongs to it and not to a project"


def _store(settings: "Settings") -> Iterator[str]:
    if pair := settings.storage.dual_region:
        if pair[0] == pair[1]:
            yield f"storage.dual_region: {pair[0]} stands twice; name another, or leave it out"
        elif not dual_location(pair):
            yield (
                f"storage.dual_region: {pair[0]} and {pair[1]} are no pair that Cloud Storage keeps a bucket in; "
                f"{_beside(pair[0])}, or leave it out and releases are copied between the regions' buckets"
            )
        elif settings.regions and not set(pair) & set(settings.regions):
            yield (
                f"storage.dual_region: neither {pair[0]} nor {pair[1]} is one of the stack's regions, which would read "
                f"every release from afar; {_beside(settings.regions[0])}"
            )


def _beside(region: str) -> str:
    others = partners(region)
    return f"beside {region} there may be {', '.join(others)}" if others else f"{region} is in no pair at all"


def _pools(settings: "Settings") -> Iterator[str]:
    for position, pool in enumerate(settings.gpu_pools):
        key = f"gpu_pools[{position}]"
        if {"flex_start", "spot"} <= set(pool.capacity):
            yield (
                f"{key}.capacity: flex_start together with spot; a flex-start node is promised for its whole run and "
                "spot may be taken at any time, so make a pool of each"
            )
        if pool.min and "flex_start" in pool.capacity:
            yield (
                f"{key}.min: {pool.min} nodes cannot be kept by flex_start, which starts one for a pod that waits and "
                "lends it for a week at most; 0, or keep them in a pool on demand"
            )
        if "capacity_block" in pool.capacity:
            yield f"{key}.capacity: capacity_block is AWS'; on Google the like is flex_start or reserved"
        if pool.efa:
            yield f"{key}.efa: is AWS'; Google's machines have gVNIC and Fast Socket without being asked"
        if pool.image in ("al2023", "bottlerocket"):
            yield f"{key}.image: {pool.image} is AWS'; leave it out, or take cos"


def _room(settings: "Settings") -> Iterator[str]:
    """Pods have half of a region's range (infra/gcp/network.py), and a node has its part of it or does not start."""
    for at, region in enumerate(settings.regions):
        network = settings.network.range_of(region, at)
        has = 2 ** max(0, _PODS_NODE_PREFIX - (network.prefixlen + 1))
        pools = [pool for pool in settings.gpu_pools if not pool.regions or region in pool.regions]
        wants = settings.cluster.system_nodes_max + 1 + sum(pool.max for pool in pools)
        if wants > has:
            yield (
                f"network.ranges: {region} ({network}) has pods for {has} nodes and its pools may have {wants}, one of "
                f"them while nodes are renewed; give it a larger range, or lower gpu_pools[].max"
            )
