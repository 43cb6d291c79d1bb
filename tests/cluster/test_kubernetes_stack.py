"""The stack `kubernetes` on a real control plane: etcd, API server, controllers and scheduler as a cloud runs them.

The provider between the engine and the API server is the stand-in, ours, and KWOK's nodes start no container; KEDA,
Prometheus and the gateway are there by the definitions of their objects alone.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from infra.kubernetes.objects import SYSTEM_NAMESPACE
from infra.naming import NAMESPACE
from tests.cluster.api import ApiRefusedError, Manifest, Reference
from tests.cluster.jobs import nodes_of, pods_of, reference_of, secret_of, submit, withdraw
from tests.cluster.plane import A3, G6, P5, Cluster, eks_gpu_node, eventually, gke_gpu_node
from tests.cluster.plane.credentials import NOBODY
from tests.cluster.project import settings_of
from tests.engine.project import EngineProject
from training.launch.protocol import JobState
from training.outcome import Outcome, TrainingResult
from training.preempt import EXIT_PREEMPTED

pytestmark = pytest.mark.cluster

PREDICTOR = Reference(api_version="apps/v1", kind="Deployment", name="predictor", namespace=NAMESPACE)
REPLICAS = 3
RESULT = TrainingResult(name="employment", digest="af" * 32, metrics={"auc": 0.9}, epochs=3, best_epoch=2, seconds=60)
SPOT, SPOT_TOO, FALLBACK, OTHER = "train-spot-1", "train-spot-2", "train-on-demand-1", "serve-spot-1"
NODES = [
    eks_gpu_node(SPOT, P5, pool="train", capacity="spot", zone="us-east-1a"),
    eks_gpu_node(SPOT_TOO, P5, pool="train", capacity="spot", zone="us-east-1a"),
    eks_gpu_node(FALLBACK, P5, pool="train", capacity="on-demand", zone="us-east-1a"),
    eks_gpu_node(OTHER, G6, pool="serve", capacity="spot", zone="us-east-1b"),
]

GKE_NODES = [
    gke_gpu_node(SPOT, A3, pool="train", capacity="spot", zone="us-central1-a"),
    gke_gpu_node(FALLBACK, A3, pool="train", capacity="on-demand", zone="us-central1-a"),
]


@pytest.fixture
def nodes(cluster: Cluster) -> Iterator[None]:
    """Two spot nodes and one on demand of the pool that trains, and one of another pool; gone afterwards."""
    for node in NODES:
        cluster.add_node(node)
    yield
    for node in NODES:
        cluster.remove_node(node["metadata"]["name"])


def test_all_that_the_stack_registers_is_accepted_and_becomes_ready(stack: EngineProject, cluster: Cluster):
    live = [cluster.api.find(_reference(each)) for each in _applied(stack)]
    assert live
    assert all(live)


def test_a_second_up_changes_nothing_and_a_refresh_finds_nothing(stack: EngineProject):
    refreshed = stack.refresh()
    assert refreshed.ok, refreshed.why
    again = stack.up()
    assert again.ok, again.why
    assert again.changed == 0, again.operations


def test_replicas_belong_to_the_autoscaler(stack: EngineProject, cluster: Cluster):
    _scale(cluster, REPLICAS)
    assert stack.refresh().ok
    assert stack.preview().changed == 0
    live = cluster.api.find(PREDICTOR)
    assert live is not None
    assert live["spec"]["replicas"] == REPLICAS


def test_what_changed_by_hand_is_mended_by_a_refresh_and_an_up(stack: EngineProject, cluster: Cluster):
    cluster.api.change(PREDICTOR, {"spec": {"template": {"spec": {"terminationGracePeriodSeconds": 600}}}})
    assert stack.refresh().ok
    ran = stack.up()
    assert ran.ok, ran.why
    assert ran.operations["update"] == 1
    live = cluster.api.find(PREDICTOR)
    assert live is not None
    assert live["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] < 600


@pytest.mark.usefixtures("stack", "nodes")
def test_trainers_run_on_nodes_of_their_pool_and_on_spot_first(cluster: Cluster):
    job = submit(cluster, nodes=2)
    assert eventually(lambda: len(on := nodes_of(cluster, job)) == 2 and on, "both workers run") == [SPOT, SPOT_TOO]
    withdraw(cluster, job)


@pytest.mark.usefixtures("stack", "nodes")
def test_a_trainer_whose_spot_node_is_taken_back_goes_on_on_demand(cluster: Cluster):
    job = submit(cluster, nodes=2)
    eventually(lambda: nodes_of(cluster, job) == [SPOT, SPOT_TOO], "both workers run on spot")
    assert cluster.take_back(SPOT) == []
    eventually(lambda: nodes_of(cluster, job) == [FALLBACK, SPOT_TOO], "the worker runs again, on demand")
    assert not _status(cluster, reference_of(job)).get("failed"), "a node that is taken back is no failure of the job"
    cluster.add_node(NODES[0])
    withdraw(cluster, job)


@pytest.mark.usefixtures("stack", "nodes")
def test_a_trainer_waits_rather_than_run_on_nodes_of_others(cluster: Cluster):
    job = submit(cluster, nodes=4)
    eventually(lambda: len(nodes_of(cluster, job)) == 3, "three of four workers run, one on each node of the pool")
    waiting = [pod for pod in pods_of(cluster, job) if "nodeName" not in pod["spec"]]
    why = eventually(lambda: _unscheduled(waiting[0], cluster), "the scheduler says why the fourth does not")
    assert "didn't match Pod's node affinity" in why
    withdraw(cluster, job)


@pytest.mark.usefixtures("stack", "nodes")
def test_a_worker_that_fails_by_itself_is_counted(cluster: Cluster):
    job = submit(cluster)
    (worker,) = eventually(lambda: pods_of(cluster, job) if nodes_of(cluster, job) else [], "the worker runs")
    cluster.end_pod(worker, exit_code=1)
    eventually(lambda: _status(cluster, reference_of(job)).get("failed") == 1, "the job has counted it")
    withdraw(cluster, job)


@pytest.mark.usefixtures("stack", "nodes")
def test_a_worker_that_left_since_another_was_taken_back_is_made_again_and_not_counted(cluster: Cluster):
    job = submit(cluster)
    (worker,) = eventually(lambda: pods_of(cluster, job) if nodes_of(cluster, job) else [], "the worker runs")
    cluster.end_pod(worker, exit_code=EXIT_PREEMPTED)
    first = worker["metadata"]["uid"]
    eventually(lambda: [pod for pod in pods_of(cluster, job) if pod["metadata"]["uid"] != first], "it is made again")
    assert not _status(cluster, reference_of(job)).get("failed")
    withdraw(cluster, job)


@pytest.mark.usefixtures("stack", "nodes")
def test_a_job_ends_when_all_its_workers_have_and_gives_what_they_said(cluster: Cluster):
    job = submit(cluster, nodes=2)
    eventually(lambda: len(nodes_of(cluster, job)) == 2, "both workers run")
    assert job.state is JobState.RUNNING
    first, second = pods_of(cluster, job)
    cluster.end_pod(first, message=msgspec.json.encode(Outcome(state="succeeded", result=RESULT)).decode())
    cluster.end_pod(second)
    assert job.wait() == RESULT
    assert job.state is JobState.SUCCEEDED
    withdraw(cluster, job)


@pytest.mark.usefixtures("stack", "nodes")
def test_a_job_that_is_cancelled_leaves_neither_pods_nor_its_secret(cluster: Cluster):
    job = submit(cluster, nodes=2)
    eventually(lambda: len(nodes_of(cluster, job)) == 2, "both workers run")
    assert cluster.api.find(secret_of(job))
    withdraw(cluster, job)
    assert job.state is JobState.CANCELLED
    eventually(lambda: cluster.api.find(secret_of(job)) is None, "its secret is gone with it")


@pytest.mark.usefixtures("stack")
def test_one_predictor_at_a_time_may_be_taken_away(cluster: Cluster):
    _scale(cluster, REPLICAS)
    cluster.api.change(_node("system-a"), {"spec": {"unschedulable": True}})  # so that no other takes the first's place
    try:
        first, second, _ = _predictors(cluster)
        cluster.api.evict(first)
        eventually(lambda: len(_predictors(cluster)) == REPLICAS - 1, "the first is gone")
        with pytest.raises(ApiRefusedError, match="disruption budget"):
            cluster.api.evict(second)
    finally:
        cluster.api.change(_node("system-a"), {"spec": {"unschedulable": None}})
    eventually(lambda: len(_predictors(cluster)) == REPLICAS, "another took its place")


@pytest.mark.usefixtures("stack")
def test_nothing_is_reached_that_no_policy_opens(cluster: Cluster):
    for namespace in (NAMESPACE, SYSTEM_NAMESPACE):
        policies = cluster.api.all("networking.k8s.io/v1", "NetworkPolicy", namespace=namespace)
        closing = [each["spec"] for each in policies if each["metadata"]["name"].endswith("deny-all")]
        assert closing == [{"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}]


@pytest.mark.usefixtures("stack")
def test_a_pod_that_wants_more_than_ours_is_refused_by_the_api_server(cluster: Cluster):
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "greedy", "namespace": NAMESPACE},
        "spec": {
            "containers": [{"name": "a", "image": "example.invalid/a:1", "securityContext": {"privileged": True}}]
        },
    }
    with pytest.raises(ApiRefusedError, match='violates PodSecurity "restricted'):
        cluster.api.create(pod)


def test_a_change_of_settings_changes_only_what_follows_from_it(stack: EngineProject):
    stack.configure(observability={"p95_ms": 400})
    ran = stack.up()
    assert ran.ok, ran.why
    assert set(ran.operations) <= {"same", "update"}
    assert 0 < ran.operations["update"] <= 4, ran.operations


def test_who_lacks_rights_is_refused_before_anything_is_registered(stack: EngineProject, cluster: Cluster):
    before = stack.file.read_text()
    section = settings_of(stack, "kubernetes") | {"kubeconfig": str(cluster.kubeconfig_of(NOBODY))}
    stack.configure(kubernetes=section)
    refused = stack.preview()
    stack.file.write_text(before)
    assert not refused.ok
    assert "lacks rights" in refused.why


def test_the_same_stack_on_gke_falls_back_from_spot_too(stack: EngineProject, cluster: Cluster):
    stack.configure(
        kubernetes=settings_of(stack, "kubernetes") | {"kind": "gke", "images": {}},
        gpu_pools=[{"name": "train", "accelerator": "H100", "machines": ["a3-highgpu-8g"]}],
    )
    ran = stack.up()
    assert ran.ok, ran.why
    for node in GKE_NODES:
        cluster.add_node(node)
    job = submit(cluster)
    eventually(lambda: nodes_of(cluster, job) == [SPOT], "the worker runs on spot")
    cluster.take_back(SPOT)
    eventually(lambda: nodes_of(cluster, job) == [FALLBACK], "the worker runs again, on demand")
    withdraw(cluster, job)
    cluster.remove_node(FALLBACK)


def test_a_destroy_leaves_nothing(stack: EngineProject, cluster: Cluster):
    applied = _applied(stack)
    destroyed = stack.destroy()
    assert destroyed.ok, destroyed.why
    assert [each for each in map(_reference, applied) if cluster.api.find(each) is not None] == []


def _applied(stack: EngineProject) -> list[dict[str, Any]]:
    """Outputs of every object in the state."""
    return [each["outputs"] for each in stack.state() if each["type"].startswith("kubernetes:")]


def _reference(outputs: dict[str, Any]) -> Reference:
    return Reference.of(outputs)


def _node(name: str) -> Reference:
    return Reference(api_version="v1", kind="Node", name=name)


def _scale(cluster: Cluster, replicas: int) -> None:
    """As KEDA does."""
    cluster.api.change(PREDICTOR, {"spec": {"replicas": replicas}})
    eventually(lambda: len(_predictors(cluster)) == replicas, f"{replicas} predictors run")


def _predictors(cluster: Cluster) -> list[Manifest]:
    pods = cluster.pods(NAMESPACE, "app.kubernetes.io/name=predictor")
    return [pod for pod in pods if pod["status"]["phase"] == "Running" and "deletionTimestamp" not in pod["metadata"]]


def _status(cluster: Cluster, reference: Reference) -> dict[str, Any]:
    return (cluster.api.find(reference) or {}).get("status", {})


def _unscheduled(pod: Manifest, cluster: Cluster) -> str:
    """What the scheduler says of a pod that it found no node for."""
    conditions = _status(cluster, Reference.of(pod)).get("conditions") or ()
    return next((each.get("message", "") for each in conditions if each["type"] == "PodScheduled"), "")
