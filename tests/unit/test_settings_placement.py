from typing import Any

import pytest

from infra.settings import Settings
from slipway.errors import SettingsError

SERVING: dict[str, Any] = {
    "users": [{"place": "geo:IN", "share": 0.5}, {"place": "geo:US-East", "share": 0.5}],
    "requests_per_s": 100,
    "p95_ms": 150,
    "model": {"service_ms": {"cpu": 5}},
}
WORK: dict[str, Any] = {"accelerator": "A10G", "hours": 48, "deadline_h": 60}


def refusal(**sections: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        Settings.parse({"slipway:target": "local", "slipway:serving": SERVING, "slipway:work": WORK} | sections)
    return caught.value.message


def changed(section: dict[str, Any], **keys: Any) -> dict[str, Any]:
    return section | keys


def test_regions_follow_from_whom_to_serve():
    assert Settings.parse({"slipway:target": "local", "slipway:serving": SERVING}).regions == ()


def test_regions_by_hand_beside_a_serving_goal_are_refused():
    assert "one of the two" in refusal(**{"slipway:regions": ["us-east-1"]})


def test_shares_that_are_not_the_whole_are_refused():
    users = [{"place": "geo:IN", "share": 0.5}]
    said = refusal(**{"slipway:serving": changed(SERVING, users=users)})
    assert said.startswith("slipway:serving: users: the shares add up to 0.5")


def test_a_place_that_stands_twice_is_refused():
    users = [{"place": "geo:IN", "share": 0.5}, {"place": "geo:IN", "share": 0.5}]
    assert "geo:IN stands twice" in refusal(**{"slipway:serving": changed(SERVING, users=users)})


def test_surviving_a_region_loss_on_one_region_is_refused():
    assert "min_regions: 1 cannot survive" in refusal(**{"slipway:serving": changed(SERVING, survive_region_loss=True)})


@pytest.mark.parametrize("kib", [float("inf"), float("nan"), 1e300])
@pytest.mark.parametrize("key", ["request_kib", "response_kib"])
def test_a_size_on_the_wire_that_no_price_could_be_put_to_is_refused_by_its_key(key: str, kib: float):
    serving = changed(SERVING, model=SERVING["model"] | {key: kib})
    assert f"model.{key}" in refusal(**{"slipway:serving": serving})


def test_traffic_of_next_to_nothing_is_refused_by_its_key():
    assert "requests_per_s" in refusal(**{"slipway:serving": changed(SERVING, requests_per_s=1e-9)})


@pytest.mark.parametrize("key", ["checkpoint_gib", "data_gib", "restart_s", "checkpoint_every_s"])
def test_work_without_an_end_is_refused_by_its_key(key: str):
    assert key in refusal(**{"slipway:work": changed(WORK, **{key: float("inf")})})


def test_serving_on_spot_without_fallback_is_refused():
    assert "spot without on_demand" in refusal(**{"slipway:serving": changed(SERVING, capacity=["spot"])})


def test_training_on_spot_without_fallback_is_refused():
    assert "would leave training stuck" in refusal(**{"slipway:work": changed(WORK, capacity=["spot"])})


def test_checkpoints_that_leave_no_time_to_train_are_refused():
    work = changed(WORK, checkpoint_every_s=60, checkpoint_s=60)
    assert "checkpoint_every_s: 60 leaves no time" in refusal(**{"slipway:work": work})


def test_the_time_for_checkpoints_counts_towards_the_deadline():
    work = changed(WORK, deadline_h=48.5, checkpoint_s=60)
    assert "work of 52.8 h, checkpoints included" in refusal(**{"slipway:work": work})


def test_accelerators_that_leave_a_machine_half_empty_are_refused():
    assert "12 do not fill machines of 8" in refusal(**{"slipway:work": changed(WORK, accelerators=12)})


def test_a_deadline_before_the_work_can_end_is_refused():
    assert "deadline_h: 48 is less than the work" in refusal(**{"slipway:work": changed(WORK, deadline_h=48)})


def test_data_without_a_place_cannot_be_priced():
    assert "data_region: is needed" in refusal(**{"slipway:work": changed(WORK, data_gib=5)})


@pytest.mark.parametrize(("key", "value"), [("rtt_p95_to_p50", 0.9), ("round_trips", 0)])
def test_a_network_faster_than_its_median_or_without_a_round_trip_is_refused(key: str, value: float):
    assert key in refusal(**{"slipway:serving": changed(SERVING, **{key: value})})


def test_service_times_that_vary_below_nothing_are_refused():
    model = {"service_ms": {"cpu": 5}, "service_variation": -1}
    assert "service_variation" in refusal(**{"slipway:serving": changed(SERVING, model=model)})
