"""News of nodes that AWS is about to take back, in one queue per region: who drains nodes reads it there.

Spot warnings come two minutes ahead, advice to rebalance earlier, maintenance days ahead. AWS asks nobody when it sends
them, so the queue stands whether something reads it or not.
"""

import json
from dataclasses import dataclass

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_aws import sqs
from pulumi_aws.cloudwatch import EventRule, EventTarget

from infra.aws.policies import allow_service, deny_plain_text, document

_KEPT_S = 300  # news of a node older than this is of no use

_EVENTS = {
    "spot": ("aws.ec2", "EC2 Spot Instance Interruption Warning"),
    "rebalance": ("aws.ec2", "EC2 Instance Rebalance Recommendation"),
    "state": ("aws.ec2", "EC2 Instance State-change Notification"),
    "health": ("aws.health", "AWS Health Event"),
}


@dataclass(frozen=True, kw_only=True)
class InterruptionsArgs:
    key_arn: Output[str]


class Interruptions(ComponentResource):
    """spot_rule_name: matches warnings that AWS takes a node back, and nothing else that is in the queue."""

    url: Output[str]
    arn: Output[str]
    spot_rule_name: Output[str]

    def __init__(self, name: str, args: InterruptionsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:aws:Interruptions", name, None, opts)
        child = ResourceOptions(parent=self)
        queue = sqs.Queue(name, message_retention_seconds=_KEPT_S, kms_master_key_id=args.key_arn, opts=child)
        rules = {
            kind: EventRule(
                f"{name}-{kind}",
                description=title,
                event_pattern=json.dumps({"source": [source], "detail-type": [title]}),
                opts=child,
            )
            for kind, (source, title) in _EVENTS.items()
        }
        allowed = sqs.QueuePolicy(
            name,
            queue_url=queue.url,
            policy=document(
                allow_service(
                    "events.amazonaws.com",
                    "sqs:SendMessage",
                    on=[queue.arn],
                    when={"ArnEquals": {"aws:SourceArn": [rule.arn for rule in rules.values()]}},
                ),
                deny_plain_text("sqs:*", on=[queue.arn]),
            ),
            opts=child,
        )
        for kind, rule in rules.items():
            EventTarget(
                f"{name}-{kind}",
                rule=rule.name,
                arn=queue.arn,
                opts=ResourceOptions(parent=self, depends_on=[allowed]),
            )
        self.url, self.arn, self.spot_rule_name = queue.url, queue.arn, rules["spot"].name
        self.register_outputs({"url": self.url, "arn": self.arn})
