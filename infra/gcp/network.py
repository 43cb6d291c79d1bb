"""The network of a stack: one for all regions, as Google's are, with a subnet in each that nobody reaches from outside.

Machines have no public addresses: what they fetch from Google goes by private access, the rest through Cloud NAT. It is
joined to the network of Google's in which Vertex AI runs jobs, and to no other; who needs a VPN attaches it to
`network_id`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_gcp.compute import Firewall, GlobalAddress, Router, RouterNat, Subnetwork
from pulumi_gcp.compute import Network as Vpc
from pulumi_gcp.servicenetworking import Connection

from infra.settings import NetworkSettings

PODS, SERVICES = "pods", "services"
_MTU = 8896  # the largest that Google carries: fewer packets for gradients and checkpoints
_FLOW_SAMPLE = 0.1
_LENT_PREFIX = 18  # 15 jobs of up to 8 nodes at a time, by Vertex AI's documentation on private IP
_LAST = 65_000  # before the implied rules, whose refusals leave no trace


@dataclass(frozen=True, kw_only=True)
class Ranges:
    """What a region's range is divided into: pods, nodes, Kubernetes' services, and Cloud Run's instances."""

    pods: IPv4Network
    nodes: IPv4Network
    services: IPv4Network
    serverless: IPv4Network


def ranges(network: IPv4Network) -> Ranges:
    """Half for pods, a quarter for nodes, an eighth each for services and for Cloud Run."""
    half, rest = network.subnets(1)
    nodes, others = rest.subnets(1)
    services, serverless = others.subnets(1)
    return Ranges(pods=half, nodes=nodes, services=services, serverless=serverless)


@dataclass(frozen=True, kw_only=True)
class NetworkArgs:
    """ranges: by region, of the whole region."""

    ranges: Mapping[str, IPv4Network]
    settings: NetworkSettings


class Network(ComponentResource):
    """subnets and serverless_subnets: by region, for nodes and for Cloud Run. nats: by region, to wait for.

    peering: with Google's own network, for what Vertex AI runs to wait for.

    drawn: the letters that the engine drew for this stack's network, for other names that Google keeps for weeks after
    what had them is gone.
    """

    network_id: Output[str]
    name: Output[str]
    drawn: Output[str]
    peering: Connection
    subnets: dict[str, Subnetwork]
    serverless_subnets: dict[str, Subnetwork]
    nats: dict[str, RouterNat]

    def __init__(self, name: str, args: NetworkArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:gcp:Network", name, None, opts)
        self._name, self._child = name, ResourceOptions(parent=self)

        vpc = Vpc(name, auto_create_subnetworks=False, routing_mode="GLOBAL", mtu=_MTU, opts=self._child)
        self.network_id, self.name = vpc.id, vpc.name
        self.drawn = vpc.name.apply(lambda name: name.rsplit("-", 1)[-1])
        Firewall(
            f"{name}-closed",
            network=vpc.id,
            direction="INGRESS",
            priority=_LAST,
            denies=[{"protocol": "all"}],
            source_ranges=["0.0.0.0/0"],
            log_config={"metadata": "EXCLUDE_ALL_METADATA"},
            description="What nothing else lets in is refused, and seen to be",
            opts=self._child,
        )
        parts = {region: ranges(whole) for region, whole in args.ranges.items()}
        self.subnets = {region: self._nodes(region, part) for region, part in parts.items()}
        self.serverless_subnets = {
            region: self._subnet(f"{name}-serverless-{region}", region, part.serverless)
            for region, part in parts.items()
        }
        self.nats = {region: self._nat(region) for region in parts}
        self.peering = self._peer()
        self.register_outputs({"network_id": self.network_id})

    def _nodes(self, region: str, part: Ranges) -> Subnetwork:
        return self._subnet(
            f"{self._name}-{region}", region, part.nodes, secondary={PODS: part.pods, SERVICES: part.services}
        )

    def _subnet(
        self, name: str, region: str, part: IPv4Network, *, secondary: Mapping[str, IPv4Network] | None = None
    ) -> Subnetwork:
        return Subnetwork(
            name,
            network=self.network_id,
            region=region,
            ip_cidr_range=str(part),
            private_ip_google_access=True,
            secondary_ip_ranges=[
                {"range_name": range_name, "ip_cidr_range": str(block)}
                for range_name, block in (secondary or {}).items()
            ],
            log_config={
                "aggregation_interval": "INTERVAL_10_MIN",
                "flow_sampling": _FLOW_SAMPLE,
                "metadata": "EXCLUDE_ALL_METADATA",
            },
            opts=self._child,
        )

    def _peer(self) -> Connection:
        """Lends Google a range that overlaps none of ours, which it chooses, and lets its machines speak with ours."""
        name = f"{self._name}-google"
        lent = GlobalAddress(
            name,
            network=self.network_id,
            purpose="VPC_PEERING",
            address_type="INTERNAL",
            prefix_length=_LENT_PREFIX,
            opts=self._child,
        )
        return Connection(
            name,
            network=self.network_id,
            service="servicenetworking.googleapis.com",
            reserved_peering_ranges=[lent.name],
            deletion_policy="REMOVE_PEERING",  # Vertex AI keeps its end for days after the last job
            opts=self._child,
        )

    def _nat(self, region: str) -> RouterNat:
        name = f"{self._name}-{region}"
        router = Router(name, network=self.network_id, region=region, opts=self._child)
        return RouterNat(
            name,
            router=router.name,
            region=region,
            nat_ip_allocate_option="AUTO_ONLY",
            source_subnetwork_ip_ranges_to_nat="ALL_SUBNETWORKS_ALL_IP_RANGES",
            enable_dynamic_port_allocation=True,
            enable_endpoint_independent_mapping=False,
            min_ports_per_vm=64,
            max_ports_per_vm=4096,
            log_config={"enable": True, "filter": "ERRORS_ONLY"},
            opts=self._child,
        )
