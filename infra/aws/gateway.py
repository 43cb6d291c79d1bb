"""The HTTP API of one region: throttled, logged, and open only to what comes through the edge.

An authorizer (authorizer/handler.py) looks for the edge's token; only the question whether the region is well goes
without it, because Route 53 asks it and can send no header. Names and rate limits per address are the edge's.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from pulumi import AssetArchive, ComponentResource, FileAsset, Output, ResourceOptions
from pulumi_aws import apigatewayv2, lambda_
from pulumi_aws.cloudwatch import LogGroup

from infra.aws.authorizer.handler import HEADER
from infra.aws.policies import Realm, allow, role, trust
from infra.aws.serverless import Predictor, may_log_and_trace
from infra.serving import HEALTH
from infra.settings import ThrottleSettings
from infra.settings.rules.aws import GUARDS

_CODE = Path(__file__).parent / "authorizer" / "handler.py"
_TIMEOUT_MS_MAX = 30_000  # API Gateway's quota on an integration of an HTTP API
_HEALTH_PER_S = 100  # Route 53 asks a few times a second; a stranger's flood stops here, before it takes instances
_ACCESS = ("requestId", "ip", "requestTime", "routeKey", "status", "responseLength", "responseLatency")


@dataclass(frozen=True, kw_only=True)
class GatewayArgs:
    """token: what the edge shows. throttle: of this region."""

    predictor: Predictor
    token: Output[str]
    throttle: ThrottleSettings
    timeout_s: int
    realm: Realm
    key_arn: Output[str]
    log_days: int


class Gateway(ComponentResource):
    """host: of the API, without scheme. api_id: for alarms and names."""

    host: Output[str]
    api_id: Output[str]
    predictor: Predictor
    stage: apigatewayv2.Stage

    def __init__(self, name: str, args: GatewayArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:aws:Gateway", name, None, opts)
        self._name, self._args, self._child = name, args, ResourceOptions(parent=self)

        api = apigatewayv2.Api(name, protocol_type="HTTP", opts=self._child)
        self.api_id, self.predictor = api.id, args.predictor
        self.host = api.api_endpoint.apply(lambda url: url.removeprefix("https://"))
        target = self._integration(api)
        apigatewayv2.Route(
            f"{name}-default",
            api_id=api.id,
            route_key="$default",
            target=target,
            authorization_type="CUSTOM",
            authorizer_id=self._authorizer(api),
            opts=self._child,
        )
        health = apigatewayv2.Route(
            f"{name}-health", api_id=api.id, route_key=f"GET {HEALTH}", target=target, opts=self._child
        )
        self.stage = self._stage(api, health)
        self.register_outputs({"host": self.host})

    def _integration(self, api: apigatewayv2.Api) -> Output[str]:
        predictor, name = self._args.predictor, self._name
        integration = apigatewayv2.Integration(
            name,
            api_id=api.id,
            integration_type="AWS_PROXY",
            integration_uri=predictor.invoke_arn,
            payload_format_version="2.0",
            timeout_milliseconds=min(self._args.timeout_s * 1000, _TIMEOUT_MS_MAX),
            opts=self._child,
        )
        lambda_.Permission(
            name,
            action="lambda:InvokeFunction",
            function=predictor.name,
            qualifier=predictor.alias.name,
            principal="apigateway.amazonaws.com",
            source_arn=Output.concat(api.execution_arn, "/*/*"),
            opts=ResourceOptions(parent=self, delete_before_replace=True),
        )
        return Output.concat("integrations/", integration.id)

    def _authorizer(self, api: apigatewayv2.Api) -> Output[str]:
        name, args = f"{self._name}-guard", self._args
        logs = LogGroup(name, retention_in_days=args.log_days, kms_key_id=args.key_arn, opts=self._child)
        runner, policy = role(
            name,
            args.realm,
            trusted=trust("lambda.amazonaws.com"),
            may=[*may_log_and_trace(logs), allow("kms:Decrypt", on=[args.key_arn])],
            opts=self._child,
        )
        function = lambda_.Function(
            name,
            runtime="python3.13",
            handler="handler.handler",
            code=AssetArchive({"handler.py": FileAsset(str(_CODE))}),
            architectures=["arm64"],
            role=runner.arn,
            memory_size=128,
            timeout=3,
            reserved_concurrent_executions=GUARDS,  # API Gateway keeps the one answer that matters for five minutes
            environment={"variables": {"SLIPWAY_ORIGIN_TOKEN": args.token}},
            kms_key_arn=args.key_arn,
            tracing_config={"mode": "Active"},
            logging_config={"log_format": "JSON", "log_group": logs.name},
            opts=ResourceOptions(parent=self, depends_on=[policy]),
        )
        authorizer = apigatewayv2.Authorizer(
            name,
            api_id=api.id,
            authorizer_type="REQUEST",
            authorizer_uri=function.invoke_arn,
            authorizer_payload_format_version="2.0",
            enable_simple_responses=True,
            identity_sources=[f"$request.header.{HEADER}"],
            authorizer_result_ttl_in_seconds=300,
            opts=self._child,
        )
        lambda_.Permission(
            name,
            action="lambda:InvokeFunction",
            function=function.name,
            principal="apigateway.amazonaws.com",
            source_arn=Output.concat(api.execution_arn, "/authorizers/", authorizer.id),
            opts=ResourceOptions(parent=self, delete_before_replace=True),
        )
        return authorizer.id

    def _stage(self, api: apigatewayv2.Api, health: apigatewayv2.Route) -> apigatewayv2.Stage:
        name, args = self._name, self._args
        logs = LogGroup(f"{name}-access", retention_in_days=args.log_days, kms_key_id=args.key_arn, opts=self._child)
        return apigatewayv2.Stage(
            name,
            name="$default",
            api_id=api.id,
            auto_deploy=True,
            default_route_settings={
                "throttling_rate_limit": args.throttle.requests_per_s,
                "throttling_burst_limit": args.throttle.burst,
                "detailed_metrics_enabled": True,
            },
            route_settings=[
                {
                    "route_key": health.route_key,
                    "throttling_rate_limit": _HEALTH_PER_S,
                    "throttling_burst_limit": _HEALTH_PER_S,
                    "detailed_metrics_enabled": True,
                }
            ],
            access_log_settings={
                "destination_arn": logs.arn,
                "format": json.dumps({field: f"$context.{field}" for field in _ACCESS}),
            },
            opts=self._child,
        )
