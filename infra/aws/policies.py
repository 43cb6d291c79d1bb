"""IAM documents and the roles that hold them, in few words: who may take a role, what it may do, and to what.

Documents are rendered here and not asked of the provider: a preview makes no call for them. No statement of ours allows
every action or every principal; `*` stands as a resource only where AWS knows no narrower one, and says so there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi import Input, Output, ResourceOptions
from pulumi_aws.iam import Role, RolePolicy, RolePolicyAttachment

Statement = Mapping[str, Any]
"""One statement of a document. Its values may be outputs: a document is rendered once they are known."""


def allow(*actions: str, on: Sequence[Input[str]], when: Mapping[str, Any] | None = None) -> Statement:
    """Actions on resources, by ARN. when: IAM's condition block."""
    statement: dict[str, Any] = {"Effect": "Allow", "Action": list(actions), "Resource": list(on)}
    return statement | ({"Condition": when} if when else {})


def allow_service(
    service: str, *actions: str, on: Sequence[Input[str]], when: Mapping[str, Any] | None = None
) -> Statement:
    """The same for an AWS service, in the policy of a resource. service: as `sqs.amazonaws.com`."""
    return {**allow(*actions, on=on, when=when), "Principal": {"Service": service}}


def deny_plain_text(action: str, *, on: Sequence[Input[str]]) -> Statement:
    """Refuse whoever comes without TLS; the one statement that is for everybody, because it takes away."""
    return {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": action,
        "Resource": list(on),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def document(*statements: Statement) -> Output[str]:
    return Output.json_dumps({"Version": "2012-10-17", "Statement": list(statements)})


def of_account(account: str) -> Mapping[str, Any]:
    """A condition: the service acts for this account, not for another that named our resource (confused deputy)."""
    return {"StringEquals": {"aws:SourceAccount": account}}


def trust(service: str, account: str = "") -> Output[str]:
    """Who may take a role: one AWS service. account: on whose behalf; EC2, Lambda and S3 do not say it."""
    statement: Statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return document({**statement, "Condition": of_account(account)} if account else statement)


def trust_pods(account: str) -> Output[str]:
    """Who may take a role: pods, through EKS Pod Identity, which also tags its sessions with cluster and namespace."""
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Service": "pods.eks.amazonaws.com"},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
            "Condition": of_account(account),
        }
    )


@dataclass(frozen=True, kw_only=True)
class Realm:
    """What every role of a stack shares.

    account: where it lives. stack: part of its path, so that one stack's roles are told from another's. boundary: ARN
    of the policy beyond which no role of ours may act, whatever it is given; see identity.py.
    """

    account: str
    stack: str
    boundary: Input[str]

    @property
    def path(self) -> str:
        return f"/slipway/{self.stack}/"

    @property
    def managed_path(self) -> str:
        """Of roles that hold policies of AWS' own and nothing else, and have no boundary."""
        return f"{self.path}managed/"


def role(
    name: str, realm: Realm, *, trusted: Output[str], may: Sequence[Statement], opts: ResourceOptions
) -> tuple[Role, RolePolicy]:
    """A role with one policy of its own, inside the stack's boundary.

    Depend on the policy where a service tries the role out as soon as it is given one.
    """
    made = Role(name, path=realm.path, assume_role_policy=trusted, permissions_boundary=realm.boundary, opts=opts)
    return made, RolePolicy(name, role=made.name, policy=document(*may), opts=opts)


def managed_role(
    name: str, realm: Realm, *, trusted: Output[str], policies: Sequence[str], opts: ResourceOptions
) -> tuple[Role, list[RolePolicyAttachment]]:
    """A role for a service of AWS that needs what AWS says it needs. policies: names of policies of AWS' own."""
    made = Role(name, path=realm.managed_path, assume_role_policy=trusted, opts=opts)
    attached = [
        RolePolicyAttachment(
            f"{name}-{policy.rsplit('/', 1)[-1]}", role=made.name, policy_arn=managed_policy(policy), opts=opts
        )
        for policy in policies
    ]
    return made, attached


def managed_policy(name: str) -> str:
    return f"arn:aws:iam::aws:policy/{name}"
