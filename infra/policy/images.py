"""What runs is the image that was tested: named by digest, in a registry whose tags stay where they are."""

from collections.abc import Iterator

from infra.policy.aws import images as aws
from infra.policy.gcp import images as gcp
from infra.policy.ideas import Image, Registry
from infra.policy.kubernetes import pods as kubernetes
from infra.policy.rule import OUTSIDE_DEV, Rule
from infra.policy.terms import Terms


def movable(image: Image, _: Terms) -> Iterator[str]:
    if "@sha256:" not in image.reference:
        yield f"{image.reference} may be another image tomorrow"


def mutable(registry: Registry, _: Terms) -> Iterator[str]:
    if registry.immutable is False:
        yield "a tag of the registry can be moved to another image"


def unscanned(registry: Registry, _: Terms) -> Iterator[str]:
    if registry.scanned is False:
        yield "images are not looked through for known weaknesses when they come in"


RULES = (
    Rule(
        name="images-by-digest",
        concern="images",
        says="A container image is named by its digest.",
        mends="name it as <repository>@sha256:<digest>; CI prints the digest when it pushes (slipway:images)",
        find={"aws": aws.images, "gcp": gcp.images, "kubernetes": kubernetes.images},
        judge=movable,
        lenient=OUTSIDE_DEV,
    ),
    Rule(
        name="registry-tags-stay",
        concern="images",
        says="A tag in the registry stays on the image that it was given to.",
        mends="set image_tag_mutability to IMMUTABLE",
        mends_on={"gcp": "set immutable_tags in docker_config"},
        find={"aws": aws.registries, "gcp": gcp.registries},
        judge=mutable,
        lenient=OUTSIDE_DEV,
    ),
    Rule(
        name="registry-scans-images",
        concern="images",
        says="Images are scanned as they come in.",
        mends="set scan_on_push in image_scanning_configuration",
        mends_on={"gcp": "leave enablement_config in vulnerability_scanning_config at INHERITED"},
        find={"aws": aws.registries, "gcp": gcp.registries},
        judge=unscanned,
    ),
)
