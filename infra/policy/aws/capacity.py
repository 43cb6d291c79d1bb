"""Where AWS says what a pool of nodes is: which capacity, how few nodes, and what it keeps off itself."""

from collections.abc import Iterator
from typing import Any

from infra.policy.fallbacks import with_fallbacks
from infra.policy.ideas import NodePool
from infra.policy.rule import Found
from infra.policy.stack import UNKNOWN, Resource, Stack, dig, is_block

_GROUP = "aws:eks/nodeGroup:NodeGroup"
_SCALED = "aws:autoscaling/group:Group"
_SPREAD = "mixedInstancesPolicy.instancesDistribution"
_ACCELERATED_IMAGES = ("NVIDIA", "NEURON", "_GPU")
_ACCELERATED_TYPES = ("p2.", "p3", "p4", "p5", "p6", "g4", "g5", "g6", "gr6", "trn", "inf", "dl")
_POOL, _CAPACITY = "slipway/pool", "slipway/capacity"
"""Labels that our own node groups carry (infra/aws/gpu_pools.py); groups of others are one family per cluster."""


def pools(resource: Resource) -> Iterator[NodePool]:
    if resource.type == _GROUP:
        yield _pool(resource)


def spot_pools(stack: Stack) -> Iterator[Found]:
    """Of EKS' node groups, and of Auto Scaling groups that somebody made beside them."""
    groups = [(resource, _pool(resource)) for resource in stack.of(_GROUP)]
    return with_fallbacks(groups + [(resource, _scaled(resource)) for resource in stack.of(_SCALED)])


def _pool(group: Resource) -> NodePool:
    found = group.get("labels", {})
    labels = found if is_block(found) else dict[str, Any]()
    capacity, taints = group.text("capacityType", "ON_DEMAND"), group.get("taints", ())
    return NodePool(
        name=group.name,
        family=None if found is UNKNOWN else labels.get(_POOL) or _cluster(group),
        spot=capacity == "SPOT",
        accelerated=_accelerated(group),
        ahead=capacity == "CAPACITY_BLOCK" or labels.get(_CAPACITY) == "reserved",
        min=group.number("scalingConfig.minSize", 0),
        tainted=None if taints is UNKNOWN else bool(taints),
    )


def _scaled(group: Resource) -> NodePool:
    """A group is a pool by itself unless its label says of which; spot where nothing of it is to be on demand."""
    always = group.number(f"{_SPREAD}.onDemandBaseCapacity", 0)
    share = group.number(f"{_SPREAD}.onDemandPercentageAboveBaseCapacity", 100)  # what AWS takes where nothing is said
    said = [
        value
        for tag in group.entries("tags")
        if dig(tag, "key") == _POOL and isinstance(value := dig(tag, "value"), str)
    ]
    family = said[0] if said else group.urn
    return NodePool(name=group.name, family=family, spot=(always, share) == (0, 0), accelerated=False)


def _cluster(group: Resource) -> str:
    return group.text("clusterName") or ",".join(group.refs.get("clusterName", ()))


def _accelerated(group: Resource) -> bool:
    image, types = group.text("amiType") or "", group.texts("instanceTypes") or ()
    return any(part in image for part in _ACCELERATED_IMAGES) or any(
        kind.startswith(_ACCELERATED_TYPES) for kind in types
    )
