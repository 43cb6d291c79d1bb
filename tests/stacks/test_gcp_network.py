"""Invariants of the network: what can be reached from where, on Google, as previewed and as brought up."""

from ipaddress import IPv4Network
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from infra.gcp.network import ranges
from tests.stacks.graph import Graph
from tests.stacks.programs import settings_of

NETWORK, SUBNET = "gcp:compute/network:Network", "gcp:compute/subnetwork:Subnetwork"
NAT, FIREWALL = "gcp:compute/routerNat:RouterNat", "gcp:compute/firewall:Firewall"
ADDRESS, PEERING = "gcp:compute/globalAddress:GlobalAddress", "gcp:servicenetworking/connection:Connection"


def test_a_stack_has_one_network_and_draws_its_subnets_itself(gcp: Graph):
    (network,) = gcp.of(NETWORK)
    assert not network.inputs["autoCreateSubnetworks"]


def test_nothing_is_let_in(gcp: Graph):
    """Nodes speak with each other by rules that GKE makes for them; no rule of ours lets anybody in."""
    assert not [rule.name for rule in gcp.of(FIREWALL) if "allows" in rule.inputs]


def test_what_nothing_else_lets_in_is_refused_and_seen_to_be(gcp: Graph):
    (rule,) = gcp.of(FIREWALL)
    assert (rule.inputs["direction"], rule.inputs["sourceRanges"]) == ("INGRESS", ["0.0.0.0/0"])
    assert rule.inputs["denies"] == [{"protocol": "all"}]
    assert "logConfig" in rule.inputs


def test_googles_services_are_reached_without_a_public_address(gcp: Graph):
    assert all(subnet.inputs["privateIpGoogleAccess"] for subnet in gcp.of(SUBNET))


def test_every_subnet_writes_flow_logs(gcp: Graph):
    assert all(subnet.inputs["logConfig"]["flowSampling"] > 0 for subnet in gcp.of(SUBNET))


def test_every_region_has_a_way_out_for_all_its_subnets(gcp: Graph):
    subnets = {subnet.inputs["region"] for subnet in gcp.of(SUBNET)}
    ways = {nat.inputs["region"]: nat.inputs["sourceSubnetworkIpRangesToNat"] for nat in gcp.of(NAT)}
    assert ways == dict.fromkeys(subnets, "ALL_SUBNETWORKS_ALL_IP_RANGES")


def test_a_way_out_that_fails_is_seen(gcp: Graph):
    assert {nat.inputs["logConfig"]["filter"] for nat in gcp.of(NAT)} == {"ERRORS_ONLY"}


def test_pods_and_services_have_ranges_of_their_own_beside_the_nodes(gcp: Graph):
    for subnet in gcp.of(SUBNET):
        named = [each["rangeName"] for each in subnet.inputs.get("secondaryIpRanges", [])]
        assert named == ([] if "-serverless-" in subnet.name else ["pods", "services"])


def test_a_cluster_takes_the_ranges_of_the_subnet_of_its_region(gcp: Graph):
    for cluster in gcp.of("gcp:container/cluster:Cluster"):
        assert cluster.inputs["subnetwork"] == f"network-{cluster.inputs['location']}-id"
        allocation = cluster.inputs["ipAllocationPolicy"]
        assert (allocation["clusterSecondaryRangeName"], allocation["servicesSecondaryRangeName"]) == (
            "pods",
            "services",
        )


def test_the_ranges_of_regions_never_overlap(gcp_prod: Graph):
    parts = [
        IPv4Network(block)
        for subnet in gcp_prod.of(SUBNET)
        for block in (
            subnet.inputs["ipCidrRange"],
            *(each["ipCidrRange"] for each in subnet.inputs.get("secondaryIpRanges", [])),
        )
    ]
    assert len(parts) == 4 * len(settings_of("gcp-prod").regions)
    assert not any(one.overlaps(other) for one, other in combinations(parts, 2))


def test_the_network_is_joined_to_googles_own_for_what_vertex_ai_runs(gcp_up: Graph):
    (peering,), (lent,) = gcp_up.of(PEERING), [it for it in gcp_up.of(ADDRESS) if it.inputs.get("purpose")]
    assert peering.inputs["service"] == "servicenetworking.googleapis.com"
    assert peering.inputs["network"] == lent.inputs["network"] == "network-id"
    assert peering.inputs["reservedPeeringRanges"] == [f"{lent.name}-abcdef1"]


def test_the_range_that_is_lent_to_google_is_private_and_chosen_beside_ours(gcp: Graph):
    (lent,) = [address for address in gcp.of(ADDRESS) if address.inputs.get("purpose")]
    assert (lent.inputs["purpose"], lent.inputs["addressType"]) == ("VPC_PEERING", "INTERNAL")
    assert "address" not in lent.inputs


@given(st.integers(16, 20))
def test_a_regions_parts_never_overlap_and_fit_its_range(prefix: int):
    region = IPv4Network(f"10.64.0.0/{prefix}")
    parts = [*vars(ranges(region)).values()]
    assert all(part.subnet_of(region) for part in parts)
    assert not any(one.overlaps(other) for one, other in combinations(parts, 2))


@given(st.integers(16, 20))
def test_pods_have_half_of_a_regions_range_as_its_rule_of_room_counts_on(prefix: int):
    assert ranges(IPv4Network(f"10.64.0.0/{prefix}")).pods.prefixlen == prefix + 1
