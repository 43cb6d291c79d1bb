"""Where Google says how a store is kept, and what it refuses to delete."""

from collections.abc import Iterator

from infra.policy.ideas import Stateful, Store
from infra.policy.stack import Resource

_BUCKET = "gcp:storage/bucket:Bucket"
_EVERYBODY = ("allUsers", "allAuthenticatedUsers")
_LISTS = ("AccessControl", "ACL")
_PUBLIC_ACLS = ("publicRead", "publicReadWrite", "authenticatedRead")
_KEPT_S = 604_800  # Cloud Storage's own: a week

_STATEFUL = {
    _BUCKET: "the bucket",
    "gcp:artifactregistry/repository:Repository": "the image repository",
    "gcp:kms/cryptoKey:CryptoKey": "the key, and with it all that it encrypted,",
    "gcp:container/cluster:Cluster": "the cluster",
    "gcp:sql/databaseInstance:DatabaseInstance": "the database",
    "gcp:filestore/instance:Instance": "the file system",
}
_GUARDED = ("gcp:container/cluster:Cluster", "gcp:sql/databaseInstance:DatabaseInstance")
"""What Google's provider itself refuses to delete while a switch is on, as it is unless it is turned off."""


def stores(resource: Resource) -> Iterator[Store]:
    if resource.type != _BUCKET:
        return
    closed = resource.text("publicAccessPrevention")
    kept_s = resource.number("softDeletePolicy.retentionDurationSeconds", _KEPT_S)
    lists = resource.flag("uniformBucketLevelAccess")
    yield Store(
        what="the bucket",
        encrypted=bool(resource.get("encryption.defaultKmsKeyName")),
        versioned=resource.flag("versioning.enabled"),
        closed=None if closed is None else closed == "enforced",
        lists=None if lists is None else not lists,
        recalls=None if kept_s is None else kept_s > 0,
    )


def public_lists(resource: Resource) -> Iterator[Store]:
    """The old way to make a bucket public, which uniform access makes void."""
    if not resource.type.startswith("gcp:storage/") or not resource.type.endswith(_LISTS):
        return
    for entry in (resource.get("entity"), resource.get("predefinedAcl"), *resource.entries("roleEntities")):
        if isinstance(entry, str) and (entry.rpartition(":")[2] in _EVERYBODY or entry in _PUBLIC_ACLS):
            yield Store(what=f"the bucket, by its list {entry},", closed=False)


def stateful(resource: Resource) -> Iterator[Stateful]:
    if resource.type in _STATEFUL:
        guarded = resource.flag("deletionProtection", default=True) if resource.type in _GUARDED else None
        yield Stateful(
            what=_STATEFUL[resource.type],
            protected=resource.protect,
            guarded=guarded,
            emptied=resource.flag("forceDestroy"),
        )
