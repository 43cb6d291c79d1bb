"""What breaks the rules on pods and their containers, and what does not."""

from collections.abc import Mapping
from typing import Any

from tests.policy_twins.twin import DIGEST, Made, Twin

SPACE = "slipway"


def container(without: str = "", **changed: Any) -> dict[str, Any]:
    """One that is as it should be, but for what is changed. without: a setting that is left out of its security."""
    security = {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    whole: dict[str, Any] = {
        "name": "main",
        "image": f"registry.example.com/slipway/predictor@{DIGEST}",
        "ports": [{"containerPort": 8080}],
        "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"memory": "1Gi"}},
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": 8080}},
        "livenessProbe": {"httpGet": {"path": "/healthz", "port": 8080}},
        "securityContext": {key: value for key, value in security.items() if key != without},
    }
    return {key: value for key, value in (whole | changed).items() if value is not None}


def secured(**changed: Any) -> dict[str, Any]:
    """A container with more in its security than it should have."""
    whole = container()
    return whole | {"securityContext": whole["securityContext"] | changed}


def spec(*containers: Mapping[str, Any], **changed: Any) -> dict[str, Any]:
    """Of a pod."""
    return {
        "automountServiceAccountToken": False,
        "containers": [*containers] or [container()],
        **changed,
    }


def template(name: str, pod: Mapping[str, Any]) -> dict[str, Any]:
    return {"metadata": {"labels": {"app.kubernetes.io/name": name}}, "spec": pod}


def metadata(name: str, **changed: Any) -> dict[str, Any]:
    return {"name": name, "namespace": SPACE, **changed}


def deployment(name: str, pod: Mapping[str, Any] | None = None, replicas: int = 1, **changed: Any) -> Made:
    return Made(
        type="kubernetes:apps/v1:Deployment",
        name=name,
        props={
            "metadata": metadata(name, **changed),
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": {"app.kubernetes.io/name": name}},
                "template": template(name, pod or spec()),
            },
        },
    )


def _with(name: str, one: Mapping[str, Any]) -> list[Made]:
    return [deployment(name, spec(one))]


TWINS = (
    Twin(
        rule="no-privileged-containers",
        fails=_with("privileged", secured(privileged=True)),
        passes=_with("plain", secured(privileged=False)),
    ),
    Twin(
        rule="no-more-rights-than-given",
        fails=_with("climbs", container(without="allowPrivilegeEscalation")),
        passes=_with("stays-low", container()),
    ),
    Twin(
        rule="capabilities-are-dropped",
        fails=_with("capable", container(without="capabilities")),
        passes=_with("incapable", container()),
    ),
    Twin(
        rule="system-calls-are-filtered",
        fails=_with("unfiltered", container(without="seccompProfile")),
        passes=[
            deployment(
                "filtered",
                spec(
                    container(without="seccompProfile"), securityContext={"seccompProfile": {"type": "RuntimeDefault"}}
                ),
            )
        ],
    ),
    Twin(
        rule="nothing-runs-as-root",
        fails=_with("root", container(without="runAsNonRoot")),
        passes=[deployment("nobody", spec(container(without="runAsNonRoot"), securityContext={"runAsUser": 10001}))],
    ),
    Twin(
        rule="images-are-not-written-to",
        fails=_with("writable", container(without="readOnlyRootFilesystem")),
        passes=_with("read-only", container()),
    ),
    Twin(
        rule="containers-are-bounded",
        fails=_with("unbounded", container(resources={"requests": {"cpu": "1", "memory": "1Gi"}})),
        passes=_with("bounded", container()),
    ),
    Twin(
        rule="containers-are-watched",
        fails=_with("unwatched", container(livenessProbe=None)),
        passes=_with("watched", container()),
    ),
    Twin(
        rule="images-by-digest",
        fails=_with("by-tag", container(image="registry.example.com/slipway/predictor:latest")),
        passes=_with("by-digest", container()),
    ),
    Twin(
        rule="no-host-namespaces",
        fails=[deployment("on-the-node", spec(hostNetwork=True))],
        passes=[deployment("on-its-own", spec(hostNetwork=False))],
    ),
    Twin(
        rule="no-host-paths",
        fails=[deployment("with-the-nodes", spec(volumes=[{"name": "root", "hostPath": {"path": "/"}}]))],
        passes=[deployment("with-its-own", spec(volumes=[{"name": "work", "emptyDir": {}}]))],
    ),
    Twin(
        rule="identities-are-not-shared",
        fails=[deployment("as-everybody", spec(automountServiceAccountToken=True))],
        passes=[
            deployment("as-itself", spec(automountServiceAccountToken=True, serviceAccountName="predictor")),
        ],
    ),
    Twin(
        rule="no-secret-in-plain-text",
        fails=_with("told", container(env=[{"name": "QUEUE_TOKEN", "value": "c4Vz9pQ2mT7wX1kL"}])),
        passes=_with(
            "pointed",
            container(
                env=[{"name": "QUEUE_TOKEN", "valueFrom": {"secretKeyRef": {"name": "queue", "key": "entry"}}}],
            ),
        ),
    ),
)
