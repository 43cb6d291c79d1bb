"""The predictor on the cluster: a Deployment over all zones, the Service in front of it, and how many there are.

A replica is ready once it has brought its release from the bucket and reproduces its golden answers. Asked to stop, it
serves on until the endpoints have noticed. Replicas follow the CPU; with KEDA and Prometheus they follow p95 and the
requests in flight too, and the CPU stays the floor that holds when Prometheus does not answer.
"""

from dataclasses import dataclass

from pulumi import Input

from infra.kubernetes.accounts import service_account
from infra.kubernetes.deployment import PORT, Served, Tasks, deployment, probe
from infra.kubernetes.objects import NAME, Manifest, metadata, selected
from infra.kubernetes.scaling import by_cpu, by_keda, cpu_trigger, in_flight_trigger, p95_trigger
from infra.serving import HEALTH, predictor_environment
from infra.settings import PredictorSettings
from slipway.release import Pin

PART = "predictor"
LIVE = "/v2/health/live"
_IN_FLIGHT = 32
"""Requests in flight that one replica answers in time: what it was measured at, on 2 cores."""

_NOTICED_S = 5
"""Until every proxy has taken a pod that is going out of its list; SIGTERM comes only then."""
_DRAIN_S, _STOP_S = 2, 10
_GRACE_S = _NOTICED_S + _DRAIN_S + _STOP_S + 8
_START_FAILURES = 90
"""Three minutes, to bring a release of some GiB and warm it up."""


@dataclass(frozen=True, kw_only=True)
class PredictorArgs:
    """image: by digest. region: told to callers. store: URL of the bucket that holds the pinned release.

    prometheus: where KEDA asks it; empty where one of the two is not there. p95_s: the goal.
    """

    image: str
    pin: Pin
    region: str
    store: Input[str]
    settings: PredictorSettings
    tasks: Tasks
    prometheus: str
    p95_s: float


def predictor(args: PredictorArgs) -> dict[str, Manifest]:
    return {
        "account": service_account(PART),
        "service": {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata(PART, PART),
            "spec": {
                "selector": {NAME: PART},
                "ports": [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}],
            },
        },
        "deployment": deployment(_served(args)),
        "budget": {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": metadata(PART, PART),
            "spec": {
                "maxUnavailable": 1,
                "selector": selected(PART),
                "unhealthyPodEvictionPolicy": "AlwaysAllow",  # a pod that never gets ready must not hold up a node
            },
        },
        "scaling": _scaling(args),
    }


def _served(args: PredictorArgs) -> Served:
    environment = predictor_environment(
        args.settings,
        region=args.region,
        pin=args.pin,
        store=args.store,
        host="0.0.0.0",  # noqa: S104 - its pod's
        port=PORT,
    )
    stopping = {"SLIPWAY_DRAIN_S": str(_DRAIN_S), "SLIPWAY_STOP_S": str(_STOP_S)}
    return Served(
        part=PART,
        image=args.image,
        environment=environment | stopping,
        memory_gib=args.settings.memory_gib,
        tasks=args.tasks,
        grace_s=_GRACE_S,
        probes={
            "startup": probe(HEALTH, every_s=2, failures=_START_FAILURES),
            "readiness": probe(HEALTH, every_s=2, failures=2),
            "liveness": probe(LIVE, every_s=10, failures=3),
        },
        lifecycle={"preStop": {"sleep": {"seconds": _NOTICED_S}}},
    )


def _scaling(args: PredictorArgs) -> Manifest:
    replicas = args.settings.replicas
    if not args.prometheus:
        return by_cpu(PART, replicas)
    triggers = [
        cpu_trigger(),
        p95_trigger(args.prometheus, PART, args.p95_s),
        in_flight_trigger(args.prometheus, PART, _IN_FLIGHT),
    ]
    return by_keda(PART, least=replicas.min, most=replicas.max, triggers=triggers)
