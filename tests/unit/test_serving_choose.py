"""The door: what a plan says, on the catalog that ships and on what it lacks."""

import subprocess
import sys
from typing import Any

import pytest

from infra.catalog import Catalog, CatalogError
from infra.placement import Infeasible
from infra.placement.serving import ServingPlan, choose, explain, sensitivity
from infra.placement.serving.sensitivity import changes, flip
from infra.settings.placement import ServingGoal

CATALOG = Catalog.load()
TWO = [{"place": "geo:IN", "share": 0.5}, {"place": "geo:US-East", "share": 0.5}]


def goal(**keys: Any) -> ServingGoal:
    model = {"service_ms": {"cpu": 20}, "vcpus": 1, "memory_gib": 1}
    return ServingGoal.model_validate({"users": TWO, "requests_per_s": 100, "p95_ms": 200, "model": model} | keys)


def plan(**keys: Any) -> ServingPlan:
    return choose(goal(**keys), CATALOG)


def refusal(**keys: Any) -> Infeasible:
    with pytest.raises(Infeasible) as caught:
        plan(**keys)
    return caught.value


def reason(made: ServingPlan, region: str, machine: str) -> str:
    return next(row.reason for row in made.rejected if (row.region, row.machine) in ((region, machine), (region, "")))


def test_the_bill_adds_up_to_the_total_line_by_line():
    made = plan()
    assert made.usd_per_month == pytest.approx(sum(line.quantity * line.unit_usd for line in made.lines))


def test_every_line_of_the_bill_says_where_its_price_was_read():
    assert all(line.source and line.date for line in plan().lines)


def test_users_on_two_continents_within_200_ms_are_served_from_both():
    assert {region.country for region in plan().regions} == {"IN", "US"}


def test_no_user_waits_longer_than_the_goal_also_while_a_region_is_lost():
    made = plan(p95_ms=250, min_regions=2, survive_region_loss=True)
    assert all(user.latency.total_ms <= 250 for user in made.users)
    assert all(user.lost_region_ms is not None and user.lost_region_ms <= 250 for user in made.users)


def test_the_same_goal_gives_the_same_plan():
    assert plan() == plan()


def test_a_chosen_row_of_the_table_is_how_that_region_runs_in_the_plan():
    made = plan(p95_ms=250, min_regions=2, survive_region_loss=True)
    runs = {(one.key, one.machine, one.capacity, one.share, one.usd_per_month) for one in made.regions}
    rows = [row for row in made.alternatives if row.chosen]
    assert {(row.key, row.machine, row.capacity, row.serves, row.usd_per_month) for row in rows} == runs


def test_the_slowest_chosen_row_waits_as_long_as_the_plan_says():
    made = plan(p95_ms=250, min_regions=2)
    assert max(row.p95_ms for row in made.alternatives if row.chosen) == pytest.approx(made.p95_ms)


def test_a_region_that_only_stands_by_has_a_row_as_well():
    users = [{"place": "geo:IN", "share": 1}]
    made = plan(users=users, requests_per_s=5, min_regions=2, model={"service_ms": {"L4": 9}})
    rows = [row for row in made.alternatives if row.chosen]
    assert min(region.share for region in made.regions) == 0
    assert [row.key for row in rows] == [region.key for region in made.regions]


def test_no_region_stands_twice_in_the_table():
    keys = [row.key for row in plan(min_regions=2).alternatives]
    assert len(keys) == len(set(keys))


def test_the_fewest_requests_of_the_smallest_group_still_have_a_region_when_one_is_lost():
    users = [{"place": "geo:IN", "share": 1 - 1e-6}, {"place": "geo:US-East", "share": 1e-6}]
    made = plan(users=users, requests_per_s=0.001, p95_ms=400, min_regions=2, survive_region_loss=True)
    assert all(user.regions and user.lost_region_ms for user in made.users)


def test_a_plan_carries_the_digest_of_its_catalog():
    assert plan().digest == CATALOG.digest


def test_an_l4_that_is_by_invitation_only_is_no_candidate():
    made = plan(model={"service_ms": {"cpu": 20, "L4": 5}})
    assert "by invitation" in reason(made, "asia-south1", "cloud-run-l4")


def test_a_machine_with_a_price_but_no_offer_is_no_candidate():
    made = plan(model={"service_ms": {"cpu": 20, "A100-40GB": 5}})
    assert "no offer of it was seen" in reason(made, "ap-southeast-1", "p4d.24xlarge")


