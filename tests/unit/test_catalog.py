"""The catalog that ships: what its sources got wrong is not in it."""

from dataclasses import replace
from datetime import date

import pytest

from infra.catalog import Capacity, Catalog, CatalogError, PricesTooOld, Quality, check_age
from infra.catalog.nearest import distance_km

CATALOG = Catalog.load()
LIGHT_IN_FIBRE_KM_PER_MS = 200  # two thirds of its speed in vacuum


def test_the_catalog_is_read_once():
    assert Catalog.load() is CATALOG


def test_both_clouds_have_seven_regions_with_machines():
    for provider in ("aws", "gcp"):
        assert len({offer.region for offer in CATALOG.offers(provider, capacity="on_demand")}) >= 7


def test_no_spot_price_is_above_its_on_demand_price():
    for spot in CATALOG.offers(capacity="spot"):
        on_demand = CATALOG.offers(spot.provider, spot.region, spot.machine, capacity=Capacity.ON_DEMAND)
        if on_demand and on_demand[0].usd_per_hour and spot.usd_per_hour:
            assert spot.usd_per_hour <= on_demand[0].usd_per_hour, spot


def test_spot_at_the_price_of_on_demand_says_that_it_saves_nothing():
    offer = CATALOG.offer("aws", "ap-south-1", "p5en.48xlarge", "spot")
    assert offer.usd_per_hour == CATALOG.usd_per_hour("aws", "ap-south-1", "p5en.48xlarge", "on_demand")
    assert offer.note.startswith("no discount")


def test_a_price_where_no_zone_offers_the_machine_is_not_an_offer():
    offer = CATALOG.offer("aws", "ap-southeast-1", "p4d.24xlarge", "on_demand")
    assert offer.usd_per_hour is not None
    assert not offer.offered


def test_a_machine_without_a_known_price_has_none_rather_than_zero():
    offer = CATALOG.offer("aws", "ap-south-1", "g6e.12xlarge", "on_demand")
    assert offer.offered
    assert offer.usd_per_hour is None


@pytest.mark.parametrize("machine", ["a3-highgpu-1g", "a3-highgpu-2g", "a3-highgpu-4g"])
def test_a_slice_of_an_h100_host_cannot_be_had_on_demand(machine):
    assert {offer.capacity for offer in CATALOG.offers("gcp", machine=machine)} == {"spot", "flex_start"}


@pytest.mark.parametrize("machine", ["a3-ultragpu-8g", "a4-highgpu-8g"])
def test_an_on_demand_price_that_only_a_list_knows_is_not_an_offer(machine):
    assert not any(offer.offered for offer in CATALOG.offers("gcp", machine=machine, capacity="on_demand"))


def test_a_serverless_gpu_in_mumbai_is_by_invitation_only():
    (offer,) = CATALOG.offers("gcp", "asia-south1", machine="cloud-run-l4")
    assert offer.capacity is Capacity.INVITATION
    assert not offer.offered


def test_spot_prices_worked_out_from_a_discount_are_marked_as_estimates():
    offers = [offer for offer in CATALOG.offers("aws", capacity="spot") if "Spot Advisor" in offer.source]
    assert len(offers) == 184
    assert all(offer.estimated for offer in offers)


def test_p4d_has_todays_price_and_not_the_dedicated_or_the_old_one():
    assert CATALOG.usd_per_hour("aws", "us-east-1", "p4d.24xlarge", "on_demand") == pytest.approx(21.96, abs=0.01)


def test_no_measured_latency_is_faster_than_light():
    ends = CATALOG.places | CATALOG.regions
    for latency in CATALOG.latencies:
        if latency.quality is Quality.MEASURED:
            away_km = distance_km(ends[latency.origin], CATALOG.region(latency.provider, latency.region))
            assert latency.ms >= 2 * away_km / LIGHT_IN_FIBRE_KM_PER_MS, latency


def test_every_place_reaches_every_region_that_has_machines():
    targets = {(offer.provider, offer.region) for offer in CATALOG.offers() if offer.machine != "cloud-run-l4"}
    targets.discard(("gcp", "europe-west1"))  # no source has figures for it
    for place in CATALOG.places:
        for provider, region in targets:
            assert CATALOG.rtt_ms(place, provider, region).ms > 0


def test_the_prices_of_this_catalog_are_dated_by_the_oldest_published_one():
    assert CATALOG.oldest().date == date(2025, 11, 30)
    assert CATALOG.age_days(date(2026, 11, 23)) == 358


def test_an_estimate_counts_when_a_plan_rests_on_it():
    spot = CATALOG.offer("aws", "us-east-1", "g4dn.xlarge", "spot")
    assert CATALOG.age_days(date(2026, 11, 23), [spot]) > CATALOG.age_days(date(2026, 11, 23))


def test_prices_older_than_the_stack_allows_are_refused_by_name():
    with pytest.raises(PricesTooOld, match=r"g4dn.*is 358 days old.*prices\.max_age_days allows 90") as refusal:
        check_age(CATALOG, date(2026, 11, 23), max_age_days=90)
    assert "slipway prices refresh" in refusal.value.hint


def test_a_price_that_would_never_be_old_is_refused():
    typo = replace(CATALOG.offer("aws", "us-east-1", "g6.xlarge", "on_demand"), date=date(2099, 1, 1))
    with pytest.raises(CatalogError, match=r"g6\.xlarge on_demand in aws/us-east-1 is dated 2099-01-01"):
        check_age(CATALOG, date(2026, 11, 23), 400, [typo, *CATALOG.offers("aws", "us-east-1", "g5.xlarge")])


def test_prices_within_the_bound_are_accepted_with_their_age():
    assert check_age(CATALOG, date(2026, 11, 23), max_age_days=400) == 358


def test_a_plan_that_used_no_price_has_no_age():
    with pytest.raises(CatalogError, match="no price was used"):
        CATALOG.oldest([])
