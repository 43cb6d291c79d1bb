"""Where Kubernetes says whose an object is: its namespace does, by which clouds book what it costs."""

from collections.abc import Iterator

from infra.policy.ideas import Labelled
from infra.policy.kubernetes import objects
from infra.policy.stack import Resource, is_block

_OURS = "slipway/"
"""Before a stack's own labels, since labels without such a prefix are the user's (infra/kubernetes/objects.py)."""


def labelled(resource: Resource) -> Iterator[Labelled]:
    labels = resource.get("metadata.labels", {}) if objects.kind(resource) == "core/v1:Namespace" else None
    if is_block(labels):
        yield Labelled(labels={key.removeprefix(_OURS): value for key, value in labels.items()})
