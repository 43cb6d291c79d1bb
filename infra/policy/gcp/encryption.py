"""Where Google says with whose key it encrypts what it keeps; with a key of its own it always does.

A key that is made in the same update is not known yet; that there is one, is.
"""

from collections.abc import Iterator

from infra.policy.ideas import AtRest, Key
from infra.policy.stack import Resource

_SYMMETRIC = "ENCRYPT_DECRYPT"


def messages(resource: Resource) -> Iterator[AtRest]:
    if resource.type == "gcp:pubsub/topic:Topic":
        yield AtRest(what="the topic", encrypted=bool(resource.get("kmsKeyName")))


def images(resource: Resource) -> Iterator[AtRest]:
    if resource.type == "gcp:artifactregistry/repository:Repository":
        yield AtRest(what="the repository", encrypted=bool(resource.get("kmsKeyName")))


def cluster_secrets(resource: Resource) -> Iterator[AtRest]:
    if resource.type == "gcp:container/cluster:Cluster":
        state = resource.text("databaseEncryption.state")
        encrypted = None if state is None else state == "ENCRYPTED"
        yield AtRest(what="what Kubernetes keeps as secrets", encrypted=encrypted)


def logs(resource: Resource) -> Iterator[AtRest]:
    if resource.type == "gcp:logging/projectBucketConfig:ProjectBucketConfig":
        yield AtRest(what="the log bucket", encrypted=bool(resource.get("cmekSettings")))


def keys(resource: Resource) -> Iterator[Key]:
    """Symmetric keys: Google rotates no others."""
    if resource.type == "gcp:kms/cryptoKey:CryptoKey" and resource.get("purpose", _SYMMETRIC) == _SYMMETRIC:
        yield Key(rotates=bool(resource.get("rotationPeriod")))
