"""What Prometheus scrapes and when it raises an alarm, as its operator's kinds; and a dashboard for Grafana. Pure.

Only where settings say that the operator is there. Names of figures are those of services/predictor/metrics.py,
services/worker/metrics.py and training/observe/gauges.py.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from infra.kubernetes.drift import PART as DRIFT
from infra.kubernetes.job import PART as TRAINER
from infra.kubernetes.job import metrics_port
from infra.kubernetes.objects import SYSTEM_NAMESPACE, Manifest, metadata, selected
from infra.kubernetes.system import EXPORTER
from infra.naming import NAMESPACE
from infra.settings import ObservabilitySettings

_API = "monitoring.coreos.com/v1"
_PART = "monitoring"
_EVERY = "15s"
_HERE = f'namespace="{NAMESPACE}"'
_PREDICTIONS = f'{_HERE},route=~"predict|infer"'
_P95 = f"histogram_quantile(0.95, sum by (le) (rate(slipway_request_seconds_bucket{{{_PREDICTIONS}}}[5m])))"
_FAILED = (
    f'sum(rate(slipway_requests_total{{{_HERE},status=~"5.."}}[5m])) / sum(rate(slipway_requests_total{{{_HERE}}}[5m]))'
)
_WAITING = f'sum(kube_pod_status_phase{{{_HERE},phase="Pending",pod=~".*-[0-9]+-.*"}})'


def monitoring(
    settings: ObservabilitySettings, *, serves: bool, works: bool, watches_gpus: bool, trainers: int
) -> dict[str, Manifest]:
    """serves: a release is pinned. works: there are workers. watches_gpus: the DCGM exporter is there. trainers:
    workers of a training pod, at most."""
    made = {"rules": _rules(settings, serves=serves), "dashboard": _dashboard(settings)}
    if serves:
        made["predictor"] = _service_monitor("predictor")
    if works:
        made["worker"] = _pod_monitor("worker", ["http"], NAMESPACE)
    if watches_gpus:
        made["gpus"] = _pod_monitor(EXPORTER, ["metrics"], SYSTEM_NAMESPACE)
    if trainers:
        made["trainer"] = _pod_monitor(TRAINER, map(metrics_port, range(trainers)), NAMESPACE)
    return made


def _service_monitor(part: str) -> Manifest:
    return {
        "apiVersion": _API,
        "kind": "ServiceMonitor",
        "metadata": metadata(part, _PART),
        "spec": {"selector": selected(part), "endpoints": [_asked("http")]},
    }


def _pod_monitor(part: str, ports: Iterable[str], namespace: str) -> Manifest:
    """For what has no Service, because nobody calls it. A port that a pod does not name is not asked there."""
    return {
        "apiVersion": _API,
        "kind": "PodMonitor",
        "metadata": metadata(part, _PART, namespace=namespace),
        "spec": {"selector": selected(part), "podMetricsEndpoints": [_asked(port) for port in ports]},
    }


def _asked(port: str) -> dict[str, str]:
    return {"port": port, "path": "/metrics", "interval": _EVERY}


def _rules(settings: ObservabilitySettings, *, serves: bool) -> Manifest:
    alarms = [
        _alarm("SlipwayDrift", "Objects are not as the stack applied them", _failed_jobs(DRIFT), "1m", "warning"),
        _alarm(
            "SlipwayTrainingWaits", "Training has waited for a node for 30 minutes", f"{_WAITING} > 0", "30m", "info"
        ),
    ]
    if serves:
        p95_s, share = settings.p95_ms / 1e3, settings.error_share
        alarms += [
            _alarm("SlipwaySlow", f"p95 is over {settings.p95_ms:g} ms", f"{_P95} > {p95_s:g}", "5m", "critical"),
            _alarm(
                "SlipwayFails", f"More than {share:.1%} of requests fail", f"{_FAILED} > {share:g}", "5m", "critical"
            ),
            _alarm("SlipwayDown", "No predictor is ready", f"absent(slipway_ready{{{_HERE}}} == 1)", "2m", "critical"),
        ]
    return {
        "apiVersion": _API,
        "kind": "PrometheusRule",
        "metadata": metadata("slipway", _PART),
        "spec": {"groups": [{"name": "slipway", "rules": alarms}]},
    }


def _failed_jobs(part: str) -> str:
    return f'sum(kube_job_status_failed{{{_HERE},job_name=~"{part}-.*"}}) > 0'


def _alarm(name: str, why: str, expression: str, lasting: str, severity: str) -> dict[str, Any]:
    return {
        "alert": name,
        "expr": expression,
        "for": lasting,
        "labels": {"severity": severity},
        "annotations": {"summary": why},
    }


def _dashboard(settings: ObservabilitySettings) -> Manifest:
    """Grafana's sidecar finds it by its label."""
    charts = {
        "p95 (s)": _P95,
        "Requests (1/s)": f"sum by (status) (rate(slipway_requests_total{{{_HERE}}}[5m]))",
        "Requests in flight": f"sum(slipway_in_flight{{{_HERE}}})",
        "Ready replicas": f"sum(slipway_ready{{{_HERE}}})",
        "Tasks (1/s)": f"sum by (outcome) (rate(slipway_tasks_total{{{_HERE}}}[5m]))",
        "Training loss": f"max by (pod) (slipway_training_loss{{{_HERE}}})",
        "Training (rows/s)": f"max by (pod) (slipway_training_rows_per_second{{{_HERE}}})",
        "GPU use (%)": f"avg by (pod) (DCGM_FI_DEV_GPU_UTIL{{exported_{_HERE}}})",
    }
    board = {
        "title": "Slipway",
        "uid": "slipway",
        "schemaVersion": 39,
        "time": {"from": "now-6h", "to": "now"},
        "refresh": "30s",
        "panels": [_panel(place, title, query, settings) for place, (title, query) in enumerate(charts.items())],
    }
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata("slipway-dashboard", _PART, labels={"grafana_dashboard": "1"}),
        "data": {"slipway.json": json.dumps(board, indent=2)},
    }


def _panel(place: int, title: str, query: str, settings: ObservabilitySettings) -> Mapping[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if title.startswith("p95"):
        steps.append({"color": "red", "value": settings.p95_ms / 1e3})
    return {
        "id": place + 1,
        "type": "timeseries",
        "title": title,
        "gridPos": {"x": 12 * (place % 2), "y": 8 * (place // 2), "w": 12, "h": 8},
        "targets": [{"refId": "A", "expr": query}],
        "fieldConfig": {"defaults": {"thresholds": {"mode": "absolute", "steps": steps}}},
    }
