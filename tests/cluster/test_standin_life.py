"""The life of objects on a real API server, under the real engine. The provider between them is the stand-in, ours."""

import json
from typing import Any

import pytest

from tests.cluster.api import Manifest, Reference
from tests.cluster.plane import Cluster, eventually
from tests.cluster.project import Program

pytestmark = pytest.mark.cluster

SPACE = "life"
LABELS = {"app": "web"}
NOTES = Reference(api_version="v1", kind="ConfigMap", name="notes", namespace=SPACE)
WEB = Reference(api_version="apps/v1", kind="Deployment", name="web", namespace=SPACE)
ACCOUNT = Reference(api_version="v1", kind="ServiceAccount", name="web", namespace=SPACE)


def notes(**data: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": place("notes"), "data": data}


def web(*, replicas: int = 2, part: str = "web", cpu: str = "1000m", selected: str = "web") -> Manifest:
    """cpu: said as the API server does not keep it, which is no change."""
    container = {"name": "web", "image": f"example.invalid/{part}:1", "resources": {"requests": {"cpu": cpu}}}
    labels = {"app": selected}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": place("web"),
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


def place(name: str) -> Manifest:
    return {"name": name, "namespace": SPACE}


OBJECTS: dict[str, Manifest] = {
    "namespace": {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}},
    "notes": notes(a="1"),
    "secret": {"apiVersion": "v1", "kind": "Secret", "metadata": place("key"), "stringData": {"key": "xyzzy-0451"}},
    "account": {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"namespace": SPACE}},
    "web": web(),
    "service": {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": place("web"),
        "spec": {"selector": LABELS, "ports": [{"port": 80, "targetPort": 8000}]},
    },
}
AFTER = {name: ["namespace"] for name in OBJECTS if name != "namespace"}


def changed(**objects: Manifest) -> dict[str, Any]:
    """What to say for all objects, with these changed."""
    return {"objects": OBJECTS | objects, "after": AFTER}


@pytest.fixture
def standing(trial: Program) -> Program:
    """All objects as they should be, whatever another test left."""
    trial.settle(**changed())
    return trial


def test_objects_are_there_and_ready_when_up_ends(standing: Program, cluster: Cluster):
    live = cluster.api.find(WEB)
    assert live is not None
    assert live["status"]["availableReplicas"] == OBJECTS["web"]["spec"]["replicas"]


def test_an_object_without_a_name_gets_one_that_stays(standing: Program, cluster: Cluster):
    names = [each["metadata"]["name"] for each in cluster.api.all("v1", "ServiceAccount", namespace=SPACE)]
    drawn = [name for name in names if name.startswith("account-")]
    assert len(drawn) == 1
    assert standing.up_with(**changed()).changed == 0
    assert cluster.api.find(Reference(api_version="v1", kind="ServiceAccount", name=drawn[0], namespace=SPACE))


def test_a_second_up_changes_nothing(standing: Program):
    ran = standing.up_with(**changed())
    assert ran.ok, ran.why
    assert ran.changed == 0


def test_a_refresh_of_what_nobody_touched_finds_nothing_to_mend(standing: Program):
    assert standing.refresh().ok
    assert standing.preview_with(**changed()).changed == 0


def test_a_secret_is_not_in_clear_in_the_state(standing: Program):
    state = json.dumps(standing.state())
    assert "xyzzy-0451" not in state
    assert "eHl6enktMDQ1MQ==" not in state  # as Kubernetes writes it


def test_a_field_that_the_api_server_does_not_know_is_refused_in_the_preview(standing: Program):
    wrong = web()
    wrong["spec"]["template"]["spec"]["containers"][0]["imagePolicy"] = "Always"
    ran = standing.preview_with(**changed(web=wrong))
    assert not ran.ok
    assert "imagePolicy" in ran.why


def test_a_value_that_the_api_server_judges_wrong_is_refused_in_the_preview_with_its_words(standing: Program):
    wrong = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": place("other"),
        "spec": {"ports": [{"port": 123456}]},
    }
    ran = standing.preview_with(**changed(other=wrong))
    assert not ran.ok
    assert "must be between 1 and 65535, inclusive" in ran.why


def test_an_object_in_a_namespace_to_come_is_judged_in_the_preview(standing: Program):
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "later"}}
    wrong = notes() | {"metadata": {"name": "Not_A_Name", "namespace": "later"}}
    ran = standing.preview_with(**changed(later=namespace, wrong=wrong))
    assert not ran.ok
    assert "Not_A_Name" in ran.why


def test_a_preview_leaves_no_trace(standing: Program, cluster: Cluster):
    ran = standing.preview_with(**changed(web=web(replicas=5), other=notes() | {"metadata": place("other")}))
    assert ran.ok, ran.why
    assert ran.operations["create"] == 1
    assert ran.operations["update"] == 1
    assert cluster.api.find(Reference(api_version="v1", kind="ConfigMap", name="other", namespace=SPACE)) is None


