"""How one region is seen: alerts that reach a person, a log bucket that ends, and a dashboard.

Who is told is who is told of the budget. That the name answers from outside is asked once, from the first region.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import ComponentResource, Output, Resource, ResourceOptions
from pulumi_gcp import logging, monitoring

from infra.gcp.gateway import Gateway
from infra.gcp.metrics import Metric, aggregated, metric_filter, widget
from infra.gcp.queue import Queue
from infra.serving import HEALTH
from infra.settings import DomainSettings, ObservabilitySettings

_LONG_ENOUGH = "180s"  # of trouble, so that one slow minute wakes nobody
_UPTIME_PERIOD = "60s"
_RUN = "run.googleapis.com"
_DEAD = "pubsub.googleapis.com/subscription/num_undelivered_messages"


@dataclass(frozen=True, kw_only=True)
class ObservabilityArgs:
    """gateway: None where nothing is served yet. channel: by which a person is told. asked: from outside, or None.

    drawn: letters that the engine drew for this stack.
    """

    project: str
    region: str
    drawn: Output[str]
    settings: ObservabilitySettings
    channel: Output[str]
    queue: Queue
    gateway: Gateway | None
    key_id: Output[str]
    key_use: Resource
    asked: DomainSettings | None


class Observability(ComponentResource):
    """dashboard: URL of the region's page."""

    dashboard: Output[str]

    def __init__(self, name: str, args: ObservabilityArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:gcp:Observability", name, None, opts)
        self._name, self._args, self._child = name, args, ResourceOptions(parent=self)
        self._keep_logs()
        dead = Metric(
            filter=metric_filter("pubsub_subscription", "subscription_id", args.queue.dead_name, _DEAD),
            aligner="ALIGN_MAX",
        )
        self._alert("tasks-failed", "Tasks wait with the dead letters for a person", dead, 0)
        drawn = [("Tasks that failed", dead)]
        if args.gateway:
            drawn += self._watch_serving(args.gateway.predictor.name)
        if args.gateway and args.asked:
            self._ask_from_outside(args.asked)
        self.dashboard = self._draw(drawn)
        self.register_outputs({"dashboard": self.dashboard})

    def _keep_logs(self) -> None:
        """What the predictor writes is kept for as long as settings say, under a key of ours.

        The project's own bucket gets it too, as it gets all that a project writes, and keeps it for 30 days.
        """
        args, name = self._args, self._name
        kept = logging.ProjectBucketConfig(
            name,
            project=args.project,
            location=args.region,
            bucket_id=Output.concat(f"slipway-{name}-", args.drawn),  # its name is taken for a week after it is gone
            retention_days=args.settings.log_days,
            description=f"Logs of Slipway in {args.region}",
            cmek_settings={"kms_key_name": args.key_id},
            opts=ResourceOptions(parent=self, depends_on=[args.key_use]),
        )
        if args.gateway:
            logging.ProjectSink(
                name,
                destination=Output.concat("logging.googleapis.com/", kept.id),
                filter=_written_by(args.gateway.predictor.name, args.region),
                opts=self._child,
            )

    def _watch_serving(self, service: Output[str]) -> list[tuple[str, Metric]]:
        settings = self._args.settings

        def of(metric: str, *, only: str = "", aligner: str) -> Metric:
            there = metric_filter("cloud_run_revision", "service_name", service, f"{_RUN}/{metric}", self._args.region)
            return Metric(filter=Output.concat(there, only), aligner=aligner)

        requests = of("request_count", aligner="ALIGN_RATE")
        errors = of("request_count", only=' AND metric.labels.response_code_class="5xx"', aligner="ALIGN_RATE")
        slow = of("request_latencies", aligner="ALIGN_PERCENTILE_95")
        self._alert(
            "errors",
            f"More than {settings.error_share:.1%} of requests fail",
            errors,
            settings.error_share,
            share_of=requests,
        )
        self._alert("latency", f"p95 is over {settings.p95_ms:g} ms", slow, settings.p95_ms)
        return [("Requests", requests), ("p95", slow), ("Errors", errors)]

    def _alert(self, what: str, why: str, metric: Metric, above: float, *, share_of: Metric | None = None) -> None:
        threshold: monitoring.AlertPolicyConditionConditionThresholdArgsDict = {
            "filter": metric.filter,
            "aggregations": [aggregated(metric)],
            "comparison": "COMPARISON_GT",
            "threshold_value": above,
            "duration": _LONG_ENOUGH,
            "trigger": {"count": 1},
        }
        if share_of:
            threshold["denominator_filter"] = share_of.filter
            threshold["denominator_aggregations"] = [aggregated(share_of)]
        monitoring.AlertPolicy(
            f"{self._name}-{what}",
            display_name=f"{why} in {self._args.region}",
            combiner="OR",
            conditions=[{"display_name": why, "condition_threshold": threshold}],
            notification_channels=[self._args.channel],
            alert_strategy={"auto_close": "86400s"},
            opts=self._child,
        )

    def _ask_from_outside(self, domain: DomainSettings) -> None:
        name = f"{self._name}-outside"
        check = monitoring.UptimeCheckConfig(
            name,
            display_name=f"{domain.name} answers",
            timeout="10s",
            period=_UPTIME_PERIOD,
            http_check={"path": HEALTH, "port": 443, "use_ssl": True, "validate_ssl": True, "request_method": "GET"},
            monitored_resource={
                "type": "uptime_url",
                "labels": {"host": domain.name, "project_id": self._args.project},
            },
            opts=self._child,
        )
        passed = "monitoring.googleapis.com/uptime_check/check_passed"
        monitoring.AlertPolicy(
            name,
            display_name=f"{domain.name} does not answer from outside",
            combiner="OR",
            conditions=[
                {
                    "display_name": "from more than one place",
                    "condition_threshold": {
                        "filter": metric_filter(
                            "uptime_url", "check_id", check.uptime_check_id, passed, label="metric"
                        ),
                        "aggregations": [
                            {
                                "alignment_period": "300s",
                                "per_series_aligner": "ALIGN_NEXT_OLDER",
                                "cross_series_reducer": "REDUCE_COUNT_FALSE",
                            }
                        ],
                        "comparison": "COMPARISON_GT",
                        "threshold_value": 1,
                        "duration": _LONG_ENOUGH,
                        "trigger": {"count": 1},
                    },
                }
            ],
            notification_channels=[self._args.channel],
            opts=self._child,
        )

    def _draw(self, charts: Sequence[tuple[str, Metric]]) -> Output[str]:
        board = monitoring.Dashboard(
            self._name,
            dashboard_json=Output.json_dumps(
                {
                    "displayName": f"Slipway: {self._args.region}",
                    "gridLayout": {"columns": "2", "widgets": [widget(title, metric) for title, metric in charts]},
                }
            ),
            opts=self._child,
        )
        page = "https://console.cloud.google.com/monitoring/dashboards/builder/"
        last = board.id.apply(lambda known: known.rsplit("/", 1)[-1])
        return Output.concat(page, last, "?project=", self._args.project)


def _written_by(service: Output[str], region: str) -> Output[str]:
    there = f'resource.type="cloud_run_revision" AND resource.labels.location="{region}"'
    return Output.concat(there, ' AND resource.labels.service_name="', service, '"')
