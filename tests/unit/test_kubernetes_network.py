"""Who may speak with whom in the workloads' namespace: nobody but for what is named, found by adding policies up."""

import json
from typing import Any

import pytest

from infra.kubernetes.objects import NAME, SYSTEM_NAMESPACE
from infra.naming import NAMESPACE
from tests.kubernetes_objects import variant


def policies(name: str = "eks", namespace: str = NAMESPACE) -> dict[str, dict[str, Any]]:
    return {
        each["metadata"]["name"]: each["spec"]
        for each in variant(name).values()
        if each["kind"] == "NetworkPolicy" and each["metadata"]["namespace"] == namespace
    }


def selects(spec: dict[str, Any], part: str) -> bool:
    pods = spec["podSelector"]
    if any(label != NAME or value != part for label, value in pods.get("matchLabels", {}).items()):
        return False
    return all(part in term["values"] for term in pods.get("matchExpressions", []))


def opened(part: str, direction: str, name: str = "eks") -> list[dict[str, Any]]:
    """Every rule that applies to the pods of a part."""
    return [rule for spec in policies(name).values() if selects(spec, part) for rule in spec.get(direction, [])]


def reached(part: str, name: str = "eks") -> set[tuple[str, int]]:
    """Ranges and ports that a part may speak with outside of the cluster."""
    return {
        (peer["ipBlock"]["cidr"], port["port"])
        for rule in opened(part, "egress", name)
        for peer in rule.get("to", [])
        if "ipBlock" in peer
        for port in rule["ports"]
    }


@pytest.mark.parametrize("part", ["predictor", "trainer", "worker", "drift", "anything"])
def test_every_pod_is_closed_in_both_directions_to_begin_with(part: str):
    deny = policies()["deny-all"]
    assert selects(deny, part)
    assert deny["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in deny
    assert "egress" not in deny


def test_what_reaches_into_its_node_speaks_with_nobody_and_is_asked_by_prometheus_alone():
    system = policies(namespace=SYSTEM_NAMESPACE)
    assert system["deny-all"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert system.keys() == {"deny-all", "scraper"}
    assert [port["port"] for rule in system["scraper"]["ingress"] for port in rule["ports"]] == [9400]


def test_a_pod_that_is_none_of_ours_hears_nobody():
    assert opened("anything", "ingress") == []


def test_trainers_speak_with_each_other_without_limits():
    among = {"podSelector": {"matchLabels": {NAME: "trainer"}}}
    assert {"from": [among]} in opened("trainer", "ingress")
    assert {"to": [among]} in opened("trainer", "egress")


def test_nobody_but_trainers_reaches_a_trainer_where_prometheus_is_not_there():
    peers = [peer for rule in opened("trainer", "ingress", "eks with KEDA alone") for peer in rule["from"]]
    assert peers == [{"podSelector": {"matchLabels": {NAME: "trainer"}}}]


def test_prometheus_reaches_a_trainers_figures_and_nothing_else_of_it():
    asked = [rule for rule in opened("trainer", "ingress") if "namespaceSelector" in rule["from"][0]]
    (job,) = [json.loads(text) for pool, text in variant("eks")["trainer-jobs"]["data"].items() if "train" in pool]
    (container,) = job["spec"]["template"]["spec"]["containers"]
    shown = [each["containerPort"] for each in container["ports"] if each["name"].startswith("metrics-")]
    assert [rule["ports"] for rule in asked] == [[{"port": min(shown), "endPort": max(shown), "protocol": "TCP"}]]


def test_every_pod_may_resolve_names():
    assert any({port["port"] for port in rule["ports"]} == {53} for rule in opened("anything", "egress"))


def test_every_pod_reaches_the_clouds_services_over_tls():
    assert ("0.0.0.0/0", 443) in reached("trainer")


def test_no_pod_reaches_the_credentials_of_its_node():
    for rule in opened("trainer", "egress"):
        for peer in rule.get("to", []):
            if peer.get("ipBlock", {}).get("cidr") == "0.0.0.0/0":
                assert peer["ipBlock"]["except"] == ["169.254.0.0/16"]
    assert ("169.254.169.254/32", 80) not in reached("trainer")


def test_pods_on_eks_reach_the_agent_that_gives_them_their_role():
    assert ("169.254.170.23/32", 80) in reached("predictor")


def test_pods_on_gke_reach_the_metadata_server_that_gives_them_their_identity():
    assert ("169.254.169.254/32", 80) in reached("predictor", "gke of yours")


def test_the_predictor_hears_its_gateways_proxies():
    namespaces = [
        peer["namespaceSelector"]["matchLabels"]
        for rule in opened("predictor", "ingress")
        for peer in rule["from"]
        if "namespaceSelector" in peer
    ]
    assert {"kubernetes.io/metadata.name": "envoy-gateway-system"} in namespaces


def test_the_predictor_hears_a_balancer_of_the_cloud_from_its_ranges_alone():
    ranges = [
        peer["ipBlock"]["cidr"]
        for rule in opened("predictor", "ingress", "gke that Slipway made")
        for peer in rule["from"]
        if "ipBlock" in peer
    ]
    assert ranges == ["10.129.0.0/23"]


def test_the_queue_is_for_predictor_and_worker_alone():
    def to_queue(part: str) -> bool:
        return any(rule.get("ports") == [{"port": 6379, "protocol": "TCP"}] for rule in opened(part, "egress"))

    assert [part for part in ("predictor", "worker", "trainer", "drift") if to_queue(part)] == ["predictor", "worker"]


def test_prometheus_reaches_metrics_only_where_it_is_there():
    assert "scraper" in policies()
    assert "scraper" not in policies("eks with KEDA alone")


def test_pods_that_are_scraped_carry_the_label_that_lets_prometheus_in():
    wanted = policies()["scraper"]["podSelector"]["matchLabels"]
    for part in ("predictor", "worker"):
        labels = variant("eks")[f"{part}-deployment"]["spec"]["template"]["metadata"]["labels"]
        assert wanted.items() <= labels.items()
