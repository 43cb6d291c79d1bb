"""Where Google says what a network lets in, what has a public address, and what watches it."""

from collections.abc import Iterator
from typing import Any

from infra.policy.ideas import ApiServer, Door, Machine, Network, Opening, Watched
from infra.policy.stack import UNKNOWN, Resource, dig, is_block, is_list

_ALL = ("0.0.0.0/0",)  # Google's own default for who may come in
_SUBNET = "gcp:compute/subnetwork:Subnetwork"
_OF_MACHINES = ("", "PRIVATE")
"""Purposes of subnets that machines are in; those of balancers and of Private Service Connect have no flow logs."""

_MACHINES = ("gcp:compute/instance:Instance", "gcp:compute/instanceTemplate:InstanceTemplate")
_OPEN_INGRESS = ("", "INGRESS_TRAFFIC_ALL")


def openings(resource: Resource) -> Iterator[Opening]:
    if resource.type != "gcp:compute/firewall:Firewall" or resource.flag("disabled"):
        return
    if resource.get("direction", "INGRESS") != "INGRESS":
        return
    bounded = resource.get("sourceTags") or resource.get("sourceServiceAccounts")
    for allowed in resource.entries("allows"):
        for source in resource.texts("sourceRanges", () if bounded else _ALL) or ():
            yield Opening(source=source, ports=_ports(allowed))


def _ports(allowed: Any) -> str:
    """In words; Google has no ports to name where all of a protocol is let in."""
    ports = dig(allowed, "ports")
    return f"port {', '.join(map(str, ports))}" if ports and is_list(ports) else "all ports"


def api_servers(resource: Resource) -> Iterator[ApiServer]:
    """Whoever has an address of Google's is not everyone, but anyone can have one."""
    if resource.type != "gcp:container/cluster:Cluster":
        return
    private = resource.flag("privateClusterConfig.enablePrivateEndpoint")
    by_address = resource.flag("controlPlaneEndpointsConfig.ipEndpointsConfig.enabled", default=True)
    allowed = resource.get("masterAuthorizedNetworksConfig")
    sources = _authorized(allowed)
    if sources is not None and dig(allowed, "gcpPublicCidrsAccessEnabled") is True:
        sources = _ALL
    yield ApiServer(
        public=None if private is None or by_address is None else by_address and not private,
        sources=sources,
    )


def _authorized(allowed: Any) -> tuple[str, ...] | None:
    if allowed is None:
        return _ALL
    blocks = dig(allowed, "cidrBlocks", ())
    if allowed is UNKNOWN or not is_list(blocks):
        return None
    return tuple(str(dig(block, "cidrBlock", "")) for block in blocks)


def addresses(resource: Resource) -> Iterator[Machine]:
    """Machines, and clusters that give machines addresses."""
    match resource.type:
        case "gcp:container/cluster:Cluster":
            private = resource.flag("privateClusterConfig.enablePrivateNodes")
            yield Machine(what="the cluster", public=None if private is None else not private)
        case "gcp:container/nodePool:NodePool":
            private = resource.flag("networkConfig.enablePrivateNodes", default=True)  # as the cluster's otherwise
            yield Machine(what="the node pool", public=None if private is None else not private)
        case "gcp:sql/databaseInstance:DatabaseInstance":
            public = resource.flag("settings.ipConfiguration.ipv4Enabled", default=True)
            yield Machine(what="the database", public=public)
        case kind if kind in _MACHINES:
            cards = resource.entries("networkInterfaces")
            yield Machine(what="the instance", public=any(is_block(card) and "accessConfigs" in card for card in cards))
        case _:
            pass


def own_addresses(resource: Resource) -> Iterator[Door]:
    """A service on Cloud Run has an address of its own, which goes past the balancer and what guards it."""
    if resource.type.startswith("gcp:cloudrunv2/service:"):
        ingress, off = resource.text("ingress"), resource.flag("defaultUriDisabled")
        opened = None if ingress is None or off is None else ingress in _OPEN_INGRESS and not off
        yield Door(what="the service's own address", open=opened)


def flow_logs(resource: Resource) -> Iterator[Watched]:
    if _holds_machines(resource):
        yield Watched(what="the subnet", watched=bool(resource.get("logConfig")))


def networks(resource: Resource) -> Iterator[Network]:
    if resource.type == "gcp:compute/network:Network":
        yield Network(what="the network", unplanned=resource.flag("autoCreateSubnetworks", default=True))
    elif _holds_machines(resource):
        yield Network(what="the subnet", inward=resource.flag("privateIpGoogleAccess"))


def _holds_machines(resource: Resource) -> bool:
    return resource.type == _SUBNET and resource.text("purpose") in _OF_MACHINES
