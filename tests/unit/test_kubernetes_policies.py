"""The policy pack over every variant of the Kubernetes half, as the engine would hand it over in production."""

from datetime import date

import pytest

from infra.kubernetes.objects import token
from infra.policy.rules import RULES
from infra.policy.stack import Provider, Resource, Stack
from infra.policy.terms import Terms
from tests.kubernetes_objects import VARIANTS, variant

TERMS = Terms(today=date(2026, 11, 23), environment="prod")
PROVIDER = Provider(name="kubernetes-models", props={"clusterIdentifier": "models"})


@pytest.fixture(params=VARIANTS)
def stack(request: pytest.FixtureRequest) -> Stack:
    return Stack(
        resources=tuple(
            Resource(
                type=token(manifest),
                name=name,
                props=manifest,
                urn=f"urn:pulumi:kubernetes::slipway::{token(manifest)}::{name}",
                provider=PROVIDER,
            )
            for name, manifest in variant(request.param).items()
        )
    )


def test_no_rule_finds_anything_in_any_variant(stack: Stack):
    found = [
        (rule.name, finding.urn, finding.message)
        for rule in RULES
        for judged in (*(rule.check(each, TERMS) for each in stack.resources), rule.check_stack(stack, TERMS))
        for finding in judged
    ]
    assert not found
