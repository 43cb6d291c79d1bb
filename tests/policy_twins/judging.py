"""What the rules say of resources that a test made."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from infra.policy.rules import RULES
from infra.policy.terms import Terms
from tests.policy_twins.twin import Made, stack

TERMS = Terms(
    today=date(2026, 11, 23),
    environment="prod",
    regions=frozenset({"us-east-1", "us-central1"}),
    budget_usd_per_month=1000,
)
_OF_A_WHOLE_STACK = {"stacks-have-a-budget"}
"""Which what a test makes is no part of."""


def refused(*made: Made, terms: Terms = TERMS) -> set[str]:
    """Names of rules that have something against a stack of these."""
    whole = stack(made)
    found = {rule.name for rule in RULES if any(rule.check_stack(whole, terms))}
    found |= {rule.name for rule in RULES for one in whole.resources if any(rule.check(one, terms))}
    return found - _OF_A_WHOLE_STACK


def other(made: Made, props: Mapping[str, Any]) -> Made:
    """The same with other properties; None takes one away."""
    return replace(made, props={**made.props, **props})
