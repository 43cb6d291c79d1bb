"""The accelerators of this machine as one pool. Nothing is provisioned: they are here or they are not."""

from dataclasses import dataclass
from pathlib import Path

_NVIDIA_DEVICES = "nvidia[0-9]*"


@dataclass(frozen=True, kw_only=True)
class GpuPool:
    accelerators: int

    @classmethod
    def of_this_machine(cls) -> "GpuPool":
        """Counted by device file, because asking torch costs seconds in every preview."""
        return cls(accelerators=len(list(Path("/dev").glob(_NVIDIA_DEVICES))))
