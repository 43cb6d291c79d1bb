"""How every node of ours is launched: shielded, with an encrypted disk and no way to the node's credentials.

Pods ask GKE's own metadata server and get the identity of their service account, never the node's. What machine types,
how many and where is the node pool's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi import Input
from pulumi_gcp.container import (
    NodePoolNodeConfigArgsDict,
    NodePoolNodeConfigGuestAcceleratorArgsDict,
    NodePoolNodeConfigReservationAffinityArgsDict,
    NodePoolNodeConfigTaintArgsDict,
)

_IMAGES = {"cos": "COS_CONTAINERD"}
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"  # what a node may do is its service account's roles alone


@dataclass(frozen=True, kw_only=True)
class NodeArgs:
    """How a pool's nodes are launched.

    account: e-mail of the nodes' service account. key_id: encrypts their disks. labels: in Kubernetes. accelerator: as
    GKE calls it, with the drivers that it installs; empty for none. spot, flex_start: how they are had; neither is on
    demand. reservation: name of capacity that was bought ahead.
    """

    machine: str
    image: str
    disk_gib: int
    account: Input[str]
    key_id: Input[str]
    labels: Mapping[str, str]
    taints: Mapping[str, str]
    accelerator: str = ""
    accelerators: int = 0
    fast_socket: bool = False
    spot: bool = False
    flex_start: bool = False
    reservation: str = ""


def node_config(args: NodeArgs) -> NodePoolNodeConfigArgsDict:
    config: NodePoolNodeConfigArgsDict = {
        "machine_type": args.machine,
        "image_type": _IMAGES[args.image],
        "disk_size_gb": args.disk_gib,
        "disk_type": "pd-balanced" if not args.accelerator.startswith("nvidia-b200") else "hyperdisk-balanced",
        "boot_disk_kms_key": args.key_id,
        "service_account": args.account,
        "oauth_scopes": [_SCOPE],
        "labels": dict(args.labels),
        "taints": [_taint(key, value) for key, value in args.taints.items()],
        "gvnic": {"enabled": True},
        "gcfs_config": {"enabled": True},  # images are streamed: a pod of 10 GiB starts before all of it is there
        "shielded_instance_config": {"enable_secure_boot": True, "enable_integrity_monitoring": True},
        "workload_metadata_config": {"mode": "GKE_METADATA"},
        "metadata": {"disable-legacy-endpoints": "true"},
        "spot": args.spot,
        "flex_start": args.flex_start or None,
    }
    if args.accelerator:
        config["guest_accelerators"] = _accelerators(args)
        config["fast_socket"] = {"enabled": args.fast_socket}
    if args.flex_start:
        config["max_run_duration"] = "604800s"  # the longest that Google lends
    config["reservation_affinity"] = _affinity(args.reservation)
    return config


def _accelerators(args: NodeArgs) -> Sequence[NodePoolNodeConfigGuestAcceleratorArgsDict]:
    return [
        {
            "type": args.accelerator,
            "count": args.accelerators,
            "gpu_driver_installation_config": {"gpu_driver_version": "LATEST"},
        }
    ]


def _affinity(reservation: str) -> NodePoolNodeConfigReservationAffinityArgsDict:
    if reservation:
        return {
            "consume_reservation_type": "SPECIFIC_RESERVATION",
            "key": "compute.googleapis.com/reservation-name",
            "values": [reservation],
        }
    return {"consume_reservation_type": "NO_RESERVATION"}  # what was bought for one pool is not taken by another


def _taint(key: str, value: str) -> NodePoolNodeConfigTaintArgsDict:
    return {"key": key, "value": value, "effect": "NO_SCHEDULE"}
