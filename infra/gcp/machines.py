"""What is known of machine types: those for what the cluster itself runs, accelerators by GKE's name. Pure.

Whether a type is offered, and what it costs, is in infra/catalog.
"""

from infra.settings import PoolSettings
from slipway.errors import SettingsError

SYSTEM_MACHINES = ("e2-standard-4",)
"""For what the cluster itself runs, where settings say nothing else."""

USUAL_IMAGE = "cos"
DEVICE = "nvidia.com/gpu"
"""What pods ask for to get an accelerator of a pool."""

_ACCELERATORS = {
    "g2": "nvidia-l4",
    "a2-highgpu": "nvidia-tesla-a100",
    "a2-megagpu": "nvidia-tesla-a100",
    "a2-ultragpu": "nvidia-a100-80gb",
    "a3-highgpu": "nvidia-h100-80gb",
    "a3-megagpu": "nvidia-h100-mega-80gb",
    "a3-ultragpu": "nvidia-h200-141gb",
    "a4-highgpu": "nvidia-b200",
}
"""By the start of a machine type's name, from GKE's documentation on GPUs, November 2026. They come with the type."""

_FAST_SOCKET = ("a2-", "a3-highgpu")
"""Types whose NCCL gains by Fast Socket; the others bring a fabric of their own, or have one GPU."""


def accelerator_type(machine: str, key: str) -> str:
    """GKE's name of the accelerator that comes with a machine type.

    Raises SettingsError, with the pool's `key`, for a type without one.
    """
    for start, accelerator in _ACCELERATORS.items():
        if machine.startswith(f"{start}-"):
            return accelerator
    raise SettingsError(
        f"{key}.machines: {machine} has no accelerator that GKE knows",
        hint=f"take one of {', '.join(_ACCELERATORS)}",
    )


def has_fast_socket(pool: PoolSettings) -> bool:
    return all(machine.startswith(_FAST_SOCKET) for machine in pool.machines)
