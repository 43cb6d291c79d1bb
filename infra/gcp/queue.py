"""The task queue of one region: Pub/Sub with a dead-letter topic.

Gives a queue that loses nothing: a task that fails `MAX_ATTEMPTS` times waits with the dead letters for a person.
"""

from dataclasses import dataclass

from pulumi import ComponentResource, Output, Resource, ResourceOptions
from pulumi_gcp import pubsub

from infra.gcp.encryption import agent
from infra.settings import WorkerSettings

MAX_ATTEMPTS = 5
_DAY_S = 24 * 3600
_RETENTION = f"{7 * _DAY_S}s"
_DEAD_RETENTION = f"{14 * _DAY_S}s"
_ACK_S_MIN, _ACK_S_MAX = 10, 600  # Pub/Sub's bounds on how long a worker may hold a task before another gets it


@dataclass(frozen=True, kw_only=True)
class QueueArgs:
    """settings: of the worker, whose visibility_s is how long it may hold a task before another gets it."""

    project: str
    project_number: str
    region: str
    settings: WorkerSettings
    key_id: Output[str]
    key_use: Resource


class Queue(ComponentResource):
    """url: pubsub://<project>/<topic>/<subscription>. dead_name: of the subscription that holds the dead letters."""

    url: Output[str]
    topic: Output[str]
    subscription: Output[str]
    dead_name: Output[str]

    def __init__(self, name: str, args: QueueArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:gcp:Queue", name, None, opts)
        self._args, self._child = args, ResourceOptions(parent=self)

        dead, topic = self._topic(f"{name}-dead"), self._topic(name)
        kept = pubsub.Subscription(
            f"{name}-dead",
            topic=dead.id,
            message_retention_duration=_DEAD_RETENTION,
            expiration_policy={"ttl": ""},  # never: it is empty as long as all is well
            opts=self._child,
        )
        visible_s = min(max(round(args.settings.visibility_s), _ACK_S_MIN), _ACK_S_MAX)
        subscription = pubsub.Subscription(
            name,
            topic=topic.id,
            ack_deadline_seconds=visible_s,
            message_retention_duration=_RETENTION,
            enable_exactly_once_delivery=True,
            expiration_policy={"ttl": ""},
            retry_policy={"minimum_backoff": "1s", "maximum_backoff": "600s"},
            dead_letter_policy={"dead_letter_topic": dead.id, "max_delivery_attempts": MAX_ATTEMPTS},
            opts=self._child,
        )
        self._let_pubsub_bury(name, dead, subscription)
        self.topic, self.subscription, self.dead_name = topic.name, subscription.name, kept.name
        self.url = Output.concat("pubsub://", args.project, "/", topic.name, "/", subscription.name)
        self.register_outputs({"url": self.url})

    def _topic(self, name: str) -> pubsub.Topic:
        args = self._args
        return pubsub.Topic(
            name,
            kms_key_name=args.key_id,
            message_storage_policy={"allowed_persistence_regions": [args.region], "enforce_in_transit": True},
            opts=ResourceOptions(parent=self, depends_on=[args.key_use]),
        )

    def _let_pubsub_bury(self, name: str, dead: pubsub.Topic, subscription: pubsub.Subscription) -> None:
        """Dead letters are put there by Pub/Sub itself, which takes them out of the subscription."""
        itself = agent(self._args.project_number, "gcp-sa-pubsub")
        pubsub.TopicIAMMember(
            f"{name}-dead", topic=dead.id, role="roles/pubsub.publisher", member=itself, opts=self._child
        )
        pubsub.SubscriptionIAMMember(
            name, subscription=subscription.name, role="roles/pubsub.subscriber", member=itself, opts=self._child
        )
