"""Workers on the cluster: they take tasks off the queue, and there are as many as its length asks for, from none.

With KEDA a task that waits brings the first worker, and an empty queue takes the last; without KEDA workers follow the
CPU between their bounds. The queue is Valkey (ElastiCache, Memorystore), which is what services/tasks speaks.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pulumi import Input

from infra.kubernetes.accounts import service_account
from infra.kubernetes.deployment import PORT, Served, Tasks, deployment, probe
from infra.kubernetes.objects import Manifest, metadata
from infra.kubernetes.scaling import by_cpu, by_keda
from infra.serving import RELEASE_FOLDER
from infra.settings import WorkerSettings
from services.tasks.scripts import STREAM
from slipway.release import Pin

PART = "worker"
_STOP_S = 15
_GRACE_S = _STOP_S + 10
_START_FAILURES = 90


@dataclass(frozen=True, kw_only=True)
class WorkerArgs:
    """image: by digest. store: URL of the bucket that holds the pinned release. keda: it is there."""

    image: str
    pin: Pin
    store: Input[str]
    settings: WorkerSettings
    tasks: Tasks
    keda: bool


def worker(args: WorkerArgs) -> dict[str, Manifest]:
    made = {"account": service_account(PART), "deployment": deployment(_served(args))}
    if not args.keda:
        return made | {"scaling": by_cpu(PART, args.settings.replicas)}
    if args.tasks.secret:
        made["queue-login"] = _login(args.tasks.secret)
    trigger = _waiting(args)
    return made | {"scaling": by_keda(PART, least=0, most=args.settings.replicas.max, triggers=[trigger])}


def _served(args: WorkerArgs) -> Served:
    settings = args.settings
    return Served(
        part=PART,
        image=args.image,
        environment={
            "ORT_DISABLE_TELEMETRY": "1",
            "SLIPWAY_BATCH": str(settings.batch),
            "SLIPWAY_HOST": "0.0.0.0",  # noqa: S104 - its pod's
            "SLIPWAY_PORT": str(PORT),
            "SLIPWAY_RELEASE": RELEASE_FOLDER,
            "SLIPWAY_RELEASE_DIGEST": args.pin.digest,
            "SLIPWAY_RELEASE_NAME": args.pin.name,
            "SLIPWAY_STOP_S": str(_STOP_S),
            "SLIPWAY_STORE": args.store,
            "SLIPWAY_VISIBILITY_S": f"{settings.visibility_s:g}",
        },
        memory_gib=settings.memory_gib,
        tasks=args.tasks,
        grace_s=_GRACE_S,
        probes={
            "startup": probe("/health/live", every_s=2, failures=_START_FAILURES),
            "readiness": probe("/health/ready", every_s=5, failures=2),
            "liveness": probe("/health/live", every_s=10, failures=3),  # waiting for a queue is no illness
        },
    )


def _waiting(args: WorkerArgs) -> dict[str, Any]:
    """A worker for every two batches that wait or are in hand: an entry leaves the stream when its task is done."""
    queue = urlsplit(args.tasks.url)
    asked: dict[str, Any] = {
        "type": "redis-streams",
        "metadata": {
            "address": f"{queue.hostname}:{queue.port}",
            "stream": STREAM,
            "streamLength": str(args.settings.batch * 2),
            "databaseIndex": queue.path.strip("/"),
            "enableTLS": str(queue.scheme == "rediss").lower(),
        },
    }
    return asked | ({"authenticationRef": {"name": PART}} if args.tasks.secret else {})


def _login(secret: str) -> Manifest:
    """How KEDA gets the queue's password: from the Secret that you made, never through the stack."""
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "TriggerAuthentication",
        "metadata": metadata(PART, PART),
        "spec": {"secretTargetRef": [{"parameter": "password", "name": secret, "key": "password"}]},
    }
