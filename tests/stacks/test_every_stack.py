"""What holds for every stack file, whatever its target, when it is previewed and when it is brought up."""

from pathlib import Path

import pytest

from tests.stacks.graph import Graph
from tests.stacks.programs import STACKS, graph

_SNAPSHOTS = Path(__file__).parent / "snapshots"


@pytest.fixture(params=STACKS)
def stack(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def resources(stack: str, preview: bool) -> Graph:
    return graph(stack, preview=preview)


def names(resources: Graph) -> list[str]:
    return sorted(f"{resource.type} {resource.name}" for resource in resources)


def test_the_resources_are_those_of_the_snapshot(stack: str, resources: Graph):
    """A resource that is renamed by accident would be replaced, with what it holds."""
    file = _SNAPSHOTS / f"{stack}.txt"
    assert names(resources) == file.read_text().splitlines(), (
        f"{file.name} differs: if every change is meant, write it with `python -m tests.stacks.renew_snapshots`"
    )


def test_no_name_stands_twice_in_a_type(resources: Graph):
    assert len(set(names(resources))) == len(resources)


def test_no_resource_has_a_default_provider(resources: Graph):
    assert not [resource.name for resource in resources.made_by_a_provider if not resource.provider]


def test_every_resource_belongs_to_a_component(resources: Graph):
    assert not [resource.name for resource in resources.made_by_a_provider if not resource.parent]


def test_every_component_is_one_of_slipway(resources: Graph):
    components = [resource for resource in resources if not resource.custom]
    assert {component.type.split(":")[0] for component in components} == {"slipway"}


def test_a_resource_is_named_after_its_component(resources: Graph):
    """So that whoever reads an engine's output finds the component, and two of a kind never collide."""
    for resource in resources.made_by_a_provider:
        assert resource.name.startswith(resource.parent), resource


def test_a_preview_registers_what_an_up_makes(stack: str):
    assert names(graph(stack, preview=True)) == names(graph(stack, preview=False))
