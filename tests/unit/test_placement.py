import pytest

from infra.capacity import choose_capacity
from infra.catalog import Catalog
from infra.placement import PlacementError
from infra.placement.placement import Placement, placed, settled
from infra.settings import Settings
from tests.unit.test_settings_cloud import AWS
from tests.unit.test_settings_gcp import GCP

SERVING = {
    "users": [{"place": "geo:US-East", "share": 0.6}, {"place": "geo:IN", "share": 0.4}],
    "requests_per_s": 200,
    "p95_ms": 150,
    "min_regions": 2,
    "model": {"service_ms": {"cpu": 2}, "memory_gib": 1},
}
WORK = {"accelerator": "L4", "hours": 10, "deadline_h": 15}
ON_L4 = SERVING | {
    "users": [{"place": "geo:IN", "share": 1}],
    "requests_per_s": 500,
    "min_regions": 1,
    "model": {"service_ms": {"L4": 12}, "vcpus": 2, "memory_gib": 8},
}


def stack(**sections: object) -> Settings:
    wanted = {key: value for key, value in AWS.items() if key != "slipway:regions"}
    return Settings.parse(wanted | {f"slipway:{name}": value for name, value in sections.items()})


def google(**sections: object) -> Settings:
    wanted = {key: value for key, value in GCP.items() if key != "slipway:regions"}
    return Settings.parse(wanted | {f"slipway:{name}": value for name, value in sections.items()})


def settle(settings: Settings) -> tuple[Placement, Settings]:
    placement = placed(settings, Catalog.load())
    assert placement is not None
    return placement, settled(settings, placement)


def test_a_stack_that_names_its_regions_is_not_placed():
    settings = Settings.parse(AWS)
    assert placed(settings, Catalog.load()) is None
    assert settled(settings, None) == settings


def test_users_in_mumbai_and_us_east_get_a_region_each():
    _, settings = settle(stack(serving=SERVING))
    assert settings.regions == ("us-east-1", "ap-south-1")


def test_an_aws_stack_gets_no_region_of_another_cloud():
    placement, _ = settle(stack(serving=SERVING))
    assert placement.serving is not None
    assert {region.provider for region in placement.serving.regions} == {"aws"}


def test_a_goal_without_the_stacks_own_cloud_is_refused_with_its_key():
    with pytest.raises(PlacementError, match=r"slipway:serving\.providers: names gcp"):
        placed(stack(serving=SERVING | {"providers": ["gcp"]}), Catalog.load())


def test_work_becomes_a_pool_with_the_order_of_capacity():
    _, settings = settle(stack(regions=["us-east-1"], work=WORK))
    assert [(pool.name, pool.accelerator, pool.capacity[-1]) for pool in settings.gpu_pools] == [
        ("train", "L4", "on_demand")
    ]


def test_a_pool_by_hand_is_kept():
    mine = [{"name": "mine", "accelerator": "L4", "machines": ["g6.xlarge"]}]
    _, settings = settle(stack(regions=["us-east-1"], work=WORK, gpu_pools=mine))
    assert [pool.name for pool in settings.gpu_pools] == ["mine"]


def test_the_order_of_a_pool_is_the_plans_region_by_region_and_capacity_by_capacity():
    work = {"accelerator": "H100", "accelerators": 8, "hours": 24, "deadline_h": 36}
    placement, settings = settle(stack(regions=["us-east-1", "us-west-2"], work=work))
    assert placement.training is not None
    planned = dict.fromkeys((step.region, step.capacity.value) for step in placement.training.order)
    taken = choose_capacity(settings, settings.regions)["train"]
    assert [(choice.region, choice.capacity) for choice in taken.order] == list(planned)
    assert planned == dict.fromkeys(
        [("us-west-2", "spot"), ("us-east-1", "spot"), ("us-west-2", "on_demand"), ("us-east-1", "on_demand")]
    )


def test_an_accelerator_in_other_words_is_written_on_the_nodes_as_the_catalog_writes_it():
    _, settings = settle(stack(regions=["us-east-1"], work=WORK | {"accelerator": "nvidia l4"}))
    assert settings.gpu_pools[0].accelerator == "L4"


def test_a_plan_that_serves_from_nodes_becomes_a_pool_of_its_machines():
    placement, settings = settle(stack(serving=ON_L4))
    assert placement.serving is not None
    (region,) = placement.serving.regions
    (pool,) = settings.gpu_pools
    assert (pool.name, pool.accelerator, pool.machines) == ("serve", "L4", (region.machine,))
    assert (pool.regions, pool.capacity, pool.max) == ((region.region,), region.capacity, region.replicas)


