"""The edge does not let one caller take it all."""

from collections.abc import Iterator

from infra.policy.aws import edge as aws
from infra.policy.gcp import edge as gcp
from infra.policy.ideas import Edge
from infra.policy.rule import OUTSIDE_DEV, Rule
from infra.policy.terms import Terms


def unlimited(edge: Edge, _: Terms) -> Iterator[str]:
    if edge.limited is False:
        yield f"{edge.what} lets one caller send as much as it likes"


RULES = (
    Rule(
        name="edge-limits-rates",
        concern="edge",
        says="What users reach first limits how much one of them can send.",
        mends="put a WAF with a rate rule before the distribution and a throttle on the API's stage (slipway:throttle)",
        mends_on={"gcp": "give the backend a Cloud Armor policy with a rule that throttles (slipway:throttle)"},
        survey={"aws": aws.edges, "gcp": gcp.edges},
        judge=unlimited,
        lenient=OUTSIDE_DEV,
    ),
)
