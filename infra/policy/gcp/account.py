"""Where Google says whose a resource is and where: labels, locations, budgets, and how long logs are kept."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infra.policy.ideas import Budgets, Labelled, Logs, Placed
from infra.policy.rule import Found
from infra.policy.sdk_types import kept
from infra.policy.stack import UNKNOWN, Resource, Stack, dig, is_block, parsed

TAGGABLE = Path(__file__).parent / "taggable.txt"
"""Types that can carry labels, one a line, out of the SDK by `taggable.py`; a test holds the two together."""

_BUDGET = "gcp:billing/budget:Budget"
_LOGS_KEPT_DAYS = 30  # Cloud Logging's own
_WORLD = "global"


def labelled(resource: Resource) -> Iterator[Labelled]:
    """Labels of its own over those that the provider gives to all. GKE's clusters have another name for theirs."""
    if resource.type not in kept(TAGGABLE):
        return
    own, given = resource.get("labels", resource.get("resourceLabels", {})), _given(resource)
    if is_block(own) and is_block(given):
        yield Labelled(labels={**given, **own})


def _given(resource: Resource) -> Any:
    """The engine keeps a provider's nested settings as JSON text."""
    return parsed(dig(resource.provider.props, "defaultLabels", "{}")) if resource.provider else {}


def budgets(stack: Stack) -> Iterator[Found]:
    """Of a stack that has something on Google at all. Who manages the billing account is told of every threshold."""
    if not any(resource.cloud == "gcp" and resource.custom for resource in stack.resources):
        return
    found = list(stack.of(_BUDGET))
    telling = [budget for budget in found if budget.get("thresholdRules") and _told(budget)]
    yield Found(at=None, idea=Budgets(cloud="Google", count=len(found), alerting=len(telling)))


def _told(budget: Resource) -> bool:
    notices = budget.get("allUpdatesRule", {})
    named = dig(notices, "monitoringNotificationChannels") or dig(notices, "pubsubTopic")
    return bool(named) or dig(notices, "disableDefaultIamRecipients") is not True


def placed(resource: Resource) -> Iterator[Placed]:
    """Of a bucket in two regions, both."""
    pair = resource.texts("customPlacementConfig.dataLocations")
    for place in pair or (_place(resource),):
        if place:
            yield Placed(region=place.lower(), worldwide=place == _WORLD)


def _place(resource: Resource) -> str:
    """A region; what is in a zone is in its region. What says no place of its own is where its provider works."""
    for key in ("location", "region", "zone"):
        found = resource.get(key)
        if found is UNKNOWN:
            return ""
        if isinstance(found, str) and found:
            return found if found.count("-") < 2 else found.rpartition("-")[0]  # us-central1-a
    return resource.region


def logs(resource: Resource) -> Iterator[Logs]:
    if resource.type == "gcp:logging/projectBucketConfig:ProjectBucketConfig":
        yield Logs(days=resource.number("retentionDays", _LOGS_KEPT_DAYS))
