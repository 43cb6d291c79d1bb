"""Invariants of who may do what on Google, who pays, and who is told."""

from collections.abc import Iterator

import pytest

from infra.gcp.deploying import DEPLOY_ROLES, WORKLOAD_ROLES, only_workload_roles
from tests.stacks.graph import Graph, Registration
from tests.stacks.programs import GCP_STACKS, graph, settings_of

ON_PROJECT, ON_ACCOUNT = "gcp:projects/iAMMember:IAMMember", "gcp:serviceaccount/iAMMember:IAMMember"
ON_BUCKET = "gcp:storage/bucketIAMMember:BucketIAMMember"
BASIC = {"roles/owner", "roles/editor", "roles/viewer"}
CI = "serviceAccount:deploy-"


def bindings(graph: Graph) -> Iterator[Registration]:
    """Whatever gives somebody a role on something."""
    return (
        resource for resource in graph.made_by_a_provider if "role" in resource.inputs and "member" in resource.inputs
    )


def pods(graph: Graph, account: str) -> list[Registration]:
    return [binding for binding in bindings(graph) if binding.inputs["member"].endswith(f"/sa/{account}")]


def bound_twice(graph: Graph) -> list[str]:
    """Bindings that are one to Google under two names: whoever takes one away takes the other."""
    found: dict[str, list[str]] = {}
    for binding in bindings(graph):
        found.setdefault(f"{binding.type} {sorted(binding.inputs.items())}", []).append(binding.name)
    return [name for names in found.values() if len(names) > 1 for name in names]


@pytest.mark.parametrize("stack", [*GCP_STACKS, "multi-prod"])
def test_no_two_bindings_are_one_to_google(stack: str):
    assert bound_twice(graph(stack)) == []


def test_nobody_has_a_basic_role(gcp: Graph):
    assert [binding.name for binding in bindings(gcp) if binding.inputs["role"] in BASIC] == []


def test_everybody_is_a_member_of_nothing(gcp: Graph):
    everybody = ("allUsers", "allAuthenticatedUsers")
    assert [resource.name for resource in gcp if any(name in str(resource.inputs) for name in everybody)] == []


def test_a_role_is_added_to_what_is_there_and_never_in_its_place(gcp: Graph):
    """A policy or a binding as a whole would take away what other stacks and Google's own services were given."""
    kinds = {resource.type.rsplit(":", 1)[-1] for resource in gcp.made_by_a_provider}
    assert {kind for kind in kinds if kind.lower().endswith(("iampolicy", "iambinding"))} == set()


def test_ci_comes_from_one_repository_and_one_environment_only(gcp_up: Graph):
    (provider,) = gcp_up.of("gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider")
    (deploys,) = [b for b in gcp_up.of(ON_ACCOUNT) if b.inputs["role"] == "roles/iam.workloadIdentityUser"]
    subject = deploys.inputs["member"].split("/subject/")[1]
    assert subject.startswith("repo:example/slipway-models:environment:")
    assert provider.inputs["attributeCondition"] == f"assertion.sub == '{subject}'"
    assert provider.inputs["oidc"]["issuerUri"] == "https://token.actions.githubusercontent.com"


def test_the_environment_of_ci_is_the_stacks(gcp_prod: Graph):
    (provider,) = gcp_prod.of("gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider")
    assert "environment:prod'" in provider.inputs["attributeCondition"]


def test_ci_may_give_and_take_only_what_workloads_hold(gcp: Graph):
    (may_bind,) = [b for b in gcp.of(ON_PROJECT) if b.inputs["role"] == "roles/resourcemanager.projectIamAdmin"]
    assert may_bind.inputs["condition"]["expression"] == only_workload_roles()
    assert all(f"'{role}'" in only_workload_roles() for role in WORKLOAD_ROLES)


def test_what_ci_may_give_holds_every_role_that_a_workload_has_and_no_other(gcp_prod: Graph):
    given = {b.inputs["role"] for b in gcp_prod.of(ON_PROJECT) if not b.inputs["member"].startswith(CI)}
    assert given == set(WORKLOAD_ROLES)


def test_ci_cannot_give_itself_what_it_deploys_with():
    assert not set(DEPLOY_ROLES) & set(WORKLOAD_ROLES)


def test_ci_acts_as_the_accounts_of_its_stack_only(gcp_up: Graph):
    acting = [b for b in gcp_up.of(ON_ACCOUNT) if b.inputs["role"] == "roles/iam.serviceAccountUser"]
    assert acting
    assert all(binding.inputs["member"].startswith(CI) for binding in acting)
    assert "roles/iam.serviceAccountUser" not in {b.inputs["role"] for b in gcp_up.of(ON_PROJECT)}


def test_nobody_may_make_tokens_or_keys_of_an_account(gcp: Graph):
    forbidden = {"roles/iam.serviceAccountTokenCreator", "roles/iam.serviceAccountKeyAdmin"}
    assert not {binding.inputs["role"] for binding in bindings(gcp)} & forbidden


def test_pods_are_known_by_the_service_account_of_one_namespace(gcp_up: Graph):
    members = {b.inputs["member"] for b in bindings(gcp_up) if "svc.id.goog" in b.inputs["member"]}
    assert {member.split("/subject/")[1].rsplit("/", 1)[0] for member in members} == {"ns/slipway/sa"}
    assert all(member.startswith("principal://iam.googleapis.com/projects/") for member in members)


