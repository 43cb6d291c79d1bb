"""Nodes for a control plane of the tests, as the clouds' own come: labels, taints, what pods may have of them. Pure."""

from dataclasses import dataclass
from typing import Any, Literal

Manifest = dict[str, Any]
Capacity = Literal["spot", "on-demand"]


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What a node of one machine type has for pods, after what its system keeps."""

    name: str
    cpus: float
    memory_gib: int
    accelerators: int = 0


GENERAL = Machine(name="m7i.4xlarge", cpus=15.8, memory_gib=58)
P5 = Machine(name="p5.48xlarge", cpus=191, memory_gib=1980, accelerators=8)
G6 = Machine(name="g6.xlarge", cpus=3.9, memory_gib=14, accelerators=1)
A3 = Machine(name="a3-highgpu-8g", cpus=207, memory_gib=1800, accelerators=8)


def system_node(name: str, *, zone: str) -> Manifest:
    """Carries no accelerator and takes whatever asks for none."""
    return _node(name, GENERAL, zone=zone, labels={}, taints=[])


def eks_gpu_node(name: str, machine: Machine, *, pool: str, capacity: Capacity, zone: str) -> Manifest:
    """One of a managed node group, as infra/aws/gpu_pools.py asks for them."""
    labels = {
        "eks.amazonaws.com/capacityType": {"spot": "SPOT", "on-demand": "ON_DEMAND"}[capacity],
        "eks.amazonaws.com/nodegroup": f"{pool}-{capacity}",
    }
    return _gpu_node(name, machine, pool=pool, capacity=capacity, zone=zone, labels=labels)


def gke_gpu_node(
    name: str, machine: Machine, *, pool: str, capacity: Capacity, zone: str, accelerator: str = "nvidia-h100-80gb"
) -> Manifest:
    """One of a node pool. GKE labels a spot node by itself, and our pools taint it with the same."""
    spot = {"cloud.google.com/gke-spot": "true"} if capacity == "spot" else {}
    labels = {
        "cloud.google.com/gke-accelerator": accelerator,
        "cloud.google.com/gke-nodepool": f"{pool}-{capacity}",
        **spot,
    }
    taints = [{"key": key, "value": value, "effect": "NoSchedule"} for key, value in spot.items()]
    return _gpu_node(name, machine, pool=pool, capacity=capacity, zone=zone, labels=labels, taints=taints)


def _gpu_node(
    name: str,
    machine: Machine,
    *,
    pool: str,
    capacity: Capacity,
    zone: str,
    labels: dict[str, str],
    taints: list[Manifest] | None = None,
) -> Manifest:
    return _node(
        name,
        machine,
        zone=zone,
        labels={"slipway/pool": pool, "slipway/capacity": capacity, **labels},
        taints=[{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}, *(taints or ())],
    )


def _node(name: str, machine: Machine, *, zone: str, labels: dict[str, str], taints: list[Manifest]) -> Manifest:
    has = {
        "cpu": f"{machine.cpus:g}",
        "memory": f"{machine.memory_gib}Gi",
        "ephemeral-storage": "500Gi",
        "pods": "110",
        **({"nvidia.com/gpu": str(machine.accelerators)} if machine.accelerators else {}),
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "labels": {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                "node.kubernetes.io/instance-type": machine.name,
                "topology.kubernetes.io/zone": zone,
                "topology.kubernetes.io/region": zone.rstrip("abcdef").rstrip("-"),
                **labels,
            },
        },
        "spec": {"taints": taints} if taints else {},
        "status": {"capacity": has, "allocatable": has},
    }
