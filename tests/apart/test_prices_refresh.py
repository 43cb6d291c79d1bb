"""A refresh against doubles of the clouds' services: what is read, what is left alone, what is refused."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from google.auth.credentials import AnonymousCredentials
from google.auth.transport.requests import AuthorizedSession

from infra.catalog import Capacity, Catalog
from infra.catalog.load import DATA
from infra.catalog.refresh import aws, gcp
from infra.catalog.refresh.apply import review, to_csv, write
from infra.catalog.refresh.clients import RefreshError, explained
from infra.catalog.refresh.difference import compare
from infra.catalog.refresh.sighting import Sighting
from tests.clouds import (
    NOW,
    ComputeEngine,
    aws_client,
    machine_page,
    offerings,
    price_list,
    product,
    sku,
    spot_history,
    spot_price,
)

CATALOG = Catalog.load()
TODAY = date(2026, 11, 23)
G6 = CATALOG.offers("aws", "ap-south-1", "g6.xlarge")
ON_DEMAND, SPOT = G6
G2 = CATALOG.offers("gcp", "asia-south1", "g2-standard-8")


def quiet(_: str) -> None:
    pass


def sighting(offer, usd_per_hour, zones=None) -> Sighting:
    return Sighting(
        provider=offer.provider,
        region=offer.region,
        machine=offer.machine,
        capacity=offer.capacity,
        usd_per_hour=usd_per_hour,
        zones=offer.zones if zones is None else zones,
        note="",
        source="an API",
    )


def reviewed(*sightings: Sighting):
    difference = compare(CATALOG.offers(), sightings, TODAY)
    return review(CATALOG.offers(), difference.changes, CATALOG.regions, CATALOG.accelerators)


# AWS


def test_aws_answers_with_price_zones_and_the_median_of_spot():
    prices = {"get_products": [price_list(product("g6.xlarge", 0.97))]}
    machines = {
        "describe_instance_type_offerings": [offerings("g6.xlarge", "aps1-az3", "aps1-az1")],
        "describe_spot_price_history": [
            spot_history(spot_price("g6.xlarge", "aps1-az1", 0.30), spot_price("g6.xlarge", "aps1-az3", 0.40))
        ],
    }
    with aws_client("pricing", prices) as pricing, aws_client("ec2", machines) as ec2:
        on_demand, spot = aws.fetch(G6, pricing=pricing, ec2=lambda _: ec2, now=NOW, tell=quiet)
    assert (on_demand.usd_per_hour, on_demand.zones) == (0.97, ("aps1-az1", "aps1-az3"))
    assert (spot.usd_per_hour, spot.note) == (0.35, "median of zones; the cheapest aps1-az1 at 0.3")


def test_every_page_of_a_price_list_is_read():
    pages = [price_list(product("g6.xlarge", 0.97), token="more"), price_list(product("g6.2xlarge", 1.2))]
    with aws_client("pricing", {"get_products": pages}) as pricing:
        found = aws.on_demand_prices(pricing, "ap-south-1", ["g6.2xlarge", "g6.xlarge"])
    assert found == {"g6.xlarge": (0.97, ""), "g6.2xlarge": (1.2, "")}


@pytest.mark.parametrize(
    "other",
    [
        {"tenancy": "Dedicated"},
        {"operatingSystem": "Windows"},
        {"preInstalledSw": "SQL Std"},
        {"capacitystatus": "UnusedCapacityReservation"},
        {"region": "us-east-1"},
    ],
)
def test_another_product_of_the_price_list_is_not_taken_for_the_machine(other):
    assert aws.price_of(product("p4d.24xlarge", 24.15, **other), "ap-south-1") is None


def test_a_price_of_zero_is_no_price():
    assert aws.price_of(product("p4d.24xlarge", 0.0), "ap-south-1") is None


def test_only_the_newest_spot_price_of_a_zone_counts():
    older = spot_price("g6.xlarge", "aps1-az1", 0.9, at=NOW - timedelta(hours=2))
    history = {"describe_spot_price_history": [spot_history(older, spot_price("g6.xlarge", "aps1-az1", 0.3))]}
    with aws_client("ec2", history) as ec2:
        assert aws.spot_prices(ec2, ["g6.xlarge"], NOW) == {"g6.xlarge": (0.3, "the same in every zone")}


def test_placement_scores_are_asked_with_three_types_at_least():
    offers = [offer for offer in CATALOG.offers("aws", "ap-south-1") if offer.accelerator in ("L4", "A100-40GB")]
    answer = {"SpotPlacementScores": [{"Region": "ap-south-1", "Score": 7}]}
    with aws_client("ec2", {"get_spot_placement_scores": [answer]}) as ec2:
        (score,) = aws.placement_scores(offers, lambda _: ec2, machines=8)
    assert (score.accelerator, score.region, score.score) == ("L4", "ap-south-1", 7)


# Google Cloud


def l4_parts(*more):
    """What g2-standard-8 in Mumbai is billed by, and the SKUs beside it that must not be taken for it."""
    return [
        sku("G2 Instance Core running in Mumbai", 0.02600),
        sku("G2 Instance Ram running in Mumbai", 0.00305, unit="GiBy.h"),
        sku("Nvidia L4 GPU running in Mumbai", 0.58),
        sku("Nvidia L4 GPU attached to DWS Defined Duration VMs running in Mumbai", 0.29),
        sku("Reserved Nvidia L4 GPU in Mumbai", 0.0),
        sku("Commitment v1: Nvidia L4 GPU running in Mumbai for 1 Year", 0.37, usage="Commit1Yr"),
        sku("Spot Preemptible G2 Instance Core running in Mumbai", 0.010, usage="Preemptible"),
        sku("Spot Preemptible G2 Instance Ram running in Mumbai", 0.001, usage="Preemptible", unit="GiBy.h"),
        sku("Nvidia L4 GPU attached to Spot Preemptible VMs running in Mumbai", 0.25, usage="Preemptible"),
        sku("Nvidia L4 GPU running in Iowa", 0.56, region="us-central1"),
        *more,
    ]


def test_a_machine_of_google_is_put_together_from_its_parts():
    zones = gcp.zones_of([machine_page(("asia-south1-a", "g2-standard-8"), ("us-central1-a", "g2-standard-8"))])
    on_demand, spot = gcp.fetch(G2, skus=l4_parts(), zones=zones, tell=quiet)
    assert on_demand.capacity is Capacity.ON_DEMAND
    assert on_demand.usd_per_hour == pytest.approx(8 * 0.026 + 32 * 0.00305 + 0.58)
    assert spot.usd_per_hour == pytest.approx(8 * 0.010 + 32 * 0.001 + 0.25)
    assert on_demand.zones == ("asia-south1-a",)


def test_a_part_without_a_price_leaves_the_machine_without_one():
    parts = [part for part in l4_parts() if not part.description.startswith("G2 Instance Ram")]
    on_demand, _ = gcp.fetch(G2, skus=parts, zones=None, tell=quiet)
    assert on_demand.usd_per_hour is None


def test_a_part_with_two_prices_leaves_the_machine_without_one():
    doubled = l4_parts(sku("Nvidia L4 GPU running in Mumbai", 0.61))
    on_demand, _ = gcp.fetch(G2, skus=doubled, zones=None, tell=quiet)
    assert on_demand.usd_per_hour is None


def test_an_h100_host_pays_for_the_disks_that_come_with_it():
    """750 GiB an accelerator: 10.98 without them and 11.06 with them were both in published lists."""
    offer = replace(CATALOG.offer("gcp", "us-central1", "a3-highgpu-1g", "spot"), capacity=Capacity.ON_DEMAND)
    family = gcp.family_of(offer.machine)
    assert family
    assert ("SSD backed Local Storage", 750) in gcp.bill(offer, family)


def test_flex_start_is_read_from_its_own_parts():
    offer = CATALOG.offer("gcp", "us-central1", "a3-highgpu-1g", "flex_start")
    family = gcp.family_of(offer.machine)
    assert family
    assert all("DWS Defined Duration" in what for what, _ in gcp.bill(offer, family))


def test_a_host_with_t4s_is_offered_where_both_are():
    (offer,) = CATALOG.offers("gcp", "us-central1", "n1-standard-4+T4x1", capacity="on_demand")
    pages = [
        machine_page(("us-central1-a", "n1-standard-4"), ("us-central1-b", "n1-standard-4")),
        machine_page(("us-central1-b", "nvidia-tesla-t4"), kind="acceleratorTypes"),
    ]
    (seen,) = gcp.fetch([offer], skus=[], zones=gcp.zones_of(pages), tell=quiet)
    assert seen.zones == ("us-central1-b",)


def test_every_page_of_compute_engines_lists_is_read():
    more = machine_page(("asia-south1-a", "g2-standard-8")) | {"nextPageToken": "more"}
    last = machine_page(("asia-south1-b", "g2-standard-8"))
    cloud = ComputeEngine(more, last, machine_page(("asia-south1-c", "nvidia-tesla-t4"), kind="acceleratorTypes"))
    with AuthorizedSession(AnonymousCredentials()) as session:
        session.mount("https://", cloud)
        zones = gcp.zones_of(gcp.machine_pages(session, "a-project"))
    assert zones == {"g2-standard-8": {"asia-south1-a", "asia-south1-b"}, "nvidia-tesla-t4": {"asia-south1-c"}}
    assert "/projects/a-project/aggregated/machineTypes?maxResults=500&pageToken=more" in cloud.asked[1]


def test_a_refusal_of_compute_engine_is_told_without_a_traceback():
    session = AuthorizedSession(AnonymousCredentials())
    session.mount("https://", ComputeEngine({}, status=403))
    with pytest.raises(RefreshError, match="403") as refusal, explained("gcp"):
        next(gcp.machine_pages(session, "a-project"))
    assert "compute.machineTypes.list" in refusal.value.hint


def test_a_family_whose_parts_we_never_saw_is_left_alone():
    offers = CATALOG.offers("gcp", machine="a3-ultragpu-8g")
    assert list(gcp.fetch(offers, skus=[], zones=None, tell=quiet)) == []


# The difference, and what of it is accepted


def test_a_change_reads_as_old_and_new_with_percent():
    (change,) = compare([ON_DEMAND], [sighting(ON_DEMAND, 1.06304)], TODAY).changes
    assert str(change) == "aws/ap-south-1 g6.xlarge on_demand: 0.9664 -> 1.06304 USD/h (+10.0 %)"


def test_a_change_tells_which_zones_came_and_went():
    (change,) = compare([ON_DEMAND], [sighting(ON_DEMAND, 0.9664, ("aps1-az2", "aps1-az3"))], TODAY).changes
    assert str(change).endswith("zones +aps1-az2 -aps1-az1")


def test_a_confirmed_price_is_dated_today_and_has_not_moved():
    (change,) = compare([ON_DEMAND], [sighting(ON_DEMAND, ON_DEMAND.usd_per_hour)], TODAY).changes
    assert not change.moved
    assert (change.after.date, change.after.source) == (TODAY, "an API")


def test_a_published_price_ends_an_estimate():
    assert SPOT.estimated
    (change,) = compare([SPOT], [sighting(SPOT, 0.4)], TODAY).changes
    assert change.moved
    assert not change.after.estimated
    assert "~0.2319 -> 0.4" in str(change)


def test_a_price_where_no_zone_offers_the_machine_is_kept_but_not_as_an_offer():
    (change,) = compare([ON_DEMAND], [sighting(ON_DEMAND, 0.9664, ())], TODAY).changes
    assert not change.after.offered
    assert "no longer offered" in str(change)


def test_an_offer_without_an_answer_keeps_price_and_date():
    difference = compare([ON_DEMAND, SPOT], [sighting(SPOT, None)], TODAY)
    assert difference.changes == ()
    assert difference.unanswered == (ON_DEMAND, SPOT)


def test_a_spot_price_above_on_demand_is_refused_by_name_and_the_rest_accepted():
    outcome = reviewed(sighting(ON_DEMAND, 0.97), sighting(SPOT, 1.96))
    (refusal,) = outcome.refused
    assert refusal.change.after.capacity is Capacity.SPOT
    assert refusal.reason == "spot 1.96 is above on-demand 0.97"
    assert [change.after.usd_per_hour for change in outcome.accepted] == [0.97]


def test_an_on_demand_price_below_the_spot_that_stands_is_refused():
    offer = CATALOG.offer("aws", "ap-south-1", "p5en.48xlarge", "on_demand")
    (refusal,) = reviewed(sighting(offer, 70.0)).refused
    assert refusal.change.before == offer


def test_an_on_demand_price_at_half_of_its_neighbours_is_refused():
    offer = CATALOG.offer("gcp", "us-central1", "g2-standard-8", "on_demand")
    spot = CATALOG.offer("gcp", "us-central1", "g2-standard-8", "spot")
    outcome = reviewed(sighting(offer, 0.43), sighting(spot, 0.2))
    assert [refusal.change.before for refusal in outcome.refused] == [offer]
    assert "of what g2-standard-8 costs elsewhere" in outcome.refused[0].reason


def test_writing_what_stands_changes_no_byte():
    assert to_csv(CATALOG.offers()) == (DATA / "offers.csv").read_text()


def test_what_is_written_is_read_back(tmp_path):
    for file in DATA.glob("*.csv"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    write(tmp_path, reviewed(sighting(ON_DEMAND, 0.97)).offers)
    renewed = Catalog.load(tmp_path)
    assert renewed.usd_per_hour("aws", "ap-south-1", "g6.xlarge", "on_demand") == 0.97
    assert renewed.digest != CATALOG.digest
    assert len(renewed.offers()) == len(CATALOG.offers())
