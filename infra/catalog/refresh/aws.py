"""What AWS says: the Price List for on-demand, EC2 for offerings by zone, spot prices and placement scores.

A price is no offer: zones come from the offerings alone. Only shared tenancy, Linux without licences, is read, since a
price list holds the dedicated and licensed ones beside it. Docs: get_products, describe_instance_type_offerings,
describe_spot_price_history, get_spot_placement_scores.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from statistics import median
from typing import Any

from infra.catalog.refresh.sighting import Score, Sighting, Tell
from infra.catalog.rows import Capacity, Offer

PRICING_REGION = "us-east-1"  # the Price List answers for all regions from few endpoints
_PLAIN_LINUX = {
    "operatingSystem": "Linux",
    "preInstalledSw": "NA",
    "tenancy": "Shared",
    "capacitystatus": "Used",
    "licenseModel": "No License required",
    "marketoption": "OnDemand",
}
_MACHINES_PER_CALL = 40  # a filter's value holds 1,024 characters
_SCORED_TYPES = 3  # with fewer types EC2 always answers a low score
_SCORED_REGIONS = 10

PRICE_LIST = "AWS Price List get_products"
SPOT_HISTORY = "EC2 describe_spot_price_history"


def fetch(
    offers: Sequence[Offer], *, pricing: Any, ec2: Callable[[str], Any], now: datetime, tell: Tell
) -> Iterator[Sighting]:
    """A sighting for each of these on-demand and spot offers. Blocks for about a second a region.

    pricing: a Price List client. ec2: gives an EC2 client for a region. Raises what botocore raises.
    """
    mine = sorted((offer for offer in offers if offer.capacity in _ASKED), key=lambda offer: offer.region)
    for region, group in groupby(mine, key=lambda offer: offer.region):
        rows = list(group)
        machines = sorted({offer.machine for offer in rows})
        tell(f"aws/{region}: {len(machines)} machines")
        zones = offered_zones(ec2(region), machines)
        on_demand = on_demand_prices(pricing, region, machines)
        spot = spot_prices(ec2(region), machines, now)
        for offer in rows:
            price = on_demand if offer.capacity is Capacity.ON_DEMAND else spot
            usd, note = price.get(offer.machine, (None, ""))
            yield Sighting(
                provider="aws",
                region=region,
                machine=offer.machine,
                capacity=offer.capacity,
                usd_per_hour=usd,
                zones=zones.get(offer.machine, ()),
                note=note,
                source=PRICE_LIST if offer.capacity is Capacity.ON_DEMAND else SPOT_HISTORY,
            )


_ASKED = (Capacity.ON_DEMAND, Capacity.SPOT)


def on_demand_prices(pricing: Any, region: str, machines: Sequence[str]) -> dict[str, tuple[float, str]]:
    """USD per hour by machine, with an empty note."""
    found: dict[str, tuple[float, str]] = {}
    for start in range(0, len(machines), _MACHINES_PER_CALL):
        wanted = {**_PLAIN_LINUX, "regionCode": region}
        filters = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in wanted.items()]
        some = ",".join(machines[start : start + _MACHINES_PER_CALL])
        filters.append({"Type": "ANY_OF", "Field": "instanceType", "Value": some})
        for page in pricing.get_paginator("get_products").paginate(ServiceCode="AmazonEC2", Filters=filters):
            for product in page["PriceList"]:
                if priced := price_of(product, region):
                    found[priced[0]] = (priced[1], "")
    return found


def price_of(product: str, region: str) -> tuple[str, float] | None:
    """Machine and USD per hour of one Price List item, which is JSON in a string.

    None for what is not plain Linux on shared tenancy in this region, whatever the filter let through, and for a price
    of zero, which the list holds for capacity that is paid elsewhere.
    """
    item = json.loads(product)
    attributes = item["product"]["attributes"]
    if any(attributes.get(field, value) != value for field, value in {**_PLAIN_LINUX, "regionCode": region}.items()):
        return None
    for term in item["terms"].get("OnDemand", {}).values():
        for dimension in term["priceDimensions"].values():
            usd = float(dimension["pricePerUnit"].get("USD", 0))
            if dimension["unit"] == "Hrs" and usd > 0:
                return attributes["instanceType"], usd
    return None


def offered_zones(ec2: Any, machines: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Zone ids by machine; a machine that no zone offers is absent."""
    zones: dict[str, set[str]] = defaultdict(set)
    pages = ec2.get_paginator("describe_instance_type_offerings").paginate(
        LocationType="availability-zone-id", Filters=[{"Name": "instance-type", "Values": list(machines)}]
    )
    for page in pages:
        for row in page["InstanceTypeOfferings"]:
            zones[row["InstanceType"]].add(row["Location"])
    return {machine: tuple(sorted(found)) for machine, found in zones.items()}


def spot_prices(ec2: Any, machines: Sequence[str], now: datetime) -> dict[str, tuple[float, str]]:
    """The median over zones of the newest prices by machine, with a note on the cheapest zone."""
    newest: dict[tuple[str, str], tuple[datetime, float]] = {}
    pages = ec2.get_paginator("describe_spot_price_history").paginate(
        InstanceTypes=list(machines), ProductDescriptions=["Linux/UNIX"], StartTime=now
    )
    for page in pages:
        for row in page["SpotPriceHistory"]:
            key = (row["InstanceType"], row.get("AvailabilityZoneId") or row["AvailabilityZone"])
            seen = (row["Timestamp"], float(row["SpotPrice"]))
            newest[key] = max(newest.get(key, seen), seen)
    by_machine: dict[str, dict[str, float]] = defaultdict(dict)
    for (machine, zone), (_, usd) in newest.items():
        by_machine[machine][zone] = usd
    return {machine: (round(median(zones.values()), 6), _cheapest(zones)) for machine, zones in by_machine.items()}


def placement_scores(offers: Iterable[Offer], ec2: Callable[[str], Any], *, machines: int) -> Iterator[Score]:
    """Scores by accelerator and region for a request of so many machines now.

    An accelerator sold in fewer than three machine types has none. EC2 bounds how many new questions an account may
    ask in a day, so ask for what you are about to start.
    """
    regions: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    spot = [offer for offer in offers if offer.capacity is Capacity.SPOT and offer.offered and offer.accelerator]
    for (region, accelerator), group in groupby(
        sorted(spot, key=lambda offer: (offer.region, offer.accelerator)), key=lambda o: (o.region, o.accelerator)
    ):
        types = tuple(sorted(offer.machine for offer in group))
        if accelerator and len(types) >= _SCORED_TYPES:
            regions[accelerator, types].append(region)
    for (accelerator, types), names in sorted(regions.items()):
        for start in range(0, len(names), _SCORED_REGIONS):
            some = names[start : start + _SCORED_REGIONS]
            answer = ec2(some[0]).get_spot_placement_scores(
                InstanceTypes=list(types),
                TargetCapacity=machines,
                TargetCapacityUnitType="units",
                RegionNames=some,
                SingleAvailabilityZone=False,
            )
            for row in answer["SpotPlacementScores"]:
                yield Score(accelerator=accelerator, region=row["Region"], score=row["Score"])


def _cheapest(zones: dict[str, float]) -> str:
    if len(set(zones.values())) == 1:
        return "the same in every zone"
    zone, usd = min(zones.items(), key=lambda pair: (pair[1], pair[0]))
    return f"median of zones; the cheapest {zone} at {usd:g}"
