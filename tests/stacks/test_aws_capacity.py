"""The order of capacity: what a pool gets, what it falls back to, and that the stack's output says why."""

import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from infra.aws.expander import priorities
from infra.aws.naming import group_name, group_pattern
from infra.capacity import Choice, fallback, order_of
from infra.settings import Gone, PoolSettings
from slipway.errors import SettingsError
from tests.stacks.test_capacity_gone import made

POOL = PoolSettings(name="train", accelerator="H100", machines=("p5.48xlarge", "p5e.48xlarge"))
REGIONS = ("us-east-1", "ap-south-1")


def test_the_order_is_every_capacity_of_a_region_and_then_the_next():
    assert list(map(str, order_of(POOL, REGIONS))) == [
        "us-east-1 spot",
        "us-east-1 on demand",
        "ap-south-1 spot",
        "ap-south-1 on demand",
    ]


def test_a_pool_is_not_looked_for_where_it_is_not():
    there = POOL.model_copy(update={"regions": ("ap-south-1",)})
    assert {choice.region for choice in order_of(there, REGIONS)} == {"ap-south-1"}


def test_regions_of_a_pool_follow_in_its_own_order():
    there = POOL.model_copy(update={"regions": REGIONS[::-1], "capacity": ("on_demand",)})
    assert list(map(str, order_of(there, REGIONS))) == ["ap-south-1 on demand", "us-east-1 on demand"]


def test_steps_are_the_order_where_a_pool_has_them():
    steps = [("ap-south-1", "spot"), ("us-east-1", "spot"), ("ap-south-1", "on_demand")]
    there = PoolSettings.model_validate(
        POOL.model_dump()
        | {
            "regions": REGIONS,
            "order": [{"region": region, "capacity": kind, "machines": POOL.machines} for region, kind in steps],
        }
    )
    assert [(choice.region, choice.capacity) for choice in order_of(there, REGIONS)] == steps
    assert [choice.capacity for choice in order_of(there, ["us-east-1"])] == ["spot"]


def test_without_losses_the_first_choice_is_taken_and_said():
    chosen = fallback(order_of(POOL, REGIONS), ())
    assert chosen.reason == "us-east-1 spot: the first choice"


def test_spot_gone_falls_back_to_on_demand_in_the_same_region():
    chosen = fallback(order_of(POOL, REGIONS), [Gone(region="us-east-1", capacity="spot")])
    assert chosen.reason == "us-east-1 on demand: us-east-1 spot is gone"


def test_a_machine_gone_leaves_the_others_of_its_pool():
    chosen = fallback(order_of(POOL, REGIONS), [Gone(region="us-east-1", machine="p5.48xlarge")])
    assert chosen.choice.machines == ("p5e.48xlarge",)
    assert chosen.reason == "us-east-1 spot: the first choice; there without p5.48xlarge"


def test_nothing_left_is_refused_with_what_to_do():
    with pytest.raises(SettingsError, match="slipway:gone: nothing is left for the pool train") as caught:
        fallback(order_of(POOL, REGIONS), [Gone(region=region) for region in REGIONS])
    assert "remove what can be had again" in caught.value.hint


@given(st.sets(st.tuples(st.sampled_from(REGIONS), st.sampled_from(["", "spot", "on_demand"]))))
def test_the_choice_is_always_the_first_of_which_something_is_left(lost: set[tuple[str, Any]]):
    order = order_of(POOL, REGIONS)
    gone = [Gone(region=region, capacity=capacity) for region, capacity in lost]
    left = [c for c in order if not any(region == c.region and kind in ("", c.capacity) for region, kind in lost)]
    if left:
        assert fallback(order, gone).choice == left[0]
    else:
        with pytest.raises(SettingsError):
            fallback(order, gone)


def test_the_autoscaler_tries_capacity_in_the_order_of_the_pool():
    ladder = yaml.safe_load(priorities(order_of(POOL, ["us-east-1"]), ()))
    first, then = (ladder[priority] for priority in sorted(ladder, reverse=True))
    assert all("-spot-" in pattern for pattern in first)
    assert all("-on-demand-" in pattern for pattern in then)


def test_the_autoscaler_tries_what_is_gone_last():
    ladder = yaml.safe_load(priorities(order_of(POOL, ["us-east-1"]), [Gone(region="us-east-1", capacity="spot")]))
    assert all("-spot-" in pattern for pattern in ladder[min(ladder)])


def test_the_autoscaler_of_each_region_is_told_of_its_own_groups_only():
    _, outputs = made("aws-prod", "us-east-1")
    for region, cluster in outputs["clusters"].items():
        patterns = [pattern for rung in yaml.safe_load(cluster["priorities"]).values() for pattern in rung]
        assert all(f"-{region}-" in pattern for pattern in patterns)


def test_the_autoscalers_pattern_finds_its_group_and_no_other():
    names = {pool: group_name("us-east-1", pool, "spot") for pool in ("train", "pre-train", "train-big")}
    found = [
        pool
        for pool, name in names.items()
        if re.match(group_pattern("us-east-1", "train", "spot"), f"eks-{name}-0a1b2c3-uuid")
    ]
    assert found == ["train"]


def test_the_longest_group_name_is_one_that_eks_takes():
    name = group_name("ap-southeast-1", "p" * 21, "capacity_block")
    assert len(name) + len("-0a1b2c3") <= 63


def test_a_choice_reads_as_words():
    assert str(Choice(region="us-east-1", pool="train", capacity="on_demand", machines=("x",))) == "us-east-1 on demand"
