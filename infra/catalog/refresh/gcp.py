"""What Google Cloud says: prices by part from the Cloud Billing Catalog, put together to whole machines; zones from
Compute Engine.

A part is matched by the start of its SKU's description and by nothing looser: beside `Nvidia L4 GPU running in Iowa`
stand commitments, calendar reservations and `DWS Defined Duration` at half the price, and reserved placeholders at
zero. Families whose parts we have not seen in a price list (g4, a3-ultragpu, a4) are left as they are.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from infra.catalog.refresh.sighting import Sighting, Tell
from infra.catalog.rows import Capacity, Offer

COMPUTE_ENGINE = "services/6F81-5844-456A"
BILLING_CATALOG = "Cloud Billing Catalog list_skus"
_LIST_URL = "https://compute.googleapis.com/compute/v1/projects/{project}/aggregated/{kind}"
_TIMEOUT_S = 60
_HOURS_PER_MONTH = 730
_PER_HOUR = {"h": 1.0, "GiBy.h": 1.0, "GiBy.mo": 1 / _HOURS_PER_MONTH}
_USAGE = {Capacity.ON_DEMAND: "OnDemand", Capacity.SPOT: "Preemptible", Capacity.FLEX_START: "OnDemand"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """What a family's machines are billed by. ssd_gib: local disks that come with each accelerator."""

    machines: str
    host: str = ""
    accelerator: str = ""
    tpu: str = ""
    ssd_gib: int = 0


_FAMILIES = (
    Family(machines="n1-standard-", host="N1 Predefined Instance", accelerator="Nvidia Tesla T4"),
    Family(machines="n2-standard-", host="N2 Instance"),
    Family(machines="g2-standard-", host="G2 Instance", accelerator="Nvidia L4"),
    Family(machines="a2-highgpu-", host="A2 Instance", accelerator="Nvidia Tesla A100"),
    Family(machines="a2-megagpu-", host="A2 Instance", accelerator="Nvidia Tesla A100"),
    Family(machines="a2-ultragpu-", host="A2 Instance", accelerator="Nvidia Tesla A100 80GB", ssd_gib=375),
    Family(machines="a3-highgpu-", host="A3 Instance", accelerator="Nvidia H100 80GB", ssd_gib=750),
    Family(machines="a3-megagpu-", host="A3Plus Instance", accelerator="Nvidia H100 80GB Mega", ssd_gib=750),
    Family(machines="tpu-v5litepod-", tpu="V5e"),
    Family(machines="tpu-v5p-", tpu="V5p"),
    Family(machines="tpu-v6e-", tpu="V6e"),
)

Parts = dict[tuple[str, str, str], set[float]]  # (region, usage type, description up to the place) -> USD per hour


def fetch(
    offers: Sequence[Offer], *, skus: Iterable[Any], zones: dict[str, set[str]] | None, tell: Tell
) -> Iterator[Sighting]:
    """A sighting for each of these offers whose family we can put together.

    skus: of Compute Engine, as CloudCatalogClient.list_skus gives them. zones: by machine type, as `zones_of` gives
    them, or None where Compute Engine was not asked.
    """
    mine = [(offer, family) for offer in offers if (family := family_of(offer.machine)) and offer.capacity in _USAGE]
    tell(f"gcp: reading price parts for {len(mine)} offers")
    parts = parts_by_region(skus, {offer.region for offer, _ in mine})
    for offer, family in mine:
        yield Sighting(
            provider="gcp",
            region=offer.region,
            machine=offer.machine,
            capacity=offer.capacity,
            usd_per_hour=price_of(offer, family, parts),
            zones=_zones(offer, zones),
            note="",
            source=BILLING_CATALOG,
        )


def family_of(machine: str) -> Family | None:
    return next((family for family in _FAMILIES if machine.startswith(family.machines)), None)


