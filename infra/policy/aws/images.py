"""Where AWS' resources name container images, and how its registry keeps them."""

from collections.abc import Iterator
from typing import Any

from infra.policy.ideas import Image, Registry
from infra.policy.stack import Resource, dig, is_block, is_list, parsed

_KEYS = ("imageUri", "image", "trainingImage", "imageIdentifier")


def images(resource: Resource) -> Iterator[Image]:
    """By the names that AWS' services give to a reference, wherever in a resource it stands."""
    if resource.type.startswith(("aws:lambda/", "aws:sagemaker/", "aws:ecs/", "aws:batch/", "aws:apprunner/")):
        yield from (Image(reference=found) for found in _named(resource.props))


def registries(resource: Resource) -> Iterator[Registry]:
    if resource.type == "aws:ecr/repository:Repository":
        kind = resource.text("imageTagMutability", "MUTABLE")
        yield Registry(
            immutable=None if kind is None else kind == "IMMUTABLE",
            scanned=resource.flag("imageScanningConfiguration.scanOnPush"),
        )


def _named(value: Any) -> Iterator[str]:
    if is_list(value):
        for entry in value:
            yield from _named(entry)
    elif is_block(value):
        for key, part in value.items():
            if key in _KEYS and isinstance(part, str):
                yield part
            elif key == "containerDefinitions" and isinstance(part, str):
                yield from (image for entry in parsed(part) or () if isinstance(image := dig(entry, "image"), str))
            else:
                yield from _named(part)
