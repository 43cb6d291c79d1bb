"""Where AWS' resources name container images, and how its registry keeps them."""

from collections.abc import Iterator

from infra.policy.ideas import Image, Registry
from infra.policy.stack import Resource, named, parsed

_KEYS = ("imageUri", "image", "trainingImage", "imageIdentifier")


def images(resource: Resource) -> Iterator[Image]:
    """By the names that AWS' services give to a reference, wherever in a resource it stands."""
    if not resource.type.startswith(("aws:lambda/", "aws:sagemaker/", "aws:ecs/", "aws:batch/", "aws:apprunner/")):
        return
    found = [*named(resource.props, *_KEYS)]
    for definitions in named(resource.props, "containerDefinitions"):
        found.extend(named(parsed(definitions), "image"))
    yield from (Image(reference=reference) for reference in found if isinstance(reference, str))


def registries(resource: Resource) -> Iterator[Registry]:
    if resource.type == "aws:ecr/repository:Repository":
        kind = resource.text("imageTagMutability", "MUTABLE")
        yield Registry(
            immutable=None if kind is None else kind == "IMMUTABLE",
            scanned=resource.flag("imageScanningConfiguration.scanOnPush"),
        )
