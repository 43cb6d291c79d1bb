"""What breaks the rules on what is kept, encrypted and sent, and what does not."""

from tests.policy_twins.aws.network import cluster
from tests.policy_twins.twin import Made, Ref, Secret, Twin

KEY = "arn:aws:kms:us-east-1:123456789012:key/0b0c0d0e-0000-4000-8000-000000000000"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0b0c0d0e-0000-4000-8000-000000000000"
TLS_ONLY = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": ["%s:*"], '
    '"Resource": ["*"], "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}'
)


def _template(name: str, *, encrypted: str = "true", tokens: str = "required") -> Made:
    return Made(
        type="aws:ec2/launchTemplate:LaunchTemplate",
        name=name,
        props={
            "metadataOptions": {"httpEndpoint": "enabled", "httpTokens": tokens},
            "blockDeviceMappings": [{"deviceName": "/dev/xvda", "ebs": {"encrypted": encrypted, "volumeSize": 50}}],
        },
    )


def _topic(name: str, **props: object) -> list[Made]:
    """A topic that answers over TLS only."""
    return [
        Made(type="aws:sns/topic:Topic", name=name, props=props),
        Made(
            type="aws:sns/topicPolicy:TopicPolicy",
            name=f"{name}-tls",
            props={"arn": Ref(name), "policy": TLS_ONLY % "sns"},
        ),
    ]


def _repository(name: str, *, key: bool = True, tags: str = "IMMUTABLE", scan: bool = True) -> Made:
    encryption = {"encryptionType": "KMS", "kmsKey": KEY} if key else {"encryptionType": "AES256"}
    return Made(
        type="aws:ecr/repository:Repository",
        name=name,
        props={
            "imageTagMutability": tags,
            "imageScanningConfiguration": {"scanOnPush": scan},
            "encryptionConfigurations": [encryption],
        },
        protect=True,
    )


def _log_group(name: str, **changed: object) -> Made:
    return Made(
        type="aws:cloudwatch/logGroup:LogGroup",
        name=name,
        props={"retentionInDays": 90, "kmsKeyId": KEY} | changed,
    )


def _key(name: str, *, rotates: bool = True, protect: bool = True) -> Made:
    return Made(type="aws:kms/key:Key", name=name, props={"enableKeyRotation": rotates}, protect=protect)


def _listener(name: str, policy: str) -> Made:
    return Made(
        type="aws:lb/listener:Listener",
        name=name,
        props={
            "loadBalancerArn": "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/edge/0123456789ab",
            "port": 443,
            "protocol": "HTTPS",
            "sslPolicy": policy,
            "certificateArn": CERTIFICATE,
            "defaultActions": [
                {"type": "fixed-response", "fixedResponse": {"contentType": "text/plain", "statusCode": "404"}}
            ],
        },
    )


def _bucket(name: str, *without: str, **changed: object) -> list[Made]:
    """A store as it should be, spread over the resources that S3 wants for it, but `without` some of them."""
    parts = {
        "versions": ("bucketVersioning:BucketVersioning", {"versioningConfiguration": {"status": "Enabled"}}),
        "encryption": (
            "bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
            {
                "rules": [
                    {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY}},
                ]
            },
        ),
        "block": (
            "bucketPublicAccessBlock:BucketPublicAccessBlock",
            {
                "blockPublicAcls": True,
                "blockPublicPolicy": True,
                "ignorePublicAcls": True,
                "restrictPublicBuckets": True,
            },
        ),
        "tls": ("bucketPolicy:BucketPolicy", {"policy": TLS_ONLY % "s3"}),
    }
    return [
        Made(type="aws:s3/bucket:Bucket", name=name, props=changed, protect="protect" not in without),
        *(
            Made(type=f"aws:s3/{kind}", name=f"{name}-{part}", props={"bucket": Ref(name), **props})
            for part, (kind, props) in parts.items()
            if part not in without
        ),
    ]


def _access_list(name: str, acl: str) -> Made:
    return Made(type="aws:s3/bucketAcl:BucketAcl", name=name, props={"bucket": "models", "acl": acl})


