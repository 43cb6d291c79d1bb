"""What every target gives, whichever cloud or laptop it builds on: nothing else of a target is read from outside.

`__main__` exports it as stack outputs. From there the stack that is applied to a cluster reads which clusters there
are; the rest is for people and their scripts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from pulumi import Output

from infra.capacity import Chosen


@dataclass(frozen=True, kw_only=True)
class KubernetesCluster:
    """How the Kubernetes cluster of a region is reached, and what the stack that is applied to it needs to know.

    kind: eks or gke, which decides the credentials helper and the nodes' labels. location: region, for that helper.
    certificate: of its API server, as base64. priorities: the order of capacity, as YAML: on EKS the content of the
    cluster autoscaler's priority expander, on GKE ComputeClasses. store and queue: URLs of the region's bucket and task
    queue. interruptions: URL of the queue that tells of nodes about to be taken back; None where the cloud drains them.
    """

    kind: str
    location: str
    name: Output[str]
    endpoint: Output[str]
    certificate: Output[str]
    priorities: str
    store: Output[str]
    queue: Output[str]
    interruptions: Output[str] | None = None


@dataclass(frozen=True, kw_only=True)
class DnsRecord:
    """A record that somebody else is to put into the zone. type: as CNAME. data: what the name leads to."""

    name: Output[str]
    type: Output[str]
    data: Output[str]


@dataclass(frozen=True, kw_only=True)
class Alias:
    """A name of AWS' own, and the zone that holds it, as an alias record wants them."""

    name: Output[str]
    zone_id: Output[str]


@dataclass(frozen=True, kw_only=True)
class Front:
    """Where one cloud answers, for a name that several clouds share: under an alias or at addresses.

    addresses: by record type, A or AAAA. checks: ids of Route 53's health checks by region, where regions can be asked
    one by one; without any, the addresses are asked. proof: shows that the name may have this cloud's certificate.
    """

    alias: Alias | None = None
    addresses: Mapping[str, Output[str]] = field(default_factory=dict[str, Output[str]])
    checks: Mapping[str, Output[str]] = field(default_factory=dict[str, Output[str]])
    proof: DnsRecord | None = None


@dataclass(frozen=True, kw_only=True)
class Platform:
    """Typed outputs of a stack.

    endpoint: the URL that users call, through the edge; empty where nothing is served yet. store: object store URL
    (releases, checkpoints). tracking: MLflow tracking URI. queue: task queue URL, a secret. launcher: what submits
    training jobs here, by key. release: digest served, empty before the first promotion. regions: in order of
    preference. dashboards: URL by name. capacity: by pool, what it gets and why. clusters: by region. front: where a
    shared name leads; not exported.
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
    front: Front | None = None

    def outputs(self) -> dict[str, Any]:
        """As the stack exports them: what is a secret as one, and nothing for what the target does not have."""
        said: dict[str, Any] = {
            field.name: getattr(self, field.name) for field in fields(self) if field.name != "front"
        }
        said["queue"] = Output.secret(self.queue)
        said["capacity"] = {pool: chosen.told() for pool, chosen in self.capacity.items()}
        said["clusters"] = {
            region: vars(cluster) | {"queue": Output.secret(cluster.queue)} for region, cluster in self.clusters.items()
        }
        return {name: value for name, value in said.items() if value != {}}
