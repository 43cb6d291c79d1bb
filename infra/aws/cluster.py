"""The Kubernetes cluster of one region: EKS, its add-ons, and the small nodes that run them.

The API server is private unless settings name who may reach it, secrets are encrypted with a key of their own, every
log of the control plane is kept, and access is granted by access entries alone. Nodes with accelerators are in
gpu_pools.py; what runs on the cluster is infra/kubernetes'. Versions of add-ons are EKS' default for the cluster's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Output, Resource, ResourceOptions
from pulumi_aws import eks
from pulumi_aws.cloudwatch import LogGroup
from pulumi_aws.kms import Key

from infra.aws.encryption import ROTATION_DAYS, WINDOW_DAYS, owned_by
from infra.aws.machines import SYSTEM_MACHINES, system_image
from infra.aws.network import Network
from infra.aws.nodes import NodeArgs, launch_template, left_to_the_autoscaler, scaling
from infra.aws.policies import Realm, document, managed_role, trust, trust_pods
from infra.settings import ClusterSettings

_LOGS = ("api", "audit", "authenticator", "controllerManager", "scheduler")
_NODE_POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly")
_ADMIN = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
_SYSTEM_DISK_GIB = 50


@dataclass(frozen=True, kw_only=True)
class ClusterArgs:
    """cluster_name: unique in the region. key_arn: encrypts its logs. admin_arn: the role that may do all on it."""

    cluster_name: str
    network: Network
    settings: ClusterSettings
    realm: Realm
    key_arn: Output[str]
    admin_arn: Output[str]
    labels: Mapping[str, str]
    deletion_protection: bool


class Cluster(ComponentResource):
    """name: waits for the cluster. ready: what nodes and pods of others must wait for."""

    name: Output[str]
    endpoint: Output[str]
    certificate: Output[str]
    security_group_id: Output[str]
    node_role_arn: Output[str]
    ready: Sequence[Resource]

    def __init__(self, name: str, args: ClusterArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:aws:Cluster", name, None, opts)
        self._name, self._args, self._child = name, args, ResourceOptions(parent=self)

        cluster = self._control_plane()
        self.name = cluster.name
        self._admit(args.admin_arn)
        self.endpoint = cluster.endpoint
        self.certificate = cluster.certificate_authority.apply(lambda authority: authority.data or "")
        self.security_group_id = cluster.vpc_config.apply(lambda config: config.cluster_security_group_id or "")

        node_role, attached = managed_role(
            f"{name}-node",
            args.realm,
            trusted=trust("ec2.amazonaws.com"),
            policies=_NODE_POLICIES,
            opts=self._child,
        )
        self.node_role_arn = node_role.arn
        on_nodes = [  # a node without network and identity never becomes ready, so these come first
            self._addon("eks-pod-identity-agent"),
            self._addon("vpc-cni", account="aws-node", policy="AmazonEKS_CNI_Policy"),
            self._addon("kube-proxy"),
        ]
        self.ready = [*on_nodes, *attached]
        system = self._system_nodes()
        self._addon("coredns", after=[system])
        self._addon(
            "aws-ebs-csi-driver",
            account="ebs-csi-controller-sa",
            policy="service-role/AmazonEBSCSIDriverPolicy",
            after=[system],
        )
        self.register_outputs({"name": self.name, "endpoint": self.endpoint})

    def _control_plane(self) -> eks.Cluster:
        name, args = self._name, self._args
        key = Key(
            f"{name}-secrets",
            description=f"Kubernetes secrets of {args.cluster_name}",
            enable_key_rotation=True,
            rotation_period_in_days=ROTATION_DAYS,
            deletion_window_in_days=WINDOW_DAYS,
            policy=document(owned_by(args.realm.account)),
            opts=ResourceOptions(parent=self, protect=args.deletion_protection),
        )
        logs = LogGroup(
            f"{name}-control-plane",
            name=f"/aws/eks/{args.cluster_name}/cluster",  # where EKS writes; made here so that it has an end
            retention_in_days=args.settings.log_days,
            kms_key_id=args.key_arn,
            opts=self._child,
        )
        plane, attached = managed_role(
            f"{name}-plane",
            args.realm,
            trusted=trust("eks.amazonaws.com", args.realm.account),
            policies=("AmazonEKSClusterPolicy",),
            opts=self._child,
        )
        public = list(args.settings.public_access_from)
        return eks.Cluster(
            name,
            name=args.cluster_name,
            version=args.settings.version,
            role_arn=plane.arn,
            vpc_config={
                "subnet_ids": list(args.network.private_subnets.values()),
                "endpoint_private_access": True,
                "endpoint_public_access": bool(public),
                "public_access_cidrs": public or None,
            },
            access_config={"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": False},
            encryption_config={"provider": {"key_arn": key.arn}, "resources": ["secrets"]},
            enabled_cluster_log_types=list(_LOGS),
            upgrade_policy={"support_type": "STANDARD"},  # extended support costs six times as much
            bootstrap_self_managed_addons=False,
            deletion_protection=args.deletion_protection,
            opts=ResourceOptions(
                parent=self,
                protect=args.deletion_protection,
                depends_on=[logs, *attached, args.network],
            ),
        )

    def _admit(self, principal: Output[str]) -> None:
        entry = eks.AccessEntry(
            f"{self._name}-deploy", cluster_name=self.name, principal_arn=principal, opts=self._child
        )
        eks.AccessPolicyAssociation(
            f"{self._name}-deploy",
            cluster_name=self.name,
            principal_arn=entry.principal_arn,
            policy_arn=_ADMIN,
            access_scope={"type": "cluster"},
            opts=self._child,
        )

    def _addon(self, addon: str, *, account: str = "", policy: str = "", after: Sequence[Resource] = ()) -> eks.Addon:
        """An add-on of EKS. account: its service account, which gets a role with a policy of AWS' own."""
        name, waits, identities = f"{self._name}-{addon}", list(after), None
        if account:
            role, attached = managed_role(
                name,
                self._args.realm,
                trusted=trust_pods(self._args.realm.account),
                policies=(policy,),
                opts=self._child,
            )
            waits.extend(attached)
            identities = [eks.AddonPodIdentityAssociationArgs(role_arn=role.arn, service_account=account)]
        return eks.Addon(
            name,
            cluster_name=self.name,
            addon_name=addon,
            pod_identity_associations=identities,
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="PRESERVE",
            opts=ResourceOptions(parent=self, depends_on=waits),
        )

    def _system_nodes(self) -> eks.NodeGroup:
        settings, name = self._args.settings, f"{self._name}-system"
        machines = settings.system_machines or SYSTEM_MACHINES
        least = settings.system_nodes
        template = launch_template(
            name,
            NodeArgs(image="al2023", disk_gib=_SYSTEM_DISK_GIB, labels=self._args.labels),
            self._child,
        )
        return eks.NodeGroup(
            name,
            cluster_name=self.name,
            node_role_arn=self.node_role_arn,
            subnet_ids=list(self._args.network.private_subnets.values()),
            ami_type=system_image(machines),
            capacity_type="ON_DEMAND",
            instance_types=list(machines),
            launch_template={"id": template.id, "version": template.latest_version.apply(str)},
            scaling_config=scaling(least=least, most=settings.system_nodes_max),
            update_config={"max_unavailable_percentage": 34},
            node_repair_config={"enabled": True},
            labels={"slipway/pool": "system"},
            opts=ResourceOptions(
                parent=self, depends_on=list(self.ready), ignore_changes=left_to_the_autoscaler(least=least)
            ),
        )
