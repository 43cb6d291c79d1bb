"""What a training job asks of the cluster: which nodes, in which order, and how it takes it when one goes."""

from typing import Any
from unittest.mock import MagicMock

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from infra.aws.workloads import pod_roles
from infra.capacity import order_of
from infra.catalog import Catalog
from infra.gcp.expander import COMPUTE_CLASS as COMPUTE_CLASS_OF_GCP
from infra.gcp.expander import priorities
from infra.kubernetes.autoscaling import class_spec, priorities_of
from infra.kubernetes.job import PART, JobShape, job
from infra.kubernetes.nodes import COMPUTE_CLASS, GRACE_S, Kind, NodeSize, node_affinity, node_size, tolerations
from infra.settings import PoolSettings
from slipway.errors import SettingsError
from tests.kubernetes_objects import variant
from training.preempt import EXIT_PREEMPTED

POOL = PoolSettings(name="train", accelerator="H100", machines=("p5.48xlarge",))
SIZE = NodeSize(device="nvidia.com/gpu", accelerators=8, cpus=160, memory_gib=1700)


def made(kind: Kind = "eks", **changes: Any) -> dict[str, Any]:
    given = {"kind": kind, "pool": POOL, "size": SIZE, "image": "i", "store": "s3://b", "priority": "p"} | changes
    return job(JobShape(**given))["spec"]


def pod(kind: Kind = "eks", **changes: Any) -> dict[str, Any]:
    return made(kind, **changes)["template"]["spec"]


def container(**changes: Any) -> dict[str, Any]:
    return pod(**changes)["containers"][0]


def preferred(pool: PoolSettings) -> dict[str, int]:
    terms = node_affinity(pool)["preferredDuringSchedulingIgnoredDuringExecution"]
    return {term["preference"]["matchExpressions"][0]["values"][0]: term["weight"] for term in terms}


def test_a_trainer_runs_on_nodes_of_its_pool_alone():
    required = pod()["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert required["nodeSelectorTerms"] == [
        {"matchExpressions": [{"key": "slipway/pool", "operator": "In", "values": ["train"]}]}
    ]


def test_spot_is_tried_before_on_demand():
    assert preferred(POOL) == {"spot": 100, "on-demand": 50}


@given(st.permutations(["spot", "on_demand", "reserved"]).filter(lambda order: order.index("spot") < 2))
def test_capacity_is_tried_in_the_order_that_the_pool_says(order: list[str]):
    if "on_demand" not in order[order.index("spot") :]:
        return
    pool = POOL.model_copy(update={"capacity": tuple(order)})
    weights = preferred(pool)
    assert sorted(weights, key=lambda capacity: -weights[capacity]) == [each.replace("_", "-") for each in order]
    assert max(weights.values()) == 100
    assert min(weights.values()) >= 1


def test_an_interruption_is_no_failure_of_the_job():
    rule = made()["podFailurePolicy"]["rules"][0]
    assert rule == {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}


def test_nor_is_it_a_failure_of_the_nodes_that_stay():
    rule = made()["podFailurePolicy"]["rules"][1]
    assert rule == {
        "action": "Ignore",
        "onExitCodes": {"containerName": container()["name"], "operator": "In", "values": [EXIT_PREEMPTED]},
    }
    assert container()["command"] == ["python", "-m", "training.launch.node"]


def test_a_node_that_fails_for_good_ends_the_job_and_not_its_neighbours_patience():
    assert made()["maxFailedIndexes"] == 0


def test_a_pod_is_replaced_only_once_the_one_before_has_ended():
    assert made()["podReplacementPolicy"] == "Failed"


def test_there_are_as_many_pods_as_nodes():
    spec = made(nodes=4)
    assert (spec["completions"], spec["parallelism"], spec["completionMode"]) == (4, 4, "Indexed")
    assert {"name": "NODES", "value": "4"} in spec["template"]["spec"]["containers"][0]["env"]


@pytest.mark.parametrize(("kind", "longest"), [("eks", 120), ("gke", 15)])
def test_the_grace_period_fits_the_notice_that_the_cloud_gives(kind: Kind, longest: int):
    assert pod(kind)["terminationGracePeriodSeconds"] == GRACE_S[kind] <= longest


@pytest.mark.parametrize("kind", ["eks", "gke", "other"])
def test_torchrun_leaves_its_workers_all_of_the_grace_period_but_what_it_needs_itself(kind: Kind):
    environment = {each["name"]: each.get("value") for each in pod(kind)["containers"][0]["env"]}
    assert int(environment["TORCH_ELASTIC_SHUTDOWN_TIMEOUT"]) == GRACE_S[kind] - 5


@pytest.mark.parametrize(
    ("kind", "key"), [("eks", "eks.amazonaws.com/capacityType"), ("gke", "cloud.google.com/gke-spot")]
)
def test_a_trainer_puts_up_with_spot_nodes_of_its_cloud(kind: Kind, key: str):
    assert {"nvidia.com/gpu", key} <= {each["key"] for each in tolerations(kind)}


def test_workers_meet_at_the_pod_of_index_0_by_its_name():
    assert "--rdzv-endpoint=$(JOB_NAME)-0.trainer:29500" in container()["args"]
    assert pod()["subdomain"] == PART


def test_the_headless_service_names_pods_before_they_are_ready():
    service = variant("eks")["trainer-service"]["spec"]
    assert (service["clusterIP"], service["publishNotReadyAddresses"]) == ("None", True)


