"""The task queue of one region: SQS with a dead-letter queue.

Gives a queue that loses nothing: a task that fails `MAX_ATTEMPTS` times waits in the dead-letter queue for a person.
Does not create roles (identity.py) or alarms (observability.py).
"""

from dataclasses import dataclass

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_aws import sqs

from infra.aws.policies import deny_plain_text, document
from infra.settings import WorkerSettings

MAX_ATTEMPTS = 5
_RETENTION_S = 14 * 24 * 3600  # the longest SQS keeps a message
_LONG_POLL_S = 20  # the longest SQS holds a request open; fewer empty answers to pay for


@dataclass(frozen=True, kw_only=True)
class QueueArgs:
    """settings: of the worker, whose visibility_s is how long it may hold a task before another gets it."""

    settings: WorkerSettings
    key_arn: Output[str]


class Queue(ComponentResource):
    url: Output[str]
    arn: Output[str]
    dead_letter_arn: Output[str]
    dead_letter_name: Output[str]

    def __init__(self, name: str, args: QueueArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:aws:Queue", name, None, opts)
        child = ResourceOptions(parent=self)

        dead = sqs.Queue(
            f"{name}-dead",
            message_retention_seconds=_RETENTION_S,
            kms_master_key_id=args.key_arn,
            opts=child,
        )
        queue = sqs.Queue(
            name,
            visibility_timeout_seconds=round(args.settings.visibility_s),
            message_retention_seconds=_RETENTION_S,
            receive_wait_time_seconds=_LONG_POLL_S,
            kms_master_key_id=args.key_arn,
            redrive_policy=Output.json_dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": MAX_ATTEMPTS}),
            opts=child,
        )
        sqs.RedriveAllowPolicy(
            f"{name}-dead",
            queue_url=dead.url,
            redrive_allow_policy=Output.json_dumps({"redrivePermission": "byQueue", "sourceQueueArns": [queue.arn]}),
            opts=child,
        )
        refuse_plain_text(f"{name}-dead", dead, child)
        refuse_plain_text(name, queue, child)

        self.url, self.arn = queue.url, queue.arn
        self.dead_letter_arn, self.dead_letter_name = dead.arn, dead.name
        self.register_outputs({"url": self.url, "arn": self.arn, "dead_letter_arn": self.dead_letter_arn})


def refuse_plain_text(name: str, queue: sqs.Queue, opts: ResourceOptions) -> sqs.QueuePolicy:
    """The policy of a queue that only roles of the account use: TLS or nothing."""
    return sqs.QueuePolicy(
        name, queue_url=queue.url, policy=document(deny_plain_text("sqs:*", on=[queue.arn])), opts=opts
    )
