"""The manifest of one training job: an Indexed Job whose pods find each other by name. Pure.

It is a template: pods take the job's name and their index from Kubernetes, so a launcher fills in only the name, the
secret with what to train, and the number of nodes (training/launch/kubernetes.py). A pod that is taken away is no
failure of the job; a pod that fails by itself is started again a few times, and then the whole job ends.
"""

from dataclasses import dataclass
from typing import Any

from pulumi import Input

from infra.kubernetes import security
from infra.kubernetes.nodes import (
    COMPUTE_CLASS,
    FORGIVES_LOST_NODES,
    GRACE_S,
    ZONE,
    Kind,
    NodeSize,
    node_affinity,
    tolerations,
)
from infra.kubernetes.objects import NAME, Manifest, memory, metadata, selected
from infra.settings import PoolSettings
from training.outcome import OUTCOME
from training.preempt import EXIT_PREEMPTED

PART = "trainer"
"""Also of its service account, which the clouds know, and of the headless Service under which pods have names."""

PORT = 29500
METRICS_PORT = 29600
"""Of a pod's first worker; the next ones have the ports after it."""

JOB_FOLDER, WORK_FOLDER = "/job", "/work"
_LEFT = {"containerName": PART, "operator": "In", "values": [EXIT_PREEMPTED]}
_FORGIVES_PREEMPTION: dict[str, Any] = {
    "rules": [*FORGIVES_LOST_NODES["rules"], {"action": "Ignore", "onExitCodes": _LEFT}]
}
"""When one of several nodes is taken back, the workers of all leave: the pods on those that stay count as none too."""

_JOB_NAME = "batch.kubernetes.io/job-name"
_POD_IP = "POD_IP"
_KEPT_S = 7 * 24 * 3600
_LONGEST_S = 14 * 24 * 3600  # waiting for capacity included; a run that hangs would be paid for without end
_WORK_GIB = 20.0
TO_END_S = 5
"""Of the time from SIGTERM to SIGKILL, what torchrun keeps for itself; its workers have the rest."""

_SHARED_MEMORY = 0.25
"""Share of a pod's memory that its processes may share, for the loaders of data and for NCCL."""


@dataclass(frozen=True, kw_only=True)
class JobShape:
    """image: by digest. nodes: pods, one a node. store: URL of the bucket. retries: of one pod that fails by itself.

    by_class: GKE finds or makes nodes by the pool's ComputeClass. priority: name of the class. scraped: Prometheus asks
    the workers.
    """

    kind: Kind
    pool: PoolSettings
    size: NodeSize
    image: str
    store: Input[str]
    priority: str
    nodes: int = 1
    retries: int = 3
    by_class: bool = False
    scraped: bool = False


def job(shape: JobShape) -> Manifest:
    """The Job. Its name and the name of its secret are the part's own, until a launcher gives it others."""
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata(PART, PART),
        "spec": {
            "completionMode": "Indexed",
            "completions": shape.nodes,
            "parallelism": shape.nodes,
            "backoffLimitPerIndex": shape.retries,
            "maxFailedIndexes": 0,  # the others would wait for the one that is gone
            "podReplacementPolicy": "Failed",  # not while the old one still writes its checkpoint
            "podFailurePolicy": _FORGIVES_PREEMPTION,
            "activeDeadlineSeconds": _LONGEST_S,
            "ttlSecondsAfterFinished": _KEPT_S,
            "template": {"metadata": {"labels": {NAME: PART}}, "spec": _pod(shape)},
        },
    }


