"""A stack on AWS that meets trouble on its way up: the provider dies in the middle, then the first capacity is gone.

Both happen to one stack, which costs four runs of the engine; each test asserts one thing of it.
"""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.engine.simulated.project import Ran, SimulatedProject, make
from tests.engine.trouble import Trouble, meet

pytestmark = pytest.mark.engine

STACK = "aws-dev"
REGION = "us-east-1"

Sizes = Mapping[str, tuple[float, float]]
"""The least number of nodes and the wanted one, by node group."""


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack after its trouble. fallen_back and sizes: of node groups, when capacity was gone and when it was raised.

    raised: with more nodes kept. held: how much the cloud holds at last; remembered: how much the state does.
    """

    trouble: Trouble
    fallen_back: Sizes
    raised: Ran
    sizes: Sizes
    outputs: Mapping[str, Any]
    held: int
    remembered: int


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with tempfile.TemporaryDirectory(prefix="slipway-aws-") as folder:
        project = make(Path(folder), STACK)
        trouble = meet(project, REGION, dies_at="ec2/subnet")
        fallen_back = _sizes(project)
        project.configure(gpu_pools=[{**trouble.pool, "min": 2}], cluster={"system_nodes": 3})
        yield Stack(
            trouble=trouble,
            fallen_back=fallen_back,
            raised=project.up(),
            sizes=_sizes(project),
            outputs=project.outputs(),
            held=len(project.holdings.all()),
            remembered=sum(resource["type"].startswith("aws:") for resource in project.state()),
        )


@pytest.fixture(scope="module")
def trouble(stack: Stack) -> Trouble:
    return stack.trouble


def _sizes(project: SimulatedProject) -> Sizes:
    groups = (it for it in project.holdings.all() if it.token == "aws:eks/nodeGroup:NodeGroup")
    scaling = {group.name: group.plain_inputs["scalingConfig"] for group in groups}
    return {name: (each["minSize"], each["desiredSize"]) for name, each in scaling.items()}


def test_a_provider_that_dies_in_the_middle_fails_the_up(trouble: Trouble):
    assert not trouble.died.ok
    assert trouble.held_by_then > 0


def test_the_next_up_goes_on_from_there(stack: Stack):
    assert stack.trouble.sold_out.operations["same"] > 0
    assert stack.remembered == stack.held


def test_machines_that_are_gone_are_told_with_their_kind_and_zone(trouble: Trouble):
    assert not trouble.sold_out.ok
    assert (
        "InsufficientInstanceCapacity: there is no SPOT capacity for g6.xlarge, g6.2xlarge in use1-"
        in trouble.sold_out.why
    )


def test_what_is_written_down_as_gone_is_passed_over(stack: Stack):
    assert stack.trouble.mended.ok, stack.trouble.mended.why
    assert stack.fallen_back[f"gpu-{REGION}-train-on-demand"] == (1, 1)
    assert stack.fallen_back[f"gpu-{REGION}-train-spot"] == (0, 0)


def test_a_least_that_is_raised_raises_what_is_wanted(stack: Stack):
    assert stack.raised.ok, stack.raised.why
    assert stack.sizes[f"gpu-{REGION}-train-on-demand"] == (2, 2)
    assert stack.sizes[f"cluster-{REGION}-system"] == (3, 3)


def test_the_output_says_why(stack: Stack):
    chosen = stack.outputs["capacity"]["train"]
    assert chosen["capacity"] == "on_demand"
    assert "us-east-1 spot is gone" in chosen["reason"]
    assert chosen["order"] == ["us-east-1 spot", "us-east-1 on demand"]
