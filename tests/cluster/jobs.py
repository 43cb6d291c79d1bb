"""Training jobs on a cluster of the tests, submitted as `slipway train` does it."""

from pathlib import Path

from infra.kubernetes.job import PART
from infra.naming import NAMESPACE
from tests.cluster.api import Manifest, Reference
from tests.cluster.plane import Cluster, eventually
from training.config import TrainSettings
from training.launch.kubernetes import KubernetesJob, KubernetesLauncher
from training.launch.movable import MovableJob
from training.launch.protocol import JobSpec

TRAINERS = f"app.kubernetes.io/name={PART}"
"""Pods of jobs, and of requests for their nodes."""
GPUS = 8
"""Of a node of the pools that the tests train on."""


def submit(cluster: Cluster, *, nodes: int = 1, pool: str = "train") -> KubernetesJob:
    """A job that fills `nodes` nodes."""
    return KubernetesLauncher(kubeconfig=cluster.kubeconfig, pool=pool).submit(_spec(nodes))


def movable(cluster: Cluster, *, patience_s: float = 0.0) -> MovableJob:
    """A job of one node that runs nowhere yet. patience_s: after which spot nodes that did not come are refused."""
    launcher = KubernetesLauncher(kubeconfig=cluster.kubeconfig, pool="train")
    return launcher.movable(_spec(1), patience_s=patience_s, ask_again_s=0.0)


def trained_on(cluster: Cluster) -> list[str]:
    """Nodes on which any job trains, in order. Requests for nodes train nothing."""
    pods = cluster.pods(NAMESPACE, TRAINERS)
    return sorted(pod["spec"]["nodeName"] for pod in pods if _phase(pod) == "Running" and _trains(pod))


def reference_of(job: KubernetesJob) -> Reference:
    return Reference(api_version="batch/v1", kind="Job", name=job.name, namespace=NAMESPACE)


def secret_of(job: KubernetesJob) -> Reference:
    return Reference(api_version="v1", kind="Secret", name=job.name, namespace=NAMESPACE)


def pods_of(cluster: Cluster, job: KubernetesJob) -> list[Manifest]:
    """That have not ended and are not about to go."""
    pods = cluster.pods(NAMESPACE, _selector(job))
    return [pod for pod in pods if "deletionTimestamp" not in pod["metadata"] and _phase(pod) != "Failed"]


def nodes_of(cluster: Cluster, job: KubernetesJob) -> list[str]:
    """Where its pods run, in order."""
    return sorted(pod["spec"].get("nodeName", "") for pod in pods_of(cluster, job) if _phase(pod) == "Running")


def withdraw(cluster: Cluster, job: KubernetesJob) -> None:
    """Also one that has ended, which cancelling leaves as it is."""
    job.cancel()
    cluster.api.delete(reference_of(job))
    eventually(lambda: not cluster.pods(NAMESPACE, _selector(job)), f"no pod of {job.name} is left")


def _spec(nodes: int) -> JobSpec:
    settings = TrainSettings(workers=nodes * GPUS)
    return JobSpec(settings=settings, store_url="s3://example-models", tracking_uri=None, work_folder=Path("work"))


def _trains(pod: Manifest) -> bool:
    return "deletionTimestamp" not in pod["metadata"] and bool(pod["spec"]["containers"][0].get("args"))


def _selector(job: KubernetesJob) -> str:
    return f"batch.kubernetes.io/job-name={job.name}"


def _phase(pod: Manifest) -> str:
    return pod.get("status", {}).get("phase", "")