def _pod(shape: JobShape) -> dict[str, Any]:
    scratch = [
        security.scratch("/tmp", _WORK_GIB),  # noqa: S108 - the pod's own, nobody else's
        security.scratch(WORK_FOLDER, _WORK_GIB),
        security.scratch("/dev/shm", shape.size.memory_gib * _SHARED_MEMORY, in_memory=True),  # noqa: S108
    ]
    pod: dict[str, Any] = {
        "subdomain": PART,
        "restartPolicy": "Never",
        "serviceAccountName": PART,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "priorityClassName": shape.priority,
        "terminationGracePeriodSeconds": GRACE_S[shape.kind],
        "securityContext": security.POD,
        "affinity": {"nodeAffinity": node_affinity(shape.pool), "podAffinity": _close_together()},
        "tolerations": tolerations(shape.kind, shape.size.device),
        "volumes": [
            {"name": "job", "secret": {"secretName": PART, "defaultMode": 0o440}},
            *(volume for volume, _ in scratch),
        ],
        "containers": [
            {
                "name": PART,
                "image": shape.image,
                "command": ["python", "-m", "training.launch.node"],
                "args": _arguments(shape),
                "env": _environment(shape),
                "ports": [{"name": "rendezvous", "containerPort": PORT}, *_metrics_ports(shape)],
                "resources": _resources(shape.size),
                "securityContext": security.CONTAINER,
                "terminationMessagePath": f"{WORK_FOLDER}/{OUTCOME}",  # so Kubernetes keeps how the run ended
                "volumeMounts": [
                    {"name": "job", "mountPath": JOB_FOLDER, "readOnly": True},
                    *(mount for _, mount in scratch),
                ],
            }
        ],
    }
    if shape.by_class:
        pod["nodeSelector"] = {COMPUTE_CLASS: shape.pool.name}
    return pod


def _arguments(shape: JobShape) -> list[str]:
    """The pod of index 0 is where all meet. Kubernetes puts the variables in, no shell."""
    return [
        "--nnodes=$(NODES)",
        f"--nproc-per-node={shape.size.accelerators}",
        "--max-restarts=0",  # the Job starts pods again, with a checkpoint behind them
        "--rdzv-backend=c10d",
        f"--rdzv-endpoint=$(JOB_NAME)-0.{PART}:{PORT}",
        "--rdzv-id=$(JOB_NAME)",
        "--rdzv-conf=join_timeout=3600",  # the others may wait for their nodes; its own is 10 minutes
        "-m",
        "training",
        f"{JOB_FOLDER}/job.json",
    ]


def metrics_port(worker: int) -> str:
    """The name of a worker's port in its pod."""
    return f"metrics-{worker}"


def _metrics_ports(shape: JobShape) -> list[dict[str, Any]]:
    workers = shape.size.accelerators if shape.scraped else 0
    return [{"name": metrics_port(worker), "containerPort": METRICS_PORT + worker} for worker in range(workers)]


def _environment(shape: JobShape) -> list[dict[str, Any]]:
    """What torchrun's command names, what the trainer's image wants, and where checkpoints and releases lie."""
    plain: dict[str, Input[str]] = {
        "NODES": str(shape.nodes),
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
        "HOME": "/tmp",  # noqa: S108 - caches are written there
        "OMP_NUM_THREADS": "1",
        "ORT_DISABLE_TELEMETRY": "1",
        "SLIPWAY_STORE": shape.store,
        "SLIPWAY_CHECKPOINTS": "$(SLIPWAY_STORE)/checkpoints",
        "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1",
        "TORCH_ELASTIC_SHUTDOWN_TIMEOUT": str(GRACE_S[shape.kind] - TO_END_S),  # its own is 30 s, wherever it runs
    }
    if shape.scraped:
        plain["SLIPWAY_METRICS"] = f"$({_POD_IP}):{METRICS_PORT}"  # no other address of the pod's answers
    return [
        {"name": "JOB_NAME", "valueFrom": {"fieldRef": {"fieldPath": f"metadata.labels['{_JOB_NAME}']"}}},
        {"name": _POD_IP, "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        *({"name": name, "value": value} for name, value in plain.items()),
    ]


def _resources(size: NodeSize) -> dict[str, dict[str, str]]:
    """All of a node but what its system needs: a limit on CPUs would only slow the loaders of data."""
    devices = {size.device: str(size.accelerators)}
    held = memory(size.memory_gib * 1024)
    return {"requests": {"cpu": str(size.cpus), "memory": held, **devices}, "limits": {"memory": held, **devices}}


def _close_together() -> dict[str, Any]:
    """All workers of one job in one zone where it can be had: gradients between zones are slow and paid for."""
    term = {"topologyKey": ZONE, "labelSelector": selected(PART), "matchLabelKeys": [_JOB_NAME]}
    return {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "podAffinityTerm": term}]}
