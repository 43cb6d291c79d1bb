"""The task queue of the local stack: Valkey on loopback, where an acknowledged task survives kill -9 of the server.

It speaks Redis' protocol, as ElastiCache and Memorystore do. Who puts and takes is in services/tasks.
"""

from dataclasses import dataclass
from pathlib import Path

from pulumi import ComponentResource, Output, ResourceOptions

from infra.local.network import Network
from infra.local.provider import File, Limits, Probe, Service
from infra.settings import QueueSettings
from services.tasks import server_config, valkey_server
from slipway.paths import State

_STOP_GRACE_S = 10


@dataclass(frozen=True, kw_only=True)
class QueueArgs:
    state: State
    network: Network
    settings: QueueSettings
    password: Output[str]


class Queue(ComponentResource):
    """url: a secret, for whoever asks the contract. url_file: the same for services, so no process shows it."""

    url: Output[str]
    url_file: Path
    ready: Service

    def __init__(self, name: str, args: QueueArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:local:Queue", name, None, opts)
        child = ResourceOptions(parent=self)
        folder = args.state.run / "valkey"  # goes with the queue, as a cloud's messages do
        self.url_file = args.state.run / "secrets" / "queue-url"

        config = File(
            f"{name}-config",
            path="valkey/valkey.conf",
            content=args.password.apply(
                lambda password: server_config(
                    folder=folder, port=args.settings.port, password=password, memory_gib=args.settings.memory_gib
                )
            ),
            mode=0o600,
            opts=child,
        )
        self.ready = Service(
            f"{name}-valkey",
            argv=[str(valkey_server()), config.path],
            working_folder=str(folder),
            ports=[args.settings.port],
            health=Probe(tcp=True),
            stop_grace_s=_STOP_GRACE_S,
            limits=Limits(memory_gib=args.settings.memory_gib + 0.5),
            opts=child,
        )
        self.url = Output.secret(
            args.password.apply(lambda password: f"redis://:{password}@{args.network.host}:{args.settings.port}/0")
        )
        File(f"{name}-url", path=str(self.url_file), content=self.url, mode=0o600, opts=child)
        self.register_outputs({})
