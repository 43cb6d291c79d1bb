"""Private ways from one region's network to the services of AWS that nodes use all day.

Objects go through a gateway, which is free; images, credentials, logs and queues through interfaces in our subnets.
What else is asked of AWS goes through NAT.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_aws.ec2 import SecurityGroup, VpcEndpoint
from pulumi_aws.vpc import SecurityGroupIngressRule

_SERVICES = ("ecr.api", "ecr.dkr", "sts", "logs", "sqs")


@dataclass(frozen=True, kw_only=True)
class EndpointsArgs:
    """range: who may use them. tables: routes of the private subnets. subnets: where interfaces stand, one per zone."""

    region: str
    vpc_id: Output[str]
    range: IPv4Network
    tables: Sequence[Output[str]]
    subnets: Sequence[Output[str]]


class Endpoints(ComponentResource):
    def __init__(self, name: str, args: EndpointsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:aws:Endpoints", name, None, opts)
        child = ResourceOptions(parent=self)

        VpcEndpoint(
            f"{name}-s3",
            vpc_id=args.vpc_id,
            service_name=f"com.amazonaws.{args.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=args.tables,
            tags={"Name": f"{name}-s3"},
            opts=child,
        )
        group = SecurityGroup(
            name, vpc_id=args.vpc_id, description="Reached over TLS from inside the network", opts=child
        )
        SecurityGroupIngressRule(
            name,
            security_group_id=group.id,
            description="TLS from nodes and pods",
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            cidr_ipv4=str(args.range),
            opts=child,
        )
        for service in _SERVICES:
            VpcEndpoint(
                f"{name}-{service.replace('.', '-')}",
                vpc_id=args.vpc_id,
                service_name=f"com.amazonaws.{args.region}.{service}",
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                subnet_ids=args.subnets,
                security_group_ids=[group.id],
                tags={"Name": f"{name}-{service}"},
                opts=child,
            )
        self.register_outputs({})
