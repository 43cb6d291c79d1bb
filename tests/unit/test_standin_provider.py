"""What the stand-in for Pulumi's Kubernetes provider (tests/cluster/standin) decides without a cluster."""

import json
from typing import Any

import pytest

from tests.cluster.api import ApiRefusedError, Cause
from tests.cluster.standin.drift import as_found
from tests.cluster.standin.naming import drawn
from tests.cluster.standin.readiness import Readiness, readiness
from tests.cluster.standin.replacing import by_rule, by_server, is_immutable
from tests.cluster.standin.settings import parse, replacing
from tests.engine.simulated.core.wire import UNKNOWN

LETTERS = "0123456789abcdef"


def kubeconfig(server: str) -> str:
    document = {
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    return json.dumps(document)


HERE, THERE = kubeconfig("https://here"), kubeconfig("https://there")
SETTINGS = parse({"kubeconfig": HERE})


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"kubeconfig": HERE}, {"kubeconfig": THERE}, {"kubeconfig"}),
        ({"kubeconfig": HERE}, {"kubeconfig": HERE + " "}, set()),
        ({"kubeconfig": HERE}, {"kubeconfig": UNKNOWN}, {"kubeconfig"}),
        (
            {"kubeconfig": HERE, "clusterIdentifier": "a"},
            {"kubeconfig": THERE, "clusterIdentifier": "a"},
            set(),
        ),
        (
            {"kubeconfig": HERE, "clusterIdentifier": "a"},
            {"kubeconfig": THERE, "clusterIdentifier": "b"},
            {"kubeconfig", "clusterIdentifier"},
        ),
        ({"kubeconfig": HERE}, {"kubeconfig": HERE, "clusterIdentifier": "a"}, set()),
        ({"kubeconfig": HERE}, {"kubeconfig": HERE, "namespace": "other"}, set()),
    ],
)
def test_a_provider_is_another_when_its_cluster_is(before: dict[str, Any], after: dict[str, Any], expected: set[str]):
    assert replacing(before, after) == expected


def test_a_name_that_was_drawn_stays():
    first = drawn({"metadata": {}}, {}, "web", LETTERS)
    assert first["metadata"]["name"] == "web-01234567"
    assert drawn({}, first, "web", "f" * 16)["metadata"]["name"] == "web-01234567"


def test_a_name_that_the_program_gives_is_taken():
    assert drawn({"metadata": {"name": "mine"}}, {}, "web", LETTERS) == {}


def test_what_the_server_writes_otherwise_has_not_drifted():
    wanted, server = {"cpu": "1000m"}, {"cpu": "1"}
    assert as_found(wanted, server, server) == wanted


def test_what_differs_from_what_applying_again_would_give_has_drifted():
    wanted = {"spec": {"replicas": 2, "cpu": "1000m"}}
    applied = {"spec": {"replicas": 2, "cpu": "1", "theirs": 1}}
    live = {"spec": {"replicas": 4, "cpu": "1", "theirs": 2}}
    assert as_found(wanted, applied, live) == {"spec": {"replicas": 4, "cpu": "1000m"}}


def test_what_is_gone_from_the_live_object_has_drifted_and_what_is_only_written_has_not():
    wanted = {"label": "ours", "stringData": "written"}
    assert as_found(wanted, {"label": "ours", "data": "x"}, {"data": "y"}) == {"stringData": "written"}


def refused(*causes: Cause) -> ApiRefusedError:
    return ApiRefusedError("Invalid", "is invalid", causes)


IMMUTABLE = Cause(path="spec.selector", reason="FieldValueInvalid", message="Invalid value: field is immutable")
WRONG = Cause(path="spec.ports", reason="FieldValueInvalid", message="must be between 1 and 65535, inclusive")


def test_what_cannot_change_replaces_and_what_is_wrong_does_not():
    assert is_immutable(refused(IMMUTABLE))
    assert not is_immutable(refused(WRONG))
    assert not is_immutable(refused(IMMUTABLE, WRONG))


def test_the_paths_that_the_server_names_are_the_ones_that_replace():
    changed = ["spec.replicas", "spec.selector.matchLabels.app"]
    assert by_server(refused(IMMUTABLE), changed) == {"spec.selector.matchLabels.app"}


def test_a_refusal_that_names_no_changed_path_replaces_by_all_of_them():
    assert by_server(refused(Cause(path="roleRef", reason="", message="cannot change roleRef")), ["x"]) == {"x"}


def test_the_content_of_a_config_map_replaces_unless_the_provider_may_change_it():
    notes = {"apiVersion": "v1", "kind": "ConfigMap"}
    assert by_rule(notes, ["data.a", "metadata.labels.b"], SETTINGS) == {"data.a"}
    mutable = parse({"kubeconfig": HERE, "enableConfigMapMutable": True})
    assert by_rule(notes, ["data.a"], mutable) == frozenset()


def deployment(*, updated: int, available: int, observed: int = 2, reason: str = "") -> dict[str, Any]:
    progress = [{"type": "Progressing", "status": "False", "reason": reason}] if reason else []
    status = {"observedGeneration": observed, "updatedReplicas": updated, "availableReplicas": available}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"generation": 2},
        "spec": {"replicas": 3},
        "status": status | {"conditions": progress},
    }


def test_a_deployment_is_ready_once_all_pods_of_its_last_revision_are():
    assert readiness(deployment(updated=3, available=3)) == Readiness()
    assert readiness(deployment(updated=2, available=3)).missing
    assert readiness(deployment(updated=3, available=2)).missing
    assert readiness(deployment(updated=3, available=3, observed=1)).missing


def test_a_deployment_past_its_deadline_is_hopeless():
    assert readiness(deployment(updated=3, available=0, reason="ProgressDeadlineExceeded")).hopeless


def service(**spec: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": spec}


def test_a_service_waits_for_a_ready_pod_unless_it_has_none_to_wait_for():
    slices = [{"endpoints": [{"conditions": {"ready": True}}]}]
    assert readiness(service(selector={"a": "b"})).missing
    assert not readiness(service(selector={"a": "b"}), slices).missing
    assert not readiness(service(selector={"a": "b"}, clusterIP="None")).missing
    assert not readiness(service()).missing


def test_the_service_of_another_group_is_not_kubernetes_own():
    other = service(selector={"a": "b"}) | {"apiVersion": "serving.knative.dev/v1"}
    assert readiness(other) == Readiness()
