"""What predictor and worker have in common as Deployments: one container that brings its release from the bucket. Pure.

How many replicas there are is the autoscaler's to say, so no manifest here names a number.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi import Input

from infra.kubernetes import security
from infra.kubernetes.network_policies import METRICS
from infra.kubernetes.nodes import spread
from infra.kubernetes.objects import NAME, Manifest, memory, metadata, selected
from infra.kubernetes.trainer import SERVING
from services.tasks.address import URL, URL_FILE

PORT = 8080
_CPU = "1"
_RELEASE_GIB = 4.0
"""Room for a release, which is brought to the pod's own disk."""
_QUEUE_FOLDER = "/run/secrets/queue"


@dataclass(frozen=True, kw_only=True)
class Tasks:
    """The task queue, Valkey's. url: without a password. secret: a Secret that holds the URL with one, or empty."""

    url: str = ""
    secret: str = ""

    def environment(self) -> dict[str, str]:
        """What predictor and worker read."""
        if self.secret:
            return {URL_FILE: f"{_QUEUE_FOLDER}/url"}
        return {URL: self.url} if self.url else {}


@dataclass(frozen=True, kw_only=True)
class Served:
    """One part's container. grace_s: from SIGTERM's announcement to SIGKILL. probes: by kind. lifecycle: its hooks."""

    part: str
    image: str
    environment: Mapping[str, Input[str]]
    memory_gib: float
    tasks: Tasks
    grace_s: int
    probes: Mapping[str, Any]
    lifecycle: Mapping[str, Any] = field(default_factory=dict[str, Any])


def deployment(served: Served) -> Manifest:
    part = served.part
    volume, mount = security.scratch("/tmp", _RELEASE_GIB)  # noqa: S108 - the pod's own, nobody else's
    volumes, mounts = [volume], [mount]
    if served.tasks.secret:  # a file that others may not read, or the service refuses it
        volumes.append({"name": "queue", "secret": {"secretName": served.tasks.secret, "defaultMode": 0o440}})
        mounts.append({"name": "queue", "mountPath": _QUEUE_FOLDER, "readOnly": True})
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(part, part),
        "spec": {
            "selector": selected(part),
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}},
            "revisionHistoryLimit": 3,
            "template": {
                "metadata": {"labels": {NAME: part, METRICS: "true"}},
                "spec": {
                    "serviceAccountName": part,
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "priorityClassName": SERVING,
                    "terminationGracePeriodSeconds": served.grace_s,
                    "securityContext": security.POD,
                    "topologySpreadConstraints": spread(part),
                    "containers": [_container(served, mounts)],
                    "volumes": volumes,
                },
            },
        },
    }


def probe(path: str, *, every_s: int, failures: int, timeout_s: int = 2) -> dict[str, Any]:
    """Asks a path of the service itself."""
    return {
        "httpGet": {"path": path, "port": "http"},
        "periodSeconds": every_s,
        "failureThreshold": failures,
        "timeoutSeconds": timeout_s,
    }


def _container(served: Served, mounts: list[dict[str, Any]]) -> dict[str, Any]:
    held = memory(served.memory_gib * 1024)
    environment = {**served.environment, **served.tasks.environment()}
    container: dict[str, Any] = {
        "name": served.part,
        "image": served.image,
        "env": [{"name": name, "value": value} for name, value in sorted(environment.items())],
        "ports": [{"name": "http", "containerPort": PORT, "protocol": "TCP"}],
        # no limit on CPUs: a request that waits for its next tenth of a second is late, and nobody is helped
        "resources": {
            "requests": {"cpu": _CPU, "memory": held, "ephemeral-storage": "1Gi"},
            "limits": {"memory": held},
        },
        "securityContext": security.CONTAINER,
        "volumeMounts": mounts,
        **{f"{kind}Probe": asked for kind, asked in served.probes.items()},
    }
    return container | ({"lifecycle": dict(served.lifecycle)} if served.lifecycle else {})
