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
import yaml

from tests.engine.simulated.core.faults import Crash, StockOut
from tests.engine.simulated.project import Ran, SimulatedProject, make

pytestmark = pytest.mark.engine

STACK = "gcp-dev"
REGION = "us-central1"


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What each run gave. held: by type and name, what the cloud held at last. outputs: of the stack, at last."""

    died: Ran
    held_by_then: int
    sold_out: Ran
    mended: Ran
    outputs: Mapping[str, Any]
    held: Mapping[str, Mapping[str, Any]]
    remembered: int


@pytest.fixture(scope="module")
def trouble() -> Iterator[Trouble]:
    with tempfile.TemporaryDirectory(prefix="slipway-gcp-") as folder:
        yield meet(make(Path(folder), STACK))


def meet(project: SimulatedProject) -> Trouble:
    pool = yaml.safe_load(project.file.read_text())["config"]["slipway:gpu_pools"][0]
    project.configure(gpu_pools=[pool | {"min": 1}])  # a pool that scales from zero would meet no stock-out yet
    project.faults.write(Crash(type="compute/subnetwork"))
    died = project.up()
    held_by_then = len(project.holdings.all())
    project.faults.write(StockOut(region=REGION, capacity="SPOT"))
    sold_out = project.up()
    project.configure(gone=[{"region": REGION, "capacity": "spot"}])
    mended = project.up()
    held = {f"{it.token} {it.name}": it.plain_inputs for it in project.holdings.all()}
    remembered = sum(resource["type"].startswith("gcp:") for resource in project.state())
    return Trouble(
        died=died,
        held_by_then=held_by_then,
        sold_out=sold_out,
        mended=mended,
        outputs=project.outputs(),
        held=held,
        remembered=remembered,
    )


def least(trouble: Trouble, capacity: str) -> int:
    pool = trouble.held[f"gcp:container/nodePool:NodePool gpu-{REGION}-train-{capacity}-0"]
    return pool["autoscaling"]["totalMinNodeCount"]


def test_a_provider_that_dies_in_the_middle_fails_the_up(trouble: Trouble):
    assert not trouble.died.ok
    assert trouble.held_by_then > 0


def test_the_next_up_goes_on_from_there(trouble: Trouble):
    assert trouble.sold_out.operations["same"] > 0
    assert trouble.remembered == len(trouble.held)


def test_machines_that_are_gone_are_told_with_their_kind_and_zone(trouble: Trouble):
    assert not trouble.sold_out.ok
    assert (
        f"ZONE_RESOURCE_POOL_EXHAUSTED: there is no SPOT capacity for g2-standard-4 in {REGION}-"
        in trouble.sold_out.why
    )


def test_what_is_written_down_as_gone_is_passed_over(trouble: Trouble):
    assert trouble.mended.ok, trouble.mended.why
    assert (least(trouble, "on-demand"), least(trouble, "spot")) == (1, 0)


def test_the_output_says_why(trouble: Trouble):
    chosen = trouble.outputs["capacity"]["train"]
    assert chosen["capacity"] == "on_demand"
    assert f"{REGION} spot is gone" in chosen["reason"]
    assert chosen["order"] == [f"{REGION} spot", f"{REGION} on demand"]
