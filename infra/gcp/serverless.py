"""The predictor of one region as a Cloud Run service, from its image by digest.

Gives a service that only the stack's balancer reaches: its own address is switched off and its ingress takes nothing
else, so whether Google asks for a caller's identity is switched off too, since a balancer has none to show. Workers run
on the cluster, because they hold a task for longer than a request lives.
"""

from dataclasses import dataclass

from pulumi import ComponentResource, Output, Resource, ResourceOptions
from pulumi_gcp import cloudrunv2
from pulumi_gcp.serviceaccount import Account

from infra.gcp.naming import account_id
from infra.gcp.network import Network
from infra.gcp.policies import Grant, allow, let_act_as, service_account
from infra.gcp.queue import Queue
from infra.gcp.storage import Storage
from infra.gcp.workloads import may_serve
from infra.serving import HEALTH, RELEASE_FOLDER, predictor_environment
from infra.settings import PredictorSettings, ServerlessSettings
from infra.settings.rules.gcp import run_size
from slipway.release import Pin

_PORT = 8080
_HOST = "0.0.0.0"  # noqa: S104 - inside the container, where Cloud Run asks
_START_S = 240  # the longest that Cloud Run waits for a start-up probe to hold
_PROBE_EVERY_S = 5


@dataclass(frozen=True, kw_only=True)
class PredictorArgs:
    """image: in this region's registry, by digest. pin: the release that it loads from the store."""

    project: str
    region: str
    image: str
    pin: Pin
    serverless: ServerlessSettings
    predictor: PredictorSettings
    network: Network
    storage: Storage
    queue: Queue
    key_id: Output[str]
    key_use: Resource
    deployer: Output[str]
    protect: bool


class Predictor(ComponentResource):
    """name: of the service, for the balancer and for alarms."""

    name: Output[str]

    def __init__(self, name: str, args: PredictorArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:gcp:Predictor", name, None, opts)
        child = ResourceOptions(parent=self)
        runner = Account(
            name,
            account_id=account_id("predictor", args.region),
            display_name=f"The predictor in {args.region}",
            opts=child,
        )
        allowed = allow(
            name,
            [
                *may_serve(args.storage, args.queue),
                Grant(kind="project", on=args.project, role="roles/logging.logWriter"),
                Grant(kind="project", on=args.project, role="roles/monitoring.metricWriter"),
            ],
            service_account(runner.email),
            child,
        )
        acts = let_act_as(name, runner, args.deployer, child)
        service = cloudrunv2.Service(
            name,
            location=args.region,
            ingress="INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
            default_uri_disabled=True,
            invoker_iam_disabled=True,
            launch_stage="GA",
            deletion_protection=args.protect,
            template=_template(args, runner.email),
            traffics=[{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}],
            opts=ResourceOptions(
                parent=self,
                depends_on=[args.key_use, acts, *allowed, args.network.nats[args.region]],
                ignore_changes=["client", "clientVersion"],  # whoever looked at it last with another tool
            ),
        )
        self.name = service.name
        self.register_outputs({"name": self.name})


def _template(args: PredictorArgs, account: Output[str]) -> cloudrunv2.ServiceTemplateArgsDict:
    settings = args.serverless
    template: cloudrunv2.ServiceTemplateArgsDict = {
        "service_account": account,
        "execution_environment": "EXECUTION_ENVIRONMENT_GEN2",
        "encryption_key": args.key_id,
        "timeout": f"{settings.timeout_s}s",
        "max_instance_request_concurrency": settings.concurrency,
        "scaling": {"min_instance_count": settings.provisioned, "max_instance_count": settings.max_instances},
        "vpc_access": {
            "egress": "ALL_TRAFFIC",
            "network_interfaces": [
                {
                    "network": args.network.network_id,
                    "subnetwork": args.network.serverless_subnets[args.region].id,
                }
            ],
        },
        "containers": [_container(args)],
        # the one folder that the predictor writes: the release it brings, in memory
        "volumes": [{"name": "release", "empty_dir": {"medium": "MEMORY", "size_limit": f"{_release_mib(args)}Mi"}}],
    }
    if settings.accelerator:
        template["node_selector"] = {"accelerator": settings.accelerator}
        template["gpu_zonal_redundancy_disabled"] = not settings.zonal_redundancy
    return template


def _container(args: PredictorArgs) -> cloudrunv2.ServiceTemplateContainerArgsDict:
    settings = args.serverless
    environment = predictor_environment(
        args.predictor, region=args.region, pin=args.pin, store=args.storage.url, host=_HOST, port=_PORT
    )
    cpus, memory_mib = run_size(settings)
    limits = {"cpu": str(cpus), "memory": f"{memory_mib}Mi"}
    if settings.accelerator:
        limits["nvidia.com/gpu"] = "1"
    del environment["SLIPWAY_PORT"]  # Cloud Run gives PORT itself, and reserves that name
    return {
        "image": args.image,
        "ports": {"container_port": _PORT},
        "envs": [{"name": key, "value": value} for key, value in environment.items()],
        "resources": {
            "limits": limits,
            "startup_cpu_boost": True,
            "cpu_idle": not settings.accelerator,  # with a GPU the instance is billed as long as it stands
        },
        "startup_probe": {
            "http_get": {"path": HEALTH, "port": _PORT},
            "period_seconds": _PROBE_EVERY_S,
            "timeout_seconds": 2,
            "failure_threshold": _START_S // _PROBE_EVERY_S,
        },
        "liveness_probe": {
            "http_get": {"path": "/v2/health/live", "port": _PORT},
            "period_seconds": 10,
            "timeout_seconds": 2,
            "failure_threshold": 3,
        },
        "volume_mounts": [{"name": "release", "mount_path": RELEASE_FOLDER}],
    }


def _release_mib(args: PredictorArgs) -> int:
    """Half of the memory at most: the model is in memory twice while it is loaded."""
    _, memory_mib = run_size(args.serverless)
    return memory_mib // 2
