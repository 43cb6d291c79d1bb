"""What `slipway train` needs to start a job in one region: SageMaker's managed spot training, inside our network.

A job is submitted, not a resource: running it again would be a replacement. Gives the role that a job runs with, the
security group that lets its instances speak with each other, and the settings of managed spot. Jobs on the cluster take
the pool's nodes instead, and the role of the service account `trainer`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_aws.cloudwatch import LogGroup
from pulumi_aws.ec2 import SecurityGroup
from pulumi_aws.vpc import SecurityGroupEgressRule, SecurityGroupIngressRule

from infra.aws.network import Network
from infra.aws.policies import Realm, Statement, allow, role, trust
from infra.aws.registry import Registry
from infra.aws.storage import Storage
from infra.aws.workloads import may_train
from infra.capacity import Choice
from infra.stores import CHECKPOINTS, RELEASES

_LOGS = "/aws/sagemaker/TrainingJobs"
"""Where SageMaker writes the logs of every job of an account and region."""


@dataclass(frozen=True, kw_only=True)
class TrainingArgs:
    """image: of the trainer, in this region's registry. makes_logs: no job has made SageMaker's log group before."""

    region: str
    image: str
    network: Network
    storage: Storage
    registry: Registry
    realm: Realm
    key_arn: Output[str]
    log_days: int
    makes_logs: bool


class Training(ComponentResource):
    role_arn: Output[str]
    launcher: Mapping[str, Output[str] | str]

    def __init__(self, name: str, args: TrainingArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:aws:Training", name, None, opts)
        child, storage = ResourceOptions(parent=self), args.storage

        if args.makes_logs:  # SageMaker would make it too, without an end
            LogGroup(name, name=_LOGS, retention_in_days=args.log_days, kms_key_id=args.key_arn, opts=child)
        runner, _ = role(
            name,
            args.realm,
            trusted=trust("sagemaker.amazonaws.com", args.realm.account),
            may=[*may_train(storage), *_may_run(args)],
            opts=child,
        )
        group = SecurityGroup(
            name,
            vpc_id=args.network.vpc_id,
            description="Instances of one training job, with each other and with services of AWS",
            opts=child,
        )
        for direction, rule in (("in", SecurityGroupIngressRule), ("out", SecurityGroupEgressRule)):
            rule(
                f"{name}-{direction}",
                security_group_id=group.id,
                referenced_security_group_id=group.id,
                ip_protocol="-1",
                description="Gradients between the instances of a job",
                opts=child,
            )
        SecurityGroupEgressRule(
            f"{name}-tls",
            security_group_id=group.id,
            cidr_ipv4="0.0.0.0/0",
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            description="Store, registry and tracking",
            opts=child,
        )
        self.role_arn = runner.arn
        self.launcher = {
            "kind": "sagemaker",
            "region": args.region,
            "role_arn": runner.arn,
            "image": args.image,
            "store": storage.url,
            "checkpoints": Output.concat(storage.url, "/", CHECKPOINTS),
            "releases": Output.concat(storage.url, "/", RELEASES),
            "subnets": Output.json_dumps(list(args.network.private_subnets.values())),
            "security_group": group.id,
            "key_arn": args.key_arn,
            "log_group": _LOGS,
        }
        self.register_outputs({"role_arn": self.role_arn})


def _may_run(args: TrainingArgs) -> list[Statement]:
    """Pull the image, write logs and metrics, and stand in our subnets; `*` where AWS takes nothing narrower."""
    ec2 = f"arn:aws:ec2:{args.region}:{args.realm.account}"
    logs = f"arn:aws:logs:{args.region}:{args.realm.account}"
    return [
        allow("ecr:GetAuthorizationToken", on=["*"]),
        allow(
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:GetDownloadUrlForLayer",
            on=[args.registry.arns["trainer"]],
        ),
        allow(
            "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents", on=[f"{logs}:log-group:{_LOGS}:*"]
        ),
        allow(
            "cloudwatch:PutMetricData",
            on=["*"],
            when={"StringEquals": {"cloudwatch:namespace": "/aws/sagemaker/TrainingJobs"}},
        ),
        allow("kms:CreateGrant", on=[args.key_arn], when={"Bool": {"kms:GrantIsForAWSResource": "true"}}),
        allow("kms:DescribeKey", on=[args.key_arn]),
        allow(
            "ec2:CreateNetworkInterface",
            "ec2:CreateNetworkInterfacePermission",
            "ec2:DeleteNetworkInterface",
            "ec2:DeleteNetworkInterfacePermission",
            on=[f"{ec2}:network-interface/*", f"{ec2}:subnet/*", f"{ec2}:security-group/*"],
        ),
        allow(
            "ec2:DescribeDhcpOptions",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSecurityGroups",
            "ec2:DescribeSubnets",
            "ec2:DescribeVpcs",
            on=["*"],
        ),
    ]


def spot(choice: Choice | None) -> dict[str, str]:
    """Managed spot settings of a job, from the capacity that its pool gets: the instance type, and whether spot."""
    if choice is None:
        return {}
    return {"instance_type": f"ml.{choice.machines[0]}", "spot": str(choice.capacity == "spot").lower()}
