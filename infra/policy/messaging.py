"""Work that fails is put aside for a person, and no caller can start functions without end."""

from collections.abc import Iterator

from infra.policy.aws import messaging as aws
from infra.policy.gcp import messaging as gcp
from infra.policy.ideas import Function, Queue
from infra.policy.rule import OUTSIDE_DEV, Rule
from infra.policy.terms import Terms

_NEWS_S = 3600
"""What a queue forgets within an hour is news for who listens, not work that must be done."""


def loses_failures(queue: Queue, _: Terms) -> Iterator[str]:
    if not queue.dead_letters and not queue.takes_dead_letters and queue.kept_s > _NEWS_S:
        yield "a message that always fails comes back until it is forgotten"


def endless(function: Function, _: Terms) -> Iterator[str]:
    if function.ceiling is not None and function.ceiling < 0:
        yield "nothing says how often it runs at once: as often as callers ask, until the quota is used up for others"


def forgotten(queue: Queue, _: Terms) -> Iterator[str]:
    if queue.expires:
        yield "the subscription is deleted, with what waits in it, when nobody takes from it for a while"


RULES = (
    Rule(
        name="queues-have-dead-letters",
        concern="messaging",
        says="A message that fails again and again waits in a dead-letter queue for a person.",
        mends="add a redrive policy with a dead-letter queue",
        mends_on={"gcp": "add a dead_letter_policy with a topic, and a subscription that keeps what comes there"},
        survey={"aws": aws.queues, "gcp": gcp.queues},
        judge=loses_failures,
    ),
    Rule(
        name="queues-do-not-expire",
        concern="messaging",
        says="A queue that nobody takes from stays; a service may rest at zero for longer than a month.",
        mends="give the subscription an expiration_policy with an empty ttl",
        survey={"gcp": gcp.queues},
        judge=forgotten,
        lenient=OUTSIDE_DEV,
    ),
    Rule(
        name="functions-have-a-ceiling",
        concern="messaging",
        says="A function has a number of its own of how many run at once.",
        mends="set reserved_concurrent_executions (slipway:serverless.max_instances)",
        mends_on={"gcp": "set max_instance_count (slipway:serverless.max_instances)"},
        find={"aws": aws.functions, "gcp": gcp.functions},
        judge=endless,
        lenient=OUTSIDE_DEV,
    ),
)
