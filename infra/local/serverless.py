"""What scales with its load: predictor replicas of one region, and workers. Cloud Run and Lambda are its twins.

A Service has slots between min and max; the engine sees to min, the autoscaler (or `slipway scale`) moves above it.
A new release is a new Service, healthy before the old one drains.
"""

import sys
from dataclasses import dataclass

from pulumi import ComponentResource, Output, ResourceOptions

from infra.local.provider import Limits, Probe, Service
from infra.local.queue import Queue
from infra.local.registry import LocalRelease
from infra.settings import PredictorSettings, WorkerSettings
from slipway.paths import PROJECT

_DRAIN_S = 2  # ready turns 503 for this long: eight of the edge's health checks
_STOP_GRACE_S = 20


@dataclass(frozen=True, kw_only=True)
class PredictorArgs:
    region: str
    release: LocalRelease
    settings: PredictorSettings
    queue: Queue


class Predictor(ComponentResource):
    """The model server of one region. ports: one per slot up to max, whether it runs now or not."""

    ports: Output[list[int]]
    service: Service

    def __init__(self, name: str, args: PredictorArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:local:Predictor", name, None, opts)
        settings = args.settings
        self.service = _scaled(
            self,
            name,
            module="services.predictor",
            args=args,
            environment={
                "SLIPWAY_REGION": args.region,
                "SLIPWAY_MAX_BATCH": str(settings.max_batch),
                "SLIPWAY_QUEUE_LIMIT": str(settings.queue_limit),
                "SLIPWAY_DEADLINE_MS": str(settings.deadline_ms),
                "SLIPWAY_DRAIN_S": str(_DRAIN_S),
            },
            health=Probe(path="/v2/health/ready"),
        )
        self.ports = self.service.ports
        self.register_outputs({"ports": self.ports})


@dataclass(frozen=True, kw_only=True)
class WorkerArgs:
    release: LocalRelease
    settings: WorkerSettings
    queue: Queue


class Worker(ComponentResource):
    """Takes tasks off the queue, for any region."""

    service: Service

    def __init__(self, name: str, args: WorkerArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:local:Worker", name, None, opts)
        self.service = _scaled(
            self,
            name,
            module="services.worker",
            args=args,
            environment={
                "SLIPWAY_BATCH": str(args.settings.batch),
                "SLIPWAY_VISIBILITY_S": str(args.settings.visibility_s),
            },
            health=Probe(path="/health/live"),  # it waits for a queue that is away, and must not be restarted for it
        )
        self.register_outputs({})


def _scaled(
    parent: ComponentResource,
    name: str,
    *,
    module: str,
    args: PredictorArgs | WorkerArgs,
    environment: dict[str, str],
    health: Probe,
) -> Service:
    """Slots of one of our own services on a release, between its bounds."""
    return Service(
        name,
        argv=[sys.executable, "-m", module],
        environment={
            "SLIPWAY_RELEASE": str(args.release.folder),
            "SLIPWAY_RELEASE_DIGEST": args.release.digest,
            "SLIPWAY_PORT": "{port}",
            "SLIPWAY_QUEUE_URL_FILE": str(args.queue.url_file),
            "ORT_DISABLE_TELEMETRY": "1",
            **environment,
        },
        working_folder=str(PROJECT),
        slots_min=args.settings.replicas.min,
        slots_max=args.settings.replicas.max,
        health=health,
        stop_grace_s=_STOP_GRACE_S,
        limits=Limits(memory_gib=args.settings.memory_gib),
        opts=ResourceOptions(parent=parent, depends_on=[args.queue]),
    )
