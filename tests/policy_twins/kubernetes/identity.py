"""What breaks the rules on who may do what in a cluster, and what does not."""

from typing import Any

from tests.policy_twins.kubernetes.pods import metadata
from tests.policy_twins.twin import Made, Secret, Twin

_RBAC = "kubernetes:rbac.authorization.k8s.io/v1"


def role(name: str, resource: str, *verbs: str, group: str = "", **names: Any) -> Made:
    rule = {"apiGroups": [group], "resources": [resource], "verbs": [*verbs], **names}
    return Made(type=f"{_RBAC}:Role", name=name, props={"metadata": metadata(name), "rules": [rule]})


def binding(name: str, role: str = "drift", subject: str = "drift") -> Made:
    kind = "Group" if subject.startswith("system:") else "ServiceAccount"
    said = {"apiGroup": "rbac.authorization.k8s.io"} if kind == "Group" else {"namespace": "slipway"}
    return Made(
        type=f"{_RBAC}:ClusterRoleBinding",
        name=name,
        props={
            "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": [{"kind": kind, "name": subject, **said}],
        },
    )


def secret(name: str, kind: str = "Opaque", **data: Any) -> Made:
    return Made(
        type="kubernetes:core/v1:Secret",
        name=name,
        props={"metadata": metadata(name), "type": kind, **({"stringData": data} if data else {})},
    )


def account(name: str, provider: str = "ours") -> Made:
    return Made(
        type="kubernetes:core/v1:ServiceAccount", name=name, props={"metadata": metadata(name)}, provider=provider
    )


TWINS = (
    Twin(
        rule="no-wildcard-action",
        fails=[role("does-all", "pods", "*")],
        passes=[role("looks", "pods", "get", "list", "watch")],
    ),
    Twin(
        rule="no-wildcard-principal",
        fails=[binding("for-everybody", subject="system:authenticated")],
        passes=[binding("for-one")],
    ),
    Twin(
        rule="no-all-powerful-role",
        fails=[binding("administrator", role="cluster-admin")],
        passes=[binding("reader", role="view")],
    ),
    Twin(
        rule="no-passing-any-role",
        fails=[role("acts-as-any", "serviceaccounts", "impersonate")],
        passes=[role("acts-as-one", "serviceaccounts", "impersonate", resourceNames=["trainer"])],
    ),
    Twin(
        rule="secrets-are-read-by-name",
        fails=[role("reads-all", "secrets", "get", "list")],
        passes=[role("reads-one", "secrets", "get", resourceNames=["queue"])],
    ),
    Twin(
        rule="no-long-lived-keys",
        fails=[secret("lasting", "kubernetes.io/service-account-token")],
        passes=[account("short")],
    ),
    Twin(
        rule="secret-objects-are-sealed",
        fails=[secret("open-secret", entry="c4Vz9pQ2mT7wX1kL")],
        passes=[secret("sealed-secret", entry=Secret("c4Vz9pQ2mT7wX1kL"))],
    ),
    Twin(
        rule="no-default-provider",
        fails=[account("by-accident", provider="")],
        passes=[account("on-purpose")],
    ),
)
