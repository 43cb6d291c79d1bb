"""What a refresh would change, row by row. Pure: the day is handed in."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from infra.catalog.refresh.sighting import Sighting
from infra.catalog.rows import Offer


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A row before and after."""

    before: Offer
    after: Offer

    @property
    def moved(self) -> bool:
        """Whether price or offering are others; if not, only source and date are."""
        return (self.before.usd_per_hour, self.before.zones, self.before.offered, self.before.estimated) != (
            self.after.usd_per_hour,
            self.after.zones,
            self.after.offered,
            self.after.estimated,
        )

    @property
    def percent(self) -> float | None:
        """By how much the price moved; None where there was none."""
        if self.before.usd_per_hour is None or self.after.usd_per_hour is None:
            return None
        return 100 * (self.after.usd_per_hour / self.before.usd_per_hour - 1)

    def __str__(self) -> str:
        row, old, new = self.before, self.before.usd_per_hour, self.after.usd_per_hour
        was = "no price" if old is None else f"{'~' * row.estimated}{old:g}"
        text = f"{row.provider}/{row.region} {row.machine} {row.capacity}: {was} -> {new:g} USD/h"
        if self.percent is not None:
            text += f" ({self.percent:+.1f} %)"
        gone = set(row.zones) - set(self.after.zones)
        come = set(self.after.zones) - set(row.zones)
        if come or gone:
            text += "; zones " + " ".join([f"+{zone}" for zone in sorted(come)] + [f"-{zone}" for zone in sorted(gone)])
        if row.offered != self.after.offered:
            text += "; now offered" if self.after.offered else "; no longer offered"
        return text


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """changes: rows that the cloud answered for, moved or only confirmed. unanswered: rows that keep price and date."""

    changes: tuple[Change, ...]
    unanswered: tuple[Offer, ...]


def compare(offers: Iterable[Offer], sightings: Iterable[Sighting], today: date) -> Difference:
    """Each offer beside its sighting. A row without a price today is left as it is, and so ages."""
    seen = {(row.provider, row.region, row.machine, row.capacity): row for row in sightings}
    changes: list[Change] = []
    unanswered: list[Offer] = []
    for offer in offers:
        sighting = seen.get((offer.provider, offer.region, offer.machine, offer.capacity))
        if sighting is None or sighting.usd_per_hour is None:
            unanswered.append(offer)
        else:
            changes.append(Change(before=offer, after=_renewed(offer, sighting, today)))
    return Difference(changes=tuple(changes), unanswered=tuple(unanswered))


def _renewed(offer: Offer, sighting: Sighting, today: date) -> Offer:
    zones = offer.zones if sighting.zones is None else sighting.zones
    return replace(
        offer,
        usd_per_hour=sighting.usd_per_hour,
        zones=zones,
        offered=bool(zones),
        estimated=False,
        note=sighting.note if zones else "a price, but no zone offers it",
        source=sighting.source,
        date=today,
    )
