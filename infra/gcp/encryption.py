"""One key per place for what a stack stores there: objects, messages, images, logs, disks.

The cluster's secrets have a key of their own on the same ring (cluster.py), so that whoever may read data may not read
those. A key ring is never deleted, by Google or by anybody, so its name is drawn anew with each stack.
"""

from dataclasses import dataclass

from pulumi import ComponentResource, Output, Resource, ResourceOptions
from pulumi_gcp.kms import CryptoKey, CryptoKeyIAMMember, KeyRing

_DAY_S = 24 * 3600
_WINDOW = f"{30 * _DAY_S}s"  # a deleted key can be had back for as long: what it encrypted is lost after it
_ROTATION = f"{90 * _DAY_S}s"
_USE = "roles/cloudkms.cryptoKeyEncrypterDecrypter"

AGENTS = {
    "storage": "gs-project-accounts",
    "compute": "compute-system",
    "registry": "gcp-sa-artifactregistry",
    "pubsub": "gcp-sa-pubsub",
    "run": "serverless-robot-prod",
    "vertex": "gcp-sa-aiplatform",
}
"""Google's own identities that use a stack's key on its behalf, by service: each is a project's and of no other."""

CLUSTER_AGENT = "container-engine-robot"
_LOGGING_AGENT = "serviceAccount:cmek-p{number}@gcp-sa-logging.iam.gserviceaccount.com"
"""Cloud Logging has an identity for keys alone, which is named otherwise."""


def agent(project_number: str, domain: str) -> str:
    """The member that IAM knows a service agent by."""
    return f"serviceAccount:service-{project_number}@{domain}.iam.gserviceaccount.com"


@dataclass(frozen=True, kw_only=True)
class EncryptionArgs:
    """location: a region, or the multi-region that a dual-region bucket asks for."""

    location: str
    project_number: str
    protect: bool


class Encryption(ComponentResource):
    """key_id: of the place's key. used_by: who may use it, by service, to be there before what they encrypt."""

    ring_id: Output[str]
    key_id: Output[str]
    used_by: dict[str, Resource]

    def __init__(self, name: str, args: EncryptionArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:gcp:Encryption", name, None, opts)
        child = ResourceOptions(parent=self)
        ring = KeyRing(name, location=args.location, opts=child)
        key = rotating_key(name, ring.id, ResourceOptions(parent=self, protect=args.protect))
        self.ring_id, self.key_id = ring.id, key.id
        self.used_by = {
            service: allow_use(f"{name}-{service}", key.id, agent(args.project_number, domain), child)
            for service, domain in AGENTS.items()
        }
        logging_agent = _LOGGING_AGENT.format(number=args.project_number)
        self.used_by["logging"] = allow_use(f"{name}-logging", key.id, logging_agent, child)
        self.register_outputs({"key_id": self.key_id})


def rotating_key(name: str, ring_id: Output[str], opts: ResourceOptions) -> CryptoKey:
    return CryptoKey(
        name,
        key_ring=ring_id,
        purpose="ENCRYPT_DECRYPT",
        rotation_period=_ROTATION,
        destroy_scheduled_duration=_WINDOW,
        opts=opts,
    )


def allow_use(name: str, key_id: Output[str], member: str, opts: ResourceOptions) -> CryptoKeyIAMMember:
    return CryptoKeyIAMMember(name, crypto_key_id=key_id, role=_USE, member=member, opts=opts)
