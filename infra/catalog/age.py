"""Whether prices are young enough to plan with. Pure: the day is handed in."""

from collections.abc import Iterable
from datetime import date

from infra.catalog.catalog import Catalog
from infra.catalog.errors import PricesTooOld
from infra.catalog.rows import Offer, Tariff

MAX_AGE_DAYS = 400
"""What a stack allows that says nothing else."""


def check_age(catalog: Catalog, today: date, max_age_days: int, rows: Iterable[Offer | Tariff] | None = None) -> int:
    """Days since the oldest price was read, `rows` being those that a plan used (as in `Catalog.oldest`).

    Raises PricesTooOld that names the oldest when it is above `max_age_days`.
    """
    oldest = catalog.oldest(rows)
    age = (today - oldest.date).days
    if age > max_age_days:
        what = oldest.machine if isinstance(oldest, Offer) else f"{oldest.service} {oldest.item}"
        raise PricesTooOld(
            f"the price of {what} in {oldest.provider}/{oldest.region} is {age} days old, "
            f"and slipway:prices.max_age_days allows {max_age_days}",
            hint="renew them with `slipway prices refresh --write`, or raise the bound",
        )
    return age
