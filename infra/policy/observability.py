"""Logs are kept long enough to be of use, and not for ever."""

from collections.abc import Iterator

from infra.policy.aws import account as aws
from infra.policy.ideas import Logs
from infra.policy.rule import Rule
from infra.policy.terms import Terms


def endless_logs(logs: Logs, _: Terms) -> Iterator[str]:
    if logs.days == 0:
        yield "what is logged is kept, and paid for, for ever"


RULES = (
    Rule(
        name="logs-have-an-end",
        concern="observability",
        says="A log group says how long it keeps what it gets.",
        mends="set retention_in_days (slipway:observability.log_days)",
        find={"aws": aws.logs},
        judge=endless_logs,
    ),
)
