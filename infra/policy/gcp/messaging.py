"""Where Google says what becomes of a message that fails or waits, and how much of a service may run at once."""

from collections.abc import Iterator

from infra.policy.ideas import Function, Queue
from infra.policy.rule import Found
from infra.policy.stack import UNKNOWN, Resource, Stack

_SUBSCRIPTION, _TOPIC = "gcp:pubsub/subscription:Subscription", "gcp:pubsub/topic:Topic"
_DEFAULT_KEPT_S = 604_800  # Pub/Sub's own: seven days
_SERVICE = "gcp:cloudrunv2/service:Service"
_ENDLESS = -1


def queues(stack: Stack) -> Iterator[Found]:
    for subscription in stack.of(_SUBSCRIPTION):
        yield Found(
            at=subscription,
            idea=Queue(
                dead_letters=bool(subscription.get("deadLetterPolicy")),
                takes_dead_letters=_takes(stack, subscription),
                kept_s=_kept_s(subscription),
                expires=_expires(subscription),
            ),
        )


def _takes(stack: Stack, subscription: Resource) -> bool:
    """Whether its topic is where another subscription puts what fails, or is not known."""
    said, made = subscription.get("topic"), {*subscription.refs.get("topic", ())}
    if said is UNKNOWN and not made:
        return True
    named = (topic.urn for topic in stack.of(_TOPIC) if said in (topic.get("id"), topic.get("name")))
    topics = made | {*named}
    for other in stack.of(_SUBSCRIPTION):
        dead = other.get("deadLetterPolicy.deadLetterTopic")
        if topics & {*other.refs.get("deadLetterPolicy", ())} or (isinstance(dead, str) and dead == said):
            return True
    return False


def _kept_s(subscription: Resource) -> int:
    said = (subscription.text("messageRetentionDuration") or "").removesuffix("s")
    return int(said) if said.isdecimal() else _DEFAULT_KEPT_S


def _expires(subscription: Resource) -> bool | None:
    """A month after nobody took from it any more, unless the policy says never, which is an empty text."""
    policy = subscription.get("expirationPolicy")
    if policy is None:
        return True
    ttl = subscription.get("expirationPolicy.ttl", "")
    return None if UNKNOWN in (policy, ttl) else ttl != ""


def functions(resource: Resource) -> Iterator[Function]:
    if resource.type == _SERVICE:
        of_all = resource.number("scaling.maxInstanceCount", _ENDLESS)
        of_each = resource.number("template.scaling.maxInstanceCount", _ENDLESS)
        yield Function(ceiling=None if of_all is None or of_each is None else max(of_all, of_each))
