"""What every target gives, whichever cloud or laptop it builds on: the only thing that the rest of Slipway reads.

`__main__` exports it as stack outputs; the command line, the launchers and promotion take it from there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from pulumi import Output

from infra.capacity import Chosen


@dataclass(frozen=True, kw_only=True)
class KubernetesCluster:
    """How the Kubernetes cluster of a region is reached, and what is applied to it.

    certificate: of its API server, as base64. priorities: content of the cluster autoscaler's priority expander, from
    the order of capacity. interruptions: URL of the queue that tells of nodes about to be taken back.
    """

    name: Output[str]
    endpoint: Output[str]
    certificate: Output[str]
    priorities: str
    interruptions: Output[str]


@dataclass(frozen=True, kw_only=True)
class Platform:
    """Typed outputs of a stack.

    endpoint: the URL that users call, through the edge; empty where nothing is served yet. store: object store URL
    (releases, checkpoints). tracking: MLflow tracking URI. queue: task queue URL, a secret. launcher: what submits
    training jobs here, by key. release: digest served, empty before the first promotion. regions: in order of
    preference. dashboards: URL by name. capacity: by pool, what it gets and why. clusters: by region.
    """

    endpoint: Output[str]
    store: Output[str]
    tracking: Output[str]
    queue: Output[str]
    launcher: Mapping[str, Output[str] | str]
    release: str
    regions: tuple[str, ...]
    dashboards: Mapping[str, Output[str]]
    capacity: Mapping[str, Chosen] = field(default_factory=dict[str, Chosen])
    clusters: Mapping[str, KubernetesCluster] = field(default_factory=dict[str, KubernetesCluster])

    def outputs(self) -> dict[str, Any]:
        """As the stack exports them: what is a secret as one, and nothing for what the target does not have."""
        said: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        said["queue"] = Output.secret(self.queue)
        said["capacity"] = {pool: chosen.told() for pool, chosen in self.capacity.items()}
        said["clusters"] = {region: dict(vars(cluster)) for region, cluster in self.clusters.items()}
        return {name: value for name, value in said.items() if value != {}}
