"""The predictor of one region as a Lambda function, from its image by digest.

Gives a function that never takes more of the account than its share, keeps warm what settings say and more while it is
busy, and is called only through the alias `live`. Its HTTP API is in gateway.py. Workers run on the cluster, because
they hold a task for longer than Lambda would.
"""

from dataclasses import dataclass

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_aws import appautoscaling, lambda_, sqs
from pulumi_aws.cloudwatch import LogGroup

from infra.aws.policies import Realm, allow, role, trust
from infra.aws.queue import Queue, refuse_plain_text
from infra.aws.storage import Storage
from infra.aws.workloads import may_serve
from infra.serving import HEALTH, predictor_environment
from infra.settings import PredictorSettings, ServerlessSettings
from slipway.release import Pin

ALIAS = "live"
_PORT = 8080
_BUSY = 0.7
"""Share of warm instances in use above which Lambda gets more of them, as AWS' own guide recommends."""
_KEPT_S = 14 * 24 * 3600


@dataclass(frozen=True, kw_only=True)
class PredictorArgs:
    """image: in this region's registry, by digest. pin: the release that it loads from the store."""

    region: str
    image: str
    pin: Pin
    serverless: ServerlessSettings
    predictor: PredictorSettings
    storage: Storage
    queue: Queue
    realm: Realm
    key_arn: Output[str]
    log_days: int


class Predictor(ComponentResource):
    """name, and invoke_arn of the alias `live`."""

    name: Output[str]
    invoke_arn: Output[str]
    alias: lambda_.Alias
    dead_letter_name: Output[str]

    def __init__(self, name: str, args: PredictorArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:aws:Predictor", name, None, opts)
        self._child = ResourceOptions(parent=self)
        settings = args.serverless

        logs = LogGroup(name, retention_in_days=args.log_days, kms_key_id=args.key_arn, opts=self._child)
        dead = sqs.Queue(
            f"{name}-dead", message_retention_seconds=_KEPT_S, kms_master_key_id=args.key_arn, opts=self._child
        )
        refuse_plain_text(f"{name}-dead", dead, self._child)
        runner, policy = role(
            name,
            args.realm,
            trusted=trust("lambda.amazonaws.com"),
            may=[
                *may_serve(args.storage, args.queue),
                *may_log_and_trace(logs),
                allow("sqs:SendMessage", on=[dead.arn]),
            ],
            opts=self._child,
        )
        function = lambda_.Function(
            name,
            package_type="Image",
            image_uri=args.image,
            architectures=[settings.architecture],
            role=runner.arn,
            memory_size=settings.memory_mib,
            timeout=settings.timeout_s,
            reserved_concurrent_executions=settings.max_instances,
            publish=True,
            environment={"variables": _environment(args)},
            kms_key_arn=args.key_arn,
            dead_letter_config={"target_arn": dead.arn},
            tracing_config={"mode": "Active"},
            logging_config={"log_format": "JSON", "log_group": logs.name},
            opts=ResourceOptions(parent=self, depends_on=[policy]),
        )
        self.alias = lambda_.Alias(
            name, name=ALIAS, function_name=function.name, function_version=function.version, opts=self._child
        )
        if settings.provisioned:
            self._keep_warm(name, settings)

        self.name, self.invoke_arn, self.dead_letter_name = function.name, self.alias.invoke_arn, dead.name
        self.register_outputs({"name": self.name})

    def _keep_warm(self, name: str, settings: ServerlessSettings) -> None:
        warm = lambda_.ProvisionedConcurrencyConfig(
            name,
            function_name=self.alias.function_name,
            qualifier=self.alias.name,
            provisioned_concurrent_executions=settings.provisioned,
            opts=ResourceOptions(parent=self, ignore_changes=["provisionedConcurrentExecutions"]),  # autoscaled
        )
        target = appautoscaling.Target(
            name,
            service_namespace="lambda",
            scalable_dimension="lambda:function:ProvisionedConcurrency",
            resource_id=Output.concat("function:", self.alias.function_name, ":", self.alias.name),
            min_capacity=settings.provisioned,
            max_capacity=settings.max_instances,
            opts=ResourceOptions(parent=self, depends_on=[warm]),
        )
        appautoscaling.Policy(
            name,
            policy_type="TargetTrackingScaling",
            service_namespace=target.service_namespace,
            scalable_dimension=target.scalable_dimension,
            resource_id=target.resource_id,
            target_tracking_scaling_policy_configuration={
                "predefined_metric_specification": {
                    "predefined_metric_type": "LambdaProvisionedConcurrencyUtilization"
                },
                "target_value": _BUSY,
            },
            opts=self._child,
        )


def may_log_and_trace(logs: LogGroup) -> list[dict[str, object]]:
    """What every function needs; X-Ray knows no resources of its own, so AWS narrows it to nothing less than all."""
    return [
        dict(allow("logs:CreateLogStream", "logs:PutLogEvents", on=[Output.concat(logs.arn, ":*")])),
        dict(allow("xray:PutTraceSegments", "xray:PutTelemetryRecords", on=["*"])),
    ]


def _environment(args: PredictorArgs) -> dict[str, Input[str]]:
    """What any predictor reads, and what Lambda's web adapter does, which hands it the requests."""
    read = predictor_environment(
        args.predictor, region=args.region, pin=args.pin, store=args.storage.url, host="127.0.0.1", port=_PORT
    )
    return read | {"AWS_LWA_PORT": str(_PORT), "AWS_LWA_READINESS_CHECK_PATH": HEALTH}
