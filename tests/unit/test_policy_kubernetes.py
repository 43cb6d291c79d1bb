"""Where Kubernetes says things in more than one way: each way is seen, and what is well is left alone."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.policy_twins import TWINS, Made, Ref, Twin
from tests.policy_twins.judging import other, refused
from tests.policy_twins.kubernetes.identity import binding, role, secret
from tests.policy_twins.kubernetes.others import AGENT, GATEWAY, OTHERS, POD, SERVICE
from tests.policy_twins.kubernetes.pods import container, deployment, metadata, secured, spec
from tests.policy_twins.kubernetes.spaces import ingress, namespace, policy, service
from tests.policy_twins.kubernetes.workloads import budget, by_the_clock, job, several
from tests.policy_twins.twin import LABELS

_SPOT = {"key": "eks.amazonaws.com/capacityType", "operator": "In", "values": ["SPOT"]}
_ON_DEMAND = {"key": "slipway/capacity", "operator": "In", "values": ["on-demand"]}
_EXTERNAL = {"networking.gke.io/load-balancer-type": "External"}
_REDIRECT = {"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}


@pytest.mark.parametrize("made", [*OTHERS, job("j"), by_the_clock("c", "Replace")], ids=lambda made: made.type)
def test_what_is_as_it_should_be_is_not_refused(made: Made):
    assert refused(made) == set()


def _agent(*containers: Mapping[str, Any], **changed: Any) -> Made:
    return other(AGENT, {"spec": {"template": {"metadata": {}, "spec": spec(*containers, **changed)}}})


def _adds(capability: str) -> dict[str, Any]:
    return {"drop": ["ALL"], "add": [capability]}


def _token(**changed: Any) -> dict[str, Any]:
    return {"automountServiceAccountToken": True, **changed}


def _volume(path: str) -> dict[str, Any]:
    return {"volumes": [{"name": "v", "hostPath": {"path": path}}]}


def _required(*terms: Mapping[str, Any]) -> dict[str, Any]:
    chosen = {"nodeSelectorTerms": [{"matchExpressions": [term]} for term in terms]}
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": chosen}}}


@pytest.mark.parametrize(
    ("rule", "made"),
    [
        ("no-privileged-containers", other(POD, {"spec": spec(secured(privileged=True))})),
        ("no-privileged-containers", _agent(secured(privileged=True))),
        ("no-privileged-containers", deployment("d", spec(initContainers=[secured(privileged=True)]))),
        ("nothing-runs-as-root", deployment("d", spec(container(without="runAsNonRoot")))),
        ("nothing-runs-as-root", deployment("d", spec(secured(runAsNonRoot=False, runAsUser=0)))),
        ("capabilities-are-dropped", deployment("d", spec(secured(capabilities={"drop": ["NET_RAW"]})))),
        ("capabilities-are-dropped", deployment("d", spec(secured(capabilities=_adds("SYS_PTRACE"))))),
        ("system-calls-are-filtered", deployment("d", spec(secured(seccompProfile={"type": "Unconfined"})))),
        ("containers-are-bounded", deployment("d", spec(container(resources=None)))),
        ("no-host-namespaces", _agent(hostPID=True)),
        ("no-host-paths", _agent(**_volume("/var/run/docker.sock"))),
        ("no-host-paths", other(POD, {"spec": spec(**_volume("/var/lib/kubelet/device-plugins"))})),
        ("identities-are-not-shared", deployment("d", spec(**_token()))),
        ("identities-are-not-shared", deployment("d", spec(**_token(serviceAccountName="default")))),
        ("images-by-digest", deployment("d", spec(initContainers=[container(image="busybox")]))),
        ("services-stay-inside", service("s", type="NodePort")),
        ("services-stay-inside", service("s", externalIPs=["203.0.113.7"])),
        ("services-stay-inside", service("s", _EXTERNAL, type="LoadBalancer")),
        ("no-public-ingress", policy("p", ["10.0.0.0/8", "::/0"])),
        ("no-public-ingress", service("s", type="LoadBalancer", loadBalancerSourceRanges=["0.0.0.0/0"])),
        ("no-wildcard-action", role("r", "*", "get")),
        ("no-wildcard-action", role("r", "pods", "get", group="*")),
        ("no-wildcard-principal", binding("b", subject="system:unauthenticated")),
        ("no-passing-any-role", role("r", "clusterroles", "bind", "escalate", group="rbac.authorization.k8s.io")),
        ("secrets-are-read-by-name", role("r", "secrets", "watch")),
        ("jobs-forgive-lost-nodes", job("j", podFailurePolicy={"rules": [{"action": "FailJob"}]})),
        ("budgets-let-nodes-drain", budget("b", of="d", minAvailable="100%")),
        ("spot-has-a-fallback", deployment("d", spec(nodeSelector={"cloud.google.com/gke-spot": "true"}))),
        ("spot-has-a-fallback", deployment("d", spec(**_required(_SPOT)))),
        ("spot-has-a-fallback", job("j", template={"spec": spec(nodeSelector={"slipway/capacity": "spot"})})),
        ("no-secret-in-plain-text", replace(SERVICE, props={"data": {"password": "correct-horse-9"}})),
    ],
)
def test_each_way_to_break_a_rule_is_seen(rule: str, made: Made):
    assert rule in refused(made)


@pytest.mark.parametrize(
    "made",
    [
        _agent(secured(capabilities=_adds("SYS_ADMIN"), allowPrivilegeEscalation=None)),
        deployment("d", spec(secured(capabilities=_adds("NET_BIND_SERVICE")))),
        deployment("d", spec(container(ports=None, readinessProbe=None, livenessProbe=None))),
        deployment("d", spec(container(ports=[{"name": "metrics", "containerPort": 8085}], readinessProbe=None))),
        deployment("d", spec(**_required(_SPOT, _ON_DEMAND))),
        deployment("d", spec(**_required(_SPOT | {"values": ["SPOT", "ON_DEMAND"]}))),
        service("s", type="LoadBalancer", loadBalancerSourceRanges=["203.0.113.0/24"]),
        secret("empty"),
        role("r", "secrets", "create"),
    ],
    ids=lambda made: f"{made.type}",
)
def test_what_only_looks_like_a_fault_is_left_alone(made: Made):
    assert refused(made) == set()


@pytest.mark.parametrize(
    ("spec", "closed"),
    [
        ({"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "egress": [{"ports": [{"port": 53}]}]}, True),
        ({"podSelector": {}, "egress": [{"ports": [{"port": 53}]}]}, True),
        ({"podSelector": {}}, False),
        ({"podSelector": {"matchLabels": {"a": "b"}}, "policyTypes": ["Ingress", "Egress"]}, False),
        ({"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "egress": [{}]}, False),
    ],
)
def test_a_namespace_is_closed_where_nothing_passes_but_what_is_named(spec: Mapping[str, Any], closed: bool):
    one = Made(
        type="kubernetes:networking.k8s.io/v1:NetworkPolicy",
        name="one",
        props={"metadata": {"name": "one", "namespace": "space"}, "spec": spec},
    )
    assert refused(*namespace("space", "policy"), one) == (set() if closed else {"namespaces-are-closed"})


def test_a_policy_in_another_namespace_closes_nothing():
    elsewhere = namespace("elsewhere")
    assert refused(*namespace("space", "policy"), *elsewhere) == {"namespaces-are-closed"}


def test_an_object_may_be_in_a_namespace_by_reference():
    space, _, quota = namespace("space")
    closing = Made(
        type="kubernetes:networking.k8s.io/v1:NetworkPolicy",
        name="closing",
        props={
            "metadata": {"name": "closing", "namespace": Ref("space")},
            "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
        },
    )
    assert refused(space, quota, closing) == set()


def test_a_namespace_of_agents_alone_may_be_privileged_and_has_no_quota():
    labels = LABELS | {"pod-security.kubernetes.io/enforce": "privileged"}
    space = namespace("slipway", "quota", labels=labels)
    assert refused(*space, AGENT) == set()
    assert refused(*space, AGENT, deployment("d")) == {"namespaces-are-restricted", "namespaces-are-bounded"}


def test_what_scales_a_deployment_says_how_few_there_are():
    work = deployment("worker")
    scaled = Made(
        type="kubernetes:autoscaling/v2:HorizontalPodAutoscaler",
        name="worker-scaled",
        props={
            "metadata": metadata("worker"),
            "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "worker"}, "minReplicas": 2, "maxReplicas": 9},
        },
    )
    resting = replace(
        scaled,
        type="kubernetes:keda.sh/v1alpha1:ScaledObject",
        props={"metadata": metadata("worker"), "spec": {"scaleTargetRef": {"name": "worker"}}},
    )
    assert refused(work, scaled) == {"replicas-have-a-budget", "replicas-are-spread"}
    assert refused(work, resting) == set()


def test_a_budget_for_others_is_none():
    assert refused(several("one"), budget("other", of="other")) == {"replicas-have-a-budget"}


def _route(*filters: Mapping[str, Any]) -> Made:
    return Made(
        type="kubernetes:gateway.networking.k8s.io/v1:HTTPRoute",
        name="route",
        props={
            "metadata": metadata("route"),
            "spec": {
                "parentRefs": [{"name": "front", "sectionName": "plain"}],
                "rules": [{"filters": [*filters], "backendRefs": []}],
            },
        },
    )


def test_a_plain_listener_may_say_where_to_come_instead():
    plain = {"name": "plain", "port": 80, "protocol": "HTTP"}
    gateway = other(GATEWAY, {"spec": {"gatewayClassName": "example", "listeners": [plain]}})
    assert refused(gateway) == {"plain-http-is-sent-on"}
    assert refused(gateway, _route()) == {"plain-http-is-sent-on"}
    assert refused(gateway, _route(_REDIRECT)) == set()


def test_an_ingress_without_tls_is_plain():
    assert refused(ingress("i")) == {"plain-http-is-sent-on"}


def test_a_job_that_a_config_map_keeps_is_judged_as_if_it_were_there():
    kept = job("trainer", activeDeadlineSeconds=None)
    manifest = {"apiVersion": "batch/v1", "kind": "Job", **kept.props}
    keeper = Made(
        type="kubernetes:core/v1:ConfigMap",
        name="jobs",
        props={"metadata": metadata("jobs"), "data": {"train.json": json.dumps(manifest), "notes": "[1, 2]"}},
    )
    assert refused(keeper) == {"jobs-end"}


@pytest.mark.parametrize("twin", [twin for twin in TWINS if twin.cloud == "kubernetes"], ids=str)
def test_a_passing_twin_is_what_kubernetes_itself_accepts(twin: Twin):
    """By its published schemas: otherwise a rule could be kept by what no cluster would take."""
    import kubernetes_validate

    for made in twin.passes:
        version, kind = made.type.removeprefix("kubernetes:").rsplit(":", 1)
        manifest = {"apiVersion": version.removeprefix("core/"), "kind": kind, **_opened(made.props)}
        kubernetes_validate.validate(manifest, "1.36", strict=True)


def _opened(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _opened(part) for key, part in value.items()}
    return getattr(value, "text", value)
