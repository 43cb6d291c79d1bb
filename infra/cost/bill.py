"""A stack's monthly bill, as values: what each resource costs, what it cost before, and what has no figure."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from infra.catalog import Offer, Tariff


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """quantity x unit_usd a month. row: the catalog's, with its source and date."""

    what: str
    quantity: float
    unit: str
    unit_usd: float
    row: Offer | Tariff

    @property
    def usd_per_month(self) -> float:
        return self.quantity * self.unit_usd


@dataclass(frozen=True, kw_only=True, slots=True)
class Charge:
    """What one resource costs with the update and without it.

    unpriced: why part or all of it has no figure. priceable: others of its type have one.
    """

    name: str
    type: str
    region: str
    op: str
    items: tuple[Item, ...] = ()
    items_before: tuple[Item, ...] = ()
    unpriced: str = ""
    priceable: bool = False

    @property
    def usd_per_month(self) -> float:
        return sum(item.usd_per_month for item in self.items)

    @property
    def usd_before(self) -> float:
        return sum(item.usd_per_month for item in self.items_before)

    @property
    def difference_usd(self) -> float:
        return self.usd_per_month - self.usd_before


@dataclass(frozen=True, kw_only=True, slots=True)
class Bill:
    """charges: dearest first. unpriced: resources that cost something for which there is no figure, or of a type that
    nothing here knows; they are not in the sum. free: how many have no price of their own. unseen: left out of the
    preview, so that the sum is of the rest.
    """

    stack: str
    charges: tuple[Charge, ...]
    unpriced: tuple[Charge, ...]
    free: int
    unseen: int
    assumed: tuple[str, ...]
    catalog_digest: str = field(repr=False)

    @property
    def usd_per_month(self) -> float:
        return sum(charge.usd_per_month for charge in self.charges)

    @property
    def usd_before(self) -> float:
        return sum(charge.usd_before for charge in self.charges)

    @property
    def difference_usd(self) -> float:
        return self.usd_per_month - self.usd_before

    def rows(self) -> Iterator[Offer | Tariff]:
        """All prices that this bill rests on."""
        for charge in self.charges:
            for item in (*charge.items, *charge.items_before):
                yield item.row
