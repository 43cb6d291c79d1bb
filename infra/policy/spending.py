"""A stack costs no more a month than its budget, by the catalog's prices.

The bill is infra/cost's, which `slipway cost` prints in full, with what it cannot price: that is not counted here.
"""

from collections.abc import Iterator
from typing import Any

from infra.catalog import Catalog
from infra.cost import Change, Preview, Usage, price
from infra.cost import Resource as Priced
from infra.policy.ideas import Spend
from infra.policy.rule import ANY_CLOUD, OUTSIDE_DEV, Found, Rule
from infra.policy.stack import UNKNOWN, Resource, Stack, is_block, is_list
from infra.policy.terms import Terms

_DEAREST = 3
_NOT_KNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What stands in a preview for a value that is not known: plugin.UnknownStringValue of the engine."""


def spend(stack: Stack) -> Iterator[Found]:
    """The bill of the whole stack, as if it were all new."""
    resources = [resource for resource in stack.resources if resource.custom and resource.cloud != "pulumi"]
    if not resources:
        return
    changes = tuple(
        Change(urn=resource.urn, op="create", before=None, after=_priceable(resource)) for resource in resources
    )
    bill = price(Preview(stack="", changes=changes, unseen=0), Catalog.load(), Usage())
    dearest = ", ".join(f"{charge.name} for {charge.usd_per_month:,.0f}" for charge in bill.charges[:_DEAREST])
    yield Found(at=None, idea=Spend(usd_per_month=bill.usd_per_month, dearest=dearest))


def over_budget(spend: Spend, terms: Terms) -> Iterator[str]:
    budget = terms.budget_usd_per_month
    if budget is not None and spend.usd_per_month > budget:
        yield f"the stack costs {spend.usd_per_month:,.0f} USD a month, {budget:,.0f} are budgeted; {spend.dearest}"


def _priceable(resource: Resource) -> Priced:
    return Priced(
        urn=resource.urn,
        type=resource.type,
        inputs=_as_in_a_preview(resource.props),
        region=resource.region,
        depends=resource.refs,
    )


def _as_in_a_preview(value: Any) -> Any:
    if value is UNKNOWN:
        return _NOT_KNOWN
    if is_block(value):
        return {key: _as_in_a_preview(part) for key, part in value.items()}
    return [_as_in_a_preview(part) for part in value] if is_list(value) else value


RULES = (
    Rule(
        name="stack-keeps-its-budget",
        concern="spending",
        says="What the catalog can price of a stack costs no more a month than the stack's budget.",
        mends="see `slipway cost` for the bill; take less, or raise slipway:budget.usd_per_month in a reviewed change",
        survey={ANY_CLOUD: spend},
        judge=over_budget,
        lenient=OUTSIDE_DEV,
    ),
)
