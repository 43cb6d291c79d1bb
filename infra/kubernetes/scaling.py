"""How many replicas there are: an HPA where the cluster has nothing else, a ScaledObject where KEDA is there. Pure."""

from collections.abc import Sequence
from typing import Any

from infra.kubernetes.objects import Manifest, metadata
from infra.naming import NAMESPACE
from infra.settings import Replicas

_BUSY_PERCENT = 70
_CALM_S = 300
"""How long a lower number must be enough before replicas go: a new one takes a minute to be of use."""
_ASKED_EVERY_S = 15
_QUIET_S = 120
"""How long a queue must be empty before the last worker goes."""

_BEHAVIOR: dict[str, Any] = {
    "scaleDown": {
        "stabilizationWindowSeconds": _CALM_S,
        "policies": [{"type": "Percent", "value": 25, "periodSeconds": 60}],
    },
    "scaleUp": {
        "stabilizationWindowSeconds": 0,
        "selectPolicy": "Max",
        "policies": [
            {"type": "Percent", "value": 100, "periodSeconds": 30},
            {"type": "Pods", "value": 4, "periodSeconds": 30},
        ],
    },
}


def by_cpu(part: str, replicas: Replicas) -> Manifest:
    """Kubernetes' own autoscaler."""
    target = {"type": "Utilization", "averageUtilization": _BUSY_PERCENT}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata(part, part),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": part},
            "minReplicas": replicas.min,
            "maxReplicas": replicas.max,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
            "behavior": _BEHAVIOR,
        },
    }


def by_keda(part: str, *, least: int, most: int, triggers: Sequence[dict[str, Any]]) -> Manifest:
    """KEDA's: it makes an HPA of its own, so there is no other beside it. least: 0 needs a trigger that activates."""
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": metadata(part, part),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": part},
            "minReplicaCount": least,
            "maxReplicaCount": most,
            "pollingInterval": _ASKED_EVERY_S,
            "cooldownPeriod": _QUIET_S,
            "advanced": {"horizontalPodAutoscalerConfig": {"behavior": _BEHAVIOR}},
            "triggers": list(triggers),
        },
    }


def cpu_trigger() -> dict[str, Any]:
    return {"type": "cpu", "metricType": "Utilization", "metadata": {"value": str(_BUSY_PERCENT)}}


def p95_trigger(server: str, part: str, p95_s: float) -> dict[str, Any]:
    """Replicas in proportion to how far p95 is over the goal; no traffic is no latency."""
    served = f'namespace="{NAMESPACE}",route=~"predict|infer"'
    query = f"histogram_quantile(0.95, sum by (le) (rate(slipway_request_seconds_bucket{{{served}}}[2m])))"
    return _prometheus(server, f"{part}-p95", f"({query} > 0) or vector(0)", p95_s, metric_type="Value")


def in_flight_trigger(server: str, part: str, each: int) -> dict[str, Any]:
    """A replica for every `each` requests that are begun and not answered."""
    query = f'sum(slipway_in_flight{{namespace="{NAMESPACE}"}}) or vector(0)'
    return _prometheus(server, f"{part}-in-flight", query, each, metric_type="AverageValue")


def _prometheus(server: str, name: str, query: str, threshold: float, *, metric_type: str) -> dict[str, Any]:
    asked = {"serverAddress": server, "query": query, "threshold": f"{threshold:g}"}
    return {"type": "prometheus", "name": name, "metricType": metric_type, "metadata": asked}
