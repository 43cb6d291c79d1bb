"""Where AWS says whose a resource is and where: labels, regions, budgets, and how long logs are kept."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from infra.policy.ideas import Budgets, Labelled, Logs, Placed
from infra.policy.rule import Found
from infra.policy.sdk_types import kept
from infra.policy.stack import Resource, Stack, dig, is_block, parsed

TAGGABLE = Path(__file__).parent / "taggable.txt"
"""Types that can carry tags, one a line, out of the SDK by `taggable.py`; a test holds the two together."""

_GLOBAL_REGION = "us-east-1"
_GLOBAL = (
    "aws:acm/",
    "aws:budgets/",
    "aws:cloudfront/",
    "aws:costexplorer/",
    "aws:iam/",
    "aws:organizations/",
    "aws:route53/",
    "aws:wafv2/",
)
"""Services that AWS manages in one region for the whole world; CloudFront takes certificates and firewalls there."""


def labelled(resource: Resource) -> Iterator[Labelled]:
    """Labels of its own over those that the provider gives to all."""
    if resource.type not in kept(TAGGABLE):
        return
    own, given = resource.get("tags", {}), _given(resource)
    if is_block(own) and is_block(given):
        yield Labelled(labels={**given, **own})


def _given(resource: Resource) -> Any:
    """The engine keeps a provider's nested settings as JSON text."""
    default_tags = dig(resource.provider.props, "defaultTags") if resource.provider else None
    return dig(parsed(default_tags), "tags", {})


def budgets(stack: Stack) -> Iterator[Found]:
    """Of a stack that has something in AWS at all."""
    if not any(resource.cloud == "aws" and resource.custom for resource in stack.resources):
        return
    found = list(stack.of("aws:budgets/budget:Budget"))
    telling = [budget for budget in found if any(_tells(notice) for notice in budget.entries("notifications"))]
    yield Found(at=None, idea=Budgets(cloud="AWS", count=len(found), alerting=len(telling)))


def _tells(notice: object) -> bool:
    return bool(dig(notice, "subscriberEmailAddresses") or dig(notice, "subscriberSnsTopicArns"))


def placed(resource: Resource) -> Iterator[Placed]:
    if region := resource.region:
        worldwide = region == _GLOBAL_REGION and resource.type.startswith(_GLOBAL)
        yield Placed(region=region, worldwide=worldwide)


def logs(resource: Resource) -> Iterator[Logs]:
    if resource.type == "aws:cloudwatch/logGroup:LogGroup":
        yield Logs(days=resource.number("retentionInDays", 0))
