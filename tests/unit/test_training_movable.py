"""A job on a cluster that is sent between spot and on-demand nodes, with nodes that come and go as a test says."""

import json
from typing import Any

import kubernetes_validate
import pytest

from infra import capacity as of_the_stack
from slipway.errors import TrainingError
from tests.kubernetes_objects import variant
from training.launch.capacity import CAPACITY, HOLDS_S, Capacity, asking, done_in, has_nodes, on_capacity
from training.launch.manifest import Workers, filled_in
from training.launch.movable import MovableJob
from training.launch.protocol import JobState
from training.outcome import TrainingResult

PATIENCE_S, AGAIN_S = 720.0, 600.0
RESULT = TrainingResult(name="employment", digest="d" * 64, metrics={}, epochs=3, best_epoch=2, seconds=9.0)


class OnCluster:
    """A job, or a request, on the cluster of a test."""

    def __init__(self, what: str) -> None:
        self.what, self.share = what, 0.5
        self.placed, self.stays, self.refuses = False, False, False
        self.state = JobState.RUNNING

    def look(self) -> JobState:
        return self.state

    def has_nodes(self) -> bool:
        return self.placed

    def done(self) -> float | None:
        return self.share

    def wait(self) -> TrainingResult:
        return RESULT

    def cancel(self) -> None:
        if self.refuses:
            raise TrainingError("the cluster refuses")
        if not self.stays:
            self.state = JobState.CANCELLED


class Cluster:
    """made: every job and request, in order."""

    def __init__(self) -> None:
        self.now_s, self.made = 0.0, list[OnCluster]()
        self.job = MovableJob(
            start=self._start,
            ask=lambda: self._make("request"),
            patience_s=PATIENCE_S,
            ask_again_s=AGAIN_S,
            clock=lambda: self.now_s,
        )

    @property
    def running(self) -> list[str]:
        return [each.what for each in self.made if each.state is JobState.RUNNING]

    def newest(self, what: str) -> OnCluster:
        return [each for each in self.made if each.what == what][-1]

    def refuse_spot(self) -> None:
        self.job.be_on("spot")
        self.now_s += PATIENCE_S
        assert not self.job.spot_is_there()

    def _start(self, capacity: Capacity) -> OnCluster:
        return self._make(capacity)

    def _make(self, what: str) -> OnCluster:
        self.made.append(OnCluster(what))
        return self.made[-1]


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def on_demand(cluster: Cluster) -> Cluster:
    """With a job there, and a request for spot that was refused so far."""
    cluster.job.be_on("on_demand")
    assert cluster.job.spot_is_there()
    cluster.now_s += PATIENCE_S
    assert not cluster.job.spot_is_there()
    return cluster


def test_spot_counts_as_there_until_it_was_refused(cluster: Cluster):
    cluster.job.be_on("spot")
    cluster.now_s += PATIENCE_S - 1
    assert cluster.job.spot_is_there()
    cluster.now_s += 1
    assert not cluster.job.spot_is_there()


def test_spot_that_a_job_had_and_lost_is_gone_at_once(cluster: Cluster):
    cluster.job.be_on("spot")
    cluster.newest("spot").placed = True
    assert cluster.job.spot_is_there()
    cluster.newest("spot").placed = False
    assert not cluster.job.spot_is_there()


def test_a_job_that_is_refused_spot_waits_there_for_it(cluster: Cluster):
    cluster.refuse_spot()
    cluster.job.be_on(None)
    assert cluster.running == ["spot"]
    cluster.newest("spot").placed = True
    assert cluster.job.spot_is_there()


def test_a_job_that_leaves_spot_that_is_there_does_not_run(cluster: Cluster):
    cluster.job.be_on("spot")
    cluster.newest("spot").placed = True
    cluster.job.spot_is_there()
    cluster.job.be_on(None)
    assert cluster.running == []


def test_a_job_is_never_in_two_places(cluster: Cluster):
    cluster.refuse_spot()
    cluster.job.be_on("on_demand")
    assert cluster.running == ["on_demand"]


def test_a_job_that_has_not_left_is_not_started_elsewhere(cluster: Cluster):
    cluster.refuse_spot()
    cluster.newest("spot").stays = True
    cluster.job.be_on("on_demand")
    assert cluster.running == ["spot"]


def test_a_job_that_leaves_slowly_is_started_elsewhere_once_it_has_gone(cluster: Cluster):
    cluster.refuse_spot()
    cluster.newest("spot").stays = True
    cluster.job.be_on("on_demand")
    cluster.newest("spot").state = JobState.CANCELLED
    assert cluster.job.state is JobState.RUNNING
    cluster.job.be_on("on_demand")
    assert cluster.running == ["on_demand"]


def test_a_job_that_somebody_deleted_is_not_started_again(cluster: Cluster):
    cluster.job.be_on("spot")
    cluster.newest("spot").state = JobState.CANCELLED
    assert cluster.job.state is JobState.CANCELLED


def test_a_job_that_has_just_ended_is_not_started_again(cluster: Cluster):
    cluster.job.be_on("spot")
    cluster.newest("spot").state = JobState.SUCCEEDED
    cluster.job.be_on("on_demand")
    assert cluster.job.state is JobState.SUCCEEDED


