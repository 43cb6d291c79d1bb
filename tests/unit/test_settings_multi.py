"""A stack of two clouds: what it refuses as a whole, and what each cloud's part becomes."""

from typing import Any

import pytest

from infra.settings import Settings
from slipway.errors import SettingsError
from tests.unit.test_settings_cloud import IMAGES

AWS_PART: dict[str, Any] = {
    "regions": ["us-east-1", "ap-south-1"],
    "identity": {"account": "123456789012", "repository": "example/models"},
    "budget": {"usd_per_month": 900, "alert": "ml@example.com"},
    "network": {"nat": "per_zone"},
    "images": IMAGES,
}
GCP_PART: dict[str, Any] = {
    "regions": ["us-central1"],
    "identity": {"account": "example-models", "project_number": "123456789012", "repository": "example/models"},
    "budget": {"usd_per_month": 700, "alert": "ml@example.com", "billing_account": "01AB23-45CD67-89EF01"},
    "network": {"ranges": {"us-central1": "10.30.0.0/16"}},
    "images": IMAGES,
}
MULTI: dict[str, Any] = {
    "slipway:target": "multi",
    "slipway:environment": "prod",
    "slipway:ownership": {"owner": "ml-platform", "cost_center": "research"},
    "slipway:domain": {"name": "api.example.com", "zone": "example.com", "zone_id": "Z08123456ABCDEFGHIJK"},
    "slipway:observability": {"p95_ms": 250},
    "slipway:clouds": {"aws": AWS_PART, "gcp": GCP_PART},
}


def refusal(config: dict[str, Any]) -> str:
    with pytest.raises(SettingsError) as caught:
        Settings.parse(config)
    return caught.value.message


def with_parts(**parts: dict[str, Any]) -> dict[str, Any]:
    return MULTI | {"slipway:clouds": {"aws": AWS_PART, "gcp": GCP_PART} | parts}


def with_gcp(**sections: Any) -> dict[str, Any]:
    return {"slipway:clouds": {"aws": AWS_PART, "gcp": GCP_PART | sections}}


def test_each_part_is_a_stack_of_its_cloud():
    settings = Settings.parse(MULTI)
    assert (settings.part("aws").target, settings.part("gcp").target) == ("aws", "gcp")
    assert settings.part("gcp").regions == ("us-central1",)


def test_what_the_stack_says_once_holds_for_both_clouds():
    settings = Settings.parse(MULTI)
    assert {settings.part("aws").observability.p95_ms, settings.part("gcp").observability.p95_ms} == {250}


def test_a_part_that_says_otherwise_is_heard():
    assert Settings.parse(MULTI).part("aws").network.nat == "per_zone"
    assert Settings.parse(MULTI).part("gcp").network.nat == "one"


def test_two_clouds_without_a_shared_name_are_refused():
    said = refusal({key: value for key, value in MULTI.items() if key != "slipway:domain"})
    assert said == "slipway:domain: two clouds without a shared name would be two services; name what users call"


def test_one_cloud_alone_is_refused():
    assert "slipway:clouds.gcp: is required on multi" in refusal(MULTI | {"slipway:clouds": {"aws": AWS_PART}})


def test_regions_above_the_clouds_are_refused():
    assert "slipway:regions: is each cloud's own" in refusal(MULTI | {"slipway:regions": ["us-east-1"]})


def test_a_goal_for_both_clouds_is_refused_with_where_its_plan_is_written():
    users = [{"place": "geo:US-East", "share": 1}]
    goal = {"users": users, "requests_per_s": 20, "p95_ms": 200, "model": {"service_ms": {"cpu": 5}}}
    said = refusal(MULTI | {"slipway:serving": goal})
    assert "clouds.aws.regions and clouds.gcp.regions" in said


def test_clouds_that_all_weigh_nothing_are_refused():
    said = refusal(with_parts(aws=AWS_PART | {"weight": 0}, gcp=GCP_PART | {"weight": 0}))
    assert "every weight is 0" in said


def test_what_a_cloud_refuses_is_refused_with_the_path_of_its_part():
    said = refusal(with_parts(aws=AWS_PART | {"network": {"nat": "one"}}))
    assert said.startswith("slipway:clouds.aws.network.nat: one gateway takes production down")


def test_a_key_that_stands_above_the_clouds_is_named_where_it_stands():
    assert refusal(MULTI | {"slipway:deletion_protection": False}).startswith("slipway:deletion_protection: production")
    assert refusal(MULTI | {"slipway:tracking": {"server": True}}).startswith("slipway:tracking.server: Vertex AI")


def test_a_key_that_a_part_says_over_the_stack_is_named_under_the_part():
    said = refusal(MULTI | {"slipway:serverless": {"cpus": 2}} | with_gcp(serverless={"cpus": 3}))
    assert said.startswith("slipway:clouds.gcp.serverless.cpus: Cloud Run has no instance of 3")


def test_an_account_of_the_other_cloud_is_refused():
    wrong = GCP_PART | {"identity": GCP_PART["identity"] | {"account": "123456789012"}}
    assert "slipway:clouds.gcp.identity.account: 123456789012 is an account of AWS" in refusal(with_parts(gcp=wrong))


def test_networks_of_two_clouds_that_could_never_be_joined_are_refused():
    said = refusal(with_parts(gcp={key: value for key, value in GCP_PART.items() if key != "network"}))
    assert "aws/us-east-1 (10.20.0.0/16) and gcp/us-central1 (10.20.0.0/16) overlap" in said


def test_clouds_on_a_stack_of_one_are_refused():
    single = {"slipway:target": "aws", "slipway:clouds": {"aws": AWS_PART}}
    assert "slipway:clouds: means nothing on the aws target" in refusal(
        single | {f"slipway:{name}": value for name, value in AWS_PART.items()}
    )


def test_a_shared_network_may_say_ranges_of_both_clouds():
    shared = {"nat": "per_zone", "ranges": {"us-east-1": "10.50.0.0/16", "us-central1": "10.51.0.0/16"}}
    bare = {name: {**part, "network": None} for name, part in (("aws", AWS_PART), ("gcp", GCP_PART))}
    settings = Settings.parse(with_parts(**bare) | {"slipway:network": shared})
    assert settings.part("aws").network.ranges == {"us-east-1": "10.50.0.0/16"}


def test_a_range_of_a_region_that_neither_cloud_has_is_refused():
    said = refusal(MULTI | {"slipway:network": {"ranges": {"us-esat-1": "10.50.0.0/16"}}})
    assert "slipway:network.ranges: us-esat-1 is none of the stack's" in said
