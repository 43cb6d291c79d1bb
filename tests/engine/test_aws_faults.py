"""A stack on AWS that meets trouble on its way up: the provider dies in the middle, then the first capacity is gone.

Both happen to one stack, which costs four runs of the engine; each test asserts one thing of it.
"""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.engine.simulated.core.faults import Crash, StockOut
from tests.engine.simulated.project import Ran, SimulatedProject, make

pytestmark = pytest.mark.engine

STACK = "aws-dev"
REGION = "us-east-1"

Sizes = Mapping[str, tuple[float, float]]
"""The least number of nodes and the wanted one, by node group."""


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What each run gave. fallen_back and sizes: of node groups, after capacity was gone and after the pool was raised.

    held: what the cloud held at last. outputs: of the stack, at last.
    """

    died: Ran
    held_by_then: int
    sold_out: Ran
    mended: Ran
    fallen_back: Sizes
    raised: Ran
    sizes: Sizes
    outputs: Mapping[str, Any]
    held: int
    remembered: int


@pytest.fixture(scope="module")
def trouble() -> Iterator[Trouble]:
    with tempfile.TemporaryDirectory(prefix="slipway-aws-") as folder:
        yield meet(make(Path(folder), STACK))


def meet(project: SimulatedProject) -> Trouble:
    pool = yaml.safe_load(project.file.read_text())["config"]["slipway:gpu_pools"][0]
    project.configure(gpu_pools=[pool | {"min": 1}])  # a pool that scales from zero would meet no stock-out yet
    project.faults.write(Crash(type="ec2/subnet"))
    died = project.up()
    held_by_then = len(project.holdings.all())
    project.faults.write(StockOut(region=REGION, capacity="SPOT"))
    sold_out = project.up()
    project.configure(gone=[{"region": REGION, "capacity": "spot"}])
    mended = project.up()
    fallen_back = _sizes(project)
    project.configure(gpu_pools=[pool | {"min": 2}], cluster={"system_nodes": 3})
    raised = project.up()
    held = len(project.holdings.all())
    remembered = sum(resource["type"].startswith("aws:") for resource in project.state())
    return Trouble(
        died=died,
        held_by_then=held_by_then,
        sold_out=sold_out,
        mended=mended,
        fallen_back=fallen_back,
        raised=raised,
        sizes=_sizes(project),
        outputs=project.outputs(),
        held=held,
        remembered=remembered,
    )


def _sizes(project: SimulatedProject) -> Sizes:
    groups = (it for it in project.holdings.all() if it.token == "aws:eks/nodeGroup:NodeGroup")
    scaling = {group.name: group.plain_inputs["scalingConfig"] for group in groups}
    return {name: (each["minSize"], each["desiredSize"]) for name, each in scaling.items()}


def test_a_provider_that_dies_in_the_middle_fails_the_up(trouble: Trouble):
    assert not trouble.died.ok
    assert trouble.held_by_then > 0


def test_the_next_up_goes_on_from_there(trouble: Trouble):
    assert trouble.sold_out.operations["same"] > 0
    assert trouble.remembered == trouble.held


def test_machines_that_are_gone_are_told_with_their_kind_and_zone(trouble: Trouble):
    assert not trouble.sold_out.ok
    assert (
        "InsufficientInstanceCapacity: there is no SPOT capacity for g6.xlarge, g6.2xlarge in use1-"
        in trouble.sold_out.why
    )


def test_what_is_written_down_as_gone_is_passed_over(trouble: Trouble):
    assert trouble.mended.ok, trouble.mended.why
    assert trouble.fallen_back[f"gpu-{REGION}-train-on-demand"] == (1, 1)
    assert trouble.fallen_back[f"gpu-{REGION}-train-spot"] == (0, 0)


def test_a_least_that_is_raised_raises_what_is_wanted(trouble: Trouble):
    assert trouble.raised.ok, trouble.raised.why
    assert trouble.sizes[f"gpu-{REGION}-train-on-demand"] == (2, 2)
    assert trouble.sizes[f"cluster-{REGION}-system"] == (3, 3)


def test_the_output_says_why(trouble: Trouble):
    chosen = trouble.outputs["capacity"]["train"]
    assert chosen["capacity"] == "on_demand"
    assert "us-east-1 spot is gone" in chosen["reason"]
    assert chosen["order"] == ["us-east-1 spot", "us-east-1 on demand"]
