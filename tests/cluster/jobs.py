"""Training jobs on a cluster of the tests, made as a launcher makes them: from the manifest that the stack keeps."""

import copy
import json

from infra.kubernetes.objects import NAMESPACE
from infra.kubernetes.trainer import JOBS
from tests.cluster.api import Manifest, Reference
from tests.cluster.plane import Cluster, eventually


def submit(cluster: Cluster, name: str, *, pool: str, nodes: int = 1) -> Reference:
    """Fills in what a launcher fills in: name, secret and number of nodes."""
    kept = cluster.api.find(Reference(api_version="v1", kind="ConfigMap", name=JOBS, namespace=NAMESPACE))
    assert kept is not None
    job: Manifest = copy.deepcopy(json.loads(kept["data"][f"{pool}.json"]))
    job["metadata"]["name"] = name
    job["spec"] |= {"completions": nodes, "parallelism": nodes}
    pod = job["spec"]["template"]["spec"]
    pod["volumes"][0]["secret"]["secretName"] = name
    for variable in pod["containers"][0]["env"]:
        if variable["name"] == "NODES":
            variable["value"] = str(nodes)
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": NAMESPACE}}
    cluster.api.create(secret | {"stringData": {"job.json": "{}"}})
    cluster.api.create(job)
    return Reference.of(job)


def pods_of(cluster: Cluster, job: Reference) -> list[Manifest]:
    """That are not about to go."""
    pods = cluster.pods(NAMESPACE, _selector(job))
    return [pod for pod in pods if "deletionTimestamp" not in pod["metadata"] and _phase(pod) != "Failed"]


def nodes_of(cluster: Cluster, job: Reference) -> list[str]:
    """Where its pods run, in order."""
    return sorted(pod["spec"].get("nodeName", "") for pod in pods_of(cluster, job) if _phase(pod) == "Running")


def withdraw(cluster: Cluster, job: Reference) -> None:
    cluster.api.delete(job)
    eventually(lambda: not cluster.pods(NAMESPACE, _selector(job)), f"no pod of {job.name} is left")
    cluster.api.delete(Reference(api_version="v1", kind="Secret", name=job.name, namespace=NAMESPACE))


def _selector(job: Reference) -> str:
    return f"batch.kubernetes.io/job-name={job.name}"


def _phase(pod: Manifest) -> str:
    return pod.get("status", {}).get("phase", "")