def test_trainer_predictor_and_worker_have_rights_on_the_store_of_every_region(gcp_prod: Graph):
    stores = {f"storage-{region}-abcdef1" for region in settings_of("gcp-prod").regions}
    for account in ("trainer", "predictor", "worker"):
        assert {b.inputs["bucket"] for b in pods(gcp_prod, account) if b.type == ON_BUCKET} == stores


def test_pods_are_known_to_google_only_once_there_is_a_cluster(gcp: Graph):
    """The pool of their identities comes with the first."""
    for component in gcp.of("slipway:gcp:PodIdentity"):
        assert any(name.startswith("cluster-") for name in component.depends_on), component.name


def test_a_predictor_may_read_releases_and_nothing_else_of_the_store(gcp_up: Graph):
    for binding in gcp_up.of(ON_BUCKET):
        if "predictor" in binding.inputs["member"]:
            assert binding.inputs["role"] == "roles/storage.objectViewer"
            assert binding.inputs["condition"]["expression"].endswith('/objects/releases/")')


def test_a_trainer_may_add_a_release_and_change_none(gcp_up: Graph):
    for binding in gcp_up.of(ON_BUCKET):
        if "trainer" in binding.inputs["member"] and "/objects/releases/" in str(binding.inputs.get("condition")):
            assert binding.inputs["role"] == "roles/storage.objectCreator"


def test_a_worker_takes_tasks_and_puts_none(gcp_up: Graph):
    roles = {b.inputs["role"] for b in pods(gcp_up, "worker") if "pubsub" in b.inputs["role"]}
    assert roles == {"roles/pubsub.subscriber"}


def test_only_who_copies_between_stores_and_vertex_may_change_one_without_a_prefix(gcp: Graph):
    for binding in gcp.of(ON_BUCKET):
        if "condition" not in binding.inputs and binding.inputs["role"] != "roles/storage.objectViewer":
            assert "@storage-transfer-service." in binding.inputs["member"], binding.name


def test_a_key_is_used_by_googles_own_identities_only(gcp: Graph):
    members = {b.inputs["member"] for b in gcp.of("gcp:kms/cryptoKeyIAMMember:CryptoKeyIAMMember")}
    assert all(
        "@" in member and member.startswith(("serviceAccount:service-", "serviceAccount:cmek-")) for member in members
    )


def test_a_provider_touches_one_project_only(gcp: Graph):
    projects = {provider.inputs["project"] for provider in gcp.of("pulumi:providers:gcp")}
    assert len(projects) == 1


def test_every_provider_labels_all_that_it_makes(gcp: Graph):
    for provider in gcp.of("pulumi:providers:gcp"):
        labels = str(provider.inputs["defaultLabels"])
        assert all(f'"{label}"' in labels for label in ("owner", "environment", "cost-center"))


def test_no_provider_carries_credentials(gcp: Graph):
    for provider in gcp.of("pulumi:providers:gcp"):
        assert not provider.inputs.keys() & {"credentials", "accessToken", "impersonateServiceAccount"}


def test_every_stack_has_a_budget_that_tells_before_it_is_spent(gcp: Graph):
    (budget,) = gcp.of("gcp:billing/budget:Budget")
    told = {(rule["spendBasis"], rule["thresholdPercent"]) for rule in budget.inputs["thresholdRules"]}
    assert told == {("CURRENT_SPEND", 0.8), ("CURRENT_SPEND", 1.0), ("FORECASTED_SPEND", 1.0)}
    assert budget.inputs["allUpdatesRule"]["monitoringNotificationChannels"] == ["budget-id"]


def test_a_budget_counts_its_project_only(gcp_prod: Graph):
    (budget,) = gcp_prod.of("gcp:billing/budget:Budget")
    number = settings_of("gcp-prod").cloud.identity.project_number
    assert budget.inputs["budgetFilter"]["projects"] == [f"projects/{number}"]


def test_every_alert_reaches_somebody(gcp: Graph):
    (channel,) = gcp.of("gcp:monitoring/notificationChannel:NotificationChannel")
    assert channel.inputs["labels"]["email_address"]
    for alert in gcp.of("gcp:monitoring/alertPolicy:AlertPolicy"):
        assert alert.inputs["notificationChannels"] == [f"{channel.name}-id"]


def test_errors_latency_and_dead_letters_have_alerts_in_every_region(gcp_prod: Graph):
    for region in settings_of("gcp-prod").regions:
        named = {
            alert.name.removeprefix(f"observability-{region}-")
            for alert in gcp_prod.of("gcp:monitoring/alertPolicy:AlertPolicy")
        }
        assert {"errors", "latency", "tasks-failed"} <= named


def test_every_log_bucket_ends_and_is_encrypted_with_the_key_of_its_region(gcp: Graph):
    for bucket in gcp.of("gcp:logging/projectBucketConfig:ProjectBucketConfig"):
        assert bucket.inputs["retentionDays"] > 0
        assert bucket.inputs["cmekSettings"]["kmsKeyName"] == f"encryption-{bucket.inputs['location']}-id"


def test_what_a_predictor_writes_is_kept_in_the_log_bucket_of_its_region(gcp_up: Graph):
    """A bucket that no sink leads to stays empty."""
    kept = {
        sink.inputs["destination"]: sink.inputs["filter"] for sink in gcp_up.of("gcp:logging/projectSink:ProjectSink")
    }
    for service in gcp_up.of("gcp:cloudrunv2/service:Service"):
        region = service.inputs["location"]
        assert f'"{service.name}-abcdef1"' in kept[f"logging.googleapis.com/observability-{region}-id"]
