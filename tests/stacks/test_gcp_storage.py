"""Invariants of what a stack on Google keeps: objects, messages, images and the keys that encrypt them."""

from collections.abc import Sequence
from typing import Any

import pytest

from infra.gcp.registry import image_in
from infra.settings import Images, Settings
from slipway.errors import SettingsError
from tests.stacks.graph import Graph, Registration
from tests.stacks.programs import cloud_graph, config_of, graph, settings_of
from tests.stacks.test_gcp_identity import bound_twice

BUCKET, KEY, REPOSITORY = (
    "gcp:storage/bucket:Bucket",
    "gcp:kms/cryptoKey:CryptoKey",
    "gcp:artifactregistry/repository:Repository",
)
TOPIC, SUBSCRIPTION = "gcp:pubsub/topic:Topic", "gcp:pubsub/subscription:Subscription"
RING, TRANSFER = "gcp:kms/keyRing:KeyRing", "gcp:storage/transferJob:TransferJob"


@pytest.fixture
def staging() -> Graph:
    """The stack whose store is in two regions."""
    return graph("gcp-staging")


@pytest.fixture
def dev() -> Graph:
    return graph("gcp-dev")


def in_two_regions(*pair: str) -> Graph:
    """Development's graph with its store in two regions; nothing is served, which buckets do not mind."""
    here = {"regions": pair[:1], "gpu_pools": ()}
    settings = settings_of("gcp-dev").but({"storage": {"dual_region": pair}} | here)
    return cloud_graph(settings, "gcp-dev", serving=False)


def rules(bucket: Registration, action: str) -> Sequence[dict[str, Any]]:
    """Conditions under which something happens to a bucket's objects."""
    return [rule["condition"] for rule in bucket.inputs["lifecycleRules"] if rule["action"]["type"] == action]


def test_every_bucket_keeps_versions(gcp: Graph):
    assert gcp.of(BUCKET)
    assert all(bucket.inputs["versioning"]["enabled"] for bucket in gcp.of(BUCKET))


def test_every_bucket_is_closed_to_the_public_whatever_a_binding_says(gcp: Graph):
    assert {bucket.inputs["publicAccessPrevention"] for bucket in gcp.of(BUCKET)} == {"enforced"}


def test_no_object_has_an_owner_but_the_project(gcp: Graph):
    assert all(bucket.inputs["uniformBucketLevelAccess"] for bucket in gcp.of(BUCKET))


def test_every_bucket_is_encrypted_with_the_key_of_its_place(gcp: Graph):
    places = {f"{ring.name}-id": ring.inputs["location"] for ring in gcp.of(RING)}
    for bucket in gcp.of(BUCKET):
        assert places[bucket.inputs["encryption"]["defaultKmsKeyName"]] == bucket.inputs["location"].lower()


def test_what_was_deleted_can_be_had_back_for_as_long_as_settings_say(gcp_prod: Graph):
    days = settings_of("gcp-prod").storage.soft_delete_days
    kept = {bucket.inputs["softDeletePolicy"]["retentionDurationSeconds"] for bucket in gcp_prod.of(BUCKET)}
    assert kept == {days * 86_400}


def test_checkpoints_go_and_releases_stay(gcp: Graph):
    for bucket in gcp.of(BUCKET):
        by_age = [condition for condition in rules(bucket, "Delete") if "age" in condition]
        assert [condition["matchesPrefixes"] for condition in by_age] == [["checkpoints/"]]


def test_only_old_versions_go_by_the_days_since_they_were_replaced(gcp: Graph):
    for bucket in gcp.of(BUCKET):
        (condition,) = [each for each in rules(bucket, "Delete") if "daysSinceNoncurrentTime" in each]
        assert condition["withState"] == "ARCHIVED"


def test_uploads_that_were_given_up_go(gcp: Graph):
    assert all(rules(bucket, "AbortIncompleteMultipartUpload") for bucket in gcp.of(BUCKET))


def test_production_stores_are_not_deleted_with_the_stack(gcp_prod: Graph):
    lasting = [*gcp_prod.of(BUCKET), *gcp_prod.of(KEY), *gcp_prod.of(REPOSITORY)]
    assert all(resource.protect for resource in lasting)
    assert not any(bucket.inputs["forceDestroy"] for bucket in gcp_prod.of(BUCKET))


