"""Where AWS says who may do what: statements in policy documents, policies that are held, keys that last."""

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from typing import Any

from infra.policy.ideas import Federation, Grant, Held, LastingKey, Passing, SecretReader
from infra.policy.stack import UNKNOWN, Resource, dig, is_block, is_list, parsed

_DOCUMENTS = {"policy": "the policy", "assumeRolePolicy": "the trust policy"}
_LOOSE = re.compile(r"Not|Null|IfExists|ForAllValues")
_ANY_ROLE = re.compile(r"[*]+|arn:.*:role/[*]+")
_ANY_SECRET = re.compile(r"[*]+|arn:.*:secret:[*]+")
_GITHUB_SUBJECT = "token.actions.githubusercontent.com:sub"
_ENVIRONMENT = re.compile(r"repo:[^/:*?]+/[^:*?]+:environment:[^:*?]+")
_ONE = re.compile(r"[^*?]+")
_READING = ("secretsmanager:getsecretvalue", "secretsmanager:batchgetsecretvalue")
_LASTING = {
    "aws:iam/accessKey:AccessKey": "an access key",
    "aws:iam/user:User": "an IAM user",
    "aws:iam/userLoginProfile:UserLoginProfile": "a console password",
    "aws:iam/serviceSpecificCredential:ServiceSpecificCredential": "a password for one service",
    "aws:iam/sshKey:SshKey": "an SSH key of an IAM user",
    "aws:ec2/keyPair:KeyPair": "an SSH key for machines",
}


def grants(resource: Resource) -> Iterator[Grant]:
    """Every statement that allows something, in whichever type's document; also a function's permissions."""
    for key, what in _DOCUMENTS.items():
        yield from _grants(resource.get(key), what)
    for inline in resource.entries("inlinePolicies"):
        yield from _grants(dig(inline, "policy"), "the inline policy")
    if resource.type == "aws:lambda/permission:Permission":
        yield Grant(
            what="the permission",
            actions=texts(resource.get("action")),
            principals=texts(resource.get("principal")),
            conditions={
                f"aws:{key.lower()}": ("given",) for key in ("sourceArn", "sourceAccount") if resource.get(key)
            },
        )


def statements(document: Any) -> list[Mapping[str, Any]]:
    """The statements of a document that is known; none of one that is not."""
    found = parsed(document)
    entries = found.get("Statement", ()) if is_block(found) else ()
    return [entry for entry in (entries if is_list(entries) else [entries]) if is_block(entry)]


def conditions(statement: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Values by key, in small letters, of the operators that hold for every caller.

    Those that also let pass who does not say the key, or that exclude a few, bound nobody.
    """
    found: dict[str, tuple[str, ...]] = {}
    blocks = statement.get("Condition")
    for operator, tests in blocks.items() if is_block(blocks) else ():
        if not is_block(tests) or _LOOSE.search(operator):
            continue
        for key, value in tests.items():
            found[key.lower()] = found.get(key.lower(), ()) + texts(value)
    return found


def passing(resource: Resource) -> Iterator[Passing]:
    for grant in grants(resource):
        if any(fnmatch("iam:passrole", action.lower()) for action in grant.actions):
            yield Passing(what=grant.what, anybody=any(_ANY_ROLE.fullmatch(each) for each in grant.resources))


def federations(resource: Resource) -> Iterator[Federation]:
    for grant in grants(resource):
        if any(fnmatch("sts:assumerolewithwebidentity", action.lower()) for action in grant.actions):
            said = [(key, each) for key, values in grant.conditions.items() if key.endswith(":sub") for each in values]
            wide = tuple(subject for key, subject in said if not _singles_out(key, subject))
            yield Federation(what=grant.what, subjects=tuple(subject for _, subject in said), wide=wide)


def _singles_out(key: str, subject: str) -> bool:
    """Of GitHub's jobs, those of one environment, whose protection says who gets in; of others', one by its name."""
    return bool((_ENVIRONMENT if key == _GITHUB_SUBJECT else _ONE).fullmatch(subject))


def secret_readers(resource: Resource) -> Iterator[SecretReader]:
    for grant in grants(resource):
        if any(fnmatch(reading, action.lower()) for reading in _READING for action in grant.actions):
            yield SecretReader(what=grant.what, all=any(_ANY_SECRET.fullmatch(each) for each in grant.resources))


def held(resource: Resource) -> Iterator[Held]:
    arns = [*resource.entries("managedPolicyArns")]
    if resource.type.startswith("aws:iam/") and resource.type.endswith("PolicyAttachment"):
        arns.append(resource.get("policyArn"))
    yield from (Held(policy=arn.rsplit("/", 1)[-1]) for arn in arns if isinstance(arn, str))


def lasting_keys(resource: Resource) -> Iterator[LastingKey]:
    if resource.type in _LASTING:
        yield LastingKey(what=_LASTING[resource.type])
    elif resource.type == "pulumi:providers:aws" and resource.get("accessKey"):
        yield LastingKey(what="an access key in the provider")
    elif resource.get("remoteAccess.ec2SshKey"):
        yield LastingKey(what="an SSH key for nodes")


def _grants(document: Any, what: str) -> Iterator[Grant]:
    for statement in statements(document):
        if statement.get("Effect") == "Allow":
            yield Grant(
                what=what,
                actions=texts(statement.get("Action")),
                resources=texts(statement.get("Resource")),
                principals=principals(statement.get("Principal")),
                everything_but="NotAction" in statement or "NotPrincipal" in statement,
                conditions=conditions(statement),
            )


def principals(said: Any) -> tuple[str, ...]:
    """Who is meant: names and ARNs, whatever kind they are under; `*` for everybody."""
    if is_block(said):
        return tuple(text for values in said.values() for text in texts(values))
    return texts(said)


def texts(value: Any) -> tuple[str, ...]:
    if value is None or value is UNKNOWN:
        return ()
    return tuple(str(entry) for entry in value) if is_list(value) else (str(value),)
