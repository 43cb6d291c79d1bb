"""What only Google refuses. Pure."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra.settings.model import Settings

RUN_MEMORY_MIB = 32_768
"""Cloud Run's most for an instance, from its documentation on memory limits, November 2026."""

_DUAL_LOCATIONS = {
    "us": ("us-",),
    "eu": ("europe-",),
    "asia": ("asia-east", "asia-northeast", "asia-southeast"),
    "in": ("asia-south1", "asia-south2"),
    "ca": ("northamerica-northeast",),
    "au": ("australia-",),
}
"""By the location that Cloud Storage gives a bucket in two regions, how the names of its regions start: both have to be
of the same one. From its documentation on configurable dual-regions, November 2026."""


def dual_location(pair: Iterable[str]) -> str:
    """Where a bucket in two regions lies, or empty where Cloud Storage puts none into the two."""
    homes = {
        next((home for home, starts in _DUAL_LOCATIONS.items() if region.startswith(starts)), "") for region in pair
    }
    return homes.pop() if len(homes) == 1 else ""


def gcp(settings: "Settings") -> Iterator[str]:
    """Every refusal that is Google's own."""
    yield from _account(settings)
    yield from _pools(settings)
    yield from _store(settings)
    if settings.domain is None:
        yield "domain: is required on gcp: a certificate of Google's is for a name of yours; name what users call"
    if settings.serverless.memory_mib > RUN_MEMORY_MIB:
        yield f"serverless.memory_mib: {settings.serverless.memory_mib} is over Cloud Run's {RUN_MEMORY_MIB}"
    if settings.serverless.architecture != "x86_64":
        yield "serverless.architecture: Cloud Run runs x86_64 only; leave it out"
    if settings.tracking.server:
        yield "tracking.server: Vertex AI has no MLflow server; set vertex.tensorboard, or run one on the cluster"


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
                f"storage.dual_region: {pair[0]} and {pair[1]} are on different continents to Cloud Storage; take two "
                "of one, or leave it out and releases are copied between the regions' buckets"
            )


def _pools(settings: "Settings") -> Iterator[str]:
    for position, pool in enumerate(settings.gpu_pools):
        key = f"gpu_pools[{position}]"
        if {"flex_start", "spot"} <= set(pool.capacity):
            yield (
                f"{key}.capacity: flex_start together with spot; a flex-start node is promised for its whole run and "
                "spot may be taken at any time, so make a pool of each"
            )
        if "capacity_block" in pool.capacity:
            yield f"{key}.capacity: capacity_block is AWS'; on Google the like is flex_start or reserved"
        if pool.efa:
            yield f"{key}.efa: is AWS'; Google's machines have gVNIC and Fast Socket without being asked"
        if pool.image in ("al2023", "bottlerocket"):
            yield f"{key}.image: {pool.image} is AWS'; leave it out, or take cos"
