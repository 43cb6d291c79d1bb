"""The Kubernetes cluster of one region: GKE with private nodes, and an API server that is private unless settings say.

Pods have identities of their own (Workload Identity Federation), traffic between them is Dataplane V2's to refuse, and
what runs on the cluster itself has small nodes apart. Node pools with accelerators are in gpu_pools.py; what is applied
to the cluster is a stack of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import ComponentResource, Output, Resource, ResourceOptions
from pulumi_gcp import container, projects
from pulumi_gcp.serviceaccount import Account

from infra.gcp.encryption import CLUSTER_AGENT, agent, allow_use, rotating_key
from infra.gcp.machines import SYSTEM_MACHINES, USUAL_IMAGE
from infra.gcp.network import PODS, SERVICES, Network
from infra.gcp.nodes import NodeArgs, node_config
from infra.gcp.policies import let_act_as
from infra.settings import ClusterSettings

_LOGS = ("SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER")
_METRICS = ("SYSTEM_COMPONENTS", "APISERVER", "POD", "DEPLOYMENT", "HPA", "DCGM")
_NODES_MAY = ("roles/container.defaultNodeServiceAccount", "roles/artifactregistry.reader")
"""What a node itself needs: to write its logs and metrics, and to pull images. Pods have identities of their own."""

_SYSTEM_DISK_GIB = 50
_CHANNELS = {"rapid": "RAPID", "regular": "REGULAR", "stable": "STABLE", "extended": "EXTENDED"}


@dataclass(frozen=True, kw_only=True)
class ClusterArgs:
    """zones: where nodes stand. ring_id: on which the cluster's own key is made. disk_key_id: encrypts nodes' disks."""

    cluster_name: str
    region: str
    zones: tuple[str, ...]
    network: Network
    settings: ClusterSettings
    project: str
    project_number: str
    ring_id: Output[str]
    disk_key_id: Output[str]
    disk_key_use: Resource
    deployer: Output[str]
    labels: Mapping[str, str]
    deletion_protection: bool


class Cluster(ComponentResource):
    """name: as GKE knows it. node_account: e-mail of the nodes' service account. ready: to wait for before nodes."""

    name: Output[str]
    endpoint: Output[str]
    certificate: Output[str]
    node_account: Output[str]
    ready: list[Resource]

    def __init__(self, name: str, args: ClusterArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:gcp:Cluster", name, None, opts)
        self._name, self._args, self._child = name, args, ResourceOptions(parent=self)

        key = rotating_key(name, args.ring_id, ResourceOptions(parent=self, protect=args.deletion_protection))
        sealed = allow_use(name, key.id, agent(args.project_number, CLUSTER_AGENT), self._child)
        account = Account(
            f"{name}-nodes",
            account_id=f"nodes-{args.region}",
            display_name=f"Nodes of {args.cluster_name} in {args.region}",
            opts=self._child,
        )
        allowed = [
            projects.IAMMember(
                f"{name}-nodes-{role.rsplit('.', 1)[-1]}",
                project=args.project,
                role=role,
                member=Output.concat("serviceAccount:", account.email),
                opts=self._child,
            )
            for role in _NODES_MAY
        ]
        acts = let_act_as(f"{name}-nodes", account, args.deployer, self._child)
        self.node_account = account.email
        cluster = self._cluster(key.id, [sealed, acts, args.disk_key_use, args.network.nats[args.region]])
        self.name, self.endpoint = cluster.name, Output.concat("https://", cluster.endpoint)
        self.certificate = cluster.master_auth.apply(lambda auth: auth.cluster_ca_certificate or "")
        self.ready = [cluster, *allowed]
        self._system_nodes()
        self.register_outputs({"name": self.name, "endpoint": self.endpoint})

    def _cluster(self, key_id: Output[str], after: list[Resource]) -> container.Cluster:
        args, settings = self._args, self._args.settings
        public = list(settings.public_access_from)
        return container.Cluster(
            self._name,
            name=args.cluster_name,
            location=args.region,
            node_locations=list(args.zones),
            network=args.network.network_id,
            subnetwork=args.network.subnets[args.region].id,
            networking_mode="VPC_NATIVE",
            ip_allocation_policy={
                "cluster_secondary_range_name": PODS,
                "services_secondary_range_name": SERVICES,
                "stack_type": "IPV4",
            },
            datapath_provider="ADVANCED_DATAPATH",
            enable_intranode_visibility=True,
            release_channel={"channel": _CHANNELS[settings.release_channel]},
            remove_default_node_pool=True,
            initial_node_count=1,
            # of the pool that GKE makes and removes at once: it too has nobody's identity but its own
            node_config={"service_account": self.node_account, "boot_disk_kms_key": args.disk_key_id},
            private_cluster_config={"enable_private_nodes": True, "enable_private_endpoint": not public},
            control_plane_endpoints_config={
                "dns_endpoint_config": {"allow_external_traffic": False},
                "ip_endpoints_config": {"enabled": True},
            },
            master_authorized_networks_config={
                "cidr_blocks": [{"cidr_block": block, "display_name": "slipway"} for block in public],
                "gcp_public_cidrs_access_enabled": False,
            },
            master_auth={"client_certificate_config": {"issue_client_certificate": False}},
            enable_legacy_abac=False,
            workload_identity_config={"workload_pool": f"{args.project}.svc.id.goog"},
            enable_shielded_nodes=True,
            database_encryption={"state": "ENCRYPTED", "key_name": key_id},
            binary_authorization={
                "evaluation_mode": "PROJECT_SINGLETON_POLICY_ENFORCE" if settings.binary_authorization else "DISABLED"
            },
            security_posture_config={"mode": "BASIC"},
            addons_config={
                "gcs_fuse_csi_driver_config": {"enabled": True},
                "gce_persistent_disk_csi_driver_config": {"enabled": True},
                "dns_cache_config": {"enabled": True},
                "http_load_balancing": {"disabled": False},
                "horizontal_pod_autoscaling": {"disabled": False},
            },
            gateway_api_config={"channel": "CHANNEL_STANDARD"},
            cluster_autoscaling={"enabled": False, "autoscaling_profile": "OPTIMIZE_UTILIZATION"},
            vertical_pod_autoscaling={"enabled": True},
            cost_management_config={"enabled": True},
            logging_config={"enable_components": list(_LOGS)},
            monitoring_config={"enable_components": list(_METRICS), "managed_prometheus": {"enabled": True}},
            maintenance_policy={
                "recurring_window": {
                    "start_time": "2026-01-03T02:00:00Z",
                    "end_time": "2026-01-03T08:00:00Z",
                    "recurrence": "FREQ=WEEKLY;BYDAY=SA,SU",
                }
            },
            resource_labels=dict(args.labels),
            deletion_protection=args.deletion_protection,
            opts=ResourceOptions(
                parent=self,
                protect=args.deletion_protection,
                depends_on=after,
                ignore_changes=["initialNodeCount", "nodeConfig"],  # of the pool that is gone
            ),
        )

    def _system_nodes(self) -> None:
        settings, name = self._args.settings, f"{self._name}-system"
        machine = (settings.system_machines or SYSTEM_MACHINES)[0]  # a node pool of GKE has one type
        container.NodePool(
            name,
            cluster=self.name,
            location=self._args.region,
            node_locations=list(self._args.zones),
            initial_node_count=1,
            autoscaling={
                "total_min_node_count": settings.system_nodes,
                "total_max_node_count": settings.system_nodes_max,
                "location_policy": "BALANCED",
            },
            management={"auto_repair": True, "auto_upgrade": True},
            upgrade_settings={"strategy": "SURGE", "max_surge": 1, "max_unavailable": 0},
            node_config=node_config(
                NodeArgs(
                    machine=machine,
                    image=USUAL_IMAGE,
                    disk_gib=_SYSTEM_DISK_GIB,
                    account=self.node_account,
                    key_id=self._args.disk_key_id,
                    labels={"slipway/pool": "system"},
                    taints={},
                )
            ),
            opts=ResourceOptions(parent=self, depends_on=self.ready, ignore_changes=["nodeCount", "initialNodeCount"]),
        )
