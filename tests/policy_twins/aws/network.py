"""What breaks the rules on networks and identities, and what does not."""

from tests.policy_twins.twin import Made, Ref, Twin, policy

ROLE = "aws:iam/role:Role"
ORIGIN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:origin-a1b2c3"
BOUNDARY = "arn:aws:iam::123456789012:policy/boundary"


def _ingress(name: str, source: str) -> Made:
    return Made(
        type="aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        name=name,
        props={
            "securityGroupId": "sg-0123456789abcdef0",
            "cidrIpv4": source,
            "ipProtocol": "tcp",
            "fromPort": 443,
            "toPort": 443,
        },
    )


def cluster(name: str, **changed: object) -> Made:
    props: dict[str, object] = {
        "roleArn": "arn:aws:iam::123456789012:role/plane",
        "version": "1.36",
        "vpcConfig": {"subnetIds": ["subnet-0123456789abcdef0"], "endpointPublicAccess": False},
        "encryptionConfig": {
            "provider": {"keyArn": "arn:aws:kms:us-east-1:123456789012:key/0b0c0d0e-0000-4000-8000-000000000000"},
            "resources": ["secrets"],
        },
        "enabledClusterLogTypes": ["api", "audit", "authenticator"],
        "upgradePolicy": {"supportType": "STANDARD"},
        "deletionProtection": True,
    }
    return Made(type="aws:eks/cluster:Cluster", name=name, props=props | changed, protect=True)


def _subnet(name: str, *, public: bool) -> Made:
    return Made(
        type="aws:ec2/subnet:Subnet",
        name=name,
        props={"vpcId": "vpc-0123456789abcdef0", "cidrBlock": "10.0.0.0/24", "mapPublicIpOnLaunch": public},
    )


def _function_url(name: str, authorization: str) -> Made:
    return Made(
        type="aws:lambda/functionUrl:FunctionUrl",
        name=name,
        props={"functionName": "predictor", "authorizationType": authorization},
    )


def _vpc(name: str) -> Made:
    return Made(type="aws:ec2/vpc:Vpc", name=name, props={"cidrBlock": "10.0.0.0/16"})


def _flow_log(name: str, network: str) -> Made:
    return Made(
        type="aws:ec2/flowLog:FlowLog",
        name=name,
        props={
            "vpcId": Ref(network),
            "trafficType": "ALL",
            "logDestination": "arn:aws:logs:us-east-1:123456789012:log-group:flows",
            "iamRoleArn": "arn:aws:iam::123456789012:role/flows",
        },
    )


def role(name: str, trust: str) -> Made:
    return Made(type=ROLE, name=name, props={"assumeRolePolicy": trust, "permissionsBoundary": BOUNDARY})


def _may(name: str, document: str) -> Made:
    return Made(type="aws:iam/rolePolicy:RolePolicy", name=name, props={"role": "worker", "policy": document})


def _topic_policy(name: str, **statement: object) -> Made:
    return Made(
        type="aws:sns/topicPolicy:TopicPolicy",
        name=name,
        props={
            "arn": "arn:aws:sns:us-east-1:123456789012:alarms",
            "policy": policy(Action="sns:Publish", Resource="arn:aws:sns:us-east-1:123456789012:alarms", **statement),
        },
    )


def _from_github(subject: str) -> str:
    host = "token.actions.githubusercontent.com"
    return policy(
        Principal={"Federated": f"arn:aws:iam::123456789012:oidc-provider/{host}"},
        Action="sts:AssumeRoleWithWebIdentity",
        Condition={"StringLike": {f"{host}:sub": subject}},
    )


def _attached(name: str, held: str) -> Made:
    return Made(
        type="aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        name=name,
        props={"role": "worker", "policyArn": f"arn:aws:iam::aws:policy/{held}"},
    )


_POD = policy(Principal={"Service": "pods.eks.amazonaws.com"}, Action=["sts:AssumeRole", "sts:TagSession"])

TWINS = (
    Twin(
        rule="no-public-ingress",
        fails=[_ingress("everyone", "0.0.0.0/0")],
        passes=[_ingress("inside", "10.0.0.0/16")],
    ),
    Twin(
        rule="no-public-api-server",
        fails=[cluster("public", vpcConfig={"subnetIds": ["subnet-0123456789abcdef0"]})],
        passes=[cluster("private")],
    ),
    Twin(
        rule="no-public-addresses",
        fails=[_subnet("public-subnet", public=True)],
        passes=[_subnet("private-subnet", public=False)],
    ),
    Twin(
        rule="no-public-function-url",
        fails=[_function_url("open-url", "NONE")],
        passes=[_function_url("signed-url", "AWS_IAM")],
    ),
    Twin(
        rule="networks-have-flow-logs",
        fails=[_vpc("unwatched")],
        passes=[_vpc("watched"), _flow_log("flows", "watched")],
    ),
    Twin(
        rule="no-wildcard-action",
        fails=[_may("all-of-s3", policy(Action="s3:*", Resource="arn:aws:s3:::models/*"))],
        passes=[_may("reads-s3", policy(Action="s3:GetObject", Resource="arn:aws:s3:::models/*"))],
    ),
    Twin(
        rule="no-wildcard-principal",
        fails=[_topic_policy("for-everybody", Principal="*")],
        passes=[
            _topic_policy(
                "for-the-account",
                Principal="*",
                Condition={"StringEquals": {"AWS:SourceAccount": "123456789012"}},
            )
        ],
    ),
    Twin(
        rule="no-passing-any-role",
        fails=[_may("passes-all", policy(Action="iam:PassRole", Resource="*"))],
        passes=[_may("passes-one", policy(Action="iam:PassRole", Resource="arn:aws:iam::123456789012:role/worker"))],
    ),
    Twin(
        rule="secrets-are-read-by-name",
        fails=[_may("reads-all", policy(Action="secretsmanager:GetSecretValue", Resource="*"))],
        passes=[_may("reads-one", policy(Action="secretsmanager:GetSecretValue", Resource=ORIGIN))],
    ),
    Twin(
        rule="federation-names-its-subject",
        fails=[role("any-branch", _from_github("repo:example/models:*"))],
        passes=[role("one-environment", _from_github("repo:example/models:environment:prod"))],
    ),
    Twin(
        rule="no-all-powerful-role",
        fails=[_attached("administrator", "AdministratorAccess")],
        passes=[_attached("worker", "AmazonEKSWorkerNodePolicy")],
    ),
    Twin(
        rule="no-long-lived-keys",
        fails=[Made(type="aws:iam/accessKey:AccessKey", name="key", props={"user": "ci"})],
        passes=[role("pod", _POD)],
    ),
)
