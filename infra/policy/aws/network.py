"""Where AWS says what a network lets in, what has a public address, and what watches it."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.policy.ideas import ApiServer, Door, Machine, Opening, Watched
from infra.policy.rule import Found
from infra.policy.stack import UNKNOWN, Resource, Stack, dig, is_list, switch

_SOURCES = ("cidrIpv4", "cidrIpv6", "cidrBlocks", "ipv6CidrBlocks")
_ALL = ("0.0.0.0/0",)  # EKS' own default for who may reach a public API server


def openings(resource: Resource) -> Iterator[Opening]:
    match resource.type:
        case "aws:ec2/securityGroup:SecurityGroup" | "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup":
            for block in resource.entries("ingress"):
                yield from _opened(block)
        case "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule":
            yield from _opened(resource.props)
        case "aws:ec2/securityGroupRule:SecurityGroupRule" if resource.get("type") == "ingress":
            yield from _opened(resource.props)
        case _:
            pass


def _opened(block: Mapping[str, Any]) -> Iterator[Opening]:
    ports = _ports(dig(block, "fromPort"), dig(block, "toPort"))
    for key in _SOURCES:
        found = dig(block, key, ())
        for source in found if is_list(found) else (found,):
            if isinstance(source, str):
                yield Opening(source=source, ports=ports)


def _ports(first: Any, last: Any) -> str:
    """In words; AWS has no ports to name where all traffic is let in."""
    if not isinstance(first, int | float) or not isinstance(last, int | float) or first < 0:
        return "all ports"
    return f"port {first:g}" if first == last else f"ports {first:g} to {last:g}"


def api_servers(resource: Resource) -> Iterator[ApiServer]:
    if resource.type == "aws:eks/cluster:Cluster":
        yield ApiServer(
            public=resource.flag("vpcConfig.endpointPublicAccess", default=True),
            sources=resource.texts("vpcConfig.publicAccessCidrs", _ALL),
        )


def addresses(resource: Resource) -> Iterator[Machine]:
    """Machines, and subnets that give machines addresses."""
    match resource.type:
        case "aws:ec2/launchTemplate:LaunchTemplate":
            for card in resource.entries("networkInterfaces"):
                yield Machine(what="the launch template", public=switch(dig(card, "associatePublicIpAddress")))
        case "aws:ec2/instance:Instance" | "aws:ec2/launchConfiguration:LaunchConfiguration":
            yield Machine(what="the instance", public=resource.flag("associatePublicIpAddress"))
        case "aws:ec2/subnet:Subnet":
            yield Machine(what="the subnet", public=resource.flag("mapPublicIpOnLaunch"))
        case "aws:rds/instance:Instance" | "aws:rds/clusterInstance:ClusterInstance":
            yield Machine(what="the database", public=resource.flag("publiclyAccessible"))
        case _:
            pass


def function_urls(resource: Resource) -> Iterator[Door]:
    if resource.type == "aws:lambda/functionUrl:FunctionUrl":
        kind = resource.get("authorizationType")
        yield Door(what="the function URL", open=None if kind is UNKNOWN else kind == "NONE")


def flow_logs(stack: Stack) -> Iterator[Found]:
    for network in stack.of("aws:ec2/vpc:Vpc"):
        watched = any(stack.about(network, "vpcId", "aws:ec2/flowLog:FlowLog"))
        yield Found(at=network, idea=Watched(what="the network", watched=watched))