def test_a_job_that_exports_is_not_moved(cluster: Cluster):
    cluster.job.be_on("spot")
    cluster.newest("spot").share = 1.0
    cluster.job.be_on("on_demand")
    assert cluster.running == ["spot"]


def test_beside_an_on_demand_job_spot_is_asked_for(on_demand: Cluster):
    assert on_demand.running == ["on_demand", "request"]


def test_nodes_that_come_to_a_request_are_left_to_the_job(on_demand: Cluster):
    on_demand.newest("request").placed = True
    assert on_demand.job.spot_is_there()
    on_demand.job.be_on("spot")
    assert on_demand.running == ["spot"]


def test_nodes_that_are_not_taken_are_asked_for_again_later(on_demand: Cluster):
    on_demand.newest("request").placed = True
    on_demand.job.spot_is_there()
    on_demand.now_s += AGAIN_S - 1
    assert on_demand.job.spot_is_there()
    assert on_demand.running == ["on_demand"]
    on_demand.now_s += 1
    on_demand.job.spot_is_there()
    assert on_demand.running == ["on_demand", "request"]


def test_a_request_that_ended_unanswered_is_made_again(on_demand: Cluster):
    on_demand.newest("request").state = JobState.FAILED
    assert not on_demand.job.spot_is_there()
    assert on_demand.running == ["on_demand", "request"]


def test_a_job_that_has_ended_leaves_no_request(on_demand: Cluster):
    on_demand.newest("on_demand").state = JobState.SUCCEEDED
    assert on_demand.job.wait() == RESULT
    assert on_demand.running == []


def test_a_cancelled_job_leaves_nothing(on_demand: Cluster):
    on_demand.job.cancel()
    assert on_demand.running == []


def test_a_job_that_cannot_be_cancelled_still_leaves_no_request(on_demand: Cluster):
    on_demand.newest("on_demand").refuses = True
    with pytest.raises(TrainingError):
        on_demand.job.cancel()
    assert on_demand.running == ["on_demand"]


def template() -> dict[str, Any]:
    return json.loads(variant("eks")["trainer-jobs"]["data"]["train.json"])


def required(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    affinity = manifest["spec"]["template"]["spec"]["affinity"]["nodeAffinity"]
    (term,) = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
    return term["matchExpressions"]


def request() -> dict[str, Any]:
    return asking(filled_in(on_capacity(template(), "spot"), name="ask-0a1b", workers=Workers(nodes=2, each=8)))


def pod(node: str = "", phase: str = "Pending", **metadata: str) -> dict[str, Any]:
    return {"metadata": metadata, "spec": {"nodeName": node}, "status": {"phase": phase}}


def test_capacity_is_told_by_the_label_that_the_stack_puts_on_nodes():
    assert CAPACITY == of_the_stack.CAPACITY


def test_a_job_on_one_capacity_takes_no_other_of_its_pool():
    assert required(on_capacity(template(), "on_demand")) == [
        *required(template()),
        {"key": CAPACITY, "operator": "In", "values": ["on-demand"]},
    ]


@pytest.mark.parametrize("capacity", ["spot", "on_demand"])
def test_a_job_on_one_capacity_is_one_that_kubernetes_knows(capacity: Capacity):
    made = filled_in(on_capacity(template(), capacity), name="employment-0a1b", workers=Workers(nodes=2, each=8))
    kubernetes_validate.validate(made, "1.36", strict=True)


def test_a_request_is_one_that_kubernetes_knows():
    kubernetes_validate.validate(request(), "1.36", strict=True)


def test_a_request_wants_the_nodes_of_its_job():
    asked = request()["spec"]
    (container,) = asked["template"]["spec"]["containers"]
    (of_the_job,) = template()["spec"]["template"]["spec"]["containers"]
    assert (asked["completions"], container["resources"]) == (2, of_the_job["resources"])


def test_a_request_that_nobody_withdraws_gives_its_nodes_back():
    (container,) = request()["spec"]["template"]["spec"]["containers"]
    assert container["command"] == ["sleep", str(HOLDS_S)]


@pytest.mark.parametrize(
    ("pods", "has"),
    [
        ([pod("a", "Running"), pod("b", "Pending")], True),
        ([pod("a", "Running"), pod()], False),
        ([pod("a", "Running"), pod("b", "Running", deletionTimestamp="2026-11-29T01:00:00Z")], False),
        ([pod("a", "Running"), pod("b", "Failed")], False),
        ([pod("a", "Succeeded"), pod("b", "Failed"), pod("c", "Running")], True),
    ],
)
def test_a_job_has_nodes_when_every_pod_has_one_to_stay_on(pods: list[dict[str, Any]], has: bool):
    assert has_nodes(pods, 2) is has


def test_what_is_done_is_read_from_the_last_line_about_an_epoch():
    log = "epoch 3/10 · loss 0.5 · 2 min left\nepoch 3.50/10 · 9 steps/s\ncheckpoint written\n"
    assert done_in(log) == pytest.approx(0.35)


def test_a_log_without_an_epoch_says_nothing_of_what_is_done():
    assert done_in("going on from step 12\n") is None
