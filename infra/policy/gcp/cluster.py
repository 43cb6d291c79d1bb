"""Where Google says what a Kubernetes cluster is, who brings it forward, and how its machines boot."""

from collections.abc import Iterator
from datetime import date

from infra.policy.ideas import ControlPlane, Machine, NodeImage
from infra.policy.stack import UNKNOWN, Resource, dig

DOCKER_ENDS = date(2023, 7, 31)
"""End of node images with Docker, which GKE 1.23 was the last to have. Source: GKE's documentation on node images."""

SAC_ENDS = date(2022, 8, 9)
"""End of Windows Server's last semi-annual version, 20H2. Source: Microsoft's life cycle of Windows Server."""

_CLUSTER, _POOL = "gcp:container/cluster:Cluster", "gcp:container/nodePool:NodePool"
_LOGS = ("SYSTEM_COMPONENTS", "APISERVER")
_IMAGES_END = {
    "COS": DOCKER_ENDS,
    "UBUNTU": DOCKER_ENDS,
    "WINDOWS_SAC": SAC_ENDS,
    "WINDOWS_SAC_CONTAINERD": SAC_ENDS,
}
_UNFOLLOWED = ("", "UNSPECIFIED")
_OLD_WAYS = {
    "enableLegacyAbac": "rights by attribute, older than RBAC",
    "rbacBindingConfig.enableInsecureBindingSystemUnauthenticated": "rights for callers without a name",
    "rbacBindingConfig.enableInsecureBindingSystemAuthenticated": "rights for every Google account there is",
    "masterAuth.clientCertificateConfig.issueClientCertificate": "a client certificate that nobody can take back",
}


def control_planes(resource: Resource) -> Iterator[ControlPlane]:
    if resource.type != _CLUSTER:
        return
    channel, kept = resource.text("releaseChannel.channel"), resource.texts("loggingConfig.enableComponents")
    datapath = resource.text("datapathProvider")
    yield ControlPlane(
        version=resource.text("minMasterVersion") or "",
        ends=None,  # channels bring a cluster forward before its version ends
        extended=channel == "EXTENDED",
        silent=() if kept is None else tuple(log for log in _LOGS if log not in kept),
        adrift=None if channel is None else channel in _UNFOLLOWED,
        own_identities=bool(resource.get("workloadIdentityConfig.workloadPool")),
        filters=None if datapath is None else datapath == "ADVANCED_DATAPATH" or resource.flag("networkPolicy.enabled"),
        old_ways=tuple(what for path, what in _OLD_WAYS.items() if resource.flag(path)),
    )


def node_images(resource: Resource) -> Iterator[NodeImage]:
    kind = resource.get("nodeConfig.imageType") if resource.type in (_CLUSTER, _POOL) else None
    if isinstance(kind, str):
        yield NodeImage(name=kind, ends=_IMAGES_END.get(kind.upper()))


def machines(resource: Resource) -> Iterator[Machine]:
    """How machines give away their credentials: GKE's own metadata service gives a pod only its own."""
    if resource.type == _POOL:
        mode = resource.text("nodeConfig.workloadMetadataConfig.mode")
        legacy = resource.get("nodeConfig.metadata.disable-legacy-endpoints") == "false"
        kept = None if mode is None else mode == "GKE_METADATA" and not legacy
        yield Machine(what="the node pool", keeps_credentials=kept)


def boots(resource: Resource) -> Iterator[Machine]:
    """Machines that verify what they boot: shielded ones, with secure boot and what watches it."""
    match resource.type:
        case "gcp:container/nodePool:NodePool":
            yield Machine(what="the node pool", verified=_shielded(resource, "nodeConfig.shieldedInstanceConfig"))
        case "gcp:compute/instance:Instance" | "gcp:compute/instanceTemplate:InstanceTemplate":
            yield Machine(what="the instance", verified=_shielded(resource, "shieldedInstanceConfig"))
        case "gcp:container/cluster:Cluster":
            yield Machine(what="the cluster", verified=resource.flag("enableShieldedNodes", default=True))
        case _:
            pass


def _shielded(resource: Resource, path: str) -> bool | None:
    """Watching is on unless it is turned off; secure boot is off unless it is turned on."""
    options = resource.get(path)
    switches = [dig(options, "enableSecureBoot", False), dig(options, "enableIntegrityMonitoring", True)]
    return None if UNKNOWN in switches else all(switches)
