"""One key per region for what a stack stores there: objects, messages, logs, images, environment of functions.

The cluster's secrets have a key of their own (cluster.py), so that whoever may read data may not read those. Volumes
of nodes use the account's EBS key: one of ours would need a grant to the service-linked role of Auto Scaling.
"""

from dataclasses import dataclass

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_aws.kms import Key

from infra.aws.policies import Statement, allow_service, document, of_account

WINDOW_DAYS = 30
"""The longest that AWS keeps a deleted key: what it encrypted is lost after it."""

ROTATION_DAYS = 365

ADMINISTRATION = (
    "kms:CancelKeyDeletion",
    "kms:CreateGrant",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateKeyDescription",
)
USE = (
    "kms:Decrypt",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
)

_SENDERS = ("cloudwatch.amazonaws.com", "events.amazonaws.com")
"""Services that put messages into our encrypted topic and queues."""


@dataclass(frozen=True, kw_only=True)
class EncryptionArgs:
    account: str
    region: str
    protect: bool


class Encryption(ComponentResource):
    """key_arn: of the region's key."""

    key_arn: Output[str]

    def __init__(self, name: str, args: EncryptionArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:aws:Encryption", name, None, opts)
        key = Key(
            name,
            description="Objects, messages, logs and images of one region",
            enable_key_rotation=True,
            rotation_period_in_days=ROTATION_DAYS,
            deletion_window_in_days=WINDOW_DAYS,
            policy=document(owned_by(args.account), *_services(args.account, args.region)),
            opts=ResourceOptions(parent=self, protect=args.protect),
        )
        self.key_arn = key.arn
        self.register_outputs({"key_arn": self.key_arn})


def owned_by(account: str) -> Statement:
    """A key is its account's: IAM policies there decide who administers and who uses it.

    In the policy of a key, `*` is that key.
    """
    return {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
        "Action": [*ADMINISTRATION, *USE],
        "Resource": ["*"],
    }


def _services(account: str, region: str) -> list[Statement]:
    this_key = ["*"]
    use = ("kms:Decrypt", "kms:GenerateDataKey")
    logs = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{region}:{account}:log-group:*"}}
    return [
        allow_service(f"logs.{region}.amazonaws.com", *USE, "kms:DescribeKey", on=this_key, when=logs),
        *(allow_service(service, *use, on=this_key, when=of_account(account)) for service in _SENDERS),
    ]
