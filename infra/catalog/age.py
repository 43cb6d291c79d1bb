"""Whether prices are young enough to plan with. Pure: the day is handed in."""

from collections.abc import Iterable
from datetime import date

from infra.catalog.catalog import Catalog
from infra.catalog.errors import PricesTooOld
from infra.catalog.rows import Offer, Tariff

MAX_AGE_DAYS = 400
"""What a stack allows that says nothing else."""

_OF_A_MACHINE = "renew it with `slipway prices refresh --write`, or raise the bound"
_OF_A_TARIFF = (
    "no refresh renews tariffs: write today's price, source and date into infra/catalog/data/tariffs.csv, or raise the "
    "bound"
)


def check_age(catalog: Catalog, today: date, max_age_days: int, rows: Iterable[Offer | Tariff] | None = None) -> int:
    """Days since the oldest price was read, `rows` being those that a plan used (as in `Catalog.oldest`).

    Raises PricesTooOld that names the oldest when it is above `max_age_days`.
    """
    oldest = catalog.oldest(rows)
    machine = isinstance(oldest, Offer)
    what = f"{oldest.machine} {oldest.capacity}" if isinstance(oldest, Offer) else f"{oldest.service} {oldest.item}"
    where = f"{oldest.provider}/{oldest.region}"
    return check_day(what, where, oldest.date, today, max_age_days, machine=machine)


def check_day(what: str, where: str, read: date, today: date, max_age_days: int, *, machine: bool) -> int:
    """Days since one price was read. machine: it is an offer's, which a refresh can renew, and no tariff.

    Raises PricesTooOld that names the price and how it is renewed.
    """
    age = (today - read).days
    if age > max_age_days:
        raise PricesTooOld(
            f"the price of {what} in {where} is {age} days old, and slipway:prices.max_age_days allows {max_age_days}",
            hint=_OF_A_MACHINE if machine else _OF_A_TARIFF,
        )
    return age
