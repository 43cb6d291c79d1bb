"""Where Google's resources name container images, and how its registry keeps them; and how a service is watched."""

from collections.abc import Iterator
from typing import Any

from infra.policy.ideas import Container, Image, Registry
from infra.policy.stack import UNKNOWN, Resource, dig, named

_SERVICES = ("gcp:cloudrunv2/service:Service", "gcp:cloudrunv2/workerPool:WorkerPool")
_PROBES = {"startupProbe": "start-up", "livenessProbe": "liveness"}


def images(resource: Resource) -> Iterator[Image]:
    """By the names that Google's services give to a reference, wherever in a resource it stands."""
    if resource.type.startswith(("gcp:cloudrunv2/", "gcp:cloudrun/", "gcp:vertex/")):
        found = named(resource.props, "image", "imageUri")
        yield from (Image(reference=reference) for reference in found if isinstance(reference, str))


def registries(resource: Resource) -> Iterator[Registry]:
    """Only repositories of container images have tags. They are scanned as the project says, unless it is off."""
    if resource.type == "gcp:artifactregistry/repository:Repository" and resource.get("format") == "DOCKER":
        scan = resource.get("vulnerabilityScanningConfig.enablementConfig", "INHERITED")
        yield Registry(
            immutable=resource.flag("dockerConfig.immutableTags"),
            scanned=None if scan is UNKNOWN else scan != "DISABLED",
        )


def containers(resource: Resource) -> Iterator[Container]:
    """Of services that answer requests: those of a job end by themselves."""
    if resource.type != _SERVICES[0]:
        return
    for container in resource.entries("template.containers"):
        if dig(container, "ports"):
            yield Container(what=f"container {_name(container)}", unwatched=_missing(container))


def _missing(container: Any) -> tuple[str, ...]:
    return tuple(words for key, words in _PROBES.items() if dig(container, key) is None)


def _name(container: Any) -> str:
    return str(dig(container, "name", "of the service"))
