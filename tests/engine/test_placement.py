"""A stack that says whom it serves, under the real engine: what it tells of its placement, and what is not built."""

from pathlib import Path

import pytest

from infra.catalog import Catalog
from tests.engine.simulated.project import SimulatedProject, make

pytestmark = pytest.mark.engine

ON_NODES = {
    "users": [{"place": "geo:US-East", "share": 1}],
    "requests_per_s": 500,
    "p95_ms": 200,
    "providers": ["aws"],
    "model": {"service_ms": {"L4": 12}, "vcpus": 2, "memory_gib": 8},
}


@pytest.fixture
def staging(tmp_path: Path) -> SimulatedProject:
    return make(tmp_path, "aws-staging")


def test_a_preview_tells_the_placement_with_the_digest_of_its_catalog(staging: SimulatedProject):
    said = staging.call("preview")
    assert "aws/us-east-1 lambda" in said
    assert Catalog.load().digest in said


def test_a_release_that_would_not_be_served_from_the_nodes_of_the_plan_is_refused(staging: SimulatedProject):
    staging.configure(serving=ON_NODES)
    refused = staging.preview()
    assert not refused.ok
    assert "slipway:serving: the plan serves from nodes" in refused.why
