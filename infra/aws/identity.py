"""Who may do what: CI that deploys this stack, and the pods that run on it.

CI on GitHub takes a role by OpenID Connect, only from this stack's repository and environment; nobody has a key. It may
make roles only inside the stack's boundary, and may change neither the boundary nor itself: the first `up`, and one
that changes this file, is a person's. Pods take their roles through EKS Pod Identity. Roles of services are beside
what they serve.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_aws.apigateway import ApiKey
from pulumi_aws.eks import PodIdentityAssociation
from pulumi_aws.iam import OpenIdConnectProvider, Policy, Role, RolePolicy, RolePolicyAttachment

from infra.aws.deploying import MANAGED_POLICIES, WORKLOAD_ACTIONS, deploying, sparing
from infra.aws.policies import Realm, Statement, allow, document, managed_policy, role, trust_pods
from infra.naming import NAMESPACE
from infra.settings import Environment, IdentitySettings

GITHUB = "token.actions.githubusercontent.com"
_SESSION_S = 3600


@dataclass(frozen=True, kw_only=True)
class IdentityArgs:
    """origin_token: what the edge shows to the regions; AWS makes one where settings give none."""

    stack: str
    environment: Environment
    settings: IdentitySettings
    origin_token: str | None = field(repr=False)


class Identity(ComponentResource):
    """Once per stack. realm: what its roles share. deploy_arn: the role that CI takes. origin_token: a secret."""

    realm: Realm
    deploy_arn: Output[str]
    origin_token: Output[str]

    def __init__(self, name: str, args: IdentityArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:aws:Identity", name, None, opts)
        child, account = ResourceOptions(parent=self), args.settings.account
        path = f"/slipway-identity/{args.stack}/"  # not below what CI may change

        boundary = Policy(
            f"{name}-boundary",
            path=path,
            description="The most that a workload of this stack may do, whatever its own policy says",
            policy=document(allow(*WORKLOAD_ACTIONS, on=["*"])),
            opts=child,
        )
        self.realm = Realm(account=account, stack=args.stack, boundary=boundary.arn)

        provider_arn: Input[str] = f"arn:aws:iam::{account}:oidc-provider/{GITHUB}"
        if not args.settings.trusts_github:
            provider_arn = OpenIdConnectProvider(
                f"{name}-github", url=f"https://{GITHUB}", client_id_lists=["sts.amazonaws.com"], opts=child
            ).arn
        deploy = Role(
            f"{name}-deploy",
            path=path,
            description=f"Deploys {args.stack} from {args.settings.repository}",
            max_session_duration=_SESSION_S,
            assume_role_policy=document(_from_github(provider_arn, args.settings.repository, args.environment)),
            opts=child,
        )
        RolePolicyAttachment(
            f"{name}-deploy", role=deploy.name, policy_arn=managed_policy("PowerUserAccess"), opts=child
        )
        RolePolicy(
            f"{name}-deploy",
            role=deploy.name,
            policy=document(
                *deploying(self.realm, path, [managed_policy(policy) for policy in MANAGED_POLICIES]),
                *([sparing()] if args.environment == "prod" else []),
            ),
            opts=child,
        )
        self.deploy_arn = deploy.arn
        self.origin_token = Output.secret(args.origin_token or self._made_by_aws(f"{name}-origin"))
        self.register_outputs({"deploy_arn": self.deploy_arn})

    def _made_by_aws(self, name: str) -> Output[str]:
        """Random letters that AWS makes and keeps: a key of API Gateway that opens no API. Replace it for others."""
        return ApiKey(name, description="What the edge shows to the regions", opts=ResourceOptions(parent=self)).value


def _from_github(provider: Input[str], repository: str, environment: str) -> Statement:
    """Jobs of one environment of one repository: GitHub lets only branches and reviewers that it names into it."""
    return {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {
                f"{GITHUB}:aud": "sts.amazonaws.com",
                f"{GITHUB}:sub": f"repo:{repository}:environment:{environment}",
            }
        },
    }


@dataclass(frozen=True, kw_only=True)
class PodRole:
    """What one service account in Kubernetes may do."""

    account: str
    may: Sequence[Statement]
    namespace: str = NAMESPACE


@dataclass(frozen=True, kw_only=True)
class PodIdentityArgs:
    cluster: Output[str]
    realm: Realm
    roles: Sequence[PodRole]


class PodIdentity(ComponentResource):
    """Roles for pods of one region's cluster. arns: by service account."""

    arns: Mapping[str, Output[str]]

    def __init__(self, name: str, args: PodIdentityArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:aws:PodIdentity", name, None, opts)
        self.arns = {pod.account: self._allow(f"{name}-{pod.account}", pod, args) for pod in args.roles}
        self.register_outputs({"arns": self.arns})

    def _allow(self, name: str, pod: PodRole, args: PodIdentityArgs) -> Output[str]:
        child = ResourceOptions(parent=self)
        made, policy = role(name, args.realm, trusted=trust_pods(args.realm.account), may=pod.may, opts=child)
        PodIdentityAssociation(
            name,
            cluster_name=args.cluster,
            namespace=pod.namespace,
            service_account=pod.account,
            role_arn=made.arn,
            opts=ResourceOptions(parent=self, depends_on=[policy]),
        )
        return made.arn