def _function(name: str, token: object) -> Made:
    return Made(
        type="aws:lambda/function:Function",
        name=name,
        props={
            "role": "arn:aws:iam::123456789012:role/predictor",
            "packageType": "Image",
            "imageUri": f"123456789012.dkr.ecr.us-east-1.amazonaws.com/predictor@sha256:{'0' * 64}",
            "reservedConcurrentExecutions": 10,
            "environment": {"variables": {"ORIGIN_TOKEN": token}},
        },
    )


TWINS = (
    Twin(
        rule="disks-are-encrypted",
        fails=[_template("plain-disk", encrypted="false")],
        passes=[_template("sealed-disk")],
    ),
    Twin(rule="messages-are-encrypted", fails=_topic("plain-topic"), passes=_topic("sealed", kmsMasterKeyId=KEY)),
    Twin(
        rule="images-are-encrypted",
        fails=[_repository("plain-images", key=False)],
        passes=[_repository("sealed-images")],
    ),
    Twin(
        rule="cluster-secrets-are-encrypted",
        fails=[cluster("plain-secrets", encryptionConfig=None)],
        passes=[cluster("sealed-secrets")],
    ),
    Twin(
        rule="logs-are-encrypted",
        fails=[_log_group("plain-logs", kmsKeyId=None)],
        passes=[_log_group("sealed-logs")],
    ),
    Twin(rule="keys-rotate", fails=[_key("still", rotates=False)], passes=[_key("turning")]),
    Twin(
        rule="tls-1.2-at-least",
        fails=[_listener("old", "ELBSecurityPolicy-2016-08")],
        passes=[_listener("modern", "ELBSecurityPolicy-TLS13-1-2-2021-06")],
    ),
    Twin(
        rule="no-secret-in-plain-text",
        fails=[_function("told", "c4Vz9pQ2mT7wX1kL")],
        passes=[_function("trusted", Secret("c4Vz9pQ2mT7wX1kL"))],
    ),
    Twin(
        rule="no-secret-in-outputs",
        fails=[Made(type="pulumi:pulumi:Stack", name="gives-away", props={"origin_token": "c4Vz9pQ2mT7wX1kL"})],
        passes=[Made(type="pulumi:pulumi:Stack", name="keeps", props={"token": Secret("c4Vz9pQ2mT7wX1kL")})],
    ),
    Twin(
        rule="stores-are-encrypted",
        fails=_bucket("plain-store", "encryption"),
        passes=_bucket("sealed-store"),
    ),
    Twin(rule="stores-keep-versions", fails=_bucket("forgets", "versions"), passes=_bucket("remembers")),
    Twin(rule="no-public-store", fails=_bucket("open-store", "block"), passes=_bucket("closed-store")),
    Twin(
        rule="no-public-access-list",
        fails=[_access_list("for-all", "public-read")],
        passes=[_access_list("for-us", "private")],
    ),
    Twin(rule="stores-refuse-plain-text", fails=_bucket("plain-text", "tls"), passes=_bucket("tls-only")),
    Twin(rule="state-is-protected", fails=_bucket("deletable", "protect"), passes=_bucket("protected")),
    Twin(
        rule="state-is-guarded",
        fails=_bucket("emptied", forceDestroy=True),
        passes=_bucket("stays", forceDestroy=False),
    ),
    Twin(
        rule="registry-tags-stay",
        fails=[_repository("moving-tags", tags="MUTABLE")],
        passes=[_repository("fixed-tags")],
    ),
    Twin(
        rule="registry-scans-images",
        fails=[_repository("unscanned", scan=False)],
        passes=[_repository("scanned")],
    ),
    Twin(
        rule="logs-have-an-end",
        fails=[_log_group("endless", retentionInDays=None)],
        passes=[_log_group("ends")],
    ),
    Twin(
        rule="logs-last-a-month",
        fails=[_log_group("short", retentionInDays=7)],
        passes=[_log_group("long")],
    ),
    Twin(
        rule="machines-keep-their-credentials",
        fails=[_template("imds-v1", tokens="optional")],
        passes=[_template("imds-v2")],
    ),
)
