"""Draining nodes that AWS is about to take back, before it does: AWS' node termination handler, on its queue of news.

EKS drains spot nodes of managed groups by itself; this hears of maintenance and of advice to rebalance too. The queue
is the cloud stack's (infra/aws/interruptions.py), so it is for a cluster of Slipway's on EKS. GKE drains by itself.
"""

from dataclasses import dataclass
from typing import Any

from pulumi import Input

from infra.kubernetes import security
from infra.kubernetes.accounts import Rule, may, rule, service_account
from infra.kubernetes.nodes import GRACE_S
from infra.kubernetes.objects import KUBE_SYSTEM, NAME, Manifest, metadata, selected

PART = "drainer"
"""Also of its service account, to which infra/aws gives its rights."""

_PROBES = 8080
_RULES: tuple[Rule, ...] = (
    rule("", ["nodes"], ["get", "list", "patch", "update"]),
    rule("", ["pods"], ["get", "list"]),
    rule("", ["pods/eviction"], ["create"]),
    rule("apps", ["daemonsets"], ["get"]),
)


@dataclass(frozen=True, kw_only=True)
class DrainerArgs:
    """image: by digest. queue: URL of the news. region: of the queue."""

    image: str
    queue: Input[str]
    region: str


def drainer(args: DrainerArgs) -> dict[str, Manifest]:
    return {
        "account": service_account(PART, namespace=KUBE_SYSTEM),
        **may(PART, _RULES, of=KUBE_SYSTEM, within=None),
        "deployment": {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": metadata(PART, PART, namespace=KUBE_SYSTEM),
            "spec": {
                "replicas": 1,
                "selector": selected(PART),
                "strategy": {"type": "Recreate"},
                "template": {
                    "metadata": {"labels": {NAME: PART}},
                    "spec": {
                        "serviceAccountName": PART,
                        "automountServiceAccountToken": True,  # it cordons nodes and evicts pods
                        "priorityClassName": "system-cluster-critical",
                        "securityContext": security.POD,
                        "containers": [_container(args)],
                    },
                },
            },
        },
    }


def _container(args: DrainerArgs) -> dict[str, Any]:
    environment: dict[str, Input[str]] = {
        "AWS_REGION": args.region,
        "CHECK_TAG_BEFORE_DRAINING": "false",  # nodes of other clusters it passes over
        "DELETE_LOCAL_DATA": "true",  # what is there is scratch
        "ENABLE_PROBES_SERVER": "true",
        "ENABLE_SQS_TERMINATION_DRAINING": "true",
        "IGNORE_DAEMON_SETS": "true",
        "NODE_TERMINATION_GRACE_PERIOD": str(GRACE_S["eks"]),
        "POD_TERMINATION_GRACE_PERIOD": "-1",  # each pod's own
        "PROBES_SERVER_ENDPOINT": "/healthz",
        "PROBES_SERVER_PORT": str(_PROBES),
        "QUEUE_URL": args.queue,
    }
    asked = {"httpGet": {"path": "/healthz", "port": "probes"}, "periodSeconds": 10}
    return {
        "name": PART,
        "image": args.image,
        "env": [
            {"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
            {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
            {"name": "NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
            *({"name": name, "value": value} for name, value in environment.items()),
        ],
        "ports": [{"name": "probes", "containerPort": _PROBES, "protocol": "TCP"}],
        "livenessProbe": asked,
        "readinessProbe": asked,
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
        "securityContext": security.CONTAINER,
    }
