"""A small catalog on disk: one file per table, one cell of one row changed at will."""

import csv
from pathlib import Path

from infra.catalog import parse
from infra.catalog.load import FILES

_SEEN = {"source": "a price list", "date": "2026-07-30"}
_COLUMNS = {
    "accelerators": parse.ACCELERATORS,
    "carbon": parse.CARBON,
    "latency": parse.LATENCIES,
    "offers": parse.OFFERS,
    "places": parse.PLACES,
    "regions": parse.REGIONS,
    "tariffs": parse.TARIFFS,
}


def region(provider: str, name: str, **changes: str) -> dict[str, str]:
    row = {"provider": provider, "region": name, "city": "Somewhere", "country": "IN", "continent": "asia"}
    return row | {"latitude": "19", "longitude": "73", "cloud_run_tier": ""} | _SEEN | changes


def offer(capacity: str = "on_demand", **changes: str) -> dict[str, str]:
    row = {"provider": "aws", "region": "ap-south-1", "machine": "g6.xlarge", "capacity": capacity, "offered": "true"}
    row |= {"accelerator": "L4", "accelerators": "1", "accelerator_memory_gib": "24", "vcpus": "4", "memory_gib": "16"}
    row |= {"zones": "aps1-az1 aps1-az3", "usd_per_hour": "0.966", "estimated": "false", "note": ""}
    return row | {"interruption_per_month_low": "", "interruption_per_month_high": ""} | _SEEN | changes


def tariff(**changes: str) -> dict[str, str]:
    row = {"provider": "aws", "service": "egress", "region": "ap-south-1", "item": "internet", "unit": "GB"}
    return row | {"from_quantity": "0", "usd": "0.1093", "estimated": "false", "note": ""} | _SEEN | changes


def latency(**changes: str) -> dict[str, str]:
    row = {"origin": "city:Mumbai", "provider": "aws", "region": "ap-south-1", "ms": "3", "quality": "measured"}
    return row | _SEEN | changes


def write_catalog(folder: Path, **tables: list[dict[str, str]]) -> Path:
    """A folder that loads, with the given tables in place of its own."""
    accelerator = {"name": "L4", "peak_tflops": "121", "memory_gib": "24", "watts": "72", "note": ""} | _SEEN
    place = {"name": "city:Mumbai", "area": "", "country": "IN", "latitude": "19", "longitude": "73"} | _SEEN
    carbon = {"provider": "gcp", "region": "asia-south1", "g_per_kwh": "648", "estimated": "false"} | _SEEN
    rows = {
        "accelerators": [accelerator],
        "carbon": [carbon],
        "latency": [latency()],
        "offers": [offer()],
        "places": [place],
        "regions": [region("aws", "ap-south-1"), region("gcp", "asia-south1", cloud_run_tier="2")],
        "tariffs": [tariff()],
    } | tables
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        with (folder / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, _COLUMNS[name], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows[name])
    return folder
