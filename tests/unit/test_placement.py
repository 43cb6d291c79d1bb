import pytest

from infra.catalog import Catalog
from infra.placement import PlacementError
from infra.placement.placement import Placement, placed, settled
from infra.settings import Settings
from tests.unit.test_settings_cloud import AWS

SERVING = {
    "users": [{"place": "geo:US-East", "share": 0.6}, {"place": "geo:IN", "share": 0.4}],
    "requests_per_s": 200,
    "p95_ms": 150,
    "min_regions": 2,
    "model": {"service_ms": {"cpu": 2}, "memory_gib": 1},
}
WORK = {"accelerator": "L4", "hours": 10, "deadline_h": 15}


def stack(**sections: object) -> Settings:
    wanted = {key: value for key, value in AWS.items() if key != "slipway:regions"}
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


def test_a_placement_is_told_with_the_digest_of_its_catalog():
    placement, _ = settle(stack(serving=SERVING))
    assert placement.told()["catalog"] == Catalog.load().digest


def test_placing_twice_tells_the_same():
    settings = stack(serving=SERVING, work=WORK)
    assert settle(settings)[0].told() == settle(settings)[0].told()
