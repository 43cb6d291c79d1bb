"""How nodes with accelerators are had on Google: spot, flex-start, on demand, reserved, and in which order."""

import functools

import pytest
import yaml

from infra.capacity import Choice, order_of
from infra.gcp.expander import group_names, priorities
from infra.gcp.naming import group_name
from infra.settings import Gone, PoolSettings, Settings
from slipway.errors import SettingsError
from tests.stacks.graph import Graph, Registration
from tests.stacks.programs import cloud_graph, config_of
from tests.stacks.test_capacity_gone import made
from tests.stacks.test_gcp_cluster import TRAIN, dev_with, gpu_pools, node

SERVE = PoolSettings(name="serve", accelerator="L4", machines=("g2-standard-4", "g2-standard-8"))


@functools.cache
def bought_ahead() -> list[Registration]:
    """Development's pool with a reservation before on demand."""
    held = {"capacity": ["reserved", "on_demand"], "reservation": {"id": "ours", "zone": "us-central1-a"}}
    return gpu_pools(dev_with(gpu_pools=[TRAIN | held]))


def kind(pool: Registration) -> str:
    return node(pool)["labels"]["slipway/capacity"]


def test_every_gpu_pool_scales_from_zero(gcp: Graph):
    for pool in gpu_pools(gcp):
        assert pool.inputs["initialNodeCount"] == 0
        assert pool.inputs["autoscaling"]["totalMinNodeCount"] == 0


def test_the_autoscalers_number_of_nodes_is_not_ours(gcp: Graph):
    for pool in gcp.of("gcp:container/nodePool:NodePool"):
        assert pool.ignore_changes == ("nodeCount", "initialNodeCount")


def test_spot_is_asked_for_in_whichever_zone_has_machines(gcp: Graph):
    """Evenly over the zones, as is the default, a pool would wait for the zone that has none."""
    spot = [pool for pool in gpu_pools(gcp) if node(pool)["spot"]]
    assert {pool.inputs["autoscaling"]["locationPolicy"] for pool in spot} <= {"ANY"}


def test_nodes_on_demand_stand_evenly_over_the_zones(gcp: Graph):
    lasting = [pool for pool in gpu_pools(gcp) if kind(pool) == "on-demand"]
    assert {pool.inputs["autoscaling"]["locationPolicy"] for pool in lasting} <= {"BALANCED"}


def test_a_node_is_spot_exactly_where_its_label_says_so(gcp: Graph):
    for pool in gpu_pools(gcp):
        assert node(pool)["spot"] is (kind(pool) == "spot")


def test_every_spot_pool_has_one_on_demand_of_the_same_machine_beside_it(gcp: Graph):
    pools = gpu_pools(gcp)
    there = {(it.inputs["location"], kind(it), node(it)["machineType"]) for it in pools}
    for region, capacity, machine in there:
        assert capacity != "spot" or (region, "on-demand", machine) in there


def test_flex_start_nodes_are_promised_for_the_week_that_google_lends_them(gcp_prod: Graph):
    flexible = [pool for pool in gpu_pools(gcp_prod) if kind(pool) == "flex-start"]
    assert flexible
    for pool in flexible:
        assert (node(pool)["flexStart"], node(pool)["maxRunDuration"]) == (True, f"{7 * 86_400}s")


def test_flex_start_nodes_are_neither_repaired_nor_upgraded_under_a_job(gcp_prod: Graph):
    for pool in gpu_pools(gcp_prod):
        if kind(pool) == "flex-start":
            assert not pool.inputs["management"]["autoRepair"]
            assert pool.inputs["upgradeSettings"] == {"strategy": "SHORT_LIVED"}


def test_flex_start_takes_no_reservation_and_is_not_spot(gcp_prod: Graph):
    """GKE refuses a flex-start pool with either."""
    for pool in gpu_pools(gcp_prod):
        if kind(pool) == "flex-start":
            assert node(pool)["reservationAffinity"] == {"consumeReservationType": "NO_RESERVATION"}
            assert not node(pool)["spot"]


