"""How near a step is to what the hardware could do: model flops utilization (MFU), Chowdhery et al. 2022 (PaLM)."""

import torch

_BF16_FLOPS = {
    "H200": 989.5e12,
    "H100 PCIe": 756e12,
    "H100 NVL": 835e12,
    "H100": 989.5e12,
    "A100": 312e12,
    "L40S": 362e12,
    "A10G": 70e12,
    "L4": 121e12,
    "T4": 65e12,
    "B200": 2250e12,
}
"""Dense bf16 operations per second by the makers' data sheets (fp16 for the T4); the first name that fits counts."""


def peak_flops(device: torch.device) -> float | None:
    """What the device's data sheet promises in bf16, dense; None for one that is not listed."""
    if device.type != "cuda":
        return None
    name = torch.cuda.get_device_name(device)
    return next((flops for known, flops in _BF16_FLOPS.items() if known in name), None)
