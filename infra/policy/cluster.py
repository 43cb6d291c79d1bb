"""Kubernetes and its nodes are mended by their makers, leave a trace, and keep their credentials to themselves."""

from collections.abc import Iterator

from infra.policy.aws import cluster as aws
from infra.policy.gcp import cluster as gcp
from infra.policy.ideas import ControlPlane, Machine, NodeImage
from infra.policy.rule import OUTSIDE_DEV, Rule
from infra.policy.terms import Terms


def ended_version(plane: ControlPlane, terms: Terms) -> Iterator[str]:
    if plane.ends and plane.ends <= terms.today:
        yield f"standard support of Kubernetes {plane.version} ended on {plane.ends:%d %B %Y}"


def paid_support(plane: ControlPlane, _: Terms) -> Iterator[str]:
    if plane.extended:
        yield "the cluster stays on an old version for six times the price, instead of being brought forward"


def silent_control_plane(plane: ControlPlane, _: Terms) -> Iterator[str]:
    if plane.silent:
        yield f"the control plane keeps no logs of the kind {', '.join(plane.silent)}"


def ended_image(image: NodeImage, terms: Terms) -> Iterator[str]:
    if image.ends and image.ends <= terms.today:
        yield f"{image.name} is an image that has had no mends since {image.ends:%d %B %Y}"


def open_credentials(machine: Machine, _: Terms) -> Iterator[str]:
    if machine.keeps_credentials is False:
        yield f"{machine.what} gives its credentials to any process that can send a request"


def unverified_boot(machine: Machine, _: Terms) -> Iterator[str]:
    if machine.verified is False:
        yield f"{machine.what} boots whatever was put in the place of its system"


def adrift(plane: ControlPlane, _: Terms) -> Iterator[str]:
    if plane.adrift:
        yield "nobody brings the cluster forward, until its version has ended"


def without_identities(plane: ControlPlane, _: Terms) -> Iterator[str]:
    if plane.own_identities is False:
        yield "pods have no identity but that of their node, which all pods on it share"


def unfiltered_traffic(plane: ControlPlane, _: Terms) -> Iterator[str]:
    if plane.filters is False:
        yield "network policies are accepted and have no effect"


def old_way_in(plane: ControlPlane, _: Terms) -> Iterator[str]:
    for way in plane.old_ways:
        yield f"the API server still takes {way}"


RULES = (
    Rule(
        name="kubernetes-is-supported",
        concern="cluster",
        says="Kubernetes is a version in standard support.",
        mends="raise slipway:cluster.version by one minor version at a time",
        find={"aws": aws.control_planes},
        judge=ended_version,
        lenient=OUTSIDE_DEV,
    ),
    Rule(
        name="no-extended-support",
        concern="cluster",
        says="A cluster does not slip into extended support, which costs six times as much.",
        mends="set the support type STANDARD in upgrade_policy",
        mends_on={"gcp": "take another slipway:cluster.release_channel than extended"},
        find={"aws": aws.control_planes, "gcp": gcp.control_planes},
        judge=paid_support,
    ),
    Rule(
        name="control-plane-keeps-logs",
        concern="cluster",
        says="What was asked of the API server, and by whom, can be looked up afterwards.",
        mends="enable the logs api, audit and authenticator",
        mends_on={"gcp": "enable the components SYSTEM_COMPONENTS and APISERVER in logging_config"},
        find={"aws": aws.control_planes, "gcp": gcp.control_planes},
        judge=silent_control_plane,
        lenient=OUTSIDE_DEV,
    ),
    Rule(
        name="node-images-are-maintained",
        concern="cluster",
        says="Nodes run an image that its maker still mends; Amazon Linux 2 is none, nor is any with Docker.",
        mends="take AL2023 or Bottlerocket (slipway:gpu_pools[].image)",
        mends_on={"gcp": "take COS_CONTAINERD"},
        find={"aws": aws.node_images, "gcp": gcp.node_images},
        judge=ended_image,
    ),
    Rule(
        name="machines-keep-their-credentials",
        concern="cluster",
        says="A machine does not give its credentials to every process that asks for them.",
        mends="set http_tokens to required in metadata_options (IMDSv2)",
        mends_on={"gcp": "set the mode of workload_metadata_config to GKE_METADATA"},
        find={"aws": aws.machines, "gcp": gcp.machines},
        judge=open_credentials,
    ),
    Rule(
        name="machines-boot-what-was-signed",
        concern="cluster",
        says="A machine boots a system that its maker has signed, and says so when it was changed.",
        mends="set enable_secure_boot in shielded_instance_config, and leave enable_integrity_monitoring on",
        find={"gcp": gcp.boots},
        judge=unverified_boot,
    ),
    Rule(
        name="clusters-follow-a-channel",
        concern="cluster",
        says="A cluster is brought forward before its version ends.",
        mends="set slipway:cluster.release_channel",
        find={"gcp": gcp.control_planes},
        judge=adrift,
    ),
    Rule(
        name="pods-can-have-identities",
        concern="cluster",
        says="A pod can have an identity of its own with the cloud.",
        mends="set workload_pool in workload_identity_config to <project>.svc.id.goog",
        find={"gcp": gcp.control_planes},
        judge=without_identities,
    ),
    Rule(
        name="network-policies-have-effect",
        concern="cluster",
        says="A cluster enforces the network policies that it accepts.",
        mends="set datapath_provider to ADVANCED_DATAPATH",
        find={"gcp": gcp.control_planes},
        judge=unfiltered_traffic,
    ),
    Rule(
        name="no-old-ways-in",
        concern="cluster",
        says="The API server knows who asks, and gives rights by RBAC alone.",
        mends="leave legacy ABAC, client certificates and bindings of everybody off",
        find={"gcp": gcp.control_planes},
        judge=old_way_in,
    ),
)