def parts_by_region(skus: Iterable[Any], regions: set[str]) -> Parts:
    """The prices of parts in these regions. More than one price under a key is kept, so that it can be refused."""
    parts: Parts = defaultdict(set)
    for sku in skus:
        here = regions.intersection(sku.service_regions)
        usd = unit_price(sku) if here else None
        if usd is None:
            continue
        what = re.split(r" running in | in (?=[A-Z])", sku.description, maxsplit=1)[0]
        for region in here:
            parts[region, sku.category.usage_type, what].add(usd)
    return parts


def unit_price(sku: Any) -> float | None:
    """USD per hour of one unit of a SKU: its first tier that is not free. None for what is not counted by the hour."""
    if not sku.pricing_info:
        return None
    expression = sku.pricing_info[-1].pricing_expression
    per_hour = _PER_HOUR.get(expression.usage_unit)
    for tier in expression.tiered_rates:
        usd = tier.unit_price.units + tier.unit_price.nanos / 1e9
        if per_hour is not None and usd > 0:
            return usd * per_hour
    return None


def price_of(offer: Offer, family: Family, parts: Parts) -> float | None:
    """USD per hour of the whole machine. None where a part has no price, or two, in that region and mode."""
    total = 0.0
    for what, quantity in bill(offer, family):
        prices = parts.get((offer.region, _USAGE[offer.capacity], what), set())
        if len(prices) != 1:
            return None
        total += quantity * next(iter(prices))
    return round(total, 6)


def bill(offer: Offer, family: Family) -> list[tuple[str, float]]:
    """The parts of a machine by the description of their SKU, and how many of each."""
    spot, flex = offer.capacity is Capacity.SPOT, offer.capacity is Capacity.FLEX_START
    attached = " attached to Spot Preemptible VMs" if spot else " attached to DWS Defined Duration VMs" if flex else ""
    if family.tpu:
        chip = f"DWS Defined Duration {family.tpu}" if flex else f"Tpu{family.tpu}{attached}"
        return [(chip, offer.accelerators)]
    host = f"Spot Preemptible {family.host}" if spot else family.host
    if flex:
        host = f"DWS Defined Duration {family.host.removesuffix(' Instance')}"
    lines = [(f"{host} Core", offer.vcpus or 0.0), (f"{host} Ram", offer.memory_gib or 0.0)]
    if family.accelerator:
        lines.append((f"{family.accelerator} GPU{attached}", offer.accelerators))
    if family.ssd_gib:
        lines.append((f"SSD backed Local Storage{attached}", family.ssd_gib * offer.accelerators))
    return lines


def machine_pages(session: Any, project: str) -> Iterator[dict[str, Any]]:
    """Every page of Compute Engine's aggregated lists of machine and accelerator types. session: a requests one."""
    for kind in ("machineTypes", "acceleratorTypes"):
        token = ""
        while True:
            answer = session.get(
                _LIST_URL.format(project=project, kind=kind),
                params={"maxResults": 500, "pageToken": token, "returnPartialSuccess": "true"},
                timeout=_TIMEOUT_S,
            )
            answer.raise_for_status()
            page = answer.json()
            yield page
            token = page.get("nextPageToken", "")
            if not token:
                break


def zones_of(pages: Iterable[Any]) -> dict[str, set[str]]:
    """Zones by name of a machine or accelerator type, from `machine_pages`."""
    zones: dict[str, set[str]] = defaultdict(set)
    for page in pages:
        for scope, listed in page.get("items", {}).items():
            for kind in ("machineTypes", "acceleratorTypes"):
                for row in listed.get(kind, ()):
                    zones[row["name"]].add(scope.removeprefix("zones/"))
    return zones


def _zones(offer: Offer, zones: dict[str, set[str]] | None) -> tuple[str, ...] | None:
    """Where the machine is; for a host with T4s attached, where both are. A TPU slice is no machine type: not asked."""
    if zones is None or offer.machine.startswith("tpu-"):
        return None
    host, _, attached = offer.machine.partition("+")
    found = zones.get(host, set())
    if attached:
        found = found & zones.get("nvidia-tesla-t4", set())
    return tuple(sorted(zone for zone in found if zone.startswith(f"{offer.region}-")))