def test_only_flex_start_nodes_end_after_a_time(gcp: Graph):
    for pool in gpu_pools(gcp):
        assert ("maxRunDuration" in node(pool)) is (kind(pool) == "flex-start")


def test_capacity_bought_ahead_is_named():
    (reserved,) = [pool for pool in bought_ahead() if kind(pool) == "reserved"]
    assert node(reserved)["reservationAffinity"] == {
        "consumeReservationType": "SPECIFIC_RESERVATION",
        "key": "compute.googleapis.com/reservation-name",
        "values": ["ours"],
    }


def test_capacity_bought_ahead_is_taken_in_its_zone():
    (reserved,) = [pool for pool in bought_ahead() if kind(pool) == "reserved"]
    assert reserved.inputs["nodeLocations"] == ["us-central1-a"]


def test_a_reservation_in_a_zone_that_does_not_offer_the_machine_is_refused_with_those_that_do():
    held = {"capacity": ["reserved", "on_demand"], "reservation": {"id": "ours", "zone": "us-central1-f"}}
    wrong = config_of("gcp-dev") | {"slipway:gpu_pools": [TRAIN | held]}
    with pytest.raises(SettingsError, match=r"reservation\.zone: us-central1-f does not offer g2-standard-4") as caught:
        cloud_graph(Settings.parse(wrong), "gcp-dev")
    assert "us-central1-a" in caught.value.hint


def test_what_was_bought_for_one_pool_is_taken_by_no_other():
    (other,) = [pool for pool in bought_ahead() if kind(pool) != "reserved"]
    assert node(other)["reservationAffinity"] == {"consumeReservationType": "NO_RESERVATION"}


def test_a_node_pool_has_the_name_that_its_class_lists(gcp_prod: Graph):
    names = {(pool.inputs["location"], pool.inputs["name"]) for pool in gpu_pools(gcp_prod)}
    _, outputs = made("gcp-prod")
    for region, cluster in outputs["clusters"].items():
        listed = [
            name
            for document in yaml.safe_load_all(cluster["priorities"])
            for rung in document["spec"]["priorities"]
            for name in rung["nodepools"]
        ]
        assert {(region, name) for name in listed} == {each for each in names if each[0] == region}


def test_gke_tries_every_spot_pool_before_one_on_demand():
    (document,) = yaml.safe_load_all(priorities(order_of(SERVE, ["us-central1"]), ()))
    ladder = [name for rung in document["spec"]["priorities"] for name in rung["nodepools"]]
    assert ladder == ["serve-spot-0", "serve-spot-1", "serve-on-demand-0", "serve-on-demand-1"]


def test_gke_tries_what_is_gone_last():
    gone = [Gone(region="us-central1", capacity="spot")]
    (document,) = yaml.safe_load_all(priorities(order_of(SERVE, ["us-central1"]), gone))
    ladder = [name for rung in document["spec"]["priorities"] for name in rung["nodepools"]]
    assert ladder[0] == "serve-on-demand-0"
    assert ladder[-1] == "serve-spot-1"


def test_a_pod_for_which_there_is_no_machine_waits_instead_of_taking_any():
    (document,) = yaml.safe_load_all(priorities(order_of(SERVE, ["us-central1"]), ()))
    assert document["spec"]["whenUnsatisfiable"] == "DoNotScaleUp"


def test_the_longest_name_of_a_node_pool_is_one_that_gke_takes():
    assert len(group_name("p" * 21, "flex_start", 9)) <= 39


def test_a_choice_has_a_node_pool_for_each_of_its_machines():
    choice = Choice(region="us-central1", pool="serve", capacity="flex_start", machines=("a", "b"))
    assert group_names(choice) == ["serve-flex-start-0", "serve-flex-start-1"]


def test_a_machine_that_a_region_does_not_offer_is_refused_with_where_it_is():
    wrong = config_of("gcp-dev") | {"slipway:gpu_pools": [TRAIN | {"machines": ["g2-standard-999"]}]}
    with pytest.raises(SettingsError, match=r"gpu_pools\[0\]\.machines: g2-standard-999 is not offered spot") as caught:
        cloud_graph(Settings.parse(wrong), "gcp-dev")
    assert "check its name" in caught.value.hint
