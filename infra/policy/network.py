"""Nodes and API servers cannot be reached from everywhere, nothing has a public address, and networks are watched.

What keeps namespaces of Kubernetes apart is in namespaces.py.
"""

from collections.abc import Iterator
from ipaddress import ip_network

from infra.policy.aws import network as aws
from infra.policy.gcp import network as gcp
from infra.policy.ideas import ApiServer, Door, Machine, Network, Opening, Watched
from infra.policy.kubernetes import network as kubernetes
from infra.policy.rule import OUTSIDE_DEV, Rule, surveyed
from infra.policy.terms import Terms

_SHORTEST_PREFIX = {4: 8, 6: 16}
"""By version of IP: the largest network that one owner has. Half of the internet is as good as all of it."""


def everyone(source: str) -> bool:
    """Whether a range is so large that it stands for the internet."""
    try:
        network = ip_network(source, strict=False)
    except ValueError:
        return False
    return not network.is_private and network.prefixlen < _SHORTEST_PREFIX[network.version]


def public_ingress(opening: Opening, _: Terms) -> Iterator[str]:
    if everyone(opening.source):
        yield f"{opening.ports} can be reached from {opening.source}"


def public_api_server(server: ApiServer, _: Terms) -> Iterator[str]:
    if server.public and any(map(everyone, server.sources or ())):
        yield "the API server of Kubernetes can be reached from everywhere"


def public_address(machine: Machine, _: Terms) -> Iterator[str]:
    if machine.public:
        yield f"{machine.what} gives out addresses that the internet reaches"


def open_door(door: Door, _: Terms) -> Iterator[str]:
    if door.open:
        yield f"{door.what} answers whoever finds it"


def unwatched(thing: Watched, _: Terms) -> Iterator[str]:
    if thing.watched is False:
        yield f"{thing.what} has no flow log"


def unplanned(network: Network, _: Terms) -> Iterator[str]:
    if network.unplanned:
        yield f"{network.what} takes a range in every region there is, the same in every project"


def roundabout(network: Network, _: Terms) -> Iterator[str]:
    if network.inward is False:
        yield f"{network.what} reaches the cloud's own services by way of the internet"


RULES = (
    Rule(
        name="no-public-ingress",
        concern="network",
        says="No firewall lets the whole internet in.",
        mends="name the range or the security group that may come in, and let users come through the edge",
        mends_on={
            "gcp": "name source_ranges, source tags or service accounts, and let users come through the balancer",
            "kubernetes": "name the range or the pods that may come in, and let users come through the Gateway",
        },
        find={"aws": aws.openings, "gcp": gcp.openings, "kubernetes": kubernetes.openings},
        judge=public_ingress,
    ),
    Rule(
        name="no-public-api-server",
        concern="network",
        says="The API server of Kubernetes is private, or open to named ranges.",
        mends="leave slipway:cluster.public_access_from empty, or name your office's or VPN's range there",
        find={"aws": aws.api_servers, "gcp": gcp.api_servers},
        judge=public_api_server,
    ),
    Rule(
        name="no-public-addresses",
        concern="network",
        says="Machines and databases have no public address.",
        mends="put it into a private subnet, and leave the switch for public addresses off",
        mends_on={"gcp": "set enable_private_nodes, or take access_configs away; Cloud NAT lets it out"},
        find={"aws": aws.addresses, "gcp": gcp.addresses},
        judge=public_address,
    ),
    Rule(
        name="no-public-function-url",
        concern="network",
        says="A function is called through what throttles, or by who has signed the call, and has no other address.",
        mends="set authorization_type to AWS_IAM, or call it through the HTTP API",
        mends_on={"gcp": "set ingress to INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER, or default_uri_disabled"},
        find={"aws": aws.function_urls, "gcp": gcp.own_addresses},
        judge=open_door,
    ),
    Rule(
        name="services-stay-inside",
        concern="network",
        says="A Service is reached from inside the cluster; users come through the Gateway.",
        mends="make it a ClusterIP behind the Gateway; or annotate its balancer as internal, or name source ranges",
        find={"kubernetes": kubernetes.doors},
        judge=open_door,
    ),
    Rule(
        name="networks-have-flow-logs",
        concern="network",
        says="What goes through a network can be looked up afterwards.",
        mends="add a flow log for all of its traffic",
        mends_on={"gcp": "give the subnet a log_config"},
        survey={"aws": aws.flow_logs, "gcp": surveyed(gcp.flow_logs)},
        judge=unwatched,
        lenient=OUTSIDE_DEV,
    ),
    Rule(
        name="networks-are-laid-out",
        concern="network",
        says="A network has the ranges that somebody chose, so that it can be joined with others.",
        mends="set auto_create_subnetworks to false, and make a subnet for each region of the stack",
        find={"gcp": gcp.networks},
        judge=unplanned,
    ),
    Rule(
        name="subnets-reach-the-cloud-inside",
        concern="network",
        says="What has no public address reaches the cloud's own services without leaving its network.",
        mends="set private_ip_google_access on the subnet",
        find={"gcp": gcp.networks},
        judge=roundabout,
    ),
)
