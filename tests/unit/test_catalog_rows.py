"""What real catalogs got wrong, one mistake a test: each is refused with the file and the line."""

import pytest

from infra.catalog import Catalog, CatalogError
from tests.catalogs import latency, offer, region, tariff, write_catalog


@pytest.fixture
def refused(tmp_path):
    """The message with which a catalog with these tables is refused."""

    def load(**tables) -> str:
        with pytest.raises(CatalogError) as refusal:
            Catalog.load(write_catalog(tmp_path / "catalog", **tables))
        return refusal.value.message

    return load


def test_the_small_catalog_of_these_tests_is_itself_accepted(tmp_path):
    assert Catalog.load(write_catalog(tmp_path)).usd_per_hour("aws", "ap-south-1", "g6.xlarge", "on_demand") == 0.966


@pytest.mark.parametrize("price", ["0", "0.0", "-1", "nan", "inf", "free"])
def test_a_price_that_is_none_is_refused(refused, price):
    assert refused(offers=[offer(usd_per_hour=price)]).startswith("offers.csv:2: usd_per_hour is ")


def test_a_tariff_of_zero_is_refused(refused):
    assert "tariffs.csv:2: usd is 0" in refused(tariffs=[tariff(usd="0")])


def test_spot_above_on_demand_is_refused(refused):
    rows = [offer(usd_per_hour="1.85"), offer("spot", usd_per_hour="1.96")]
    assert refused(offers=rows) == "offers.csv:3: spot 1.96 is above on-demand 1.85"


def test_spot_above_on_demand_is_kept_where_its_note_says_so(tmp_path):
    rows = [offer(), offer("spot", usd_per_hour="1.96", note="above on-demand: seen twice on 2026-07-30")]
    assert Catalog.load(write_catalog(tmp_path, offers=rows)).offers(capacity="spot")[0].usd_per_hour == 1.96


def test_on_demand_at_half_of_what_it_costs_elsewhere_is_refused(refused):
    """As a calendar reservation's price that stood for an on-demand one."""
    names = ("ap-south-1", "us-east-1", "us-west-2", "eu-west-1")
    rows = [offer(region=name, usd_per_hour="82.75") for name in names]
    rows[2]["usd_per_hour"] = "35.39"
    message = refused(offers=rows, regions=[region("aws", name) for name in names])
    assert message == "offers.csv:4: on-demand 35.39 is 43% of what g6.xlarge costs elsewhere"


def test_a_price_where_no_zone_offers_the_machine_is_no_offer(refused):
    assert "a price alone is not an offer" in refused(offers=[offer(zones="")])


def test_a_price_without_an_offer_may_be_kept_as_not_offered(tmp_path):
    catalog = Catalog.load(write_catalog(tmp_path, offers=[offer(zones="", offered="false")]))
    assert not catalog.offers()[0].offered


@pytest.mark.parametrize(("provider", "zone"), [("gcp", "asia-south2-a"), ("aws", "ap-south-1a")])
def test_a_zone_of_elsewhere_is_refused(refused, provider, zone):
    name = {"gcp": "asia-south1", "aws": "ap-south-1"}[provider]
    assert f"'{zone}' is no zone" in refused(offers=[offer(provider=provider, region=name, zones=zone)])


def test_an_offer_that_stands_twice_is_refused_with_both_lines(refused):
    assert refused(offers=[offer(), offer()]) == "offers.csv:3: the same offer stands in line 2"


def test_a_machine_of_two_shapes_is_refused(refused):
    assert "has other accelerators" in refused(offers=[offer(), offer("spot", vcpus="8")])


def test_an_unknown_capacity_is_refused_with_those_that_exist(refused):
    assert "it is one of reserved, capacity_block, spot" in refused(offers=[offer("dedicated")])


def test_an_estimate_without_a_price_is_refused(refused):
    assert "estimated is true" in refused(offers=[offer(usd_per_hour="", estimated="true")])


@pytest.mark.parametrize(("low", "high"), [("0.2", "0.1"), ("", "0.1")])
def test_an_interruption_bucket_that_is_none_is_refused(refused, low, high):
    rows = [offer("spot", interruption_per_month_low=low, interruption_per_month_high=high)]
    assert "interruption_per_month_low" in refused(offers=rows)


