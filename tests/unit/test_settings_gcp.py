"""What a stack on Google refuses, each with its key path and a way out, and the places that its rules know."""

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.catalog import Catalog
from infra.gcp.naming import account_id
from infra.gcp.offers import check_serverless
from infra.settings import Settings
from infra.settings.rules.dual_regions import CONFIGURABLE, PREDEFINED, dual_location, key_location, partners
from infra.settings.rules.gcp import run_size
from slipway.errors import SettingsError
from tests.unit.test_settings_multi import GCP_PART, MULTI

GCP: dict[str, Any] = {
    "slipway:target": "gcp",
    "slipway:environment": "staging",
    "slipway:ownership": MULTI["slipway:ownership"],
    "slipway:domain": {"name": "api.example.com", "zone": "example.com", "zone_id": "example-com"},
} | {f"slipway:{name}": value for name, value in GCP_PART.items()}
REGIONS = sorted({row.region for row in Catalog.load().offers("gcp")})
CATALOG = Catalog.load()


def with_(**sections: Any) -> dict[str, Any]:
    return GCP | {f"slipway:{name}": value for name, value in sections.items()}


def refusal(**sections: Any) -> str:
    with pytest.raises(SettingsError) as caught:
        Settings.parse(with_(**sections))
    return caught.value.message


def pool(**keys: Any) -> list[dict[str, Any]]:
    return [{"name": "train", "accelerator": "L4", "machines": ["g2-standard-4"]} | keys]


def on_run(accelerator: str, *regions: str) -> Settings:
    """Settings of a stack that serves with an accelerator."""
    return Settings.parse(
        with_(regions=list(regions), network={}, serverless={"accelerator": accelerator, "memory_mib": 16_384})
    )


def test_a_stack_on_google_needs_only_what_no_default_can_know():
    assert Settings.parse(GCP).storage.dual_region is None


@pytest.mark.parametrize("section", ["environment", "ownership", "identity", "budget", "images"])
def test_a_stack_on_google_without_one_of_these_is_refused(section: str):
    with pytest.raises(SettingsError, match=f"slipway:{section}: is required on gcp"):
        Settings.parse({key: value for key, value in GCP.items() if key != f"slipway:{section}"})


def test_a_stack_without_a_name_is_refused_because_a_certificate_needs_one():
    with pytest.raises(SettingsError, match="slipway:domain: is required on gcp"):
        Settings.parse({key: value for key, value in GCP.items() if key != "slipway:domain"})


def test_an_account_of_aws_is_refused():
    said = refusal(identity=GCP_PART["identity"] | {"account": "123456789012"})
    assert said == "slipway:identity.account: 123456789012 is an account of AWS; name the project by its id"


def test_a_project_without_its_number_is_refused():
    identity = {key: value for key, value in GCP_PART["identity"].items() if key != "project_number"}
    assert refusal(identity=identity).startswith("slipway:identity.project_number: is required on gcp")


def test_a_budget_that_nobody_pays_is_refused():
    budget = {key: value for key, value in GCP_PART["budget"].items() if key != "billing_account"}
    assert refusal(budget=budget).startswith("slipway:budget.billing_account: is required on gcp")


def test_flex_start_together_with_spot_is_refused():
    said = refusal(gpu_pools=pool(capacity=["flex_start", "spot", "on_demand"]))
    assert said.startswith("slipway:gpu_pools[0].capacity: flex_start together with spot")
    assert said.endswith("make a pool of each")


def test_nodes_that_flex_start_would_have_to_keep_are_refused():
    said = refusal(gpu_pools=pool(capacity=["flex_start"], min=2))
    assert said.startswith("slipway:gpu_pools[0].min: 2 nodes cannot be kept by flex_start")


def test_a_range_without_room_for_the_pods_of_all_nodes_is_refused():
    said = refusal(network={"ranges": {"us-central1": "10.30.0.0/20"}}, gpu_pools=pool(max=4))
    assert said.startswith(
        "slipway:network.ranges: us-central1 (10.30.0.0/20) has pods for 8 nodes and its pools may have 11"
    )


def test_a_range_with_room_for_the_pods_of_all_nodes_is_taken():
    Settings.parse(with_(network={"ranges": {"us-central1": "10.30.0.0/19"}}, gpu_pools=pool(max=4)))


def test_a_kind_of_capacity_that_only_aws_has_is_refused():
    said = refusal(gpu_pools=pool(capacity=["capacity_block"], reservation={"id": "cr-1", "zone": "us-central1-a"}))
    assert "slipway:gpu_pools[0].capacity: capacity_block is AWS'" in said


