"""Namespaces, and what may be asked for in them.

Workloads stand under Pod Security's `restricted`: the API server itself refuses a pod that wants more. The second
namespace is privileged, because NVIDIA's device plugin and exporter must reach the node's devices; nothing of ours runs
there, and it is made only where one of the two is.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from infra.kubernetes.objects import SYSTEM_NAMESPACE, Manifest, count, memory, metadata
from infra.naming import NAMESPACE

_CONTAINER_DEFAULT = {"cpu": "100m", "memory": "256Mi"}
_PODS = 2000


@dataclass(frozen=True, kw_only=True)
class NamespacesArgs:
    """cpus, memory_gib: that all workloads together may ask for. devices: the same of accelerators, by their name.

    system: whether something runs that must reach into its node.
    """

    cpus: int
    memory_gib: int
    devices: Mapping[str, int]
    system: bool


def namespaces(args: NamespacesArgs) -> dict[str, Manifest]:
    made = {"workloads": _namespace(NAMESPACE, "restricted")}
    if args.system:
        made["system"] = _namespace(
            SYSTEM_NAMESPACE, "privileged", why="NVIDIA's device plugin and DCGM exporter reach the node's devices"
        )
    return made


def quotas(args: NamespacesArgs) -> dict[str, Manifest]:
    return {
        "quota": {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": metadata("workloads", "quota"),
            "spec": {"hard": _hard(args)},
        },
        "limits": {
            "apiVersion": "v1",
            "kind": "LimitRange",
            "metadata": metadata("workloads", "quota"),
            "spec": {
                "limits": [
                    {
                        "type": "Container",
                        "defaultRequest": _CONTAINER_DEFAULT,
                        "default": {"memory": _CONTAINER_DEFAULT["memory"]},  # the quota wants a limit of everyone
                    }
                ]
            },
        },
    }


def _hard(args: NamespacesArgs) -> dict[str, str]:
    return {
        "requests.cpu": count(args.cpus),
        "requests.memory": memory(args.memory_gib * 1024),
        "limits.memory": memory(args.memory_gib * 1024),
        **{f"requests.{device}": count(number) for device, number in args.devices.items()},
        "pods": count(_PODS),
    }


def devices(asked: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Accelerators by name, summed over pools."""
    total = Counter[str]()
    for device, number in asked:
        total[device] += number
    return total


def _namespace(name: str, level: str, *, why: str = "") -> Manifest:
    modes: dict[str, Any] = {f"pod-security.kubernetes.io/{mode}": level for mode in ("enforce", "warn", "audit")}
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": metadata(
            name, "namespace", namespace=None, labels=modes, annotations={"slipway/why": why} if why else None
        ),
    }
