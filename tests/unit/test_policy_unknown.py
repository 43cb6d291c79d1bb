"""Rules on what is not known, not there or not what it should be: they say less, and never fall over."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from infra.policy.rule import Finding
from infra.policy.rules import RULES
from infra.policy.stack import UNKNOWN, Resource, Stack
from tests.policy_twins import OTHERS, TWINS, Twin, stack
from tests.policy_twins.judging import TERMS

STRANGE: tuple[Any, ...] = (UNKNOWN, None, "", "strange", [], {}, [UNKNOWN], 0.5, True)
ALL_RESOURCES = [
    *(resource for twin in TWINS for made in (twin.fails, twin.passes) for resource in stack(made).resources),
    *stack(OTHERS).resources,
]


def judged(whole: Stack) -> list[Finding]:
    found = [finding for rule in RULES for one in whole.resources for finding in rule.check(one, TERMS)]
    return found + [finding for rule in RULES for finding in rule.check_stack(whole, TERMS)]


def changed(value: Any, into: Any) -> Iterator[Any]:
    """A tree with one of its parts changed, once for each of its parts."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield {**value, key: into}
            yield from ({**value, key: other} for other in changed(part, into))
    elif isinstance(value, list):
        for at, part in enumerate(value):
            yield [*value[:at], into, *value[at + 1 :]]
            yield from ([*value[:at], other, *value[at + 1 :]] for other in changed(part, into))


def kinds() -> list[Resource]:
    """One resource of each type, the one with most to say."""
    found: dict[str, Resource] = {}
    for resource in ALL_RESOURCES:
        if len(resource.props) > len(found.get(resource.type, replace(resource, props={})).props):
            found[resource.type] = resource
    return list(found.values())


@pytest.mark.parametrize("resource", kinds(), ids=lambda resource: resource.type)
def test_no_part_of_a_resource_makes_a_rule_fall_over(resource: Resource):
    for into in STRANGE:
        for props in changed(dict(resource.props), into):
            judged(Stack(resources=(replace(resource, props=props),)))


@pytest.mark.parametrize("twin", [twin for twin in TWINS if len(twin.passes) > 1], ids=str)
def test_no_part_of_what_belongs_together_makes_a_rule_fall_over(twin: Twin):
    whole = stack(twin.passes).resources
    for at, resource in enumerate(whole):
        for into in STRANGE:
            for props in changed(dict(resource.props), into):
                judged(Stack(resources=(*whole[:at], replace(resource, props=props, refs={}), *whole[at + 1 :])))


DOCUMENT = {
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["sts:AssumeRoleWithWebIdentity", "iam:PassRole"],
            "Resource": ["*"],
            "Principal": {"AWS": ["*"]},
            "Condition": {"StringEquals": {"aws:SourceAccount": ["1"], "a:sub": "b"}},
        }
    ]
}


@pytest.mark.parametrize("into", [None, "", "strange", [], {}, 0.5, True, [None], [[]]], ids=repr)
def test_no_part_of_a_policy_document_makes_a_rule_fall_over(into: Any):
    for document in changed(DOCUMENT, into):
        role = Resource(type="aws:iam/role:Role", name="r", props={"assumeRolePolicy": json.dumps(document)})
        judged(Stack(resources=(role,)))


@pytest.mark.parametrize("twin", TWINS, ids=str)
def test_what_is_well_is_not_refused_for_being_unknown(twin: Twin):
    """Each property in turn is what a cloud will only say later: nothing is held against it at preview."""
    whole = stack(twin.passes)
    for at, resource in enumerate(whole.resources):
        for key in resource.props:
            other = replace(resource, props={**resource.props, key: UNKNOWN}, refs={**resource.refs, key: ()})
            found = judged(Stack(resources=(*whole.resources[:at], other, *whole.resources[at + 1 :])))
            assert [finding for finding in found if finding.urn == resource.urn] == [], (resource.name, key)
