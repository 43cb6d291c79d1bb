"""Where AWS says what the edge speaks and how much of it one address may take: CloudFront, WAF, APIs, balancers.

CloudFront's own name (no domain, no certificate) takes TLS 1.0 whatever is set; AWS offers no switch, so it is not held
against a stack: `slipway:domain` is what changes it.
"""

from collections.abc import Iterator
from typing import Any

from infra.policy.ideas import Ear, Edge
from infra.policy.rule import Found
from infra.policy.stack import UNKNOWN, Resource, Stack, dig, is_list

_DISTRIBUTION = "aws:cloudfront/distribution:Distribution"
_WEAK = ("SSLv3", "TLSv1", "TLSv1_2016", "TLSv1.1_2016", "TLSv1.1", "TLS_1_0")
_MODERN_BALANCER = ("TLS13-1-2", "TLS13-1-3", "TLS-1-2", "FS-1-2")


def ears(resource: Resource) -> Iterator[Ear]:
    match resource.type:
        case "aws:cloudfront/distribution:Distribution":
            yield from _distribution(resource)
        case "aws:lb/listener:Listener":
            yield from _listener(resource)
        case "aws:apigatewayv2/domainName:DomainName" | "aws:apigateway/domainName:DomainName":
            yield _ear(
                "the API's domain",
                resource.get("domainNameConfiguration.securityPolicy", resource.get("securityPolicy", "TLS_1_2")),
            )
        case _:
            pass


def _distribution(resource: Resource) -> Iterator[Ear]:
    certificate = resource.get("viewerCertificate")
    if certificate is not UNKNOWN and not dig(certificate, "cloudfrontDefaultCertificate"):
        yield _ear("the distribution", dig(certificate, "minimumProtocolVersion", "TLSv1"))
    behaviours = (*resource.entries("defaultCacheBehavior"), *resource.entries("orderedCacheBehaviors"))
    if any(dig(behaviour, "viewerProtocolPolicy") == "allow-all" for behaviour in behaviours):
        yield Ear(what="the distribution", plain=True)
    for origin in resource.entries("origins"):
        custom = dig(origin, "customOriginConfig")
        if custom is None:
            continue
        what = f"the way to the origin {dig(origin, 'originId')}"
        yield Ear(what=what, plain=dig(custom, "originProtocolPolicy") in ("http-only", "match-viewer"))
        protocols = dig(custom, "originSslProtocols")
        yield from (_ear(what, protocol) for protocol in (protocols if is_list(protocols) else ()))


def _listener(resource: Resource) -> Iterator[Ear]:
    protocol = resource.get("protocol")
    if protocol in ("HTTP", "TCP"):
        redirects = dig(resource.get("defaultActions"), "type") == "redirect"
        yield Ear(what="the listener", plain=protocol == "HTTP" and not redirects)
    if protocol in ("HTTPS", "TLS"):
        policy = resource.text("sslPolicy", "ELBSecurityPolicy-2016-08")  # what AWS takes where nothing is said
        modern = None if policy is None else any(part in policy for part in _MODERN_BALANCER)
        yield Ear(what="the listener", oldest=policy or "", modern=modern)


def edges(stack: Stack) -> Iterator[Found]:
    """Where users come in. An API behind a distribution throttles by itself too: it can be called past it."""
    for distribution in stack.of(_DISTRIBUTION):
        firewalls = [acl for acl in stack.of("aws:wafv2/webAcl:WebAcl") if _guards(acl, distribution)]
        by_name = isinstance(distribution.get("webAclId"), str) and not firewalls  # of another stack
        limited = by_name or any(_limits(acl) for acl in firewalls)
        yield Found(at=distribution, idea=Edge(what="the distribution", limited=limited))
    for stage in stack.of("aws:apigatewayv2/stage:Stage"):
        rate = stage.get("defaultRouteSettings.throttlingRateLimit")
        yield Found(at=stage, idea=Edge(what="the HTTP API", limited=None if rate is UNKNOWN else bool(rate)))


def _guards(firewall: Resource, distribution: Resource) -> bool:
    named = distribution.get("webAclId")
    return firewall.urn in distribution.refs.get("webAclId", ()) or (named is not None and named == firewall.get("arn"))


def _limits(firewall: Resource) -> bool:
    rules = firewall.entries("rules")
    return any(dig(rule, "statement.rateBasedStatement") for rule in rules) or "RateBasedStatement" in (
        firewall.text("ruleJson") or ""
    )


def _ear(what: str, protocol: Any) -> Ear:
    return Ear(what=what, oldest=str(protocol), modern=None if protocol is UNKNOWN else protocol not in _WEAK)
