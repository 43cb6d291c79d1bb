"""What `slipway train` needs to start a job here: torchrun on this machine, with the accelerators it has.

A job is submitted, not a resource: running it again would be a replacement.
"""

from collections.abc import Mapping

from infra.local.gpu_pools import GpuPool
from infra.local.registry import Registry
from infra.local.storage import Storage


class Training:
    launcher: Mapping[str, str]

    def __init__(self, *, storage: Storage, registry: Registry, pool: GpuPool) -> None:
        self.launcher = {
            "kind": "local",
            "store": storage.url,
            "tracking": registry.tracking_uri,
            "accelerators": str(pool.accelerators),
        }
