"""What is known of machine types: the AMI that runs them, their accelerator's name in Kubernetes, their EFA cards.

Pure. Whether a type is offered, and what it costs, is in infra/catalog.
"""

from infra.settings import PoolSettings
from slipway.errors import SettingsError

SYSTEM_MACHINES = ("m6i.large", "m5.large")
"""For what the cluster itself runs, where settings say nothing else."""

USUAL_IMAGE = "al2023"

NEURON_FAMILIES = ("trn", "inf")
ARM_FAMILIES = ("g5g.", "p6e-")

EFA_CARDS = {
    "g6.48xlarge": 1,
    "g6e.24xlarge": 2,
    "g6e.48xlarge": 4,
    "p4d.24xlarge": 4,
    "p4de.24xlarge": 4,
    "p5.48xlarge": 32,
    "p5e.48xlarge": 32,
    "p5en.48xlarge": 16,
    "p6-b200.48xlarge": 8,
    "trn1.32xlarge": 8,
    "trn1n.32xlarge": 16,
    "trn2.48xlarge": 16,
}
"""Network cards with an Elastic Fabric Adapter, from the EC2 user guide on network cards, November 2026."""


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
    return "arm" if machine.startswith(ARM_FAMILIES) else "x86"
