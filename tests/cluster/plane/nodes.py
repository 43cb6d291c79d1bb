"""Nodes for a control plane of the tests, as the clouds' own come: labels, taints, what pods may have of them. Pure."""

from dataclasses import dataclass
from typing import Any, Literal

from infra.aws.naming import group_name as aws_group_name
from infra.gcp.expander import COMPUTE_CLASS
from infra.gcp.machines import accelerator_type
from infra.gcp.naming import group_name as gcp_group_name

Manifest = dict[str, Any]
Capacity = Literal["spot", "on-demand"]


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What a node of one machine type has for pods, after what its system keeps. accelerator: as settings call it."""

    name: str
    cpus: float
    memory_gib: int
    accelerators: int = 0
    accelerator: str = ""


GENERAL = Machine(name="m7i.4xlarge", cpus=15.8, memory_gib=58)
P5 = Machine(name="p5.48xlarge", cpus=191, memory_gib=1980, accelerators=8, accelerator="H100")
G6 = Machine(name="g6.xlarge", cpus=3.9, memory_gib=14, accelerators=1, accelerator="L4")
A3 = Machine(name="a3-highgpu-8g", cpus=207, memory_gib=1800, accelerators=8, accelerator="H100")


def system_node(name: str, *, zone: str) -> Manifest:
    """Carries no accelerator and takes whatever asks for none."""
    return _node(name, GENERAL, zone=zone, labels={}, taints=[])


def eks_gpu_node(name: str, machine: Machine, *, pool: str, capacity: Capacity, zone: str) -> Manifest:
    """One of a managed node group, as infra/aws/gpu_pools.py asks for them; EKS labels it by its group too."""
    group = aws_group_name(_region(zone), pool, capacity)
    labels = {
        "eks.amazonaws.com/capacityType": {"spot": "SPOT", "on-demand": "ON_DEMAND"}[capacity],
        "eks.amazonaws.com/nodegroup": f"{group}-1a2b3c4",
    }
    return _gpu_node(name, machine, pool=pool, capacity=capacity, zone=zone, labels=labels, taints={})


def gke_gpu_node(name: str, machine: Machine, *, pool: str, capacity: Capacity, zone: str) -> Manifest:
    """One of a node pool, as infra/gcp/gpu_pools.py asks for them; GKE labels it by its pool and accelerator too."""
    spot = {"cloud.google.com/gke-spot": "true"} if capacity == "spot" else {}
    labels = {
        COMPUTE_CLASS: pool,
        "cloud.google.com/gke-accelerator": accelerator_type(machine.name, ""),
        "cloud.google.com/gke-nodepool": gcp_group_name(pool, capacity, 0),
        **spot,
    }
    taints = {COMPUTE_CLASS: pool}
    return _gpu_node(name, machine, pool=pool, capacity=capacity, zone=zone, labels=labels, taints=taints)


def _gpu_node(
    name: str,
    machine: Machine,
    *,
    pool: str,
    capacity: Capacity,
    zone: str,
    labels: dict[str, str],
    taints: dict[str, str],
) -> Manifest:
    ours = {"slipway/pool": pool, "slipway/capacity": capacity, "slipway/accelerator": machine.accelerator}
    closed = {"nvidia.com/gpu": "present", **taints}
    return _node(
        name,
        machine,
        zone=zone,
        labels={**ours, **labels},
        taints=[{"key": key, "value": value, "effect": "NoSchedule"} for key, value in closed.items()],
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
                "topology.kubernetes.io/region": _region(zone),
                **labels,
            },
        },
        "spec": {"taints": taints} if taints else {},
        "status": {"capacity": has, "allocatable": has},
    }


def _region(zone: str) -> str:
    return zone.rstrip("abcdef").rstrip("-")
