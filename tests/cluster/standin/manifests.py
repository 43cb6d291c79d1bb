"""Objects as manifests, before and after the API server has had them: what to send, what to tell the engine. Pure."""

import hashlib
from collections.abc import Iterator

from tests.cluster.api import Manifest, Reference
from tests.engine.simulated.core.problem import Problem
from tests.engine.simulated.core.wire import UNKNOWN, Plain

_BY_THE_SERVER = ("uid", "resourceVersion", "creationTimestamp", "generation", "managedFields")
_DRAWN_ANEW = {"Service": ("clusterIP", "clusterIPs", "healthCheckNodePort")}
"""What each dry run draws again, so that a preview cannot know it."""


def problems(inputs: Plain) -> Iterator[Problem]:
    for key in ("apiVersion", "kind"):
        if not inputs.get(key):
            yield Problem(path=key, reason="is required")


def foretold(would_be: Manifest, wanted: Manifest) -> Manifest:
    """Without what only a real creation settles."""
    told = {key: value for key, value in would_be.items() if key != "status"}
    told["metadata"] = {key: value for key, value in told["metadata"].items() if key not in _BY_THE_SERVER}
    given = wanted.get("spec", {})
    for key in _DRAWN_ANEW.get(told["kind"], ()):
        if key in told.get("spec", {}) and key not in given:
            told["spec"][key] = UNKNOWN
    return told


def as_inputs(live: Manifest) -> Manifest:
    """What of a live object a program would have to say, for an import."""
    kept = ("name", "namespace", "labels", "annotations")
    metadata = {key: live["metadata"][key] for key in kept if key in live["metadata"]}
    return {key: value for key, value in live.items() if key != "status"} | {"metadata": metadata}


def manager_of(urn: str) -> str:
    """Each resource manages its fields by a name of its own, always the same."""
    return f"pulumi-kubernetes-{hashlib.sha256(urn.encode()).hexdigest()[:8]}"


def id_of(reference: Reference) -> str:
    return f"{reference.namespace}/{reference.name}" if reference.namespace else reference.name


def reference_of(token: str, resource_id: str, known: Plain) -> Reference:
    """From an id, and from what is known beside it or, for an import, from the resource's type."""
    namespace, _, name = resource_id.rpartition("/")
    _, version, kind = token.split(":", 2)
    return Reference(
        api_version=known.get("apiVersion") or version.removeprefix("core/"),
        kind=known.get("kind") or kind,
        name=name,
        namespace=namespace,
    )
