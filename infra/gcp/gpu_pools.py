"""Nodes with accelerators in one region: a node pool for every pool, kind of capacity and machine type.

They scale from zero and carry taints, so that nothing runs on them that did not ask for an accelerator. GKE tries them
in the order of their ComputeClass (expander.py), and changes their size: that number is not ours.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_gcp import container

from infra.capacity import Choice, Chosen, node_labels, order_of
from infra.catalog import Catalog
from infra.gcp.cluster import Cluster
from infra.gcp.expander import COMPUTE_CLASS, group_names
from infra.gcp.machines import DEVICE, USUAL_IMAGE, accelerator_type, has_fast_socket
from infra.gcp.nodes import NodeArgs, node_config
from infra.settings import PoolSettings, Settings
from infra.zones import accelerators_on, has, zones_for, zones_of


@dataclass(frozen=True, kw_only=True)
class GpuPoolArgs:
    """One pool in one region.

    key: of its settings, for errors. zones: that offer all its types. accelerators: of one node, by machine type.
    choices: its kinds of capacity here. chosen: the one that keeps the pool's least nodes, or None in a region that is
    not chosen. disk_key_id: encrypts the nodes' disks.
    """

    settings: PoolSettings
    key: str
    region: str
    zones: Sequence[str]
    accelerators: Mapping[str, int]
    choices: Sequence[Choice]
    chosen: Choice | None
    cluster: Cluster
    disk_key_id: Output[str]


def gpu_pools(
    settings: Settings,
    region: str,
    catalog: Catalog,
    chosen: Mapping[str, Chosen],
    cluster: Cluster,
    disk_key_id: Output[str],
) -> Iterator[GpuPoolArgs]:
    """Every pool of a stack that is in this region. chosen: capacity by pool, all regions."""
    zones = zones_of(settings, region, catalog)
    for position, pool in enumerate(settings.gpu_pools):
        if has(pool, region):
            choice = chosen[pool.name].choice
            yield GpuPoolArgs(
                settings=pool,
                key=f"slipway:gpu_pools[{position}]",
                region=region,
                zones=zones_for("gcp", pool, region, zones, catalog),
                accelerators=accelerators_on("gcp", pool, region, catalog),
                choices=order_of(pool, [region]),
                chosen=choice if choice.region == region else None,
                cluster=cluster,
                disk_key_id=disk_key_id,
            )


class GpuPool(ComponentResource):
    """groups: node pools by capacity, the first machine type's first."""

    groups: dict[str, list[container.NodePool]]

    def __init__(self, name: str, args: GpuPoolArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:gcp:GpuPool", name, None, opts)
        self._name, self._args = name, args
        self.groups = {
            choice.capacity: [
                self._group(group, choice, machine)
                for group, machine in zip(group_names(choice), choice.machines, strict=True)
            ]
            for choice in args.choices
        }
        self.register_outputs({})

    def _group(self, group: str, choice: Choice, machine: str) -> container.NodePool:
        pool, args = self._args.settings, self._args
        keeps = args.chosen is not None and (choice.capacity, machine) == (
            args.chosen.capacity,
            args.chosen.machines[0],
        )
        flex, held = choice.capacity == "flex_start", pool.reservation if choice.capacity == "reserved" else None
        return container.NodePool(
            f"{self._name}-{group.removeprefix(f'{pool.name}-')}",
            name=group,  # its ComputeClass lists it
            cluster=args.cluster.name,
            location=args.region,
            node_locations=[held.zone] if held else list(args.zones),
            initial_node_count=0,
            autoscaling={
                "total_min_node_count": pool.min if keeps else 0,
                "total_max_node_count": pool.max,
                # where there are machines; on demand evenly, since it stays
                "location_policy": "BALANCED" if choice.capacity == "on_demand" else "ANY",
            },
            management={"auto_repair": not flex, "auto_upgrade": True},
            upgrade_settings={"strategy": "SHORT_LIVED"}
            if flex
            else {"strategy": "SURGE", "max_surge": 0, "max_unavailable": 1},
            node_config=node_config(
                NodeArgs(
                    machine=machine,
                    image=pool.image or USUAL_IMAGE,
                    disk_gib=pool.disk_gib,
                    account=args.cluster.node_account,
                    key_id=args.disk_key_id,
                    labels={**node_labels(pool, choice), COMPUTE_CLASS: pool.name},
                    taints={DEVICE: "present", COMPUTE_CLASS: pool.name},
                    accelerator=accelerator_type(machine, args.key),
                    accelerators=args.accelerators[machine],
                    fast_socket=has_fast_socket(pool),
                    spot=choice.capacity == "spot",
                    flex_start=flex,
                    reservation=held.id if held else "",
                )
            ),
            opts=ResourceOptions(
                parent=self,
                depends_on=args.cluster.ready,
                delete_before_replace=True,  # its name is taken while it stands
                ignore_changes=["nodeCount", "initialNodeCount"],  # the autoscaler's
            ),
        )
