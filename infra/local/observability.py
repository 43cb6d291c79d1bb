"""How the local stack is seen: the console behind the edge's status page, and the inventory that it reads.

Metrics stay where they arise (Envoy's and the replicas' own); the console asks for them when somebody looks.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi import ComponentResource, Output, ResourceOptions

from infra.local.network import Network
from infra.local.provider import File, Limits, Probe, Service
from infra.local.queue import Queue
from infra.local.registry import LocalRelease, Registry
from infra.local.serverless import Predictor, Worker
from infra.settings import Settings
from slipway.inventory import Role
from slipway.paths import PROJECT, State

if TYPE_CHECKING:
    from infra.local.edge import Edge


@dataclass(frozen=True, kw_only=True)
class ObservabilityArgs:
    state: State
    network: Network


class Observability(ComponentResource):
    console: Service

    def __init__(self, name: str, args: ObservabilityArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:local:Observability", name, None, opts)
        self._name, self._state = name, args.state
        self.console = Service(
            f"{name}-console",
            argv=[sys.executable, "-m", "services.console"],
            environment={"SLIPWAY_PORT": "{port}", "SLIPWAY_INVENTORY": str(args.state.inventory)},
            working_folder=str(PROJECT),
            health=Probe(path="/health/ready"),
            limits=Limits(memory_gib=1.0),
            opts=ResourceOptions(parent=self),
        )
        self.register_outputs({})

    def record(
        self,
        *,
        settings: Settings,
        release: LocalRelease | None,
        edge: "Edge",
        queue: Queue,
        registry: Registry,
        predictors: Mapping[str, Predictor],
        workers: Sequence[Worker],
    ) -> File:
        """The inventory, once everything it names is there."""
        services: list[tuple[str, Role, str, Service]] = [
            ("edge", "edge", "", edge.service),
            ("queue", "queue", "", queue.ready),
            ("console", "console", "", self.console),
            *((f"predictor-{region}", "predictor", region, p.service) for region, p in predictors.items()),
            *(("worker", "worker", "", worker.service) for worker in workers),
            ("tracking", "tracking", "", registry.server),
        ]
        content = Output.json_dumps(
            {
                "endpoint": edge.endpoint,
                "regions": settings.regions,
                "release_name": release.release.name if release else "",
                "release": release.digest if release else "",
                "release_folder": str(release.folder) if release else "",
                "store": self._state.store_url,
                "tracking": registry.tracking_uri,
                "supervisor_socket": str(self._state.supervisor_socket),
                "edge_admin_socket": str(edge.admin_socket),
                "queue_url_file": str(queue.url_file),
                "token_file": str(self._state.edge_token),
                "services": [
                    {
                        "name": name,
                        "role": role,
                        "region": region,
                        "service_id": service.service_id,
                        "ports": service.ports.apply(lambda ports: [int(port) for port in ports]),
                        "log_folder": service.log_folder,
                    }
                    for name, role, region, service in services
                ],
                "links": registry.dashboards,
            },
            indent=2,
        )
        return File(
            f"{self._name}-inventory",
            path=str(self._state.inventory),
            content=content,
            mode=0o600,
            opts=ResourceOptions(parent=self),
        )
