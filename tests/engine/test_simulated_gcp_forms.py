"""Forms that Google asks for and no type says: of members and roles, labels, dashboards, a provider's own inputs."""

import json

import pytest

from tests.engine.google import GCP, problems
from tests.engine.simulated.core.wire import UNKNOWN

BINDING, ROLE = "gcp:projects/iAMMember:IAMMember", "gcp:projects/iAMCustomRole:IAMCustomRole"
TOPIC, BUDGET = "gcp:pubsub/topic:Topic", "gcp:billing/budget:Budget"
DASHBOARD = "gcp:monitoring/dashboard:Dashboard"


def bound(member: str, role: str = "roles/logging.logWriter") -> str:
    return problems(BINDING, {"project": "acme-vision-dev", "role": role, "member": member})


@pytest.mark.parametrize(
    "member",
    [
        "user:ana@example.com",
        "group:ml@example.com",
        "serviceAccount:node@acme-vision-dev.iam.gserviceaccount.com",
        "serviceAccount:acme-vision-dev.svc.id.goog[slipway/trainer]",
        "principal://iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/"
        "acme-vision-dev.svc.id.goog/subject/ns/slipway/sa/trainer",
        "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci/attribute.repository/a/b",
        UNKNOWN,
    ],
)
def test_a_member_of_a_form_that_iam_knows_is_taken(member: str):
    assert not bound(member)


@pytest.mark.parametrize(
    "member",
    [
        "node@acme-vision-dev.iam.gserviceaccount.com",
        "serviceaccount:node@acme-vision-dev.iam.gserviceaccount.com",
        "principal://iam.googleapis.com/projects/acme-vision-dev/locations/global/workloadIdentityPools/p/subject/s",
    ],
)
def test_a_member_without_its_type_or_with_a_project_by_its_id_is_refused(member: str):
    assert "names nobody" in bound(member)


def test_a_key_of_another_region_is_refused():
    key = "projects/acme-vision/locations/us-central1/keyRings/main/cryptoKeys/main"
    inputs = {"repositoryId": "images", "format": "DOCKER", "kmsKeyName": key}
    where = "gcp:artifactregistry/repository:Repository"
    assert not problems(where, inputs | {"location": "us-central1"})
    found = problems(where, inputs | {"location": "asia-south1"})
    assert found == "kmsKeyName: a key of us-central1 cannot encrypt what is in asia-south1"


def test_a_role_without_its_prefix_is_refused():
    assert "is no role" in bound("user:ana@example.com", role="storage.objectViewer")


def test_a_basic_role_takes_no_condition():
    condition = {"title": "until", "expression": "request.time < timestamp('2027-01-01T00:00:00Z')"}
    inputs = {"project": "p", "role": "roles/viewer", "member": "user:ana@example.com", "condition": condition}
    assert problems(BINDING, inputs) == "condition: IAM takes no condition on roles/viewer"


def test_a_permission_of_a_custom_role_has_three_parts():
    found = problems(ROLE, {"roleId": "deploy", "title": "deploy", "permissions": ["run.services.get", "run.services"]})
    assert found.startswith("permissions[1]: 'run.services' is no permission")


@pytest.mark.parametrize(
    ("labels", "wrong"),
    [
        ({"Owner": "ml"}, "'Owner' is no key"),
        ({"cost-center": "A1"}, "'A1' is no value"),
        ({"owner": "a@example.com"}, "is no value"),
        ({"1st": "x"}, "'1st' is no key"),
        ({f"label-{number}": "" for number in range(65)}, "at most 64 are allowed"),
    ],
)
def test_labels_are_in_lower_case_short_and_few(labels: dict[str, str], wrong: str):
    assert wrong in problems(TOPIC, {"labels": labels})


def test_labels_of_kubernetes_and_of_channels_are_others():
    node = {"labels": {"slipway.dev/Pool": "Train"}}
    assert not problems("gcp:container/nodePool:NodePool", {"cluster": "main", "nodeConfig": node})
    channel = {"type": "email", "labels": {"email_address": "a@example.com"}}
    assert not problems("gcp:monitoring/notificationChannel:NotificationChannel", channel)


def test_a_dashboard_is_judged_within_its_text():
    tile = {"width": 24, "height": 16, "widget": {"xyChart": {"dataSets": [{"plotTyp": "LINE"}]}}}
    text = json.dumps({"displayName": "main", "mosaicLayout": {"columns": 48, "tiles": [tile]}})
    found = problems(DASHBOARD, {"dashboardJson": text})
    where = "dashboardJson.mosaicLayout.tiles[0].widget.xyChart.dataSets[0]"
    assert f"{where}.plotTyp: the API has no such member" in found
    assert f"{where}.timeSeriesQuery: is required by the API" in found


def test_a_dashboard_that_is_no_json_is_refused():
    assert "is no JSON" in problems(DASHBOARD, {"dashboardJson": "{"})


def test_a_budget_names_projects_by_number():
    inputs = {"billingAccount": "012345-6789AB-CDEF01", "amount": {"specifiedAmount": {"units": "100"}}}
    found = problems(BUDGET, inputs | {"budgetFilter": {"projects": ["projects/acme-vision-dev"]}})
    assert "'projects/acme-vision-dev' does not match" in found


@pytest.mark.parametrize("project", ["", "123456789012", "Acme", "acme"])
def test_a_provider_names_a_project_by_its_id(project: str):
    assert [problem.path for problem in GCP.config_problems({"project": project})] == ["project"]


def test_a_label_of_a_provider_is_one_that_google_takes():
    found = [it.path for it in GCP.config_problems({"project": "acme-vision", "defaultLabels": {"owner": "A B"}})]
    assert found == ["defaultLabels.owner"]


@pytest.mark.parametrize(("wanted", "labels"), [(True, {"goog-pulumi-provisioned": "true"}), (False, {})])
def test_the_provider_puts_a_label_of_its_own_unless_it_is_told_not_to(wanted: bool, labels: dict[str, str]):
    assert GCP.place({"project": "acme-vision", "addPulumiAttributionLabel": wanted}).labels == labels


def test_whatever_changes_in_a_binding_replaces_it():
    assert {"member", "role", "condition", "project"} <= GCP.replaces(BINDING)
