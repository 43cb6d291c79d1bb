"""Nodes with accelerators in one region: a managed node group for every pool and kind of capacity.

They scale from zero and carry taints, so that nothing runs on them that did not ask for an accelerator. The cluster
autoscaler tries them in the order of infra/capacity.py, and changes their size: that number is not ours where a group
keeps no nodes. Spot groups have several types, among which EKS weighs price and capacity; on advice to rebalance it
starts another node before it drains the one that may be taken back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_aws import autoscaling, eks
from pulumi_aws.ec2 import PlacementGroup, SecurityGroup
from pulumi_aws.vpc import SecurityGroupEgressRule, SecurityGroupIngressRule

from infra.aws.cluster import Cluster
from infra.aws.machines import USUAL_IMAGE, ami_type, device, efa_cards
from infra.aws.naming import group_name
from infra.aws.network import Network
from infra.aws.nodes import NodeArgs, launch_template, left_to_the_autoscaler, scaling
from infra.capacity import Choice, node_labels
from infra.settings import BOUGHT_AHEAD, PoolSettings, Reservation

_CAPACITY_TYPES = {
    "spot": "SPOT",
    "on_demand": "ON_DEMAND",
    "reserved": "ON_DEMAND",
    "capacity_block": "CAPACITY_BLOCK",
}
_FABRIC = "vpc.amazonaws.com/efa"
_TEMPLATE = "k8s.io/cluster-autoscaler/node-template"


@dataclass(frozen=True, kw_only=True)
class GpuPoolArgs:
    """One pool in one region.

    key: of its settings, for errors. zones: that offer all its types. accelerators: of one node, for the autoscaler.
    choices: its kinds of capacity here. chosen: the one that keeps the pool's least nodes, or None in a region that is
    not chosen.
    """

    settings: PoolSettings
    key: str
    zones: Sequence[str]
    accelerators: int
    choices: Sequence[Choice]
    chosen: Choice | None
    network: Network
    cluster: Cluster
    labels: Mapping[str, str]


class GpuPool(ComponentResource):
    """groups: node groups by capacity."""

    groups: dict[str, eks.NodeGroup]

    def __init__(self, name: str, args: GpuPoolArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:aws:GpuPool", name, None, opts)
        self._args, self._child = args, ResourceOptions(parent=self)
        pool = args.settings
        self._image = ami_type(pool, args.key)
        self._cards = efa_cards(pool, args.key)
        self._fabric = self._security_group(f"{name}-fabric") if self._cards else None

        self.groups = {
            choice.capacity: self._group(group_name(choice.region, pool.name, choice.capacity), choice)
            for choice in args.choices
        }
        self.register_outputs({})

    def _group(self, name: str, choice: Choice) -> eks.NodeGroup:
        pool, args = self._args.settings, self._args
        keeps = args.chosen is not None and choice.capacity == args.chosen.capacity
        least = pool.min if keeps else 0
        held = pool.reservation if choice.capacity in BOUGHT_AHEAD else None
        # what was bought ahead stands together already, or in a placement group of its own
        together = self._cards and not held
        placement = PlacementGroup(name, strategy="cluster", opts=self._child) if together else None
        template = launch_template(
            name,
            NodeArgs(
                image=pool.image or USUAL_IMAGE,
                disk_gib=pool.disk_gib,
                labels=args.labels,
                machine=choice.machines[0] if held else "",
                reservation=held.id if held else "",
                block=choice.capacity == "capacity_block",
                placement_group=placement.name if placement else None,
                efa_cards=self._cards,
                security_groups=[self._fabric.id, args.cluster.security_group_id] if self._fabric else (),
            ),
            self._child,
        )
        group = eks.NodeGroup(
            name,
            cluster_name=args.cluster.name,
            node_role_arn=args.cluster.node_role_arn,
            subnet_ids=[args.network.private_subnets[zone] for zone in self._zones(held)],
            ami_type=self._image,
            capacity_type=_CAPACITY_TYPES[choice.capacity],
            instance_types=None if held else list(choice.machines),  # what was bought ahead is in the template
            launch_template={"id": template.id, "version": template.latest_version.apply(str)},
            scaling_config=scaling(least=least, most=pool.max),
            update_config={"max_unavailable_percentage": 34},
            node_repair_config={"enabled": True},
            labels=node_labels(pool, choice),
            taints=[{"key": device(pool), "value": "present", "effect": "NO_SCHEDULE"}],
            opts=ResourceOptions(
                parent=self, depends_on=list(args.cluster.ready), ignore_changes=left_to_the_autoscaler(least=least)
            ),
        )
        self._tell_autoscaler(name, group, choice)
        return group

    def _zones(self, held: Reservation | None) -> Sequence[str]:
        """A reservation is in one zone; EFA speaks only inside one, and a placement group is in one."""
        if held:
            return [held.zone]
        return self._args.zones[:1] if self._cards else self._args.zones

    def _tell_autoscaler(self, name: str, group: eks.NodeGroup, choice: Choice) -> None:
        """Tags from which the autoscaler knows what a node of an empty group would be like."""
        pool = self._args.settings
        template = {f"label/{key}": value for key, value in node_labels(pool, choice).items()} | {
            f"taint/{device(pool)}": "present:NoSchedule",
            f"resources/{device(pool)}": str(self._args.accelerators),
        }
        if self._cards:
            template[f"resources/{_FABRIC}"] = str(self._cards)
        for key, value in template.items():
            autoscaling.Tag(
                f"{name}-{key.replace('/', '-')}",
                autoscaling_group_name=_auto_scaling_group(group),
                tag={"key": f"{_TEMPLATE}/{key}", "value": value, "propagate_at_launch": False},
                opts=self._child,
            )

    def _security_group(self, name: str) -> SecurityGroup:
        """Lets nodes of the pool speak with each other without limits, as EFA wants it; the cluster's lets them out."""
        group = SecurityGroup(
            name, vpc_id=self._args.network.vpc_id, description="Fabric between nodes of a pool", opts=self._child
        )
        for rule in (SecurityGroupIngressRule, SecurityGroupEgressRule):
            rule(
                name,
                security_group_id=group.id,
                referenced_security_group_id=group.id,
                ip_protocol="-1",
                description="EFA between nodes of the pool",
                opts=self._child,
            )
        return group


def _auto_scaling_group(group: eks.NodeGroup) -> Output[str]:
    return group.resources.apply(lambda made: (made[0].autoscaling_groups or [])[0].name or "")
