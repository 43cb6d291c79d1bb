"""Invariants of what a stack keeps: objects, messages, images and the keys that encrypt them."""

import json

import pytest

from infra.aws.registry import image_in
from infra.settings import Images, Settings
from slipway.errors import SettingsError
from tests.stacks.graph import Graph, Registration
from tests.stacks.programs import cloud_made, config_of, settings_of

BUCKET, KEY, QUEUE = "aws:s3/bucket:Bucket", "aws:kms/key:Key", "aws:sqs/queue:Queue"
REPLICATION = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"


def about_buckets(graph: Graph, kind: str) -> dict[str, Registration]:
    """Resources of a kind by the bucket that they are about."""
    return {resource.inputs["bucket"]: resource for resource in graph.of(f"aws:s3/{kind[0].lower()}{kind[1:]}:{kind}")}


def buckets(graph: Graph) -> set[str]:
    return {f"{bucket.name}-abcdef1" for bucket in graph.of(BUCKET)}


def test_every_bucket_keeps_versions(aws: Graph):
    versions = about_buckets(aws, "BucketVersioning")
    assert versions.keys() == buckets(aws)
    assert all(v.inputs["versioningConfiguration"]["status"] == "Enabled" for v in versions.values())


def test_every_bucket_is_closed_to_the_public(aws: Graph):
    blocks = about_buckets(aws, "BucketPublicAccessBlock")
    assert blocks.keys() == buckets(aws)
    switches = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    assert all(block.inputs[switch] for block in blocks.values() for switch in switches)


def test_every_bucket_is_encrypted_with_a_key_of_ours(aws: Graph):
    found = about_buckets(aws, "BucketServerSideEncryptionConfiguration")
    assert found.keys() == buckets(aws)
    for encryption in found.values():
        (rule,) = encryption.inputs["rules"]
        assert rule["applyServerSideEncryptionByDefault"]["sseAlgorithm"] == "aws:kms"
        assert rule["bucketKeyEnabled"]


def test_no_object_has_an_owner_but_the_account(aws: Graph):
    owners = about_buckets(aws, "BucketOwnershipControls")
    assert owners.keys() == buckets(aws)
    assert {o.inputs["rule"]["objectOwnership"] for o in owners.values()} == {"BucketOwnerEnforced"}


def test_every_bucket_refuses_whoever_comes_without_tls(aws: Graph):
    policies = about_buckets(aws, "BucketPolicy")
    assert policies.keys() == buckets(aws)
    for policy in policies.values():
        (statement,) = policy.document("policy")["Statement"]
        assert statement["Effect"] == "Deny"
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_checkpoints_go_and_releases_stay(aws: Graph):
    for lifecycle in about_buckets(aws, "BucketLifecycleConfiguration").values():
        ending = [rule["filter"]["prefix"] for rule in lifecycle.inputs["rules"] if "expiration" in rule]
        assert ending == ["checkpoints/"]


def test_old_versions_and_uploads_that_were_given_up_go(aws: Graph):
    for lifecycle in about_buckets(aws, "BucketLifecycleConfiguration").values():
        whole = next(rule for rule in lifecycle.inputs["rules"] if rule["filter"]["prefix"] == "")
        assert whole["noncurrentVersionExpiration"]
        assert whole["abortIncompleteMultipartUpload"]


def test_production_stores_are_not_deleted_with_the_stack(prod: Graph):
    lasting = [*prod.of(BUCKET), *prod.of(KEY), *prod.of("aws:ecr/repository:Repository")]
    assert all(resource.protect for resource in lasting)
    assert not any(bucket.inputs.get("forceDestroy") for bucket in prod.of(BUCKET))


def test_development_can_be_thrown_away(dev: Graph):
    assert not any(resource.protect for resource in dev)


def test_each_region_gets_the_releases_and_checkpoints_of_every_other(prod: Graph):
    for replication in prod.of(REPLICATION):
        copied = {(rule["filter"]["prefix"], rule["destination"]["bucket"]) for rule in replication.inputs["rules"]}
        source = replication.inputs["bucket"].removesuffix("-abcdef1")
        others = {b.name for b in prod.of(BUCKET)} - {source}
        assert {prefix for prefix, _ in copied} == {"releases/", "checkpoints/"}
        assert {arn.rsplit(":", 1)[-1].removesuffix("-abcdef1") for _, arn in copied} == others


