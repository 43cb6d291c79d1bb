"""Nobody may do everything, nobody is trusted by mistake, and no credential lasts."""

import re
from collections.abc import Iterator
from fnmatch import fnmatch

from infra.policy.aws import identity as aws
from infra.policy.ideas import Grant, Held, LastingKey
from infra.policy.rule import Rule
from infra.policy.terms import Terms

_ALL_POWERFUL = frozenset({"AdministratorAccess", "IAMFullAccess"})
_ANYBODY = "*"
_WHOLE_SERVICE = re.compile(r"[*?]+|[\w*?-]+:[*?]+")
_ANY_VALUE = re.compile(r"(arn:)?[*?:]+")
_ANY_ROLE = re.compile(r"[*]+|arn:.*:role/[*]+")
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
        if _WHOLE_SERVICE.fullmatch(action):
            yield f"{grant.what} allows {action}, and with it whatever the cloud adds later"


def wildcard_principal(grant: Grant, _: Terms) -> Iterator[str]:
    if _ANYBODY in grant.principals and not any(_bounds(grant.conditions.get(key, ())) for key in _BOUNDING):
        yield f"{grant.what} allows {', '.join(grant.actions)} to everybody"


def _bounds(values: tuple[str, ...]) -> bool:
    """Whether a condition on these values leaves anybody out; several of them are alternatives."""
    return bool(values) and not any(_ANY_VALUE.fullmatch(value) for value in values)


def passes_any_role(grant: Grant, _: Terms) -> Iterator[str]:
    passes = any(fnmatch("iam:passrole", action.lower()) for action in grant.actions)
    if passes and any(_ANY_ROLE.fullmatch(resource) for resource in grant.resources):
        yield f"{grant.what} lets its holder give any role to a service, and with it any right in the account"


def loose_federation(grant: Grant, _: Terms) -> Iterator[str]:
    if "sts:AssumeRoleWithWebIdentity" not in grant.actions:
        return
    subjects = [value for key, values in grant.conditions.items() if key.endswith(":sub") for value in values]
    if not subjects:
        yield f"{grant.what} trusts every job that the identity provider knows"
    for subject in subjects:
        if "*" in subject:
            yield f"{grant.what} trusts {subject}, which is more than one environment of one repository"


def all_powerful(held: Held, _: Terms) -> Iterator[str]:
    if held.policy in _ALL_POWERFUL:
        yield f"it is given {held.policy}"


def lasting_key(key: LastingKey, _: Terms) -> Iterator[str]:
    yield f"{key.what} works until somebody takes it away"


RULES = (
    Rule(
        name="no-wildcard-action",
        concern="identity",
        says="A policy names the actions that it allows.",
        mends="list the actions that are used; a prefix, as s3:Get*, will do where the list is long",
        find={"aws": aws.grants},
        judge=wildcard_action,
    ),
    Rule(
        name="no-wildcard-principal",
        concern="identity",
        says="A policy names who may use it, or the account or network that they come from.",
        mends="name the role, the service or the account, or add a condition on aws:SourceAccount",
        find={"aws": aws.grants},
        judge=wildcard_principal,
    ),
    Rule(
        name="no-passing-any-role",
        concern="identity",
        says="Who starts services may give them only named roles.",
        mends="name the roles in Resource, and the services in a condition on iam:PassedToService",
        find={"aws": aws.grants},
        judge=passes_any_role,
    ),
    Rule(
        name="federation-names-its-subject",
        concern="identity",
        says="A role for CI trusts one environment of one repository.",
        mends="add a condition StringEquals on <provider>:sub, as repo:<owner>/<name>:environment:<environment>",
        find={"aws": aws.grants},
        judge=loose_federation,
    ),
    Rule(
        name="no-all-powerful-role",
        concern="identity",
        says="Nobody is given a policy that allows everything, or everything on identities.",
        mends="write a policy with the actions that are used",
        find={"aws": aws.held},
        judge=all_powerful,
    ),
    Rule(
        name="no-long-lived-keys",
        concern="identity",
        says="Credentials end by themselves: roles for machines, OpenID Connect for CI, sessions for people.",
        mends="take a role: Pod Identity for pods, GitHub's OpenID Connect for CI, Session Manager in place of SSH",
        find={"aws": aws.lasting_keys, "pulumi": aws.lasting_keys},
        judge=lasting_key,
    ),
)
