"""What breaks the rules on what is kept, encrypted and sent, and what does not."""

from tests.policy_twins.gcp.network import KEY, cluster
from tests.policy_twins.twin import Made, Ref, Twin


def bucket(name: str, *, protect: bool = True, **changed: object) -> Made:
    props: dict[str, object] = {
        "location": "US-CENTRAL1",
        "encryption": {"defaultKmsKeyName": KEY},
        "versioning": {"enabled": True},
        "publicAccessPrevention": "enforced",
        "uniformBucketLevelAccess": True,
        "softDeletePolicy": {"retentionDurationSeconds": 604800},
    }
    return Made(type="gcp:storage/bucket:Bucket", name=name, props=props | changed, protect=protect)


def _listed(name: str, entity: str) -> Made:
    return Made(
        type="gcp:storage/defaultObjectAccessControl:DefaultObjectAccessControl",
        name=name,
        props={"bucket": "example-models", "role": "READER", "entity": entity},
    )


def _topic(name: str, **props: object) -> Made:
    return Made(type="gcp:pubsub/topic:Topic", name=name, props={"kmsKeyName": KEY, **props})


def subscription(name: str, topic: str, **changed: object) -> Made:
    props: dict[str, object] = {"topic": Ref(topic), "expirationPolicy": {"ttl": ""}}
    return Made(type="gcp:pubsub/subscription:Subscription", name=name, props=props | changed)


def _with_dead_letters(name: str) -> list[Made]:
    dead = f"{name}-dead"
    put_aside = {"deadLetterTopic": Ref(dead), "maxDeliveryAttempts": 5}
    return [
        _topic(name),
        _topic(dead),
        subscription(f"{name}-taken", name, deadLetterPolicy=put_aside),
        subscription(f"{name}-dead-kept", dead),
    ]


def _repository(name: str, **changed: object) -> Made:
    props: dict[str, object] = {
        "repositoryId": name,
        "location": "us-central1",
        "format": "DOCKER",
        "kmsKeyName": KEY,
        "dockerConfig": {"immutableTags": True},
        "vulnerabilityScanningConfig": {"enablementConfig": "INHERITED"},
    }
    return Made(type="gcp:artifactregistry/repository:Repository", name=name, props=props | changed, protect=True)


def _key(name: str, **changed: object) -> Made:
    ring = "projects/example-models/locations/us-central1/keyRings/slipway"
    props: dict[str, object] = {"keyRing": ring, "rotationPeriod": "7776000s"}
    return Made(type="gcp:kms/cryptoKey:CryptoKey", name=name, props=props | changed, protect=True)


def _logs(name: str, **changed: object) -> Made:
    props: dict[str, object] = {
        "project": "example-models",
        "bucketId": name,
        "location": "us-central1",
        "retentionDays": 90,
        "cmekSettings": {"kmsKeyName": KEY},
    }
    return Made(type="gcp:logging/projectBucketConfig:ProjectBucketConfig", name=name, props=props | changed)


TWINS = (
    Twin(rule="stores-are-encrypted", fails=[bucket("plain", encryption=None)], passes=[bucket("sealed")]),
    Twin(rule="stores-keep-versions", fails=[bucket("forgets", versioning=None)], passes=[bucket("remembers")]),
    Twin(
        rule="no-public-store",
        fails=[bucket("open", publicAccessPrevention="inherited")],
        passes=[bucket("closed")],
    ),
    Twin(
        rule="stores-have-one-way-in",
        fails=[bucket("listed", uniformBucketLevelAccess=False)],
        passes=[bucket("uniform")],
    ),
    Twin(
        rule="stores-recall-what-was-deleted",
        fails=[bucket("final", softDeletePolicy={"retentionDurationSeconds": 0})],
        passes=[bucket("recalls")],
    ),
    Twin(
        rule="no-public-access-list",
        fails=[_listed("for-all", "allUsers")],
        passes=[_listed("for-us", "project-owners-123456789012")],
    ),
    Twin(rule="state-is-protected", fails=[bucket("deletable", protect=False)], passes=[bucket("protected")]),
    Twin(
        rule="state-is-guarded",
        fails=[cluster("unguarded", deletionProtection=False)],
        passes=[cluster("guarded")],
    ),
    Twin(
        rule="images-are-encrypted",
        fails=[_repository("plain-images", kmsKeyName=None)],
        passes=[_repository("sealed-images")],
    ),
    Twin(
        rule="registry-tags-stay",
        fails=[_repository("moving-tags", dockerConfig={"immutableTags": False})],
        passes=[_repository("fixed-tags")],
    ),
    Twin(
        rule="registry-scans-images",
        fails=[_repository("unscanned", vulnerabilityScanningConfig={"enablementConfig": "DISABLED"})],
        passes=[_repository("scanned")],
    ),
    Twin(
        rule="messages-are-encrypted", fails=[_topic("plain-topic", kmsKeyName=None)], passes=[_topic("sealed-topic")]
    ),
    Twin(
        rule="queues-have-dead-letters",
        fails=[_topic("loses"), subscription("losing", "loses")],
        passes=_with_dead_letters("tasks"),
    ),
    Twin(
        rule="queues-do-not-expire",
        fails=[_topic("expires"), subscription("expiring", "expires", expirationPolicy=None)],
        passes=_with_dead_letters("lasting"),
    ),
    Twin(
        rule="cluster-secrets-are-encrypted",
        fails=[cluster("plain-secrets", databaseEncryption=None)],
        passes=[cluster("sealed-secrets")],
    ),
    Twin(rule="keys-rotate", fails=[_key("still", rotationPeriod=None)], passes=[_key("turning")]),
    Twin(rule="logs-are-encrypted", fails=[_logs("plain-logs", cmekSettings=None)], passes=[_logs("sealed-logs")]),
    Twin(rule="logs-last-a-month", fails=[_logs("short", retentionDays=7)], passes=[_logs("long")]),
)
