"""A price tied to what causes it: once for a region, for each replica, or for each request per second of load.

The same charges make an option's coefficients and, once a plan is chosen, the lines of its bill; so a bill always adds
up to what was optimised.
"""

import math
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from infra.catalog import Offer, Tariff

MONTH_H = 730.0  # 365 days / 12
MONTH_S = MONTH_H * 3600

Per = Literal["provider", "region", "minimum", "replica", "rps"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Charge:
    """quantity x unit_usd a month, for each of what it is charged per.

    what: a line of the bill, as `instances`. per: `minimum` is each replica below which there are never fewer; `rps`
    each request per second of load in the busiest hour.
    """

    what: str
    per: Per
    quantity: float
    unit: str
    unit_usd: float
    source: str
    date: date
    estimated: bool

    @property
    def usd_per_month(self) -> float:
        return self.quantity * self.unit_usd


def at_tariff(what: str, per: Per, quantity: float, tariff: Tariff) -> Charge:
    return Charge(
        what=what,
        per=per,
        quantity=quantity,
        unit=tariff.unit,
        unit_usd=tariff.usd,
        source=tariff.source,
        date=tariff.date,
        estimated=tariff.estimated,
    )


def at_offer(what: str, per: Per, hours: float, offer: Offer, usd_per_hour: float) -> Charge:
    return Charge(
        what=what,
        per=per,
        quantity=hours,
        unit="hour",
        unit_usd=usd_per_hour,
        source=offer.source,
        date=offer.date,
        estimated=offer.estimated,
    )


def part_of(charge: Charge, part: float, *, what: str = "", per: Per | None = None) -> Charge:
    """A part of the quantity, under another name or cause where one is given."""
    return replace(charge, what=what or charge.what, per=per or charge.per, quantity=charge.quantity * part)


def total_usd(charges: tuple[Charge, ...], per: Per) -> float:
    """A month of all charges of one kind, for one of what they are charged per."""
    return math.fsum(charge.usd_per_month for charge in charges if charge.per == per)
