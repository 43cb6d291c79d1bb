"""What breaks the rules on identities, and what does not."""

from tests.policy_twins.gcp.network import service, template
from tests.policy_twins.twin import Made, Twin

_POOL = "iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools"
POD = f"principal://{_POOL}/example-models.svc.id.goog/subject/ns/slipway/sa/worker"


def bound(name: str, role: str, member: str = POD, **condition: str) -> Made:
    """A role on the project. condition: its expression, if any."""
    props: dict[str, object] = {"project": "example-models", "role": role, "member": member}
    if condition:
        props["condition"] = {"title": name, **condition}
    return Made(type="gcp:projects/iAMMember:IAMMember", name=name, props=props)


def _on_account(name: str, role: str, member: str) -> Made:
    account = "projects/example-models/serviceAccounts/deployer@example-models.iam.gserviceaccount.com"
    return Made(
        type="gcp:serviceaccount/iAMMember:IAMMember",
        name=name,
        props={"serviceAccountId": account, "role": role, "member": member},
    )


def _on_bucket(name: str, member: str) -> Made:
    return Made(
        type="gcp:storage/bucketIAMMember:BucketIAMMember",
        name=name,
        props={"bucket": "example-models", "role": "roles/storage.objectViewer", "member": member},
    )


def _on_secret(name: str) -> Made:
    return Made(
        type="gcp:secretmanager/secretIamMember:SecretIamMember",
        name=name,
        props={"secretId": "origin", "role": "roles/secretmanager.secretAccessor", "member": POD},
    )


def provider(name: str, condition: str | None) -> Made:
    """Trust in GitHub's word."""
    return Made(
        type="gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider",
        name=name,
        props={
            "workloadIdentityPoolId": "github",
            "workloadIdentityPoolProviderId": name,
            "attributeMapping": {"google.subject": "assertion.sub"},
            "attributeCondition": condition,
            "oidc": {"issuerUri": "https://token.actions.githubusercontent.com"},
        },
    )


def _account(name: str) -> Made:
    return Made(type="gcp:serviceaccount/account:Account", name=name, props={"accountId": "worker"})


TWINS = (
    Twin(
        rule="no-wildcard-principal",
        fails=[_on_bucket("for-everybody", "allAuthenticatedUsers")],
        passes=[_on_bucket("for-a-pod", POD)],
    ),
    Twin(
        rule="no-all-powerful-role",
        fails=[bound("editor", "roles/editor")],
        passes=[bound("writes-logs", "roles/logging.logWriter")],
    ),
    Twin(
        rule="no-passing-any-role",
        fails=[bound("acts-as-any", "roles/iam.serviceAccountUser")],
        passes=[_on_account("acts-as-one", "roles/iam.serviceAccountUser", POD)],
    ),
    Twin(
        rule="federation-names-its-subject",
        fails=[provider("any-repository", None)],
        passes=[provider("one-repository", 'assertion.repository == "example/models"')],
    ),
    Twin(
        rule="no-long-lived-keys",
        fails=[Made(type="gcp:serviceaccount/key:Key", name="key", props={"serviceAccountId": "worker"})],
        passes=[_account("keyless")],
    ),
    Twin(
        rule="secrets-are-read-by-name",
        fails=[bound("reads-all-secrets", "roles/secretmanager.secretAccessor")],
        passes=[_on_secret("reads-one-secret")],
    ),
    Twin(
        rule="identities-are-not-shared",
        fails=[service("by-default", template=template(serviceAccount=None))],
        passes=[service("as-itself")],
    ),
)
