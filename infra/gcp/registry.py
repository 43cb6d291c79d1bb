"""The image registry of one region: Artifact Registry, whose tags cannot be moved.

Google does not replicate it, so CI pushes to every region: what lies beside a service starts when another region is
lost. Does not build images. Runs are written to the store, by MLflow's own file format.
"""

import re
from dataclasses import dataclass

from pulumi import ComponentResource, Output, Resource, ResourceOptions
from pulumi_gcp.artifactregistry import Repository

from infra.settings import Images, RegistrySettings
from slipway.errors import SettingsError

_PATH = re.compile(r"^(?P<location>[a-z0-9-]+)-docker\.pkg\.dev/(?P<project>[a-z0-9-]+)/(?P<rest>.+)$")
_DAY_S = 24 * 3600
_UNTAGGED_DAYS = 30


def image_in(images: Images, name: str, *, project: str, region: str) -> str:
    """The reference of an image in a region's registry, with its digest.

    Raises SettingsError for an image that does not lie in the project's registry, from which Cloud Run, GKE and
    Vertex AI take theirs without anybody's password.
    """
    reference = getattr(images, name)
    found = _PATH.match(reference)
    if not found or found["project"] != project:
        raise SettingsError(
            f"slipway:images.{name}: {reference.split('@')[0]} is not in the registry of project {project}",
            hint=f"push it there and name it as <region>-docker.pkg.dev/{project}/<repository>/{name}@sha256:<digest>",
        )
    return f"{region}-docker.pkg.dev/{project}/{found['rest']}"


@dataclass(frozen=True, kw_only=True)
class RegistryArgs:
    stack: str
    region: str
    settings: RegistrySettings
    key_id: Output[str]
    key_use: Resource
    protect: bool


class Registry(ComponentResource):
    """repository: its id, for who pushes."""

    repository: Output[str]

    def __init__(self, name: str, args: RegistryArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:gcp:Registry", name, None, opts)
        repository = Repository(
            name,
            repository_id=f"slipway-{args.stack}",
            location=args.region,
            format="DOCKER",
            docker_config={"immutable_tags": True},
            kms_key_name=args.key_id,
            cleanup_policy_dry_run=False,
            cleanup_policies=[
                {
                    "id": "keep-for-a-rollback",
                    "action": "KEEP",
                    "most_recent_versions": {"keep_count": args.settings.keep},
                },
                {
                    "id": "delete-untagged",
                    "action": "DELETE",
                    "condition": {"tag_state": "UNTAGGED", "older_than": f"{_UNTAGGED_DAYS * _DAY_S}s"},
                },
            ],
            vulnerability_scanning_config={"enablement_config": "INHERITED"},
            opts=ResourceOptions(parent=self, protect=args.protect, depends_on=[args.key_use]),
        )
        self.repository = repository.id
        self.register_outputs({"repository": self.repository})
