"""The cluster that the Kubernetes half is applied to, and what is there already that it may lean on."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from infra.settings.cloud import Cidr, Image
from infra.settings.strict import Region, Strict

Name = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
"""What an object may be called: a label of DNS."""


class SystemImages(Strict):
    """What runs beside the workloads, by digest; what has no image here is not installed.

    device_plugin and dcgm_exporter: NVIDIA's, where the cloud does not bring its own (GKE does). cluster_autoscaler: on
    EKS, where nodes come and go by it. node_termination_handler: AWS', which hears of maintenance too.
    """

    device_plugin: Image | None = None
    dcgm_exporter: Image | None = None
    cluster_autoscaler: Image | None = None
    node_termination_handler: Image | None = None


class GatewaySettings(Strict):
    """The way in from outside; class_name as the cluster's controller calls itself.

    kind: the Gateway API, or an Ingress where the cluster knows no other. certificate: a Secret of TLS that is there.
    namespace: where the controller's proxies run, or sources: the ranges that a balancer of the cloud asks from; nobody
    else gets through to the predictor.
    """

    kind: Literal["gateway", "ingress"] = "gateway"
    class_name: str = Field(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", examples=["gke-l7-regional-external-managed"])
    host: str = Field(pattern=r"^([a-z0-9-]+\.)+[a-z]{2,}$", examples=["api.example.com"])
    certificate: str = Field(default="slipway-gateway", pattern=r"^[a-z0-9][a-z0-9.-]*$")
    namespace: Name | Literal[""] = ""
    sources: tuple[Cidr, ...] = ()

    @model_validator(mode="after")
    def _let_in(self) -> Self:
        if bool(self.namespace) == bool(self.sources):
            raise ValueError(
                "namespace: name the proxies' namespace, or sources with the balancer's ranges; one of both"
            )
        return self


class KubernetesSettings(Strict):
    """Which cluster, as one of the two: kubeconfig, or of.

    kubeconfig and context: a file of yours, of any cluster. of and region: a cloud stack of Slipway's and one of its
    regions; bucket and the order of capacity come from its outputs.
    cluster: its name for good: objects are made anew when it changes, and not when only the way to it does.
    kind: whose nodes they are, which decides their labels. store: URL of the bucket, beside a kubeconfig.
    queue: of Valkey, without a password; queue_secret: a Secret that is there, with the whole URL as `url` and the
    password as `password`. Without a queue there are no workers.
    keda, prometheus: their operators are there, so that their kinds can be used; without them replicas follow the CPU.
    prometheus_url and prometheus_namespace: where KEDA asks it, and where it scrapes from.
    cpus and memory_gib: that the services may ask for together; training may have its pools on top of that.
    drift_schedule: cron, of the drift report.
    """

    kubeconfig: str = Field(default="", pattern=r"^$|^[~/]", examples=["~/.kube/config"])
    context: str = ""
    of: str = Field(default="", pattern=r"^[A-Za-z0-9._/-]*$", examples=["gcp-prod"])
    region: Region | Literal[""] = ""
    cluster: Name = Field(examples=["slipway-gcp-prod"])
    kind: Literal["eks", "gke", "other"] = "other"
    store: str = Field(default="", pattern=r"^$|^(s3|gs)://[a-z0-9][a-z0-9._-]+$", examples=["s3://example-models"])
    queue: str = Field(
        default="", pattern=r"^$|^rediss?://[a-z0-9.-]+:\d+/\d+$", examples=["rediss://tasks.example:6379/0"]
    )
    queue_secret: Name | Literal[""] = ""
    keda: bool = False
    prometheus: bool = False
    prometheus_url: str = Field(default="http://prometheus-operated.monitoring.svc:9090", pattern=r"^https?://\S+$")
    prometheus_namespace: Name = "monitoring"
    gateway: GatewaySettings | None = None
    images: SystemImages = SystemImages()
    cpus: int = Field(default=128, ge=4)
    memory_gib: int = Field(default=512, ge=8)
    drift_schedule: str = Field(default="17 4 * * *", pattern=r"^(\S+ ){4}\S+$")

    @model_validator(mode="after")
    def _one_cluster(self) -> Self:
        if bool(self.kubeconfig) == bool(self.of):
            raise ValueError("kubeconfig: give kubeconfig, or of with the stack that made the cluster; one of the two")
        if self.of and not self.region:
            raise ValueError("region: is needed with of; a cloud stack has a cluster in each of its regions")
        if self.of and self.kind == "other":
            raise ValueError("kind: is needed with of; eks on an AWS stack, gke on one of Google")
        if self.of and (self.store or self.context):
            raise ValueError("of: brings the store and the way in with it; remove store and context")
        if self.kubeconfig and not self.store:
            raise ValueError("store: is needed with kubeconfig; checkpoints and releases lie on a bucket")
        if self.queue_secret and not self.queue:
            raise ValueError(
                "queue: is needed with queue_secret; which port is opened and what KEDA asks follow from it"
            )
        return self
