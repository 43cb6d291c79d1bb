"""Which cluster a stack goes to, what is refused on the way, and that no secret is on it."""

import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes.config.kube_config import KubeConfigLoader

from infra.kubernetes.access import cluster_in, kubeconfig_for
from infra.kubernetes.rights import NoAnswerError, Right, ask_cluster, check, needed
from infra.settings import KubernetesSettings, Settings
from slipway.errors import SettingsError
from tests.kubernetes_objects import settings, variant

OURS = KubernetesSettings(kubeconfig="~/.kube/config", cluster="models", store="s3://example-models")
OF = KubernetesSettings(of="gcp-prod", region="us-central1", cluster="models", kind="gke")
CLUSTER = {
    "kind": "gke",
    "name": "slipway-gcp-prod",
    "endpoint": "10.0.0.2",
    "certificate": "Y2VydGlmaWNhdGU=",
    "location": "us-central1",
}


def refusal(**cluster: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        settings(**cluster)
    return caught.value.message


def kubeconfig(folder: Path, server: str) -> KubernetesSettings:
    """Settings that lead to a server with a token that must never be seen."""
    user = {"name": "u", "user": {"token": "planted-secret"}}
    said = kubeconfig_for(kind="eks", name="c", endpoint=server, certificate="", location="us-east-1") | {
        "users": [user],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": server}}],
    }
    (folder / "kubeconfig").write_text(yaml.safe_dump(said))
    return OURS.model_copy(update={"kubeconfig": str(folder / "kubeconfig")})


@pytest.mark.parametrize("kind", ["eks", "gke"])
def test_a_kubeconfig_for_a_cloud_holds_no_secret_and_asks_the_clouds_helper(kind: str):
    made = kubeconfig_for(**CLUSTER | {"kind": kind})
    (user,) = made["users"]
    assert user["user"].keys() == {"exec"}
    assert user["user"]["exec"]["command"] == {"eks": "aws", "gke": "gke-gcloud-auth-plugin"}[kind]


def test_eks_helper_is_told_which_cluster_and_where():
    made = kubeconfig_for(**CLUSTER | {"kind": "eks"})
    arguments = made["users"][0]["user"]["exec"]["args"]
    assert arguments[:6] == ["eks", "get-token", "--cluster-name", "slipway-gcp-prod", "--region", "us-central1"]


def test_an_address_without_a_scheme_is_asked_over_tls():
    assert kubeconfig_for(**CLUSTER)["clusters"][0]["cluster"]["server"] == "https://10.0.0.2"


def test_the_kubeconfig_is_one_that_clients_read():
    loader = KubeConfigLoader(kubeconfig_for(**CLUSTER))  # asks nobody until it is told to load
    assert loader.current_context["context"] == {"cluster": "slipway-gcp-prod", "user": "slipway-gcp-prod"}


def test_a_stack_without_a_cluster_in_the_region_is_refused_with_where_it_has_one():
    with pytest.raises(
        SettingsError, match=r"kubernetes\.region: the stack gcp-prod has no cluster in us-central1"
    ) as e:
        cluster_in({"asia-south1": CLUSTER}, OF)
    assert e.value.hint == "it has asia-south1"


def test_a_stack_that_is_not_up_yet_is_said_to_be():
    with pytest.raises(SettingsError) as caught:
        cluster_in(None, OF)
    assert "bring it up first" in caught.value.hint


def test_a_cluster_of_another_kind_than_settings_say_is_refused():
    with pytest.raises(SettingsError, match=r"kubernetes\.kind: the cluster of gcp-prod is eks and not gke"):
        cluster_in({"us-central1": CLUSTER | {"kind": "eks"}}, OF)


def test_a_kubeconfig_that_is_not_there_is_refused_with_its_key(tmp_path: Path):
    away = OURS.model_copy(update={"kubeconfig": str(tmp_path / "away")})
    with pytest.raises(SettingsError, match=r"slipway:kubernetes\.kubeconfig: .*away cannot be used: there is no such"):
        check(away, variant("eks").values(), ask_cluster)


def test_a_file_that_is_no_kubeconfig_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("- nothing\n")
    with pytest.raises(SettingsError, match="cannot be used"):
        check(OURS.model_copy(update={"kubeconfig": str(tmp_path / "file")}), variant("eks").values(), ask_cluster)


def test_a_context_that_is_not_in_the_file_is_refused(tmp_path: Path):
    other = kubeconfig(tmp_path, "https://127.0.0.1:1").model_copy(update={"context": "elsewhere"})
    with pytest.raises(SettingsError, match=r"\(context elsewhere\) cannot be used"):
        check(other, variant("eks").values(), ask_cluster)


def test_a_cluster_that_does_not_answer_is_refused_with_a_way_out(tmp_path: Path):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # taken and not listening: nobody answers there
        away = kubeconfig(tmp_path, f"https://127.0.0.1:{held.getsockname()[1]}")
        with pytest.raises(SettingsError, match="the API server does not answer") as caught:
            check(away, variant("eks").values(), ask_cluster)
    assert "must answer here" in caught.value.hint
    assert "planted-secret" not in str(caught.value)


def test_a_user_who_lacks_a_right_is_refused_with_what_is_missing():
    def all_but_jobs(_: KubernetesSettings, rights: Sequence[Right]) -> Sequence[bool]:
        return [right.resource != "cronjobs" for right in rights]

    with pytest.raises(
        SettingsError, match=r"kubeconfig: ~/\.kube/config lacks rights: get cronjobs\.batch in slipway"
    ):
        check(OURS, variant("eks").values(), all_but_jobs)


def test_many_missing_rights_are_counted_and_not_all_listed():
    with pytest.raises(SettingsError, match=r"and \d+ more"):
        check(OURS, variant("eks").values(), lambda _, rights: [False] * len(rights))


def test_a_user_who_may_do_it_all_is_let_through():
    check(OURS, variant("eks").values(), lambda _, rights: [True] * len(rights))


def test_why_a_cluster_could_not_be_asked_is_told():
    def refuse(_: KubernetesSettings, __: Sequence[Right]) -> Sequence[bool]:
        raise NoAnswerError("the API server answers 401 Unauthorized")

    with pytest.raises(SettingsError, match="401 Unauthorized"):
        check(OURS, variant("eks").values(), refuse)


def test_every_kind_that_is_applied_needs_rights():
    asked = {(right.group, right.resource) for right in needed(variant("eks").values())}
    assert {("", "namespaces"), ("apps", "deployments"), ("keda.sh", "scaledobjects")} <= asked


def test_who_may_apply_roles_and_lacks_a_right_that_they_give_is_refused():
    def no_evictions(_: KubernetesSettings, rights: Sequence[Right]) -> Sequence[bool]:
        return [right.verb not in ("escalate", "bind") and right.resource != "pods/eviction" for right in rights]

    with pytest.raises(SettingsError, match=r"lacks rights: create pods/eviction\n"):
        check(OURS, variant("eks").values(), no_evictions)


def test_who_may_give_any_right_is_not_asked_for_those_that_roles_give():
    asked: list[Right] = []

    def grant(_: KubernetesSettings, rights: Sequence[Right]) -> Sequence[bool]:
        asked.extend(rights)
        return [True] * len(rights)

    check(OURS, variant("eks").values(), grant)
    assert not [right for right in asked if right.resource == "pods/eviction"]


def test_who_may_not_give_any_right_but_has_those_that_roles_give_is_let_through():
    check(
        OURS,
        variant("eks").values(),
        lambda _, rights: [right.verb not in ("escalate", "bind") for right in rights],
    )


def test_a_right_on_what_is_in_no_namespace_is_asked_for_everywhere():
    spaces = {right.namespace for right in needed(variant("eks").values()) if right.resource == "priorityclasses"}
    assert spaces == {""}


def test_either_a_kubeconfig_or_a_stack_is_named_and_not_both():
    assert "kubeconfig: give kubeconfig, or of" in refusal(of="aws-prod")


def test_a_stack_is_named_with_the_region():
    assert "region: is needed with of" in refusal(kubeconfig=None, context=None, store=None, of="aws-prod", region=None)


def test_a_stacks_kind_of_cluster_is_said_beforehand():
    said = refusal(kubeconfig=None, context=None, store=None, of="aws-prod", kind="other")
    assert "kind: is needed with of" in said


def test_a_queue_with_a_password_in_it_is_refused():
    assert "slipway:kubernetes.queue" in refusal(queue="redis://:password@tasks.example:6379/0")


def test_a_gateway_that_lets_everybody_in_is_refused():
    assert "namespace: name the proxies' namespace" in refusal(gateway={"class_name": "x", "host": "api.example.com"})


def test_the_autoscaler_of_eks_is_refused_elsewhere():
    assert "images.cluster_autoscaler: runs on eks alone" in refusal(kind="other")


def test_the_autoscaler_without_a_region_is_refused():
    assert "kubernetes.region: the cluster autoscaler needs it" in refusal(region=None)


def test_the_handler_of_a_queue_that_is_not_there_is_refused():
    said = refusal(images={"node_termination_handler": f"registry.example.com/handler@sha256:{'0' * 64}"})
    assert "images.node_termination_handler: reads the queue of an AWS stack" in said


def test_what_the_cloud_stack_says_is_refused_here():
    config = {"slipway:target": "kubernetes", "slipway:regions": ["us-east-1"]}
    with pytest.raises(SettingsError, match="slipway:regions: means nothing on the kubernetes target"):
        Settings.parse(config)
