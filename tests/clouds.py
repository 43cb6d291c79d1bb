"""Doubles of the clouds' price services, in the shapes that they answer with.

AWS by botocore's Stubber, which checks every question and every answer against the service's own model; Google by its
own message types. No network, no credentials.
"""

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.stub import Stubber
from google.cloud import billing_v1
from google.type.money_pb2 import Money
from requests import PreparedRequest, Response
from requests.adapters import BaseAdapter

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@contextmanager
def aws_client(service: str, answers: Mapping[str, list[Any]]) -> Iterator[Any]:
    """A client that gives each operation's answers in order, and fails when one was not asked for."""
    client = boto3.client(service, region_name="ap-south-1", aws_access_key_id="none", aws_secret_access_key="none")
    with Stubber(client) as stub:
        for operation, pages in answers.items():
            for page in pages:
                stub.add_response(operation, page)
        yield client
        stub.assert_no_pending_responses()


def product(machine: str, usd: float, region: str = "ap-south-1", unit: str = "Hrs", **attributes: str) -> str:
    """One item of a Price List page, as the service sends it: JSON in a string."""
    mine = {
        "instanceType": machine,
        "regionCode": region,
        "operatingSystem": "Linux",
        "preInstalledSw": "NA",
        "tenancy": "Shared",
        "capacitystatus": "Used",
        "licenseModel": "No License required",
        "marketoption": "OnDemand",
    }
    dimension = {"unit": unit, "beginRange": "0", "endRange": "Inf", "pricePerUnit": {"USD": f"{usd:.10f}"}}
    return json.dumps(
        {
            "product": {"productFamily": "Compute Instance", "sku": "ABC", "attributes": mine | attributes},
            "serviceCode": "AmazonEC2",
            "terms": {"OnDemand": {"ABC.JRTCKXETXF": {"priceDimensions": {"ABC.JRTCKXETXF.6YS6EN2CT7": dimension}}}},
            "version": "20261120000000",
            "publicationDate": "2026-11-20T00:00:00Z",
        }
    )


def price_list(*products: str, token: str = "") -> dict[str, Any]:
    page: dict[str, Any] = {"FormatVersion": "aws_v1", "PriceList": list(products)}
    return page | ({"NextToken": token} if token else {})


def offerings(machine: str, *zones: str) -> dict[str, Any]:
    rows = [{"InstanceType": machine, "LocationType": "availability-zone-id", "Location": zone} for zone in zones]
    return {"InstanceTypeOfferings": rows}


def spot_price(machine: str, zone: str, usd: float, at: datetime = NOW) -> dict[str, Any]:
    return {
        "InstanceType": machine,
        "AvailabilityZone": "ap-south-1a",
        "AvailabilityZoneId": zone,
        "ProductDescription": "Linux/UNIX",
        "SpotPrice": f"{usd:.6f}",
        "Timestamp": at,
    }


def spot_history(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"SpotPriceHistory": list(rows)}


def sku(
    description: str, usd: float, usage: str = "OnDemand", region: str = "asia-south1", unit: str = "h"
) -> billing_v1.Sku:
    """A SKU as CloudCatalogClient lists it, with the free tier that many have before the paid one."""
    price = Money(currency_code="USD", units=int(usd), nanos=round((usd - int(usd)) * 1e9))
    tiers = [
        billing_v1.PricingExpression.TierRate(start_usage_amount=0, unit_price=Money(currency_code="USD")),
        billing_v1.PricingExpression.TierRate(start_usage_amount=0, unit_price=price),
    ]
    expression = billing_v1.PricingExpression(usage_unit=unit, tiered_rates=tiers)
    return billing_v1.Sku(
        description=description,
        category=billing_v1.Category(usage_type=usage, resource_family="Compute"),
        service_regions=[region],
        pricing_info=[billing_v1.PricingInfo(pricing_expression=expression)],
    )


class ComputeEngine(BaseAdapter):
    """Compute Engine's REST door behind a session: a page for each question, in order. asked: the URLs."""

    def __init__(self, *pages: dict[str, Any], status: int = 200) -> None:
        super().__init__()
        self._pages, self._status = list(pages), status
        self.asked: list[str] = []

    def send(self, request: PreparedRequest, *_: Any, **__: Any) -> Response:
        self.asked.append(str(request.url))
        response = Response()
        response.status_code, response.url, response.request = self._status, str(request.url), request
        response.raw = io.BytesIO(json.dumps(self._pages.pop(0)).encode())
        return response

    def close(self) -> None:
        self._pages.clear()


def machine_page(*rows: tuple[str, str], kind: str = "machineTypes") -> dict[str, Any]:
    """A page of Compute Engine's aggregated list: (zone, name) pairs."""
    items: dict[str, Any] = {}
    for zone, name in rows:
        items.setdefault(f"zones/{zone}", {kind: []})[kind].append({"name": name, "zone": zone})
    return {"kind": f"compute#{kind}AggregatedList", "items": items}
