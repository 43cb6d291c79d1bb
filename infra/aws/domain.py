"""One name behind the edge that leads to the nearest region that is well, and the certificates for names of ours.

Route 53 answers the edge, wherever it asks from, with the region of the least latency whose health check passes: so any
request fails over, whatever its method. Only where settings give a domain.
"""

from dataclasses import dataclass

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_aws import acm, apigatewayv2, route53

from infra.aws.gateway import Gateway
from infra.serving import HEALTH
from infra.settings import DomainSettings

_TTL_S = 300
_CHECK_EVERY_S = 30
_FAILURES = 2  # a region is left about a minute after it stopped answering


def origin_name(domain: DomainSettings) -> str:
    """The name that the edge asks; users never see it."""
    return f"origin.{domain.name}"


@dataclass(frozen=True, kw_only=True)
class CertificateArgs:
    """name: what it is for. proof: a certificate of the same name elsewhere, which has put the proof into the zone."""

    name: str
    zone_id: str
    proof: "Certificate | None" = None


class Certificate(ComponentResource):
    """arn: usable, because it waits until AWS has seen the proof in the zone."""

    arn: Output[str]
    record: route53.Record

    def __init__(self, name: str, args: CertificateArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:aws:Certificate", name, None, opts)
        child = ResourceOptions(parent=self)
        certificate = acm.Certificate(name, domain_name=args.name, validation_method="DNS", opts=child)
        wanted = certificate.domain_validation_options.apply(lambda options: options[0])
        # AWS asks for one and the same record in every region of an account
        self.record = (
            args.proof.record
            if args.proof
            else route53.Record(
                name,
                zone_id=args.zone_id,
                name=wanted.apply(lambda option: option.resource_record_name or ""),
                type=wanted.apply(lambda option: option.resource_record_type or ""),
                records=[wanted.apply(lambda option: option.resource_record_value or "")],
                ttl=_TTL_S,
                opts=child,
            )
        )
        self.arn = acm.CertificateValidation(
            name, certificate_arn=certificate.arn, validation_record_fqdns=[self.record.fqdn], opts=child
        ).certificate_arn
        self.register_outputs({"arn": self.arn})


@dataclass(frozen=True, kw_only=True)
class OriginArgs:
    region: str
    domain: DomainSettings
    gateway: Gateway
    proof: Certificate | None


class Origin(ComponentResource):
    """A region under the name that all regions share. check_id: of the health check that keeps it there."""

    certificate: Certificate
    check_id: Output[str]

    def __init__(self, name: str, args: OriginArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:aws:Origin", name, None, opts)
        child, host = ResourceOptions(parent=self), origin_name(args.domain)
        self.certificate = Certificate(
            f"{name}-certificate", CertificateArgs(name=host, zone_id=args.domain.zone_id, proof=args.proof), opts=child
        )
        domain = apigatewayv2.DomainName(
            name,
            domain_name=host,
            domain_name_configuration={
                "certificate_arn": self.certificate.arn,
                "endpoint_type": "REGIONAL",
                "security_policy": "TLS_1_2",
            },
            opts=child,
        )
        apigatewayv2.ApiMapping(
            name,
            api_id=args.gateway.api_id,
            domain_name=domain.domain_name,
            stage=args.gateway.stage.id,
            opts=child,
        )
        check = route53.HealthCheck(
            name,
            type="HTTPS",
            fqdn=args.gateway.host,
            port=443,
            resource_path=HEALTH,
            enable_sni=True,
            request_interval=_CHECK_EVERY_S,
            failure_threshold=_FAILURES,
            tags={"Name": name},
            opts=child,
        )
        self.check_id = check.id
        configuration = domain.domain_name_configuration
        route53.Record(
            name,
            zone_id=args.domain.zone_id,
            name=host,
            type="A",
            set_identifier=args.region,
            latency_routing_policies=[{"region": args.region}],
            health_check_id=check.id,
            aliases=[
                {
                    "name": configuration.apply(lambda known: known.target_domain_name or ""),
                    "zone_id": configuration.apply(lambda known: known.hosted_zone_id or ""),
                    "evaluate_target_health": False,
                }
            ],
            opts=child,
        )
        self.register_outputs({})
