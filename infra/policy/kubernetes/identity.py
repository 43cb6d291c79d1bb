"""Where Kubernetes says who may do what: RBAC's rules and bindings, and tokens that last."""

from collections.abc import Iterator
from typing import Any

from infra.policy.ideas import Grant, Held, LastingKey, Passing, SecretReader
from infra.policy.kubernetes import objects
from infra.policy.stack import Resource, Sealed, dig, is_block, is_list

_ROLES = ("rbac.authorization.k8s.io/v1:Role", "rbac.authorization.k8s.io/v1:ClusterRole")
_BINDINGS = ("rbac.authorization.k8s.io/v1:RoleBinding", "rbac.authorization.k8s.io/v1:ClusterRoleBinding")
_EVERYBODY = ("system:anonymous", "system:unauthenticated", "system:authenticated", "system:serviceaccounts")
_ACTING = ("impersonate", "bind", "escalate")
_READING = ("get", "list", "watch")
_KEEPER = "core/v1:Secret"
_LASTING = "kubernetes.io/service-account-token"


def grants(resource: Resource) -> Iterator[Grant]:
    """Rules of a role; and bindings, whose subjects are whom it is for. A resource that is `*` is any, as a verb is."""
    for rule in _rules(resource):
        named = (*_texts(rule, "verbs"), *_texts(rule, "resources"), *_texts(rule, "apiGroups"))
        yield Grant(what="the role", actions=tuple(dict.fromkeys(named)))
    if objects.kind(resource) in _BINDINGS:
        subjects = [dig(subject, "name") for subject in resource.entries("subjects")]
        yield Grant(
            what="the binding",
            actions=(f"the role {resource.text('roleRef.name') or ''}",),
            principals=tuple("*" if subject in _EVERYBODY else str(subject) for subject in subjects),
        )


def held(resource: Resource) -> Iterator[Held]:
    role = resource.get("roleRef.name") if objects.kind(resource) in _BINDINGS else None
    if isinstance(role, str):
        yield Held(policy=role)


def passing(resource: Resource) -> Iterator[Passing]:
    for rule in _rules(resource):
        acts = [verb for verb in _texts(rule, "verbs") if verb in _ACTING]
        if acts:
            yield Passing(what=f"the verb {', '.join(acts)}", anybody=not dig(rule, "resourceNames"))


def secret_readers(resource: Resource) -> Iterator[SecretReader]:
    for rule in _rules(resource):
        if "secrets" in _texts(rule, "resources") and any(verb in _READING for verb in _texts(rule, "verbs")):
            yield SecretReader(what="the role", all=not dig(rule, "resourceNames"))


def lasting_keys(resource: Resource) -> Iterator[LastingKey]:
    if objects.kind(resource) == _KEEPER and resource.get("type") == _LASTING:
        yield LastingKey(what="a token of a service account")


def open_secrets(resource: Resource) -> Iterator[str]:
    """Paths in a Secret at which the engine's state would hold a value as it is; base64 hides nothing."""
    if objects.kind(resource) != _KEEPER or resource.cloud != "kubernetes":
        return
    for path in ("data", "stringData"):
        values = resource.get(path)
        for key, value in values.items() if is_block(values) else ():
            if isinstance(value, str) and value and not isinstance(value, Sealed):
                yield f"{path}.{key}"


def _rules(resource: Resource) -> Iterator[Any]:
    if objects.kind(resource) in _ROLES:
        yield from resource.entries("rules")


def _texts(rule: Any, key: str) -> tuple[str, ...]:
    found = dig(rule, key, ())
    return tuple(entry for entry in found if isinstance(entry, str)) if is_list(found) else ()
