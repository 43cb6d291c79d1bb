"""Resources of further types that rules look at, each as it should be: for tests that change a part of one."""

from tests.policy_twins.aws.data import CERTIFICATE, KEY, TLS_ONLY
from tests.policy_twins.twin import LABELS, Made

DISTRIBUTION = Made(
    type="aws:cloudfront/distribution:Distribution",
    name="edge",
    props={
        "enabled": True,
        "webAclId": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/edge/0b0c0d0e",
        "origins": [
            {
                "originId": "us-east-1",
                "domainName": "origin.api.example.com",
                "customOriginConfig": {
                    "httpPort": 80,
                    "httpsPort": 443,
                    "originProtocolPolicy": "https-only",
                    "originSslProtocols": ["TLSv1.2"],
                },
            }
        ],
        "defaultCacheBehavior": {"viewerProtocolPolicy": "https-only", "targetOriginId": "us-east-1"},
        "orderedCacheBehaviors": [{"viewerProtocolPolicy": "redirect-to-https", "pathPattern": "/predict"}],
        "viewerCertificate": {"acmCertificateArn": CERTIFICATE, "minimumProtocolVersion": "TLSv1.2_2021"},
    },
)
FIREWALL = Made(
    type="aws:wafv2/webAcl:WebAcl",
    name="wall",
    props={
        "scope": "CLOUDFRONT",
        "arn": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/edge/0b0c0d0e",
        "rules": [{"name": "per-address", "statement": {"rateBasedStatement": {"limit": 2000}}}],
    },
)
INSTANCE = Made(
    type="aws:ec2/instance:Instance",
    name="bastion",
    props={
        "ami": "ami-0123456789abcdef0",
        "associatePublicIpAddress": False,
        "metadataOptions": {"httpTokens": "required"},
        "rootBlockDevice": {"encrypted": True},
        "ebsBlockDevices": [{"deviceName": "/dev/sdb", "encrypted": True}],
    },
)
SECURITY_GROUP = Made(
    type="aws:ec2/securityGroup:SecurityGroup",
    name="nodes",
    props={
        "ingress": [{"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": ["10.0.0.0/16"]}],
        "egress": [{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["0.0.0.0/0"]}],
    },
)
SECURITY_GROUP_RULE = Made(
    type="aws:ec2/securityGroupRule:SecurityGroupRule",
    name="from-inside",
    props={"type": "ingress", "protocol": "tcp", "fromPort": 80, "toPort": 90, "cidrBlocks": ["10.0.0.0/16"]},
)
PERMISSION = Made(
    type="aws:lambda/permission:Permission",
    name="api",
    props={
        "action": "lambda:InvokeFunction",
        "function": "predictor",
        "principal": "apigateway.amazonaws.com",
        "sourceArn": "arn:aws:execute-api:us-east-1:123456789012:a1b2c3d4e5/*/*",
    },
)
QUEUE = Made(
    type="aws:sqs/queue:Queue",
    name="whole",
    props={"kmsMasterKeyId": KEY, "policy": TLS_ONLY % "sqs", "redrivePolicy": '{"maxReceiveCount": 5}'},
)
DATABASE = Made(
    type="aws:rds/instance:Instance",
    name="runs",
    props={"storageEncrypted": True, "publiclyAccessible": False, "deletionProtection": True},
    protect=True,
)
FILES = Made(type="aws:efs/fileSystem:FileSystem", name="shared", props={"encrypted": True}, protect=True)
VOLUME = Made(type="aws:ebs/volume:Volume", name="scratch", props={"encrypted": True, "size": 100})
NOTEBOOK = Made(
    type="aws:sagemaker/notebookInstance:NotebookInstance",
    name="notes",
    props={"instanceMetadataServiceConfiguration": {"minimumInstanceMetadataServiceVersion": "2"}},
)
TASK = Made(
    type="aws:ecs/taskDefinition:TaskDefinition",
    name="batch",
    props={"containerDefinitions": f'[{{"name": "main", "image": "example/worker@sha256:{"0" * 64}"}}]'},
)
TEMPLATE = Made(
    type="aws:ec2/launchTemplate:LaunchTemplate",
    name="nodes",
    props={
        "metadataOptions": {"httpEndpoint": "enabled", "httpTokens": "required"},
        "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"encrypted": "true"}}],
    },
)
TRACKING = Made(
    type="aws:sagemaker/mlflowTrackingServer:MlflowTrackingServer",
    name="tracking",
    props={"trackingServerName": "slipway"},
    protect=True,
)
SCALED = Made(
    type="aws:autoscaling/group:Group",
    name="renderers",
    props={
        "mixedInstancesPolicy": {
            "instancesDistribution": {"onDemandBaseCapacity": 0, "onDemandPercentageAboveBaseCapacity": 20}
        },
        "tags": [{"key": name, "value": value, "propagateAtLaunch": True} for name, value in LABELS.items()],
    },
)
API_DOMAIN = Made(
    type="aws:apigatewayv2/domainName:DomainName",
    name="api",
    props={"domainName": "origin.api.example.com", "domainNameConfiguration": {"securityPolicy": "TLS_1_2"}},
)
ROLE = Made(
    type="aws:iam/role:Role",
    name="worker",
    props={
        "managedPolicyArns": ["arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"],
        "inlinePolicies": [{"name": "read", "policy": '{"Statement": {"Effect": "Allow", "Action": "s3:GetObject"}}'}],
        "assumeRolePolicy": '{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*", '
        '"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}]}',
    },
)

OTHERS: tuple[Made, ...] = (
    DISTRIBUTION,
    FIREWALL,
    INSTANCE,
    SECURITY_GROUP,
    SECURITY_GROUP_RULE,
    PERMISSION,
    QUEUE,
    DATABASE,
    FILES,
    VOLUME,
    NOTEBOOK,
    TASK,
    API_DOMAIN,
    ROLE,
    TEMPLATE,
    TRACKING,
    SCALED,
)
