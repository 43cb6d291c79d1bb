"""Graphs that invariants are stated over: every AWS stack in turn, or the one that an invariant is about."""

import pytest

from tests.stacks.graph import Graph
from tests.stacks.programs import AWS_STACKS, graph


@pytest.fixture(params=AWS_STACKS)
def aws(request: pytest.FixtureRequest) -> Graph:
    return graph(request.param)


@pytest.fixture
def prod() -> Graph:
    return graph("aws-prod")


@pytest.fixture
def dev() -> Graph:
    return graph("aws-dev")
