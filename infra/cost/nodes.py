"""Machines that are rented by the hour, and the clusters that they stand in.

Disks are not in these prices: the catalog has no figure for them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from infra.cost.bill import Item
from infra.cost.context import Context
from infra.cost.errors import NotPriced
from infra.cost.inputs import number, rows, table, tables, text
from infra.cost.preview import Resource

_LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
_EKS_CAPACITY = {"ON_DEMAND": "on_demand", "SPOT": "spot", "CAPACITY_BLOCK": "capacity_block"}
_ZONES_OF_A_REGIONAL_POOL = 3  # Google Kubernetes Engine's default when no nodeLocations are named
_ACCELERATORS = {"nvidia-tesla-t4": "T4"}
"""What GKE attaches to a machine that has none built in, by the name that the catalog gives it."""


def eks_cluster(cluster: Resource, context: Context) -> list[Item]:
    what = "control plane, of a version in standard support"
    return [context.tariff("aws", "eks", "control-plane", cluster, context.usage.hours, what)]


def eks_node_group(group: Resource, context: Context) -> list[Item]:
    """On demand, EKS starts the first type of its list; on spot whichever is deepest, so their mean is taken."""
    types = _instance_types(group, context)
    mode = text(group.inputs, "capacityType", "ON_DEMAND")
    capacity = _EKS_CAPACITY.get(mode)
    if capacity is None:
        raise NotPriced(f"its capacity type {mode} is none that this knows")
    scaling = table(group.inputs, "scalingConfig")
    taken = types if capacity == "spot" else types[:1]
    nodes = number(scaling, "desiredSize", scaling.get("minSize")) / len(taken)
    return [context.machine("aws", group, one, capacity, nodes, _counted(nodes, one, capacity)) for one in taken]


def ec2_instance(instance: Resource, context: Context) -> list[Item]:
    market = table(instance.inputs, "instanceMarketOptions")
    capacity = "spot" if market.get("marketType") == "spot" else "on_demand"
    machine = text(instance.inputs, "instanceType")
    return [context.machine("aws", instance, machine, capacity, 1, _counted(1, machine, capacity))]


def gke_cluster(cluster: Resource, context: Context) -> list[Item]:
    return [context.tariff("gcp", "gke", "cluster-fee", cluster, context.usage.hours, "cluster fee")]


def gke_node_pool(pool: Resource, context: Context) -> list[Item]:
    config = table(pool.inputs, "nodeConfig")
    capacity = (
        "spot" if config.get("spot") is True else "flex_start" if config.get("flexStart") is True else "on_demand"
    )
    nodes = _gke_nodes(pool)
    machine = _gke_machine(config)
    return [context.machine("gcp", pool, machine, capacity, nodes, _counted(nodes, machine, capacity))]


def gce_instance(instance: Resource, context: Context) -> list[Item]:
    scheduling = table(instance.inputs, "scheduling")
    capacity = "spot" if scheduling.get("provisioningModel") == "SPOT" else "on_demand"
    machine = _gke_machine(instance.inputs)
    return [context.machine("gcp", instance, machine, capacity, 1, _counted(1, machine, capacity))]


def _instance_types(group: Resource, context: Context) -> Sequence[str]:
    """Named by the pool itself, or by its launch template."""
    if named := rows(group.inputs, "instanceTypes"):
        return [text({"instanceTypes": one}, "instanceTypes") for one in named]
    template = context.source_of(group, "launchTemplate", _LAUNCH_TEMPLATE)
    if template is None:
        raise NotPriced("it names no instance type, and the preview does not show its launch template")
    return [text(template.inputs, "instanceType")]


def _gke_nodes(pool: Resource) -> float:
    """Counts are per zone, except the autoscaler's totals; what the autoscaler adds is use, and not in a preview."""
    scaling = table(pool.inputs, "autoscaling")
    if "totalMinNodeCount" in scaling:
        return number(scaling, "totalMinNodeCount")
    key = "nodeCount" if "nodeCount" in pool.inputs else "initialNodeCount"
    counted = number(pool.inputs, key, scaling.get("minNodeCount", 0))
    zones = rows(pool.inputs, "nodeLocations")
    zonal = pool.inputs.get("location") != pool.region
    return counted * (len(zones) or (1 if zonal else _ZONES_OF_A_REGIONAL_POOL))


def _gke_machine(config: Mapping[str, Any]) -> str:
    machine = text(config, "machineType")
    attached = tables(config, "guestAccelerators")
    if not machine.startswith("n1-") or not attached:
        return machine
    kind = text(attached[0], "type")
    if kind not in _ACCELERATORS:
        raise NotPriced(f"no figure in the catalog for {kind}")
    return f"{machine}+{_ACCELERATORS[kind]}x{number(attached[0], 'count', 1):g}"


def _counted(count: float, machine: str, capacity: str) -> str:
    return f"{count:g} x {machine} {capacity.replace('_', '-')}"
