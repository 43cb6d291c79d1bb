"""Each file of the catalog: its columns, and how one of its lines becomes a row.

What must hold across rows is in invariants.py.
"""

from dataclasses import fields

from infra.catalog.rows import Accelerator, Capacity, Carbon, Latency, Offer, Place, Quality, Region, Tariff
from infra.catalog.table import Cells


def columns(row: type) -> tuple[str, ...]:
    """A file's columns: the fields of its rows, in their order."""
    return tuple(field.name for field in fields(row))


ACCELERATORS = columns(Accelerator)
CARBON = columns(Carbon)
LATENCIES = columns(Latency)
OFFERS = columns(Offer)
PLACES = columns(Place)
REGIONS = columns(Region)
TARIFFS = columns(Tariff)

_CAPACITIES = {mode.value: mode for mode in Capacity}
_QUALITIES = {quality.value: quality for quality in Quality}
_TIERS = {"": None, "1": 1, "2": 2}


def offer(cells: Cells) -> Offer:
    capacity = _CAPACITIES.get(cells.text("capacity"))
    if capacity is None:
        raise cells.fail(f"capacity is {cells.text('capacity')!r}; it is one of {', '.join(_CAPACITIES)}")
    return Offer(
        provider=cells.text("provider"),
        region=cells.text("region"),
        machine=cells.text("machine"),
        accelerator=cells.optional("accelerator") or None,
        accelerators=cells.at_least_zero("accelerators"),
        accelerator_memory_gib=cells.above_zero_or_none("accelerator_memory_gib"),
        vcpus=cells.above_zero_or_none("vcpus"),
        memory_gib=cells.above_zero_or_none("memory_gib"),
        capacity=capacity,
        zones=tuple(cells.optional("zones").split()),
        offered=cells.flag("offered"),
        usd_per_hour=cells.above_zero_or_none("usd_per_hour"),
        estimated=cells.flag("estimated"),
        interruption_per_month_low=cells.share_or_none("interruption_per_month_low"),
        interruption_per_month_high=cells.share_or_none("interruption_per_month_high"),
        note=cells.optional("note"),
        source=cells.text("source"),
        date=cells.day("date"),
    )


def tariff(cells: Cells) -> Tariff:
    return Tariff(
        provider=cells.text("provider"),
        service=cells.text("service"),
        region=cells.text("region"),
        item=cells.text("item"),
        unit=cells.text("unit"),
        from_quantity=cells.at_least_zero("from_quantity"),
        usd=cells.above_zero("usd"),
        estimated=cells.flag("estimated"),
        note=cells.optional("note"),
        source=cells.text("source"),
        date=cells.day("date"),
    )


def latency(cells: Cells) -> Latency:
    quality = _QUALITIES.get(cells.text("quality"))
    if quality is None:
        raise cells.fail(f"quality is {cells.text('quality')!r}; it is one of {', '.join(_QUALITIES)}")
    return Latency(
        origin=cells.text("origin"),
        provider=cells.text("provider"),
        region=cells.text("region"),
        ms=cells.above_zero("ms"),
        quality=quality,
        source=cells.text("source"),
        date=cells.day("date"),
    )


def region(cells: Cells) -> Region:
    tier = cells.optional("cloud_run_tier")
    if tier not in _TIERS:
        raise cells.fail(f"cloud_run_tier is {tier!r}; it is 1, 2 or empty")
    return Region(
        provider=cells.text("provider"),
        region=cells.text("region"),
        city=cells.text("city"),
        country=cells.text("country"),
        continent=cells.text("continent"),
        latitude=cells.degrees("latitude", 90),
        longitude=cells.degrees("longitude", 180),
        cloud_run_tier=_TIERS[tier],
        source=cells.text("source"),
        date=cells.day("date"),
    )


def place(cells: Cells) -> Place:
    return Place(
        name=cells.text("name"),
        area=cells.optional("area"),
        country=cells.text("country"),
        latitude=cells.degrees("latitude", 90),
        longitude=cells.degrees("longitude", 180),
        source=cells.text("source"),
        date=cells.day("date"),
    )


def carbon(cells: Cells) -> Carbon:
    return Carbon(
        provider=cells.text("provider"),
        region=cells.text("region"),
        g_per_kwh=cells.above_zero("g_per_kwh"),
        estimated=cells.flag("estimated"),
        source=cells.text("source"),
        date=cells.day("date"),
    )


def accelerator(cells: Cells) -> Accelerator:
    return Accelerator(
        name=cells.text("name"),
        peak_tflops=cells.above_zero("peak_tflops"),
        memory_gib=cells.above_zero("memory_gib"),
        watts=cells.above_zero_or_none("watts"),
        note=cells.optional("note"),
        source=cells.text("source"),
        date=cells.day("date"),
    )
