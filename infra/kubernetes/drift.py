"""Tells whether what is on the cluster is still what the stack applied: a CronJob that may only read. Pure.

It is about infrastructure; drift of data is the monitor's, which is not there yet. The job asks for each object and
compares (drift_report.py, in the predictor's image, which has Python), says every field that differs, and fails when
one does, so that an alarm goes off. It repairs nothing: `pulumi up` does, and says before what it would change.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pulumi import Output

from infra.kubernetes import security
from infra.kubernetes.accounts import may, rule, service_account
from infra.kubernetes.nodes import FORGIVES_LOST_NODES
from infra.kubernetes.objects import NAME, Manifest, group_of, metadata, path_of, plural_of
from infra.naming import NAMESPACE

PART = "drift"
_REPORT = Path(__file__).with_name("drift_report.py")
_FOLDER = "/drift"
_LONGEST_S = 300
_KEPT = 3


def drift(image: str, schedule: str, applied: Iterable[Manifest]) -> dict[str, Manifest]:
    """image: by digest, with Python in it. applied: everything that the report looks at."""
    applied = list(applied)
    return {
        "account": service_account(PART),
        **_may_read(applied),
        "applied": {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": metadata(PART, PART),
            "data": {
                "report.py": _REPORT.read_text(),
                "applied.json": Output.json_dumps([{"path": path_of(each), "applied": each} for each in applied]),
            },
        },
        "report": {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": metadata(PART, PART),
            "spec": {
                "schedule": schedule,
                "timeZone": "Etc/UTC",
                "concurrencyPolicy": "Forbid",
                "successfulJobsHistoryLimit": 1,
                "failedJobsHistoryLimit": _KEPT,
                "jobTemplate": {
                    "spec": {
                        "backoffLimit": 0,
                        "podFailurePolicy": FORGIVES_LOST_NODES,
                        "activeDeadlineSeconds": _LONGEST_S,
                        "template": {"metadata": {"labels": {NAME: PART}}, "spec": _pod(image)},
                    }
                },
            },
        },
    }


def _pod(image: str) -> dict[str, Any]:
    return {
        "restartPolicy": "Never",
        "serviceAccountName": PART,
        "automountServiceAccountToken": True,  # it asks the API server
        "enableServiceLinks": False,
        "securityContext": security.POD,
        "containers": [
            {
                "name": PART,
                "image": image,
                "command": ["python", f"{_FOLDER}/report.py", f"{_FOLDER}/applied.json"],
                "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
                "securityContext": security.CONTAINER,
                "volumeMounts": [{"name": "applied", "mountPath": _FOLDER, "readOnly": True}],
            }
        ],
        "volumes": [{"name": "applied", "configMap": {"name": PART}}],
    }


def _may_read(applied: Iterable[Manifest]) -> dict[str, Manifest]:
    """These objects by their names, in their namespaces, and nothing else."""
    seen: dict[str | None, dict[tuple[str, str], list[str]]] = {}
    for each in applied:
        kinds = seen.setdefault(each["metadata"].get("namespace"), {})
        kinds.setdefault((group_of(each), plural_of(each)), []).append(each["metadata"]["name"])
    made: dict[str, Manifest] = {}
    for namespace, kinds in seen.items():
        rules = [rule(group, [kind], ["get"], names=sorted(names)) for (group, kind), names in kinds.items()]
        prefix = f"{namespace}-" if namespace and namespace != NAMESPACE else ""
        made |= _prefixed(prefix, may(PART, rules, of=NAMESPACE, within=namespace))
    return made


def _prefixed(prefix: str, manifests: Mapping[str, Manifest]) -> dict[str, Manifest]:
    return {f"{prefix}{name}": manifest for name, manifest in manifests.items()}
