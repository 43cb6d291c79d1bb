"""How every node of ours is launched: a launch template, with an encrypted disk and no way to the node's credentials.

Pods do not reach the instance metadata (a hop limit of 1), so they have no role but their own, through Pod Identity.
What machine types, how many and where is the node group's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi import Input, ResourceOptions
from pulumi_aws.ec2 import (
    LaunchTemplate,
    LaunchTemplateBlockDeviceMappingArgsDict,
    LaunchTemplateBlockDeviceMappingEbsArgsDict,
    LaunchTemplateNetworkInterfaceArgsDict,
    LaunchTemplateTagSpecificationArgsDict,
)
from pulumi_aws.eks import NodeGroupScalingConfigArgsDict

_ROOT_DEVICE = {"al2023": "/dev/xvda", "bottlerocket": "/dev/xvdb"}
"""The disk that holds images: Bottlerocket's is its second."""

_SYSTEM_DEVICE = {"bottlerocket": "/dev/xvda"}
_SYSTEM_GIB = 4  # as in Bottlerocket's NVIDIA variants, the least that EC2 takes for them; it holds two systems
_LABELLED = ("instance", "volume", "network-interface")
_TPUT_MIB_S, _IOPS = 500, 6000  # images of several GiB are pulled before a job starts; gp3's least is 125 and 3000


@dataclass(frozen=True, kw_only=True)
class NodeArgs:
    """How a group's nodes are launched.

    labels: EC2 puts no default tags of the provider on what a template launches. machine: only where capacity was
    bought ahead, as EKS wants it. reservation: the id of that capacity; block: it is a capacity block. placement_group:
    its name. efa_cards: network cards for the fabric, in security_groups; 0 leaves the network to EKS.
    """

    image: str
    disk_gib: int
    labels: Mapping[str, str]
    machine: str = ""
    reservation: str = ""
    block: bool = False
    placement_group: Input[str] | None = None
    efa_cards: int = 0
    security_groups: Sequence[Input[str]] = ()


def launch_template(name: str, args: NodeArgs, opts: ResourceOptions) -> LaunchTemplate:
    return LaunchTemplate(
        name,
        update_default_version=True,
        instance_type=args.machine or None,
        metadata_options={
            "http_endpoint": "enabled",
            "http_tokens": "required",
            "http_put_response_hop_limit": 1,
            "instance_metadata_tags": "disabled",
        },
        block_device_mappings=_disks(args),
        capacity_reservation_specification=(
            {"capacity_reservation_target": {"capacity_reservation_id": args.reservation}} if args.reservation else None
        ),
        instance_market_options={"market_type": "capacity-block"} if args.block else None,
        placement={"group_name": args.placement_group} if args.placement_group is not None else None,
        network_interfaces=_fabric(args.efa_cards, args.security_groups),
        tag_specifications=[_labelled(kind, args.labels) for kind in _LABELLED],
        opts=opts,
    )


def _disks(args: NodeArgs) -> list[LaunchTemplateBlockDeviceMappingArgsDict]:
    """Every disk of the image: one that is left out is as the image has it, which is not encrypted."""
    disks = [_disk(_ROOT_DEVICE[args.image], args.disk_gib, {"throughput": _TPUT_MIB_S, "iops": _IOPS})]
    if system := _SYSTEM_DEVICE.get(args.image):
        disks.append(_disk(system, _SYSTEM_GIB, {}))
    return disks


def _disk(
    device: str, size_gib: int, speed: LaunchTemplateBlockDeviceMappingEbsArgsDict
) -> LaunchTemplateBlockDeviceMappingArgsDict:
    encrypted: LaunchTemplateBlockDeviceMappingEbsArgsDict = {
        "volume_type": "gp3",
        "volume_size": size_gib,
        "encrypted": "true",
        "delete_on_termination": "true",
    }
    return {"device_name": device, "ebs": {**encrypted, **speed}}


def _labelled(kind: str, labels: Mapping[str, str]) -> LaunchTemplateTagSpecificationArgsDict:
    return {"resource_type": kind, "tags": dict(labels)}


def _fabric(cards: int, groups: Sequence[Input[str]]) -> list[LaunchTemplateNetworkInterfaceArgsDict] | None:
    """The first card carries traffic and fabric, the others the fabric alone, so that they take no address."""
    if not cards:
        return None
    return [
        {
            "device_index": 0 if card == 0 else 1,
            "network_card_index": card,
            "interface_type": "efa" if card == 0 else "efa-only",
            "security_groups": list(groups),
            "delete_on_termination": "true",
            "associate_public_ip_address": "false",
        }
        for card in range(cards)
    ]


def scaling(*, least: int, most: int) -> NodeGroupScalingConfigArgsDict:
    """How many nodes a group may have, for the autoscaler to choose among. EKS refuses a least above what is wanted."""
    return {"min_size": least, "desired_size": least, "max_size": most}


def left_to_the_autoscaler(*, least: int) -> list[str]:
    """What the engine ignores: the number that is wanted, where a group keeps no nodes.

    A group that keeps some says how many are wanted, so that raising its least raises it at once; a change of its sizes
    brings it back to its least, from which the autoscaler goes on (docs/decisions/0017).
    """
    return [] if least else ["scalingConfig.desiredSize"]
