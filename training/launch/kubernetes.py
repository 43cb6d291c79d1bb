"""Training on a cluster that Slipway's Kubernetes stack prepared: an Indexed Job, created through the API and watched.

The job goes on when this process is killed, or when the cluster does not answer for a while. When it is cancelled, its
pods are asked to stop and have the time that their cloud gives them.
"""

import json
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from slipway.errors import TrainingError
from training.launch.capacity import asking, done_in, has_nodes, on_capacity
from training.launch.cluster import Cluster, ClusterAwayError
from training.launch.manifest import (
    Manifest,
    filled_in,
    job_name,
    outcome_of,
    progress,
    refuse_elastic,
    secret,
    state_of,
    why_failed,
    workers_on,
)
from training.launch.movable import MovableJob
from training.launch.protocol import JobSpec, JobState
from training.launch.unanswered import Unanswered
from training.outcome import TrainingResult

NAMESPACE, JOBS = "slipway", "trainer-jobs"
"""Where the stack puts the manifests; its output `launcher` says the same."""

_LOOK_AGAIN_S = 2.0
_LINES = 50
"""Of a pod's log, among which there is one about an epoch."""
_GONE_S = 180.0
"""The longest that cancelling waits for pods to go; the clouds' grace periods are shorter."""


class KubernetesLauncher:
    """kubeconfig and context: of the cluster. pool: whose nodes; the first by name unless said.

    show: given a line when something changes.
    """

    def __init__(
        self,
        *,
        kubeconfig: Path,
        context: str = "",
        pool: str = "",
        show: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._kubeconfig, self._context, self._pool, self._show = kubeconfig, context, pool, show

    def submit(self, job: JobSpec) -> "KubernetesJob":
        """See Launcher. Raises TrainingError for an elastic job, and when the cluster does not answer, has no such pool
        or refuses the job."""
        refuse_elastic(job.settings)
        cluster = Cluster(self._kubeconfig, self._context, NAMESPACE)
        return self._start(cluster, self._manifest(cluster), job, Unanswered(cluster))

    def movable(self, job: JobSpec, *, patience_s: float, ask_again_s: float) -> MovableJob:
        """The job, to be sent to spot or on-demand nodes and between them; nothing runs yet. See MovableJob, and
        `submit` for what is raised."""
        refuse_elastic(job.settings)
        cluster = Cluster(self._kubeconfig, self._context, NAMESPACE)
        manifest = self._manifest(cluster)
        workers_on(manifest, job.settings.workers)
        started, asked = Unanswered(cluster), Unanswered(cluster)

        def clear() -> None:
            started.clear()
            asked.clear()

        return MovableJob(
            start=lambda capacity: self._start(cluster, on_capacity(manifest, capacity), job, started),
            ask=lambda: self._ask(cluster, on_capacity(manifest, "spot"), job, asked),
            patience_s=patience_s,
            ask_again_s=ask_again_s,
            clear=clear,
        )

    def _start(self, cluster: Cluster, manifest: Manifest, job: JobSpec, unanswered: Unanswered) -> "KubernetesJob":
        workers = workers_on(manifest, job.settings.workers)
        name = job_name(job.settings.task, secrets.token_hex(4))
        made = filled_in(manifest, name=name, workers=workers)
        if other := unanswered.clear():
            raise ClusterAwayError(f"the job {other}, whose start was not answered, has not gone yet")
        with unanswered.creating(name):
            cluster.create_secret(secret(job, made))
            cluster.hand_secret_to(cluster.create_job(made))
        self._show(f"job {name} · {workers.nodes} x {workers.each} workers")
        return KubernetesJob(cluster, name, nodes=workers.nodes, show=self._show)

    def _ask(self, cluster: Cluster, manifest: Manifest, job: JobSpec, unanswered: Unanswered) -> "KubernetesJob":
        workers = workers_on(manifest, job.settings.workers)
        name = job_name("ask", secrets.token_hex(4))
        unanswered.clear()  # one that goes slowly only asks, too
        with unanswered.creating(name):
            cluster.create_job(asking(filled_in(manifest, name=name, workers=workers)))
        return KubernetesJob(cluster, name, nodes=workers.nodes, show=lambda _: None)

    def _manifest(self, cluster: Cluster) -> Manifest:
        kept = cluster.config_map(JOBS)
        if kept is None:
            raise TrainingError(
                f"the cluster holds no ConfigMap {JOBS} in {NAMESPACE}", hint="bring up the stack `kubernetes` first"
            )
        manifests = {file.removesuffix(".json"): text for file, text in (kept.get("data") or {}).items()}
        pool = self._pool or min(manifests, default="")
        if pool not in manifests:
            raise TrainingError(
                f"the cluster has no pool {pool!r} to train on", hint=f"it has {', '.join(sorted(manifests)) or 'none'}"
            )
        return json.loads(manifests[pool])


class KubernetesJob:
    """See JobHandle. name: by which kubectl finds it."""

    def __init__(self, cluster: Cluster, name: str, *, nodes: int, show: Callable[[str], None]) -> None:
        self.name = name
        self._cluster, self._nodes, self._show, self._shown = cluster, nodes, show, ""

    @property
    def state(self) -> JobState:
        return state_of(self._cluster.job(self.name))

    def wait(self) -> TrainingResult:
        while (state := self.look()) is JobState.RUNNING:
            time.sleep(_LOOK_AGAIN_S)
        if state is JobState.CANCELLED:
            raise TrainingError(f"the job {self.name} is gone", hint="somebody deleted it; train again")
        outcome = outcome_of(self._cluster.pods(self.name))
        if outcome is not None and outcome.result is not None:
            return outcome.result
        logs = f"kubectl -n {NAMESPACE} logs job/{self.name}"
        if outcome is not None and outcome.message:
            raise TrainingError(outcome.message, hint=outcome.hint or logs)
        said = why_failed(self._cluster.job(self.name) or {})
        raise TrainingError(f"training ended without a word: {said}", hint=logs)

    def has_nodes(self) -> bool:
        """Whether all its pods have one."""
        return has_nodes(self._cluster.pods(self.name), self._nodes)

    def done(self) -> float | None:
        """The share of its epochs that is behind it, by the logs of what runs; None while those do not say. What a pod
        that is gone has told may be lost, since its checkpoint is older."""
        pods = self._cluster.pods(self.name)
        names = [pod["metadata"]["name"] for pod in pods if pod["status"].get("phase") == "Running"]
        told = [done_in(self._cluster.log(name, lines=_LINES)) for name in names]  # one of them leads
        return max((share for share in told if share is not None), default=None)

    def cancel(self) -> None:
        if self.state is not JobState.RUNNING:
            return  # it would take its logs and its result along
        self._cluster.delete_job(self.name)
        deadline = time.monotonic() + _GONE_S
        while self._cluster.job(self.name) is not None and time.monotonic() < deadline:
            time.sleep(_LOOK_AGAIN_S)

    def look(self) -> JobState:
        """Its state, told to who watches when something changed. RUNNING while the cluster is away: giving up would
        cancel what runs there well."""
        try:
            state = self.state
            self._say(progress(self._cluster.pods(self.name), self._nodes))
        except ClusterAwayError as error:
            self._say(f"{error}; the job goes on there")
            return JobState.RUNNING
        return state

    def _say(self, line: str) -> None:
        if line != self._shown:
            self._show(line)
            self._shown = line
