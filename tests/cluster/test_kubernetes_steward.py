"""A training that the spot policy moves, on a real control plane; the policy's clock is the test's.

No container starts on KWOK's nodes, so no log tells how much is done, and the policy counts nothing as done.
"""

from collections.abc import Iterator

import msgspec
import pytest

from infra.naming import NAMESPACE
from infra.placement.spot.baselines import always_on_demand
from slipway.steward import Steward
from tests.cluster.api import Reference
from tests.cluster.jobs import TRAINERS, movable, trained_on
from tests.cluster.plane import P5, Cluster, eks_gpu_node, eventually
from tests.spot import HOUR_S
from tests.spot import job as terms
from training.outcome import Outcome, TrainingResult

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("stack", "fallback")]

RESULT = TrainingResult(name="employment", digest="af" * 32, metrics={"auc": 0.9}, epochs=3, best_epoch=2, seconds=60)
SPOT, FALLBACK = "train-spot-1", "train-on-demand-1"


@pytest.fixture
def fallback(cluster: Cluster) -> Iterator[None]:
    """A node on demand; gone afterwards. There is no spot unless a test adds it."""
    cluster.add_node(eks_gpu_node(FALLBACK, P5, pool="train", capacity="on-demand", zone="us-east-1a"))
    yield
    cluster.remove_node(FALLBACK)


def test_a_job_that_waits_for_spot_goes_on_demand_when_the_policy_says_so(cluster: Cluster):
    now_s, job = [0.0], movable(cluster)
    steward = Steward(job, terms(deadline=1.25), clock=lambda: now_s[0])
    steward.look()  # sends it to spot, of which there is none
    steward.look()  # and leaves it waiting there
    assert trained_on(cluster) == []
    now_s[0] = 2.7 * HOUR_S
    steward.look()
    eventually(lambda: trained_on(cluster) == [FALLBACK], "it trains on demand")
    steward.cancel()


def test_a_job_on_demand_is_told_when_spot_comes_and_moves_there(cluster: Cluster):
    job = movable(cluster)
    job.be_on("on_demand")
    eventually(lambda: trained_on(cluster) == [FALLBACK], "it trains on demand")
    assert not job.spot_is_there(), "asked for, and not given at once"
    cluster.add_node(eks_gpu_node(SPOT, P5, pool="train", capacity="spot", zone="us-east-1a"))
    eventually(job.spot_is_there, "the request got the node")
    job.be_on("spot")
    eventually(lambda: trained_on(cluster) == [SPOT], "it trains on spot")
    job.cancel()
    cluster.remove_node(SPOT)


def test_a_job_that_ends_gives_its_result_and_leaves_no_request(cluster: Cluster):
    job = movable(cluster, patience_s=60)
    job.be_on("on_demand")
    eventually(lambda: trained_on(cluster) == [FALLBACK], "it trains on demand")
    steward = Steward(job, terms(), policy=always_on_demand, sleep=lambda _: None)
    steward.look()  # asks for spot beside it
    (worker,) = [pod for pod in cluster.pods(NAMESPACE, TRAINERS) if pod["spec"].get("nodeName")]
    cluster.end_pod(worker, message=msgspec.json.encode(Outcome(state="succeeded", result=RESULT)).decode())
    assert steward.wait() == RESULT
    eventually(lambda: _names(cluster) == [worker["metadata"]["name"]], "no request is left")
    of = worker["metadata"]["labels"]["batch.kubernetes.io/job-name"]
    cluster.api.delete(Reference(api_version="batch/v1", kind="Job", name=of, namespace=NAMESPACE))
    eventually(lambda: not _names(cluster), "the next test begins with none")


def _names(cluster: Cluster) -> list[str]:
    return [pod["metadata"]["name"] for pod in cluster.pods(NAMESPACE, TRAINERS)]