def test_a_machine_that_nothing_was_measured_on_is_no_candidate():
    assert reason(plan(), "us-east-1", "g6.xlarge") == "model.service_ms says nothing of L4"


def test_a_region_without_latency_figures_is_no_candidate():
    assert "no latency figure" in reason(plan(), "af-south-1", "")


def test_spot_is_mixed_with_on_demand_and_has_a_machine_to_spare():
    model = {"service_ms": {"T4": 20}, "vcpus": 2, "memory_gib": 4}
    made = plan(model=model, capacity=("spot", "on_demand"))
    assert all(region.capacity == ("spot", "on_demand") for region in made.regions)
    assert any(line.what == "spare for spot taken back" for line in made.lines)


def test_carbon_with_a_price_is_on_the_bill():
    assert any(line.what == "carbon" for line in plan(carbon_usd_per_tonne=100).lines)


def test_a_place_that_is_not_known_is_named_with_the_nearest_that_are():
    with pytest.raises(CatalogError, match="city:Lima"):
        plan(users=[{"place": "city:Lima", "share": 1}])


def test_a_region_that_is_not_known_is_named():
    with pytest.raises(CatalogError, match="us-east-7"):
        plan(regions=["us-east-7"])


def test_a_goal_too_tight_names_p95_and_the_least_that_can_be_reached():
    error = refusal(p95_ms=30)
    assert error.binds == ("p95_ms",)
    reached = float(error.nearest[0].split()[3])
    assert plan(p95_ms=reached).p95_ms <= reached
    assert refusal(p95_ms=reached - 1)


def test_a_rule_on_countries_that_blocks_is_named_with_its_place():
    users = [{"place": "geo:IN", "share": 0.5, "countries": ["DE"]}, {"place": "geo:US-East", "share": 0.5}]
    error = refusal(users=users, p95_ms=150)
    assert "users.countries" in error.binds
    assert any("geo:IN may be answered in DE only" in words for words in error.nearest)


def test_more_regions_than_there_are_names_how_many_can_be_reached():
    error = refusal(users=[{"place": "geo:IN", "share": 1, "countries": ["IN"]}], min_regions=3)
    assert "min_regions" in error.binds
    assert "min_regions of 2 can be reached" in error.nearest


IN_MUMBAI: list[dict[str, Any]] = [{"place": "city:Mumbai", "share": 1}]


def test_regions_that_are_too_far_are_named_with_what_is_chosen_without_them():
    error = refusal(users=IN_MUMBAI, p95_ms=100, regions=["us-east-1"])
    assert error.binds == ("p95_ms", "regions")
    assert "us-east-1 cannot answer every user within 100 ms" in error.message
    assert any("without the bound to regions us-east-1: aws/ap-south-1" in words for words in error.nearest)


def test_a_region_without_latency_figures_alone_is_told_what_is_chosen_without_it():
    error = refusal(users=IN_MUMBAI, p95_ms=100, regions=["eu-west-3"])
    assert "no latency figure between city:Mumbai and aws/eu-west-3" in error.message
    assert error.binds == ("regions",)
    assert plan(users=IN_MUMBAI, p95_ms=100).regions[0].key in error.nearest[0]


def test_a_provider_without_the_hardware_is_named_and_not_latencies_beside_it():
    error = refusal(users=IN_MUMBAI, providers=["gcp"], model={"service_ms": {"cpu-arm": 20}})
    assert "nothing there is cpu-arm" in error.message
    assert "latency" not in error.message
    assert error.binds == ("providers",)


def test_a_mode_of_capacity_that_nobody_offers_is_named():
    error = refusal(users=IN_MUMBAI, providers=["aws"], capacity=["reserved"], model={"service_ms": {"L4": 20}})
    assert "is not to be had as reserved here" in error.message
    assert error.binds == ("capacity",)


def test_modes_that_nothing_there_serves_in_are_named():
    error = refusal(users=IN_MUMBAI, p95_ms=100, modes=["serverless"], model={"service_ms": {"A10G": 20}})
    assert error.binds == ("modes",)
    assert "without the bound to modes serverless: aws/ap-south-1" in error.nearest[0]


