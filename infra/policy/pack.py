"""Rules as a policy pack: where they become the SDK's policies, and the one place where today's date is read."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    ReportViolation,
    ResourceValidationPolicy,
    StackValidationPolicy,
)

from infra.policy import wire
from infra.policy.rule import Finding, Rule
from infra.policy.rules import RULES
from infra.policy.terms import Terms, terms_of


class Pack:
    """Rules with the terms that they judge by, which change once the engine has told of the stack."""

    def __init__(self, rules: Sequence[Rule], today: date) -> None:
        self._rules = rules
        self._terms = Terms(today=today)
        self.policies = [self._policy(rule) for rule in rules]
        self._set_levels()

    def hear(self, config: Mapping[str, str]) -> None:
        """Judge by this configuration from now on."""
        self._terms = terms_of(config, self._terms.today)
        self._set_levels()

    def _set_levels(self) -> None:
        for rule, policy in zip(self._rules, self.policies, strict=True):
            mandatory = rule.mandatory_in(self._terms.environment)
            policy.enforcement_level = EnforcementLevel.MANDATORY if mandatory else EnforcementLevel.ADVISORY

    def _policy(self, rule: Rule) -> ResourceValidationPolicy | StackValidationPolicy:
        if rule.survey:
            return StackValidationPolicy(name=rule.name, description=rule.says, validate=self._asks(rule.check_stack))
        return ResourceValidationPolicy(name=rule.name, description=rule.says, validate=self._asks(rule.check))

    def _asks(self, check: Callable[[Any, Terms], Iterable[Finding]]) -> Callable[[Any, ReportViolation], None]:
        def validate(subject: Any, report: ReportViolation) -> None:
            for finding in check(subject, self._terms):
                report(finding.message, finding.urn or None)

        return validate


def serve() -> None:
    """Answer the engine that started this process, until it goes."""
    pack = Pack(RULES, date.today())
    wire.listen(pack.policies, pack.hear)
    PolicyPack(name="slipway", policies=[*pack.policies])
