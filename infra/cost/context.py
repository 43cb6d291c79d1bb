"""What a pricer gets besides its resource: the catalog, the usage assumed, and the other resources of that state."""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.catalog import Catalog
from infra.cost.bill import Item
from infra.cost.errors import NotPriced
from infra.cost.preview import Resource
from infra.cost.usage import Usage


@dataclass(frozen=True, kw_only=True)
class Context:
    """resources: by URN, as they are before or after the update. answering: how many of them answer requests."""

    catalog: Catalog
    usage: Usage
    resources: Mapping[str, Resource]
    answering: int = 1

    def tariff(
        self, provider: str, service: str, item: str, resource: Resource, quantity: float, what: str = ""
    ) -> Item:
        """An item at the price of its first unit. Raises CatalogError where there is none."""
        row = self.catalog.tariff(provider, service, item, region_of(resource))
        return Item(what=what or item, quantity=quantity, unit=row.unit, unit_usd=row.usd, row=row)

    def machine(
        self, provider: str, resource: Resource, machine: str, capacity: str, machines: float, what: str
    ) -> Item:
        """Machines for the month's hours. Raises CatalogError where there is no offer or no price."""
        region = region_of(resource)
        self.catalog.usd_per_hour(provider, region, machine, capacity)
        row = self.catalog.offer(provider, region, machine, capacity)
        return Item(
            what=what,
            quantity=machines * self.usage.hours,
            unit="hour",
            unit_usd=row.usd_per_hour or 0.0,
            row=row,
        )

    def source_of(self, resource: Resource, key: str, type_: str) -> Resource | None:
        """The resource of that type that an input was made from, if the preview shows it."""
        found = (self.resources.get(urn) for urn in resource.depends.get(key, ()))
        return next((one for one in found if one is not None and one.type == type_), None)


def region_of(resource: Resource) -> str:
    if not resource.region:
        raise NotPriced("its region is not in the preview; --show-sames adds the providers")
    return resource.region
