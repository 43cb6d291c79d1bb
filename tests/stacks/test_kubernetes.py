"""The Kubernetes half as a graph of resources: its provider, its order, and what it takes from a cloud's stack."""

import json
from typing import Any

import pytest
from pulumi import RunError

from infra.settings import KubernetesSettings, Settings
from slipway.errors import SettingsError
from tests.cluster.plane.nodes import A3, P5, eks_gpu_node, gke_gpu_node
from tests.kubernetes_objects import COMPUTE_CLASSES, VARIANTS
from tests.kubernetes_objects import settings as changed
from tests.stacks.graph import Graph, graph_of
from tests.stacks.programs import graph, kubernetes_graph, pin_of

PROVIDER = "pulumi:providers:kubernetes"
QUEUE = "https://queue.example/planted-secret"
OUTPUTS: dict[str, Any] = {
    "us-central1": {
        "kind": "gke",
        "location": "us-central1",
        "name": "slipway-gcp-prod",
        "endpoint": "10.0.0.2",
        "certificate": "Y2VydGlmaWNhdGU=",
        "priorities": COMPUTE_CLASSES,
        "store": "gs://slipway-gcp-prod",
        "queue": QUEUE,
    }
}


def of_a_cloud() -> Settings:
    return changed(**VARIANTS["gke that Slipway made"])


@pytest.fixture(params=[False, True], ids=["up", "preview"])
def made(request: pytest.FixtureRequest) -> Graph:
    return graph("kubernetes", preview=request.param)


def test_there_is_one_provider_and_it_knows_its_cluster_by_name(made: Graph):
    (provider,) = made.of(PROVIDER)
    assert provider.inputs["clusterIdentifier"] == "models"
    assert provider.inputs["context"] == "models"


def test_objects_are_applied_by_the_api_server(made: Graph):
    assert made.of(PROVIDER)[0].inputs["enableServerSideApply"] == "true"


def test_a_config_map_keeps_its_name_when_its_content_changes(made: Graph):
    assert made.of(PROVIDER)[0].inputs["enableConfigMapMutable"] == "true"


def test_a_kubeconfig_stays_a_path_and_its_content_out_of_the_state(made: Graph):
    assert made.of(PROVIDER)[0].inputs["kubeconfig"] == "~/.kube/config"


def test_namespaces_come_before_all_that_stands_in_them(made: Graph):
    for component in made:
        if not component.custom and component.name != "namespaces":
            assert "namespaces-workloads" in component.depends_on or _waits_for(made, component.name, "namespaces")


def test_workloads_start_once_the_network_is_closed(made: Graph):
    assert _waits_for(made, "predictor", "network")


def test_every_component_says_its_concern(made: Graph):
    concerns = {resource.type for resource in made if not resource.custom}
    assert {"slipway:kubernetes:Predictor", "slipway:kubernetes:Trainer", "slipway:kubernetes:Drift"} <= concerns


def test_an_object_is_registered_as_its_manifest_says(made: Graph):
    deployment = made.named("predictor-deployment").inputs
    assert (deployment["apiVersion"], deployment["kind"]) == ("apps/v1", "Deployment")
    assert deployment["metadata"]["namespace"] == "slipway"


def test_the_pinned_release_is_what_the_predictor_brings(made: Graph):
    pod = made.named("predictor-deployment").inputs["spec"]["template"]["spec"]
    variables = {each["name"]: each["value"] for each in pod["containers"][0]["env"]}
    assert variables["SLIPWAY_RELEASE_DIGEST"] == pin_of("kubernetes").digest


def test_a_cluster_of_slipways_is_reached_without_a_secret():
    provider = kubernetes_graph(of_a_cloud(), clusters=OUTPUTS).of(PROVIDER)[0]
    kubeconfig = json.loads(provider.inputs["kubeconfig"])
    assert kubeconfig["clusters"][0]["cluster"]["server"] == "https://10.0.0.2"
    assert kubeconfig["users"][0]["user"].keys() == {"exec"}
    assert "kubeconfig" not in provider.secrets


def test_objects_of_a_cloud_stack_are_not_hidden_as_secrets():
    made = kubernetes_graph(of_a_cloud(), clusters=OUTPUTS)
    assert not [resource.name for resource in made.made_by_a_provider if resource.secrets]
    assert "gs://slipway-gcp-prod" in made.named("predictor-deployment").open_text


def test_the_queue_of_a_cloud_stack_stays_secret():
    made = kubernetes_graph(of_a_cloud(), clusters=OUTPUTS)
    assert not [resource.name for resource in made if QUEUE in resource.open_text]


