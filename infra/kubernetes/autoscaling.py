"""In which order nodes come: the cluster autoscaler with its priority expander on EKS, ComputeClasses on GKE.

The order itself is the cloud stack's, in `KubernetesCluster.priorities` (infra/aws/expander.py, infra/gcp/expander.py).
On an EKS cluster of yours it follows from the pools: name your node groups `…<pool>-<capacity>…`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from pulumi import Input, Output

from infra.kubernetes import security
from infra.kubernetes.access import told
from infra.kubernetes.accounts import Rule, may, rule, service_account
from infra.kubernetes.objects import KUBE_SYSTEM, NAME, Manifest, metadata, selected
from infra.settings import PoolSettings
from slipway.errors import SettingsError

PART = "cluster-autoscaler"
"""Also of its service account, to which infra/aws gives its rights."""

EXPANDER = "cluster-autoscaler-priority-expander"
"""Where the autoscaler looks for priorities."""

_PROVISION_TIME = "5m"
"""A group that has no machines for as long is passed over for the next."""
_READ, _WRITE = ("get", "list", "watch"), ("create", "delete", "get", "update", "patch")


@dataclass(frozen=True, kw_only=True)
class AutoscalerArgs:
    """image: by digest. cluster: its name on EKS. priorities: content of the expander's ConfigMap."""

    image: str
    cluster: Input[str]
    region: str
    priorities: Input[str]


def autoscaler(args: AutoscalerArgs) -> dict[str, Manifest]:
    """On EKS, in the namespace where EKS' add-ons run."""
    return {
        "account": service_account(PART, namespace=KUBE_SYSTEM),
        "priorities": {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": metadata(EXPANDER, PART, namespace=KUBE_SYSTEM),
            "data": {"priorities": args.priorities},
        },
        **may(PART, _RULES, of=KUBE_SYSTEM, within=None),
        **may(PART, _OWN_RULES, of=KUBE_SYSTEM, within=KUBE_SYSTEM),
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
                        "automountServiceAccountToken": True,
                        "priorityClassName": "system-cluster-critical",
                        "securityContext": security.POD,
                        "containers": [_container(args)],
                    },
                },
            },
        },
    }


def _container(args: AutoscalerArgs) -> dict[str, Any]:
    groups = Output.concat(
        "--node-group-auto-discovery=asg:tag=k8s.io/cluster-autoscaler/enabled,k8s.io/cluster-autoscaler/", args.cluster
    )
    return {
        "name": PART,
        "image": args.image,
        "command": ["./cluster-autoscaler"],
        "args": [
            "--cloud-provider=aws",
            groups,
            "--expander=priority,least-waste",
            "--balance-similar-node-groups",
            "--skip-nodes-with-local-storage=false",  # what is there is scratch
            f"--max-node-provision-time={_PROVISION_TIME}",
            "--stderrthreshold=info",
        ],
        "env": [{"name": "AWS_REGION", "value": args.region}],
        "ports": [{"name": "metrics", "containerPort": 8085, "protocol": "TCP"}],
        "livenessProbe": {"httpGet": {"path": "/health-check", "port": "metrics"}, "periodSeconds": 30},
        "resources": {"requests": {"cpu": "100m", "memory": "600Mi"}, "limits": {"memory": "600Mi"}},
        "securityContext": security.CONTAINER,
    }


def priorities_of(pools: Sequence[PoolSettings]) -> str:
    """The expander's YAML for groups that are not Slipway's, from what their names say."""
    ladder: dict[int, list[str]] = {}
    for pool in pools:
        for place, capacity in enumerate(pool.capacity):
            pattern = f".*{pool.name}-{capacity.replace('_', '-')}.*"
            ladder.setdefault((len(pool.capacity) - place) * 10, []).append(pattern)
    return yaml.safe_dump(dict(sorted(ladder.items(), reverse=True)), sort_keys=False)


def compute_classes(pools: Sequence[PoolSettings], priorities: Output[str]) -> dict[str, Manifest]:
    """On GKE, one for each pool and named after it: which there are settings say, what they say the cloud's outputs."""
    return {pool.name: _compute_class(pool.name, priorities) for pool in pools}


def _compute_class(pool: str, priorities: Output[str]) -> Manifest:
    return {
        "apiVersion": "cloud.google.com/v1",
        "kind": "ComputeClass",
        "metadata": metadata(pool, "compute-class", namespace=None),
        "spec": priorities.apply(lambda text: told(lambda: class_spec(text, pool))),
    }


def class_spec(priorities: str, pool: str) -> dict[str, Any]:
    """What one ComputeClass says, of those that the cloud stack wrote. Raises SettingsError for a pool it has not."""
    classes: dict[str, Any] = {
        each["metadata"]["name"]: each["spec"] for each in yaml.safe_load_all(priorities) if each
    }
    if pool not in classes:
        raise SettingsError(
            f"slipway:gpu_pools: the stack in slipway:kubernetes.of has no pool {pool} in this region",
            hint=f"it has {', '.join(sorted(classes)) or 'none'}; say the same pools in both stacks",
        )
    return classes[pool]


_RULES: tuple[Rule, ...] = (
    rule("", ["events", "endpoints"], ["create", "patch"]),
    rule("", ["pods/eviction"], ["create"]),
    rule("", ["pods/status"], ["update"]),
    rule("", ["nodes"], [*_READ, "update", "patch"]),
    rule("", ["namespaces", "pods", "services", "replicationcontrollers"], _READ),
    rule("", ["persistentvolumeclaims", "persistentvolumes"], _READ),
    rule("apps", ["daemonsets", "replicasets", "statefulsets"], _READ),
    rule("policy", ["poddisruptionbudgets"], _READ),
    rule(
        "storage.k8s.io",
        ["csinodes", "csidrivers", "csistoragecapacities", "storageclasses", "volumeattachments"],
        _READ,
    ),
    rule("batch", ["jobs"], _READ),
    rule("resource.k8s.io", ["deviceclasses", "resourceclaims", "resourceslices"], _READ),
)
"""What it reads to know what would fit where, and what it changes on nodes, from its own Helm chart."""

_OWN_RULES: tuple[Rule, ...] = (
    rule("coordination.k8s.io", ["leases"], ["create"]),
    rule("coordination.k8s.io", ["leases"], ["get", "update"], names=[PART]),
    rule("", ["configmaps"], ["create", *_READ]),
    rule("", ["configmaps"], _WRITE, names=["cluster-autoscaler-status", EXPANDER]),
)
"""In its own namespace: who leads, what it says of itself, and the order that it is told."""
