"""The policy pack over every stack, without an engine: what is mandatory in its environment finds nothing.

All is known, as when it is brought up; what a preview does not know yet is judged under the real engine.
"""

import json
from datetime import date

import pytest

from infra.policy.rules import RULES
from infra.policy.stack import Provider, Resource, Stack
from infra.policy.terms import terms_of
from infra.policy.wire import plain
from tests.stacks.graph import Graph, Registration
from tests.stacks.programs import STACKS, config_of, graph

_TODAY = date(2026, 11, 23)
_BEFORE = "urn:pulumi:stack::slipway::"


def judged(resources: Graph) -> Stack:
    """As the pack would get it from the engine."""
    made = {f"{each.type}::{each.name}": each for each in resources}
    return Stack(resources=tuple(_resource(each, urn, made) for urn, each in made.items()))


def _resource(each: Registration, urn: str, made: dict[str, Registration]) -> Resource:
    manager = None
    if each.provider:
        *_, kind, name, _id = each.provider.split("::")
        manager = Provider(name=name, props=made[f"{kind.rsplit('$', 1)[-1]}::{name}"].inputs)
    return Resource(
        type=each.type,
        name=each.name,
        props=plain(each.said),
        urn=f"{_BEFORE}{urn}",
        protect=each.protect,
        provider=manager,
        refs={key: tuple(f"{_BEFORE}{ref}" for ref in refs) for key, refs in each.refs.items()},
    )


def found(stack: str, resources: Graph) -> list[tuple[str, str]]:
    """Rule and message, of what is mandatory in the stack's environment."""
    config = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config_of(stack).items()}
    terms, whole = terms_of(config, _TODAY), judged(resources)
    return [
        (rule.name, finding.message)
        for rule in RULES
        if rule.mandatory_in(terms.environment)
        for said in (*(rule.check(each, terms) for each in whole.resources), rule.check_stack(whole, terms))
        for finding in said
    ]


@pytest.mark.parametrize("stack", STACKS)
def test_no_mandatory_rule_finds_anything(stack: str):
    assert not found(stack, graph(stack))


@pytest.mark.parametrize(
    ("stack", "without", "rule"),
    [
        ("aws-prod", "aws:ec2/flowLog:FlowLog", "networks-have-flow-logs"),
        ("gcp-prod", "gcp:billing/budget:Budget", "stacks-have-a-budget"),
        ("multi-prod", "aws:budgets/budget:Budget", "stacks-have-a-budget"),
        ("kubernetes", "kubernetes:policy/v1:PodDisruptionBudget", "replicas-have-a-budget"),
    ],
)
def test_what_a_stack_would_lack_is_found(stack: str, without: str, rule: str):
    less = Graph(each for each in graph(stack) if each.type != without)
    assert len(less) < len(graph(stack))
    assert rule in {name for name, _ in found(stack, less)}
