"""The network of one region: private subnets for nodes, public ones that hold nothing but NAT gateways.

Nothing in it can be reached from outside. What nodes use all day (images, objects, queues, credentials, logs) goes
through endpoints and not through NAT. Does not join regions, and has no VPN: who needs one attaches it to `vpc_id`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_aws.cloudwatch import LogGroup
from pulumi_aws.ec2 import (
    DefaultSecurityGroup,
    Eip,
    FlowLog,
    InternetGateway,
    NatGateway,
    Route,
    RouteTable,
    RouteTableAssociation,
    Subnet,
    Vpc,
)

from infra.aws.endpoints import Endpoints, EndpointsArgs
from infra.aws.policies import Realm, allow, role, trust
from infra.settings import NetworkSettings

_EVERYWHERE = "0.0.0.0/0"
_THREE_ZONES = 3


@dataclass(frozen=True, kw_only=True)
class Ranges:
    """What one zone has of a region's range: `private` for nodes and pods, `public` for a NAT gateway."""

    private: IPv4Network
    public: IPv4Network


def ranges(network: IPv4Network, zones: int) -> list[Ranges]:
    """Equal private ranges, as large as can be, and public ones out of the last part; for up to four zones."""
    parts = list(network.subnets(2 if zones <= _THREE_ZONES else 3))
    public = list(parts[-1].subnets(2))
    return [Ranges(private=parts[at], public=public[at]) for at in range(zones)]


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """zones: zone ids. range: of the whole region. key_arn: encrypts the flow logs."""

    region: str
    zones: Sequence[str]
    range: IPv4Network
    settings: NetworkSettings
    realm: Realm
    key_arn: Output[str]


class Network(ComponentResource):
    """private_subnets: by zone id. Their routes are there before whoever waits for this component starts a node."""

    vpc_id: Output[str]
    private_subnets: dict[str, Output[str]]

    def __init__(self, name: str, args: NetworkArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:aws:Network", name, None, opts)
        self._name, self._args, self._child = name, args, ResourceOptions(parent=self)

        vpc = Vpc(
            name,
            cidr_block=str(args.range),
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags={"Name": name},
            opts=self._child,
        )
        self.vpc_id = vpc.id
        DefaultSecurityGroup(f"{name}-closed", vpc_id=vpc.id, ingress=[], egress=[], opts=self._child)
        self._flow_log()

        parts = dict(zip(args.zones, ranges(args.range, len(args.zones)), strict=True))
        public = {zone: self._subnet("public", zone, part.public) for zone, part in parts.items()}
        private = {zone: self._subnet("private", zone, part.private) for zone, part in parts.items()}
        tables = self._routes(public, private)
        subnets = [subnet.id for subnet in private.values()]
        Endpoints(
            f"{name}-endpoints",
            EndpointsArgs(
                region=args.region,
                vpc_id=vpc.id,
                range=args.range,
                tables=[table.id for table in tables],
                # paid for per zone: as many as there are NAT gateways, so that dev is cheap and no zone of prod
                # depends on another
                subnets=subnets if args.settings.nat == "per_zone" else subnets[:1],
            ),
            opts=self._child,
        )

        self.private_subnets = {zone: subnet.id for zone, subnet in private.items()}
        self.register_outputs({"vpc_id": self.vpc_id, "private_subnets": self.private_subnets})

    def _subnet(self, kind: str, zone: str, part: IPv4Network) -> Subnet:
        name = f"{self._name}-{kind}-{zone}"
        balancer = "kubernetes.io/role/internal-elb" if kind == "private" else "kubernetes.io/role/elb"
        return Subnet(
            name,
            vpc_id=self.vpc_id,
            availability_zone_id=zone,
            cidr_block=str(part),
            map_public_ip_on_launch=False,
            tags={"Name": name, balancer: "1"},
            opts=self._child,
        )

    def _routes(self, public: dict[str, Subnet], private: dict[str, Subnet]) -> list[RouteTable]:
        """The ways out: public subnets to the internet, private ones through NAT. Returns the private tables."""
        gateway = InternetGateway(self._name, vpc_id=self.vpc_id, tags={"Name": self._name}, opts=self._child)
        outside = self._table("public", list(public.items()))
        out = Route(
            f"{self._name}-public",
            route_table_id=outside.id,
            destination_cidr_block=_EVERYWHERE,
            gateway_id=gateway.id,
            opts=self._child,
        )
        per_zone = self._args.settings.nat == "per_zone"
        groups = [[item] for item in private.items()] if per_zone else [list(private.items())]
        tables: list[RouteTable] = []
        for group in groups:
            zone = group[0][0]
            nat = self._nat(zone, public[zone], out)
            table = self._table(f"private-{zone}" if per_zone else "private", group)
            Route(
                f"{self._name}-private-{zone}",
                route_table_id=table.id,
                destination_cidr_block=_EVERYWHERE,
                nat_gateway_id=nat.id,
                opts=self._child,
            )
            tables.append(table)
        return tables

    def _nat(self, zone: str, subnet: Subnet, out: Route) -> NatGateway:
        name = f"{self._name}-nat-{zone}"
        address = Eip(name, domain="vpc", tags={"Name": name}, opts=self._child)
        return NatGateway(
            name,
            subnet_id=subnet.id,
            allocation_id=address.allocation_id,
            tags={"Name": name},
            opts=ResourceOptions(parent=self, depends_on=[out]),
        )

    def _table(self, kind: str, subnets: Sequence[tuple[str, Subnet]]) -> RouteTable:
        name = f"{self._name}-{kind}"
        table = RouteTable(name, vpc_id=self.vpc_id, tags={"Name": name}, opts=self._child)
        for zone, subnet in subnets:
            RouteTableAssociation(
                f"{self._name}-{kind.split('-')[0]}-{zone}",
                route_table_id=table.id,
                subnet_id=subnet.id,
                opts=self._child,
            )
        return table

    def _flow_log(self) -> None:
        name, args = f"{self._name}-flows", self._args
        group = LogGroup(
            name,
            retention_in_days=args.settings.flow_log_days,
            kms_key_id=args.key_arn,
            opts=self._child,
        )
        writer, policy = role(
            name,
            args.realm,
            trusted=trust("vpc-flow-logs.amazonaws.com", args.realm.account),
            may=[
                allow("logs:CreateLogStream", "logs:PutLogEvents", on=[Output.concat(group.arn, ":*")]),
                allow("logs:DescribeLogGroups", "logs:DescribeLogStreams", on=["*"]),  # AWS narrows neither
            ],
            opts=self._child,
        )
        FlowLog(
            name,
            vpc_id=self.vpc_id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=writer.arn,
            max_aggregation_interval=60,
            opts=ResourceOptions(parent=self, depends_on=[policy]),
        )
