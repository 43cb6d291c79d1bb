"""What a byte costs that leaves a region: by destination and, to the internet, by the month's volume. Pure."""

from collections.abc import Sequence

from infra.catalog.rows import Region, Tariff

GB_PER_GIB = 1.073741824
_ISLANDS = "ID"  # Google prices Indonesia as it prices Oceania


def price_area(region: Region) -> str:
    """The area that Google's prices between regions go by."""
    return "oceania" if region.country == _ISLANDS else region.continent


def per_gb(tiers: Sequence[Tariff], monthly_gb: float) -> float:
    """USD per GB (10^9 bytes), averaged over a month's volume when each tier charges only what lies in it.

    tiers: of one item, by from_quantity. At 0 GB the price of the first. AWS does not say which gigabyte it bills; it
    is taken as 10^9 bytes, the dearer reading.
    """
    factor = GB_PER_GIB if tiers[0].unit == "GiB" else 1.0
    units = monthly_gb / factor
    if units <= 0:
        return tiers[0].usd / factor
    ends = [*(tier.from_quantity for tier in tiers[1:]), float("inf")]
    usd = sum(tier.usd * max(0.0, min(units, end) - tier.from_quantity) for tier, end in zip(tiers, ends, strict=True))
    return usd / monthly_gb
