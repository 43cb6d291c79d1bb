"""Nodes for a control plane of the tests, as the clouds' own come: labels, taints, what pods may have of them. Pure."""

from typing import Any, Literal

Manifest = dict[str, Any]
Capacity = Literal["spot", "on-demand"]

_SYSTEM = {"cpu": "4", "memory": "16Gi"}
_GPU = {"cpu": "96", "memory": "1024Gi"}


def system_node(name: str, *, zone: str) -> Manifest:
    """Carries no accelerator and takes whatever asks for none."""
    return _node(name, zone=zone, labels={}, taints=[], allocatable=_SYSTEM)


def eks_gpu_node(name: str, *, pool: str, capacity: Capacity, zone: str, gpus: int = 8) -> Manifest:
    """One of a managed node group, as infra/aws/gpu_pools.py asks for them."""
    labels = {
        "eks.amazonaws.com/capacityType": {"spot": "SPOT", "on-demand": "ON_DEMAND"}[capacity],
        "eks.amazonaws.com/nodegroup": f"{pool}-{capacity}",
    }
    return _gpu_node(name, pool=pool, capacity=capacity, zone=zone, gpus=gpus, labels=labels, taints=[])


def gke_gpu_node(
    name: str, *, pool: str, capacity: Capacity, zone: str, gpus: int = 8, accelerator: str = "nvidia-h100-80gb"
) -> Manifest:
    """One of a node pool: GKE itself labels spot nodes, and taints those that have an accelerator."""
    spot = {"cloud.google.com/gke-spot": "true"} if capacity == "spot" else {}
    labels = {
        "cloud.google.com/gke-accelerator": accelerator,
        "cloud.google.com/gke-nodepool": f"{pool}-{capacity}",
        **spot,
    }
    return _gpu_node(name, pool=pool, capacity=capacity, zone=zone, gpus=gpus, labels=labels, taints=[])


def _gpu_node(
    name: str, *, pool: str, capacity: Capacity, zone: str, gpus: int, labels: dict[str, str], taints: list[Manifest]
) -> Manifest:
    return _node(
        name,
        zone=zone,
        labels={"slipway/pool": pool, "slipway/capacity": capacity, **labels},
        taints=[{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}, *taints],
        allocatable={**_GPU, "nvidia.com/gpu": str(gpus)},
    )


def _node(
    name: str, *, zone: str, labels: dict[str, str], taints: list[Manifest], allocatable: dict[str, str]
) -> Manifest:
    has = {"pods": "110", "ephemeral-storage": "500Gi", **allocatable}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                "topology.kubernetes.io/zone": zone,
                "topology.kubernetes.io/region": zone.rstrip("abcdef").rstrip("-"),
                **labels,
            },
        },
        "spec": {"taints": taints} if taints else {},
        "status": {"capacity": has, "allocatable": has},
    }
