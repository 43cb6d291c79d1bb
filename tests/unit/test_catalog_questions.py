"""Questions put to the catalog: the answer, or which part does not exist and the nearest that does."""

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.catalog import Catalog, CatalogError
from infra.catalog.egress import GB_PER_GIB, per_gb
from infra.catalog.load import DATA, load
from tests.catalogs import offer, write_catalog

CATALOG = Catalog.load()
TIERS = CATALOG.tiers("aws", "egress", "internet", "us-east-1")


def refusal(question) -> CatalogError:
    with pytest.raises(CatalogError) as caught:
        question()
    return caught.value


def test_a_machine_that_is_not_offered_in_a_region_is_answered_with_the_nearest_that_have_it():
    error = refusal(lambda: CATALOG.offer("aws", "eu-north-1", "p5.48xlarge", "on_demand"))
    assert error.message == "p5.48xlarge is not offered in aws/eu-north-1"
    assert error.hint == "the nearest regions with it are ap-south-1, us-east-1, us-west-2, ap-northeast-1"


def test_a_misspelt_machine_is_answered_with_names_like_it():
    assert "p5.48xlarge" in refusal(lambda: CATALOG.offer("aws", "us-east-1", "p5.48xlarg", "spot")).hint


def test_a_mode_of_capacity_that_a_machine_lacks_is_answered_with_those_it_has():
    error = refusal(lambda: CATALOG.offer("gcp", "us-central1", "a3-highgpu-1g", "on_demand"))
    assert error.message == "gcp/us-central1 does not offer a3-highgpu-1g as on_demand"
    assert error.hint == "it does as flex_start, spot"


def test_a_region_without_a_price_is_answered_with_regions_that_have_one():
    error = refusal(lambda: CATALOG.usd_per_hour("aws", "ap-south-1", "g6e.12xlarge", "on_demand"))
    assert error.message == "g6e.12xlarge as on_demand in aws/ap-south-1 has no known price"
    assert "ap-northeast-1 (15.2174 USD/h)" in error.hint
    assert "slipway prices refresh --provider aws --region ap-south-1" in error.hint


def test_an_unknown_region_is_answered_with_names_like_it():
    assert "us-east-1" in refusal(lambda: CATALOG.region("aws", "us-est-1")).hint


def test_an_unknown_provider_is_answered_with_those_there_are():
    assert refusal(lambda: CATALOG.region("azure", "westeurope")).hint == "there is aws, gcp"


def test_a_country_without_latency_figures_is_answered_with_its_cities():
    error = refusal(lambda: CATALOG.rtt_ms("country:FR", "aws", "eu-central-1"))
    assert error.message == "there are no latency figures for country:FR as a whole"
    assert error.hint == "split its users over city:Paris"


def test_a_country_of_several_coasts_must_be_split():
    assert "geo:US-Central" in refusal(lambda: CATALOG.rtt_ms("country:US", "aws", "us-east-1")).hint


def test_an_unknown_city_is_answered_with_names_like_it():
    assert "city:Mumbai" in refusal(lambda: CATALOG.place("city:Mumbay")).hint


def test_a_country_without_figures_is_answered_with_what_lies_nearest_not_with_what_is_spelled_alike():
    assert "nearest to Hamina are city:Frankfurt" in refusal(lambda: CATALOG.place("country:FI")).hint


def test_a_country_that_lies_nowhere_the_catalog_knows_is_answered_with_all_there_are():
    hint = refusal(lambda: CATALOG.place("country:KE")).hint
    assert hint.startswith("take the one that is nearest to its users: country:AE, country:AU")


def test_a_city_like_no_other_is_answered_with_all_there_are():
    assert refusal(lambda: CATALOG.place("city:Lima")).hint.startswith("take the one that is nearest to its users")


def test_a_place_without_its_kind_is_answered_with_its_whole_name():
    assert refusal(lambda: CATALOG.place("paris")).hint == "names like it are city:Paris"


def test_a_place_of_no_kind_and_like_no_other_is_answered_with_whole_names():
    assert refusal(lambda: CATALOG.place("zzzz")).hint.startswith("there are city:")


def test_a_region_that_nobody_measured_from_a_place_is_answered_with_those_it_reaches():
    error = refusal(lambda: CATALOG.rtt_ms("city:Paris", "aws", "eu-north-1"))
    assert error.message == "there is no latency figure between city:Paris and aws/eu-north-1"
    assert "city:Paris has one to gcp/europe-west4" in error.hint


def test_a_city_takes_its_areas_latency_where_it_has_none_of_its_own():
    assert CATALOG.rtt_ms("city:Mumbai", "aws", "ap-south-1").origin == "city:Mumbai"
    assert CATALOG.rtt_ms("city:Mumbai", "aws", "us-east-1").origin == "geo:IN"


