"""The image registry of one region, and its replication.

Images cannot be overwritten and are scanned as they come in; every region holds its own copy, because Lambda starts
only what lies beside it. Does not build images: CI does, and pushes to the first region. Runs are in tracking.py.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_aws import ecr

from infra.settings import Images, RegistrySettings
from infra.stores import IMAGES
from slipway.errors import SettingsError

_ECR = re.compile(r"^(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com/(?P<rest>.+)$")


def image_in(images: Images, name: str, *, account: str, region: str) -> str:
    """The reference of an image in a region's copy of the registry, with its digest.

    Raises SettingsError for an image that does not lie in the account's registry, from which Lambda and SageMaker
    take theirs.
    """
    reference = getattr(images, name)
    found = _ECR.match(reference)
    if not found or found["account"] != account:
        raise SettingsError(
            f"slipway:images.{name}: {reference.split('@')[0]} is not in the registry of account {account}",
            hint=f"push it there and name it as {account}.dkr.ecr.<region>.amazonaws.com/<repository>@sha256:<digest>",
        )
    return f"{account}.dkr.ecr.{region}.amazonaws.com/{found['rest']}"


@dataclass(frozen=True, kw_only=True)
class RegistryArgs:
    stack: str
    settings: RegistrySettings
    key_arn: Output[str]
    protect: bool
    disposable: bool


class Registry(ComponentResource):
    """arns: of the repositories, by image."""

    arns: dict[str, Output[str]]
    repositories: list[ecr.Repository]

    def __init__(self, name: str, args: RegistryArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:aws:Registry", name, None, opts)
        self.repositories = [self._repository(name, image, args) for image in IMAGES]
        self.arns = {image: made.arn for image, made in zip(IMAGES, self.repositories, strict=True)}
        self.register_outputs({"arns": self.arns})

    def _repository(self, name: str, image: str, args: RegistryArgs) -> ecr.Repository:
        repository = ecr.Repository(
            f"{name}-{image}",
            name=f"slipway/{args.stack}/{image}",
            image_tag_mutability="IMMUTABLE",
            force_delete=args.disposable,
            image_scanning_configuration={"scan_on_push": True},
            encryption_configurations=[{"encryption_type": "KMS", "kms_key": args.key_arn}],
            opts=ResourceOptions(parent=self, protect=args.protect),
        )
        ecr.LifecyclePolicy(
            f"{name}-{image}",
            repository=repository.name,
            policy=Output.json_dumps({"rules": [_keep(args.settings.keep)]}),
            opts=ResourceOptions(parent=self),
        )
        return repository


def _keep(count: int) -> dict[str, object]:
    return {
        "rulePriority": 1,
        "description": f"the last {count} untagged images stay for a rollback",
        "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": count},
        "action": {"type": "expire"},
    }


@dataclass(frozen=True, kw_only=True)
class ImageReplicationArgs:
    """to: regions whose registries, given here so that they are there first, get a copy of what is pushed."""

    account: str
    stack: str
    to: Mapping[str, Registry]


class ImageReplication(ComponentResource):
    """Copies what is pushed to the first region. AWS has one such rule set per account and region."""

    def __init__(self, name: str, args: ImageReplicationArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:aws:ImageReplication", name, None, opts)
        ecr.ReplicationConfiguration(
            name,
            replication_configuration={
                "rules": [
                    {
                        "destinations": [{"region": region, "registry_id": args.account} for region in args.to],
                        "repository_filters": [{"filter": f"slipway/{args.stack}/", "filter_type": "PREFIX_MATCH"}],
                    }
                ]
            },
            # without the repository ECR makes one of its own, without our key and our lifecycle
            opts=ResourceOptions(
                parent=self, depends_on=[made for each in args.to.values() for made in each.repositories]
            ),
        )
        self.register_outputs({})
