"""When an object is what it was applied for, by kind, as Pulumi's provider waits for it. Pure.

A kind that is not here is ready as soon as the API server has it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Manifest = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Readiness:
    """missing: what is still missing, empty when it is ready. hopeless: it will not become ready by itself."""

    missing: str = ""
    hopeless: bool = False


READY = Readiness()


def readiness(live: Manifest, related: Sequence[Manifest] = ()) -> Readiness:
    """related: what `needs` names for the kind."""
    rule = _RULES.get(_kind(live))
    return rule(live, related) if rule else READY


def needs(live: Manifest) -> tuple[str, str, str] | None:
    """What else must be looked at: apiVersion, kind and a selector in the same namespace."""
    if _kind(live) != ("", "Service"):
        return None
    return "discovery.k8s.io/v1", "EndpointSlice", f"kubernetes.io/service-name={live['metadata']['name']}"


def selector(live: Manifest) -> str:
    """Of the pods that an object makes, for telling why it is not ready; empty where it makes none."""
    labels = live.get("spec", {}).get("selector", {})
    found = labels.get("matchLabels", {}) if isinstance(labels, Mapping) else {}
    return ",".join(f"{key}={value}" for key, value in sorted(found.items()))


def pod_troubles(pods: Sequence[Manifest], most: int = 3) -> list[str]:
    """What the scheduler and the kubelets say of pods that do not run."""
    troubles = []
    for pod in pods:
        for condition in pod.get("status", {}).get("conditions") or ():
            if condition["type"] in ("PodScheduled", "Ready") and condition["status"] == "False":
                said = condition.get("message") or condition.get("reason") or "is not ready"
                troubles.append(f"pod {pod['metadata']['name']}: {said}")
                break
    return troubles[:most]


def _deployment(live: Manifest, _: Sequence[Manifest]) -> Readiness:
    status, wanted = live.get("status", {}), live["spec"].get("replicas", 1)
    progressing = _condition(live, "Progressing")
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        return Readiness(missing=progressing.get("message", "its deadline has passed"), hopeless=True)
    return _rolled_out(live, wanted, status.get("updatedReplicas", 0), status.get("availableReplicas", 0))


def _stateful_set(live: Manifest, _: Sequence[Manifest]) -> Readiness:
    status, wanted = live.get("status", {}), live["spec"].get("replicas", 1)
    return _rolled_out(live, wanted, status.get("updatedReplicas", 0), status.get("readyReplicas", 0))


def _daemon_set(live: Manifest, _: Sequence[Manifest]) -> Readiness:
    status = live.get("status", {})
    wanted = status.get("desiredNumberScheduled", 0)
    return _rolled_out(live, wanted, status.get("updatedNumberScheduled", 0), status.get("numberAvailable", 0))


def _rolled_out(live: Manifest, wanted: int, updated: int, ready: int) -> Readiness:
    if live.get("status", {}).get("observedGeneration", 0) < live["metadata"].get("generation", 0):
        return Readiness(missing="its controller has not seen it yet")
    if updated < wanted or ready < wanted:
        return Readiness(missing=f"{ready} of {wanted} pods are ready, {updated} are of the new revision")
    return READY


def _job(live: Manifest, _: Sequence[Manifest]) -> Readiness:
    if failed := _true(live, "Failed"):
        return Readiness(missing=failed.get("message") or "it has failed", hopeless=True)
    return READY if _true(live, "Complete") else Readiness(missing="it has not completed")


def _pod(live: Manifest, _: Sequence[Manifest]) -> Readiness:
    phase = live.get("status", {}).get("phase")
    if phase == "Failed":
        return Readiness(missing="it has failed", hopeless=True)
    return READY if phase == "Succeeded" or _true(live, "Ready") else Readiness(missing="it is not ready")


def _service(live: Manifest, slices: Sequence[Manifest]) -> Readiness:
    spec = live["spec"]
    if spec.get("type") == "ExternalName" or spec.get("clusterIP") == "None" or not spec.get("selector"):
        return READY
    ready = any(
        endpoint.get("conditions", {}).get("ready") is not False
        for each in slices
        for endpoint in each.get("endpoints") or ()
    )
    if not ready:
        return Readiness(missing="it does not target any ready pod")
    return _balanced(live) if spec.get("type") == "LoadBalancer" else READY


def _ingress(live: Manifest, _: Sequence[Manifest]) -> Readiness:
    return _balanced(live)


def _balanced(live: Manifest) -> Readiness:
    given = live.get("status", {}).get("loadBalancer", {}).get("ingress")
    return READY if given else Readiness(missing="no controller has given it an address")


def _namespace(live: Manifest, _: Sequence[Manifest]) -> Readiness:
    active = live.get("status", {}).get("phase") == "Active"
    return READY if active else Readiness(missing="it is not active")


def _claim(live: Manifest, _: Sequence[Manifest]) -> Readiness:
    bound = live.get("status", {}).get("phase") == "Bound"
    return READY if bound else Readiness(missing="it is bound to no volume")


def _definition(live: Manifest, _: Sequence[Manifest]) -> Readiness:
    served = _true(live, "Established") and _true(live, "NamesAccepted")
    return READY if served else Readiness(missing="the API server does not serve it yet")


def _kind(live: Manifest) -> tuple[str, str]:
    """With its group: others have a Service too."""
    return live["apiVersion"].rpartition("/")[0], live["kind"]


def _true(live: Manifest, name: str) -> Mapping[str, Any]:
    found = _condition(live, name)
    return found if found.get("status") == "True" else {}


def _condition(live: Manifest, name: str) -> Mapping[str, Any]:
    conditions = live.get("status", {}).get("conditions") or ()
    return next((each for each in conditions if each["type"] == name), {})


_RULES: Mapping[tuple[str, str], Callable[[Manifest, Sequence[Manifest]], Readiness]] = {
    ("apiextensions.k8s.io", "CustomResourceDefinition"): _definition,
    ("apps", "DaemonSet"): _daemon_set,
    ("apps", "Deployment"): _deployment,
    ("networking.k8s.io", "Ingress"): _ingress,
    ("batch", "Job"): _job,
    ("", "Namespace"): _namespace,
    ("", "PersistentVolumeClaim"): _claim,
    ("", "Pod"): _pod,
    ("", "Service"): _service,
    ("apps", "StatefulSet"): _stateful_set,
}
