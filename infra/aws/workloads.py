"""What each workload may do, as statements: the least that it needs, on stores and queues of its region. Pure."""

from pulumi import Output

from infra.aws.identity import PodRole
from infra.aws.interruptions import Interruptions
from infra.aws.policies import Statement, allow
from infra.aws.queue import Queue
from infra.aws.storage import Storage
from infra.stores import CHECKPOINTS, RELEASES, RUNS

_KUBE_SYSTEM = "kube-system"


def may_train(storage: Storage) -> list[Statement]:
    """Read data and releases; write releases, checkpoints and runs."""
    written = [storage.under(prefix) for prefix in (RELEASES, CHECKPOINTS, RUNS)]
    return [
        allow("s3:ListBucket", on=[storage.arn]),
        allow("s3:GetObject", on=[storage.under("")]),
        allow("s3:PutObject", "s3:AbortMultipartUpload", on=written),
        allow("s3:DeleteObject", on=[storage.under(CHECKPOINTS)]),
        allow("kms:Decrypt", "kms:GenerateDataKey", on=[storage.key_arn]),
    ]


def may_serve(storage: Storage, queue: Queue) -> list[Statement]:
    """Read releases; put tasks into the queue."""
    return [
        allow("s3:GetObject", on=[storage.under(RELEASES)]),
        allow("sqs:SendMessage", on=[queue.arn]),
        allow("kms:Decrypt", "kms:GenerateDataKey", on=[storage.key_arn]),
    ]


def may_work(storage: Storage, queue: Queue) -> list[Statement]:
    """Read releases; take tasks out of the queue."""
    return [
        allow("s3:GetObject", on=[storage.under(RELEASES)]),
        allow(
            "sqs:ReceiveMessage",
            "sqs:DeleteMessage",
            "sqs:ChangeMessageVisibility",
            "sqs:GetQueueAttributes",
            on=[queue.arn],
        ),
        allow("kms:Decrypt", on=[storage.key_arn]),
    ]


def may_autoscale(cluster: str, region: str, account: str) -> list[Statement]:
    """Change the size of the cluster's own groups and of no others; what it reads, AWS narrows to nothing less."""
    owned = {"StringEquals": {f"aws:ResourceTag/k8s.io/cluster-autoscaler/{cluster}": "owned"}}
    groups = f"arn:aws:autoscaling:{region}:{account}:autoScalingGroup:*"
    return [
        allow(
            "autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup", on=[groups], when=owned
        ),
        allow("eks:DescribeNodegroup", on=[f"arn:aws:eks:{region}:{account}:nodegroup/{cluster}/*"]),
        allow(
            "autoscaling:DescribeAutoScalingGroups",
            "autoscaling:DescribeAutoScalingInstances",
            "autoscaling:DescribeScalingActivities",
            "autoscaling:DescribeTags",
            "ec2:DescribeImages",
            "ec2:DescribeInstanceTypes",
            "ec2:DescribeLaunchTemplateVersions",
            on=["*"],
        ),
    ]


def may_drain(interruptions: Interruptions, key_arn: Output[str]) -> list[Statement]:
    """Hear of nodes that AWS takes back, and find them."""
    return [
        allow("sqs:ReceiveMessage", "sqs:DeleteMessage", on=[interruptions.arn]),
        allow("kms:Decrypt", on=[key_arn]),
        allow("ec2:DescribeInstances", "autoscaling:DescribeAutoScalingInstances", on=["*"]),
    ]


def pod_roles(
    *, cluster: str, region: str, account: str, storage: Storage, queue: Queue, interruptions: Interruptions
) -> list[PodRole]:
    """Every service account of a region's cluster that AWS knows."""
    return [
        PodRole(account="trainer", may=may_train(storage)),
        PodRole(account="predictor", may=may_serve(storage, queue)),
        PodRole(account="worker", may=may_work(storage, queue)),
        PodRole(account="cluster-autoscaler", namespace=_KUBE_SYSTEM, may=may_autoscale(cluster, region, account)),
        PodRole(account="drainer", namespace=_KUBE_SYSTEM, may=may_drain(interruptions, storage.key_arn)),
    ]
