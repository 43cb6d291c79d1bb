"""Where AWS says what a Kubernetes cluster is, and until when its versions and node images are mended."""

import math
from collections.abc import Iterator
from datetime import date

from infra.policy.ideas import ControlPlane, Machine, NodeImage
from infra.policy.stack import UNKNOWN, Resource, dig
from infra.settings.eks_versions import EKS_ENDS

EKS_AL2_ENDS = date(2025, 11, 26)
"""Source: awslabs/amazon-eks-ami, issue 2545: no AL2 images after that day."""

AL2_ENDS = date(2026, 6, 30)
"""Source: Amazon Linux 2 FAQ, end of support."""

_LOGS = ("api", "audit", "authenticator")
_AL2_NAMES = ("amzn2-ami", "amazon-linux-2/", "amazon-linux-2-")


def control_planes(resource: Resource) -> Iterator[ControlPlane]:
    if resource.type != "aws:eks/cluster:Cluster":
        return
    version, kept = resource.text("version") or "", resource.texts("enabledClusterLogTypes")
    support = resource.text("upgradePolicy.supportType", "EXTENDED")  # what EKS takes where nothing is said
    yield ControlPlane(
        version=version,
        ends=ends(version),
        extended=None if support is None else support != "STANDARD",
        silent=() if kept is None else tuple(log for log in _LOGS if log not in kept),
    )


def ends(version: str) -> date | None:
    """When standard support of a minor version ends, or ended; None for one that is newer than the table."""
    oldest = next(iter(EKS_ENDS))
    return EKS_ENDS[oldest] if _minor(version) < _minor(oldest) else EKS_ENDS.get(version)


def _minor(version: str) -> float:
    """Of Kubernetes 1; what is no version is newer than all."""
    major, _, minor = version.partition(".")
    return int(minor) if major == "1" and minor.isdecimal() else math.inf


def node_images(resource: Resource) -> Iterator[NodeImage]:
    match resource.type:
        case "aws:eks/nodeGroup:NodeGroup":
            kind = resource.get("amiType")
            if isinstance(kind, str):
                yield NodeImage(name=kind, ends=EKS_AL2_ENDS if kind.startswith("AL2_") else None)
        case "aws:ec2/launchTemplate:LaunchTemplate" | "aws:ec2/instance:Instance":
            name = resource.get("imageId", resource.get("ami"))
            if isinstance(name, str) and any(part in name for part in _AL2_NAMES):
                yield NodeImage(name=name, ends=AL2_ENDS)
        case _:
            pass


def machines(resource: Resource) -> Iterator[Machine]:
    """How machines give away their credentials: version 2 of the metadata service asks for a session token."""
    kinds = {
        "aws:ec2/launchTemplate:LaunchTemplate": "the launch template",
        "aws:ec2/instance:Instance": "the instance",
        "aws:ec2/launchConfiguration:LaunchConfiguration": "the launch configuration",
        "aws:sagemaker/notebookInstance:NotebookInstance": "the notebook",
    }
    if resource.type in kinds:
        yield Machine(what=kinds[resource.type], keeps_credentials=_asks_for_tokens(resource))


def _asks_for_tokens(resource: Resource) -> bool | None:
    if resource.type.startswith("aws:sagemaker/"):
        return resource.get("instanceMetadataServiceConfiguration.minimumInstanceMetadataServiceVersion") == "2"
    options = resource.get("metadataOptions")
    if options is UNKNOWN:
        return None
    return dig(options, "httpTokens") == "required" or dig(options, "httpEndpoint") == "disabled"
