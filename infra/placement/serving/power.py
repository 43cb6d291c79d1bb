"""How much power a replica draws, for its carbon. Declared coefficients, each with its source; nothing of it is billed.

Coefficients of the Cloud Carbon Footprint methodology (cloudcarbonfootprint.org/docs/methodology), as remembered in
November 2026: watts of a vCPU between idle and full, watts of a GB of memory, and the provider's power usage
effectiveness. An accelerator is taken at its maker's greatest draw while it computes and at a fifth of it while idle.
"""

from infra.catalog import Accelerator, Offer
from infra.placement.serving.charge import MONTH_H

_VCPU_IDLE_W = {"aws": 0.74, "gcp": 0.71}
_VCPU_FULL_W = {"aws": 3.5, "gcp": 4.26}
_MEMORY_W_PER_GIB = 0.392
_EFFECTIVENESS = {"aws": 1.135, "gcp": 1.1}
_ACCELERATOR_IDLE = 0.2


def watts(
    provider: str,
    *,
    vcpus: float,
    memory_gib: float,
    busy: float,
    accelerator_watts: float = 0.0,
    accelerators: float = 0,
) -> float:
    """Drawn on average, with what the building takes. busy: part of the time, 0 to 1."""
    processor = vcpus * (_VCPU_IDLE_W[provider] + busy * (_VCPU_FULL_W[provider] - _VCPU_IDLE_W[provider]))
    chips = accelerators * accelerator_watts * (_ACCELERATOR_IDLE + busy * (1 - _ACCELERATOR_IDLE))
    return (processor + memory_gib * _MEMORY_W_PER_GIB + chips) * _EFFECTIVENESS[provider]


def machine_kwh(offer: Offer, accelerator: Accelerator | None, *, busy: float, share_of_month: float) -> float | None:
    """A month of one machine that runs for a share of it; None where the catalog does not say what it is made of."""
    if offer.vcpus is None or offer.memory_gib is None:
        return None
    if offer.accelerator and (accelerator is None or accelerator.watts is None):
        return None
    drawn = watts(
        offer.provider,
        vcpus=offer.vcpus,
        memory_gib=offer.memory_gib,
        busy=busy,
        accelerator_watts=(accelerator.watts or 0.0) if accelerator else 0.0,
        accelerators=offer.accelerators,
    )
    return drawn * MONTH_H * share_of_month / 1000
