"""What clouds offer and charge, how far users are, how clean the power is: data files with source and date, one loader.

`Catalog.load()` reads them once, refuses what cannot be right, and answers questions; what it does not know is an error
that names the nearest that it does. Nothing here asks a cloud: `refresh` does, on demand and never in a preview. What
to do with the answers (where to run, how much it costs) is infra/placement's.
"""

from infra.catalog.age import check_age, check_day
from infra.catalog.catalog import INTERNET, Catalog
from infra.catalog.errors import CatalogError, PricesTooOld
from infra.catalog.rows import Accelerator, Capacity, Carbon, Latency, Offer, Place, Quality, Region, Tariff

__all__ = [
    "INTERNET",
    "Accelerator",
    "Capacity",
    "Carbon",
    "Catalog",
    "CatalogError",
    "Latency",
    "Offer",
    "Place",
    "PricesTooOld",
    "Quality",
    "Region",
    "Tariff",
    "check_age",
    "check_day",
]
