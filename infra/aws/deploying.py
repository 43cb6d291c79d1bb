"""What CI may do to IAM while it deploys a stack, and the boundary around every role that it makes. Pure lists.

AWS' PowerUserAccess gives CI everything but IAM; what is here gives it the least of IAM that a stack's roles need. A
role that CI makes either has the boundary, or holds only policies of AWS' own out of a short list.
"""

from collections.abc import Sequence

from infra.aws.policies import Realm, Statement, allow

MANAGED_POLICIES = (
    "AmazonEKSClusterPolicy",
    "AmazonEKSWorkerNodePolicy",
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonEKS_CNI_Policy",
    "service-role/AmazonEBSCSIDriverPolicy",
)
"""Policies of AWS' own that roles of a stack hold, by name."""

WORKLOAD_ACTIONS = (
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeAutoScalingInstances",
    "autoscaling:DescribeScalingActivities",
    "autoscaling:DescribeTags",
    "autoscaling:SetDesiredCapacity",
    "autoscaling:TerminateInstanceInAutoScalingGroup",
    "cloudwatch:PutMetricData",
    "ec2:CreateNetworkInterface",
    "ec2:CreateNetworkInterfacePermission",
    "ec2:DeleteNetworkInterface",
    "ec2:DeleteNetworkInterfacePermission",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeImages",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeInstances",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetAuthorizationToken",
    "ecr:GetDownloadUrlForLayer",
    "eks:DescribeNodegroup",
    "kms:CreateGrant",
    "kms:Decrypt",
    "kms:DescribeKey",
    "kms:Encrypt",
    "kms:GenerateDataKey",
    "logs:CreateLogStream",
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
    "logs:PutLogEvents",
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:GetObjectVersionAcl",
    "s3:GetObjectVersionForReplication",
    "s3:GetObjectVersionTagging",
    "s3:GetReplicationConfiguration",
    "s3:ListBucket",
    "s3:PutObject",
    "s3:ReplicateObject",
    "s3:ReplicateTags",
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
)
"""Every action that some role of a stack uses; a test holds the two together."""

_PASSED_TO = (
    "ec2.amazonaws.com",
    "eks.amazonaws.com",
    "lambda.amazonaws.com",
    "pods.eks.amazonaws.com",
    "s3.amazonaws.com",
    "sagemaker.amazonaws.com",
    "vpc-flow-logs.amazonaws.com",
)


_FOR_GOOD = (
    "kms:DisableKey",
    "kms:ScheduleKeyDeletion",
    "s3:DeleteBucket",
    "s3:DeleteObjectVersion",
    "sagemaker:DeleteMlflowTrackingServer",
)


def sparing() -> Statement:
    """What CI may not do in production though PowerUserAccess allows it: take away what cannot be made again."""
    return {"Effect": "Deny", "Action": list(_FOR_GOOD), "Resource": ["*"]}


def deploying(realm: Realm, identity_path: str, managed: Sequence[str]) -> list[Statement]:
    """Statements on IAM for the role that deploys. identity_path: what it may read and not change."""
    iam = f"arn:aws:iam::{realm.account}"
    ours, theirs = f"{iam}:role{realm.path}*", f"{iam}:role{realm.managed_path}*"
    return [
        allow(
            "iam:GetRole",
            "iam:GetRolePolicy",
            "iam:ListAttachedRolePolicies",
            "iam:ListInstanceProfilesForRole",
            "iam:ListRolePolicies",
            "iam:ListRoleTags",
            on=[ours, f"{iam}:role{identity_path}*"],
        ),
        allow(
            "iam:GetOpenIDConnectProvider",
            "iam:GetPolicy",
            "iam:GetPolicyVersion",
            "iam:ListPolicyVersions",
            on=[f"{iam}:policy{identity_path}*", f"{iam}:oidc-provider/*"],
        ),
        allow(
            "iam:CreateRole",
            "iam:PutRolePermissionsBoundary",
            "iam:PutRolePolicy",
            on=[ours],
            when={"StringEquals": {"iam:PermissionsBoundary": realm.boundary}},
        ),
        allow("iam:CreateRole", on=[theirs]),
        allow(
            "iam:AttachRolePolicy",
            "iam:DetachRolePolicy",
            on=[theirs],
            when={"ArnEquals": {"iam:PolicyARN": list(managed)}},
        ),
        allow(
            "iam:DeleteRole",
            "iam:DeleteRolePolicy",
            "iam:TagRole",
            "iam:UntagRole",
            "iam:UpdateAssumeRolePolicy",
            "iam:UpdateRole",
            "iam:UpdateRoleDescription",
            on=[ours],
        ),
        allow("iam:PassRole", on=[ours], when={"StringEquals": {"iam:PassedToService": list(_PASSED_TO)}}),
    ]
