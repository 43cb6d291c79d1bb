"""The catalog, and what it can be asked. Every question has an answer or an error: nothing is guessed or defaulted."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Self

from infra.catalog import nearest
from infra.catalog.egress import per_gb, price_area
from infra.catalog.errors import CatalogError
from infra.catalog.rows import Accelerator, Capacity, Carbon, Latency, Offer, Place, Quality, Region, Tariff

INTERNET = "internet"


class Catalog:
    """Prices, offers, latencies, carbon and hardware. Immutable; each row has its source and date.

    `Catalog.load()` reads and checks the files; a test may hand its own rows to the constructor, which checks nothing.
    regions: by `provider/region`. places and accelerators: by name. digest: sha256 over the files, so that a plan can
    say what it was made from.
    """

    def __init__(
        self,
        *,
        offers: Iterable[Offer] = (),
        tariffs: Iterable[Tariff] = (),
        latencies: Iterable[Latency] = (),
        regions: Iterable[Region] = (),
        places: Iterable[Place] = (),
        carbon: Iterable[Carbon] = (),
        accelerators: Iterable[Accelerator] = (),
        digest: str = "",
    ) -> None:
        self.digest = digest
        self.regions = {row.key: row for row in regions}
        self.places = {row.name: row for row in places}
        self.accelerators = {row.name: row for row in accelerators}
        self.tariffs = tuple(tariffs)
        self._offers = tuple(offers)
        self.latencies = tuple(latencies)
        self._latency = {(row.origin, row.provider, row.region, row.quality): row for row in self.latencies}
        self._origins_to: dict[str, set[str]] = defaultdict(set)
        self._regions_from: dict[str, set[str]] = defaultdict(set)
        for row in self.latencies:
            self._origins_to[f"{row.provider}/{row.region}"].add(row.origin)
            self._regions_from[row.origin].add(f"{row.provider}/{row.region}")
        self._carbon = {(row.provider, row.region): row for row in carbon}

    @classmethod
    def load(cls, folder: Path | None = None) -> Self:
        """The catalog of a folder, or the one that ships. Read and checked once, then the same object.

        Raises CatalogError that names file and line of the first row that cannot be right.
        """
        from infra.catalog.load import DATA, load

        return load(cls, folder or DATA)

    def offers(
        self,
        provider: str | None = None,
        region: str | None = None,
        machine: str | None = None,
        accelerator: str | None = None,
        capacity: Capacity | str | None = None,
    ) -> tuple[Offer, ...]:
        """All rows that fit, in the files' order; those that are not offered or have no price among them."""
        return tuple(
            offer
            for offer in self._offers
            if (provider is None or offer.provider == provider)
            and (region is None or offer.region == region)
            and (machine is None or offer.machine == machine)
            and (accelerator is None or offer.accelerator == accelerator)
            and (capacity is None or offer.capacity == capacity)
        )

    def offer(self, provider: str, region: str, machine: str, capacity: Capacity | str) -> Offer:
        """The one row. Raises CatalogError that says which part does not exist and the nearest that does."""
        found = self._offer_by_key.get((provider, region, machine, str(capacity)))
        if found is None:
            where = self.region(provider, region)
            raise nearest.no_offer(where, machine, str(capacity), self._offers, self.regions)
        return found

    def usd_per_hour(self, provider: str, region: str, machine: str, capacity: Capacity | str) -> float:
        """The price of an offer. Raises CatalogError where there is no offer, or its price is not known."""
        offer = self.offer(provider, region, machine, capacity)
        if offer.usd_per_hour is None:
            raise nearest.no_price(offer, self._offers)
        return offer.usd_per_hour

    def tariff(self, provider: str, service: str, item: str, region: str) -> Tariff:
        """The price of the first unit in a month; see `tiers`."""
        return self.tiers(provider, service, item, region)[0]

    def tiers(self, provider: str, service: str, item: str, region: str) -> tuple[Tariff, ...]:
        """The prices of an item by volume, lowest tier first.

        Looked for under the region, then under a class that the provider puts the region in (Cloud Run's tiers), then
        under `all`: never under another region. Raises CatalogError that names the regions with a price.
        """
        by_region = self._tiers.get((provider, service, item), {})
        for name in (region, *self._classes(provider, region), "all"):
            if name in by_region:
                return by_region[name]
        if by_region:
            raise CatalogError(
                f"the catalog has no price of {provider} {service} {item} in {region}",
                hint=f"it has one for {nearest.few(by_region)}",
            )
        items = [f"{row.service} {row.item}" for row in self.tariffs if row.provider == provider]
        raise CatalogError(
            f"the catalog knows no {provider} tariff {service} {item}",
            hint=nearest.alike(f"{service} {item}", items),
        )

    def egress_usd_per_gb(self, provider: str, region: str, to: str = INTERNET, monthly_gb: float = 0.0) -> float:
        """USD per GB (10^9 bytes) that leaves a region, averaged over a month's volume.

        to: `internet`, a region of the same provider, or `provider/region`; another provider is reached through the
        internet. Within the region it is 0. Free allowances are not counted.
        """
        tiers = self.egress_tiers(provider, region, to)
        return per_gb(tiers, monthly_gb) if tiers else 0.0

    def egress_tiers(self, provider: str, region: str, to: str = INTERNET) -> tuple[Tariff, ...]:
        """The prices behind `egress_usd_per_gb`, lowest tier first; none within the region."""
        origin = self.region(provider, region)
        other = to.removeprefix(f"{provider}/")
        if other == region:
            return ()
        if other == INTERNET or "/" in other:
            return self.tiers(provider, "egress", INTERNET, region)
        destination = self.region(provider, other)
        pairs = self._tiers_at(provider, "egress", f"to:{other}", region)
        pairs = pairs or self._tiers_at(
            provider, "egress", f"to:{price_area(destination)}", f"area:{price_area(origin)}"
        )
        return pairs or self.tiers(provider, "egress", "to:any", region)

    def rtt_ms(self, place: str, provider: str, region: str) -> Latency:
        """The median round trip between a place and a region, of the best quality there is; `.ms` is the figure.

        place: as in places.csv, or `provider/region`. A place without a figure of its own takes its area's, as an
        estimate. Raises CatalogError that names the nearest places with one.
        """
        target = self.region(provider, region)
        origins = self._origins(place)
        for origin in origins:
            for quality in Quality:
                if row := self._latency.get((origin, provider, region, quality)):
                    return row
        here = self._origins_to.get(f"{provider}/{region}", set())
        there = {region for origin in origins for region in self._regions_from.get(origin, ())}
        raise nearest.no_latency(
            self.places.get(place) or self.regions[place],
            target,
            [row for name, row in self.places.items() if name in here],
            [row for name, row in self.regions.items() if name in there],
        )

    def region(self, provider: str, name: str) -> Region:
        """Raises CatalogError with the names most like it."""
        found = self.regions.get(f"{provider}/{name}")
        if found is None:
            raise nearest.no_region(provider, name, tuple(self.regions.values()))
        return found

    def place(self, name: str) -> Place:
        """Raises CatalogError with the places that are nearest, or spelled most like it."""
        found = self.places.get(name)
        if found is None:
            raise nearest.no_place(name, self.places.values(), self.regions.values())
        return found

    def carbon_g_per_kwh(self, provider: str, region: str) -> float | None:
        """Of the grid there; None where no source says it."""
        row = self._carbon.get((provider, region))
        return row and row.g_per_kwh

    def oldest(self, rows: Iterable[Offer | Tariff] | None = None) -> Offer | Tariff:
        """The price that was read longest ago: of the rows that a plan used, or else of all published prices.

        Without `rows`, estimates are left aside: they are marked, and no refresh of ours would renew them.
        """
        if rows is None:
            rows = (row for row in (*self._offers, *self.tariffs) if not row.estimated)
        priced = [row for row in rows if not isinstance(row, Offer) or row.usd_per_hour is not None]
        if not priced:
            raise CatalogError("no price was used, so there is no oldest one")
        return min(priced, key=lambda row: row.date)

    def age_days(self, today: date, rows: Iterable[Offer | Tariff] | None = None) -> int:
        """Days since the oldest price was read; `rows` as in `oldest`."""
        return (today - self.oldest(rows).date).days

    @cached_property
    def _offer_by_key(self) -> dict[tuple[str, str, str, str], Offer]:
        return {(row.provider, row.region, row.machine, row.capacity.value): row for row in self._offers}

    @cached_property
    def _tiers(self) -> dict[tuple[str, str, str], dict[str, tuple[Tariff, ...]]]:
        found: dict[tuple[str, str, str], dict[str, tuple[Tariff, ...]]] = defaultdict(dict)
        for row in sorted(self.tariffs, key=lambda row: row.from_quantity):
            by_region = found[row.provider, row.service, row.item]
            by_region[row.region] = (*by_region.get(row.region, ()), row)
        return dict(found)

    def _tiers_at(self, provider: str, service: str, item: str, region: str) -> tuple[Tariff, ...]:
        return self._tiers.get((provider, service, item), {}).get(region, ())

    def _classes(self, provider: str, region: str) -> tuple[str, ...]:
        row = self.regions.get(f"{provider}/{region}")
        return (f"tier{row.cloud_run_tier}",) if row and row.cloud_run_tier else ()

    def _origins(self, place: str) -> tuple[str, ...]:
        if place in self.regions:
            return (place,)
        found = self.place(place)
        return (found.name, found.area) if found.area else (found.name,)
