"""What could be rented for the work: offers that can do it, what bringing its data costs, and why others cannot."""

from collections.abc import Iterable
from dataclasses import dataclass

from infra.catalog import Capacity, Catalog, CatalogError, Offer, Tariff
from infra.catalog.egress import GB_PER_GIB
from infra.placement.training.machines import machines_for
from infra.placement.training.plan import Loser
from infra.settings.placement import TrainingWork

KEPT = (Capacity.RESERVED, Capacity.CAPACITY_BLOCK, Capacity.ON_DEMAND)
"""Modes that are not taken back once they are had, so that a deadline can rest on them."""

_FLEX_START_MOST_H = 7 * 24  # Google Cloud's documentation of flex-start


@dataclass(frozen=True, kw_only=True, slots=True)
class Rent:
    """An offer that can do the work. machines: how many. usd_per_hour: of all. move_usd: to bring the data there."""

    offer: Offer
    machines: int
    usd_per_hour: float
    move_usd: float

    @property
    def key(self) -> str:
        return f"{self.offer.provider}/{self.offer.region}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Moves:
    """What it costs to bring a job somewhere. data_usd: from where the data lies. checkpoint_usd: from elsewhere."""

    work: TrainingWork
    catalog: Catalog

    def data_usd(self, region: str) -> float:
        return self._usd(self.work.data_region, region, self.work.data_gib) if self.work.data_gib else 0.0

    def checkpoint_usd(self, origin: str, region: str) -> float:
        return self._usd(origin, region, self.work.checkpoint_gib)

    def _usd(self, origin: str, region: str, gib: float) -> float:
        """Between `provider/region`s. Raises CatalogError where no price is known."""
        if origin == region or not gib:
            return 0.0
        provider, name = origin.split("/")
        gb = gib * GB_PER_GIB
        return gb * self.catalog.egress_usd_per_gb(provider, name, region, gb)

    def tariffs(self, regions: Iterable[str]) -> tuple[Tariff, ...]:
        """The prices of bringing the data to the first of these regions, and data and checkpoint on to each other."""
        chosen, *others = dict.fromkeys(regions)
        moved = [(self.work.data_region, region) for region in (chosen, *others) if self.work.data_gib]
        moved += [(chosen, region) for region in others if self.work.checkpoint_gib]
        return tuple(tier for origin, region in moved for tier in self._tiers(origin, region))

    def _tiers(self, origin: str, region: str) -> tuple[Tariff, ...]:
        provider, name = origin.split("/")
        return self.catalog.egress_tiers(provider, name, region)


def rents(work: TrainingWork, offers: Iterable[Offer], moves: Moves) -> tuple[list[Rent], list[Loser]]:
    """The offers that can do the work, and why the others of these cannot."""
    able: list[Rent] = []
    losers: list[Loser] = []
    for offer in offers:
        machines = machines_for(work, offer)
        reason = _refusal(work, offer, machines)
        if not reason:
            assert machines is not None and offer.usd_per_hour is not None  # noqa: S101, PT018 - else refused
            try:
                move_usd = moves.data_usd(f"{offer.provider}/{offer.region}")
            except CatalogError as error:
                reason = error.message
            else:
                able.append(
                    Rent(offer=offer, machines=machines, usd_per_hour=machines * offer.usd_per_hour, move_usd=move_usd)
                )
        if reason:
            losers.append(lost(offer, reason))
    return able, losers


def _refusal(work: TrainingWork, offer: Offer, machines: int | None) -> str:
    """Why an offer cannot be counted on; empty if it can."""
    if offer.capacity is Capacity.INVITATION:
        return "by invitation only"
    if offer.capacity not in work.capacity:
        return f"slipway:work.capacity does not name {offer.capacity}"
    if not offer.offered:
        return "has a price, but no offering was seen there"
    if machines is None:
        return f"has {offer.accelerators:g} in a machine; the work was measured on {work.per_machine}"
    if offer.usd_per_hour is None:
        return "the catalog has no price for it"
    if offer.capacity is Capacity.FLEX_START and work.machine_hours > _FLEX_START_MOST_H:
        return f"flex-start ends after {_FLEX_START_MOST_H} hours"
    return ""


def lost(offer: Offer, reason: str) -> Loser:
    return Loser(
        provider=offer.provider,
        region=offer.region,
        machine=offer.machine,
        capacity=offer.capacity,
        usd=None,
        reason=reason,
    )
