"""A world of 60 regions and 500 cities to place on: the catalog's regions where they lie, cities scattered around them.

Prices are the catalog's of one region of each provider times a factor drawn for each region, between 1 and 1.45, which
is the span of the real ones (Tokyo's g6.xlarge over Virginia's). Round trips are by distance: 1.4 ms for 100 km, which
is light in fibre with the detours that the measured pairs of the catalog show, and 8 ms for the last mile.
"""

import math
import random
from dataclasses import replace

from infra.catalog import Catalog, Latency, Offer, Place, Quality, Region, Tariff
from infra.settings.placement import ModelNeeds, ServingGoal, UserGroup

_MODELS = {"aws": ("us-east-1", "c7i."), "gcp": ("us-east4", "n2-standard-")}
_MS_PER_100_KM, _LAST_MILE_MS, _EARTH_KM = 1.4, 8.0, 6371.0


def world(*, regions: int = 60, cities: int = 500, seed: int = 1) -> tuple[Catalog, tuple[UserGroup, ...]]:
    pick = random.Random(seed)
    real = Catalog.load()
    chosen = sorted(
        pick.sample(sorted(real.regions.values(), key=lambda row: row.key), regions), key=lambda row: row.key
    )
    offers: list[Offer] = []
    tariffs: list[Tariff] = []
    for region in chosen:
        factor = pick.uniform(1, 1.45)
        model, family = _MODELS[region.provider]
        offers += [
            replace(offer, region=region.region, usd_per_hour=offer.usd_per_hour * factor)
            for offer in real.offers(provider=region.provider, region=model)
            if offer.machine.startswith(family) and offer.usd_per_hour
        ]
        tariffs += _tariffs(real, region, model, factor)
    places = [_place(pick, number, pick.choice(chosen)) for number in range(cities)]
    weights = [pick.paretovariate(1.1) for _ in places]
    users = tuple(
        UserGroup(place=place.name, share=weight / sum(weights)) for place, weight in zip(places, weights, strict=True)
    )
    latencies = [_latency(place, region) for place in places for region in chosen]
    catalog = Catalog(offers=offers, tariffs=tariffs, latencies=latencies, regions=chosen, places=places)
    return catalog, users


def goal(
    users: tuple[UserGroup, ...], *, survive: bool, p95_ms: float = 120, requests_per_s: float = 5000
) -> ServingGoal:
    return ServingGoal(
        users=users,
        requests_per_s=requests_per_s,
        p95_ms=p95_ms,
        model=ModelNeeds(service_ms={"cpu": 12}, vcpus=1, memory_gib=2, concurrency=1),
        min_regions=2,
        survive_region_loss=survive,
    )


def _tariffs(real: Catalog, region: Region, model: str, factor: float) -> list[Tariff]:
    """The model region's, dearer by the factor; what holds for all regions or for a class stays as it is."""
    own = [row for row in real.tariffs if row.provider == region.provider and row.region == model]
    return [replace(row, region=region.region, usd=row.usd * factor) for row in own] + [
        replace(row, region=region.region)
        for row in real.tariffs
        if row.provider == region.provider and row.region in ("all", f"tier{region.cloud_run_tier}")
    ]


def _place(pick: random.Random, number: int, near: Region) -> Place:
    return Place(
        name=f"city:{number:03d}",
        area="",
        country=near.country,
        latitude=max(-85.0, min(85.0, near.latitude + pick.gauss(0, 6))),
        longitude=near.longitude + pick.gauss(0, 8),
        source="drawn",
        date=near.date,
    )


def _latency(place: Place, region: Region) -> Latency:
    here, there = math.radians(place.latitude), math.radians(region.latitude)
    across = math.radians(region.longitude - place.longitude)
    chord = math.sin((there - here) / 2) ** 2 + math.cos(here) * math.cos(there) * math.sin(across / 2) ** 2
    km = 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(chord)))
    return Latency(
        origin=place.name,
        provider=region.provider,
        region=region.region,
        ms=_LAST_MILE_MS + km / 100 * _MS_PER_100_KM,
        quality=Quality.ESTIMATE,
        source="by distance",
        date=region.date,
    )
