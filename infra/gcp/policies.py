"""Roles on resources, in few words: who is named, which role it gets, and on what. No role of ours is a basic one.

A binding is always to one member and added to what is there, never in the place of it. Everybody is never a member.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pulumi import Input, Output, Resource, ResourceOptions
from pulumi_gcp import projects, pubsub, storage
from pulumi_gcp.serviceaccount import Account, IAMMember


@dataclass(frozen=True, kw_only=True)
class Grant:
    """A role on one resource, or on the project where Google knows nothing narrower.

    on: its name. under: of a bucket, prefixes of the objects that it is limited to; empty for all of them.
    """

    kind: Literal["bucket", "topic", "subscription", "project"]
    on: Input[str]
    role: str
    under: Sequence[str] = ()


def service_account(email: Input[str]) -> Output[str]:
    """How IAM names a service account."""
    return Output.concat("serviceAccount:", email)


def let_act_as(name: str, account: Account, deployer: Output[str], opts: ResourceOptions) -> Resource:
    """CI starts what runs as this account, so it may act as it, and as no other of the project's.

    deployer: e-mail of CI's own account.
    """
    return IAMMember(
        name,
        service_account_id=account.name,
        role="roles/iam.serviceAccountUser",
        member=service_account(deployer),
        opts=opts,
    )


def pod(*, project: str, project_number: str, namespace: str, account: str) -> str:
    """How IAM names the pods of a service account in Kubernetes: by itself, so it needs no account of Google's."""
    pool = f"projects/{project_number}/locations/global/workloadIdentityPools/{project}.svc.id.goog"
    return f"principal://iam.googleapis.com/{pool}/subject/ns/{namespace}/sa/{account}"


def allow(name: str, grants: Sequence[Grant], member: Input[str], opts: ResourceOptions) -> list[Resource]:
    """Give a member what it may do. Each binding is named after its role, so one member has a role once.

    Returns the bindings, for whatever needs its rights as it starts.
    """
    return [
        _bind(f"{name}-{grant.role.removeprefix('roles/').replace('.', '-')}", grant, member, opts) for grant in grants
    ]


def _bind(name: str, grant: Grant, member: Input[str], opts: ResourceOptions) -> Resource:
    match grant.kind:
        case "bucket":
            return storage.BucketIAMMember(
                name,
                bucket=grant.on,
                role=grant.role,
                member=member,
                condition={"title": "below", "expression": _below(grant.on, grant.under)} if grant.under else None,
                opts=opts,
            )
        case "topic":
            return pubsub.TopicIAMMember(name, topic=grant.on, role=grant.role, member=member, opts=opts)
        case "subscription":
            return pubsub.SubscriptionIAMMember(name, subscription=grant.on, role=grant.role, member=member, opts=opts)
        case "project":
            return projects.IAMMember(name, project=grant.on, role=grant.role, member=member, opts=opts)


def _below(bucket: Input[str], prefixes: Sequence[str]) -> Output[str]:
    """An IAM condition: the object's name starts with one of the prefixes."""
    parts = [
        Output.concat('resource.name.startsWith("projects/_/buckets/', bucket, "/objects/", prefix, '")')
        for prefix in prefixes
    ]
    return Output.all(*parts).apply(" || ".join)
