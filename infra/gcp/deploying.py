"""What CI may do while it deploys a stack. Pure lists.

Roles of Google's own that administer the services a stack is made of, and none of the basic ones. On the project CI may
give only the roles that a stack's workloads hold. It acts as the accounts of the stack's own, each of which lets it
(policies.py), and not as any account of the project.

Two things are for a person with more rights. Whom CI is believed to be, it may see and not change. A budget belongs to
the billing account, on which no binding of a project counts: its owner gives CI `roles/billing.costsManager` there.

Two ways up are left. Whoever administers accounts, as CI must to bind those of its own, can let itself act as any of
the project's. So the project must hold no account with more rights than CI, not even Google's default one for machines.
And whoever administers keys, buckets or topics can let anybody use those, in the whole project: what CI may not see has
to be in another.
"""

DEPLOY_ROLES = (
    "roles/aiplatform.admin",
    "roles/artifactregistry.admin",
    "roles/certificatemanager.owner",
    "roles/cloudkms.admin",
    "roles/compute.loadBalancerAdmin",
    "roles/compute.networkAdmin",
    "roles/compute.securityAdmin",
    "roles/container.admin",
    "roles/dns.admin",
    "roles/iam.serviceAccountAdmin",
    "roles/iam.workloadIdentityPoolViewer",
    "roles/logging.configWriter",
    "roles/monitoring.admin",
    "roles/pubsub.admin",
    "roles/run.admin",
    "roles/serviceusage.serviceUsageConsumer",
    "roles/storage.admin",
    "roles/storagetransfer.admin",
)

WORKLOAD_ROLES = (
    "roles/aiplatform.user",
    "roles/artifactregistry.reader",
    "roles/container.defaultNodeServiceAccount",
    "roles/logging.logWriter",
    "roles/monitoring.metricWriter",
    "roles/pubsub.editor",
    "roles/pubsub.publisher",
)
"""Every role on the project that some workload of a stack holds; a test holds the two together."""


def only_workload_roles() -> str:
    """An IAM condition on the right to change the project's bindings: these roles, to give and to take."""
    listed = ", ".join(f"'{role}'" for role in WORKLOAD_ROLES)
    return f"api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly([{listed}])"
