"""What moves the traffic of a name that two clouds share, read from the records and checks that were registered.

A resolver of a few lines answers as Route 53 would: which records of the shared name are left when some hosts do not
answer, and where they lead. Whether Route 53 does so is Amazon's documentation's to say.
"""

from collections.abc import Collection, Iterator
from typing import Any

import pytest

from infra.serving import HEALTH
from infra.settings import Settings
from tests.stacks.graph import Graph, Registration
from tests.stacks.programs import cloud_graph, cloud_refused, config_of, graph, settings_of

NAME, ORIGIN = "api.example.com", "origin.api.example.com"
RECORD, CHECK = "aws:route53/record:Record", "aws:route53/healthCheck:HealthCheck"
AWS_REGIONS, GCP_REGIONS = ("us-east-1", "ap-south-1"), ("us-central1", "asia-south1")
GOOGLE = "203.0.113.10"
"""The balancer's address, as tests/stacks/gcp_cloud.py gives it."""


@pytest.fixture(scope="module")
def multi() -> Graph:
    return graph("multi-prod")


def host_of(region: str) -> str:
    """Of a region's API, as tests/stacks/aws_cloud.py gives it."""
    return f"gateway-{region}.execute-api.us-east-1.amazonaws.com"


def is_well(graph: Graph, check_id: str, lost: Collection[str]) -> bool:
    """What a health check says while the hosts and addresses in `lost` do not answer."""
    (check,) = (each for each in graph.of(CHECK) if f"{each.name}-id" == check_id)
    if check.inputs["type"] == "CALCULATED":
        children = check.inputs["childHealthchecks"]
        return sum(is_well(graph, child, lost) for child in children) >= check.inputs["childHealthThreshold"]
    assert check.inputs["resourcePath"] == HEALTH
    return (check.inputs.get("ipAddress") or check.inputs["fqdn"]) not in lost


def records(graph: Graph, name: str, lost: Collection[str] = ()) -> list[Registration]:
    """IPv4 records of a name that are answered with: those whose check says so."""
    asked = [each for each in graph.of(RECORD) if (each.inputs["name"], each.inputs["type"]) == (name, "A")]
    return [each for each in asked if is_well(graph, each.inputs["healthCheckId"], lost)]


def clouds(graph: Graph, lost: Collection[str] = ()) -> set[str]:
    return {record.inputs["setIdentifier"] for record in records(graph, NAME, lost)}


def lost_regions(*regions: str) -> set[str]:
    return {host_of(region) for region in regions}


def test_the_name_leads_to_both_clouds_while_both_are_well(multi: Graph):
    assert clouds(multi) == {"aws", "gcp"}


def test_the_name_leads_to_the_edge_of_each_cloud(multi: Graph):
    aws, gcp = sorted(records(multi, NAME), key=lambda record: record.inputs["setIdentifier"])
    assert aws.inputs["aliases"][0]["name"] == "edge.cloudfront.net"
    assert gcp.inputs["records"] == [GOOGLE]


def test_requests_are_shared_by_the_weights_of_the_settings(multi: Graph):
    weights = {cloud: part.weight for cloud, part in settings_of("multi-prod").clouds.items()}
    for record in records(multi, NAME):
        policy = record.inputs["weightedRoutingPolicies"]
        assert policy == [{"weight": weights[record.inputs["setIdentifier"]]}]


def test_all_of_google_lost_leaves_aws(multi: Graph):
    assert clouds(multi, {GOOGLE}) == {"aws"}


def test_all_of_aws_lost_leaves_google(multi: Graph):
    assert clouds(multi, lost_regions(*AWS_REGIONS)) == {"gcp"}


@pytest.mark.parametrize("region", AWS_REGIONS)
def test_one_region_of_aws_lost_keeps_aws_and_leaves_the_other_region(multi: Graph, region: str):
    lost = lost_regions(region)
    assert clouds(multi, lost) == {"aws", "gcp"}
    (left,) = records(multi, ORIGIN, lost)
    assert left.inputs["setIdentifier"] == next(other for other in AWS_REGIONS if other != region)


def test_one_region_of_google_lost_is_the_balancers_to_pass_over(multi: Graph):
    (backend,) = multi.of("gcp:compute/backendService:BackendService")
    assert {it["group"] for it in backend.inputs["backends"]} == {f"gateway-{region}-id" for region in GCP_REGIONS}
    ejects = backend.inputs["outlierDetection"]
    assert ejects["enforcingConsecutiveErrors"] == 100
    assert ejects["maxEjectionPercent"] >= 100 / len(GCP_REGIONS)