def test_a_fabric_that_only_aws_has_is_refused():
    assert refusal(gpu_pools=pool(efa=True)).startswith("slipway:gpu_pools[0].efa: is AWS'")


def test_an_image_of_nodes_that_only_aws_has_is_refused():
    assert refusal(gpu_pools=pool(image="bottlerocket")).startswith("slipway:gpu_pools[0].image: bottlerocket is AWS'")


def test_memory_that_does_not_go_with_the_cpus_of_an_instance_is_refused():
    said = refusal(serverless={"memory_mib": 16_384, "cpus": 2})
    assert "slipway:serverless.memory_mib: 16384 does not go with 2 CPUs on Cloud Run, which takes 512 to 8192" in said


@pytest.mark.parametrize(
    ("cpus", "memory_mib", "said"),
    [
        (5, 16_384, "slipway:serverless.cpus: Cloud Run has no instance of 5"),
        (4, 32_768, "slipway:serverless.memory_mib: 32768 does not go with 4 CPUs"),
        (2, 20_480, "slipway:serverless.memory_mib: 20480 does not go with 4 CPUs"),
    ],
)
def test_a_size_that_cloud_run_does_not_have_is_refused_beside_an_accelerator_too(
    cpus: int, memory_mib: int, said: str
):
    wanted = {"accelerator": "nvidia-l4", "cpus": cpus, "memory_mib": memory_mib}
    assert refusal(serverless=wanted).startswith(said)


@pytest.mark.parametrize("wanted", [{}, {"cpus": 8, "memory_mib": 32_768}])
def test_beside_an_accelerator_every_size_that_goes_with_it_is_taken(wanted: dict[str, int]):
    settings = Settings.parse(with_(serverless={"accelerator": "nvidia-l4"} | wanted))
    assert run_size(settings.serverless) == (wanted.get("cpus", 4), wanted.get("memory_mib", 16_384))


def test_a_number_of_cpus_that_cloud_run_does_not_have_is_refused():
    assert "slipway:serverless.cpus: Cloud Run has no instance of 3" in refusal(serverless={"cpus": 3})


def test_more_memory_than_an_instance_of_cloud_run_may_have_is_refused_at_its_own_bound():
    assert "slipway:serverless.memory_mib" in refusal(serverless={"memory_mib": 32_769})


def test_an_architecture_that_cloud_run_does_not_run_is_refused():
    said = refusal(serverless={"architecture": "arm64"})
    assert said == "slipway:serverless.architecture: Cloud Run runs x86_64 only; leave it out"


def test_a_tracking_server_that_google_does_not_have_is_refused():
    assert refusal(tracking={"server": True}).startswith("slipway:tracking.server: Vertex AI has no MLflow server")


def test_a_secret_that_no_balancer_shows_is_refused():
    said = refusal(origin_token="planted-secret-0123456789abcdefghijklmnop")
    assert said == "slipway:origin_token: means nothing on the gcp target; remove it"


def test_a_secret_of_a_stack_of_two_clouds_is_the_other_clouds():
    settings = Settings.parse(MULTI | {"slipway:origin_token": "planted-secret-0123456789abcdefghijklmnop"})
    assert settings.part("gcp").origin_token is None
    assert settings.part("aws").origin_token is not None


def test_a_deletion_that_cannot_be_had_back_for_a_day_is_refused():
    assert "slipway:storage.soft_delete_days" in refusal(storage={"soft_delete_days": 1})


def test_a_bucket_in_the_same_region_twice_is_refused():
    said = refusal(storage={"dual_region": ["us-central1", "us-central1"]})
    assert said.startswith("slipway:storage.dual_region: us-central1 stands twice")


@pytest.mark.parametrize(
    "pair",
    [
        pytest.param(("us-central1", "europe-west1"), id="two continents"),
        pytest.param(("asia-south1", "asia-southeast1"), id="one continent that is two places to Cloud Storage"),
        pytest.param(("europe-west1", "europe-west6"), id="a region outside the union"),
        pytest.param(("asia-east1", "asia-northeast1"), id="a region that is in another pair only"),
        pytest.param(("me-west1", "us-central1"), id="a region that is in no pair"),
    ],
)
def test_a_bucket_in_two_regions_that_are_no_pair_is_refused(pair: tuple[str, str]):
    said = refusal(storage={"dual_region": list(pair)})
    assert said.startswith(f"slipway:storage.dual_region: {pair[0]} and {pair[1]} are no pair")
    assert said.endswith("or leave it out and releases are copied between the regions' buckets")


