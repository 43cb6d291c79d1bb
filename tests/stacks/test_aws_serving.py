"""Invariants of serving: from the name that users call to the function that answers."""

import json

import pytest

from infra.aws.authorizer.handler import HEADER, handler
from infra.settings import Settings
from tests.stacks.aws_cloud import MADE_BY_AWS
from tests.stacks.graph import Graph, Registration
from tests.stacks.programs import cloud_graph, config_of, settings_of

FUNCTION, ROUTE, DISTRIBUTION = (
    "aws:lambda/function:Function",
    "aws:apigatewayv2/route:Route",
    "aws:cloudfront/distribution:Distribution",
)
RECORD = "aws:route53/record:Record"


def predictors(graph: Graph) -> list[Registration]:
    return [function for function in graph.of(FUNCTION) if function.inputs.get("packageType") == "Image"]


@pytest.fixture(scope="module")
def without_a_domain() -> Graph:
    config = {key: value for key, value in config_of("aws-prod").items() if key != "slipway:domain"}
    return cloud_graph(Settings.parse(config), "aws-prod")


def test_every_region_answers(prod: Graph):
    regions = {function.inputs["environment"]["variables"]["SLIPWAY_REGION"] for function in predictors(prod)}
    assert regions == set(settings_of("aws-prod").regions)


def test_a_predictor_runs_an_image_by_digest(aws: Graph):
    assert all("@sha256:" in function.inputs["imageUri"] for function in predictors(aws))


def test_a_predictor_runs_the_image_that_lies_beside_it(aws: Graph):
    for function in predictors(aws):
        region = function.inputs["environment"]["variables"]["SLIPWAY_REGION"]
        assert f".ecr.{region}.amazonaws.com" in function.inputs["imageUri"]


def test_a_predictor_cannot_take_the_whole_account(aws: Graph):
    assert all(function.inputs["reservedConcurrentExecutions"] for function in predictors(aws))


def test_a_function_is_called_through_its_alias_only(aws: Graph):
    integrations = aws.of("aws:apigatewayv2/integration:Integration")
    assert integrations
    for permission in aws.of("aws:lambda/permission:Permission"):
        if permission.name.endswith("-guard"):
            continue
        assert permission.inputs["qualifier"] == "live"


def test_every_function_may_be_called_by_one_api_only(aws: Graph):
    for permission in aws.of("aws:lambda/permission:Permission"):
        assert permission.inputs["principal"] == "apigateway.amazonaws.com"
        assert permission.inputs["sourceArn"].startswith("arn:aws:execute-api:")


def test_warm_instances_follow_the_load_in_production(prod: Graph):
    wanted = settings_of("aws-prod").serverless
    for target in prod.of("aws:appautoscaling/target:Target"):
        assert (target.inputs["minCapacity"], target.inputs["maxCapacity"]) == (
            wanted.provisioned,
            wanted.max_instances,
        )
    assert len(prod.of("aws:appautoscaling/policy:Policy")) == len(predictors(prod))


def test_the_number_of_warm_instances_is_the_autoscalers(prod: Graph):
    for warm in prod.of("aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig"):
        assert warm.ignore_changes == ("provisionedConcurrentExecutions",)


def test_nothing_is_kept_warm_that_was_not_asked_for(dev: Graph):
    assert not dev.of("aws:appautoscaling/target:Target")
    assert not dev.of("aws:lambda/provisionedConcurrencyConfig:ProvisionedConcurrencyConfig")


def test_every_function_is_traced_and_logs_into_a_group_that_ends(aws: Graph):
    groups = {f"{group.name}-abcdef1" for group in aws.of("aws:cloudwatch/logGroup:LogGroup")}
    for function in aws.of(FUNCTION):
        assert function.inputs["tracingConfig"] == {"mode": "Active"}
        assert function.inputs["loggingConfig"]["logGroup"] in groups


def test_an_event_that_failed_is_not_lost(aws: Graph):
    assert all("-dead" in function.inputs["deadLetterConfig"]["targetArn"] for function in predictors(aws))


def test_every_api_is_throttled_and_logs_who_called(aws: Graph):
    for stage in aws.of("aws:apigatewayv2/stage:Stage"):
        assert stage.inputs["defaultRouteSettings"]["throttlingRateLimit"] > 0
        assert "$context.ip" in stage.inputs["accessLogSettings"]["format"]


def test_only_the_health_check_passes_without_the_edges_token(aws: Graph):
    open_routes = {r.inputs["routeKey"] for r in aws.of(ROUTE) if r.inputs.get("authorizationType") != "CUSTOM"}
    assert open_routes == {"GET /v2/health/ready"}