def test_development_can_be_thrown_away(dev: Graph):
    assert not any(resource.protect for resource in dev)


def test_every_other_region_gets_releases_and_checkpoints_as_they_are_written(gcp_prod: Graph):
    home, *others = settings_of("gcp-prod").regions
    copied = {
        (
            job.inputs["replicationSpec"]["gcsDataSource"]["bucketName"],
            job.inputs["replicationSpec"]["gcsDataSink"]["bucketName"],
        )
        for job in gcp_prod.of(TRANSFER)
    }
    assert copied == {(f"storage-{home}-abcdef1", f"storage-{region}-abcdef1") for region in others}
    for job in gcp_prod.of(TRANSFER):
        included = job.inputs["replicationSpec"]["objectConditions"]["includePrefixes"]
        assert included == ["releases/", "checkpoints/"]


def test_a_copy_begins_once_googles_account_may_read_hear_and_write(gcp_prod: Graph):
    """A job is refused as it is made, where one of its rights is missing."""
    for job in gcp_prod.of(TRANSFER):
        rights = {b.name for b in gcp_prod if b.parent == job.parent and "role" in b.inputs}
        others = {name for name in rights for region in settings_of("gcp-prod").regions if f"-{region}-" in name}
        own = {name for name in others if name.startswith(f"{job.name}-")}
        assert rights - others
        assert own
        assert (rights - others) | own <= set(job.depends_on)


def test_a_deletion_is_not_copied(gcp_prod: Graph):
    for job in gcp_prod.of(TRANSFER):
        options = job.inputs["replicationSpec"]["transferOptions"]
        assert not options.keys() & {"deleteObjectsFromSourceAfterTransfer", "deleteObjectsUniqueInSink"}


def test_a_stack_in_one_region_copies_nothing(dev: Graph):
    assert not dev.of(TRANSFER)


def test_a_bucket_in_two_regions_is_one_and_copied_by_google_within_minutes(staging: Graph):
    (bucket,) = staging.of(BUCKET)
    assert bucket.inputs["customPlacementConfig"] == {"dataLocations": ["US-CENTRAL1", "US-EAST4"]}
    assert (bucket.inputs["location"], bucket.inputs["rpo"]) == ("US", "ASYNC_TURBO")
    assert not staging.of(TRANSFER)


def test_one_store_of_two_regions_is_bound_to_pods_once_however_many_regions_there_are():
    settings = settings_of("gcp-dev").but(
        {"storage": {"dual_region": ("us-central1", "us-east4")}, "regions": ("us-central1", "us-east4")}
    )
    made = cloud_graph(settings, "gcp-dev", serving=False)
    pods = [b for b in made.of("gcp:storage/bucketIAMMember:BucketIAMMember") if "/sa/" in b.inputs["member"]]
    assert {b.parent for b in pods} == {"pods"}
    assert bound_twice(made) == []


def test_a_pair_that_google_has_a_name_for_lies_under_that_name():
    (bucket,) = in_two_regions("us-central1", "us-east1").of(BUCKET)
    assert (bucket.inputs["location"], bucket.inputs["rpo"]) == ("NAM4", "ASYNC_TURBO")
    assert "customPlacementConfig" not in bucket.inputs


def test_the_key_of_a_bucket_in_two_regions_of_europe_is_where_keys_of_europe_are():
    made = in_two_regions("europe-west1", "europe-west4")
    assert made.of(BUCKET)[0].inputs["location"] == "EU"
    assert "europe" in {ring.inputs["location"] for ring in made.of(RING)}


def test_every_key_is_rotated(gcp: Graph):
    assert {key.inputs["rotationPeriod"] for key in gcp.of(KEY)} == {f"{90 * 86_400}s"}


def test_a_key_that_is_destroyed_can_be_had_back_for_a_month(gcp: Graph):
    assert {key.inputs["destroyScheduledDuration"] for key in gcp.of(KEY)} == {f"{30 * 86_400}s"}


def test_every_topic_is_encrypted_with_a_key_of_ours_and_stays_in_its_region(gcp: Graph):
    for topic in gcp.of(TOPIC):
        (region,) = topic.inputs["messageStoragePolicy"]["allowedPersistenceRegions"]
        assert topic.inputs["kmsKeyName"] == f"encryption-{region}-id"


