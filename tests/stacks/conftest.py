"""Graphs that invariants are stated over: every stack of a cloud in turn, or the one that an invariant is about."""

import pytest

from tests.stacks.graph import Graph
from tests.stacks.programs import AWS_STACKS, GCP_STACKS, graph


@pytest.fixture(params=AWS_STACKS)
def aws(request: pytest.FixtureRequest) -> Graph:
    return graph(request.param)


@pytest.fixture(params=GCP_STACKS)
def gcp(request: pytest.FixtureRequest) -> Graph:
    return graph(request.param)


@pytest.fixture
def gcp_prod() -> Graph:
    return graph("gcp-prod")


@pytest.fixture
def prod() -> Graph:
    return graph("aws-prod")


@pytest.fixture
def dev() -> Graph:
    return graph("aws-dev")