def test_a_copy_is_encrypted_with_the_key_of_the_region_it_lies_in(prod: Graph):
    for replication in prod.of(REPLICATION):
        for rule in replication.inputs["rules"]:
            bucket = rule["destination"]["bucket"].rsplit(":", 1)[-1]
            key = rule["destination"]["encryptionConfiguration"]["replicaKmsKeyId"]
            assert bucket.split("-", 1)[1].startswith(key.rsplit("encryption-", 1)[1])


def test_replication_waits_for_versions_on_both_sides(prod: Graph):
    for replication in prod.of(REPLICATION):
        assert {"storage-us-east-1", "storage-ap-south-1"} <= set(replication.depends_on)


def test_one_region_replicates_nothing(dev: Graph):
    assert not dev.of(REPLICATION)
    assert not dev.of("aws:ecr/replicationConfiguration:ReplicationConfiguration")


def test_every_key_is_rotated(aws: Graph):
    assert all(key.inputs["enableKeyRotation"] for key in aws.of(KEY))


def test_a_key_that_is_deleted_can_be_had_back_for_a_month(aws: Graph):
    assert {key.inputs["deletionWindowInDays"] for key in aws.of(KEY)} == {30}


def test_every_queue_is_encrypted_with_a_key_of_ours(aws: Graph):
    assert all("key/" in queue.inputs["kmsMasterKeyId"] for queue in aws.of(QUEUE))


def test_a_task_that_keeps_failing_waits_for_a_person(aws: Graph):
    for queue in aws.of(QUEUE):
        if queue.name.startswith("queue-") and not queue.name.endswith("-dead"):
            redrive = json.loads(queue.inputs["redrivePolicy"])
            assert redrive["deadLetterTargetArn"].removesuffix("-abcdef1").endswith("-dead")
            assert redrive["maxReceiveCount"] == 5


def test_a_dead_letter_is_kept_as_long_as_sqs_can(aws: Graph):
    dead = [queue for queue in aws.of(QUEUE) if queue.name.endswith("-dead")]
    assert {queue.inputs["messageRetentionSeconds"] for queue in dead} == {1_209_600}


def test_images_cannot_be_overwritten_and_are_scanned(aws: Graph):
    for repository in aws.of("aws:ecr/repository:Repository"):
        assert repository.inputs["imageTagMutability"] == "IMMUTABLE"
        assert repository.inputs["imageScanningConfiguration"]["scanOnPush"]
        assert repository.inputs["encryptionConfigurations"][0]["encryptionType"] == "KMS"


def test_untagged_images_do_not_pile_up(aws: Graph):
    policies = aws.of("aws:ecr/lifecyclePolicy:LifecyclePolicy")
    assert len(policies) == len(aws.of("aws:ecr/repository:Repository"))


def test_images_are_pushed_once_and_lie_in_every_region(prod: Graph):
    (replication,) = prod.of("aws:ecr/replicationConfiguration:ReplicationConfiguration")
    (rule,) = replication.inputs["replicationConfiguration"]["rules"]
    assert [destination["region"] for destination in rule["destinations"]] == ["ap-south-1"]


def test_an_image_is_taken_from_the_regions_own_copy():
    images = settings_of("aws-prod").cloud.images
    assert ".ecr.ap-south-1." in image_in(images, "predictor", account="321098765432", region="ap-south-1")


def test_an_image_outside_the_accounts_registry_is_refused():
    digest = "sha256:" + "0" * 64
    images = Images(**{name: f"docker.io/library/{name}@{digest}" for name in ("predictor", "worker", "trainer")})
    with pytest.raises(SettingsError, match=r"slipway:images\.predictor: docker\.io/library/predictor is not in"):
        image_in(images, "predictor", account="321098765432", region="us-east-1")


def test_runs_are_tracked_only_where_it_was_asked_for(dev: Graph):
    server = "aws:sagemaker/mlflowTrackingServer:MlflowTrackingServer"
    assert not dev.of(server)
    asked = Settings.parse(config_of("aws-dev") | {"slipway:tracking": {"server": True}})
    graph, outputs = cloud_made(asked, "aws-dev")
    assert len(graph.of(server)) == 1
    assert outputs["tracking"].startswith("arn:aws:sagemaker:")


def test_a_throwaway_stack_goes_with_what_it_holds_and_no_other(aws: Graph, dev: Graph):
    held = {
        (store.type, store.inputs.get("forceDestroy") or store.inputs.get("forceDelete") or False)
        for store in aws
        if store.type in (BUCKET, "aws:ecr/repository:Repository")
    }
    assert {gone for _, gone in held} == {aws is dev}
    assert len(held) == 2