def test_an_interruption_above_one_is_refused(refused):
    rows = [offer("spot", interruption_per_month_low="5", interruption_per_month_high="10")]
    assert "a share lies between 0 and 1" in refused(offers=rows)


def test_a_region_that_nobody_knows_is_refused(refused):
    assert refused(offers=[offer(region="ap-south-9")]) == "offers.csv:2: aws/ap-south-9 is not in regions.csv"


def test_an_accelerator_that_nobody_knows_is_refused(refused):
    assert refused(offers=[offer(accelerator="H900")]) == "offers.csv:2: H900 is not in accelerators.csv"


@pytest.mark.parametrize("column", ["source", "date"])
def test_a_price_without_source_and_date_is_refused(refused, column):
    assert refused(offers=[offer(**{column: ""})]) == f"offers.csv:2: {column} is empty; every row needs one"


def test_a_date_that_is_none_is_refused(refused):
    assert "'OD 2025-11'" in refused(offers=[offer(date="OD 2025-11")])


def test_a_tier_dearer_than_the_one_below_it_is_refused(refused):
    """As the internet egress of asia-northeast1 stood in a published list: the lowest tier is another product's."""
    rows = [tariff(usd="0.085"), tariff(from_quantity="1024", usd="0.12")]
    assert refused(tariffs=rows) == "tariffs.csv:3: 0.12 from 1024 is dearer than 0.085 below it"


def test_a_tariff_that_starts_above_zero_is_refused(refused):
    assert "the first units have no price" in refused(tariffs=[tariff(from_quantity="1024")])


def test_two_units_for_one_item_are_refused(refused):
    assert "counted in GiB" in refused(tariffs=[tariff(), tariff(from_quantity="1024", unit="GiB")])


def test_a_tier_that_stands_twice_is_refused(refused):
    assert "stands twice" in refused(tariffs=[tariff(), tariff()])


def test_a_latency_between_unknown_ends_is_refused(refused):
    assert "city:Atlantis is neither" in refused(latency=[latency(origin="city:Atlantis")])
    assert "aws/ap-south-9 is not" in refused(latency=[latency(region="ap-south-9")])


def test_a_latency_that_stands_twice_is_refused(refused):
    assert refused(latency=[latency(), latency(ms="4")]) == "latency.csv:3: the same pair stands in line 2"


def test_columns_in_another_order_are_refused(tmp_path):
    file = write_catalog(tmp_path) / "carbon.csv"
    file.write_text(file.read_text().replace("provider,region", "region,provider"))
    with pytest.raises(CatalogError, match=r"carbon\.csv:1: the columns are region, provider"):
        Catalog.load(tmp_path)


def test_a_row_with_a_cell_too_many_is_refused(tmp_path):
    file = write_catalog(tmp_path) / "carbon.csv"
    file.write_text(file.read_text().rstrip() + ",more\n")
    with pytest.raises(CatalogError, match=r"carbon\.csv:2: 7 cells, but 6 columns"):
        Catalog.load(tmp_path)


def test_a_file_with_a_header_alone_is_refused(tmp_path):
    file = write_catalog(tmp_path) / "offers.csv"
    file.write_text(file.read_text().splitlines()[0] + "\n")
    with pytest.raises(CatalogError, match=r"offers\.csv:1: a header without rows"):
        Catalog.load(tmp_path)


def test_bytes_that_are_no_text_are_refused_with_their_line(tmp_path):
    file = write_catalog(tmp_path) / "offers.csv"
    file.write_bytes(file.read_bytes() + b"\xff\n")
    line = file.read_bytes().count(b"\n")
    with pytest.raises(CatalogError, match=rf"offers\.csv:{line}: byte 0xff is no UTF-8"):
        Catalog.load(tmp_path)


def test_a_place_that_is_not_on_the_globe_is_refused(refused):
    assert "regions.csv:2: latitude is 1999" in refused(regions=[region("aws", "ap-south-1", latitude="1999")])
    assert "regions.csv:2: longitude is -181" in refused(regions=[region("aws", "ap-south-1", longitude="-181")])


def test_a_file_that_is_missing_is_named(tmp_path):
    (write_catalog(tmp_path) / "places.csv").unlink()
    with pytest.raises(CatalogError, match=r"places\.csv of the catalog cannot be read"):
        Catalog.load(tmp_path)
