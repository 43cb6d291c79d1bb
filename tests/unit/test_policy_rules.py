"""Every rule refuses its failing twin and has nothing to say about its passing one; no rule has anything against it."""

import pytest

from infra.policy.rule import ANY_CLOUD, Finding, Rule
from infra.policy.rules import RULES
from infra.policy.stack import Stack
from tests.policy_twins import TWINS, Twin, stack, urn
from tests.policy_twins.judging import TERMS

BY_NAME = {rule.name: rule for rule in RULES}


def judged(rule: Rule, whole: Stack) -> list[Finding]:
    alone = (finding for resource in whole.resources for finding in rule.check(resource, TERMS))
    return [*alone, *rule.check_stack(whole, TERMS)]


def test_every_name_is_one_rules():
    assert len(BY_NAME) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_has_a_twin_on_each_of_its_clouds(rule: Rule):
    twins = [twin.cloud for twin in TWINS if twin.rule == rule.name]
    assert len(twins) == len(set(twins))
    assert twins
    assert {*rule.clouds} - {ANY_CLOUD, "pulumi"} <= {*twins}


def test_there_are_at_least_twenty_five_rules_for_aws():
    assert sum("aws" in rule.clouds or ANY_CLOUD in rule.clouds for rule in RULES) >= 25


def test_there_are_at_least_forty_rules_for_gcp_and_kubernetes():
    assert sum(bool({"gcp", "kubernetes"} & {*rule.clouds}) for rule in RULES) >= 40


@pytest.mark.parametrize("twin", TWINS, ids=str)
def test_what_breaks_a_rule_is_refused_by_it(twin: Twin):
    findings = judged(BY_NAME[twin.rule], stack(twin.fails))
    assert findings
    assert {finding.urn for finding in findings} <= {"", *(urn(made.type, made.name) for made in twin.fails)}


@pytest.mark.parametrize("twin", TWINS, ids=str)
def test_the_message_says_how_to_mend_it(twin: Twin):
    rule = BY_NAME[twin.rule]
    mends = rule.mended_on(twin.cloud)
    assert all(finding.message.endswith(f". To mend it: {mends}") for finding in judged(rule, stack(twin.fails)))


@pytest.mark.parametrize("twin", TWINS, ids=str)
def test_the_same_mended_is_refused_by_no_rule(twin: Twin):
    # a budget is of a whole stack, and stands in one twin only
    others = [rule for rule in RULES if rule.name != "stacks-have-a-budget" or twin.rule == rule.name]
    assert [finding for rule in others for finding in judged(rule, stack(twin.passes))] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_is_mandatory_in_production(rule: Rule):
    assert rule.mandatory_in("prod")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_looks_at_a_resource_or_at_the_stack_never_at_both(rule: Rule):
    assert bool(rule.find) != bool(rule.survey)
