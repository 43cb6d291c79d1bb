"""Nodes and API servers cannot be reached from everywhere, nothing has a public address, and networks are watched."""

from collections.abc import Iterator
from ipaddress import ip_network

from infra.policy.aws import network as aws
from infra.policy.ideas import ApiServer, Door, Machine, Opening, Watched
from infra.policy.rule import OUTSIDE_DEV, Rule
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


RULES = (
    Rule(
        name="no-public-ingress",
        concern="network",
        says="No firewall lets the whole internet in.",
        mends="name the range or the security group that may come in, and let users come through the edge",
        find={"aws": aws.openings},
        judge=public_ingress,
    ),
    Rule(
        name="no-public-api-server",
        concern="network",
        says="The API server of Kubernetes is private, or open to named ranges.",
        mends="leave slipway:cluster.public_access_from empty, or name your office's or VPN's range there",
        find={"aws": aws.api_servers},
        judge=public_api_server,
    ),
    Rule(
        name="no-public-addresses",
        concern="network",
        says="Machines and databases have no public address.",
        mends="put it into a private subnet, and leave the switch for public addresses off",
        find={"aws": aws.addresses},
        judge=public_address,
    ),
    Rule(
        name="no-public-function-url",
        concern="network",
        says="A function is called through an API that throttles, or by who has signed the call.",
        mends="set authorization_type to AWS_IAM, or call it through the HTTP API",
        find={"aws": aws.function_urls},
        judge=open_door,
    ),
    Rule(
        name="networks-have-flow-logs",
        concern="network",
        says="What goes through a network can be looked up afterwards.",
        mends="add a flow log for all of its traffic",
        survey={"aws": aws.flow_logs},
        judge=unwatched,
        lenient=OUTSIDE_DEV,
    ),
)
