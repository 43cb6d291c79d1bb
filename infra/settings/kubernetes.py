"""The cluster that the Kubernetes half is applied to, and what is there already that it may lean on."""

from typing import Literal, Self

from pydantic import Field, model_validator

from infra.settings.cloud import Image
from infra.settings.strict import Region, Strict


class SystemImages(Strict):
    """What runs beside the workloads, by digest; what has no image here is not installed.

    device_plugin and dcgm_exporter: NVIDIA's, where the cloud does not bring its own (GKE does). cluster_autoscaler: on
    EKS, where nodes come and go by it. kubectl: for the drift report.
    """

    device_plugin: Image | None = None
    dcgm_exporter: Image | None = None
    cluster_autoscaler: Image | None = None


class GatewaySettings(Strict):
    """The way in from outside by the Gateway API; class_name as the cluster's controller calls itself."""

    class_name: str = Field(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", examples=["gke-l7-regional-external-managed"])
    host: str = Field(pattern=r"^([a-z0-9-]+\.)+[a-z]{2,}$", examples=["api.example.com"])
    certificate: str = Field(default="slipway-gateway", pattern=r"^[a-z0-9][a-z0-9.-]*$")


class KubernetesSettings(Strict):
    """Which cluster, as one of the two: kubeconfig, or of.

    kubeconfig and context: a file of yours, of any cluster. of and region: a cloud stack of Slipway's and one of its
    regions; bucket, queue and the order of capacity come from its outputs.
    cluster: its name for good: objects are made anew when it changes, and not when only the way to it does.
    kind: whose nodes they are, which decides their labels. store and queue: URLs, beside a kubeconfig.
    keda, prometheus: their operators are there, so that their kinds can be used; without KEDA replicas follow the CPU.
    cpus and memory_gib: all that the workloads' namespace may ask for. drift_schedule: cron, of the drift report.
    """

    kubeconfig: str = Field(default="", examples=["~/.kube/config"])
    context: str = ""
    of: str = Field(default="", pattern=r"^[A-Za-z0-9._/-]*$", examples=["gcp-prod"])
    region: Region | Literal[""] = ""
    cluster: str = Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", examples=["slipway-gcp-prod"])
    kind: Literal["eks", "gke", "other"] = "other"
    store: str = Field(default="", pattern=r"^$|^(s3|gs)://[a-z0-9][a-z0-9._-]+$", examples=["s3://example-models"])
    queue: str = ""
    keda: bool = False
    prometheus: bool = False
    gateway: GatewaySettings | None = None
    images: SystemImages = SystemImages()
    cpus: int = Field(default=512, ge=4)
    memory_gib: int = Field(default=2048, ge=8)
    drift_schedule: str = Field(default="17 4 * * *", pattern=r"^(\S+ ){4}\S+$")

    @model_validator(mode="after")
    def _one_cluster(self) -> Self:
        if bool(self.kubeconfig) == bool(self.of):
            raise ValueError("kubeconfig: give kubeconfig, or of with the stack that made the cluster; one of the two")
        if self.of and not self.region:
            raise ValueError("region: is needed with of; a cloud stack has a cluster in each of its regions")
        if self.of and (self.store or self.queue or self.context):
            raise ValueError("of: brings store, queue and the way in with it; remove store, queue and context")
        if self.kubeconfig and not self.store:
            raise ValueError("store: is needed with kubeconfig; checkpoints and releases lie on a bucket")
        return self