def test_spot_of_a_serving_pool_has_on_demand_behind_it():
    _, settings = settle(stack(serving=ON_L4 | {"capacity": ["spot", "on_demand"]}))
    assert settings.gpu_pools[0].capacity == ("spot", "on_demand")


def test_a_serving_pool_by_hand_is_kept():
    machine = settle(stack(serving=ON_L4))[1].gpu_pools[0].machines[0]
    mine = [{"name": "mine", "accelerator": "L4", "machines": [machine]}]
    assert [pool.name for pool in settle(stack(serving=ON_L4, gpu_pools=mine))[1].gpu_pools] == ["mine"]


def test_work_in_a_region_that_the_stack_does_not_have_is_refused_by_its_setting():
    with pytest.raises(PlacementError, match=r"slipway:work\.regions: us-west-2 is none of the stack's regions"):
        placed(stack(regions=["us-east-1"], work=WORK | {"regions": ["us-west-2"]}), Catalog.load())


def test_a_machine_with_an_attached_accelerator_is_refused_before_it_is_a_pool():
    with pytest.raises(PlacementError, match=r"slipway:work: the plan takes n1-standard-4\+T4x1 in us-central1"):
        placed(google(regions=["us-central1"], work=WORK | {"accelerator": "T4"}), Catalog.load())


def test_serving_from_machines_with_an_attached_accelerator_is_refused():
    on_t4 = ON_L4 | {"model": {"service_ms": {"T4": 12}, "vcpus": 2, "memory_gib": 8}}
    with pytest.raises(PlacementError, match=r"slipway:serving: the plan takes n1-standard-4\+T4x1"):
        placed(google(serving=on_t4), Catalog.load())


def test_the_trainers_pool_stands_before_those_that_serve():
    _, settings = settle(stack(serving=ON_L4, work=WORK))
    assert [pool.name for pool in settings.gpu_pools] == ["train", "serve"]


def test_a_release_on_a_stack_that_was_placed_on_nodes_is_refused():
    settings = stack(serving=ON_L4)
    with pytest.raises(PlacementError, match="the plan serves from nodes") as refused:
        settled(settings, placed(settings, Catalog.load()), released=True)
    assert "target kubernetes" in refused.value.hint


def test_a_plan_on_nodes_without_an_accelerator_is_refused_with_what_to_set():
    goal = SERVING | {"modes": ["node_pool"], "model": {"service_ms": {"cpu": 20}}}
    with pytest.raises(PlacementError, match="from nodes without an accelerator") as refused:
        placed(stack(serving=goal), Catalog.load())
    assert "slipway:serving.modes to [serverless]" in refused.value.hint


def test_a_mode_that_is_not_named_serves_nowhere():
    placement, _ = settle(stack(serving=SERVING | {"requests_per_s": 20_000, "modes": ["serverless"]}))
    assert placement.serving is not None
    assert {region.mode for region in placement.serving.regions} == {"serverless"}


def test_instances_with_an_accelerator_are_what_cloud_run_gets():
    goal = ON_L4 | {"users": [{"place": "geo:US-East", "share": 1}], "requests_per_s": 5, "modes": ["serverless"]}
    placement, settings = settle(google(serving=goal))
    assert placement.serving is not None
    (region,) = placement.serving.regions
    assert settings.serverless.accelerator == "nvidia-l4"
    assert settings.serverless.provisioned == region.min_replicas > 0


def test_what_serverless_says_by_hand_stays():
    goal = ON_L4 | {"users": [{"place": "geo:US-East", "share": 1}], "requests_per_s": 5, "modes": ["serverless"]}
    _, settings = settle(google(serving=goal, serverless={"provisioned": 7}))
    assert settings.serverless.provisioned == 7


def test_a_lambda_that_was_measured_on_arm_is_built_for_arm():
    _, settings = settle(stack(serving=SERVING | {"model": {"service_ms": {"cpu-arm": 2}, "memory_gib": 1}}))
    assert settings.serverless.architecture == "arm64"


def test_a_placement_is_told_with_the_digest_of_its_catalog():
    placement, _ = settle(stack(serving=SERVING))
    assert placement.told()["catalog"] == Catalog.load().digest


def test_placing_twice_tells_the_same():
    settings = stack(serving=SERVING, work=WORK)
    assert settle(settings)[0].told() == settle(settings)[0].told()
