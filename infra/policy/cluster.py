"""Kubernetes and its nodes are mended by their makers, leave a trace, and keep their credentials to themselves."""

from collections.abc import Iterator

from infra.policy.aws import cluster as aws
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
    if machine.session_tokens is False:
        yield f"{machine.what} gives its credentials to any process that can send a request (IMDSv1)"


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
        find={"aws": aws.control_planes},
        judge=paid_support,
    ),
    Rule(
        name="control-plane-keeps-logs",
        concern="cluster",
        says="What was asked of the API server, and by whom, can be looked up afterwards.",
        mends="enable the logs api, audit and authenticator",
        find={"aws": aws.control_planes},
        judge=silent_control_plane,
        lenient=OUTSIDE_DEV,
    ),
    Rule(
        name="node-images-are-maintained",
        concern="cluster",
        says="Nodes run an image that its maker still mends; Amazon Linux 2 is none.",
        mends="take AL2023 or Bottlerocket (slipway:gpu_pools[].image)",
        find={"aws": aws.node_images},
        judge=ended_image,
    ),
    Rule(
        name="machines-keep-their-credentials",
        concern="cluster",
        says="A machine gives its credentials only to who asks with a session token (IMDSv2).",
        mends="set http_tokens to required in metadata_options",
        find={"aws": aws.machines},
        judge=open_credentials,
    ),
)
