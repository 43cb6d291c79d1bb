"""What is known of nodes: labels and taints of each cloud's pools, what fits on one, and which are tried first. Pure.

Slipway's pools carry `slipway/pool` and `slipway/capacity` on both clouds; nodes of a cluster of yours need them too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from infra.capacity import CAPACITY, POOL, label_of
from infra.catalog import Catalog
from infra.settings import PoolSettings
from slipway.errors import SettingsError

Kind = Literal["eks", "gke", "other"]

COMPUTE_CLASS = "cloud.google.com/compute-class"
ZONE, HOST = "topology.kubernetes.io/zone", "kubernetes.io/hostname"
GPU = "nvidia.com/gpu"
NEURON = "aws.amazon.com/neuron"
_NEURON_FAMILIES = ("trn", "inf")

_PROVIDERS: dict[Kind, tuple[str, ...]] = {"eks": ("aws",), "gke": ("gcp",), "other": ("aws", "gcp")}

_TAINTS: dict[Kind, tuple[dict[str, str], ...]] = {
    "eks": ({"key": "eks.amazonaws.com/capacityType", "operator": "Equal", "value": "SPOT"},),
    "gke": (
        {"key": COMPUTE_CLASS, "operator": "Exists"},
        {"key": "cloud.google.com/gke-spot", "operator": "Equal", "value": "true"},
        {"key": "cloud.google.com/gke-queued", "operator": "Equal", "value": "true"},
    ),
    "other": (),
}
"""What a cloud, or the custom on it, puts on nodes of a pool, and on those that it takes back or lends for a while."""

GRACE_S: dict[Kind, int] = {"eks": 100, "gke": 15, "other": 30}
"""From SIGTERM to SIGKILL. EC2 takes a spot node 120 s after it said so, of which the news takes some. GKE gives a spot
pod 15 s for sure, and more is not counted on: cloud.google.com/kubernetes-engine/docs/concepts/spot-vms."""

FORGIVES_LOST_NODES: dict[str, Any] = {
    "rules": [{"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}]
}
"""A Job's policy on failures: a pod that went with its node is made again, and counts as none."""

_FIRST_WEIGHT = 100
_LEFT_FOR_THE_NODE = 0.15
"""Share of a node's CPUs and memory that the system, the device plugin and the exporter keep."""


@dataclass(frozen=True, kw_only=True)
class NodeSize:
    """What one pod may have of a pool's smallest machine when it is alone there. device: what pods ask for."""

    device: str
    accelerators: int
    cpus: int
    memory_gib: int


def node_size(pool: PoolSettings, kind: Kind, catalog: Catalog, key: str) -> NodeSize:
    """Raises SettingsError, with the pool's `key`, for a machine that the catalog does not know."""
    providers = _PROVIDERS[kind]
    offers = [
        next((offer for provider in providers for offer in catalog.offers(provider, machine=machine)), None)
        for machine in pool.machines
    ]
    known = [offer for offer in offers if offer is not None]
    if unknown := [machine for machine, offer in zip(pool.machines, offers, strict=True) if offer is None]:
        raise SettingsError(
            f"{key}.machines: the catalog knows no {unknown[0]} of {' or '.join(providers)}",
            hint="name the type that it is most like: what a pod may ask for on it follows from the type",
        )
    share = 1 - _LEFT_FOR_THE_NODE
    return NodeSize(
        device=NEURON if pool.machines[0].startswith(_NEURON_FAMILIES) else GPU,
        accelerators=max(1, int(min(offer.accelerators for offer in known))),
        cpus=max(1, int(min(offer.vcpus or 1 for offer in known) * share)),
        memory_gib=max(1, int(min(offer.memory_gib or 1 for offer in known) * share)),
    )


def node_affinity(pool: PoolSettings) -> dict[str, Any]:
    """Nodes of this pool and of no other; among them by capacity in the pool's order, the first with weight 100."""
    return {
        "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [_is(POOL, pool.name)]},
        "preferredDuringSchedulingIgnoredDuringExecution": [
            {"weight": weight, "preference": _is(CAPACITY, label_of(capacity))}
            for weight, capacity in zip(_weights(len(pool.capacity)), pool.capacity, strict=True)
        ],
    }


def _is(label: str, value: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": label, "operator": "In", "values": [value]}]}


def _weights(count: int) -> Sequence[int]:
    return [_FIRST_WEIGHT * (count - place) // count for place in range(count)]


def tolerations(kind: Kind, device: str = GPU) -> list[dict[str, str]]:
    """What a pod that computes on accelerators puts up with: their taint, and those of capacity that may go."""
    return [{"key": device, "operator": "Exists"}, *_TAINTS[kind]]


def spread(part: str) -> list[dict[str, Any]]:
    """Over zones first, then over nodes, each release by itself; a zone that is full holds nothing up."""
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": {"app.kubernetes.io/name": part}},
            "matchLabelKeys": ["pod-template-hash"],
        }
        for key in (ZONE, HOST)
    ]
