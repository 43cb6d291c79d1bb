"""From a preview to a bill: each resource to its pricer, before and after the update."""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.catalog import Catalog, CatalogError
from infra.cost.bill import Bill, Charge, Item
from infra.cost.context import Context
from infra.cost.errors import NotPriced
from infra.cost.inputs import table
from infra.cost.known import ANSWERING, BALANCER_SERVICE, BALANCERS, FREE, GATEWAY_ENDPOINT, ON_THE_NODES, PRICERS
from infra.cost.network import egress
from infra.cost.preview import Change, Preview, Resource
from infra.cost.usage import Usage


@dataclass(frozen=True, kw_only=True)
class _Side:
    """The stack before the update, or after it. answering: types that users' requests come to."""

    context: Context
    answering: tuple[str, ...]


def price(preview: Preview, catalog: Catalog, usage: Usage) -> Bill:
    """What the stack costs a month, and cost before. A resource without a figure is listed as such, never as 0."""
    before = _side({one.urn: one.before for one in preview.changes if one.before}, catalog, usage)
    after = _side({one.urn: one.after for one in preview.changes if one.after}, catalog, usage)
    charges: list[Charge] = []
    free = 0
    for change in preview.changes:
        if _is_free(change):
            free += 1
        else:
            charges.append(_charge(change, before, after))
    free += sum(1 for charge in charges if not (charge.items or charge.items_before or charge.unpriced))
    priced = [charge for charge in charges if charge.items or charge.items_before]
    priced.sort(key=lambda charge: (-max(charge.usd_per_month, charge.usd_before), charge.name))
    return Bill(
        stack=preview.stack,
        charges=tuple(priced),
        unpriced=tuple(sorted((one for one in charges if one.unpriced), key=lambda one: (one.type, one.name))),
        free=free,
        unseen=preview.unseen,
        assumed=tuple(usage.words()),
        catalog_digest=catalog.digest,
    )


def _side(resources: Mapping[str, Resource], catalog: Catalog, usage: Usage) -> _Side:
    """Users are answered by what is serverless; in a stack without that, through its balancers."""
    types = [resource.type for resource in resources.values()]
    answering = ANSWERING if any(kind in ANSWERING for kind in types) else BALANCERS
    count = sum(1 for kind in types if kind in answering)
    context = Context(catalog=catalog, usage=usage, resources=resources, answering=max(1, count))
    return _Side(context=context, answering=answering)


def _is_free(change: Change) -> bool:
    state = change.after or change.before
    if state is None:
        return False
    if change.type == BALANCER_SERVICE:
        try:
            return table(state.inputs, "spec").get("type") != "LoadBalancer"
        except NotPriced:  # what cannot be read is told as such, and is no zero
            return False
    if change.type == GATEWAY_ENDPOINT:
        return state.inputs.get("vpcEndpointType", "Gateway") == "Gateway"
    return change.type.startswith((*FREE, ON_THE_NODES))


def _charge(change: Change, before: _Side, after: _Side) -> Charge:
    items_before, reason_before = _items(change.before, before)
    items, reason = _items(change.after, after)
    state = change.after or change.before
    unpriced = reason or reason_before
    if unpriced:  # half a difference would mislead
        items = items_before = ()
    return Charge(
        name=change.name,
        type=change.type,
        region=state.region if state else "",
        op=change.op,
        items=items,
        items_before=items_before,
        unpriced=unpriced,
        priceable=change.type in PRICERS,
    )


def _items(resource: Resource | None, side: _Side) -> tuple[tuple[Item, ...], str]:
    """What a resource is billed for, or why that cannot be said."""
    if resource is None:
        return (), ""
    pricer = PRICERS.get(resource.type)
    if pricer is None:
        return (), "no figure in the catalog"
    try:
        items = pricer(resource, side.context)
        if resource.type in side.answering:
            items = [*items, *egress(resource.type.split(":", 1)[0], resource, side.context)]
    except NotPriced as error:
        return (), str(error)
    except CatalogError as error:
        return (), f"{error.message}; {error.hint}" if error.hint else error.message
    return tuple(items), ""