def test_a_bucket_in_two_regions_that_are_none_of_the_stacks_is_refused():
    said = refusal(storage={"dual_region": ["asia-south1", "asia-south2"]})
    assert said.startswith("slipway:storage.dual_region: neither asia-south1 nor asia-south2 is one of the stack's")
    assert "beside us-central1 there may be us-east1" in said


def test_a_bucket_outside_its_continent_is_told_where_it_may_lie():
    assert "beside asia-south1 there may be asia-south2" in refusal(
        storage={"dual_region": ["asia-south1", "us-central1"]}
    )


def test_a_region_that_is_in_no_pair_is_said_to_be_in_none():
    assert "me-west1 is in no pair at all" in refusal(storage={"dual_region": ["me-west1", "us-central1"]})


@pytest.mark.parametrize(
    ("pair", "location", "key"),
    [
        (("us-central1", "us-east4"), "us", "us"),
        (("us-east1", "us-central1"), "nam4", "nam4"),
        (("europe-west1", "europe-west4"), "eu", "europe"),
        (("europe-north1", "europe-west4"), "eur4", "eur4"),
        (("europe-west3", "europe-west10"), "de", "de"),
        (("asia-northeast1", "asia-northeast2"), "asia1", "asia1"),
        (("asia-south1", "asia-south2"), "in", "in"),
    ],
)
def test_a_pair_has_the_place_that_google_gives_it(pair: tuple[str, str], location: str, key: str):
    assert (dual_location(pair), key_location(location)) == (location, key)


@given(st.sampled_from(REGIONS), st.sampled_from(REGIONS))
def test_a_pair_is_one_whichever_region_comes_first(one: str, other: str):
    assert dual_location((one, other)) == dual_location((other, one))


def test_every_partner_of_a_region_makes_a_pair_with_it():
    for region in REGIONS:
        assert all(dual_location((region, other)) for other in partners(region)), region


def test_every_pair_of_the_tables_is_a_pair():
    tables = [*PREDEFINED.values(), *CONFIGURABLE.values()]
    assert all(dual_location(pair) for regions in tables for pair in combinations(regions, 2))


@given(st.sampled_from(REGIONS))
def test_one_region_is_no_pair(region: str):
    assert dual_location((region, region)) == ""


def test_an_accelerator_where_it_is_offered_passes():
    check_serverless(on_run("nvidia-l4", "us-central1"), ["us-central1"], CATALOG)


def test_an_accelerator_where_it_is_by_invitation_only_is_refused_with_a_way_out():
    with pytest.raises(SettingsError) as caught:
        check_serverless(on_run("nvidia-l4", "us-central1", "asia-south1"), ["us-central1", "asia-south1"], CATALOG)
    assert caught.value.message == (
        "slipway:serverless.accelerator: nvidia-l4 on Cloud Run in asia-south1 is by invitation of Google only"
    )
    assert caught.value.hint == "leave it out and serve on CPUs, or leave the region out"


def test_an_accelerator_where_it_is_not_offered_is_told_where_it_is():
    with pytest.raises(SettingsError, match="is not offered in me-west1") as caught:
        check_serverless(on_run("nvidia-l4", "me-west1"), ["me-west1"], CATALOG)
    assert "us-central1" in str(caught.value.hint)


def test_an_accelerator_that_cloud_run_does_not_have_is_refused():
    with pytest.raises(SettingsError, match="Cloud Run has no nvidia-h100") as caught:
        check_serverless(on_run("nvidia-h100", "us-central1"), ["us-central1"], CATALOG)
    assert "it has nvidia-l4" in str(caught.value.hint)


@pytest.mark.parametrize("what", ["predictor", "trainer", "nodes"])
def test_the_id_of_an_account_fits_in_every_region_and_is_its_own(what: str):
    ids = {account_id(what, region) for region in REGIONS}
    assert len(ids) == len(REGIONS)
    assert max(map(len, ids)) <= 30


def test_the_id_of_the_account_that_deploys_fits_for_a_stack_of_23_letters():
    assert len(account_id("deploy", "s" * 23)) == 30


def test_a_stack_whose_name_leaves_no_room_for_that_account_is_refused_with_the_reason():
    with pytest.raises(SettingsError, match="would have 31 letters and Google takes 30") as caught:
        account_id("deploy", "s" * 24)
    assert caught.value.hint == "name the stack with 23 letters at most"
