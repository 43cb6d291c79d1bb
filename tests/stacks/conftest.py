"""Graphs that invariants are stated over: every stack of a cloud in turn, or the one that an invariant is about."""

import pytest

from tests.stacks.graph import Graph
from tests.stacks.programs import AWS_STACKS, GCP_STACKS, graph


@pytest.fixture(params=AWS_STACKS)
def aws(request: pytest.FixtureRequest) -> Graph:
    return graph(request.param)


@pytest.fixture(params=[False, True], ids=["up", "preview"])
def preview(request: pytest.FixtureRequest) -> bool:
    return request.param


@pytest.fixture(params=GCP_STACKS)
def gcp(request: pytest.FixtureRequest, preview: bool) -> Graph:
    return graph(request.param, preview=preview)


@pytest.fixture(params=GCP_STACKS)
def gcp_up(request: pytest.FixtureRequest) -> Graph:
    """For invariants that ask for what Google adds, which a preview does not know."""
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
