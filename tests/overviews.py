"""A small plan made by hand: two continents, three chosen ways to lose, and a training job."""

from datetime import date

from infra.catalog import Capacity
from infra.placement.serving.plan import (
    Alternative,
    CostLine,
    Flip,
    Latency,
    Loser,
    PlannedRegion,
    Rejected,
    Served,
    ServingPlan,
)
from infra.placement.training.plan import Band, Candidate, Step, TrainingPlan
from infra.placement.training.plan import CostLine as TrainingCost
from slipway.plan.view import Overview, ParetoPoint

_DAY = date(2026, 11, 23)
_WHERE = {
    "aws/ap-south-1": ("IN", 19.08, 72.88),
    "aws/us-east-1": ("US", 38.95, -77.45),
    "gcp/asia-south1": ("IN", 19.08, 72.88),
    "gcp/us-central1": ("US", 41.26, -95.86),
    "gcp/europe-west1": ("BE", 50.45, 3.82),
    "aws/eu-central-1": ("DE", 50.11, 8.68),
    "aws/ap-northeast-1": ("JP", 35.68, 139.69),
}


def overview() -> Overview:
    return Overview(
        serving=serving(),
        losers=losers(),
        flips=flips(),
        pareto=(
            ParetoPoint(usd_per_month=905.0, p95_ms=151.0, regions=("gcp/europe-west1", "aws/us-east-1")),
            ParetoPoint(usd_per_month=1180.0, p95_ms=128.0, regions=("gcp/asia-south1", "gcp/us-central1")),
        ),
        training=training(),
        price_age_days=12,
        digest=serving().digest,
    )


def serving() -> ServingPlan:
    return ServingPlan(
        regions=(
            _region("aws/us-east-1", machine="lambda-arm", replicas=0, share=0.55, usd=412.0),
            _region("gcp/asia-south1", machine="n2d-standard-2", replicas=3, share=0.45, usd=287.5),
        ),
        users=(
            _user("city:Mumbai", "IN", (19.08, 72.88), 0.27, "gcp/asia-south1", 61.0),
            _user("city:Delhi", "IN", (28.61, 77.21), 0.13, "gcp/asia-south1", 88.0),
            _user("city:Singapore", "SG", (1.35, 103.82), 0.05, "gcp/asia-south1", 139.0),
            _user("city:New York", "US", (40.71, -74.01), 0.3, "aws/us-east-1", 64.0),
            _user("city:Los Angeles", "US", (34.05, -118.24), 0.15, "aws/us-east-1", 121.0),
            _user("city:São Paulo", "BR", (-23.55, -46.63), 0.1, "aws/us-east-1", 171.0),
        ),
        usd_per_month=721.3,
        p95_ms=171.0,
        goal_ms=250.0,
        availability=0.99994,
        carbon_kg_per_month=61.2,
        lines=(
            _line("aws/us-east-1", "requests computed", 36_000_000, "GB-s", 0.0000106667, estimated=False),
            _line("gcp/asia-south1", "n2d-standard-2 spot", 2190, "h", 0.0421, estimated=False),
            _line("gcp/asia-south1", "control plane", 730, "h", 0.1, estimated=False),
            _line("gcp/asia-south1", "answers to users", 512, "GiB", 0.12, estimated=True),
            _line("aws", "global accelerator", 730, "h", 0.025, estimated=True),
        ),
        alternatives=(
            _alternative("aws/us-east-1", p95=171.0, serves=0.55, usd=412.0, chosen=True),
            _alternative("gcp/asia-south1", p95=139.0, serves=0.45, usd=287.5, chosen=True, pool=True),
            _alternative("gcp/europe-west1", p95=231.0, serves=1.0, usd=905.0, pool=True),
            _alternative("aws/eu-central-1", p95=238.0, serves=1.0, usd=1012.0),
            _alternative("gcp/us-central1", p95=249.0, serves=0.55, usd=398.0, pool=True),
            _alternative("aws/ap-south-1", p95=236.0, serves=0.45, usd=331.0),
            _alternative("aws/ap-northeast-1", p95=219.0, serves=0.2, usd=240.0),
        ),
        rejected=(Rejected(provider="aws", region="me-central-1", machine="", reason="no price in the catalog"),),
        assumed=("traffic swings by half around its mean over a day", "1 KiB of headers on each request"),
        digest="sha256:9f2c4e7a5d1b",
        oldest_price=_DAY,
        solver="proven optimal, gap 0.0e+00",
    )


def losers() -> tuple[Loser, ...]:
    return (
        Loser(provider="gcp", region="europe-west1", more_usd=183.7, reason="dearer: serves all, nearest to nobody"),
        Loser(provider="aws", region="eu-central-1", more_usd=290.7, reason="dearer than gcp/europe-west1"),
        Loser(
            provider="gcp", region="us-central1", more_usd=14.2, reason="São Paulo waits 12 ms more, egress is dearer"
        ),
        Loser(
            provider="aws",
            region="ap-south-1",
            more_usd=43.5,
            reason="an hour of compute costs more than in Mumbai's twin",
        ),
        Loser(provider="aws", region="ap-northeast-1", more_usd=None, reason="reaches one user in five within 250 ms"),
    )


