"""Invariants of the network: what can be reached from where, in every AWS stack."""

from ipaddress import IPv4Network
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from infra.aws.network import ranges
from tests.stacks.graph import Graph

INGRESS, EGRESS = (
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    ("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"),
)
EVERYWHERE = "0.0.0.0/0"


def test_nothing_can_be_reached_from_everywhere(aws: Graph):
    assert EVERYWHERE not in {rule.inputs.get("cidrIpv4") for rule in aws.of(INGRESS)}


def test_the_default_security_group_lets_nothing_through(aws: Graph):
    for group in aws.of("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"):
        assert (group.inputs["ingress"], group.inputs["egress"]) == ([], [])


def test_no_subnet_gives_public_addresses(aws: Graph):
    assert not any(subnet.inputs["mapPublicIpOnLaunch"] for subnet in aws.of("aws:ec2/subnet:Subnet"))


def test_nodes_stand_in_private_subnets_only(aws: Graph):
    for group in aws.of("aws:eks/nodeGroup:NodeGroup"):
        assert all("-private-" in subnet for subnet in group.inputs["subnetIds"])


def test_public_subnets_hold_nat_gateways_only(aws: Graph):
    public = [f"{s.name}-id" for s in aws.of("aws:ec2/subnet:Subnet") if "-public-" in s.name]
    using = {resource.type for resource in aws if any(subnet in resource.open_text for subnet in public)}
    assert using == {"aws:ec2/natGateway:NatGateway", "aws:ec2/routeTableAssociation:RouteTableAssociation"}


def test_production_survives_the_loss_of_a_zones_gateway(prod: Graph):
    zones = [subnet for subnet in prod.of("aws:ec2/subnet:Subnet") if "-private-" in subnet.name]
    assert len(prod.of("aws:ec2/natGateway:NatGateway")) == len(zones)


def test_development_pays_for_one_gateway(dev: Graph):
    assert len(dev.of("aws:ec2/natGateway:NatGateway")) == 1


def test_every_network_writes_flow_logs_of_all_traffic(aws: Graph):
    logs = aws.of("aws:ec2/flowLog:FlowLog")
    assert len(logs) == len(aws.of("aws:ec2/vpc:Vpc"))
    assert {log.inputs["trafficType"] for log in logs} == {"ALL"}


def test_objects_go_through_a_gateway_endpoint_from_every_private_subnet(aws: Graph):
    tables = {r.name for r in aws.of("aws:ec2/routeTable:RouteTable") if "-private" in r.name}
    endpoints = [e for e in aws.of("aws:ec2/vpcEndpoint:VpcEndpoint") if e.inputs["vpcEndpointType"] == "Gateway"]
    routed = {table.removesuffix("-id") for endpoint in endpoints for table in endpoint.inputs["routeTableIds"]}
    assert routed == tables


def test_services_that_nodes_use_all_day_have_private_endpoints(prod: Graph):
    services = {e.inputs["serviceName"].split(".", 3)[3] for e in prod.of("aws:ec2/vpcEndpoint:VpcEndpoint")}
    assert services == {"s3", "ecr.api", "ecr.dkr", "sts", "logs", "sqs"}


def test_the_networks_of_two_regions_could_be_joined(prod: Graph):
    networks = [IPv4Network(vpc.inputs["cidrBlock"]) for vpc in prod.of("aws:ec2/vpc:Vpc")]
    assert not any(one.overlaps(other) for one, other in combinations(networks, 2))


def test_zones_are_named_by_id_which_is_the_same_in_every_account(aws: Graph):
    for subnet in aws.of("aws:ec2/subnet:Subnet"):
        assert "-az" in subnet.inputs["availabilityZoneId"]
        assert "availabilityZone" not in subnet.inputs


@given(st.integers(16, 20), st.integers(2, 4))
def test_a_regions_subnets_never_overlap_and_fit_its_range(prefix: int, zones: int):
    region = IPv4Network(f"10.64.0.0/{prefix}")
    parts = [part for zone in ranges(region, zones) for part in (zone.private, zone.public)]
    assert all(part.subnet_of(region) for part in parts)
    assert not any(one.overlaps(other) for one, other in combinations(parts, 2))


@given(st.integers(16, 20), st.integers(2, 4))
def test_a_zone_has_room_for_as_many_pods_as_the_settings_promise(prefix: int, zones: int):
    least = 1019 if zones < 4 else 507  # AWS keeps five addresses of each subnet
    assert all(z.private.num_addresses - 5 >= least for z in ranges(IPv4Network(f"10.64.0.0/{prefix}"), zones))
