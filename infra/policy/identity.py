"""Nobody may do everything, nobody is trusted by mistake, and no credential lasts."""

import re
from collections.abc import Iterator

from infra.policy.aws import identity as aws
from infra.policy.gcp import identity as gcp
from infra.policy.ideas import Federation, Grant, Held, Identity, LastingKey, Passing, SecretReader
from infra.policy.kubernetes import identity as kubernetes
from infra.policy.kubernetes import pods
from infra.policy.rule import Rule
from infra.policy.stack import Resource
from infra.policy.terms import Terms

_ALL_POWERFUL = frozenset(
    {
        "AdministratorAccess",
        "IAMFullAccess",
        "roles/owner",
        "roles/editor",
        "roles/iam.securityAdmin",
        "roles/resourcemanager.projectIamAdmin",
        "cluster-admin",
    }
)
_ANYBODY = "*"
_WHOLE_SERVICE = re.compile(r"[*?]+|[\w*?-]+:[*?]+")
_OF_A_POWER = re.compile(r"(iam|sts|kms):.*[*?].*", re.IGNORECASE)
"""Services in which a part of a name, as iam:Put* or sts:Assume*, is as good as all."""

_ANY_VALUE = re.compile(r"(arn:)?[*?:]+")
_BOUNDING = (
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceorgid",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "kms:calleraccount",
)
"""Conditions that leave of everybody only those of a known account, organisation or network."""


def wildcard_action(grant: Grant, _: Terms) -> Iterator[str]:
    if grant.everything_but:
        yield f"{grant.what} allows all but what it names, and with it whatever the cloud adds later"
    for action in grant.actions:
        if _WHOLE_SERVICE.fullmatch(action) or _OF_A_POWER.fullmatch(action):
            yield f"{grant.what} allows {action}, and with it whatever the cloud adds later"


def wildcard_principal(grant: Grant, _: Terms) -> Iterator[str]:
    if _ANYBODY in grant.principals and not any(_bounds(grant.conditions.get(key, ())) for key in _BOUNDING):
        yield f"{grant.what} allows {', '.join(grant.actions)} to everybody"


def _bounds(values: tuple[str, ...]) -> bool:
    """Whether a condition on these values leaves anybody out; several of them are alternatives."""
    return bool(values) and not any(_ANY_VALUE.fullmatch(value) for value in values)


def passes_any_role(passing: Passing, _: Terms) -> Iterator[str]:
    if passing.anybody:
        yield f"{passing.what} lets its holder act as anybody, or give any role to a service, and with it every right"


def loose_federation(trust: Federation, _: Terms) -> Iterator[str]:
    if not trust.subjects:
        yield f"{trust.what} trusts every job that the identity provider knows"
    for subject in trust.wide:
        yield f"{trust.what} trusts {subject}, which is more than one environment of one repository"


def reads_all_secrets(reader: SecretReader, _: Terms) -> Iterator[str]:
    if reader.all:
        yield f"{reader.what} lets its holder read every secret, those of others too"


def shared_identity(identity: Identity, _: Terms) -> Iterator[str]:
    if identity.shared:
        yield f"{identity.what} acts as the identity that everything gets which says none"


def all_powerful(held: Held, _: Terms) -> Iterator[str]:
    if held.policy in _ALL_POWERFUL:
        yield f"it is given {held.policy}"


def lasting_key(key: LastingKey, _: Terms) -> Iterator[str]:
    yield f"{key.what} works until somebody takes it away"


def _keys_of_providers(resource: Resource) -> Iterator[LastingKey]:
    yield from aws.lasting_keys(resource)
    yield from gcp.lasting_keys(resource)


RULES = (
    Rule(
        name="no-wildcard-action",
        concern="identity",
        says="A policy names the actions that it allows.",
        mends="list the actions that are used; a prefix, as s3:Get*, will do where the list is long, but not of iam, "
        "sts or kms",
        mends_on={"kubernetes": "list the verbs, resources and groups that are used"},
        find={"aws": aws.grants, "kubernetes": kubernetes.grants},
        judge=wildcard_action,
    ),
    Rule(
        name="no-wildcard-principal",
        concern="identity",
        says="A policy names who may use it, or the account or network that they come from.",
        mends="name the role, the service or the account, or add a condition on aws:SourceAccount",
        mends_on={
            "gcp": "name the principal: a service account, or a workload by its namespace and name",
            "kubernetes": "name the service account; what nobody has signed in for is everybody",
        },
        find={"aws": aws.grants, "gcp": gcp.grants, "kubernetes": kubernetes.grants},
        judge=wildcard_principal,
    ),
    Rule(
        name="no-passing-any-role",
        concern="identity",
        says="Who starts services may give them only named roles.",
        mends="name the roles in Resource, and the services in a condition on iam:PassedToService",
        mends_on={
            "gcp": "give the role on the one service account that is meant, not on the project",
            "kubernetes": "name the one that is meant in resourceNames",
        },
        find={"aws": aws.passing, "gcp": gcp.passing, "kubernetes": kubernetes.passing},
        judge=passes_any_role,
    ),
    Rule(
        name="federation-names-its-subject",
        concern="identity",
        says="A role for CI trusts one environment of one repository.",
        mends="add a condition StringEquals on <provider>:sub, as repo:<owner>/<name>:environment:<environment>",
        mends_on={
            "gcp": "give the provider an attribute_condition on assertion.repository or assertion.sub, and bind "
            "principal://.../subject/repo:<owner>/<name>:environment:<environment>",
        },
        find={"aws": aws.federations, "gcp": gcp.federations},
        judge=loose_federation,
    ),
    Rule(
        name="no-all-powerful-role",
        concern="identity",
        says="Nobody is given a policy that allows everything, or everything on identities.",
        mends="write a policy with the actions that are used",
        mends_on={
            "gcp": "give roles of single services; who gives roles gets a condition on modifiedGrantsByRole",
            "kubernetes": "write a role with the verbs that are used",
        },
        find={"aws": aws.held, "gcp": gcp.held, "kubernetes": kubernetes.held},
        judge=all_powerful,
    ),
    Rule(
        name="no-long-lived-keys",
        concern="identity",
        says="Credentials end by themselves: roles for machines, OpenID Connect for CI, sessions for people.",
        mends="take a role: Pod Identity for pods, GitHub's OpenID Connect for CI, Session Manager in place of SSH",
        mends_on={
            "gcp": "take Workload Identity: a binding for the pod's service account, a pool for CI",
            "kubernetes": "take a token that is projected into the pod, which ends by itself",
        },
        find={
            "aws": aws.lasting_keys,
            "gcp": gcp.lasting_keys,
            "kubernetes": kubernetes.lasting_keys,
            "pulumi": _keys_of_providers,
        },
        judge=lasting_key,
    ),
    Rule(
        name="secrets-are-read-by-name",
        concern="identity",
        says="Who reads secrets may read those that it needs.",
        mends="name the secrets in Resource",
        mends_on={
            "gcp": "give the role on the secret, not on the project",
            "kubernetes": "name the secrets in resourceNames, or mount them",
        },
        find={"aws": aws.secret_readers, "gcp": gcp.secret_readers, "kubernetes": kubernetes.secret_readers},
        judge=reads_all_secrets,
    ),
    Rule(
        name="identities-are-not-shared",
        concern="identity",
        says="What runs has an identity of its own, which may do what it needs and no more.",
        mends="give it a service account of its own, with the roles that it needs",
        mends_on={"kubernetes": "set serviceAccountName, or automountServiceAccountToken to false"},
        find={"gcp": gcp.identities, "kubernetes": pods.identities},
        judge=shared_identity,
    ),
)
