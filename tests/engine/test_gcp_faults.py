"""A stack on Google that meets trouble on its way up: the provider dies in the middle, then the first capacity is gone.

Both happen to one stack, which costs three runs of the engine; each test asserts one thing of it. What is like this on
AWS is in test_aws_faults.py.
"""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.engine.simulated.project import make
from tests.engine.trouble import Trouble, meet

pytestmark = pytest.mark.engine

STACK = "gcp-dev"
REGION = "us-central1"


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack after its trouble. held: by type and name, what the cloud holds; remembered: how much the state does."""

    trouble: Trouble
    outputs: Mapping[str, Any]
    held: Mapping[str, Mapping[str, Any]]
    remembered: int


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with tempfile.TemporaryDirectory(prefix="slipway-gcp-") as folder:
        project = make(Path(folder), STACK)
        yield Stack(
            trouble=meet(project, REGION, dies_at="compute/subnetwork"),
            outputs=project.outputs(),
            held={f"{it.token} {it.name}": it.plain_inputs for it in project.holdings.all()},
            remembered=sum(resource["type"].startswith("gcp:") for resource in project.state()),
        )


@pytest.fixture(scope="module")
def trouble(stack: Stack) -> Trouble:
    return stack.trouble


def least(stack: Stack, capacity: str) -> int:
    pool = stack.held[f"gcp:container/nodePool:NodePool gpu-{REGION}-train-{capacity}-0"]
    return pool["autoscaling"]["totalMinNodeCount"]


def test_a_provider_that_dies_in_the_middle_fails_the_up(trouble: Trouble):
    assert not trouble.died.ok
    assert trouble.held_by_then > 0


def test_the_next_up_goes_on_from_there(stack: Stack):
    assert stack.trouble.sold_out.operations["same"] > 0
    assert stack.remembered == len(stack.held)


def test_machines_that_are_gone_are_told_with_their_kind_and_zone(trouble: Trouble):
    assert not trouble.sold_out.ok
    assert (
        f"ZONE_RESOURCE_POOL_EXHAUSTED: there is no SPOT capacity for g2-standard-4 in {REGION}-"
        in trouble.sold_out.why
    )


def test_what_is_written_down_as_gone_is_passed_over(stack: Stack):
    assert stack.trouble.mended.ok, stack.trouble.mended.why
    assert (least(stack, "on-demand"), least(stack, "spot")) == (1, 0)


def test_the_output_says_why(stack: Stack):
    chosen = stack.outputs["capacity"]["train"]
    assert chosen["capacity"] == "on_demand"
    assert f"{REGION} spot is gone" in chosen["reason"]
    assert chosen["order"] == [f"{REGION} spot", f"{REGION} on demand"]
