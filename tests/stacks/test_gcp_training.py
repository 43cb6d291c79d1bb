"""Invariants of what a training job on Vertex AI finds: an account, a store, a network, TensorBoard, machines kept."""

import functools
from typing import Any

import pytest

from infra.capacity import Choice
from infra.gcp.training import spot
from tests.stacks.graph import Graph
from tests.stacks.programs import cloud_graph, cloud_made, graph, settings_of

BOARD, KEPT = (
    "gcp:vertex/aiTensorboard:AiTensorboard",
    "gcp:vertex/aiPersistentResource:AiPersistentResource",
)
ACCOUNT, ON_PROJECT = "gcp:serviceaccount/account:Account", "gcp:projects/iAMMember:IAMMember"


@functools.cache
def launcher(stack: str) -> dict[str, Any]:
    """What a stack tells `slipway train`."""
    return cloud_made(settings_of(stack), stack, serving=False)[1]["launcher"]


def test_every_region_has_a_tensorboard_that_is_encrypted_with_its_key(gcp: Graph):
    boards = gcp.of(BOARD)
    assert len(boards) == len(gcp.of("gcp:container/cluster:Cluster"))
    for board in boards:
        assert board.inputs["encryptionSpec"]["kmsKeyName"] == f"encryption-{board.inputs['region']}-id"


@pytest.mark.parametrize("kind", [BOARD, KEPT])
def test_what_vertex_ai_encrypts_waits_until_it_may_use_the_key(kind: str):
    for resource in graph("gcp-staging").of(kind):
        assert f"encryption-{resource.name.removeprefix('training-')}-vertex" in resource.depends_on


def test_a_stack_that_wants_no_tensorboard_has_none():
    settings = settings_of("gcp-dev").but({"vertex": {"tensorboard": False}})
    assert not cloud_graph(settings, "gcp-dev", serving=False).of(BOARD)


def test_machines_are_kept_ready_only_where_settings_ask_for_them():
    assert not graph("gcp-prod").of(KEPT)
    (kept,) = graph("gcp-staging").of(KEPT)
    (pool,) = kept.inputs["resourcePools"]
    assert (pool["machineSpec"]["machineType"], pool["replicaCount"]) == ("n1-standard-8", "1")


def test_machines_that_are_kept_stand_in_the_network_of_the_jobs_that_run_on_them():
    """Vertex AI refuses a job on kept machines that names another network than theirs."""
    (kept,) = graph("gcp-staging").of(KEPT)
    assert kept.inputs["network"] == launcher("gcp-staging")["network"]


def test_machines_that_are_kept_wait_until_the_network_is_joined_to_googles():
    (kept,) = graph("gcp-staging").of(KEPT)
    assert "network-google" in kept.depends_on


def test_a_job_is_told_the_network_by_the_number_of_its_project():
    """Vertex AI takes no project's id there."""
    number = settings_of("gcp-prod").cloud.identity.project_number
    assert launcher("gcp-prod")["network"] == f"projects/{number}/global/networks/network-abcdef1"


def test_a_job_is_told_all_that_it_needs_of_its_region():
    told = launcher("gcp-prod")
    assert (told["kind"], told["region"]) == ("vertex", "us-central1")
    assert told["image"].startswith("us-central1-docker.pkg.dev/")
    assert told["key"] == "encryption-us-central1-id"


def test_what_a_job_writes_lies_in_the_store_of_its_region():
    told = launcher("gcp-prod")
    assert told["store"].startswith("gs://storage-us-central1")
    assert all(told[what].startswith(f"{told['store']}/") for what in ("staging", "checkpoints", "releases"))


def test_a_job_acts_as_an_account_of_its_own_that_ci_may_start(gcp: Graph):
    acting = [b for b in gcp.of("gcp:serviceaccount/iAMMember:IAMMember") if b.name.startswith("training-")]
    runners = [account for account in gcp.of(ACCOUNT) if account.parent.startswith("training-")]
    assert all(account.inputs["accountId"].startswith("trainer-") for account in runners)
    assert len(acting) == len(runners) > 0


def test_a_job_may_use_vertex_ai_and_administer_none_of_it(gcp: Graph):
    roles = {b.inputs["role"] for b in gcp.of(ON_PROJECT) if b.parent.startswith("training-")}
    assert roles == {
        "roles/aiplatform.user",
        "roles/artifactregistry.reader",
        "roles/logging.logWriter",
        "roles/monitoring.metricWriter",
    }


@pytest.mark.parametrize(
    ("capacity", "strategy"),
    [("spot", "SPOT"), ("flex_start", "FLEX_START"), ("on_demand", "STANDARD"), ("reserved", "STANDARD")],
)
def test_a_job_is_scheduled_by_the_capacity_that_its_pool_gets(capacity: str, strategy: str):
    choice = Choice(region="us-central1", pool="train", capacity=capacity, machines=("a3-highgpu-8g",))
    assert spot(choice) == {"machine_type": "a3-highgpu-8g", "strategy": strategy}
