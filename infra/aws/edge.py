"""What callers meet: CloudFront, with a firewall that limits each address, in front of every region.

With a domain, CloudFront asks one name that leads to the nearest region that is well (domain.py). Without one, it tries
the regions in order; AWS does that only for requests that change nothing, so predictions go to the first region and
only a domain lets them fail over. It caches nothing: each request is its own. CloudFront's own name takes TLS 1.0
whatever is set; with a domain the least is 1.2.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Output, Resource, ResourceOptions
from pulumi_aws import cloudfront, route53, wafv2

from infra.aws.authorizer.handler import HEADER
from infra.aws.domain import Certificate, CertificateArgs, origin_name
from infra.aws.firewall import firewall
from infra.aws.gateway import Gateway
from infra.contract import Alias
from infra.settings import DomainSettings, EdgeSettings, ThrottleSettings

_READING = ["GET", "HEAD", "OPTIONS"]
_EVERYTHING = [*_READING, "PUT", "POST", "PATCH", "DELETE"]
_CHANGING_PATHS = ("/predict", "/v2/models/*/infer", "/tasks")
_BY_LATENCY, _IN_ORDER = "by-latency", "in-order"
_FAILED = [500, 502, 503, 504]
_READ_TIMEOUT_S_MAX = 60  # CloudFront's quota for an origin without asking for more

# AWS' own policies, the same ids in every account
_NO_CACHE = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"  # CachingDisabled
_ALL_BUT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"  # AllViewerExceptHostHeader
_SECURITY_HEADERS = "67f7725c-6f97-4210-82d7-5512b31e9d03"  # SecurityHeadersPolicy


@dataclass(frozen=True, kw_only=True)
class EdgeArgs:
    """gateways: by region, in order of preference. origins: of a domain, to be there first. token: shown to regions.

    shares_name: the domain is another cloud's too, so its records are put by who knows both.
    """

    domain: DomainSettings | None
    gateways: Mapping[str, Gateway]
    origins: Sequence[Resource]
    token: Output[str]
    throttle: ThrottleSettings
    settings: EdgeSettings
    shares_name: bool = False


class Edge(ComponentResource):
    """In us-east-1, where AWS keeps what is global. endpoint: what users call. alias: for records that lead here."""

    endpoint: Output[str]
    distribution_id: Output[str]
    alias: Alias

    def __init__(self, name: str, args: EdgeArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:aws:Edge", name, None, opts)
        self._args, self._child = args, ResourceOptions(parent=self)
        wall = firewall(name, args.throttle, self._child)
        distribution = self._distribution(name, wall)
        host: Output[str] = distribution.domain_name
        self.alias = Alias(name=distribution.domain_name, zone_id=distribution.hosted_zone_id)
        if args.domain:
            if not args.shares_name:
                self._point(name, args.domain)
            host = Output.from_input(args.domain.name)
        self.endpoint, self.distribution_id = Output.concat("https://", host), distribution.id
        self.register_outputs({"endpoint": self.endpoint})

    def _distribution(self, name: str, wall: wafv2.WebAcl) -> cloudfront.Distribution:
        domain, regions = self._args.domain, list(self._args.gateways)
        in_order = domain is None and len(regions) > 1
        target = _BY_LATENCY if domain else _IN_ORDER if in_order else regions[0]
        return cloudfront.Distribution(
            name,
            enabled=True,
            is_ipv6_enabled=True,
            http_version="http2and3",
            comment="Slipway's edge",
            aliases=[domain.name] if domain else None,
            web_acl_id=wall.arn,
            origins=self._origins(),
            origin_groups=[
                {
                    "origin_id": _IN_ORDER,
                    "failover_criteria": {"status_codes": _FAILED},
                    "members": [{"origin_id": region} for region in regions[:2]],  # AWS takes two
                }
            ]
            if in_order
            else None,
            default_cache_behavior={
                "allowed_methods": _READING if in_order else _EVERYTHING,
                "target_origin_id": target,
                "cached_methods": ["GET", "HEAD"],
                "viewer_protocol_policy": "https-only",
                "cache_policy_id": _NO_CACHE,
                "origin_request_policy_id": _ALL_BUT_HOST,
                "response_headers_policy_id": _SECURITY_HEADERS,
                "compress": True,
            },
            ordered_cache_behaviors=[_to(regions[0], path) for path in _CHANGING_PATHS] if in_order else None,
            viewer_certificate=self._certificate(name),
            restrictions={"geo_restriction": {"restriction_type": "none"}},
            opts=ResourceOptions(parent=self, depends_on=list(self._args.origins)),
        )

    def _origins(self) -> list[cloudfront.DistributionOriginArgsDict]:
        if domain := self._args.domain:
            return [self._origin(_BY_LATENCY, Output.from_input(origin_name(domain)))]
        return [self._origin(region, gateway.host) for region, gateway in self._args.gateways.items()]

    def _origin(self, origin_id: str, host: Output[str]) -> cloudfront.DistributionOriginArgsDict:
        return {
            "origin_id": origin_id,
            "domain_name": host,
            "custom_headers": [{"name": HEADER, "value": self._args.token}],
            "custom_origin_config": {
                "http_port": 80,
                "https_port": 443,
                "origin_protocol_policy": "https-only",
                "origin_ssl_protocols": ["TLSv1.2"],
                "origin_read_timeout": min(round(self._args.settings.timeout_s), _READ_TIMEOUT_S_MAX),
            },
        }

    def _certificate(self, name: str) -> cloudfront.DistributionViewerCertificateArgsDict:
        domain = self._args.domain
        if domain is None:
            return {"cloudfront_default_certificate": True}
        certificate = Certificate(
            f"{name}-certificate",
            CertificateArgs(name=domain.name, zone_id=domain.zone_id),
            opts=ResourceOptions(parent=self),
        )
        return {
            "acm_certificate_arn": certificate.arn,
            "minimum_protocol_version": "TLSv1.2_2021",
            "ssl_support_method": "sni-only",
        }

    def _point(self, name: str, domain: DomainSettings) -> None:
        for kind in ("A", "AAAA"):
            route53.Record(
                f"{name}-{kind.lower()}",
                zone_id=domain.zone_id,
                name=domain.name,
                type=kind,
                aliases=[
                    {
                        "name": self.alias.name,
                        "zone_id": self.alias.zone_id,
                        "evaluate_target_health": False,
                    }
                ],
                opts=self._child,
            )


def _to(region: str, path: str) -> cloudfront.DistributionOrderedCacheBehaviorArgsDict:
    """A path that changes something goes to one region: AWS fails over only what reads."""
    return {
        "path_pattern": path,
        "target_origin_id": region,
        "allowed_methods": _EVERYTHING,
        "cached_methods": ["GET", "HEAD"],
        "viewer_protocol_policy": "https-only",
        "cache_policy_id": _NO_CACHE,
        "origin_request_policy_id": _ALL_BUT_HOST,
        "response_headers_policy_id": _SECURITY_HEADERS,
        "compress": True,
    }
