"""The object store of one region, and its replication: releases, checkpoints, runs, the data that jobs read.

Gives a bucket that forgets nothing at once (versions), shows nothing to anybody outside the account, and keeps
checkpoints only as long as they are of use. Does not log accesses: CloudTrail's data events are the account's business.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_aws import s3

from infra.aws.policies import Realm, allow, deny_plain_text, document, role, trust
from infra.settings import StorageSettings
from infra.stores import CHECKPOINTS, REPLICATED

_INCOMPLETE_DAYS = 7  # an upload that was given up is paid for until it is aborted


@dataclass(frozen=True, kw_only=True)
class StorageArgs:
    """protect: the bucket, and with it what was made, is not deleted with the stack. disposable: it goes though it is
    not empty.
    """

    settings: StorageSettings
    key_arn: Output[str]
    protect: bool
    disposable: bool


class Storage(ComponentResource):
    bucket: Output[str]
    arn: Output[str]
    key_arn: Output[str]
    url: Output[str]
    versioning: s3.BucketVersioning

    def __init__(self, name: str, args: StorageArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:aws:Storage", name, None, opts)
        child = ResourceOptions(parent=self)

        bucket = s3.Bucket(name, force_destroy=args.disposable, opts=ResourceOptions(parent=self, protect=args.protect))
        self.bucket, self.arn, self.key_arn = bucket.bucket, bucket.arn, args.key_arn
        self.url = Output.concat("s3://", bucket.bucket)

        closed = s3.BucketPublicAccessBlock(
            name,
            bucket=self.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        s3.BucketOwnershipControls(
            name, bucket=self.bucket, rule={"object_ownership": "BucketOwnerEnforced"}, opts=child
        )
        self.versioning = s3.BucketVersioning(
            name, bucket=self.bucket, versioning_configuration={"status": "Enabled"}, opts=child
        )
        s3.BucketServerSideEncryptionConfiguration(
            name,
            bucket=self.bucket,
            rules=[
                {
                    "apply_server_side_encryption_by_default": {
                        "sse_algorithm": "aws:kms",
                        "kms_master_key_id": args.key_arn,
                    },
                    "bucket_key_enabled": True,  # one call to KMS for many objects
                }
            ],
            opts=child,
        )
        s3.BucketPolicy(
            name,
            bucket=self.bucket,
            policy=document(deny_plain_text("s3:*", on=[self.arn, Output.concat(self.arn, "/*")])),
            opts=ResourceOptions(parent=self, depends_on=[closed]),  # S3 refuses the two at once
        )
        s3.BucketLifecycleConfiguration(
            name,
            bucket=self.bucket,
            rules=_lifecycle(args.settings),
            opts=ResourceOptions(parent=self, depends_on=[self.versioning]),
        )
        self.register_outputs({"bucket": self.bucket, "arn": self.arn, "url": self.url})

    def under(self, prefix: str) -> Output[str]:
        """ARN of all objects below a prefix that ends in a slash."""
        return Output.concat(self.arn, "/", prefix, "*")


def _lifecycle(settings: StorageSettings) -> list[s3.BucketLifecycleConfigurationRuleArgsDict]:
    return [
        {
            "id": "checkpoints",
            "status": "Enabled",
            "filter": {"prefix": CHECKPOINTS},
            "expiration": {"days": settings.checkpoint_days},
        },
        {
            "id": "versions",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "noncurrent_version_expiration": {"noncurrent_days": settings.noncurrent_days},
            "abort_incomplete_multipart_upload": {"days_after_initiation": _INCOMPLETE_DAYS},
        },
    ]


@dataclass(frozen=True, kw_only=True)
class ReplicationArgs:
    """source, and where to: by region. Both sides keep versions, without which S3 refuses to replicate."""

    source: Storage
    destinations: Mapping[str, Storage]
    realm: Realm


class Replication(ComponentResource):
    """Copies releases and checkpoints of one region to others, so that each can serve and go on training.

    Deletions are not copied. A copy is not copied on: with one of these per region, each has what any has made.
    """

    def __init__(self, name: str, args: ReplicationArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:aws:Replication", name, None, opts)
        child = ResourceOptions(parent=self)
        source, others = args.source, args.destinations

        copies = [store.under(prefix) for store in others.values() for prefix in REPLICATED]
        copier, policy = role(
            name,
            args.realm,
            trusted=trust("s3.amazonaws.com"),
            may=[
                allow("s3:GetReplicationConfiguration", "s3:ListBucket", on=[source.arn]),
                allow(
                    "s3:GetObjectVersionForReplication",
                    "s3:GetObjectVersionAcl",
                    "s3:GetObjectVersionTagging",
                    on=[source.under(prefix) for prefix in REPLICATED],
                ),
                allow("s3:ReplicateObject", "s3:ReplicateTags", on=copies),
                allow("kms:Decrypt", on=[source.key_arn]),
                allow("kms:Encrypt", "kms:GenerateDataKey", on=[store.key_arn for store in others.values()]),
            ],
            opts=child,
        )
        s3.BucketReplicationConfig(
            name,
            bucket=source.bucket,
            role=copier.arn,
            rules=[
                _rule(region, store, prefix, priority)
                for priority, (region, store, prefix) in enumerate(
                    ((region, store, prefix) for region, store in others.items() for prefix in REPLICATED), start=1
                )
            ],
            opts=ResourceOptions(
                parent=self,
                depends_on=[policy, source.versioning, *(store.versioning for store in others.values())],
            ),
        )
        self.register_outputs({})


def _rule(region: str, store: Storage, prefix: str, priority: int) -> s3.BucketReplicationConfigRuleArgsDict:
    return {
        "id": f"{prefix.rstrip('/')}-{region}",
        "status": "Enabled",
        "priority": priority,
        "filter": {"prefix": prefix},
        "delete_marker_replication": {"status": "Disabled"},
        "source_selection_criteria": {"sse_kms_encrypted_objects": {"status": "Enabled"}},
        "destination": {
            "bucket": store.arn,
            "encryption_configuration": {"replica_kms_key_id": store.key_arn},
        },
    }
