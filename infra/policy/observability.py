"""Logs are kept long enough to be of use, and not for ever."""

from collections.abc import Iterator

from infra.policy.aws import account as aws
from infra.policy.gcp import account as gcp
from infra.policy.ideas import Logs
from infra.policy.rule import IN_PRODUCTION, Rule
from infra.policy.terms import Terms

_LEAST_DAYS = 30
"""How long it takes to look back at what somebody did last month. Our own choice, not a limit of any cloud's."""


def endless_logs(logs: Logs, _: Terms) -> Iterator[str]:
    if logs.days == 0:
        yield "what is logged is kept, and paid for, for ever"


def short_logs(logs: Logs, _: Terms) -> Iterator[str]:
    if logs.days is not None and 0 < logs.days < _LEAST_DAYS:
        yield f"what is logged is gone after {logs.days} days"


RULES = (
    Rule(
        name="logs-have-an-end",
        concern="observability",
        says="A log group says how long it keeps what it gets.",
        mends="set retention_in_days (slipway:observability.log_days)",
        find={"aws": aws.logs},
        judge=endless_logs,
    ),
    Rule(
        name="logs-last-a-month",
        concern="observability",
        says=f"Production can look back at {_LEAST_DAYS} days of logs.",
        mends="set retention_in_days to 30 or more (slipway:observability.log_days, slipway:network.flow_log_days)",
        mends_on={"gcp": "set retention_days to 30 or more (slipway:observability.log_days)"},
        find={"aws": aws.logs, "gcp": gcp.logs},
        judge=short_logs,
        lenient=IN_PRODUCTION,
    ),
)
