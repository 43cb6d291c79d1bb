"""Where AWS says how a store is kept: S3 spreads it over several resources, which the whole stack shows together."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.policy.aws.identity import conditions, principals, statements
from infra.policy.ideas import Stateful, Store
from infra.policy.rule import Found
from infra.policy.stack import UNKNOWN, Resource, Stack, dig

_BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
_ACCOUNT_BLOCK = "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"
_BLOCKS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
_PUBLIC_ACLS = ("public-read", "public-read-write", "authenticated-read")
_KMS = ("aws:kms", "aws:kms:dsse")

_GUARDS = {
    "aws:eks/cluster:Cluster": "deletionProtection",
    "aws:rds/instance:Instance": "deletionProtection",
    "aws:rds/cluster:Cluster": "deletionProtection",
    "aws:dynamodb/table:Table": "deletionProtectionEnabled",
}
"""What AWS itself refuses to delete while a switch is on."""

_EMPTIED = {"aws:s3/bucket:Bucket": "forceDestroy", "aws:ecr/repository:Repository": "forceDelete"}
_STATEFUL = {
    **dict.fromkeys(_BUCKETS, "the bucket"),
    "aws:ecr/repository:Repository": "the image repository",
    "aws:kms/key:Key": "the key, and with it all that it encrypted,",
    "aws:eks/cluster:Cluster": "the cluster",
    "aws:rds/instance:Instance": "the database",
    "aws:rds/cluster:Cluster": "the database",
    "aws:dynamodb/table:Table": "the table",
    "aws:efs/fileSystem:FileSystem": "the file system",
    "aws:sagemaker/mlflowTrackingServer:MlflowTrackingServer": "the tracking server, and with it every run,",
}


def stores(stack: Stack) -> Iterator[Found]:
    for bucket in stack.of(*_BUCKETS):
        yield Found(
            at=bucket,
            idea=Store(
                what="the bucket",
                encrypted=_encrypted(stack, bucket),
                versioned=_versioned(stack, bucket),
                closed=_closed(stack, bucket),
                tls_only=_tls_only(_about(stack, bucket, "BucketPolicy")),
            ),
        )


def senders(stack: Stack) -> Iterator[Found]:
    """Stores, and the queues and topics that messages wait in: what is called over the network by address."""
    yield from stores(stack)
    for queue in stack.of("aws:sqs/queue:Queue"):
        policies = [*stack.about(queue, "queueUrl", "aws:sqs/queuePolicy:QueuePolicy", by=("id", "url"))]
        yield Found(at=queue, idea=Store(what="the queue", tls_only=_tls_only(policies, queue)))
    for topic in stack.of("aws:sns/topic:Topic"):
        policies = [*stack.about(topic, "arn", "aws:sns/topicPolicy:TopicPolicy", by=("id", "arn"))]
        yield Found(at=topic, idea=Store(what="the topic", tls_only=_tls_only(policies, topic)))


def public_lists(resource: Resource) -> Iterator[Store]:
    """The old way to make a bucket public, which the block of it would make void."""
    if resource.type.startswith("aws:s3/bucket") and resource.get("acl") in _PUBLIC_ACLS:
        yield Store(what=f"the bucket, by its list {resource.get('acl')},", closed=False)


def stateful(resource: Resource) -> Iterator[Stateful]:
    if resource.type not in _STATEFUL:
        return
    guard, emptied = _GUARDS.get(resource.type), _EMPTIED.get(resource.type)
    yield Stateful(
        what=_STATEFUL[resource.type],
        protected=resource.protect,
        guarded=resource.flag(guard) if guard else None,
        emptied=resource.flag(emptied) if emptied else False,
    )


def _encrypted(stack: Stack, bucket: Resource) -> bool | None:
    said = [
        dig(rule, "applyServerSideEncryptionByDefault.sseAlgorithm")
        for configuration in _about(stack, bucket, "BucketServerSideEncryptionConfiguration")
        for rule in configuration.entries("rules")
    ]
    return any(algorithm in _KMS for algorithm in said)


def _versioned(stack: Stack, bucket: Resource) -> bool:
    found = _about(stack, bucket, "BucketVersioning")
    return any(versioning.get("versioningConfiguration.status") == "Enabled" for versioning in found)


def _closed(stack: Stack, bucket: Resource) -> bool:
    blocks = [*_about(stack, bucket, "BucketPublicAccessBlock"), *stack.of(_ACCOUNT_BLOCK)]
    return any(all(block.flag(switch) for switch in _BLOCKS) for block in blocks)


def _about(stack: Stack, bucket: Resource, kind: str) -> list[Resource]:
    small = kind[0].lower() + kind[1:]
    types = (f"aws:s3/{small}:{kind}", f"aws:s3/{small}V2:{kind}V2")
    return [*stack.about(bucket, "bucket", *types, by=("id", "bucket"))]


def _tls_only(policies: list[Resource], subject: Resource | None = None) -> bool | None:
    """None while a policy is not known, which it is once what it names is made."""
    documents = [policy.get("policy") for policy in policies]
    if subject and (subject.refs.get("policy") or subject.get("policy") is not UNKNOWN):
        documents.append(subject.get("policy"))  # without references, an unknown one is what AWS will fill in
    if any(_refuses_plain_text(statement) for document in documents for statement in statements(document)):
        return True
    return None if any(document is UNKNOWN for document in documents) else False


def _refuses_plain_text(statement: Mapping[str, Any]) -> bool:
    to_all = statement.get("Effect") == "Deny" and "*" in principals(statement.get("Principal"))
    return to_all and conditions(statement).get("aws:securetransport") == ("false",)