def flips() -> tuple[Flip, ...]:
    return (
        Flip(
            what="requests_per_s",
            unit="requests/s",
            now=120.0,
            at=310.0,
            factor=2.583,
            becomes="aws/us-east-1 on node pools, gcp/asia-south1",
        ),
        Flip(
            what="spot_price",
            unit="USD/h",
            now=0.0421,
            at=0.0605,
            factor=1.437,
            becomes="aws/us-east-1, aws/ap-south-1",
        ),
        Flip(what="carbon_usd_per_tonne", unit="USD/t", now=50.0, at=None, factor=None, becomes=""),
    )


def training() -> TrainingPlan:
    spot = _candidate("gcp", "us-central1", Capacity.SPOT, Band(low=812.0, expected=1010.0, high=1490.0), hours=21.5)
    kept = _candidate(
        "gcp", "us-central1", Capacity.ON_DEMAND, Band(low=2380.0, expected=2390.0, high=2400.0), hours=16.2
    )
    return TrainingPlan(
        chosen=spot,
        order=(
            _step("us-central1", "us-central1-a", Capacity.SPOT, 47.0, 51.2),
            _step("us-central1", "us-central1-b", Capacity.SPOT, 47.0, 53.9),
            _step("us-central1", "us-central1-a", Capacity.ON_DEMAND, 147.5, 147.5),
        ),
        candidates=(spot, kept),
        losers=(),
        always_on_demand_usd=2390.0,
        checkpoint_every_s=1260.0,
        catalog_digest="sha256:9f2c4e7a5d1b",
        prices=(),
        oldest_price=_DAY,
    )


def _region(key: str, *, machine: str, replicas: int, share: float, usd: float) -> PlannedRegion:
    provider, region = key.split("/")
    country, latitude, longitude = _WHERE[key]
    return PlannedRegion(
        provider=provider,
        region=region,
        country=country,
        latitude=latitude,
        longitude=longitude,
        mode="node_pool" if replicas else "serverless",
        machine=machine,
        capacity=("spot", "on_demand") if replicas else (),
        replicas=replicas,
        min_replicas=min(replicas, 2),
        load_rps=120 * share,
        share=share,
        utilisation=0.61 if replicas else 0.0,
        cold_share=0.0,
        usd_per_month=usd,
        carbon_kg_per_month=30.6,
    )


def _user(place: str, country: str, where: tuple[float, float], share: float, region: str, p95: float) -> Served:
    return Served(
        place=place,
        country=country,
        latitude=where[0],
        longitude=where[1],
        share=share,
        regions=((region, 1.0),),
        latency=Latency(network_ms=p95 - 45, queue_ms=5.0, service_ms=40.0),
        lost_region_ms=p95 + 75,
    )


def _line(region: str, what: str, quantity: float, unit: str, unit_usd: float, *, estimated: bool) -> CostLine:
    return CostLine(
        region=region,
        what=what,
        quantity=quantity,
        unit=unit,
        unit_usd=unit_usd,
        usd_per_month=quantity * unit_usd,
        source="price list of the provider",
        date=_DAY,
        estimated=estimated,
    )


def _alternative(
    key: str, *, p95: float, serves: float, usd: float, chosen: bool = False, pool: bool = False
) -> Alternative:
    provider, region = key.split("/")
    _, latitude, longitude = _WHERE[key]
    return Alternative(
        provider=provider,
        region=region,
        latitude=latitude,
        longitude=longitude,
        mode="node_pool" if pool else "serverless",
        machine="n2d-standard-2" if pool else "lambda-arm",
        capacity=("spot", "on_demand") if pool else (),
        p95_ms=p95,
        serves=serves,
        usd_per_month=usd,
        carbon_g_per_kwh=None if provider == "aws" else 413.0,
        availability=0.9995,
        chosen=chosen,
    )


def _candidate(provider: str, region: str, capacity: Capacity, usd: Band, *, hours: float) -> Candidate:
    spot = capacity is Capacity.SPOT
    return Candidate(
        provider=provider,
        region=region,
        zones=(f"{region}-a", f"{region}-b"),
        machine="a3-highgpu-8g",
        machines=1,
        capacity=capacity,
        usd_per_hour=47.0 if spot else 147.5,
        fallback=f"{provider}/{region} a3-highgpu-8g" if spot else "",
        usd=usd,
        hours=Band(low=hours * 0.9, expected=hours, high=hours * 1.2),
        lines=(TrainingCost(kind=capacity, what="machines", usd=usd.expected),),
        spot_share=0.81 if spot else None,
        interruptions=2.3 if spot else 0.0,
        overhead_hours=0.9 if spot else 0.0,
        on_time=1.0,
        on_time_alone=0.93 if spot else 1.0,
        known="spot trace of the region",
        estimated=False,
        source="price list of the provider",
        date=_DAY,
    )


def _step(region: str, zone: str, capacity: Capacity, hour: float, work_hour: float) -> Step:
    return Step(
        provider="gcp",
        region=region,
        zone=zone,
        machine="a3-highgpu-8g",
        machines=1,
        capacity=capacity,
        usd_per_hour=hour,
        usd_per_work_hour=work_hour,
        move_usd=0.0,
    )
