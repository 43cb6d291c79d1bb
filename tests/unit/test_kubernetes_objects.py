"""Every object of the Kubernetes half, in every variant of its settings: what holds for all, whatever its concern."""

import functools
import json
from collections.abc import Iterator
from typing import Any

import kubernetes_validate
import pytest

from infra.kubernetes.objects import (
    NAME,
    SYSTEM_NAMESPACE,
    Manifest,
    count,
    labelled,
    memory,
    path_of,
    plural_of,
    token,
)
from infra.naming import NAMESPACE
from tests.kubernetes_objects import VARIANTS, all_objects, settings, variant

_KUBERNETES = "1.36"
_OTHERS = {"cloud.google.com", "gateway.networking.k8s.io", "keda.sh", "monitoring.coreos.com", "networking.gke.io"}
"""APIs of operators and clouds, for which Kubernetes has no schema."""


@pytest.fixture(params=VARIANTS)
def objects(request: pytest.FixtureRequest) -> dict[str, Manifest]:
    return variant(request.param)


def jobs(objects: dict[str, Manifest]) -> list[Manifest]:
    """The manifests of jobs that a launcher would submit."""
    return [json.loads(text) for text in objects["trainer-jobs"]["data"].values()]


def pods(objects: dict[str, Manifest]) -> Iterator[tuple[str, Manifest]]:
    """Every pod's template, with the namespace that it runs in."""
    for manifest in [*objects.values(), *jobs(objects)]:
        spec = manifest.get("spec", {})
        if "jobTemplate" in spec:
            spec = spec["jobTemplate"]["spec"]
        if "template" in spec:
            yield manifest["metadata"]["namespace"], spec["template"]


def containers(objects: dict[str, Manifest]) -> Iterator[tuple[str, Manifest]]:
    for namespace, pod in pods(objects):
        for container in pod["spec"]["containers"]:
            yield namespace, container


@functools.cache
def validated(manifest: str) -> None:
    """Once for what several variants have alike: the library reads all its schemas for each object anew."""
    kubernetes_validate.validate(json.loads(manifest), _KUBERNETES, strict=True)


def test_every_object_is_one_that_kubernetes_knows(objects: dict[str, Manifest]):
    for manifest in [*objects.values(), *jobs(objects)]:
        if manifest["apiVersion"].split("/")[0] not in _OTHERS:
            validated(json.dumps(manifest))


def test_every_object_says_whose_it_is(objects: dict[str, Manifest]):
    wanted = {"app.kubernetes.io/part-of", "app.kubernetes.io/instance", "slipway/owner", "slipway/environment", NAME}
    for name, manifest in objects.items():
        assert wanted <= manifest["metadata"]["labels"].keys(), name


def test_every_pod_says_whose_it_is(objects: dict[str, Manifest]):
    for _, pod in pods(objects):
        assert {"slipway/owner", "slipway/cost-center", NAME} <= pod["metadata"]["labels"].keys()


def test_every_label_is_one_that_kubernetes_takes(objects: dict[str, Manifest]):
    for name, manifest in objects.items():
        assert all(len(value) <= 63 for value in manifest["metadata"]["labels"].values()), name


def test_no_object_stands_twice(objects: dict[str, Manifest]):
    paths = [path_of(manifest) for manifest in objects.values()]
    assert len(set(paths)) == len(paths)


def test_every_image_is_named_by_its_digest(objects: dict[str, Manifest]):
    assert all("@sha256:" in container["image"] for _, container in containers(objects))


