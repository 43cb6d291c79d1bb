"""What Cloud Monitoring is asked for: which points, and how they are put together in a minute."""

import json
from dataclasses import dataclass

from pulumi import Input, Output
from pulumi_gcp import monitoring

_PERIOD = "60s"


@dataclass(frozen=True, kw_only=True)
class Metric:
    """What is looked at: Cloud Monitoring's filter, and how points are put together in a period."""

    filter: Output[str]
    aligner: str
    reducer: str = "REDUCE_SUM"


def metric_filter(
    resource: str, key: str, value: Input[str], metric: str, region: str = "", *, label: str = "resource"
) -> Output[str]:
    there = f' AND resource.labels.location="{region}"' if region else ""
    return Output.concat(
        f'resource.type="{resource}" AND metric.type="{metric}" AND {label}.labels.{key}=', _quoted(value), there
    )


def _quoted(value: Input[str]) -> Output[str]:
    return Output.from_input(value).apply(json.dumps)


def aggregated(metric: Metric) -> monitoring.AlertPolicyConditionConditionThresholdAggregationArgsDict:
    return {
        "alignment_period": _PERIOD,
        "per_series_aligner": metric.aligner,
        "cross_series_reducer": "REDUCE_MAX" if "PERCENTILE" in metric.aligner else metric.reducer,
    }


def widget(title: str, metric: Metric) -> dict[str, object]:
    aggregation = {
        "alignmentPeriod": _PERIOD,
        "perSeriesAligner": metric.aligner,
        "crossSeriesReducer": "REDUCE_MAX" if "PERCENTILE" in metric.aligner else metric.reducer,
    }
    query = {"timeSeriesFilter": {"filter": metric.filter, "aggregation": aggregation}}
    return {"title": title, "xyChart": {"dataSets": [{"timeSeriesQuery": query, "plotType": "LINE"}]}}
