"""Production when capacity is gone, alike on both clouds: where it trains then, why, and that nothing is replaced."""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from infra.capacity import choose_capacity
from infra.settings import Settings
from tests.stacks.graph import Graph, Registration
from tests.stacks.programs import cloud_made, config_of


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """stack: with a pool `train` in two regions. group: what nodes are in, and least: how many of them it keeps.

    ending: of the name of a group. launched: what a job is told where it gets spot.
    """

    stack: str
    regions: tuple[str, str]
    machine: str
    group: str
    least: Callable[[Registration], int]
    ending: str
    launched: tuple[str, str]


AWS = Cloud(
    stack="aws-prod",
    regions=("us-east-1", "ap-south-1"),
    machine="p5.48xlarge",
    group="aws:eks/nodeGroup:NodeGroup",
    least=lambda group: group.inputs["scalingConfig"]["minSize"],
    ending="",
    launched=("spot", "true"),
)
GOOGLE = Cloud(
    stack="gcp-prod",
    regions=("us-central1", "asia-south1"),
    machine="a3-highgpu-8g",
    group="gcp:container/nodePool:NodePool",
    least=lambda group: group.inputs["autoscaling"]["totalMinNodeCount"],
    ending="-0",
    launched=("strategy", "SPOT"),
)


@pytest.fixture(params=[AWS, GOOGLE], ids=lambda cloud: cloud.stack)
def cloud(request: pytest.FixtureRequest) -> Cloud:
    return request.param


@functools.cache
def made(stack: str, *gone: str, kept: int = 0) -> tuple[Graph, dict[str, Any]]:
    """A stack's graph and outputs with whole regions gone; nothing is served, which pools do not mind."""
    return cloud_made(with_gone(stack, *({"region": region} for region in gone), kept=kept), stack, serving=False)


def with_gone(stack: str, *gone: dict[str, str], kept: int = 0) -> Settings:
    config: dict[str, Any] = config_of(stack) | {"slipway:gone": list(gone)}
    train, *others = config["slipway:gpu_pools"]
    return Settings.parse(config | {"slipway:gpu_pools": [train | {"min": kept}, *others]})


def kept_in(cloud: Cloud, *gone: str) -> list[str]:
    graph, _ = made(cloud.stack, *gone, kept=1)
    return [group.name for group in graph.of(cloud.group) if group.name.startswith("gpu-") and cloud.least(group)]


def test_the_first_region_gone_the_stack_trains_in_the_next_and_says_why(cloud: Cloud):
    first, then = cloud.regions
    _, outputs = made(cloud.stack, first)
    assert outputs["capacity"]["train"] == {
        "region": then,
        "capacity": "spot",
        "machines": [cloud.machine],
        "reason": f"{then} spot: {first} spot, {first} on demand are gone",
        "order": [f"{first} spot", f"{first} on demand", f"{then} spot", f"{then} on demand"],
    }


def test_the_first_region_gone_jobs_are_launched_in_the_next(cloud: Cloud):
    first, then = cloud.regions
    _, outputs = made(cloud.stack, first)
    key, said = cloud.launched
    assert (outputs["launcher"]["region"], outputs["launcher"][key]) == (then, said)


def test_each_loss_in_turn_falls_back_in_the_order_that_settings_say(cloud: Cloud):
    lost: list[dict[str, str]] = []
    taken: list[str] = []
    for region in cloud.regions:
        for capacity in ("spot", "on_demand"):
            taken.append(str(choose_capacity(with_gone(cloud.stack, *lost), cloud.regions)["train"].choice))
            lost.append({"region": region, "capacity": capacity})
    first, then = cloud.regions
    assert taken == [f"{first} spot", f"{first} on demand", f"{then} spot", f"{then} on demand"]


def test_nodes_that_are_kept_move_with_the_choice(cloud: Cloud):
    first, then = cloud.regions
    assert kept_in(cloud) == [f"gpu-{first}-train-spot{cloud.ending}"]
    assert kept_in(cloud, first) == [f"gpu-{then}-train-spot{cloud.ending}"]


def test_a_loss_makes_and_deletes_no_resource(cloud: Cloud):
    whole, reduced = made(cloud.stack, kept=1)[0], made(cloud.stack, cloud.regions[0], kept=1)[0]
    assert {(r.type, r.name) for r in whole} == {(r.type, r.name) for r in reduced}
