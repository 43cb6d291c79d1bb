"""Accelerators cost nothing while idle, are kept for what needs them, and spot has something behind it."""

from collections.abc import Iterator

from infra.policy.aws import capacity as aws
from infra.policy.gcp import capacity as gcp
from infra.policy.ideas import NodePool, SpotPool
from infra.policy.kubernetes import workloads as kubernetes
from infra.policy.rule import OUTSIDE_DEV, Rule
from infra.policy.terms import Terms


def stuck_on_spot(spot: SpotPool, _: Terms) -> Iterator[str]:
    if spot.pool.family is not None and not spot.fallbacks:
        yield f"{spot.pool.name} is spot alone: when there is none, its work waits for ever"


def idle_accelerators(pool: NodePool, _: Terms) -> Iterator[str]:
    if pool.accelerated and not pool.ahead and pool.min:
        yield f"{pool.name} always runs {pool.min} machine{'s' * (pool.min > 1)} with accelerators"


def open_to_all_pods(pool: NodePool, _: Terms) -> Iterator[str]:
    if pool.accelerated and pool.tainted is False:
        yield f"{pool.name} takes any pod, which keeps its accelerators from the pods that need them"


RULES = (
    Rule(
        name="spot-has-a-fallback",
        concern="capacity",
        says="What runs on spot has another kind of capacity behind it.",
        mends="add on_demand after spot in slipway:gpu_pools[].capacity",
        mends_on={"kubernetes": "prefer spot in the affinity (preferredDuringScheduling...), do not require it"},
        survey={"aws": aws.spot_pools, "gcp": gcp.spot_pools, "kubernetes": kubernetes.spot_pods},
        judge=stuck_on_spot,
    ),
    Rule(
        name="accelerators-scale-to-zero",
        concern="capacity",
        says="Accelerators that are not in use are not paid for, unless they were bought ahead.",
        mends="set slipway:gpu_pools[].min to 0; the autoscaler brings a node up when a pod asks for one",
        find={"aws": aws.pools, "gcp": gcp.pools},
        judge=idle_accelerators,
        lenient=OUTSIDE_DEV,
    ),
    Rule(
        name="accelerators-carry-taints",
        concern="capacity",
        says="Only pods that ask for an accelerator run beside one.",
        mends="give the pool a taint with the accelerator's resource name and the effect NO_SCHEDULE",
        find={"aws": aws.pools, "gcp": gcp.pools},
        judge=open_to_all_pods,
    ),
)
