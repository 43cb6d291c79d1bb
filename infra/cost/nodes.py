"""Machines that are rented by the hour, and the clusters that they stand in.

Disks are not in these prices: the catalog has no figure for them.
"""

from collections.abc import Mapping
from typing import Any

from infra.cost.bill import Item
from infra.cost.context import Context
from infra.cost.errors import NotPriced
from infra.cost.preview import Resource

_LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
_EKS_CAPACITY = {"ON_DEMAND": "on_demand", "SPOT": "spot", "CAPACITY_BLOCK": "capacity_block"}
_ZONES_OF_A_REGIONAL_POOL = 3  # Google Kubernetes Engine's default when no nodeLocations are named
_ACCELERATORS = {"nvidia-tesla-t4": "T4"}
"""What GKE attaches to a machine that has none built in, by the name that the catalog gives it."""


def eks_cluster(cluster: Resource, context: Context) -> list[Item]:
    return [
        context.tariff(
            "aws",
            "eks",
            "control-plane",
            cluster,
            context.usage.hours,
            "control plane, of a version in standard support",
        )
    ]


def eks_node_group(group: Resource, context: Context) -> list[Item]:
    """On demand, EKS starts the first type of its list; on spot whichever is deepest, so their mean is taken."""
    types = group.get("instanceTypes") or _template_types(group, context)
    mode = group.get("capacityType", "ON_DEMAND")
    capacity = _EKS_CAPACITY.get(mode)
    if capacity is None:
        raise NotPriced(f"its capacity type {mode} is none that this knows")
    scaling = group.need("scalingConfig")
    nodes = scaling.get("desiredSize", scaling.get("minSize", 0))
    if not isinstance(nodes, int | float):
        raise NotPriced("its size is known only after the update")
    taken = types if capacity == "spot" else types[:1]
    return [
        context.machine("aws", group, one, capacity, nodes / len(taken), _counted(nodes / len(taken), one, capacity))
        for one in taken
    ]


def ec2_instance(instance: Resource, context: Context) -> list[Item]:
    market = instance.get("instanceMarketOptions") or {}
    capacity = "spot" if market.get("marketType") == "spot" else "on_demand"
    machine = instance.need("instanceType")
    return [context.machine("aws", instance, machine, capacity, 1, _counted(1, machine, capacity))]


def gke_cluster(cluster: Resource, context: Context) -> list[Item]:
    return [context.tariff("gcp", "gke", "cluster-fee", cluster, context.usage.hours, "cluster fee")]


def gke_node_pool(pool: Resource, context: Context) -> list[Item]:
    config = pool.need("nodeConfig")
    capacity = "spot" if config.get("spot") else "flex_start" if config.get("flexStart") else "on_demand"
    nodes = _gke_nodes(pool)
    machine = _gke_machine(config)
    return [context.machine("gcp", pool, machine, capacity, nodes, _counted(nodes, machine, capacity))]


def gce_instance(instance: Resource, context: Context) -> list[Item]:
    scheduling = instance.get("scheduling") or {}
    capacity = "spot" if scheduling.get("provisioningModel") == "SPOT" else "on_demand"
    machine = _gke_machine(instance.inputs)
    return [context.machine("gcp", instance, machine, capacity, 1, _counted(1, machine, capacity))]


def _template_types(group: Resource, context: Context) -> list[str]:
    template = context.source_of(group, "launchTemplate", _LAUNCH_TEMPLATE)
    if template is None:
        raise NotPriced("it names no instance type, and the preview does not show its launch template")
    return [template.need("instanceType")]


def _gke_nodes(pool: Resource) -> float:
    """Counts are per zone, except the autoscaler's totals; what the autoscaler adds is use, and not in a preview."""
    scaling = pool.get("autoscaling") or {}
    if "totalMinNodeCount" in scaling:
        return float(scaling["totalMinNodeCount"])
    counted = pool.get("nodeCount", pool.get("initialNodeCount", scaling.get("minNodeCount", 0)))
    zones = pool.get("nodeLocations")
    location = str(pool.get("location", ""))
    return float(counted) * (len(zones) if zones else 1 if location != pool.region else _ZONES_OF_A_REGIONAL_POOL)


def _gke_machine(config: Mapping[str, Any]) -> str:
    machine = config.get("machineType")
    if not isinstance(machine, str):
        raise NotPriced("its machineType is not in the preview")
    attached = config.get("guestAccelerators") or []
    if machine.startswith("n1-") and attached:
        name = _ACCELERATORS.get(attached[0].get("type"))
        if name is None:
            raise NotPriced(f"no figure in the catalog for {attached[0].get('type')}")
        return f"{machine}+{name}x{attached[0].get('count', 1)}"
    return machine


def _counted(count: float, machine: str, capacity: str) -> str:
    return f"{count:g} x {machine} {capacity.replace('_', '-')}"