def test_a_change_is_made_in_place(standing: Program, cluster: Cluster):
    ran = standing.up_with(**changed(web=web(replicas=3)))
    assert ran.ok, ran.why
    assert (ran.changed, ran.operations["update"]) == (1, 1)
    live = cluster.api.find(WEB)
    assert live is not None
    assert live["status"]["availableReplicas"] == 3


def test_what_changed_by_hand_is_seen_by_a_refresh_and_mended_by_an_up(standing: Program, cluster: Cluster):
    cluster.api.change(WEB, {"spec": {"replicas": 4}})
    assert standing.refresh().ok
    before = standing.preview_with(**changed())
    assert before.operations["update"] == 1
    ran = standing.up_with(**changed(), enable_patch_force=True)
    assert ran.ok, ran.why
    live = cluster.api.find(WEB)
    assert live is not None
    assert live["spec"]["replicas"] == 2


def test_a_field_that_another_took_over_is_not_taken_back_without_a_word(standing: Program, cluster: Cluster):
    cluster.api.change(NOTES, {"data": {"a": "by hand"}})
    assert standing.refresh().ok
    ran = standing.up_with(**changed(), enable_config_map_mutable=True)
    assert not ran.ok
    assert "by-hand" in ran.why
    assert "patchForce" in ran.why
    forced = standing.up_with(**changed(), enable_config_map_mutable=True, enable_patch_force=True)
    assert forced.ok, forced.why


def test_fields_that_are_not_ours_stay_as_they_are(standing: Program, cluster: Cluster):
    cluster.api.change(WEB, {"metadata": {"annotations": {"someone/else": "was here"}}})
    assert standing.refresh().ok
    assert standing.up_with(**changed()).changed == 0
    live = cluster.api.find(WEB)
    assert live is not None
    assert live["metadata"]["annotations"]["someone/else"] == "was here"


def test_what_was_deleted_by_hand_is_made_again(standing: Program, cluster: Cluster):
    cluster.api.delete(WEB)
    eventually(lambda: cluster.api.find(WEB) is None, "the deployment is gone")
    assert standing.refresh().ok
    ran = standing.up_with(**changed())
    assert (ran.changed, ran.operations["create"]) == (1, 1)


def test_a_change_of_what_is_immutable_replaces(standing: Program, cluster: Cluster):
    before = cluster.api.find(WEB)
    ran = standing.up_with(**changed(web=web(selected="site"), service=service(selected="site")))
    assert ran.ok, ran.why
    assert ran.operations["replace"] == 1
    after = cluster.api.find(WEB)
    assert before is not None
    assert after is not None
    assert before["metadata"]["uid"] != after["metadata"]["uid"]


def service(*, selected: str) -> Manifest:
    spec = {"selector": {"app": selected}, "ports": [{"port": 80, "targetPort": 8000}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": place("web"), "spec": spec}


def test_the_content_of_a_config_map_replaces_it_unless_the_provider_is_told_otherwise(standing: Program):
    replaced = standing.preview_with(**changed(notes=notes(a="2")))
    assert replaced.operations["replace"] == 1
    updated = standing.preview_with(**changed(notes=notes(a="2")), enable_config_map_mutable=True)
    assert "replace" not in updated.operations
    assert updated.operations["update"] == 2  # the provider's own inputs, and the ConfigMap


def test_an_object_that_is_there_already_is_not_taken_over(standing: Program, cluster: Cluster):
    cluster.api.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": place("theirs"), "data": {"a": "theirs"}})
    ran = standing.up_with(**changed(theirs=notes(a="ours") | {"metadata": place("theirs")}))
    assert not ran.ok
    assert "is there already" in ran.why
    theirs = cluster.api.find(Reference(api_version="v1", kind="ConfigMap", name="theirs", namespace=SPACE))
    assert theirs is not None
    assert theirs["data"] == {"a": "theirs"}


def test_what_never_becomes_ready_says_why_and_is_mended_by_the_next_up(standing: Program):
    greedy = standing.up_with(**changed(web=web(cpu="64")), patience="3s")
    assert not greedy.ok
    assert "Insufficient cpu" in greedy.why
    ran = standing.up_with(**changed())
    assert ran.ok, ran.why
    assert ran.operations["update"] == 1


def test_a_destroy_leaves_no_object(standing: Program, cluster: Cluster):
    destroyed = standing.destroy()
    assert destroyed.ok, destroyed.why
    assert cluster.api.find(Reference(api_version="v1", kind="Namespace", name=SPACE)) is None
    assert not [each for each in standing.state() if not each["type"].startswith("pulumi:")]
