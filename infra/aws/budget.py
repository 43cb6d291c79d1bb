"""What a stack may cost, and who hears of it in time: of what was spent, of the forecast, of the unusual.

A budget tells and does not stop; what a preview would cost is the policy pack's. The stack's account holds one stack's
environment, so the account's cost is the budget's: no tag has to be activated for it, and nothing is forgotten.
"""

from dataclasses import dataclass
from typing import Literal

from pulumi import ComponentResource, Input, ResourceOptions
from pulumi_aws import budgets, costexplorer

from infra.settings import BudgetSettings

_ALERTS: tuple[tuple[Literal["ACTUAL", "FORECASTED"], float], ...] = (
    ("ACTUAL", 80),
    ("ACTUAL", 100),
    ("FORECASTED", 100),
)
_UNUSUAL_SHARE = 0.02
"""Of the month's budget: an anomaly below it is noise."""


@dataclass(frozen=True, kw_only=True)
class BudgetArgs:
    settings: BudgetSettings


class Budget(ComponentResource):
    def __init__(self, name: str, args: BudgetArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__("slipway:aws:Budget", name, None, opts)
        child, settings = ResourceOptions(parent=self), args.settings

        budgets.Budget(
            name,
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=f"{settings.usd_per_month:.2f}",
            limit_unit="USD",
            notifications=[
                {
                    "notification_type": kind,
                    "comparison_operator": "GREATER_THAN",
                    "threshold": percent,
                    "threshold_type": "PERCENTAGE",
                    "subscriber_email_addresses": [settings.alert],
                }
                for kind, percent in _ALERTS
            ],
            opts=child,
        )
        monitor_arn: Input[str] = settings.anomaly_monitor
        if not monitor_arn:
            monitor_arn = costexplorer.AnomalyMonitor(
                name, name=f"slipway-{name}", monitor_type="DIMENSIONAL", monitor_dimension="SERVICE", opts=child
            ).arn
        costexplorer.AnomalySubscription(
            name,
            name=f"slipway-{name}",
            frequency="DAILY",
            monitor_arn_lists=[monitor_arn],
            subscribers=[{"type": "EMAIL", "address": settings.alert}],
            threshold_expression={
                "dimension": {
                    "key": "ANOMALY_TOTAL_IMPACT_ABSOLUTE",
                    "match_options": ["GREATER_THAN_OR_EQUAL"],
                    "values": [f"{max(1.0, settings.usd_per_month * _UNUSUAL_SHARE):.2f}"],
                }
            },
            opts=child,
        )
        self.register_outputs({})
