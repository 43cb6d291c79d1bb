"""Resources are where the stack's settings allow, and nowhere by accident."""

from collections.abc import Iterator

from infra.policy.aws import account as aws
from infra.policy.gcp import account as gcp
from infra.policy.ideas import Managed, Placed
from infra.policy.rule import Rule
from infra.policy.stack import Resource
from infra.policy.terms import Terms


def managed(resource: Resource) -> Iterator[Managed]:
    """The same on every cloud: the engine itself says which provider manages a resource."""
    if resource.provider:
        yield Managed(by_default=resource.provider.default)


def outside(placed: Placed, terms: Terms) -> Iterator[str]:
    if terms.regions and placed.region not in terms.regions and not placed.worldwide:
        yield f"it is in {placed.region}, and the stack may be in {', '.join(sorted(terms.regions))}"


def by_accident(managed: Managed, _: Terms) -> Iterator[str]:
    if managed.by_default:
        yield "its provider is the default one, which takes region and account from whoever's shell it is run in"


RULES = (
    Rule(
        name="resources-stay-in-their-regions",
        concern="residency",
        says="Every resource is in a region that the stack's settings allow.",
        mends="give it the provider of an allowed region, or add the region to slipway:regions",
        find={"aws": aws.placed, "gcp": gcp.placed},
        judge=outside,
    ),
    Rule(
        name="no-default-provider",
        concern="residency",
        says="Every resource has a provider that says region and account.",
        mends="pass the provider of its region in the resource options, or a parent that has it",
        find=dict.fromkeys(("aws", "gcp", "kubernetes"), managed),
        judge=by_accident,
    ),
)