def test_no_workload_is_root_or_writes_to_its_image(objects: dict[str, Manifest]):
    for namespace, pod in pods(objects):
        if namespace == SYSTEM_NAMESPACE:
            continue
        assert pod["spec"]["securityContext"]["runAsNonRoot"]
        assert pod["spec"]["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["spec"]["containers"]:
            rights = container["securityContext"]
            assert rights["readOnlyRootFilesystem"]
            assert not rights["allowPrivilegeEscalation"]
            assert rights["capabilities"] == {"drop": ["ALL"]}


def test_no_container_is_privileged(objects: dict[str, Manifest]):
    assert not [each for _, each in containers(objects) if each["securityContext"].get("privileged")]


def test_only_what_reaches_into_its_node_mounts_of_it(objects: dict[str, Manifest]):
    for namespace, pod in pods(objects):
        on_node = [volume for volume in pod["spec"].get("volumes", []) if "hostPath" in volume]
        assert bool(on_node) == (namespace == SYSTEM_NAMESPACE)


def test_a_token_of_the_api_server_is_given_to_who_asks_it_alone(objects: dict[str, Manifest]):
    given = {pod["metadata"]["labels"][NAME] for _, pod in pods(objects) if pod["spec"]["automountServiceAccountToken"]}
    assert given <= {"cluster-autoscaler", "drainer", "drift"}


def test_every_service_account_that_a_pod_names_is_there(objects: dict[str, Manifest]):
    there = {
        (manifest["metadata"]["namespace"], manifest["metadata"]["name"])
        for manifest in objects.values()
        if manifest["kind"] == "ServiceAccount"
    }
    assert {(namespace, pod["spec"]["serviceAccountName"]) for namespace, pod in pods(objects)} <= there


def test_every_priority_that_a_pod_names_is_there(objects: dict[str, Manifest]):
    there = {manifest["metadata"]["name"] for manifest in objects.values() if manifest["kind"] == "PriorityClass"}
    named = {pod["spec"]["priorityClassName"] for _, pod in pods(objects) if "priorityClassName" in pod["spec"]}
    assert {name for name in named if not name.startswith("system-")} <= there


def test_every_container_says_what_it_needs(objects: dict[str, Manifest]):
    for _, container in containers(objects):
        assert {"cpu", "memory"} <= container["resources"]["requests"].keys(), container["name"]
        assert "memory" in container["resources"]["limits"], container["name"]


def test_no_container_is_held_back_by_a_limit_on_its_cpus(objects: dict[str, Manifest]):
    assert not [each["name"] for _, each in containers(objects) if "cpu" in each["resources"]["limits"]]


def test_no_secret_is_made_by_the_stack(objects: dict[str, Manifest]):
    assert not [manifest for manifest in objects.values() if manifest["kind"] == "Secret"]


def test_nothing_scales_what_another_scales(objects: dict[str, Manifest]):
    targets = [
        manifest["spec"]["scaleTargetRef"]["name"]
        for manifest in objects.values()
        if manifest["kind"] in ("HorizontalPodAutoscaler", "ScaledObject")
    ]
    assert len(set(targets)) == len(targets)


def test_what_is_scaled_says_no_number_of_replicas(objects: dict[str, Manifest]):
    for manifest in objects.values():
        if manifest["kind"] == "Deployment" and manifest["metadata"]["name"] in ("predictor", "worker"):
            assert "replicas" not in manifest["spec"]


def test_every_port_that_a_probe_asks_is_open_on_its_container(objects: dict[str, Manifest]):
    for _, container in containers(objects):
        named = {port["name"] for port in container.get("ports", [])}
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            if probe in container:
                assert container[probe]["httpGet"]["port"] in named


def test_workloads_stand_where_the_cloud_gives_them_their_rights(objects: dict[str, Manifest]):
    assert {namespace for namespace, _ in pods(objects)} <= {NAMESPACE, SYSTEM_NAMESPACE, "kube-system"}


@pytest.mark.parametrize("keda", [True, False])
def test_kinds_of_operators_are_used_where_they_are_there_alone(keda: bool):
    made = variant("eks with KEDA alone" if keda else "eks with Prometheus alone").values()
    groups = {manifest["apiVersion"].split("/")[0] for manifest in made}
    assert ("keda.sh" in groups) is keda
    assert ("monitoring.coreos.com" in groups) is not keda


def test_nothing_is_served_before_a_release_is_pinned():
    before = all_objects(settings(), serving=False)
    assert not [name for name in before if name.split("-")[0] in ("predictor", "worker", "gateway")]
    assert "trainer-jobs" in before


def test_a_label_of_an_objects_own_wins_over_the_stacks():
    made = labelled({"kind": "Service", "metadata": {"labels": {"a": "own"}}}, {"a": "stack", "b": "stack"})
    assert made["metadata"]["labels"] == {"a": "own", "b": "stack"}


@pytest.mark.parametrize(
    ("mebibytes", "written"),
    [(512, "512Mi"), (1024, "1Gi"), (1536, "1536Mi"), (2048 * 1024, "2Ti"), (30 * 1024, "30Gi")],
)
def test_memory_is_spelled_as_the_api_server_spells_it(mebibytes: int, written: str):
    assert memory(mebibytes) == written


@pytest.mark.parametrize(("number", "written"), [(0, "0"), (8, "8"), (1500, "1500"), (2000, "2k"), (1_000_000, "1M")])
def test_a_number_of_things_is_spelled_as_the_api_server_spells_it(number: int, written: str):
    assert count(number) == written


@pytest.mark.parametrize(
    ("kind", "plural"),
    [
        ("NetworkPolicy", "networkpolicies"),
        ("PriorityClass", "priorityclasses"),
        ("Ingress", "ingresses"),
        ("Gateway", "gateways"),
        ("Deployment", "deployments"),
    ],
)
def test_a_kind_has_the_plural_that_paths_use(kind: str, plural: str):
    assert plural_of({"kind": kind}) == plural


def test_a_kind_is_known_to_pulumi_by_its_group_and_version():
    deployment: dict[str, Any] = {"apiVersion": "apps/v1", "kind": "Deployment"}
    assert token(deployment) == "kubernetes:apps/v1:Deployment"
    assert token({"apiVersion": "v1", "kind": "Service"}) == "kubernetes:core/v1:Service"
