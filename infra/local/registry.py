"""Where releases and runs are registered: MLflow's sqlite database, and releases brought to this machine.

Trainers write to the database directly. The MLflow server is a Service without a slot running, because it costs
22 s to start and 550 MB and serves only the eye; a setting or `slipway ui` starts its slot.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pulumi import ComponentResource, Output, ResourceOptions

from infra.local.network import Network
from infra.local.provider import Limits, Probe, Service
from infra.settings import TrackingSettings
from slipway.paths import PROJECT, State
from slipway.release import Pin, Release, fetch, load
from slipway.store import open_store

_START_S = 120  # 22 s measured on 2 idle cores; the first start migrates the database


@dataclass(frozen=True, kw_only=True)
class LocalRelease:
    """A verified release and the folder that services load it from."""

    release: Release
    folder: Path

    @property
    def digest(self) -> str:
        return self.release.digest


@dataclass(frozen=True, kw_only=True)
class RegistryArgs:
    state: State
    network: Network
    settings: TrackingSettings


class Registry(ComponentResource):
    tracking_uri: str
    server: Service
    dashboards: Mapping[str, Output[str]]

    def __init__(self, name: str, args: RegistryArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:local:Registry", name, None, opts)
        self.tracking_uri = f"sqlite:///{args.state.tracking}"
        self.server = self._serve(f"{name}-mlflow", args)
        url = f"http://{args.network.host}:{args.settings.port}"
        self.dashboards = {"mlflow": Output.from_input(url)}
        self.register_outputs({"tracking_uri": self.tracking_uri})

    def _serve(self, name: str, args: RegistryArgs) -> Service:
        host = args.network.host
        command = [sys.executable, "-m", "mlflow", "server", "--host", host, "--port", "{port}", "--workers", "1"]
        return Service(
            name,
            argv=[*command, "--backend-store-uri", self.tracking_uri],
            environment={"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"},
            working_folder=str(PROJECT),
            slots_min=1 if args.settings.server else 0,
            slots_max=1,
            ports=[args.settings.port],
            health=Probe(path="/health", deadline_s=_START_S),
            limits=Limits(memory_gib=4.0),
            opts=ResourceOptions(parent=self),
        )

    @staticmethod
    def bring(pin: Pin, state: State) -> LocalRelease:
        """The pinned release on this machine, verified byte by byte. Raises ReleaseError."""
        folder = fetch(open_store(pin.store), pin.name, pin.digest, state.releases)
        return LocalRelease(release=load(folder, pin.digest), folder=folder)