def test_the_headless_service_finds_the_pods_of_a_job():
    selector = variant("eks")["trainer-service"]["spec"]["selector"]
    assert selector.items() <= made()["template"]["metadata"]["labels"].items()


def test_one_process_runs_for_every_accelerator_of_a_node():
    assert "--nproc-per-node=8" in container()["args"]
    assert container()["resources"]["limits"]["nvidia.com/gpu"] == "8"


def test_the_trainer_is_told_where_checkpoints_lie():
    environment = {each["name"]: each.get("value") for each in container()["env"]}
    assert environment["SLIPWAY_STORE"] == "s3://b"
    assert environment["SLIPWAY_CHECKPOINTS"] == "$(SLIPWAY_STORE)/checkpoints"


def test_workers_answer_prometheus_at_the_pods_own_address_where_it_is_there():
    told = {each["name"]: each.get("value") for each in container(scraped=True)["env"]}
    assert told["SLIPWAY_METRICS"] == "$(POD_IP):29600"
    assert "SLIPWAY_METRICS" not in {each["name"] for each in container()["env"]}


def test_every_worker_of_a_pod_has_a_port_that_prometheus_asks():
    named = [each["name"] for each in container(scraped=True)["ports"] if each["name"] != "rendezvous"]
    asked = variant("eks")["monitoring-trainer"]["spec"]["podMetricsEndpoints"]
    assert named == [each["port"] for each in asked] == [f"metrics-{worker}" for worker in range(8)]


def test_how_a_run_ended_is_kept_by_kubernetes():
    assert container()["terminationMessagePath"] == "/work/outcome.json"


def test_training_waits_rather_than_take_a_servers_place():
    classes = {each["metadata"]["name"]: each for each in variant("eks").values() if each["kind"] == "PriorityClass"}
    assert classes["slipway-training"]["preemptionPolicy"] == "Never"
    assert classes["slipway-training"]["value"] < classes["slipway-serving"]["value"]


def test_workers_of_a_job_stand_in_one_zone_where_they_can():
    term = pod()["affinity"]["podAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"][0]["podAffinityTerm"]
    assert term["topologyKey"] == "topology.kubernetes.io/zone"
    assert term["matchLabelKeys"] == ["batch.kubernetes.io/job-name"]


def test_gke_finds_nodes_by_the_class_that_the_stack_applied():
    assert pod("gke", by_class=True)["nodeSelector"] == {"cloud.google.com/compute-class": "train"}
    assert "nodeSelector" not in pod("gke")


def test_the_classes_that_gcp_writes_are_those_that_the_stack_applies():
    text = priorities(order_of(POOL.model_copy(update={"machines": ("a3-highgpu-8g",)}), ["us-central1"]), ())
    tried = [pool for rung in class_spec(text, "train")["priorities"] for pool in rung["nodepools"]]
    assert tried == ["train-spot-0", "train-on-demand-0"]
    assert COMPUTE_CLASS == COMPUTE_CLASS_OF_GCP


def test_a_pool_that_the_cloud_stack_has_not_is_refused():
    with pytest.raises(SettingsError, match=r"slipway:gpu_pools: .* has no pool train") as caught:
        class_spec(priorities((), ()), "train")
    assert "say the same pools in both stacks" in caught.value.hint


def test_on_a_cluster_of_yours_groups_are_tried_by_what_their_names_say():
    ladder = yaml.safe_load(priorities_of([POOL]))
    assert ladder == {20: [".*train-spot.*"], 10: [".*train-on-demand.*"]}


def test_a_trainer_puts_up_with_the_taint_of_its_class():
    assert {"key": COMPUTE_CLASS, "operator": "Exists"} in tolerations("gke")


def test_a_pod_asks_for_less_than_its_node_has():
    size = node_size(POOL, "eks", Catalog.load(), "")
    (offer, *_) = Catalog.load().offers("aws", machine="p5.48xlarge")
    assert size.accelerators == 8
    assert size.cpus < (offer.vcpus or 0)
    assert size.memory_gib < (offer.memory_gib or 0)


def test_a_pool_of_several_machines_asks_for_what_the_smallest_has():
    several = POOL.model_copy(update={"machines": ("g6.2xlarge", "g6.xlarge")})
    smallest = POOL.model_copy(update={"machines": ("g6.xlarge",)})
    catalog = Catalog.load()
    assert node_size(several, "eks", catalog, "") == node_size(smallest, "eks", catalog, "")


def test_a_machine_that_nobody_knows_is_refused_with_its_key():
    with pytest.raises(
        SettingsError, match=r"slipway:gpu_pools\[1\]\.machines: the catalog knows no p5\.48xlarge of gcp"
    ):
        node_size(POOL, "gke", Catalog.load(), "slipway:gpu_pools[1]")


def test_the_service_accounts_are_those_that_aws_gives_rights_to():
    some: Any = MagicMock()  # only the names of the roles are looked at
    roles = pod_roles(cluster="c", region="r", account="a", storage=some, queue=some, interruptions=some)
    there = {
        (each["metadata"]["namespace"], each["metadata"]["name"])
        for each in variant("eks that Slipway made").values()
        if each["kind"] == "ServiceAccount"
    }
    assert {(role.namespace, role.account) for role in roles} <= there
