"""What is kept is encrypted, keys renew themselves, and nothing speaks a TLS that is known to be weak."""

from collections.abc import Iterator

from infra.policy.aws import edge as aws_edge
from infra.policy.aws import encryption as aws
from infra.policy.gcp import edge as gcp_edge
from infra.policy.gcp import encryption as gcp
from infra.policy.ideas import AtRest, Ear, Key
from infra.policy.kubernetes import network as kubernetes
from infra.policy.rule import IN_PRODUCTION, Rule
from infra.policy.terms import Terms


def plain_at_rest(thing: AtRest, _: Terms) -> Iterator[str]:
    if thing.encrypted is False:
        yield f"{thing.what} is not encrypted with a key of the stack"


def lasting_material(key: Key, _: Terms) -> Iterator[str]:
    if key.rotates is False:
        yield "the key keeps its material for ever"


def weak_tls(ear: Ear, _: Terms) -> Iterator[str]:
    if ear.plain:
        yield f"{ear.what} also answers without TLS"
    if ear.modern is False:
        yield f"{ear.what} still takes {ear.oldest}"


RULES = (
    Rule(
        name="disks-are-encrypted",
        concern="encryption",
        says="Disks, file systems and databases are encrypted.",
        mends="set encrypted on the disk",
        find={"aws": aws.disks},
        judge=plain_at_rest,
    ),
    Rule(
        name="messages-are-encrypted",
        concern="encryption",
        says="Queues and topics are encrypted.",
        mends="set kms_master_key_id to the region's key",
        mends_on={"gcp": "set kms_key_name on the topic to the region's key"},
        find={"aws": aws.messages, "gcp": gcp.messages},
        judge=plain_at_rest,
    ),
    Rule(
        name="images-are-encrypted",
        concern="encryption",
        says="Image registries are encrypted with a key of the stack.",
        mends="add an encryption configuration of the type KMS with the region's key",
        mends_on={"gcp": "set kms_key_name on the repository to the region's key"},
        find={"aws": aws.images, "gcp": gcp.images},
        judge=plain_at_rest,
    ),
    Rule(
        name="cluster-secrets-are-encrypted",
        concern="encryption",
        says="Kubernetes' secrets are encrypted with a key of the stack.",
        mends="add an encryption_config for secrets with a key of their own",
        mends_on={"gcp": "set database_encryption to ENCRYPTED, with a key of their own"},
        find={"aws": aws.cluster_secrets, "gcp": gcp.cluster_secrets},
        judge=plain_at_rest,
    ),
    Rule(
        name="logs-are-encrypted",
        concern="encryption",
        says="Logs of production are encrypted with a key of the stack.",
        mends="set kms_key_id to the region's key, whose policy lets the log service use it",
        mends_on={"gcp": "set cmek_settings on the log bucket"},
        find={"aws": aws.logs, "gcp": gcp.logs},
        judge=plain_at_rest,
        lenient=IN_PRODUCTION,
    ),
    Rule(
        name="keys-rotate",
        concern="encryption",
        says="Encryption keys renew their material by themselves.",
        mends="set enable_key_rotation",
        mends_on={"gcp": "set a rotation_period"},
        find={"aws": aws.keys, "gcp": gcp.keys},
        judge=lasting_material,
    ),
    Rule(
        name="tls-1.2-at-least",
        concern="encryption",
        says="What users and services call speaks TLS 1.2 or later, and nothing else.",
        mends="redirect plain HTTP, and choose a security policy that begins with TLS 1.2 (TLSv1.2_2021 at the edge)",
        mends_on={"gcp": "give the balancer an ssl_policy whose min_tls_version is TLS_1_2"},
        find={"aws": aws_edge.ears, "gcp": gcp_edge.ears},
        judge=weak_tls,
    ),
    Rule(
        name="plain-http-is-sent-on",
        concern="encryption",
        says="What answers without TLS says only where to come instead.",
        mends="give its URL map a default_url_redirect with https_redirect, or take it away",
        mends_on={"kubernetes": "give it tls; or route it to nothing but a RequestRedirect to https"},
        survey={"gcp": gcp_edge.plain_ears, "kubernetes": kubernetes.ears},
        judge=weak_tls,
    ),
)