def test_the_edge_shows_its_token_to_every_region(aws: Graph):
    (edge,) = aws.of(DISTRIBUTION)
    for origin in edge.inputs["origins"]:
        assert origin["customHeaders"] == [{"name": HEADER, "value": MADE_BY_AWS}]


def test_the_authorizer_lets_in_who_shows_the_token_and_nobody_else(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SLIPWAY_ORIGIN_TOKEN", "right")
    assert handler({"headers": {HEADER: "right"}}, None) == {"isAuthorized": True}
    assert handler({"headers": {HEADER: "wrong"}}, None) == {"isAuthorized": False}
    assert handler({"headers": {}}, None) == {"isAuthorized": False}


def test_the_edge_takes_tls_only_and_1_2_at_least_under_a_domain(prod: Graph):
    (edge,) = prod.of(DISTRIBUTION)
    assert edge.inputs["viewerCertificate"]["minimumProtocolVersion"] == "TLSv1.2_2021"
    assert edge.inputs["defaultCacheBehavior"]["viewerProtocolPolicy"] == "https-only"


def test_the_edge_speaks_tls_1_2_with_the_regions(aws: Graph):
    (edge,) = aws.of(DISTRIBUTION)
    for origin in edge.inputs["origins"]:
        assert origin["customOriginConfig"]["originSslProtocols"] == ["TLSv1.2"]
        assert origin["customOriginConfig"]["originProtocolPolicy"] == "https-only"


def test_the_edge_has_a_firewall_that_limits_each_address(aws: Graph):
    (wall,) = aws.of("aws:wafv2/webAcl:WebAcl")
    (edge,) = aws.of(DISTRIBUTION)
    assert edge.inputs["webAclId"].endswith(wall.name + "-abcdef1")
    limits = [rule["statement"].get("rateBasedStatement") for rule in wall.inputs["rules"]]
    assert any(limit and limit["aggregateKeyType"] == "IP" for limit in limits)


def test_what_is_global_is_in_virginia(prod: Graph):
    for resource in [*prod.of(DISTRIBUTION), *prod.of("aws:wafv2/webAcl:WebAcl"), prod.named("edge-certificate")]:
        if resource.custom:
            assert "aws-us-east-1" in resource.provider


def test_a_domain_leads_to_the_nearest_region_that_is_well(prod: Graph):
    by_region = {
        record.inputs["setIdentifier"]: record
        for record in prod.of(RECORD)
        if record.inputs.get("latencyRoutingPolicies")
    }
    assert by_region.keys() == set(settings_of("aws-prod").regions)
    assert all(record.inputs["healthCheckId"] for record in by_region.values())
    assert {record.inputs["name"] for record in by_region.values()} == {"origin.api.example.com"}


def test_each_health_check_asks_its_own_region(prod: Graph):
    hosts = {check.inputs["fqdn"] for check in prod.of("aws:route53/healthCheck:HealthCheck")}
    assert len(hosts) == len(settings_of("aws-prod").regions)


def test_a_certificate_is_used_only_once_it_is_proven(prod: Graph):
    validated = prod.of("aws:acm/certificateValidation:CertificateValidation")
    assert len(validated) == len(prod.of("aws:acm/certificate:Certificate"))


def test_the_proof_of_a_shared_name_is_put_into_the_zone_once(prod: Graph):
    proofs = [record.inputs["name"] for record in prod.of(RECORD) if record.inputs["type"] == "CNAME"]
    assert len(proofs) == len(set(proofs))


def test_without_a_domain_what_reads_fails_over_and_what_changes_goes_to_the_first(without_a_domain: Graph):
    (edge,) = without_a_domain.of(DISTRIBUTION)
    (group,) = edge.inputs["originGroups"]
    assert [member["originId"] for member in group["members"]] == ["us-east-1", "ap-south-1"]
    assert "POST" not in edge.inputs["defaultCacheBehavior"]["allowedMethods"]
    assert {behaviour["targetOriginId"] for behaviour in edge.inputs["orderedCacheBehaviors"]} == {"us-east-1"}


def test_without_a_domain_no_name_is_made(without_a_domain: Graph):
    assert not without_a_domain.of(RECORD)


def test_a_stack_without_a_release_serves_nothing_and_stands():
    graph = cloud_graph(settings_of("aws-dev"), "aws-dev", serving=False)
    assert not predictors(graph)
    assert not graph.of(DISTRIBUTION)
    assert graph.of("aws:eks/cluster:Cluster")


def test_the_dashboard_is_a_document_that_draws_the_latency(prod: Graph):
    body = json.loads(prod.of("aws:cloudwatch/dashboard:Dashboard")[0].inputs["dashboardBody"])
    assert "p95" in {widget["properties"]["title"] for widget in body["widgets"]}
