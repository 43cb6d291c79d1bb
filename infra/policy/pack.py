"""Rules as a policy pack: the one file that knows the SDK of policies, and the one place where today's date is read."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from infra.policy import wire
from infra.policy.rule import Rule
from infra.policy.rules import RULES
from infra.policy.stack import Provider, Resource, Stack
from infra.policy.terms import Terms, terms_of

Policy = ResourceValidationPolicy | StackValidationPolicy


class Pack:
    """Rules with the terms that they judge by, which change once the engine has told of the stack."""

    def __init__(self, rules: Sequence[Rule], today: date) -> None:
        self._rules = rules
        self._terms = Terms(today=today)
        self.policies: list[Policy] = [self._policy(rule) for rule in rules]
        self._set_levels()

    def hear(self, config: Mapping[str, str]) -> None:
        """Judge by this configuration from now on."""
        self._terms = terms_of(config, self._terms.today)
        self._set_levels()

    def _set_levels(self) -> None:
        for rule, policy in zip(self._rules, self.policies, strict=True):
            mandatory = rule.mandatory_in(self._terms.environment)
            policy.enforcement_level = EnforcementLevel.MANDATORY if mandatory else EnforcementLevel.ADVISORY

    def _policy(self, rule: Rule) -> Policy:
        if rule.survey:

            def look(args: StackValidationArgs, report: ReportViolation) -> None:
                stack = Stack(resources=tuple(_in_stack(resource) for resource in args.resources))
                for finding in rule.check_stack(stack, self._terms):
                    report(finding.message, finding.urn or None)

            return StackValidationPolicy(name=rule.name, description=rule.says, validate=look)

        def judge(args: ResourceValidationArgs, report: ReportViolation) -> None:
            for finding in rule.check(_alone(args), self._terms):
                report(finding.message, None)

        return ResourceValidationPolicy(name=rule.name, description=rule.says, validate=judge)


def _alone(args: ResourceValidationArgs) -> Resource:
    return Resource(
        type=args.resource_type,
        name=args.name,
        props=wire.Properties(args.props),
        urn=args.urn,
        protect=args.opts.protect,
        provider=_provider(args.provider),
    )


def _in_stack(found: Any) -> Resource:
    """Of a whole stack the engine gives what came out of each resource, and what it was made from."""
    return Resource(
        type=found.resource_type,
        name=found.name,
        props=wire.Properties(found.props),
        urn=found.urn,
        protect=found.opts.protect,
        provider=_provider(found.provider),
        refs={key: tuple(source.urn for source in sources) for key, sources in found.property_dependencies.items()},
    )


def _provider(given: Any) -> Provider | None:
    return Provider(name=given.name, props=wire.Properties(given.props)) if given else None


def serve() -> None:
    """Start the pack for the engine that asked for it; returns when that goes."""
    pack = Pack(RULES, date.today())
    wire.listen(pack.hear)
    PolicyPack(name="slipway", policies=list(pack.policies))