def test_a_measured_latency_is_preferred_to_an_estimate():
    assert CATALOG.rtt_ms("city:Delhi", "gcp", "asia-south1").quality == "measured"
    assert CATALOG.rtt_ms("geo:IN", "gcp", "asia-south1").quality == "proxy"


def test_regions_of_one_provider_have_latencies_between_them():
    assert CATALOG.rtt_ms("aws/ap-south-1", "aws", "us-east-1").ms == pytest.approx(190, abs=1)


def test_a_tariff_falls_back_to_the_regions_class_and_then_to_all():
    assert CATALOG.tariff("gcp", "cloud-run", "cpu-request", "asia-south1").region == "tier2"
    assert CATALOG.tariff("aws", "eks", "control-plane", "ap-south-1").region == "all"


def test_a_tariff_never_falls_back_to_another_region():
    error = refusal(lambda: CATALOG.tariff("aws", "alb", "hour", "eu-north-1"))
    assert error.message == "the catalog has no price of aws alb hour in eu-north-1"
    assert error.hint.startswith("it has one for ap-northeast-1")


def test_an_unknown_tariff_is_answered_with_names_like_it():
    assert "alb hour" in refusal(lambda: CATALOG.tariff("aws", "alb", "hours", "us-east-1")).hint


def test_leaving_mumbai_costs_four_times_what_leaving_virginia_does():
    mumbai = CATALOG.egress_usd_per_gb("aws", "ap-south-1", "us-east-1")
    assert mumbai / CATALOG.egress_usd_per_gb("aws", "us-east-1", "ap-south-1") == pytest.approx(4.3)


def test_a_pair_with_a_price_of_its_own_is_charged_that():
    assert CATALOG.egress_usd_per_gb("aws", "us-east-1", "us-east-2") == 0.01


def test_google_charges_between_continents_in_gibibytes():
    assert CATALOG.egress_usd_per_gb("gcp", "us-central1", "asia-south1") == pytest.approx(0.08 / GB_PER_GIB)


def test_indonesia_is_priced_as_oceania():
    assert CATALOG.egress_usd_per_gb("gcp", "asia-southeast2", "asia-south1") == pytest.approx(0.10 / GB_PER_GIB)


def test_another_provider_is_reached_through_the_internet():
    assert CATALOG.egress_usd_per_gb("aws", "us-east-1", "gcp/us-central1") == 0.09


def test_nothing_leaves_a_region_for_itself():
    assert CATALOG.egress_usd_per_gb("aws", "us-east-1", "aws/us-east-1") == 0


@given(st.floats(1e-3, 1e7), st.floats(1e-3, 1e7))
def test_a_larger_volume_never_costs_more_per_gigabyte_nor_less_in_all(one: float, other: float):
    small, large = sorted((one, other))
    assert per_gb(TIERS, large) <= per_gb(TIERS, small) * (1 + 1e-9)
    assert per_gb(TIERS, large) * large >= per_gb(TIERS, small) * small * (1 - 1e-9)


def test_each_tier_charges_only_what_lies_in_it():
    assert per_gb(TIERS, 20_480) == pytest.approx((0.09 + 0.085) / 2)


def test_the_same_grid_has_the_same_carbon_in_both_clouds_and_an_unknown_one_none():
    assert CATALOG.carbon_g_per_kwh("aws", "ap-south-1") == CATALOG.carbon_g_per_kwh("gcp", "asia-south1") == 648
    assert CATALOG.carbon_g_per_kwh("aws", "eu-west-1") is None


def test_the_digest_changes_with_any_byte(tmp_path):
    one = Catalog.load(write_catalog(tmp_path / "one"))
    other = Catalog.load(write_catalog(tmp_path / "other", offers=[offer(usd_per_hour="0.967")]))
    again = Catalog.load(write_catalog(tmp_path / "again"))
    assert one.digest == again.digest != other.digest


def test_a_catalog_can_be_made_of_rows_for_a_test():
    row = replace(CATALOG.offers("aws", "us-east-1", "g6.xlarge", capacity="spot")[0], usd_per_hour=0.1)
    assert Catalog(offers=[row], regions=CATALOG.regions.values()).offers() == (row,)


def test_the_catalog_loads_in_less_than_a_blink():
    """The bar of `slipway plan` is a second. In processor time, the best of five: the machine may be busy."""

    def seconds() -> float:
        started = time.process_time()
        load.__wrapped__(Catalog, DATA)
        return time.process_time() - started

    assert min(seconds() for _ in range(5)) < 0.06
