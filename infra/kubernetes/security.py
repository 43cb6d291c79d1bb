"""How every workload of ours runs: as nobody, on a file system that is only read, with no rights in the kernel. Pure.

It is what Pod Security calls `restricted`, and a little more. What must reach into its node is in system.py.
"""

from typing import Any

from infra.kubernetes.objects import memory

USER = 10001
"""Of the images in services and training."""

POD: dict[str, Any] = {
    "runAsNonRoot": True,
    "runAsUser": USER,
    "runAsGroup": USER,
    "fsGroup": USER,
    "fsGroupChangePolicy": "OnRootMismatch",
    "seccompProfile": {"type": "RuntimeDefault"},
}

CONTAINER: dict[str, Any] = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}


def scratch(mount: str, gib: float, *, in_memory: bool = False) -> tuple[dict[str, Any], dict[str, Any]]:
    """A folder that goes with the pod, as its volume and its mount; named after where it is mounted."""
    name = mount.strip("/").replace("/", "-")
    folder: dict[str, Any] = {"sizeLimit": memory(gib * 1024)}
    if in_memory:
        folder["medium"] = "Memory"
    return {"name": name, "emptyDir": folder}, {"name": name, "mountPath": mount}
