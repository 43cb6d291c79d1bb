import json
from typing import Any

import pytest

from infra.catalog import Catalog
from infra.settings import Settings
from infra.settings.explain import SECRETS
from infra.settings.zones import lies_in
from slipway.errors import SettingsError

DIGEST = "sha256:" + "0" * 64
IMAGES = {name: f"registry.example.com/slipway/{name}@{DIGEST}" for name in ("predictor", "worker", "trainer")}
PLANTED = "planted-secret-0123456789abcdefghijkl"
AWS: dict[str, Any] = {
    "slipway:target": "aws",
    "slipway:environment": "prod",
    "slipway:ownership": {"owner": "ml-platform", "cost_center": "research"},
    "slipway:regions": ["us-east-1", "ap-south-1"],
    "slipway:network": {"nat": "per_zone"},
    "slipway:identity": {"repository": "example/models", "account": "123456789012"},
    "slipway:budget": {"usd_per_month": 5000, "alert": "ml@example.com"},
    "slipway:images": IMAGES,
}


RESERVATION = {"id": "cr-0123456789abcdef0", "zone": "use1-az5"}


def refusal(**sections: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        Settings.parse(AWS | {f"slipway:{name}": value for name, value in sections.items()})
    return caught.value.message


def pool(**keys: Any) -> list[dict[str, Any]]:
    return [{"name": "train", "accelerator": "H100", "machines": ["p5.48xlarge"]} | keys]


def test_a_cloud_stack_needs_only_what_no_default_can_know():
    assert Settings.parse(AWS).cluster.public_access_from == ()


@pytest.mark.parametrize("section", ["environment", "ownership", "identity", "budget", "images"])
def test_a_cloud_stack_without_one_of_these_is_refused(section: str):
    with pytest.raises(SettingsError, match=f"slipway:{section}: is required on aws"):
        Settings.parse({key: value for key, value in AWS.items() if key != f"slipway:{section}"})


def test_a_cloud_section_on_the_local_target_is_refused():
    said = refusal(target="local")
    assert "slipway:budget: means nothing on the local target" in said


def test_a_spot_pool_without_fallback_is_refused_with_its_key():
    assert refusal(gpu_pools=pool(capacity=["spot"])).startswith("slipway:gpu_pools[0]: capacity: spot without")


def test_a_spot_pool_whose_fallback_comes_first_is_refused():
    assert "add on_demand after it" in refusal(gpu_pools=pool(capacity=["on_demand", "spot"]))


def test_reserved_capacity_without_its_reservation_is_refused():
    assert "needs the id and the zone of what was reserved" in refusal(
        gpu_pools=pool(capacity=["reserved", "on_demand"])
    )


def test_a_reservation_that_no_pool_would_use_is_refused():
    assert "would stay unused" in refusal(gpu_pools=pool(reservation=RESERVATION))


def test_a_reservation_cannot_be_of_both_kinds():
    said = refusal(gpu_pools=pool(capacity=["reserved", "capacity_block"], reservation=RESERVATION))
    assert "make a pool of each" in said


def test_a_reservation_for_several_types_is_refused():
    both = ["p5.48xlarge", "p5en.48xlarge"]
    assert "is of one type" in refusal(gpu_pools=pool(capacity=["reserved"], machines=both, reservation=RESERVATION))


def test_a_reservation_outside_the_pools_regions_is_refused():
    elsewhere = RESERVATION | {"zone": "usw2-az1"}
    said = refusal(gpu_pools=pool(capacity=["reserved"], reservation=elsewhere))
    assert "gpu_pools[0].reservation.zone: usw2-az1 is in none of us-east-1, ap-south-1" in said


def test_what_is_no_reservation_of_aws_is_refused():
    said = refusal(gpu_pools=pool(capacity=["reserved"], reservation=RESERVATION | {"id": "banana"}))
    assert "gpu_pools[0].reservation.id: banana is none of AWS'" in said


@pytest.mark.parametrize("name", ["RTX PRO 6000!", "-L4", "L" * 64])
def test_an_accelerator_that_no_label_can_hold_is_refused(name: str):
    assert refusal(gpu_pools=pool(accelerator=name)).startswith("slipway:gpu_pools[0].accelerator")


def test_steps_of_a_pool_that_name_another_machine_are_refused():
    step = {"region": "us-east-1", "capacity": "on_demand", "machines": ["g6.12xlarge"]}
    said = refusal(gpu_pools=pool(machines=["g6.xlarge"], capacity=["on_demand"], regions=["us-east-1"], order=[step]))
    assert "order: names other machines than machines does" in said


def test_a_step_that_stands_twice_is_refused():
    step = {"region": "us-east-1", "capacity": "on_demand", "machines": ["g6.xlarge"]}
    twice = pool(machines=["g6.xlarge"], capacity=["on_demand"], regions=["us-east-1"], order=[step, step])
    assert "may stand once for a region" in refusal(gpu_pools=twice)


def test_the_fabric_on_a_type_without_it_is_refused():
    said = refusal(gpu_pools=pool(machines=["g6.xlarge"], efa=True))
    assert said.startswith("slipway:gpu_pools[0].efa: g6.xlarge has none")


def test_another_clouds_kind_of_capacity_is_refused():
    assert "flex_start is Google's" in refusal(gpu_pools=pool(capacity=["flex_start", "spot", "on_demand"]))


def test_two_pools_of_one_name_are_refused():
    assert "train stands twice" in refusal(gpu_pools=pool() + pool())


def test_lambda_with_an_accelerator_is_refused():
    assert "Lambda has no L4" in refusal(serverless={"accelerator": "L4"})


def test_lambda_with_too_large_an_image_is_refused():
    assert "serverless.image_gib: 12 is over Lambda's 10" in refusal(serverless={"image_gib": 12})


def test_lambda_with_too_much_memory_is_refused():
    assert "serverless.memory_mib: 20480 is over" in refusal(serverless={"memory_mib": 20480})


def test_overlapping_ranges_are_refused():
    said = refusal(network={"nat": "per_zone", "ranges": {"us-east-1": "10.0.0.0/8"}})
    assert "us-east-1 (10.0.0.0/8) and ap-south-1 (10.21.0.0/16) overlap" in said


def test_a_range_that_no_vpc_takes_is_refused():
    assert "us-east-1 (10.0.0.0/12) is larger than a VPC" in refusal(network={"ranges": {"us-east-1": "10.0.0.0/12"}})


def test_a_public_range_for_a_private_network_is_refused():
    assert "must be a private range" in refusal(network={"ranges": {"us-east-1": "8.0.0.0/16"}})


def test_an_api_server_open_to_everyone_is_refused():
    assert "open the API server to everyone" in refusal(cluster={"public_access_from": ["0.0.0.0/0"]})


@pytest.mark.parametrize("wrong", ["999.1.1.1/99", "192.0.2.1/24"])
def test_a_range_that_is_none_is_refused(wrong: str):
    assert refusal(cluster={"public_access_from": [wrong]}).startswith("slipway:cluster.public_access_from[0]")


@pytest.mark.parametrize("version", ["1.10", "1.33", "1.34", "1.36", "1.99"])
def test_a_version_that_eks_does_not_support_is_refused(version: str):
    assert f"slipway:cluster.version: {version} is none that EKS supports" in refusal(cluster={"version": version})


def test_system_machines_of_different_processors_are_refused():
    said = refusal(cluster={"system_machines": ["m7g.large", "m6i.large"]})
    assert "slipway:cluster.system_machines: m7g.large, m6i.large have different processors" in said


def test_a_range_of_a_region_that_the_stack_has_not_is_refused():
    said = refusal(network={"nat": "per_zone", "ranges": {"us-esat-1": "10.0.0.0/16"}})
    assert "slipway:network.ranges: us-esat-1 is none of the stack's" in said


def test_a_range_of_a_region_that_is_no_candidate_is_refused_where_regions_are_placed():
    goal = {
        "users": [{"place": "geo:IN", "share": 1}],
        "requests_per_s": 100,
        "p95_ms": 150,
        "model": {"service_ms": {"cpu": 5}},
        "regions": ["us-east-1", "ap-south-1"],
    }
    said = refusal(regions=[], serving=goal, network={"nat": "per_zone", "ranges": {"us-esat-1": "10.0.0.0/16"}})
    assert "slipway:network.ranges: us-esat-1 is none of the stack's (us-east-1, ap-south-1)" in said


def test_zones_of_a_region_that_the_stack_has_not_are_refused():
    said = refusal(network={"nat": "per_zone", "zone_ids": {"eu-west-1": ["euw1-az1"]}})
    assert "slipway:network.zone_ids: eu-west-1 is none of the stack's" in said


def test_a_zone_of_another_region_is_refused():
    said = refusal(network={"nat": "per_zone", "zone_ids": {"us-east-1": ["use1-az1", "use2-az1"]}})
    assert "slipway:network.zone_ids: use2-az1 is no zone of us-east-1" in said


def test_a_zone_that_eks_refuses_is_refused():
    said = refusal(network={"nat": "per_zone", "zone_ids": {"us-east-1": ["use1-az1", "use1-az3"]}})
    assert "slipway:network.zone_ids: EKS takes no subnets in use1-az3" in said


def test_every_zone_of_the_catalog_is_known_by_its_regions_name():
    offers = [*Catalog.load().offers("aws"), *Catalog.load().offers("gcp")]
    assert not {(o.region, zone) for o in offers for zone in o.zones if not lies_in(zone, o.region)}


def test_a_time_out_that_the_edge_cannot_keep_is_refused():
    assert "slipway:edge.timeout_s: CloudFront waits" in refusal(edge={"timeout_s": 0.3})


def test_more_instances_than_lambda_leaves_are_refused():
    assert "serverless.max_instances: 900 is over the 890" in refusal(serverless={"max_instances": 900})


def test_production_without_deletion_protection_is_refused():
    assert "slipway:deletion_protection: production data" in refusal(deletion_protection=False)


def test_production_behind_one_gateway_is_refused():
    assert "takes production down with its zone" in refusal(network={"nat": "one"})


def test_an_image_by_tag_is_refused():
    assert "slipway:images.worker" in refusal(images=IMAGES | {"worker": "registry.example.com/worker:latest"})


def test_a_retention_that_the_cloud_does_not_know_is_refused():
    assert "45 days is no retention" in refusal(observability={"log_days": 45})


def test_a_domain_outside_its_zone_is_refused():
    domain = {"name": "api.example.com", "zone": "example.org", "zone_id": "Z08123456ABCDEFGHIJK"}
    assert "does not lie in zone" in refusal(domain=domain)


def test_more_warm_instances_than_may_run_are_refused():
    assert "provisioned 60 is above max_instances 50" in refusal(serverless={"provisioned": 60})


def test_a_pool_in_a_region_that_the_stack_has_not_is_refused():
    assert "gpu_pools[0].regions: eu-west-1 is none" in refusal(gpu_pools=pool(regions=["eu-west-1"]))


def test_capacity_gone_in_a_region_that_the_stack_has_not_is_refused():
    assert "gone[0].region: eu-west-1 is none" in refusal(gone=[{"region": "eu-west-1"}])


def test_an_account_that_is_none_is_refused():
    said = refusal(identity={"repository": "example/models", "account": "12"})
    assert said.startswith("slipway:identity.account")


def test_a_secret_is_masked_wherever_settings_are_shown():
    settings = Settings.parse(AWS | {"slipway:origin_token": PLANTED})
    assert PLANTED not in repr(settings)
    assert PLANTED not in settings.model_dump_json()


def test_a_secret_that_is_refused_is_not_repeated():
    assert PLANTED[:9] not in refusal(origin_token=PLANTED[:9])


def test_a_secret_may_stand_in_the_file_as_the_engine_wrote_it():
    sealed = "v1:" + "c2VhbGVk" * 8
    assert Settings.parse(AWS | {"slipway:origin_token": {"secure": sealed}}).origin_token is not None


def test_a_secret_where_none_is_kept_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps({"slipway:budget": PLANTED}))
    monkeypatch.setenv("PULUMI_CONFIG_SECRET_KEYS", json.dumps(["slipway:budget"]))
    with pytest.raises(SettingsError, match="slipway:budget: is no secret to Slipway") as caught:
        Settings.load()
    assert PLANTED not in str(caught.value)


def test_a_secret_of_digits_stays_text(monkeypatch: pytest.MonkeyPatch):
    digits = "7" * 40
    config = {key: json.dumps(value) if isinstance(value, dict | list) else value for key, value in AWS.items()}
    monkeypatch.setenv("PULUMI_CONFIG", json.dumps(config | {"slipway:origin_token": digits}))
    monkeypatch.setenv("PULUMI_CONFIG_SECRET_KEYS", json.dumps(["slipway:origin_token"]))
    token = Settings.load().origin_token
    assert token is not None
    assert token.get_secret_value() == digits


def test_every_secret_setting_is_known_to_whoever_explains_errors():
    secret = {name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}
    assert secret == SECRETS
