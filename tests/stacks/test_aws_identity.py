"""Invariants of who may do what, who pays, and who is told."""

import fnmatch
from collections.abc import Iterator
from typing import Any

from infra.aws.deploying import WORKLOAD_ACTIONS
from infra.settings import Settings
from tests.stacks.graph import Graph, Registration
from tests.stacks.programs import cloud_graph, config_of, settings_of

ROLE, ROLE_POLICY, POLICY = "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy", "aws:iam/policy:Policy"
_DOCUMENTS = ("policy", "assumeRolePolicy", "accessPolicy")
NARROWED_BY_NOTHING = {
    "autoscaling:Describe*",
    "cloudwatch:PutMetricData",
    "ec2:Describe*",
    "ecr:GetAuthorizationToken",
    "logs:DescribeLogGroups",
    "logs:DescribeLogStreams",
    "xray:Put*",
}
"""Actions for which AWS knows no resource, from the service authorization reference."""


def statements(graph: Graph) -> Iterator[tuple[Registration, dict[str, Any]]]:
    for resource in graph.made_by_a_provider:
        for key in _DOCUMENTS:
            if resource.inputs.get(key) and str(resource.inputs[key]).startswith("{"):
                yield from ((resource, statement) for statement in resource.document(key).get("Statement", ()))


def listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def test_no_statement_allows_every_action_of_anything(aws: Graph):
    for resource, statement in statements(aws):
        if statement["Effect"] == "Allow":
            assert not [action for action in listed(statement["Action"]) if "*" in action], resource.name


def test_no_statement_allows_everybody(aws: Graph):
    for resource, statement in statements(aws):
        if statement["Effect"] == "Allow":
            assert "*" not in str(statement.get("Principal", "")), resource.name


def test_a_role_may_act_on_everything_only_where_aws_knows_nothing_narrower(aws: Graph):
    for resource, statement in statements(aws):
        if resource.type == ROLE_POLICY and statement["Effect"] == "Allow" and "*" in listed(statement["Resource"]):
            for action in listed(statement["Action"]):
                assert any(fnmatch.fnmatch(action, known) for known in NARROWED_BY_NOTHING), (resource.name, action)


def test_a_role_of_ours_stays_inside_the_boundary(aws: Graph):
    written = {policy.inputs["role"].removesuffix("-abcdef1") for policy in aws.of(ROLE_POLICY)} - {"identity-deploy"}
    for role in aws.of(ROLE):
        if role.name in written:
            assert role.inputs["permissionsBoundary"].endswith("identity-boundary-abcdef1"), role.name


def test_no_role_asks_for_what_the_boundary_forbids(aws: Graph):
    for resource, statement in statements(aws):
        if resource.type == ROLE_POLICY and resource.name != "identity-deploy":
            assert set(listed(statement["Action"])) <= set(WORKLOAD_ACTIONS), resource.name


def test_the_boundary_holds_nothing_that_no_role_uses(prod: Graph):
    used = {
        action
        for resource, statement in statements(prod)
        if resource.type == ROLE_POLICY
        for action in listed(statement["Action"])
    }
    assert set(WORKLOAD_ACTIONS) - used == set()


def test_a_role_with_policies_of_aws_own_has_none_of_ours(aws: Graph):
    attached = {a.inputs["role"] for a in aws.of("aws:iam/rolePolicyAttachment:RolePolicyAttachment")}
    written = {policy.inputs["role"] for policy in aws.of(ROLE_POLICY)}
    assert attached & written == {"identity-deploy-abcdef1"}


