"""Service accounts and what they may do on the cluster, which for our workloads is nothing. Pure.

What they may do on the cloud is said there, by namespace and name (infra/aws/workloads.py): nothing about it is here.
"""

from collections.abc import Sequence
from typing import Any

from infra.kubernetes.objects import Manifest, metadata
from infra.naming import NAMESPACE

_API = "rbac.authorization.k8s.io"
Rule = dict[str, Any]


def service_account(name: str, *, namespace: str = NAMESPACE) -> Manifest:
    """Its token is given to no pod that does not ask for it."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": metadata(name, name, namespace=namespace),
        "automountServiceAccountToken": False,
    }


def may(name: str, rules: Sequence[Rule], *, of: str, within: str | None) -> dict[str, Manifest]:
    """A role and its binding to the account `name` of the namespace `of`; within: a namespace, or None for all."""
    kind = "ClusterRole" if within is None else "Role"
    named = name if within == of else f"slipway-{name}"
    return {
        kind.lower(): {
            "apiVersion": f"{_API}/v1",
            "kind": kind,
            "metadata": metadata(named, name, namespace=within),
            "rules": list(rules),
        },
        f"{kind.lower()}-binding": {
            "apiVersion": f"{_API}/v1",
            "kind": f"{kind}Binding",
            "metadata": metadata(named, name, namespace=within),
            "roleRef": {"apiGroup": _API, "kind": kind, "name": named},
            "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": of}],
        },
    }


def rule(group: str, resources: Sequence[str], verbs: Sequence[str], names: Sequence[str] = ()) -> Rule:
    """names: of the only objects that it is about."""
    said: Rule = {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}
    return said | ({"resourceNames": list(names)} if names else {})
