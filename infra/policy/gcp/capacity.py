"""Where Google says what a pool of nodes is: which capacity, how few nodes, and what it keeps off itself."""

from collections.abc import Iterator
from typing import Any

from infra.policy.fallbacks import with_fallbacks
from infra.policy.ideas import NodePool
from infra.policy.rule import Found
from infra.policy.stack import UNKNOWN, Resource, Stack, is_block

_POOL = "gcp:container/nodePool:NodePool"
_ACCELERATED_TYPES = ("a2-", "a3-", "a4", "g2-", "g4-", "ct")  # ct: TPUs
_FAMILY, _CAPACITY = "slipway/pool", "slipway/capacity"
"""Labels that our own node pools carry (infra/gcp/gpu_pools.py); pools of others are one family per cluster."""


def pools(resource: Resource) -> Iterator[NodePool]:
    if resource.type == _POOL:
        yield _pool(resource)


def spot_pools(stack: Stack) -> Iterator[Found]:
    return with_fallbacks([(resource, _pool(resource)) for resource in stack.of(_POOL)])


def _pool(resource: Resource) -> NodePool:
    found = resource.get("nodeConfig.labels", {})
    labels = found if is_block(found) else dict[str, Any]()
    taints = resource.get("nodeConfig.taints", ())
    return NodePool(
        name=resource.name,
        family=None if found is UNKNOWN else labels.get(_FAMILY) or _cluster(resource),
        spot=resource.flag("nodeConfig.spot") is True or resource.flag("nodeConfig.preemptible") is True,
        accelerated=_accelerated(resource),
        ahead=resource.get("nodeConfig.reservationAffinity.consumeReservationType") == "SPECIFIC_RESERVATION",
        min=_least(resource),
        tainted=None if taints is UNKNOWN else bool(taints),
    )


def _least(resource: Resource) -> int | None:
    """Nodes that always run, in each zone or in all of them together; without autoscaling, all."""
    if not resource.get("autoscaling"):
        return resource.number("nodeCount", resource.number("initialNodeCount", 0) or 0)
    each, together = (resource.number(f"autoscaling.{key}", 0) for key in ("minNodeCount", "totalMinNodeCount"))
    return None if each is None or together is None else each + together


def _cluster(resource: Resource) -> str:
    return resource.text("cluster") or ",".join(resource.refs.get("cluster", ()))


def _accelerated(resource: Resource) -> bool:
    machine = resource.text("nodeConfig.machineType") or ""
    return bool(resource.entries("nodeConfig.guestAccelerators")) or machine.startswith(_ACCELERATED_TYPES)