def test_a_task_that_keeps_failing_waits_for_a_person(gcp: Graph):
    for subscription in gcp.of(SUBSCRIPTION):
        if not subscription.name.endswith("-dead"):
            policy = subscription.inputs["deadLetterPolicy"]
            assert policy == {"deadLetterTopic": f"{subscription.name}-dead-id", "maxDeliveryAttempts": 5}


def test_what_waits_with_the_dead_letters_is_kept_by_a_subscription(gcp: Graph):
    """A topic alone keeps nothing: a letter that no subscription takes is gone."""
    kept = {subscription.inputs["topic"] for subscription in gcp.of(SUBSCRIPTION)}
    assert {f"{topic.name}-id" for topic in gcp.of(TOPIC)} <= kept


def test_pubsub_may_put_letters_aside_and_take_them_out(gcp_up: Graph):
    itself = "@gcp-sa-pubsub.iam.gserviceaccount.com"
    buries = [b for b in gcp_up.of("gcp:pubsub/topicIAMMember:TopicIAMMember") if itself in b.inputs["member"]]
    takes = [
        b for b in gcp_up.of("gcp:pubsub/subscriptionIAMMember:SubscriptionIAMMember") if itself in b.inputs["member"]
    ]
    tasks = [subscription for subscription in gcp_up.of(SUBSCRIPTION) if not subscription.name.endswith("-dead")]
    assert {b.inputs["topic"] for b in buries} == {s.inputs["deadLetterPolicy"]["deadLetterTopic"] for s in tasks}
    assert {b.inputs["subscription"] for b in takes} == {f"{s.name}-abcdef1" for s in tasks}


def test_a_task_is_delivered_once_unless_its_worker_is_late(gcp: Graph):
    for subscription in gcp.of(SUBSCRIPTION):
        if not subscription.name.endswith("-dead"):
            assert subscription.inputs["enableExactlyOnceDelivery"]


def test_no_subscription_ends_because_nothing_happened(gcp: Graph):
    assert {subscription.inputs["expirationPolicy"]["ttl"] for subscription in gcp.of(SUBSCRIPTION)} == {""}


def test_images_cannot_be_overwritten_and_are_encrypted_with_a_key_of_their_region(gcp: Graph):
    for repository in gcp.of(REPOSITORY):
        assert repository.inputs["dockerConfig"]["immutableTags"]
        assert repository.inputs["kmsKeyName"] == f"encryption-{repository.inputs['location']}-id"


def test_untagged_images_do_not_pile_up_and_those_for_a_rollback_stay(gcp: Graph):
    for repository in gcp.of(REPOSITORY):
        policies = {policy["action"]: policy for policy in repository.inputs["cleanupPolicies"]}
        assert policies["DELETE"]["condition"]["tagState"] == "UNTAGGED"
        assert policies["KEEP"]["mostRecentVersions"]["keepCount"] == 20
        assert not repository.inputs["cleanupPolicyDryRun"]


def test_every_region_has_a_registry(gcp_prod: Graph):
    places = {repository.inputs["location"] for repository in gcp_prod.of(REPOSITORY)}
    assert places == set(settings_of("gcp-prod").regions)


def test_an_image_is_taken_from_the_regions_own_registry():
    settings = settings_of("gcp-prod").cloud
    image = image_in(settings.images, "predictor", project=settings.identity.account, region="asia-south1")
    assert image.startswith("asia-south1-docker.pkg.dev/example-models-prod/")


def test_an_image_outside_the_projects_registry_is_refused():
    digest = "sha256:" + "0" * 64
    images = Images(**{name: f"docker.io/library/{name}@{digest}" for name in ("predictor", "worker", "trainer")})
    with pytest.raises(SettingsError, match=r"slipway:images\.predictor: docker\.io/library/predictor is not in"):
        image_in(images, "predictor", project="example-models-prod", region="us-central1")


def test_an_image_in_the_registry_of_another_project_is_refused_before_anything_is_registered():
    config = config_of("gcp-prod")
    config["slipway:images"] = config_of("gcp-staging")["slipway:images"]
    with pytest.raises(SettingsError, match="is not in the registry of project example-models-prod"):
        cloud_graph(Settings.parse(config), "gcp-prod")