def test_ci_comes_from_one_repository_and_one_environment_only(aws: Graph):
    (trust,) = aws.of(ROLE).named("identity-deploy").document("assumeRolePolicy")["Statement"]
    conditions = trust["Condition"]["StringEquals"]
    environment = aws.of("aws:ec2/launchTemplate:LaunchTemplate")[0].inputs["tagSpecifications"][0]["tags"][
        "environment"
    ]
    assert conditions["token.actions.githubusercontent.com:sub"] == (
        f"repo:example/slipway-models:environment:{environment}"
    )
    assert conditions["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com"


def test_ci_makes_roles_only_inside_the_boundary(aws: Graph):
    for statement in aws.of(ROLE_POLICY).named("identity-deploy").document("policy")["Statement"]:
        actions = set(listed(statement["Action"]))
        if "iam:PutRolePolicy" in actions:
            assert "iam:PermissionsBoundary" in statement["Condition"]["StringEquals"]
        if "iam:AttachRolePolicy" in actions:
            assert "iam:PolicyARN" in statement["Condition"]["ArnEquals"]


def test_ci_may_change_neither_its_own_role_nor_the_boundary(aws: Graph):
    for statement in aws.of(ROLE_POLICY).named("identity-deploy").document("policy")["Statement"]:
        changes = [a for a in listed(statement["Action"]) if not a.startswith(("iam:Get", "iam:List"))]
        if changes:
            assert not [r for r in listed(statement["Resource"]) if "slipway-identity" in r], changes


def test_nobody_has_a_key_that_lasts(aws: Graph):
    assert not [r for r in aws if r.type.startswith(("aws:iam/user", "aws:iam/accessKey"))]


def test_every_service_account_has_a_role_of_its_own(aws: Graph):
    given = [(p.inputs["clusterName"], p.inputs["roleArn"]) for p in aws.of(ASSOCIATION)]
    assert len(set(given)) == len(given)


RULE = "aws:cloudwatch/eventRule:EventRule"
ASSOCIATION = "aws:eks/podIdentityAssociation:PodIdentityAssociation"


def test_trainer_predictor_and_worker_have_roles_in_every_region(prod: Graph):
    accounts = [p.inputs["serviceAccount"] for p in prod.of(ASSOCIATION)]
    for account in ("trainer", "predictor", "worker", "cluster-autoscaler", "drainer"):
        assert accounts.count(account) == len(settings_of("aws-prod").regions)


def test_a_predictor_may_read_releases_and_nothing_else_of_the_store(aws: Graph):
    for policy in aws.of(ROLE_POLICY):
        if policy.name.startswith("predictor-") or policy.name.endswith("-predictor"):
            objects = [
                resource
                for statement in policy.document("policy")["Statement"]
                if any(action.startswith("s3:") for action in listed(statement["Action"]))
                for resource in listed(statement["Resource"])
            ]
            assert objects
            assert all(resource.endswith("/releases/*") for resource in objects)


def test_the_autoscaler_may_change_only_groups_of_its_cluster(aws: Graph):
    for policy in aws.of(ROLE_POLICY):
        if policy.name.endswith("-cluster-autoscaler"):
            changing = next(
                s for s in policy.document("policy")["Statement"] if "autoscaling:SetDesiredCapacity" in s["Action"]
            )
            assert list(changing["Condition"]["StringEquals"].values()) == ["owned"]


def test_a_stack_in_an_account_that_trusts_github_makes_no_second_provider():
    config = config_of("aws-dev")
    config["slipway:identity"] = config["slipway:identity"] | {"trusts_github": True}
    graph = cloud_graph(Settings.parse(config), "aws-dev")
    assert not graph.of("aws:iam/openIdConnectProvider:OpenIdConnectProvider")


def test_a_provider_touches_one_account_only(aws: Graph):
    for provider in aws.of("pulumi:providers:aws"):
        assert len(provider.inputs["allowedAccountIds"].split(",")) == 1


def test_every_provider_labels_all_that_it_makes(aws: Graph):
    for provider in aws.of("pulumi:providers:aws"):
        assert all(
            f'"{label}"' in str(provider.inputs["defaultTags"]) for label in ("owner", "environment", "cost-center")
        )


def test_no_provider_carries_credentials(aws: Graph):
    for provider in aws.of("pulumi:providers:aws"):
        assert not provider.inputs.keys() & {"accessKey", "secretKey", "token", "profile"}


def test_every_stack_has_a_budget_that_tells_before_it_is_spent(aws: Graph):
    (budget,) = aws.of("aws:budgets/budget:Budget")
    told = {(n["notificationType"], n["threshold"]) for n in budget.inputs["notifications"]}
    assert told == {("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100)}
    assert all(n["subscriberEmailAddresses"] for n in budget.inputs["notifications"])


def test_what_is_unusually_dear_is_told(aws: Graph):
    (subscription,) = aws.of("aws:costexplorer/anomalySubscription:AnomalySubscription")
    assert subscription.inputs["subscribers"][0]["type"] == "EMAIL"


def test_a_monitor_that_the_account_has_already_is_not_made_again():
    config = config_of("aws-dev")
    there = "arn:aws:ce::123456789012:anomalymonitor/0b0c0d0e-0000-4000-8000-000000000000"
    config["slipway:budget"] = config["slipway:budget"] | {"anomaly_monitor": there}
    graph = cloud_graph(Settings.parse(config), "aws-dev")
    assert not graph.of("aws:costexplorer/anomalyMonitor:AnomalyMonitor")
    (subscription,) = graph.of("aws:costexplorer/anomalySubscription:AnomalySubscription")
    assert subscription.inputs["monitorArnLists"] == [there]


def test_a_log_group_that_sagemaker_has_made_already_is_not_made_again():
    config = config_of("aws-dev") | {"slipway:observability": {"job_logs": False}}
    groups = cloud_graph(Settings.parse(config), "aws-dev").of("aws:cloudwatch/logGroup:LogGroup")
    assert not [group for group in groups if group.inputs.get("name") == "/aws/sagemaker/TrainingJobs"]


def test_ci_cannot_take_away_for_good_what_production_keeps(prod: Graph, dev: Graph):
    def denied(graph: Graph) -> list[Any]:
        said = graph.of(ROLE_POLICY).named("identity-deploy").document("policy")["Statement"]
        return [action for each in said if each["Effect"] == "Deny" for action in each["Action"]]

    lasting = {"kms:ScheduleKeyDeletion", "s3:DeleteObjectVersion", "sagemaker:DeleteMlflowTrackingServer"}
    assert lasting <= set(denied(prod))
    assert not denied(dev)


def test_a_job_may_grant_the_key_to_services_of_aws_alone(aws: Graph):
    granting = [s for _, s in statements(aws) if s["Effect"] == "Allow" and s["Action"] == ["kms:CreateGrant"]]
    assert granting
    assert all(s["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": "true"}} for s in granting)


def test_every_log_group_ends_and_is_encrypted(aws: Graph):
    for group in aws.of("aws:cloudwatch/logGroup:LogGroup"):
        assert group.inputs["retentionInDays"] > 0, group.name
        assert group.inputs["kmsKeyId"], group.name


def test_every_alarm_reaches_somebody(aws: Graph):
    alarms = aws.of("aws:cloudwatch/metricAlarm:MetricAlarm")
    assert all(alarm.inputs["alarmActions"] for alarm in alarms)
    assert all(s.inputs["endpoint"] for s in aws.of("aws:sns/topicSubscription:TopicSubscription"))


def test_errors_latency_throttles_and_interruptions_have_alarms_in_every_region(prod: Graph):
    for region in settings_of("aws-prod").regions:
        named = {
            a.name.removeprefix(f"observability-{region}-") for a in prod.of("aws:cloudwatch/metricAlarm:MetricAlarm")
        }
        assert {"errors", "latency", "throttles", "nodes-taken-back", "tasks-failed"} <= named


def test_nodes_that_are_taken_back_are_counted_apart_from_ordinary_scaling(aws: Graph):
    alarms = [
        alarm.inputs
        for alarm in aws.of("aws:cloudwatch/metricAlarm:MetricAlarm")
        if alarm.name.endswith("nodes-taken-back")
    ]
    assert {(alarm["namespace"], alarm["metricName"]) for alarm in alarms} == {("AWS/Events", "TriggeredRules")}
    rules = {f"{rule.name}-abcdef1": rule for rule in aws.of(RULE)}
    for alarm in alarms:
        pattern = rules[alarm["dimensions"]["RuleName"]].document("eventPattern")
        assert pattern["detail-type"] == ["EC2 Spot Instance Interruption Warning"]


def test_news_of_interruptions_reach_one_queue_per_region(prod: Graph):
    targets = {target.inputs["arn"] for target in prod.of("aws:cloudwatch/eventTarget:EventTarget")}
    assert len(targets) == len(settings_of("aws-prod").regions)


def test_a_topic_is_encrypted_and_refuses_plain_text(aws: Graph):
    assert all(topic.inputs["kmsMasterKeyId"] for topic in aws.of("aws:sns/topic:Topic"))
    for policy in aws.of("aws:sns/topicPolicy:TopicPolicy"):
        assert "Deny" in {statement["Effect"] for statement in policy.document("policy")["Statement"]}
