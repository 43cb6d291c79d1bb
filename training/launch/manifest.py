"""From the manifest of a job that a cluster holds ready to one job's own, and from its pods to how it ended. Pure.

The manifest is infra/kubernetes/job.py's, read from the cluster; only what differs from job to job is filled in here.
"""

import copy
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from slipway.errors import TrainingError
from training.config import TrainSettings
from training.launch.protocol import JobSpec, JobState
from training.outcome import Outcome

Manifest = dict[str, Any]

JOB = "job.json"
_LONGEST_TASK = 30
"""Of a task's name within a job's, whose pods add an index and five letters to it, of 63 that there may be."""


@dataclass(frozen=True, kw_only=True)
class Workers:
    """nodes: pods. each: processes in every pod."""

    nodes: int
    each: int


def workers_on(manifest: Manifest, wanted: int | None) -> Workers:
    """wanted: processes in all; None is one for every accelerator of one node.

    Raises TrainingError for a number that does not fill whole nodes.
    """
    here = accelerators(manifest)
    if wanted is None or wanted == here:
        return Workers(nodes=1, each=here)
    if wanted < here:
        return Workers(nodes=1, each=wanted)
    if wanted % here:
        raise TrainingError(
            f"{wanted} workers do not fill whole nodes of {here} accelerators",
            hint=f"set training.workers to a multiple of {here}",
        )
    return Workers(nodes=wanted // here, each=here)


def refuse_elastic(settings: TrainSettings) -> None:
    """Raises TrainingError for a number of workers that may change while they run, which a cluster's may not: pods that
    go come again, and all begin at the newest checkpoint in their old number."""
    if settings.elastic.min_workers is not None:
        raise TrainingError(
            "training.elastic is for one machine: on a cluster a job has as many workers as it began with",
            hint="leave training.elastic.min_workers out; pods that are lost come again and go on from the checkpoint",
        )


def accelerators(manifest: Manifest) -> int:
    """Of one node, as the manifest asks for them; every limit that is no memory is of a device."""
    limits = _container(manifest)["resources"]["limits"]
    return next(int(count) for name, count in limits.items() if name != "memory")


def job_name(task: str, run: str) -> str:
    """A label of DNS. run: short and random, so that no two jobs have the same name."""
    words = re.sub(r"[^a-z0-9]+", "-", task.rsplit(":", 1)[-1].lower()).strip("-")[:_LONGEST_TASK].strip("-")
    return f"{words or 'train'}-{run}"


def filled_in(manifest: Manifest, *, name: str, workers: Workers) -> Manifest:
    """The job's own manifest. Its secret has its name."""
    made = copy.deepcopy(manifest)
    made["metadata"]["name"] = name
    made["spec"] |= {"completions": workers.nodes, "parallelism": workers.nodes}
    for volume in made["spec"]["template"]["spec"]["volumes"]:
        if "secret" in volume:
            volume["secret"]["secretName"] = name
    container = _container(made)
    for variable in container["env"]:
        if variable["name"] == "NODES":
            variable["value"] = str(workers.nodes)
    container["args"] = [
        f"--nproc-per-node={workers.each}" if each.startswith("--nproc-per-node=") else each
        for each in container["args"]
    ]
    return made


def secret(job: JobSpec, manifest: Manifest) -> Manifest:
    """What to train, as the trainer reads it: a secret, since a tracking URI may hold a password.

    The work folder is the one in the pod, whose outcome Kubernetes keeps.
    """
    folder = Path(_container(manifest)["terminationMessagePath"]).parent
    there = replace(job, work_folder=folder)
    metadata = manifest["metadata"]
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": metadata["name"], "namespace": metadata["namespace"], "labels": metadata["labels"]},
        "stringData": {JOB: there.encode().decode()},
    }


def state_of(job: Mapping[str, Any] | None) -> JobState:
    """None: there is no such job, since somebody deleted it."""
    if job is None:
        return JobState.CANCELLED
    ended = {each["type"] for each in job.get("status", {}).get("conditions") or () if each["status"] == "True"}
    if "Complete" in ended:
        return JobState.SUCCEEDED
    return JobState.FAILED if "Failed" in ended else JobState.RUNNING


def why_failed(job: Mapping[str, Any]) -> str:
    """In Kubernetes' words; empty when it says nothing."""
    conditions = job.get("status", {}).get("conditions") or ()
    return next((each.get("message", "") for each in conditions if each["type"] == "Failed"), "")


def outcome_of(pods: Iterable[Mapping[str, Any]]) -> Outcome | None:
    """What the pods said of the run as they ended: a result before a failure, a failure before a preemption."""
    said = [outcome for pod in pods for outcome in _said(pod)]
    order = ("succeeded", "failed", "preempted")
    return min(said, key=lambda outcome: order.index(outcome.state), default=None)


def progress(pods: Iterable[Mapping[str, Any]], nodes: int) -> str:
    """One line for who watches."""
    phases = [pod["status"].get("phase") for pod in pods]
    running, waiting = phases.count("Running"), phases.count("Pending")
    return f"{running} of {nodes} pods run" + (f", {waiting} wait for a node" if waiting else "")


def _said(pod: Mapping[str, Any]) -> list[Outcome]:
    found: list[Outcome] = []
    for container in pod["status"].get("containerStatuses") or ():
        message = (container.get("state", {}).get("terminated") or {}).get("message", "")
        try:
            found.append(msgspec.json.decode(message, type=Outcome))
        except msgspec.DecodeError:  # it was killed, or had nothing to say
            continue
    return found


def _container(manifest: Manifest) -> dict[str, Any]:
    return manifest["spec"]["template"]["spec"]["containers"][0]
