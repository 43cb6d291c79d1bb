"""Where AWS says what becomes of a message that fails, and how much of a function may run at once."""

from collections.abc import Iterator

from infra.policy.ideas import Function, Queue
from infra.policy.rule import Found
from infra.policy.stack import UNKNOWN, Resource, Stack

_QUEUE = "aws:sqs/queue:Queue"
_DEFAULT_KEPT_S = 345_600  # SQS' own: four days


def queues(stack: Stack) -> Iterator[Found]:
    for queue in stack.of(_QUEUE):
        kept = queue.number("messageRetentionSeconds", _DEFAULT_KEPT_S)
        yield Found(
            at=queue,
            idea=Queue(
                dead_letters=_puts_aside(stack, queue),
                takes_dead_letters=_takes(stack, queue),
                kept_s=_DEFAULT_KEPT_S if kept is None else kept,
            ),
        )


def _puts_aside(stack: Stack, queue: Resource) -> bool:
    """A redrive policy that is not known yet names a queue that is about to be made."""
    own = queue.get("redrivePolicy")
    given = bool(queue.refs.get("redrivePolicy")) or (own is not UNKNOWN and bool(own))
    return given or any(stack.about(queue, "queueUrl", "aws:sqs/redrivePolicy:RedrivePolicy", by=("id", "url")))


def _takes(stack: Stack, queue: Resource) -> bool:
    if any(stack.about(queue, "queueUrl", "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy", by=("id", "url"))):
        return True
    arn = queue.get("arn")
    for resource in stack.resources:
        for key in ("redrivePolicy", "deadLetterConfig", "onFailure", "destinationConfig"):
            if queue.urn in resource.refs.get(key, ()) or (isinstance(arn, str) and arn in str(resource.get(key, ""))):
                return True
    return False


def functions(resource: Resource) -> Iterator[Function]:
    if resource.type == "aws:lambda/function:Function":
        yield Function(ceiling=resource.number("reservedConcurrentExecutions", -1))
