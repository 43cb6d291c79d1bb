"""What makes a node's accelerators known and watched: NVIDIA's device plugin and its DCGM exporter. Pure.

Only where settings name their images: GKE brings both, and Bottlerocket the plugin. They reach into the node, so they
run in a privileged namespace of their own, with as little beyond that as each of them needs.
"""

from collections.abc import Sequence
from typing import Any

from infra.kubernetes.accounts import service_account
from infra.kubernetes.nodes import GPU, POOL, Kind, tolerations
from infra.kubernetes.objects import NAME, SYSTEM_NAMESPACE, Manifest, metadata, selected
from infra.kubernetes.trainer import NODES
from infra.settings import PoolSettings, SystemImages

PLUGIN, EXPORTER = "nvidia-device-plugin", "dcgm-exporter"
EXPORTER_PORT = 9400


def system(images: SystemImages, pools: Sequence[PoolSettings], kind: Kind) -> dict[str, Manifest]:
    """DaemonSets on nodes of these pools, each with its service account."""
    made: dict[str, Manifest] = {}
    bare = [pool.name for pool in pools if pool.image != "bottlerocket"]
    if images.device_plugin and bare:
        made |= _daemon(PLUGIN, _plugin(images.device_plugin), bare, kind, folder="/var/lib/kubelet/device-plugins")
    if images.dcgm_exporter and pools:
        every = [pool.name for pool in pools]
        made |= _daemon(EXPORTER, _exporter(images.dcgm_exporter), every, kind, folder="/var/lib/kubelet/pod-resources")
    return made


def _plugin(image: str) -> dict[str, Any]:
    return {
        "name": PLUGIN,
        "image": image,
        "env": [{"name": "FAIL_ON_INIT_ERROR", "value": "false"}],  # a node whose driver is not ready yet
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }


def _exporter(image: str) -> dict[str, Any]:
    return {
        "name": EXPORTER,
        "image": image,
        "env": [
            {"name": "DCGM_EXPORTER_KUBERNETES", "value": "true"},
            {"name": "DCGM_EXPORTER_LISTEN", "value": f":{EXPORTER_PORT}"},
        ],
        "ports": [{"name": "metrics", "containerPort": EXPORTER_PORT, "protocol": "TCP"}],
        "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "512Mi"}},
        # profiling counters of the GPU are read with SYS_ADMIN alone, says NVIDIA's own manifest
        "securityContext": {"readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"], "add": ["SYS_ADMIN"]}},
    }


def _daemon(
    part: str, container: dict[str, Any], pools: Sequence[str], kind: Kind, *, folder: str
) -> dict[str, Manifest]:
    """folder: of the kubelet, where the two exchange sockets."""
    on_pools = {"matchExpressions": [{"key": POOL, "operator": "In", "values": list(pools)}]}
    mount = {"name": "kubelet", "mountPath": folder}
    return {
        f"{part}-account": service_account(part, namespace=SYSTEM_NAMESPACE),
        part: {
            "apiVersion": "apps/v1",
            "kind": "DaemonSet",
            "metadata": metadata(part, part, namespace=SYSTEM_NAMESPACE),
            "spec": {
                "selector": selected(part),
                "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "10%"}},
                "template": {
                    "metadata": {"labels": {NAME: part}},
                    "spec": {
                        "serviceAccountName": part,
                        "automountServiceAccountToken": False,
                        "enableServiceLinks": False,
                        "priorityClassName": NODES,
                        "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
                        "affinity": {
                            "nodeAffinity": {
                                "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [on_pools]}
                            }
                        },
                        "tolerations": tolerations(kind, GPU),
                        "containers": [container | {"volumeMounts": [mount]}],
                        "volumes": [{"name": "kubelet", "hostPath": {"path": folder, "type": "Directory"}}],
                    },
                },
            },
        },
    }
