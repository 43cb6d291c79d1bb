"""Where Google says who may do what: bindings of roles, keys that last, and whose word is taken for who somebody is."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from infra.policy.ideas import Federation, Grant, Held, Identity, LastingKey, Passing, SecretReader
from infra.policy.stack import UNKNOWN, Resource, dig, is_block, is_list, parsed

_EVERYBODY = ("allUsers", "allAuthenticatedUsers")
_INVOKER = "roles/run.invoker"
"""Whom a service on Cloud Run answers is its ingress' to say, which another rule looks at: behind a balancer, callers
have no account at Google."""

_WHOLE_PROJECT = ("gcp:projects/", "gcp:folder/", "gcp:organizations/")
_ACTING = (
    "roles/iam.serviceAccountUser",
    "roles/iam.serviceAccountTokenCreator",
    "roles/iam.serviceAccountKeyAdmin",
    "roles/iam.workloadIdentityUser",
)
"""Roles to act as a service account, or to make keys of it; the first two after the CIS benchmark for Google, 1.6."""

_READING = "roles/secretmanager.secretAccessor"
_GRANTING = ("roles/resourcemanager.projectIamAdmin", "roles/iam.securityAdmin")
_BOUND_GRANTING = "modifiedGrantsByRole"
"""In a condition: who may give roles may give only those that it names."""

_LASTING = {
    "gcp:serviceaccount/key:Key": "a key of a service account",
    "gcp:storage/hmacKey:HmacKey": "a key for a store",
    "gcp:projects/apiKey:ApiKey": "an API key",
}
_SINGLES_OUT = re.compile(r"(repository(_id)?|sub(ject)?)['\"\])]*\s*(==|in\b|\.startsWith)")
_WIDE = re.compile(r"^principalSet://.*/workloadIdentityPools/[^/]+/(\*|attribute\.(?!environment|sub)[^/]+/.*)$")
_DEFAULT_ACCOUNT = "-compute@developer.gserviceaccount.com"
_RUNS_AS = {
    "gcp:container/nodePool:NodePool": ("the node pool", "nodeConfig.serviceAccount"),
    "gcp:cloudrunv2/service:Service": ("the service", "template.serviceAccount"),
    "gcp:cloudrunv2/job:Job": ("the job", "template.template.serviceAccount"),
    "gcp:compute/instance:Instance": ("the instance", "serviceAccount.email"),
    "gcp:compute/instanceTemplate:InstanceTemplate": ("the instance", "serviceAccount.email"),
}


@dataclass(frozen=True, kw_only=True)
class Binding:
    """A role that members hold. condition: the text that bounds it, or nothing."""

    role: str
    members: tuple[str, ...]
    condition: str = ""


def bindings(resource: Resource) -> Iterator[Binding]:
    """Of every type that gives a role: one member, several, or a whole policy as JSON."""
    kind = resource.type.rpartition(":")[2].lower()
    if resource.cloud != "gcp":
        return
    if kind.endswith(("iammember", "iambinding")):
        yield from _binding(resource.props)
    elif kind.endswith("iampolicy"):
        document = parsed(resource.get("policyData"))
        said = dig(document, "bindings", ()) if is_block(document) else ()
        for block in said if is_list(said) else ():
            yield from _binding(block)


def _binding(block: Any) -> Iterator[Binding]:
    role, one, several = dig(block, "role"), dig(block, "member"), dig(block, "members", ())
    if not isinstance(role, str):
        return
    members = [one, *(several if is_list(several) else ())]
    condition = dig(block, "condition.expression", "")
    yield Binding(
        role=role,
        members=tuple(member for member in members if isinstance(member, str)),
        condition=condition if isinstance(condition, str) else "",
    )


def grants(resource: Resource) -> Iterator[Grant]:
    for binding in bindings(resource):
        if binding.role != _INVOKER:
            principals = tuple("*" if member in _EVERYBODY else member for member in binding.members)
            yield Grant(what="the binding", actions=(binding.role,), principals=principals)


def held(resource: Resource) -> Iterator[Held]:
    for binding in bindings(resource):
        if binding.role not in _GRANTING or _BOUND_GRANTING not in binding.condition:
            yield Held(policy=binding.role)


def passing(resource: Resource) -> Iterator[Passing]:
    """Of a whole project, a role to act as service accounts is one to act as any of them."""
    for binding in bindings(resource):
        if binding.role in _ACTING:
            yield Passing(what=f"the binding of {binding.role}", anybody=resource.type.startswith(_WHOLE_PROJECT))


def secret_readers(resource: Resource) -> Iterator[SecretReader]:
    for binding in bindings(resource):
        if binding.role == _READING:
            everywhere = resource.type.startswith(_WHOLE_PROJECT) and not binding.condition
            yield SecretReader(what="the binding", all=everywhere)


def federations(resource: Resource) -> Iterator[Federation]:
    """A provider whose word is taken, and bindings of those whom it vouches for."""
    if resource.type == "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider" and resource.get("oidc"):
        condition = resource.get("attributeCondition", "")
        if condition is not UNKNOWN:
            singled_out = isinstance(condition, str) and bool(_SINGLES_OUT.search(condition))
            yield Federation(what="the provider", subjects=(condition,) if singled_out else ())
    for binding in bindings(resource):
        wide = tuple(member for member in binding.members if _WIDE.match(member))
        if wide:
            yield Federation(what="the binding", subjects=wide, wide=wide)


def lasting_keys(resource: Resource) -> Iterator[LastingKey]:
    if resource.type in _LASTING:
        yield LastingKey(what=_LASTING[resource.type])
    elif resource.type == "pulumi:providers:gcp" and resource.get("credentials"):
        yield LastingKey(what="a key of a service account in the provider")


def identities(resource: Resource) -> Iterator[Identity]:
    """Who says none gets the project's default account, which may do more than anything should."""
    if resource.type in _RUNS_AS:
        what, path = _RUNS_AS[resource.type]
        account = resource.text(path)
        yield Identity(what=what, shared=None if account is None else not account or account.endswith(_DEFAULT_ACCOUNT))
