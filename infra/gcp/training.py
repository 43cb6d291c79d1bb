"""What `slipway train` needs to start a job in one region: Vertex AI's custom jobs, under an account of their own.

A job is submitted, not a resource: running it again would be a replacement. Jobs on the cluster take the pool's nodes
instead, and the roles of the service account `trainer`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import ComponentResource, Output, Resource, ResourceOptions
from pulumi_gcp.serviceaccount import Account

from infra.capacity import Choice
from infra.gcp.naming import account_id
from infra.gcp.network import Network
from infra.gcp.policies import Grant, allow, let_act_as, service_account
from infra.gcp.storage import Storage
from infra.gcp.workloads import may_train
from infra.settings import VertexSettings
from infra.stores import CHECKPOINTS, RELEASES

_STRATEGIES = {"spot": "SPOT", "flex_start": "FLEX_START", "on_demand": "STANDARD", "reserved": "STANDARD"}
"""Vertex AI's scheduling strategies by kind of capacity."""


@dataclass(frozen=True, kw_only=True)
class TrainingArgs:
    """image: of the trainer, in this region's registry."""

    project: str
    project_number: str
    region: str
    image: str
    settings: VertexSettings
    network: Network
    storage: Storage
    key_id: Output[str]
    key_use: Resource
    deployer: Output[str]


class Training(ComponentResource):
    account: Output[str]
    launcher: Mapping[str, Output[str] | str]

    def __init__(self, name: str, args: TrainingArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:gcp:Training", name, None, opts)
        child, storage = ResourceOptions(parent=self), args.storage
        runner = Account(
            name,
            account_id=account_id("trainer", args.region),
            display_name=f"Training jobs of Vertex AI in {args.region}",
            opts=child,
        )
        let_act_as(name, runner, args.deployer, child)
        self.account = runner.email
        on_project = (
            "roles/aiplatform.user",
            "roles/artifactregistry.reader",
            "roles/logging.logWriter",
            "roles/monitoring.metricWriter",
        )
        allow(
            name,
            [*may_train(storage), *(Grant(kind="project", on=args.project, role=role) for role in on_project)],
            service_account(runner.email),
            child,
        )
        # by the project's number: Vertex AI takes it by nothing else
        network = Output.concat("projects/", args.project_number, "/global/networks/", args.network.name)
        self.launcher = {
            "kind": "vertex",
            "project": args.project,
            "region": args.region,
            "service_account": runner.email,
            "image": args.image,
            "store": storage.url,
            "staging": Output.concat(storage.url, "/vertex"),
            "checkpoints": Output.concat(storage.url, "/", CHECKPOINTS),
            "releases": Output.concat(storage.url, "/", RELEASES),
            "network": network,
            "key": args.key_id,
            "tensorboard": _tensorboard(name, args, child) if args.settings.tensorboard else "",
            "persistent_resource": _kept_ready(name, args, network, child) if args.settings.persistent else "",
        }
        self.register_outputs({"account": self.account})


def _tensorboard(name: str, args: TrainingArgs, opts: ResourceOptions) -> Output[str]:
    """Imported here, as below: Vertex AI's module takes a twelfth of a preview's start."""
    from pulumi_gcp.vertex import AiTensorboard

    return AiTensorboard(
        name,
        display_name=f"slipway-{name}",
        region=args.region,
        encryption_spec={"kms_key_name": args.key_id},
        opts=ResourceOptions.merge(opts, ResourceOptions(depends_on=[args.key_use])),
    ).name


def _kept_ready(name: str, args: TrainingArgs, network: Output[str], opts: ResourceOptions) -> Output[str]:
    """In the network of the jobs that run on it: Vertex AI refuses a job that names another."""
    from pulumi_gcp.vertex import AiPersistentResource

    return AiPersistentResource(
        name,
        location=args.region,
        name=f"slipway-{name}",
        display_name=f"slipway-{name}",
        network=network,
        encryption_spec={"kms_key_name": args.key_id},
        resource_pools=[{"machine_spec": {"machine_type": args.settings.persistent}, "replica_count": "1"}],
        opts=ResourceOptions.merge(opts, ResourceOptions(depends_on=[args.key_use, args.network.peering])),
    ).name


def spot(choice: Choice | None) -> dict[str, str]:
    """How a job is scheduled, from the capacity that its pool gets: the machine type, and Vertex AI's strategy."""
    if choice is None:
        return {}
    return {"machine_type": choice.machines[0], "strategy": _STRATEGIES[choice.capacity]}
