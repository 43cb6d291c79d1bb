"""The object store of one region, and its replication: releases, checkpoints, runs, the data that jobs read.

Gives a bucket that forgets nothing at once (versions, and soft delete after them), is closed to the public whatever a
binding says, and keeps checkpoints only as long as they are of use. With `storage.dual_region` the stack's first bucket
lies in two regions by itself, and nothing is copied.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, Resource, ResourceOptions
from pulumi_gcp import storage

from infra.gcp.encryption import agent
from infra.gcp.policies import Grant, allow
from infra.settings import StorageSettings
from infra.settings.rules.dual_regions import PREDEFINED
from infra.stores import CHECKPOINTS, REPLICATED

_DAY_S = 24 * 3600
_INCOMPLETE_DAYS = 7  # an upload that was given up is paid for until it is aborted
_TRANSFERS = "project-{number}@storage-transfer-service.iam.gserviceaccount.com"


@dataclass(frozen=True, kw_only=True)
class StorageArgs:
    """location: a region, or where Cloud Storage puts dual_region. protect: the bucket outlives its stack."""

    location: str
    settings: StorageSettings
    key_id: Output[str]
    key_use: Resource
    protect: bool
    dual_region: Sequence[str] = ()


class Storage(ComponentResource):
    bucket: Output[str]
    url: Output[str]

    def __init__(self, name: str, args: StorageArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:gcp:Storage", name, None, opts)
        bucket = storage.Bucket(
            name,
            location=args.location.upper(),
            custom_placement_config=_placement(args),
            rpo="ASYNC_TURBO" if args.dual_region else None,  # a copy within 15 minutes, by Google's own word
            storage_class="STANDARD",
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            versioning={"enabled": True},
            soft_delete_policy={"retention_duration_seconds": args.settings.soft_delete_days * _DAY_S},
            encryption={"default_kms_key_name": args.key_id},
            lifecycle_rules=_lifecycle(args.settings),
            force_destroy=False,
            opts=ResourceOptions(parent=self, protect=args.protect, depends_on=[args.key_use]),
        )
        self.bucket, self.url = bucket.name, Output.concat("gs://", bucket.name)
        self.register_outputs({"bucket": self.bucket, "url": self.url})


def _placement(args: StorageArgs) -> storage.BucketCustomPlacementConfigArgsDict | None:
    """The two regions, unless the location is one or names both."""
    if not args.dual_region or args.location in PREDEFINED:
        return None
    return {"data_locations": [region.upper() for region in args.dual_region]}


def _lifecycle(settings: StorageSettings) -> list[storage.BucketLifecycleRuleArgsDict]:
    return [
        {
            "action": {"type": "Delete"},
            "condition": {"age": settings.checkpoint_days, "matches_prefixes": [CHECKPOINTS]},
        },
        {
            "action": {"type": "Delete"},
            "condition": {"days_since_noncurrent_time": settings.noncurrent_days, "with_state": "ARCHIVED"},
        },
        {"action": {"type": "AbortIncompleteMultipartUpload"}, "condition": {"age": _INCOMPLETE_DAYS}},
    ]


@dataclass(frozen=True, kw_only=True)
class ReplicationArgs:
    """source, and where to: by region."""

    project: str
    project_number: str
    source: Storage
    destinations: Mapping[str, Storage]


class Replication(ComponentResource):
    """Copies releases and checkpoints of the first region to the others, as they are written. Deletions are not copied.

    One way, unlike AWS': the Storage Transfer Service would copy a copy back.
    """

    def __init__(self, name: str, args: ReplicationArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:gcp:Replication", name, None, opts)
        child = ResourceOptions(parent=self)
        transfers = f"serviceAccount:{_TRANSFERS.format(number=args.project_number)}"
        reads = allow(
            f"{name}-reads",
            [
                _on(args.source.bucket, "roles/storage.objectViewer"),
                _on(args.source.bucket, "roles/storage.legacyBucketOwner"),  # to hear of what is written
                Grant(kind="project", on=args.project, role="roles/pubsub.editor"),
            ],
            transfers,
            child,
        )
        storage_agent = agent(args.project_number, "gs-project-accounts")
        tells = allow(
            f"{name}-tells",
            [Grant(kind="project", on=args.project, role="roles/pubsub.publisher")],
            storage_agent,
            child,
        )
        for region, there in args.destinations.items():
            writes = allow(
                f"{name}-{region}",
                [
                    _on(there.bucket, "roles/storage.objectUser"),
                    _on(there.bucket, "roles/storage.legacyBucketReader"),
                ],
                transfers,
                child,
            )
            storage.TransferJob(
                f"{name}-{region}",
                description=f"Releases and checkpoints to {region}",
                replication_spec={
                    "gcs_data_source": {"bucket_name": args.source.bucket},
                    "gcs_data_sink": {"bucket_name": there.bucket},
                    "object_conditions": {"include_prefixes": list(REPLICATED)},
                    "transfer_options": {"overwrite_when": "DIFFERENT"},
                },
                status="ENABLED",
                # a job is refused when it is made, unless Google's account may do all of it by then
                opts=ResourceOptions(parent=self, depends_on=[*reads, *tells, *writes]),
            )
        self.register_outputs({})


def _on(bucket: Input[str], role: str) -> Grant:
    return Grant(kind="bucket", on=bucket, role=role)