def test_hardware_whose_host_is_not_known_is_told_so_with_the_hardware_that_there_is():
    error = refusal(users=IN_MUMBAI, model={"service_ms": {"TPU-v6e": 20}})
    assert "does not say what host it comes with" in error.message
    assert "L4" in error.nearest[0]


def test_a_least_number_of_regions_and_the_loss_of_one_that_bind_together_are_both_named():
    users = [{"place": "city:Mumbai", "share": 1, "countries": ["IN"]}]
    error = refusal(users=users, p95_ms=100, providers=["aws"], min_regions=2, survive_region_loss=True)
    assert {"min_regions", "survive_region_loss"} <= set(error.binds)
    assert any(
        words.startswith("without min_regions and survive_region_loss: aws/ap-south-1") for words in error.nearest
    )


def test_a_country_without_a_region_is_said_to_have_none():
    error = refusal(users=[{"place": "city:Mumbai", "share": 1, "countries": ["ZZ"]}])
    assert "no region lies in ZZ, where city:Mumbai must be answered" in error.message


def test_two_settings_that_are_in_the_way_together_are_named_together():
    error = refusal(users=IN_MUMBAI, providers=["gcp"], regions=["us-central1"], model={"service_ms": {"cpu-arm": 20}})
    assert error.binds == ("regions", "providers")
    assert "aws/ap-south-1" in error.nearest[0]


def test_a_model_measured_on_nothing_that_exists_is_told_what_does():
    assert "measure it on one of" in refusal(model={"service_ms": {"Abacus": 1}}).nearest[0]


def test_each_region_that_lost_has_a_reason_and_none_of_them_is_in_the_plan():
    made = plan()
    losers = explain(made, goal(), CATALOG, most=3)
    assert all(loser.reason for loser in losers)
    assert not {f"{one.provider}/{one.region}" for one in losers} & {region.key for region in made.regions}


def why_not(region: str, **keys: Any) -> str:
    return next(loser.reason for loser in explain(plan(**keys), goal(**keys), CATALOG) if loser.region == region)


def test_a_near_region_that_computes_too_slowly_is_told_so_and_not_that_it_is_far():
    keys = {"users": IN_MUMBAI, "p95_ms": 80, "model": {"service_ms": {"cpu": 60, "A10G": 5}}}
    assert "computing on n2-standard-16 takes 117 ms" in why_not("asia-south1", **keys)
    assert "the network to city:Mumbai, its nearest users, takes" in why_not("us-east-1", **keys)


def test_a_region_whose_functions_would_grow_cold_is_told_so():
    users = [{"place": "geo:US-East", "share": 1}]
    model = {"service_ms": {"cpu-arm": 20, "A10G": 50}, "cold_start_s": 1}
    assert "would grow cold" in why_not("ap-northeast-1", users=users, p95_ms=300, requests_per_s=0.01, model=model)


def test_a_losers_price_is_what_the_plan_with_it_would_cost_more():
    made = plan(regions=["us-east-1", "us-west-2", "ap-south-1"])
    narrowed = goal(regions=["us-east-1", "us-west-2", "ap-south-1"])
    loser = explain(made, narrowed, CATALOG)[0]
    assert loser.more_usd is not None
    left = tuple(region.region for region in made.regions if region.country != "US")
    assert plan(regions=(loser.region, *left)).usd_per_month - made.usd_per_month == pytest.approx(
        loser.more_usd, abs=0.01
    )


def test_a_break_even_is_where_the_choice_turns():
    made = plan(p95_ms=350)
    traffic = changes(made, goal(p95_ms=350), CATALOG)[0]
    turned = flip(traffic, tuple((region.key, region.machine) for region in sorted(made.regions, key=lambda r: r.key)))
    assert turned.factor is not None
    beyond = plan(p95_ms=350, requests_per_s=100 * turned.factor)
    assert [(one.key, one.machine) for one in beyond.regions] != [(one.key, one.machine) for one in made.regions]


def test_sensitivity_covers_traffic_the_goal_and_prices():
    made = plan(regions=["us-east-1", "ap-south-1"])
    said = {one.what for one in sensitivity(made, goal(regions=["us-east-1", "ap-south-1"]), CATALOG)}
    assert {"requests_per_s", "p95_ms"} <= said
    assert any(what.startswith("the price of egress") for what in said)


def test_placement_imports_no_pulumi():
    code = "import sys, infra.placement.serving as s; sys.exit('pulumi' in sys.modules or 'scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
