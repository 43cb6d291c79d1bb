"""What must hold across the rows of a catalog: the mistakes that real price lists made, each refused by name.

Spot above on-demand, a price at half of the neighbours', a price taken for an offer, a tier that gets dearer with
volume, a spot market where the machine does not exist: each of these stood in a published catalog. What concerns one
cell alone (a price of zero, a date that is none) is refused where it is read.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import TypeVar

from infra.catalog.rows import Accelerator, Capacity, Latency, Offer, Place, Quality, Region, Tariff
from infra.catalog.table import Cells

_AWS_ZONE = re.compile(r"[a-z0-9]+-az\d+")
_REGIONAL = ("cloud-run-", "lambda")  # services of a whole region: no zone to name
_ABOVE_ON_DEMAND = "above on-demand"  # a note that starts so keeps a spot price that is really dearer
_OUTLIER = 0.6  # of the median over regions; the dearest region we know costs 1.43 times the cheapest
_OUTLIER_REGIONS = 3  # fewer have no median worth the name

Rows = Iterable[tuple[Cells, Offer]]
_Row = TypeVar("_Row")


def check_offer(cells: Cells, offer: Offer) -> None:
    """What one offer must satisfy. Raises CatalogError."""
    if offer.offered and not offer.zones and not offer.machine.startswith(_REGIONAL):
        raise cells.fail("offered is true, but no zone offers it; a price alone is not an offer")
    for zone in offer.zones:
        mine = zone.startswith(f"{offer.region}-") if offer.provider == "gcp" else _AWS_ZONE.fullmatch(zone)
        if not mine:
            raise cells.fail(f"{zone!r} is no zone of {offer.provider}/{offer.region}")
    if (offer.accelerator is None) != (offer.accelerators == 0):
        raise cells.fail("accelerator and accelerators do not fit: give both, or none and 0")
    low, high = offer.interruption_per_month_low, offer.interruption_per_month_high
    if high is not None and (low is None or low > high):
        raise cells.fail("interruption_per_month_low must be given and at most the high one")
    if offer.estimated and offer.usd_per_hour is None:
        raise cells.fail("estimated is true, but there is no price")


def check_offers(rows: Rows, regions: Mapping[str, Region], accelerators: Mapping[str, Accelerator]) -> None:
    """What offers must satisfy together. Raises CatalogError for the first row that does not."""
    rows = list(rows)
    known: dict[tuple[str, str, str, Capacity], Cells] = {}
    shapes: dict[tuple[str, str], tuple[Cells, tuple[object, ...]]] = {}
    for cells, offer in rows:
        check_offer(cells, offer)
        if f"{offer.provider}/{offer.region}" not in regions:
            raise cells.fail(f"{offer.provider}/{offer.region} is not in regions.csv")
        if offer.accelerator and offer.accelerator not in accelerators:
            raise cells.fail(f"{offer.accelerator} is not in accelerators.csv")
        key = (offer.provider, offer.region, offer.machine, offer.capacity)
        if key in known:
            raise cells.fail(f"the same offer stands in line {known[key].line}")
        known[key] = cells
        shape = (offer.accelerator, offer.accelerators, offer.vcpus, offer.memory_gib)
        first, other = shapes.setdefault((offer.provider, offer.machine), (cells, shape))
        if other != shape:
            raise cells.fail(f"{offer.machine} has other accelerators, vcpus or memory in line {first.line}")
    _check_spot(rows)
    _check_outliers(rows)


def _check_spot(rows: list[tuple[Cells, Offer]]) -> None:
    on_demand = {
        (offer.provider, offer.region, offer.machine): offer.usd_per_hour
        for _, offer in rows
        if offer.capacity is Capacity.ON_DEMAND and offer.usd_per_hour is not None
    }
    for cells, offer in rows:
        ceiling = on_demand.get((offer.provider, offer.region, offer.machine))
        if offer.capacity is not Capacity.SPOT or offer.usd_per_hour is None or ceiling is None:
            continue
        if offer.usd_per_hour > ceiling and not offer.note.startswith(_ABOVE_ON_DEMAND):
            raise cells.fail(f"spot {offer.usd_per_hour:g} is above on-demand {ceiling:g}")


def _check_outliers(rows: list[tuple[Cells, Offer]]) -> None:
    """A region far below all others is another product's price: a calendar reservation, a half machine."""
    prices: dict[tuple[str, str], list[tuple[Cells, float]]] = defaultdict(list)
    for cells, offer in rows:
        if offer.capacity is Capacity.ON_DEMAND and offer.usd_per_hour is not None:
            prices[offer.provider, offer.machine].append((cells, offer.usd_per_hour))
    for (_, machine), priced in prices.items():
        if len(priced) < _OUTLIER_REGIONS:
            continue
        middle = sorted(usd for _, usd in priced)[len(priced) // 2]
        for cells, usd in priced:
            if usd < _OUTLIER * middle:
                raise cells.fail(f"on-demand {usd:g} is {usd / middle:.0%} of what {machine} costs elsewhere")


def check_tariffs(rows: Iterable[tuple[Cells, Tariff]]) -> None:
    """One unit per item, each tier once, and none dearer than the one below it."""
    tiers: dict[tuple[str, str, str, str], list[tuple[float, Cells, Tariff]]] = defaultdict(list)
    for cells, tariff in rows:
        tiers[tariff.provider, tariff.service, tariff.item, tariff.region].append((tariff.from_quantity, cells, tariff))
    for steps in tiers.values():
        steps.sort(key=lambda step: step[0])
        if steps[0][0] != 0:
            raise steps[0][1].fail(f"the first units have no price: from_quantity starts at {steps[0][0]:g}")
        for (start, _, lower), (following, cells, upper) in pairwise(steps):
            if following == start:
                raise cells.fail(f"the tier from {start:g} stands twice")
            if upper.unit != lower.unit:
                raise cells.fail(f"counted in {upper.unit}, but the tier below in {lower.unit}")
            if upper.usd > lower.usd:
                raise cells.fail(f"{upper.usd:g} from {following:g} is dearer than {lower.usd:g} below it")


def check_latencies(
    rows: Iterable[tuple[Cells, Latency]], regions: Mapping[str, Region], places: Mapping[str, Place]
) -> None:
    """Both ends are known, and each pair stands once per quality."""
    known: dict[tuple[str, str, Quality], Cells] = {}
    for cells, latency in rows:
        target = f"{latency.provider}/{latency.region}"
        if target not in regions:
            raise cells.fail(f"{target} is not in regions.csv")
        if latency.origin not in regions and latency.origin not in places:
            raise cells.fail(f"{latency.origin} is neither in places.csv nor in regions.csv")
        key = (latency.origin, target, latency.quality)
        if key in known:
            raise cells.fail(f"the same pair stands in line {known[key].line}")
        known[key] = cells


def check_places(rows: Iterable[tuple[Cells, Place]]) -> None:
    rows = list(rows)
    names = {place.name for _, place in rows}
    for cells, place in rows:
        if place.area and place.area not in names:
            raise cells.fail(f"its area {place.area} is not in places.csv")


def check_distinct(rows: Iterable[tuple[Cells, _Row]], key: Callable[[_Row], str]) -> None:
    """Each key stands once."""
    known: dict[str, int] = {}
    for cells, row in rows:
        first = known.setdefault(key(row), cells.line)
        if first != cells.line:
            raise cells.fail(f"{key(row)} stands in line {first} already")
