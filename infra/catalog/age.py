"""Whether prices are young enough to plan with. Pure: the day is handed in."""

from collections.abc import Iterable
from datetime import date

from infra.catalog.catalog import Catalog
from infra.catalog.errors import CatalogError, PricesTooOld
from infra.catalog.rows import Offer, Tariff

MAX_AGE_DAYS = 400
"""What a stack allows that says nothing else."""

_OF_A_MACHINE = "renew it with `slipway prices refresh --write`, or raise the bound"
_OF_A_TARIFF = (
    "no refresh renews tariffs: write today's price, source and date into infra/catalog/data/tariffs.csv, or raise the "
    "bound"
)
_AHEAD_DAYS = 366
"""From there on it is a wrong year in a row, and not a clock that is behind."""


def check_age(catalog: Catalog, today: date, max_age_days: int, rows: Iterable[Offer | Tariff] | None = None) -> int:
    """Days since the oldest price was read, `rows` being those that a plan used (as in `Catalog.oldest`).

    Raises PricesTooOld that names the oldest when it is above `max_age_days`, and CatalogError for one from the future.
    """
    used = None if rows is None else tuple(rows)
    oldest = catalog.oldest(used)
    newest = max(used or (oldest,), key=lambda row: row.date)
    age, _ = (_check(row, today, max_age_days) for row in (oldest, newest))
    return age


def check_day(what: str, where: str, read: date, today: date, max_age_days: int, *, machine: bool) -> int:
    """Days since one price was read. machine: it is an offer's, which a refresh can renew, and no tariff.

    Raises PricesTooOld that names the price and how it is renewed, and CatalogError where it would never be old.
    """
    age = (today - read).days
    if age < -_AHEAD_DAYS:
        raise CatalogError(f"the price of {what} in {where} is dated {read}, which is still to come", hint="mend it")
    if age > max_age_days:
        raise PricesTooOld(
            f"the price of {what} in {where} is {age} days old, and slipway:prices.max_age_days allows {max_age_days}",
            hint=_OF_A_MACHINE if machine else _OF_A_TARIFF,
        )
    return age


def _check(row: Offer | Tariff, today: date, max_age_days: int) -> int:
    what = f"{row.machine} {row.capacity}" if isinstance(row, Offer) else f"{row.service} {row.item}"
    where = f"{row.provider}/{row.region}"
    return check_day(what, where, row.date, today, max_age_days, machine=isinstance(row, Offer))
