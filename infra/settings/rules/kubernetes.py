"""What only a stack on a cluster that is there already refuses. Pure: whether it answers is asked as it is built."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from infra.settings.rules.common import meaningless, pools, required

if TYPE_CHECKING:
    from infra.settings.model import Settings

_ELSEWHERE = ("identity", "budget", "clouds", "serving", "regions", "origin_token", "domain")
"""What the stack says that made the cluster."""


def kubernetes(settings: "Settings") -> Iterator[str]:
    """Every refusal of the Kubernetes target."""
    yield from required(settings, ("environment", "ownership", "images", "kubernetes"))
    yield from meaningless(settings, _ELSEWHERE)
    yield from pools(settings)
    yield from _autoscaler(settings)
    yield from _drainer(settings)


def _drainer(settings: "Settings") -> Iterator[str]:
    cluster = settings.kubernetes
    if cluster and cluster.images.node_termination_handler and not (cluster.of and cluster.kind == "eks"):
        yield (
            "kubernetes.images.node_termination_handler: reads the queue of an AWS stack of Slipway's; "
            "name that with of, or remove it"
        )


def _autoscaler(settings: "Settings") -> Iterator[str]:
    cluster = settings.kubernetes
    if cluster is None or cluster.images.cluster_autoscaler is None:
        return
    if cluster.kind != "eks":
        yield "kubernetes.images.cluster_autoscaler: runs on eks alone; GKE has its own, so remove it"
    if not cluster.region:
        yield "kubernetes.region: the cluster autoscaler needs it to find its groups; say the cluster's"
