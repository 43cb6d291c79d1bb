"""What is known of machine types: the AMI that runs them, their accelerator's name in Kubernetes, their EFA cards.

Pure. Whether a type is offered, and what it costs, is in infra/catalog.
"""

from collections.abc import Iterable, Sequence

from infra.catalog import Catalog
from infra.settings import PoolSettings
from infra.settings.rules.aws_machines import EFA_CARDS, is_arm
from slipway.errors import SettingsError

SYSTEM_MACHINES = ("m6i.large", "m5.large")
"""For what the cluster itself runs, where settings say nothing else."""

USUAL_IMAGE = "al2023"

NEURON_FAMILIES = ("trn", "inf")


def ami_type(pool: PoolSettings, key: str) -> str:
    """EKS' name of the image with drivers for every machine type of a pool.

    Raises SettingsError, with the pool's `key`, when no one image fits all of them.
    """
    kinds = {_kind(machine) for machine in pool.machines}
    if len(kinds) > 1:
        raise SettingsError(
            f"{key}.machines: {', '.join(pool.machines)} need different images", hint="make a pool of each"
        )
    kind = kinds.pop()
    if pool.image == "bottlerocket":
        if kind == "neuron":
            raise SettingsError(
                f"{key}.image: EKS has no Bottlerocket for {pool.machines[0]}", hint="take al2023, the default"
            )
        return {"x86": "BOTTLEROCKET_x86_64_NVIDIA", "arm": "BOTTLEROCKET_ARM_64_NVIDIA"}[kind]
    return {"x86": "AL2023_x86_64_NVIDIA", "arm": "AL2023_ARM_64_NVIDIA", "neuron": "AL2023_x86_64_NEURON"}[kind]


def device(pool: PoolSettings) -> str:
    """What pods ask for to get an accelerator of the pool."""
    return "aws.amazon.com/neuron" if pool.machines[0].startswith(NEURON_FAMILIES) else "nvidia.com/gpu"


def efa_cards(pool: PoolSettings, key: str) -> int:
    """Network cards for the fabric, 0 for a pool without it.

    Raises SettingsError when the pool's types differ: one launch template says how many there are.
    """
    if not pool.efa:
        return 0
    cards = {machine: EFA_CARDS.get(machine, 0) for machine in pool.machines}
    if len(set(cards.values())) > 1 or not min(cards.values()):
        listed = ", ".join(f"{machine} has {count}" for machine, count in cards.items())
        raise SettingsError(f"{key}.efa: {listed} EFA cards", hint="a pool with EFA takes types with equally many")
    return cards[pool.machines[0]]


def _kind(machine: str) -> str:
    if machine.startswith(NEURON_FAMILIES):
        return "neuron"
    return "arm" if is_arm(machine) else "x86"


def system_image(machines: Sequence[str]) -> str:
    """EKS' name of the image for nodes without an accelerator. machines: with one kind of processor."""
    return "AL2023_ARM_64_STANDARD" if is_arm(machines[0]) else "AL2023_x86_64_STANDARD"


def check_system_machines(machines: Iterable[str], regions: Iterable[str], catalog: Catalog) -> None:
    """Raises SettingsError for a type that nobody knows, or that the catalog knows and a region does not offer.

    The catalog holds what models run on, so most types are known to the SDK alone, which does not say where they are.
    """
    for machine in machines:
        there = {offer.region for offer in catalog.offers("aws", machine=machine) if offer.offered}
        if not there and machine not in _types():
            raise SettingsError(
                f"slipway:cluster.system_machines: EC2 has no {machine} that the installed pulumi-aws knows",
                hint=f"check its name, or leave it out for {', '.join(SYSTEM_MACHINES)}",
            )
        if there and (lacking := [region for region in regions if region not in there]):
            raise SettingsError(
                f"slipway:cluster.system_machines: {machine} is not offered in {lacking[0]}",
                hint=f"it is in {', '.join(sorted(there))}; name another type",
            )


def _types() -> frozenset[str]:
    from pulumi_aws.ec2 import InstanceType  # only where somebody names one

    return frozenset(kind.value for kind in InstanceType)
