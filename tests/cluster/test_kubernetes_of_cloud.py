"""The stack `kubernetes` on the cluster of a cloud stack: by that stack's outputs, with GKE's helper for credentials.

The cloud stack is a state with outputs, the helper a script with a token for the tests' control plane, and ComputeClass
has no published definition, so one that takes anything stands in for GKE's. The order in it and the nodes' labels and
taints are what infra/gcp gives; that GKE makes nodes by it is GKE's, and nothing here does.
"""

import base64
import dataclasses
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from infra.capacity import order_of
from infra.gcp.expander import COMPUTE_CLASS, priorities
from infra.settings import PoolSettings
from tests.cluster.api import Manifest, Reference
from tests.cluster.jobs import nodes_of, pods_of, submit, withdraw
from tests.cluster.plane import A3, Cluster, eventually, gke_gpu_node
from tests.cluster.project import stack_project
from tests.engine.project import EngineProject

pytestmark = pytest.mark.cluster

CLOUD, REGION, HELPER = "gcp-prod", "us-central1", "gke-gcloud-auth-plugin"
CLASS = Reference(api_version="cloud.google.com/v1", kind="ComputeClass", name="train")
CLASSES: Manifest = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "computeclasses.cloud.google.com"},
    "spec": {
        "group": "cloud.google.com",
        "scope": "Cluster",
        "names": {"plural": "computeclasses", "singular": "computeclass", "kind": CLASS.kind},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
            }
        ],
    },
}
POOL = PoolSettings(name=CLASS.name, accelerator="H100", machines=("a3-highgpu-8g",))
PRIORITIES = priorities(order_of(POOL, [REGION]), gone=())
"""As the cloud's stack gives it out."""

SPOT, FALLBACK = "train-spot-a", "train-on-demand-a"
NODES = [
    gke_gpu_node(SPOT, A3, pool=POOL.name, capacity="spot", zone=f"{REGION}-a"),
    gke_gpu_node(FALLBACK, A3, pool=POOL.name, capacity="on-demand", zone=f"{REGION}-a"),
]


@pytest.fixture(scope="module")
def stack(cluster: Cluster) -> Iterator[EngineProject]:
    cluster.define(CLASSES)
    with tempfile.TemporaryDirectory(prefix="slipway-") as folder:
        project = made(Path(folder), cluster)
        yield project
        project.destroy()


def made(folder: Path, cluster: Cluster) -> EngineProject:
    """The project, its cloud's stack and its cloud's helper. Nothing is up yet."""
    project = stack_project(folder, cluster.kubeconfig)
    project.configure(
        kubernetes={"of": CLOUD, "region": REGION, "cluster": "slipway-gcp-prod", "kind": "gke"},
        gpu_pools=[POOL.model_dump(mode="json", exclude_defaults=True)],
    )
    put_helper(folder, token_of(cluster))
    put_cloud(project, cluster)
    return project


def put_helper(folder: Path, token: str) -> None:
    """On PATH, as the cloud's own would be. The token is in a file for this user alone."""
    status = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "kind": "ExecCredential",
        "status": {"token": token},
    }
    said = folder / "credential.json"
    said.touch(mode=0o600)
    said.write_text(json.dumps(status))
    script = folder / "bin" / HELPER
    script.write_text(f"#!/bin/sh\nexec cat {said}\n")
    script.chmod(0o755)


def put_cloud(project: EngineProject, cluster: Cluster) -> None:
    """A stack beside the project's own, with nothing but outputs."""
    reached = yaml.safe_load(cluster.kubeconfig.read_text())["clusters"][0]["cluster"]
    authority = Path(reached["certificate-authority"]).read_bytes()
    clusters = {
        REGION: {
            "kind": "gke",
            "location": REGION,
            "name": "slipway-gcp-prod-us-central1",
            "endpoint": reached["server"].removeprefix("https://"),
            "certificate": base64.b64encode(authority).decode(),
            "priorities": PRIORITIES,
            "store": "gs://example-models",
            "queue": "https://example.invalid/queue",
            "interruptions": None,
        }
    }
    cloud = dataclasses.replace(project, stack=CLOUD)
    cloud.call("stack", "init")
    state = json.loads(cloud.call("stack", "export"))
    kind = "pulumi:pulumi:Stack"
    urn = f"urn:pulumi:{CLOUD}::slipway::{kind}::slipway-{CLOUD}"
    root = {"urn": urn, "custom": False, "type": kind, "outputs": {"clusters": clusters}}
    state["deployment"]["resources"] = [root]
    cloud.call("stack", "import", given=json.dumps(state))


def token_of(cluster: Cluster) -> str:
    return yaml.safe_load(cluster.kubeconfig.read_text())["users"][0]["user"]["token"]


def test_the_stack_comes_up_by_the_outputs_of_the_stack_that_made_the_cluster(stack: EngineProject, cluster: Cluster):
    ran = stack.up()
    assert ran.ok, ran.why
    live = cluster.api.find(CLASS)
    assert live is not None
    assert live["spec"] == yaml.safe_load(PRIORITIES)["spec"]


def test_a_second_up_changes_nothing(stack: EngineProject):
    again = stack.up()
    assert again.ok, again.why
    assert again.changed == 0, again.operations


def test_no_token_comes_into_the_state(stack: EngineProject, cluster: Cluster):
    assert token_of(cluster) not in json.dumps(stack.state())


@pytest.mark.usefixtures("stack")
def test_a_job_runs_on_nodes_of_its_class_and_falls_back_from_spot_when_its_node_is_drained(cluster: Cluster):
    for node in NODES:
        cluster.add_node(node)
    job = submit(cluster, pool=POOL.name)
    eventually(lambda: nodes_of(cluster, job) == [SPOT], "the worker runs on spot")
    assert [pod["spec"]["nodeSelector"] for pod in pods_of(cluster, job)] == [{COMPUTE_CLASS: CLASS.name}]
    cluster.take_back(SPOT)
    eventually(lambda: nodes_of(cluster, job) == [FALLBACK], "the worker runs again, on demand")
    withdraw(cluster, job)
    cluster.remove_node(FALLBACK)


def test_a_destroy_leaves_nothing(stack: EngineProject, cluster: Cluster):
    destroyed = stack.destroy()
    assert destroyed.ok, destroyed.why
    assert cluster.api.find(CLASS) is None
