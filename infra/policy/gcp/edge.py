"""Where Google says what the edge speaks and how much of it one address may take: balancers and Cloud Armor."""

from collections.abc import Iterator
from typing import Any

from infra.policy.ideas import Ear, Edge
from infra.policy.rule import Found
from infra.policy.stack import UNKNOWN, Resource, Stack, dig

_POLICIES = ("gcp:compute/sSLPolicy:SSLPolicy", "gcp:compute/regionSslPolicy:RegionSslPolicy")
_SECURE = ("gcp:compute/targetHttpsProxy:TargetHttpsProxy", "gcp:compute/regionTargetHttpsProxy:RegionTargetHttpsProxy")
_PLAIN = ("gcp:compute/targetHttpProxy:TargetHttpProxy", "gcp:compute/regionTargetHttpProxy:RegionTargetHttpProxy")
_MAPS = ("gcp:compute/uRLMap:URLMap", "gcp:compute/regionUrlMap:RegionUrlMap")
_BACKENDS = "gcp:compute/backendService:BackendService"
_ARMOUR = "gcp:compute/securityPolicy:SecurityPolicy"
_ARMOUR_RULE = "gcp:compute/securityPolicyRule:SecurityPolicyRule"
_OLDEST = "TLS_1_0"  # what Google takes where nothing is said
_WEAK = (_OLDEST, "TLS_1_1")
_EXTERNAL = ("EXTERNAL", "EXTERNAL_MANAGED")
_LIMITING = ("throttle", "rate_based_ban")


def ears(resource: Resource) -> Iterator[Ear]:
    if resource.type in _POLICIES:
        oldest = resource.text("minTlsVersion", _OLDEST)
        yield Ear(what="the TLS policy", oldest=oldest or "", modern=None if oldest is None else oldest not in _WEAK)
    elif resource.type in _SECURE and not resource.get("sslPolicy"):
        yield Ear(what="the balancer", oldest=_OLDEST, modern=False)


def plain_ears(stack: Stack) -> Iterator[Found]:
    """What listens without TLS, and whether all that it says is where to come instead."""
    for proxy in stack.of(*_PLAIN):
        named = proxy.get("urlMap")
        maps = [each for each in stack.of(*_MAPS) if _names(proxy, "urlMap", each)]
        elsewhere = not maps and (named is UNKNOWN or bool(named))  # of another stack
        plain = None if elsewhere else not any(each.flag("defaultUrlRedirect.httpsRedirect") for each in maps)
        yield Found(at=proxy, idea=Ear(what="the balancer", plain=plain))


def edges(stack: Stack) -> Iterator[Found]:
    """What users reach, by way of an external balancer."""
    for backend in stack.of(_BACKENDS):
        if backend.get("loadBalancingScheme", "EXTERNAL") not in _EXTERNAL:
            continue
        policies = [each for each in stack.of(_ARMOUR) if _names(backend, "securityPolicy", each)]
        by_name = bool(backend.get("securityPolicy")) and not policies  # of another stack
        limited = by_name or any(_limits(stack, policy) for policy in policies)
        yield Found(at=backend, idea=Edge(what="the balancer", limited=limited))


def _limits(stack: Stack, policy: Resource) -> bool:
    apart = stack.about(policy, "securityPolicy", _ARMOUR_RULE, by=("id", "name", "selfLink"))
    actions: list[Any] = [dig(rule, "action") for rule in policy.entries("rules")]
    return any(action in _LIMITING for action in [*actions, *(rule.get("action") for rule in apart)])


def _names(resource: Resource, key: str, other: Resource) -> bool:
    said = resource.get(key)
    by_value = isinstance(said, str) and said in (other.get("id"), other.get("selfLink"), other.get("name"))
    return other.urn in resource.refs.get(key, ()) or by_value