def test_a_lost_cloud_is_left_within_two_minutes(multi: Graph):
    checks = [check for check in multi.of(CHECK) if check.inputs["type"] != "CALCULATED"]
    noticed_s = max(check.inputs["requestInterval"] * check.inputs["failureThreshold"] for check in checks)
    kept_s = max(record.inputs.get("ttl") or 60 for record in records(multi, NAME))  # an alias is kept for a minute
    assert noticed_s + kept_s <= 120


def test_a_type_of_address_is_answered_by_both_clouds_or_by_none(multi: Graph):
    for kind in ("A", "AAAA"):
        asked = [r for r in multi.of(RECORD) if (r.inputs["name"], r.inputs["type"]) == (NAME, kind)]
        assert {record.inputs["setIdentifier"] for record in asked} in (set(), {"aws", "gcp"})


def test_only_checked_records_stand_under_the_name(multi: Graph):
    assert all(record.inputs.get("healthCheckId") for record in named(multi, NAME))


def test_googles_certificate_is_proven_in_the_shared_zone(multi: Graph):
    (proof,) = named(multi, f"_acme-challenge.{NAME}.")
    assert (proof.inputs["type"], proof.inputs["zoneId"]) == ("CNAME", "Z08123456ABCDEFGHIJK")


def test_the_zone_is_kept_in_one_cloud(multi: Graph):
    assert not multi.of("gcp:dns/recordSet:RecordSet")


def test_a_stack_that_serves_nothing_yet_has_no_name():
    empty = cloud_graph(settings_of("multi-prod"), "multi-prod", serving=False)
    assert not list(named(empty, NAME))


def test_each_cloud_is_built_as_it_is_alone(multi: Graph):
    for cloud, stack in (("aws", "aws-prod"), ("gcp", "gcp-prod")):
        alone = {each.type for each in graph(stack) if each.type.startswith((f"{cloud}:", f"slipway:{cloud}:"))}
        here = {each.type for each in multi if each.type.startswith((f"{cloud}:", f"slipway:{cloud}:"))}
        assert alone - here <= {"gcp:dns/recordSet:RecordSet"}


def refused(cloud: str, **sections: Any) -> tuple[str, Graph]:
    """What is said, and what was registered by then, of a stack whose part on one cloud says otherwise."""
    config = config_of("multi-prod")
    config["slipway:clouds"][cloud] |= sections
    error, made = cloud_refused(Settings.parse(config), "multi-prod")
    return error.message, made


def pool(accelerator: str, machine: str) -> dict[str, Any]:
    return {"gpu_pools": [{"name": "other", "accelerator": accelerator, "machines": [machine]}]}


IMPOSSIBLE: list[tuple[str, str, dict[str, Any]]] = [
    ("gcp", "serverless.accelerator", {"serverless": {"accelerator": "nvidia-l4"}}),
    ("gcp", "gpu_pools[0].machines", pool("L4", "g2-standard-999")),
    ("gcp", "gone", {"gone": [{"region": region} for region in GCP_REGIONS]}),
    ("aws", "gpu_pools[0].machines", pool("H100", "p5.999xlarge")),
]
"""What one cloud is told, by the key that is wrong in it, which only its offers show."""


@pytest.mark.parametrize(("cloud", "key", "sections"), IMPOSSIBLE)
def test_what_either_cloud_refuses_is_refused_before_anything_is_registered(
    cloud: str, key: str, sections: dict[str, Any]
):
    said, made = refused(cloud, **sections)
    assert made == [], said


@pytest.mark.parametrize(("cloud", "key", "sections"), IMPOSSIBLE)
def test_what_either_cloud_refuses_is_named_by_the_key_of_its_part(cloud: str, key: str, sections: dict[str, Any]):
    said, _ = refused(cloud, **sections)
    assert said.startswith(f"slipway:clouds.{cloud}.{key}: ")


def test_what_stands_above_the_clouds_is_named_there_whichever_cloud_refuses_it():
    config: dict[str, Any] = config_of("multi-prod") | {"slipway:serverless": {"accelerator": "nvidia-l4"}}
    config["slipway:clouds"]["aws"]["serverless"] = {}
    error, _ = cloud_refused(Settings.parse(config), "multi-prod")
    assert error.message.startswith("slipway:serverless.accelerator: nvidia-l4 on Cloud Run in asia-south1")


def named(graph: Graph, name: str) -> Iterator[Registration]:
    return (record for record in graph.of(RECORD) if record.inputs["name"] == name)
