"""The rows of the catalog: plain values with their unit in the name, and where and when each was read.

None is what the sources do not say. It is never zero and never a default: who needs the value asks the catalog for it
and gets an error that names the gap.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Capacity(StrEnum):
    """How a machine is had. invitation: the provider decides who may ask, so no plan may count on it."""

    RESERVED = "reserved"
    CAPACITY_BLOCK = "capacity_block"
    SPOT = "spot"
    FLEX_START = "flex_start"
    ON_DEMAND = "on_demand"
    INVITATION = "invitation"


class Quality(StrEnum):
    """How a latency was had, best first.

    measured: between these two. estimate: measured from the nearest region, plus a last mile. proxy: measured between
    neighbours of these two, in another provider's regions.
    """

    MEASURED = "measured"
    ESTIMATE = "estimate"
    PROXY = "proxy"


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """One machine type in one region under one mode of capacity.

    accelerators: how many, a fraction where a machine holds a slice of one; accelerator_memory_gib: of one whole one.
    vcpus, memory_gib: None for a TPU slice, which is sold without its host. zones: where it is offered, by zone id on
    AWS; empty for a regional service. offered: an offering was seen, which a price alone does not show.
    usd_per_hour: of the whole machine; for spot the median over zones where the source tells zones apart.
    estimated: not a published price. interruption_per_month_low, _high: share of instances that were taken back in a
    month; None above an open bucket.
    """

    provider: str
    region: str
    machine: str
    accelerator: str | None
    accelerators: float
    accelerator_memory_gib: float | None
    vcpus: float | None
    memory_gib: float | None
    capacity: Capacity
    zones: tuple[str, ...]
    offered: bool
    usd_per_hour: float | None
    estimated: bool
    interruption_per_month_low: float | None
    interruption_per_month_high: float | None
    note: str
    source: str
    date: date


@dataclass(frozen=True, kw_only=True, slots=True)
class Tariff:
    """What a provider charges for one unit of something that is not a machine.

    region: a region; a class of regions as the provider groups them (`tier1`, `continent:asia`); or `all`.
    unit: what is counted, as `hour`, `GB` (10^9 bytes), `GiB` or `fraction` of another price. from_quantity: units in a
    month from which this price holds, 0 for the first. usd: of one unit; free allowances are left out, because they are
    an account's, not a region's.
    """

    provider: str
    service: str
    region: str
    item: str
    unit: str
    from_quantity: float
    usd: float
    estimated: bool
    note: str
    source: str
    date: date


@dataclass(frozen=True, kw_only=True, slots=True)
class Latency:
    """The median round trip between an origin and a region. origin: a place's name, or `provider/region`."""

    origin: str
    provider: str
    region: str
    ms: float
    quality: Quality
    source: str
    date: date


@dataclass(frozen=True, kw_only=True, slots=True)
class Region:
    """A provider's region. country: ISO 3166 alpha-2. continent: as providers group them for prices.

    latitude, longitude: of the metropolis, in degrees. cloud_run_tier: None where Cloud Run is not priced.
    """

    provider: str
    region: str
    city: str
    country: str
    continent: str
    latitude: float
    longitude: float
    cloud_run_tier: int | None
    source: str
    date: date

    @property
    def key(self) -> str:
        """provider/region, as latencies name it."""
        return f"{self.provider}/{self.region}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where users are: `city:Mumbai`, `country:DE` or `geo:US-East`.

    area: the wider place whose latencies stand in where this one has none of its own; empty for an area.
    """

    name: str
    area: str
    country: str
    latitude: float
    longitude: float
    source: str
    date: date


@dataclass(frozen=True, kw_only=True, slots=True)
class Carbon:
    """Of the grid that feeds a region, per kWh, averaged over a year."""

    provider: str
    region: str
    g_per_kwh: float
    estimated: bool
    source: str
    date: date


@dataclass(frozen=True, kw_only=True, slots=True)
class Accelerator:
    """What its maker publishes of one accelerator.

    peak_tflops: dense, in bf16 (in fp16 where the note says so). watts: the most it draws; None where not published.
    """

    name: str
    peak_tflops: float
    memory_gib: float
    watts: float | None
    note: str
    source: str
    date: date
