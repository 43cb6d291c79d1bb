"""Jobs that a cluster makes and does not tell of: no other one is started beside them, and none is left behind."""

from pathlib import Path
from typing import Any

import pytest

from tests.kubernetes_objects import variant
from training.config import TrainSettings
from training.launch import kubernetes
from training.launch.cluster import ClusterAwayError
from training.launch.kubernetes import KubernetesJob, KubernetesLauncher
from training.launch.movable import MovableJob
from training.launch.protocol import JobSpec

FAILED = {"status": {"conditions": [{"type": "Failed", "status": "True"}]}}


class Cluster:
    """jobs: there now. instead: of the next answer to a creation. away: deletes nothing now.

    slow: what is deleted stays a while.
    """

    def __init__(self, *_: Any) -> None:
        self.jobs, self.secrets = dict[str, Any](), set[str]()
        self.instead: BaseException | None = None
        self.away = self.slow = False

    def config_map(self, _name: str) -> dict[str, Any]:
        return variant("eks")["trainer-jobs"]

    def job(self, name: str) -> Any:
        return self.jobs.get(name)

    def pods(self, _job: str) -> list[Any]:
        return []

    def create_secret(self, manifest: dict[str, Any]) -> None:
        self.secrets.add(manifest["metadata"]["name"])

    def create_job(self, manifest: dict[str, Any]) -> dict[str, Any]:
        self.jobs[manifest["metadata"]["name"]] = manifest
        if (error := self.instead) is not None:
            self.instead = None
            raise error
        return manifest

    def hand_secret_to(self, _job: dict[str, Any]) -> None:
        pass

    def delete_job(self, name: str) -> None:
        if self.away:
            raise ClusterAwayError("the cluster does not answer")
        if not self.slow:
            self.jobs.pop(name, None)

    def delete_secret(self, name: str) -> None:
        self.secrets.discard(name)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    made = Cluster()
    monkeypatch.setattr(kubernetes, "Cluster", lambda *_: made)
    return made


@pytest.fixture
def job(cluster: Cluster) -> MovableJob:
    settings = TrainSettings(workers=8)
    spec = JobSpec(settings=settings, store_url="s3://b", tracking_uri=None, work_folder=Path("work"))
    launcher = KubernetesLauncher(kubeconfig=Path("none"), pool="train")
    return launcher.movable(spec, patience_s=60.0, ask_again_s=0.0)


def lose(cluster: Cluster, job: MovableJob) -> str:
    """A job that runs although nobody was told. Returns its name."""
    cluster.instead, cluster.away = ClusterAwayError("the cluster does not answer"), True
    with pytest.raises(ClusterAwayError):
        job.be_on("on_demand")
    cluster.away = False
    (name,) = cluster.jobs
    return name


def test_a_job_whose_start_was_not_answered_is_gone_before_the_next_one_starts(cluster: Cluster, job: MovableJob):
    lost = lose(cluster, job)
    job.be_on("on_demand")
    assert len(cluster.jobs) == 1
    assert lost not in cluster.jobs


def test_no_job_is_started_while_one_that_was_not_answered_has_not_gone(cluster: Cluster, job: MovableJob):
    lost = lose(cluster, job)
    cluster.slow = True
    with pytest.raises(ClusterAwayError, match=f"{lost}, whose start was not answered, has not gone yet"):
        job.be_on("on_demand")
    assert list(cluster.jobs) == [lost]


def test_a_job_whose_start_was_not_answered_is_cancelled_too(cluster: Cluster, job: MovableJob):
    lose(cluster, job)
    job.cancel()
    assert cluster.jobs == {}


def test_a_request_that_was_not_answered_is_withdrawn_before_the_next(cluster: Cluster, job: MovableJob):
    cluster.instead, cluster.away = ClusterAwayError("the cluster does not answer"), True
    with pytest.raises(ClusterAwayError):
        job.spot_is_there()
    cluster.away = False
    (lost,) = cluster.jobs
    job.spot_is_there()
    assert len(cluster.jobs) == 1
    assert lost not in cluster.jobs


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
def test_an_interrupted_start_leaves_neither_job_nor_secret(
    cluster: Cluster, job: MovableJob, interrupt: type[BaseException]
):
    cluster.instead = interrupt()
    with pytest.raises(interrupt):
        job.be_on("spot")
    assert (cluster.jobs, cluster.secrets) == ({}, set())


def test_an_interrupted_request_leaves_none(cluster: Cluster, job: MovableJob):
    cluster.instead = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        job.spot_is_there()
    assert cluster.jobs == {}


def test_cancelling_a_job_that_has_failed_leaves_its_logs(cluster: Cluster):
    cluster.jobs["a"] = FAILED
    KubernetesJob(cluster, "a", nodes=1, show=print).cancel()  # type: ignore[arg-type]
    assert "a" in cluster.jobs
