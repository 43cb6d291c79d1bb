"""What breaks the rules on namespaces and on ways in, and what does not."""

from collections.abc import Iterable
from typing import Any

from tests.policy_twins.kubernetes.pods import metadata
from tests.policy_twins.twin import LABELS, Made, Twin

_RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


def namespace(name: str, *without: str, labels: dict[str, str] = LABELS | _RESTRICTED) -> list[Made]:
    """A namespace with what keeps it apart, but `without` some of it: `policy` or `quota`."""
    parts = {
        "policy": (
            "kubernetes:networking.k8s.io/v1:NetworkPolicy",
            {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
        ),
        "quota": ("kubernetes:core/v1:ResourceQuota", {"hard": {"requests.cpu": "512", "requests.memory": "2Ti"}}),
    }
    return [
        Made(type="kubernetes:core/v1:Namespace", name=name, props={"metadata": {"name": name, "labels": labels}}),
        *(
            Made(
                type=kind,
                name=f"{name}-{part}",
                props={"metadata": {"name": part, "namespace": name}, "spec": spec},
            )
            for part, (kind, spec) in parts.items()
            if part not in without
        ),
    ]


def policy(name: str, ranges: Iterable[str]) -> Made:
    return Made(
        type="kubernetes:networking.k8s.io/v1:NetworkPolicy",
        name=name,
        props={
            "metadata": metadata(name),
            "spec": {
                "podSelector": {"matchLabels": {"app.kubernetes.io/name": "predictor"}},
                "policyTypes": ["Ingress"],
                "ingress": [{"from": [{"ipBlock": {"cidr": each}} for each in ranges]}],
            },
        },
    )


def service(name: str, annotations: dict[str, str] | None = None, **spec: Any) -> Made:
    said = {"annotations": annotations} if annotations else {}
    return Made(
        type="kubernetes:core/v1:Service",
        name=name,
        props={"metadata": metadata(name, **said), "spec": {"ports": [{"port": 80}], **spec}},
    )


def ingress(name: str, **spec: Any) -> Made:
    default = {"service": {"name": "predictor", "port": {"number": 80}}}
    return Made(
        type="kubernetes:networking.k8s.io/v1:Ingress",
        name=name,
        props={"metadata": metadata(name), "spec": {"defaultBackend": default, **spec}},
    )


TWINS = (
    Twin(
        rule="namespaces-are-restricted",
        fails=namespace("lax", labels=LABELS | {"pod-security.kubernetes.io/enforce": "baseline"}),
        passes=namespace("restricted"),
    ),
    Twin(
        rule="namespaces-are-closed",
        fails=namespace("open-inside", "policy"),
        passes=namespace("closed-inside"),
    ),
    Twin(
        rule="namespaces-are-bounded",
        fails=namespace("unbounded-space", "quota"),
        passes=namespace("bounded-space"),
    ),
    Twin(
        rule="resources-have-an-owner",
        fails=namespace("nobodys-space", labels=_RESTRICTED),
        passes=namespace("owned", labels={f"slipway/{key}": value for key, value in LABELS.items()} | _RESTRICTED),
    ),
    Twin(
        rule="no-public-ingress",
        fails=[policy("from-everywhere", ["0.0.0.0/0"])],
        passes=[policy("from-inside", ["10.0.0.0/8"])],
    ),
    Twin(
        rule="services-stay-inside",
        fails=[service("public-balancer", type="LoadBalancer")],
        passes=[
            service(
                "internal-balancer",
                {"networking.gke.io/load-balancer-type": "Internal"},
                type="LoadBalancer",
            )
        ],
    ),
    Twin(
        rule="plain-http-is-sent-on",
        fails=[ingress("plain-ingress")],
        passes=[ingress("tls-ingress", tls=[{"hosts": ["api.example.com"], "secretName": "api"}])],
    ),
)
