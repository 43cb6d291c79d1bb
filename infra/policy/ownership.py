"""Every resource says whose it is, and every stack tells somebody what it spends."""

from collections.abc import Iterator

from infra.policy.aws import account as aws
from infra.policy.gcp import account as gcp
from infra.policy.ideas import Budgets, Labelled
from infra.policy.kubernetes import account as kubernetes
from infra.policy.rule import Rule
from infra.policy.terms import Terms

LABELS = ("owner", "environment", "cost-center")


def unowned(resource: Labelled, _: Terms) -> Iterator[str]:
    missing = [label for label in LABELS if not resource.labels.get(label)]
    if missing:
        yield f"it lacks the label{'s' * (len(missing) > 1)} {', '.join(missing)}"


def unbudgeted(budgets: Budgets, _: Terms) -> Iterator[str]:
    if not budgets.count:
        yield f"the stack has no budget on {budgets.cloud}"
    elif not budgets.alerting:
        yield f"the stack's budget on {budgets.cloud} tells nobody"


RULES = (
    Rule(
        name="resources-have-an-owner",
        concern="ownership",
        says="Whatever can carry labels says its owner, its environment and where its cost is booked.",
        mends="make it with one of the stack's own providers, whose default labels are infra/labels.py",
        mends_on={"kubernetes": "put infra/labels.py on the namespace"},
        find={"aws": aws.labelled, "gcp": gcp.labelled, "kubernetes": kubernetes.labelled},
        judge=unowned,
    ),
    Rule(
        name="stacks-have-a-budget",
        concern="ownership",
        says="A stack has a budget, and somebody who is told when it runs out.",
        mends="set slipway:budget, with an address for alerts",
        survey={"aws": aws.budgets, "gcp": gcp.budgets},
        judge=unbudgeted,
    ),
)
