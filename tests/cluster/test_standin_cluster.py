"""Clusters that are still to come, do not answer or are reached otherwise, and kinds that a program brings along."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.cluster.api import Manifest, Reference
from tests.cluster.plane import Cluster
from tests.cluster.project import Program, program
from tests.valkey import free_port

pytestmark = pytest.mark.cluster

NOTES = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "cluster-notes", "namespace": "default"}}
AT = Reference.of(NOTES)
WIDGET = {
    "apiVersion": "tests.slipway.dev/v1",
    "kind": "Widget",
    "metadata": {"name": "one", "namespace": "default"},
    "spec": {"size": 3},
}
SIZE = {"type": "object", "properties": {"size": {"type": "integer", "maximum": 5}}}
WIDGETS: Manifest = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.tests.slipway.dev"},
    "spec": {
        "group": "tests.slipway.dev",
        "scope": "Namespaced",
        "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": SIZE}}},
            }
        ],
    },
}

LATE = """
import json
from pathlib import Path

from pulumi import CustomResource, ResourceOptions
from pulumi_kubernetes import Provider

said = json.loads(Path("said.json").read_text())
first = Provider("first", kubeconfig=said["provider"]["kubeconfig"])
maker = CustomResource(
    "kubernetes:core/v1:ConfigMap",
    "maker",
    {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "maker", "namespace": "default"}},
    ResourceOptions(provider=first),
)
made = maker.id.apply(lambda _: said["provider"]["kubeconfig"])
late = Provider("late", kubeconfig=made, cluster_identifier="late")
for name, manifest in said["objects"].items():
    CustomResource("kubernetes:core/v1:ConfigMap", name, manifest, ResourceOptions(provider=late))
"""


@pytest.fixture
def late(cluster: Cluster) -> Iterator[Program]:
    """A program whose cluster is made by the same program."""
    with tempfile.TemporaryDirectory(prefix="slipway-") as folder:
        made = program(Path(folder), cluster.kubeconfig, LATE)
        yield made
        assert made.destroy().ok


def test_a_kind_and_an_object_of_it_come_in_one_up(trial: Program, cluster: Cluster):
    both, after = {"widgets": WIDGETS, "one": WIDGET}, {"one": ["widgets"]}
    assert trial.preview_with(both, after=after).ok
    ran = trial.up_with(both, after=after)
    assert ran.ok, ran.why
    assert cluster.api.find(Reference.of(WIDGET))
    too_big = WIDGET | {"spec": {"size": 6}}
    refused = trial.preview_with({"widgets": WIDGETS, "one": too_big}, after=after)
    assert not refused.ok
    assert "should be less than or equal to 5" in refused.why


def test_a_preview_shows_what_comes_onto_a_cluster_that_is_still_to_come(late: Program, cluster: Cluster):
    seen = late.preview_with({"notes": NOTES})
    assert seen.ok, seen.why
    assert seen.operations["create"] == 5  # the stack, two providers, what makes the cluster, and the object
    ran = late.up_with({"notes": NOTES})
    assert ran.ok, ran.why
    assert cluster.api.find(AT)


def test_a_cluster_that_does_not_answer_is_told_from_one_that_is_still_to_come(trial: Program, tmp_path: Path):
    document = yaml.safe_load(trial.kubeconfig.read_text())
    document["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{free_port()}"
    nowhere = tmp_path / "kubeconfig"
    nowhere.write_text(yaml.safe_dump(document))
    said = {"kubeconfig": str(nowhere), "cluster_identifier": "nowhere"}
    ran = trial.up_with({"notes": NOTES}, **said)
    assert not ran.ok
    assert "configured Kubernetes cluster is unreachable" in ran.why


def test_another_way_to_the_same_cluster_replaces_nothing(trial: Program, tmp_path: Path):
    assert trial.up_with({"notes": NOTES}, cluster_identifier="tests").ok
    other = tmp_path / "kubeconfig"
    document = yaml.safe_load(trial.kubeconfig.read_text())
    server = document["clusters"][0]["cluster"]["server"]
    document["clusters"][0]["cluster"]["server"] = server.replace("127.0.0.1", "localhost")
    other.write_text(yaml.safe_dump(document))
    moved = trial.preview_with({"notes": NOTES}, cluster_identifier="tests", kubeconfig=str(other))
    assert moved.operations == {"same": 2, "update": 1}  # of the provider alone
    another = trial.preview_with({"notes": NOTES}, cluster_identifier="another")
    assert another.operations["replace"] == 2