def test_gkes_classes_come_from_the_cloud_stack_and_their_names_from_settings():
    made = kubernetes_graph(of_a_cloud(), clusters=OUTPUTS)
    classes = {each.inputs["metadata"]["name"]: each for each in made if each.type.endswith(":ComputeClass")}
    assert classes.keys() == {"train", "serve"}
    assert "gpu-us-central1-train-spot" in classes["train"].open_text


def test_news_of_nodes_that_go_come_from_the_aws_stacks_queue():
    given = changed(**VARIANTS["eks that Slipway made"])
    news = "https://sqs.us-east-1.amazonaws.com/1/news"
    outputs = {"us-east-1": OUTPUTS["us-central1"] | {"kind": "eks", "interruptions": news}}
    drainer = kubernetes_graph(given, clusters=outputs).named("draining-deployment")
    assert news in drainer.open_text


def test_a_preview_before_the_cloud_stack_is_up_shows_the_same_resources():
    before = kubernetes_graph(of_a_cloud(), preview=True, clusters=OUTPUTS)
    after = kubernetes_graph(of_a_cloud(), clusters=OUTPUTS)
    assert {(r.type, r.name) for r in before} == {(r.type, r.name) for r in after}


def test_a_refused_kubeconfig_leaves_nothing_registered():
    from infra.kubernetes.target import build

    def refused() -> None:
        with pytest.raises(SettingsError, match="lacks rights"):
            build(changed(), "kubernetes", None, ask=lambda _, rights: [False] * len(rights))

    assert graph_of(refused, outputs=lambda _: {}, stack="kubernetes") == []


def test_a_cluster_of_slipways_is_asked_no_rights():
    asked: list[KubernetesSettings] = []

    def program() -> None:
        from infra.kubernetes.target import build

        build(of_a_cloud(), "kubernetes", None, ask=lambda settings, _: asked.append(settings) or [])

    graph_of(program, outputs=lambda _: {"outputs": {"clusters": OUTPUTS}, "secretOutputNames": []}, stack="kubernetes")
    assert not asked


def test_a_stack_without_the_region_ends_the_program_with_one_line():
    with pytest.raises(RunError, match=r"slipway:kubernetes\.region: the stack gcp-prod has no cluster in us-central1"):
        kubernetes_graph(of_a_cloud(), clusters={"asia-south1": OUTPUTS["us-central1"]})


def test_nodes_of_the_cluster_tests_are_as_the_pools_on_google_make_them():
    groups = [each.inputs for each in graph("gcp-prod").of("gcp:container/nodePool:NodePool")]
    for capacity in ("spot", "on-demand"):
        node = gke_gpu_node("n", A3, pool="train", capacity=capacity, zone="us-central1-a")
        labels = node["metadata"]["labels"]
        group = next(each for each in groups if each.get("name") == labels["cloud.google.com/gke-nodepool"])
        config = group["nodeConfig"]
        assert config["labels"].items() <= labels.items()
        assert config["machineType"] == labels["node.kubernetes.io/instance-type"]
        assert config["guestAccelerators"][0]["type"] == labels["cloud.google.com/gke-accelerator"]
        assert _taints(config["taints"]) == _taints(node["spec"]["taints"])


def test_nodes_of_the_cluster_tests_are_as_the_pools_on_aws_make_them():
    groups = [each.inputs for each in graph("aws-prod").of("aws:eks/nodeGroup:NodeGroup") if "labels" in each.inputs]
    for capacity in ("spot", "on-demand"):
        node = eks_gpu_node("n", P5, pool="train", capacity=capacity, zone="us-east-1a")
        labels = node["metadata"]["labels"]
        (group, *_) = [each for each in groups if each["labels"].items() <= labels.items()]
        assert group["capacityType"] == labels["eks.amazonaws.com/capacityType"]
        assert group["instanceTypes"] == [labels["node.kubernetes.io/instance-type"]]
        assert _taints(group["taints"]) == _taints(node["spec"]["taints"])


def _taints(said: list[dict[str, str]]) -> set[tuple[str, str, str]]:
    """Clouds write NO_SCHEDULE where Kubernetes writes NoSchedule."""
    return {(taint["key"], taint["value"], taint["effect"].replace("_", "").lower()) for taint in said}


def _waits_for(made: Graph, name: str, other: str) -> bool:
    waits = made.named(name).depends_on
    return any(each.startswith(f"{other}-") or each == other for each in waits)
