"""Who may do what: CI that deploys this stack, and the pods that run on it.

CI on GitHub acts as a service account by OpenID Connect, only from this stack's repository and environment; nobody has
a key. Pods are members of their own by Workload Identity Federation: no account of Google's, nothing in Kubernetes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_gcp import iam, projects
from pulumi_gcp.serviceaccount import Account, IAMMember

from infra.gcp.deploying import DEPLOY_ROLES, only_workload_roles
from infra.gcp.naming import account_id
from infra.gcp.policies import Grant, allow, pod, service_account
from infra.naming import NAMESPACE
from infra.settings import Environment, IdentitySettings

GITHUB = "https://token.actions.githubusercontent.com"


@dataclass(frozen=True, kw_only=True)
class IdentityArgs:
    """drawn: letters that the engine drew for this stack."""

    stack: str
    drawn: Output[str]
    environment: Environment
    settings: IdentitySettings


class Identity(ComponentResource):
    """Once per stack. deploy_account: e-mail of the account that CI acts as. provider: what CI names to do so."""

    deploy_account: Output[str]
    provider: Output[str]

    def __init__(self, name: str, args: IdentityArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:gcp:Identity", name, None, opts)
        self._name, self._args, self._child = name, args, ResourceOptions(parent=self)
        project = args.settings.account

        deploy = Account(
            f"{name}-deploy",
            account_id=account_id("deploy", args.stack),
            display_name=f"Deploys {args.stack} from {args.settings.repository}",
            opts=self._child,
        )
        self.deploy_account = deploy.email
        pool = iam.WorkloadIdentityPool(
            f"{name}-github",
            # Google keeps the name of a pool for 30 days after it is gone
            workload_identity_pool_id=Output.concat("github-", args.drawn),
            description="Jobs on GitHub",
            opts=self._child,
        )
        self.provider = self._trust_github(pool)
        IAMMember(
            f"{name}-deploy",
            service_account_id=deploy.name,
            role="roles/iam.workloadIdentityUser",
            member=Output.concat("principal://iam.googleapis.com/", pool.name, "/subject/", self._subject),
            opts=self._child,
        )
        member = service_account(deploy.email)
        allow(
            f"{name}-deploy",
            [Grant(kind="project", on=project, role=role) for role in DEPLOY_ROLES],
            member,
            self._child,
        )
        projects.IAMMember(
            f"{name}-deploy-binds",
            project=project,
            role="roles/resourcemanager.projectIamAdmin",
            member=member,
            condition={"title": "only-workload-roles", "expression": only_workload_roles()},
            opts=self._child,
        )
        self.register_outputs({"deploy_account": self.deploy_account})

    @property
    def _subject(self) -> str:
        """Jobs of one environment of one repository: GitHub lets only branches and reviewers that it names into it."""
        return f"repo:{self._args.settings.repository}:environment:{self._args.environment}"

    def _trust_github(self, pool: iam.WorkloadIdentityPool) -> Output[str]:
        return iam.WorkloadIdentityPoolProvider(
            f"{self._name}-github",
            workload_identity_pool_id=pool.workload_identity_pool_id,
            workload_identity_pool_provider_id="github",
            attribute_mapping={"google.subject": "assertion.sub", "attribute.repository": "assertion.repository"},
            attribute_condition=f"assertion.sub == '{self._subject}'",
            oidc={"issuer_uri": GITHUB},
            opts=self._child,
        ).name


@dataclass(frozen=True, kw_only=True)
class PodRole:
    """What one service account in Kubernetes may do."""

    account: str
    may: Sequence[Grant]
    namespace: str = NAMESPACE


@dataclass(frozen=True, kw_only=True)
class PodIdentityArgs:
    project: str
    project_number: str
    roles: Sequence[PodRole]


class PodIdentity(ComponentResource):
    """What pods of one region's cluster may do. The pool of identities is the project's: one name is one member."""

    def __init__(self, name: str, args: PodIdentityArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:gcp:PodIdentity", name, None, opts)
        for role in args.roles:
            member = pod(
                project=args.project,
                project_number=args.project_number,
                namespace=role.namespace,
                account=role.account,
            )
            allow(f"{name}-{role.account}", role.may, member, ResourceOptions(parent=self))
        self.register_outputs({})
