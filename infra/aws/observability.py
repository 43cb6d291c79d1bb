"""How one region is seen: alarms that reach a person, and a dashboard.

Log groups are made, with their retention, beside what writes them. Who is told is who is told of the budget. The global
half, the edge, is not in it: CloudFront and its firewall have pages of their own in us-east-1.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pulumi import ComponentResource, Input, Output, ResourceOptions
from pulumi_aws import sns
from pulumi_aws.cloudwatch import Dashboard, MetricAlarm

from infra.aws.gateway import Gateway
from infra.aws.interruptions import Interruptions
from infra.aws.policies import allow_service, deny_plain_text, document, of_account
from infra.aws.queue import Queue
from infra.settings import ObservabilitySettings

_PERIOD_S = 60
_OUT_OF = 5  # minutes looked at
_BAD = 3  # of them, so that one slow minute wakes nobody
_INTERRUPTIONS = 5  # nodes taken back in an hour: the pool's types or zones have become scarce


@dataclass(frozen=True, kw_only=True)
class ObservabilityArgs:
    """gateway: None where nothing is served yet. email: told of alarms, after it confirmed."""

    region: str
    stack: str
    account: str
    email: str
    settings: ObservabilitySettings
    key_arn: Output[str]
    queue: Queue
    interruptions: Interruptions
    gateway: Gateway | None


@dataclass(frozen=True)
class _Metric:
    namespace: str
    name: str
    dimensions: dict[str, Input[str]] = field(default_factory=dict[str, Input[str]])
    statistic: str = "Sum"

    def drawn(self, region: str) -> list[Any]:
        flat = [part for pair in self.dimensions.items() for part in pair]
        return [self.namespace, self.name, *flat, {"stat": self.statistic, "region": region}]


class Observability(ComponentResource):
    """dashboard: URL of the region's page."""

    dashboard: Output[str]

    def __init__(self, name: str, args: ObservabilityArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:aws:Observability", name, None, opts)
        self._name, self._args, self._child = name, args, ResourceOptions(parent=self)
        self._topic = self._told()

        stuck = _Metric(
            "AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": args.queue.dead_letter_name}, "Maximum"
        )
        taken = _Metric("AWS/Events", "TriggeredRules", {"RuleName": args.interruptions.spot_rule_name})
        self._alarm("tasks-failed", "Tasks wait in the dead-letter queue for a person", stuck, 0)
        self._alarm(
            "nodes-taken-back", "AWS takes back many nodes", taken, _INTERRUPTIONS, period_s=3600, bad=1, out_of=1
        )
        drawn = [("Tasks that failed", [stuck]), ("Nodes taken back", [taken])]
        if args.gateway:
            drawn += self._watch_serving(args.gateway)
        self.dashboard = self._draw(drawn)
        self.register_outputs({"dashboard": self.dashboard})

    def _watch_serving(self, gateway: Gateway) -> list[tuple[str, list[_Metric]]]:
        settings, predictor = self._args.settings, gateway.predictor
        api: dict[str, Input[str]] = {"ApiId": gateway.api_id}
        errors = _Metric("AWS/ApiGateway", "5xx", api, "Average")
        slow = _Metric("AWS/ApiGateway", "Latency", api, "p95")
        throttled = _Metric("AWS/Lambda", "Throttles", {"FunctionName": predictor.name})
        lost = _Metric(
            "AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": predictor.dead_letter_name}, "Maximum"
        )
        self._alarm("errors", f"More than {settings.error_share:.1%} of requests fail", errors, settings.error_share)
        self._alarm("latency", f"p95 is over {settings.p95_ms:g} ms", slow, settings.p95_ms)
        self._alarm("throttles", "The predictor is at its limit of instances", throttled, 0)
        self._alarm("events-lost", "Events for the predictor failed for good", lost, 0)
        requests = _Metric("AWS/ApiGateway", "Count", api)
        return [("Requests", [requests]), ("p95", [slow]), ("Errors", [errors]), ("Throttles", [throttled])]

    def _told(self) -> sns.Topic:
        name, args = self._name, self._args
        topic = sns.Topic(name, kms_master_key_id=args.key_arn, opts=self._child)
        sns.TopicPolicy(
            name,
            arn=topic.arn,
            policy=document(
                allow_service("cloudwatch.amazonaws.com", "sns:Publish", on=[topic.arn], when=of_account(args.account)),
                deny_plain_text("sns:Publish", on=[topic.arn]),
            ),
            opts=self._child,
        )
        sns.TopicSubscription(name, topic=topic.arn, protocol="email", endpoint=args.email, opts=self._child)
        return topic

    def _alarm(
        self,
        what: str,
        why: str,
        metric: _Metric,
        above: float,
        *,
        period_s: int = _PERIOD_S,
        bad: int = _BAD,
        out_of: int = _OUT_OF,
    ) -> None:
        percentile = metric.statistic.startswith("p")
        MetricAlarm(
            f"{self._name}-{what}",
            alarm_description=f"{why} in {self._args.region}",
            namespace=metric.namespace,
            metric_name=metric.name,
            dimensions=metric.dimensions,
            statistic=None if percentile else metric.statistic,
            extended_statistic=metric.statistic if percentile else None,
            comparison_operator="GreaterThanThreshold",
            threshold=above,
            period=period_s,
            evaluation_periods=out_of,
            datapoints_to_alarm=bad,
            treat_missing_data="notBreaching",  # silence is no load, not a failure
            alarm_actions=[self._topic.arn],
            ok_actions=[self._topic.arn],
            opts=self._child,
        )

    def _draw(self, charts: Sequence[tuple[str, list[_Metric]]]) -> Output[str]:
        region = self._args.region
        widgets = [
            {
                "type": "metric",
                "width": 12,
                "height": 6,
                "properties": {
                    "title": title,
                    "region": region,
                    "period": _PERIOD_S,
                    "metrics": [metric.drawn(region) for metric in metrics],
                },
            }
            for title, metrics in charts
        ]
        board = Dashboard(
            self._name,
            dashboard_name=f"slipway-{self._args.stack}-{region}",
            dashboard_body=Output.json_dumps({"widgets": widgets}),
            opts=self._child,
        )
        page = f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#dashboards/dashboard/"
        return Output.concat(page, board.dashboard_name)
